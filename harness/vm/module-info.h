/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>

#include "src/error.h"

/* What a kernel module (an uncompressed .ko of a 64-bit kernel) says of itself in .modinfo. */
struct module_info {
	char *depends;	/* names of modules with commas between them; "" for none */
	char *vermagic; /* "6.1.0 SMP preempt mod_unload": the release, then the options; or NULL */
};

/* -ENOEXEC when it is no module. */
int module_info_read(const char *path, struct module_info *ret, struct error *err);
void module_info_done(struct module_info *info);

/*
 * Writes a module without its debug information, which can be ten times the rest and would lie in
 * the guest's memory. False: it has none, or there is no strip(1): take it as it is.
 */
bool module_strip(const char *path, const char *to);
