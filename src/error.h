/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Why something failed, in a buffer that the caller owns and that nothing here allocates.
 * A function that takes a `struct error *err` sets it if and only if it fails; err may be NULL.
 */
struct error {
	int code;	 /* -errno of the failure, 0 before one */
	char text[1200]; /* one or more lines, no newline at the end */
};

/* Sets "TEXT: <what errno means>" and returns code (-errno). */
__attribute__((format(printf, 3, 4))) int error_set(struct error *err, int code, const char *fmt,
						    ...);

/* Sets the text as it is, where errno's name would add nothing, and returns code. */
__attribute__((format(printf, 3, 4))) int error_say(struct error *err, int code, const char *fmt,
						    ...);

/*
 * Makes text from an untrusted place fit for a terminal and for JSON, in place: bytes that are no
 * UTF-8, a character that was cut off, and control characters but the newline become «?».
 */
void error_plain(char *text);

/* Puts "TEXT: " before what is set already and returns its code. */
__attribute__((format(printf, 2, 3))) int error_prefix(struct error *err, const char *fmt, ...);
