/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdint.h>

#include "src/error.h"
#include "src/fsroot.h"

/* The kernel's functions by their addresses, from /proc/kallsyms: the kernel's own and modules'. */
struct kernel_symbols;

/* A kernel that hides its addresses (kernel.kptr_restrict) gives none, which is no error. */
int kernel_symbols_load(struct kernel_symbols **ret, const struct fsroot *fs, struct error *err);
void kernel_symbols_free(struct kernel_symbols *s);

/* The function that holds that address, or NULL. The text lives as long as s. */
const char *kernel_symbols_find(const struct kernel_symbols *s, uint64_t address);
