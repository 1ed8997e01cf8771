/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The Test Anything Protocol for C tests: a point per call, `return tap_done();` at the end of
 * main. Each call returns whether it passed, so that a test can stop where going on is pointless.
 * A program that dies before tap_done() has printed no plan, which the driver counts as an error.
 */

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct {
	unsigned points, failed;
} tap;

/* What the macros below pass along for the message. */
struct tap_where {
	const char *file;
	int line;
};
#define TAP_HERE ((struct tap_where){ __FILE__, __LINE__ })

__attribute__((format(printf, 3, 0))) static inline bool tap_point(bool ok, struct tap_where where,
								   const char *fmt, va_list ap)
{
	printf("%s %u - ", ok ? "ok" : "not ok", ++tap.points);
	vprintf(fmt, ap);
	putchar('\n');
	if (!ok) {
		tap.failed++;
		printf("# failed at %s:%d\n", where.file, where.line);
	}
	fflush(stdout); /* what was reached is seen even if the next point crashes */
	return ok;
}

#define TAP_POINT(ok)                                                                              \
	va_list ap;                                                                                \
	bool passed = (ok);                                                                        \
	va_start(ap, fmt);                                                                         \
	tap_point(passed, where, fmt, ap);                                                         \
	va_end(ap)

__attribute__((format(printf, 3, 4))) static inline bool tap_ok_at(struct tap_where where, bool ok,
								   const char *fmt, ...)
{
	TAP_POINT(ok);
	return passed;
}

__attribute__((format(printf, 4, 5))) static inline bool
tap_eq_u64_at(struct tap_where where, uint64_t got, uint64_t want, const char *fmt, ...)
{
	TAP_POINT(got == want);
	if (!passed)
		printf("# got %" PRIu64 ", want %" PRIu64 "\n", got, want);
	return passed;
}

__attribute__((format(printf, 4, 5))) static inline bool
tap_eq_i64_at(struct tap_where where, int64_t got, int64_t want, const char *fmt, ...)
{
	TAP_POINT(got == want);
	if (!passed)
		printf("# got %" PRId64 ", want %" PRId64 "\n", got, want);
	return passed;
}

__attribute__((format(printf, 4, 5))) static inline bool
tap_eq_str_at(struct tap_where where, const char *got, const char *want, const char *fmt, ...)
{
	TAP_POINT(got && want ? strcmp(got, want) == 0 : got == want);
	if (!passed)
		printf("# got «%s», want «%s»\n", got ? got : "NULL", want ? want : "NULL");
	return passed;
}

__attribute__((format(printf, 5, 6))) static inline bool
tap_near_at(struct tap_where where, double got, double want, double tolerance, const char *fmt, ...)
{
	TAP_POINT(fabs(got - want) <= tolerance); /* false for NaN, as it should be */
	if (!passed)
		printf("# got %.17g, want %.17g within %g\n", got, want, tolerance);
	return passed;
}

/* One point that can't be tried here; a failure where WRING_REQUIRE=1 says that it must be. */
__attribute__((format(printf, 2, 3))) static inline void tap_skip_at(struct tap_where where,
								     const char *fmt, ...)
{
	const char *require = getenv("WRING_REQUIRE");
	char reason[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(reason, sizeof(reason), fmt, ap);
	va_end(ap);
	if (require && strcmp(require, "1") == 0)
		tap_ok_at(where, false, "must not be skipped (WRING_REQUIRE=1): %s", reason);
	else
		printf("ok %u # SKIP %s\n", ++tap.points, reason);
}

/* Integers of either sign: tap_eq_i64 for return codes, tap_eq_u64 for counts. */
#define tap_ok(...)	tap_ok_at(TAP_HERE, __VA_ARGS__)
#define tap_eq_u64(...) tap_eq_u64_at(TAP_HERE, __VA_ARGS__)
#define tap_eq_i64(...) tap_eq_i64_at(TAP_HERE, __VA_ARGS__)
#define tap_eq_str(...) tap_eq_str_at(TAP_HERE, __VA_ARGS__)
#define tap_near(...)	tap_near_at(TAP_HERE, __VA_ARGS__)
#define tap_skip(...)	tap_skip_at(TAP_HERE, __VA_ARGS__)

/* Prints the plan; main's return value. */
static inline int tap_done(void)
{
	printf("1..%u\n", tap.points);
	return tap.failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
