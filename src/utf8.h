/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stddef.h>

/* The length in bytes of the UTF-8 character at p, 1 to 4; 0 when there is none. */
size_t utf8_length(const char *p);
