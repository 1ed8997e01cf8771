/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "src/bisect/bisect-measure.h"
#include "src/bisect/bisect-order.h"

/* A kernel of the series: a commit, a release. All strings are owned. */
struct bisect_point {
	char *name;  /* as shown, and as its directory below steps/ */
	char *id;    /* the whole hash of a commit, a kernel's name */
	char *about; /* a commit's subject, a kernel's release; or NULL */
};
void bisect_point_done(struct bisect_point *point);

/* What a search came to. */
struct bisect_found {
	struct strlist candidates; /* ids; one alone: the first bad one */
	char *before;		   /* the id of the good one before it, if it was tested; or NULL */
};
void bisect_found_done(struct bisect_found *found);

/*
 * A series of kernels. Each hook is called in wring's own process, between the runs, and is
 * required; self is the source's own.
 */
struct bisect_source {
	void *self;
	/* Both ends, known and there: what is the user's mistake is -EINVAL. */
	int (*ends)(void *self, struct bisect_point *ret_good, struct bisect_point *ret_bad,
		    struct error *err);
	/* The next one to be tested, and how many steps are left with it; 0, or 1: none is left. */
	int (*next)(void *self, struct bisect_point *ret, size_t *ret_left, struct error *err);
	/* That the point that next() gave is good, bad or skipped. */
	int (*mark)(void *self, enum bisect_mark mark, struct error *err);
	/*
	 * Makes the point's kernel, as kernel_find() takes it; log is for what a build prints.
	 * -ENOEXEC: it can't be made, which is its own fault.
	 */
	int (*kernel)(void *self, const struct bisect_point *point, const char *log, char **ret,
		      struct error *err);
	int (*found)(void *self, struct bisect_found *ret, struct error *err);
};

struct bisect_args {
	const struct bisect_source *source;
	const struct measure *measure;
	const char *dir; /* of the records; made by the caller */
};

/* Prints each step and the end; returns an exit code, err filled unless it is 0. */
int bisect_run(const struct bisect_args *args, struct error *err);

/* The directory of a point's records below args->dir; the caller's to free. */
char *bisect_point_dir(const char *dir, const struct bisect_point *point);
