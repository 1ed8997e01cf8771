/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "harness/suite/suite.h"
#include "harness/vm/kernel.h"
#include "src/error.h"

struct kernel_need {
	char *options;	 /* without CONFIG_; of which one is enough have a "|" between them */
	char *why;	 /* "for machine.swap of type zram" */
	bool compressor; /* zram's own, since Linux 6.12, or the crypto API's */
};

/*
 * What a suite's machine, knobs, limits and workloads need of a kernel's configuration, each once;
 * NULL: what any suite can need. -ENOMEM.
 */
int kernel_needs(const struct suite *suite, struct kernel_need **ret, size_t *ret_count);
void kernel_needs_free(struct kernel_need *list, size_t count);

/*
 * Whether the kernels have it, so that this is known before one boots. -EOPNOTSUPP with all that
 * is missing. A kernel whose config is not known passes.
 */
int kernel_needs_check(struct kernel *const *kernels, size_t count, const struct suite *suite,
		       struct error *err);
