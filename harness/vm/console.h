/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stddef.h>

/*
 * What a guest printed, for a diagnosis. Escape sequences and other bytes that a terminal or JSON
 * would not take are left out. -errno when the file can't be read.
 */

/* The last lines that hold text, oldest first, as many as fit. */
int console_tail(const char *console, unsigned lines, char *buf, size_t size);

/* "Kernel panic - not syncing: ...": the last such line, or an empty text. */
int console_panic(const char *console, char *buf, size_t size);
