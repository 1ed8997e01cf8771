/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>

#include "src/error.h"
#include "src/strlist.h"

/* How a kernel is built; all is borrowed. */
struct kernel_build {
	const char *source, *out;   /* absolute: the sources stay as they are */
	const char *config;	    /* absolute; every build begins with it */
	bool is_fragment;	    /* of which: what differs from Kconfig's own defaults */
	const struct strlist *make; /* more arguments: LLVM=1 */
	const char *stamp;	    /* the build's time in the image: one commit, one image */
};

/* Whether the programs are there. -ENOENT. */
int build_check(const struct strlist *make, struct error *err);

/* Builds bzImage and modules, if there are any; log gets what is printed. -ENOEXEC: it doesn't
 * build. */
int build_kernel(const struct kernel_build *b, const char *log, struct error *err);
