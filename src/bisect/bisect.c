// SPDX-License-Identifier: GPL-2.0-or-later
#include "src/bisect/bisect.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "results/value.h"
#include "src/bisect/bisect-judge.h"
#include "src/cleanup.h"
#include "src/command.h"
#include "src/file.h"
#include "src/macro.h"
#include "workloads/workload.h"

#define NAME_WIDE 24

/* One that was tested. */
struct tested {
	struct bisect_point point;
	struct side *side; /* NULL: skipped */
};

struct state {
	const struct bisect_args *args;
	const struct measure *m;
	struct tested *tested; /* the good end, the bad end, then the steps */
	size_t count, room;
	size_t unsure; /* steps that were not told */
	const char *unit;
};

void bisect_point_done(struct bisect_point *point)
{
	free(point->name);
	free(point->id);
	free(point->about);
	*point = (struct bisect_point){};
}

void bisect_found_done(struct bisect_found *found)
{
	strlist_done(&found->candidates);
	free(found->before);
	*found = (struct bisect_found){};
}

char *bisect_point_dir(const char *dir, const struct bisect_point *point)
{
	char *path = text_format("%s/steps/%s", dir, point->name);

	char *name = path ? path + strlen(dir) + strlen("/steps/") : NULL;

	/* A kernel's name has slashes, and may be a path such as «..». */
	for (char *p = name; p && *p; p++)
		if (*p == '/' || (*p == '.' && p == name))
			*p = '-';
	return path;
}

static double now(void)
{
	return (double)workload_clock() / 1e9;
}

/* ---- one kernel ---- */

/* Takes the point over, also after an error. */
static struct tested *add(struct state *s, struct bisect_point *point)
{
	if (s->count == s->room) {
		size_t room = s->room ? 2 * s->room : 16;
		struct tested *more = reallocarray(s->tested, room, sizeof(*more));

		if (!more) {
			bisect_point_done(point);
			return NULL;
		}
		s->tested = more;
		s->room = room;
	}
	s->tested[s->count] = (struct tested){ .point = *point };
	*point = (struct bisect_point){};
	return &s->tested[s->count++];
}

/* Why it was skipped is in its directory, and a run that is resumed finds it there. */
static int note_skip(const char *dir, const struct error *why, struct error *err)
{
	_cleanup_free_ char *path = path_join(dir, "skipped"),
			    *text = text_format("%s\n", why->text);
	int r = dir_make(dir, err);

	if (r == 0 && (!path || !text))
		r = error_set(err, -ENOMEM, "bisect");
	return r < 0 ? r : file_write_atomic(AT_FDCWD, path, text, strlen(text), err);
}

static bool was_skipped(const char *dir, struct error *why)
{
	_cleanup_free_ char *path = path_join(dir, "skipped"), *text = NULL;

	if (!path || file_read(AT_FDCWD, path, &text, NULL, NULL) < 0)
		return false;
	text[strcspn(text, "\n")] = '\0';
	error_say(why, -ENODATA, "%s", text);
	return true;
}

/* Makes the kernel and runs it. */
static int make_and_run(struct state *s, struct tested *t, const char *dir, enum fault *ret_fault,
			struct error *err)
{
	const struct bisect_source *source = s->args->source;
	_cleanup_free_ char *run = path_join(dir, "run"), *log = path_join(dir, "build.log");
	_cleanup_free_ char *kernel = NULL;
	int r = dir_make(dir, err);

	*ret_fault = FAULT_HERE;
	if (r == 0 && (!run || !log))
		r = error_set(err, -ENOMEM, "bisect");
	if (r < 0)
		return r;
	r = source->kernel(source->self, &t->point, log, &kernel, err);
	if (r < 0) {
		*ret_fault = r == -ENOEXEC ? FAULT_KERNEL : FAULT_HERE;
		return r;
	}
	return measure_kernel(s->m, kernel, NULL, run, t->point.name, &t->side, ret_fault, err);
}

