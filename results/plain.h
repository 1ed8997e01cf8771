/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/*
 * Text from outside (names, reasons) made fit for one line of any format: white space becomes a
 * blank; what is no UTF-8, control characters, those that turn the direction of writing, and
 * non-characters become U+FFFD.
 */
struct plain_char {
	const char *bytes; /* in the text, or constant */
	size_t len;
};

/* The text's next character; *text moves behind it. False at the end. */
bool plain_next(const char **text, struct plain_char *ret);

/*
 * At most columns characters of the text, and of bytes what buf holds; where some is left out it
 * ends in "…". A size of 8 at least. Returns buf.
 */
const char *plain_cut(const char *text, size_t columns, char *buf, size_t size);
