// SPDX-License-Identifier: GPL-2.0-or-later
#include "src/bisect/bisect-step.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "harness/vm/kernel.h"
#include "results/value.h"
#include "src/bisect/bisect-judge.h"
#include "src/cleanup.h"
#include "src/command.h"
#include "src/file.h"
#include "src/macro.h"

#define HASH_DIGITS 16 /* of an image's: its directory's name */

struct state {
	const struct bisect_step *step;
	struct run_options run;
	struct measure m;
	struct side *good, *bad, *side;
	struct suite *suite;
	char *suite_name, *seeds;
};

static void done(struct state *s)
{
	side_close(s->good);
	side_close(s->bad);
	side_close(s->side);
	suite_free(s->suite);
	free(s->suite_name);
	free(s->seeds);
}

static const struct cell *cell_of(const struct side *side, const char *scenario)
{
	for (size_t i = 0; i < side->cell_count; i++)
		if (streq(side->cells[i].scenario, scenario))
			return &side->cells[i];
	return NULL;
}

/* The seeds that both ends have, as --seeds takes them; pairs by seed are told best. */
static int common_seeds(struct state *s, const char *scenario, struct error *err)
{
	const struct cell *good = cell_of(s->good, scenario), *bad = cell_of(s->bad, scenario);
	char *text = NULL;
	size_t size;
	FILE *f;

	if (!good || !bad)
		return error_say(err, -EINVAL, "%s has no scenario %s",
				 good ? s->step->bad : s->step->good, scenario);
	f = open_memstream(&text, &size);
	if (!f)
		return error_set(err, -ENOMEM, "bisect");
	for (size_t i = 0; i < good->seed_count; i++)
		for (size_t k = 0; k < bad->seed_count; k++)
			if (good->seeds[i] == bad->seeds[k])
				fprintf(f, "%s%" PRIu64, ftell(f) ? "," : "", good->seeds[i]);
	if (fclose(f) != 0 || !text) {
		free(text);
		return error_set(err, -ENOMEM, "bisect");
	}
	s->seeds = text;
	return *text ? 0
		     : error_say(err, -EINVAL, "%s and %s have no seed in common", s->step->good,
				 s->step->bad);
}

/* The ends and what is measured; all of that is the caller's business, not the kernel's. */
static int prepare(struct state *s, int *ret_exit, struct error *err)
{
	const struct bisect_step *step = s->step;
	int r = side_open(&s->good, step->good, err);

	*ret_exit = EXIT_BAD_INPUT;
	if (r == 0)
		r = side_open(&s->bad, step->bad, err);
	if (r == 0 && side_name_pair(s->good, s->bad) < 0)
		r = error_set(err, -ENOMEM, "bisect");
	if (r == 0)
		r = measure_find(&s->m, step->what, &s->suite, &s->suite_name, err);
	if (r == 0 && !s->run.seeds) {
		r = common_seeds(s, s->m.scenario->name, err);
		if (r < 0)
			return r;
		s->run.seeds = s->seeds;
		suite_free(s->suite);
		s->suite = NULL;
		free(TAKE_PTR(s->suite_name));
		r = measure_find(&s->m, step->what, &s->suite, &s->suite_name, err);
	}
	return r < 0 ? r : bisect_tell_ends(&s->m, s->good, s->bad, ret_exit, err);
}

static bool is_directory(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* BISECT_STEP_SKIP for what is the kernel's own fault. */
static int measure(struct state *s, struct error *err)
{
	const struct bisect_step *step = s->step;
	_cleanup_kernel_ struct kernel *kernel = NULL;
	_cleanup_free_ char *dir = NULL;
	enum fault fault;
	int r = kernel_find(&kernel, step->kernel, step->modules, err);

	/* A tree without an image was not built; a path to nothing is a slip of the caller's. */
	if (r < 0)
		return is_directory(step->kernel) ? BISECT_STEP_SKIP
						  : BISECT_STEP_ABORT + EXIT_BAD_INPUT;
	dir = text_format("%s/%.*s", step->out, HASH_DIGITS, kernel->sha256);
	r = dir ? dir_make(step->out, err) : error_set(err, -ENOMEM, "bisect");
	if (r < 0)
		return BISECT_STEP_ABORT + EXIT_ENVIRONMENT;
	s->side = measure_kept(&s->m, dir, step->kernel);
	if (s->side)
		return 0;
	r = measure_kernel(&s->m, step->kernel, step->modules, dir, step->kernel, &s->side, &fault,
			   err);
	if (r < 0)
		return fault == FAULT_KERNEL ? BISECT_STEP_SKIP
					     : BISECT_STEP_ABORT + EXIT_ENVIRONMENT;
	return 0;
}

static int judge(struct state *s, struct error *err)
{
	struct likeness like;
	char value[FORMAT_MAX], place[300];
	const char *unit = bisect_unit(&s->m, s->side);

	if (bisect_judge(&s->m, s->good, s->bad, s->side, &like, err) < 0)
		return BISECT_STEP_SKIP;
	printf("%s: %s %s %s, %s\n", like.bad ? "bad" : "good", s->m.metric,
	       value_format(like.median, unit, value), value_unit(unit),
	       bisect_place(&like, place, sizeof(place)));
	return like.bad ? 1 : 0;
}

int bisect_step(const struct bisect_step *step, struct error *err)
{
	struct state s = { .step = step, .run = *step->run };
	int exit_code;

	s.m = (struct measure){ .metric = step->metric, .run = &s.run };
	if (prepare(&s, &exit_code, err) < 0) {
		exit_code += BISECT_STEP_ABORT;
	} else {
		exit_code = measure(&s, err);
		if (exit_code == 0)
			exit_code = judge(&s, err);
	}
	done(&s);
	return exit_code;
}