/* The records of the kernel, of an earlier bisection where they are there. */
static int test(struct state *s, struct tested *t, enum fault *ret_fault, struct error *err)
{
	_cleanup_free_ char *dir = bisect_point_dir(s->args->dir, &t->point);
	_cleanup_free_ char *run = dir ? path_join(dir, "run") : NULL;
	struct error why = {};
	int r;

	*ret_fault = FAULT_HERE;
	if (!run)
		return error_set(err, -ENOMEM, "bisect");
	t->side = measure_kept(s->m, run, t->point.name);
	if (t->side) {
		*ret_fault = FAULT_NONE;
		return 0;
	}
	if (was_skipped(dir, err)) {
		*ret_fault = FAULT_KERNEL;
		return -ENODATA;
	}
	r = make_and_run(s, t, dir, ret_fault, err);
	if (r < 0)
		error_plain(err->text); /* a compiler's words, or a guest's console */
	if (r < 0 && *ret_fault == FAULT_KERNEL && s->count > 2 && note_skip(dir, err, &why) < 0) {
		*ret_fault = FAULT_HERE;
		*err = why;
		return why.code;
	}
	return r;
}

/* ---- the ends ---- */

static void print_measured(const struct state *s, const struct tested *t, const char *word,
			   double began)
{
	char value[FORMAT_MAX];

	printf("%-5s %-*s %12s %s  (%.0f s)%s%s\n", word, NAME_WIDE, t->point.name,
	       value_format(measure_median(s->m, t->side), s->unit, value), value_unit(s->unit),
	       now() - began, t->point.about ? "  " : "", t->point.about ? t->point.about : "");
	fflush(stdout);
}

static int test_end(struct state *s, struct bisect_point *point, const char *word, int *ret_exit,
		    struct error *err)
{
	struct tested *t = add(s, point);
	enum fault fault;
	double began = now();
	int r = t ? test(s, t, &fault, err) : error_set(err, -ENOMEM, "bisect");

	if (r == 0) {
		s->unit = bisect_unit(s->m, t->side);
		print_measured(s, t, word, began);
		return 0;
	}
	*ret_exit = r == -ENODATA || r == -ENOEXEC || r == -EINTR ? EXIT_INVALID : EXIT_ENVIRONMENT;
	return t && r != -EINTR
		       ? error_prefix(err, "the %s end, %s, can't be measured", word, t->point.name)
		       : r;
}

/* Whether the ends differ at all; without that, no step could be like one of them. */
static int tell_ends(struct state *s, int *ret_exit, struct error *err)
{
	int r = bisect_tell_ends(s->m, s->tested[0].side, s->tested[1].side, ret_exit, err);
	size_t len = r == -ERANGE && err ? strlen(err->text) : 0;

	if (len)
		snprintf(err->text + len, sizeof(err->text) - len,
			 "\n--resume --out %s with more --seeds goes on with it", s->args->dir);
	return r;
}

/* ---- steps ---- */

static void print_step(const struct state *s, const struct tested *t, const struct likeness *like,
		       const struct error *why, double began, size_t left)
{
	char value[FORMAT_MAX], place[300];

	printf("%-5s %-*s ", !like ? "skip" : like->bad ? "bad" : "good", NAME_WIDE, t->point.name);
	if (like)
		printf("%12s %s  %s", value_format(like->median, s->unit, value),
		       value_unit(s->unit), bisect_place(like, place, sizeof(place)));
	else
		printf("%.*s", (int)strcspn(why->text, "\n"), why->text);
	printf("  (%.0f s, %zu step%s left)%s%s\n", now() - began, left, left == 1 ? "" : "s",
	       t->point.about ? "  " : "", t->point.about ? t->point.about : "");
	fflush(stdout);
}

static int step(struct state *s, struct bisect_point *point, size_t left, int *ret_exit,
		struct error *err)
{
	const struct bisect_source *source = s->args->source;
	struct tested *t = add(s, point);
	struct likeness like = {};
	struct error why = {};
	enum fault fault;
	double began = now();
	int r = t ? test(s, t, &fault, &why) : error_set(err, -ENOMEM, "bisect");

	if (!t)
		return r;
	/* What doesn't mean the same as on the ends tells nothing of them. */
	if (r == 0)
		r = bisect_judge(s->m, s->tested[0].side, s->tested[1].side, t->side, &like, &why);
	if (r < 0 && fault == FAULT_HERE) {
		*ret_exit = r == -EINTR ? EXIT_INVALID : EXIT_ENVIRONMENT;
		*err = why;
		return error_prefix(err, "%s", t->point.name);
	}
	print_step(s, t, r < 0 ? NULL : &like, &why, began, left ? left - 1 : 0);
	if (r < 0) {
		side_close(t->side);
		t->side = NULL;
		return source->mark(source->self, BISECT_SKIPPED, err);
	}
	s->unsure += !like.told;
	return source->mark(source->self, like.bad ? BISECT_BAD : BISECT_GOOD, err);
}

