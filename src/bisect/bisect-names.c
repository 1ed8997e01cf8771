// SPDX-License-Identifier: GPL-2.0-or-later
#include "src/bisect/bisect-names.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/vm/kernel-series.h"
#include "harness/vm/kernel.h"
#include "src/cleanup.h"
#include "src/macro.h"

struct bisect_names {
	char *good, *bad;
	struct strlist given;
	struct strlist names; /* of the whole series, once the ends are known */
	enum bisect_mark *marks;
	size_t now; /* what next() gave */
};

static void say(const char *line)
{
	fprintf(stderr, "bisect: %s\n", line);
}

/* Each of «A,B,C», the option being given once or several times. */
static int split(struct strlist *ret, const struct strlist *series)
{
	for (size_t i = 0; i < series->count; i++) {
		_cleanup_free_ char *text = strdup(series->items[i]);
		char *save = NULL;

		for (char *p = text ? strtok_r(text, ", ", &save) : NULL; p;
		     p = strtok_r(NULL, ", ", &save))
			if (strlist_add(ret, p) < 0)
				return -ENOMEM;
		if (!text)
			return -ENOMEM;
	}
	return 0;
}

int bisect_names_open(struct bisect_names **ret, const char *good, const char *bad,
		      const struct strlist *series, struct error *err)
{
	struct bisect_names *n = calloc(1, sizeof(*n));

	if (!n)
		return error_set(err, -ENOMEM, "bisect");
	n->good = strdup(good);
	n->bad = strdup(bad);
	if (!n->good || !n->bad || split(&n->given, series) < 0) {
		bisect_names_close(n);
		return error_set(err, -ENOMEM, "bisect");
	}
	if (streq(good, bad)) {
		bisect_names_close(n);
		return error_say(err, -EINVAL, "good and bad are the same kernel, %s", good);
	}
	*ret = n;
	return 0;
}

void bisect_names_close(struct bisect_names *n)
{
	if (!n)
		return;
	free(n->good);
	free(n->bad);
	strlist_done(&n->given);
	strlist_done(&n->names);
	free(n->marks);
	free(n);
}

/* A kernel that is not there is fetched, if it is a name for that. */
static int obtain(const char *name, struct kernel **ret, struct error *err)
{
	int r = kernel_find(ret, name, NULL, NULL);

	if (r != -ENOENT || access(name, F_OK) == 0 || !starts_with(name, "debian/"))
		return kernel_find(ret, name, NULL, err);
	r = kernel_get(name, say, err);
	return r < 0 ? r : kernel_find(ret, name, NULL, err);
}

/* ---- the series ---- */

/* The part of the given list from good to bad; an end that it lacks stands at its end. */
static int take_given(struct bisect_names *n, struct error *err)
{
	size_t first = n->given.count, last = n->given.count;
	int r = strlist_add(&n->names, n->good);

	for (size_t i = 0; i < n->given.count; i++) {
		if (streq(n->given.items[i], n->good))
			first = i;
		if (streq(n->given.items[i], n->bad))
			last = i;
		for (size_t k = 0; k < i; k++)
			if (streq(n->given.items[i], n->given.items[k]))
				return error_say(err, -EINVAL, "--series has %s twice",
						 n->given.items[i]);
	}
	if (first < n->given.count && last < first)
		return error_say(err, -EINVAL,
				 "--series has bad, %s, before good, %s: it goes from good to bad",
				 n->bad, n->good);
	for (size_t i = first < n->given.count ? first + 1 : 0; r == 0 && i < last; i++)
		r = strlist_add(&n->names, n->given.items[i]);
	if (r == 0)
		r = strlist_add(&n->names, n->bad);
	return r < 0 ? error_set(err, r, "bisect") : 0;
}

static int fill_point(struct bisect_point *p, const char *name, const char *release)
{
	*p = (struct bisect_point){ .name = strdup(name),
				    .id = strdup(name),
				    .about = release ? strdup(release) : NULL };
	return p->name && p->id && (!release || p->about) ? 0 : -ENOMEM;
}

static int list_series(struct bisect_names *n, const struct kernel *good, const struct kernel *bad,
		       struct error *err)
{
	const struct kernel_version a = { n->good, good->release }, b = { n->bad, bad->release };
	int r = n->given.count ? take_given(n, err) : kernel_series(&a, &b, &n->names, err);

	if (r < 0)
		return r;
	n->marks = calloc(n->names.count, sizeof(*n->marks));
	if (!n->marks)
		return error_set(err, -ENOMEM, "bisect");
	n->marks[0] = BISECT_GOOD;
	n->marks[n->names.count - 1] = BISECT_BAD;
	printf("%zu kernels:", n->names.count);
	for (size_t i = 0; i < n->names.count; i++)
		printf(" %s", n->names.items[i]);
	printf("\n\n");
	fflush(stdout);
	return 0;
}

static int ends(void *self, struct bisect_point *ret_good, struct bisect_point *ret_bad,
		struct error *err)
{
	_cleanup_kernel_ struct kernel *good = NULL, *bad = NULL;
	struct bisect_names *n = self;
	int r = obtain(n->good, &good, err);

	if (r == 0)
		r = obtain(n->bad, &bad, err);
	if (r == -ENOENT && !starts_with(good ? n->bad : n->good, "debian/"))
		r = err->code = -EINVAL; /* no name of anything: a slip */
	if (r == 0)
		r = list_series(n, good, bad, err);
	if (r == 0 && (fill_point(ret_good, n->good, good->release) < 0 ||
		       fill_point(ret_bad, n->bad, bad->release) < 0))
		r = error_set(err, -ENOMEM, "bisect");
	return r;
}

/* ---- the search ---- */

static int next(void *self, struct bisect_point *ret, size_t *ret_left, struct error *err)
{
	struct bisect_names *n = self;
	size_t i = bisect_next(n->marks, n->names.count);

	if (i == n->names.count)
		return 1;
	n->now = i;
	*ret_left = bisect_steps(n->marks, n->names.count);
	return fill_point(ret, n->names.items[i], NULL) < 0 ? error_set(err, -ENOMEM, "bisect") : 0;
}

static int mark(void *self, enum bisect_mark mark, struct error *err)
{
	struct bisect_names *n = self;

	(void)err;
	n->marks[n->now] = mark;
	return 0;
}

static int make_kernel(void *self, const struct bisect_point *point, const char *log, char **ret,
		       struct error *err)
{
	_cleanup_kernel_ struct kernel *kernel = NULL;
	int r = obtain(point->id, &kernel, err);

	(void)self;
	(void)log;
	if (r == -ENOENT || r == -EIO || r == -ENOEXEC || r == -EBADMSG)
		err->code = r = -ENOEXEC;
	if (r < 0)
		return r;
	*ret = strdup(point->id);
	return *ret ? 0 : error_set(err, -ENOMEM, "bisect");
}

static int found(void *self, struct bisect_found *ret, struct error *err)
{
	struct bisect_names *n = self;
	size_t good, bad;

	bisect_bounds(n->marks, n->names.count, &good, &bad);
	for (size_t i = good + 1; i <= bad; i++)
		if (strlist_add(&ret->candidates, n->names.items[i]) < 0)
			return error_set(err, -ENOMEM, "bisect");
	ret->before = strdup(n->names.items[good]);
	return ret->before ? 0 : error_set(err, -ENOMEM, "bisect");
}

struct bisect_source bisect_names_source(struct bisect_names *names)
{
	return (struct bisect_source){ .self = names,
				       .ends = ends,
				       .next = next,
				       .mark = mark,
				       .kernel = make_kernel,
				       .found = found };
}
