/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stddef.h>
#include <stdint.h>

/*
 * Numbers as users write them. Each parser takes the whole string or fails with -EINVAL (no such
 * number), or -ERANGE (it does not fit); nothing is written on failure. No locale is asked.
 */

/* Decimal digits only. */
int parse_u64(const char *s, uint64_t *ret);
/* Bytes; K, M, G, T multiply by powers of 1024: "96M", "1.5G", "4096". */
int parse_size(const char *s, uint64_t *ret_bytes);
/* A number with ns, us, ms, s or min: "100ms", "1.5s"; "0" needs no unit. */
int parse_time(const char *s, uint64_t *ret_ns);
/* "60%" or "0.6"; between 0 and 1 unless the caller allows more. */
int parse_share(const char *s, double *ret);
/*
 * What is too little to matter: "2%" of the median, "or 50" as a number in the metric's own unit,
 * whichever is more: "2%", "2% or 50", "0% or 50".
 */
struct margin {
	double share;	 /* 0.02 */
	double absolute; /* 0: none */
};
int parse_margin(const char *s, struct margin *ret);
/* "1..5", "3" or "1,4,7..9": a list, ascending, each once. The array is the caller's to free. */
int parse_seeds(const char *s, uint64_t **ret, size_t *ret_count);

#define FORMAT_MAX 40
/* The shortest exact form that the parser above reads back: "96M", "100ms". Return buf. */
const char *format_size(uint64_t bytes, char buf[static FORMAT_MAX]);
const char *format_time(uint64_t ns, char buf[static FORMAT_MAX]);
/* Three digits for people to read: "1.46 GiB", "80.2 us". */
const char *format_size_short(double bytes, char buf[static FORMAT_MAX]);
const char *format_time_short(double ns, char buf[static FORMAT_MAX]);
/* "134,897" */
const char *format_count(uint64_t n, char buf[static FORMAT_MAX]);