/* ---- what it came to ---- */

static const struct tested *find(const struct state *s, const char *id)
{
	for (size_t i = 0; id && i < s->count; i++)
		if (streq(s->tested[i].point.id, id) && s->tested[i].side)
			return &s->tested[i];
	return NULL;
}

static int print_first_bad(const struct state *s, const struct bisect_found *found,
			   struct error *err)
{
	const struct tested *bad = find(s, found->candidates.items[0]);
	const struct tested *good = find(s, found->before);
	struct measured_pair pair = {};
	struct judge_result result;
	char a[FORMAT_MAX], b[FORMAT_MAX];
	int r;

	if (!bad)
		return error_say(err, -EIO, "%s was never tested", found->candidates.items[0]);
	if (!good)
		good = &s->tested[0];
	printf("\n%s is the first bad one%s%s\n", bad->point.id, bad->point.about ? ": " : "",
	       bad->point.about ? bad->point.about : "");
	r = measure_pair(s->m, good->side, bad->side, &pair, err);
	if (r == 0)
		r = judge_family(&pair.input, 1, &judge_rules_default, &result, err);
	if (r == 0) {
		printf("%s: %s on %s, %s on it: ", s->m->metric,
		       value_format(result.base_median, s->unit, a), good->point.name,
		       value_format(result.fresh_median, s->unit, b));
		bisect_print_shift(&result, s->unit);
		printf(", p %.2g\n", result.p);
	}
	pairing_done(&pair.values);
	return r;
}

static int finish(const struct state *s, int *ret_exit, struct error *err)
{
	const struct bisect_source *source = s->args->source;
	struct bisect_found found = {};
	int r = source->found(source->self, &found, err);

	if (r == 0 && found.candidates.count == 1) {
		r = print_first_bad(s, &found, err);
		if (r == 0 && s->unsure)
			printf("%zu step%s could not be told for sure: more seeds would tell "
			       "(--seeds with --resume)\n",
			       s->unsure, s->unsure == 1 ? "" : "s");
	} else if (r == 0) {
		printf("\nThe first bad one is one of these; the others could not be tested:\n");
		for (size_t i = 0; i < found.candidates.count; i++)
			printf("  %s\n", found.candidates.items[i]);
		*ret_exit = EXIT_INCONCLUSIVE;
		r = error_say(err, -ERANGE, "the first bad one is not told: %zu of them are left",
			      found.candidates.count);
	}
	bisect_found_done(&found);
	return r;
}

int bisect_run(const struct bisect_args *args, struct error *err)
{
	const struct bisect_source *source = args->source;
	struct state s = { .args = args, .m = args->measure };
	struct bisect_point good = {}, bad = {};
	int exit_code = EXIT_ENVIRONMENT, r = source->ends(source->self, &good, &bad, err);

	if (r == -EINVAL)
		exit_code = EXIT_BAD_INPUT;
	if (r == 0)
		r = test_end(&s, &good, "good", &exit_code, err);
	if (r == 0)
		r = test_end(&s, &bad, "bad", &exit_code, err);
	if (r == 0)
		r = tell_ends(&s, &exit_code, err);
	while (r == 0) {
		struct bisect_point point = {};
		size_t left;

		exit_code = EXIT_ENVIRONMENT;
		r = source->next(source->self, &point, &left, err);
		if (r == 0)
			r = step(&s, &point, left, &exit_code, err);
		bisect_point_done(&point);
	}
	if (r > 0)
		r = finish(&s, &exit_code, err);
	if (s.count)
		printf("\nRecords: %s/steps\n", args->dir);
	for (size_t i = 0; i < s.count; i++) {
		bisect_point_done(&s.tested[i].point);
		side_close(s.tested[i].side);
	}
	free(s.tested);
	bisect_point_done(&good);
	bisect_point_done(&bad);
	return r < 0 ? exit_code : EXIT_DONE;
}
