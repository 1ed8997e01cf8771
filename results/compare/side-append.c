// SPDX-License-Identifier: GPL-2.0-or-later
/* One side of several runs, which went on with further seeds. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "results/compare/differences.h"
#include "results/compare/side-internal.h"
#include "src/cleanup.h"
#include "src/macro.h"

static int copy_texts(struct strlist *to, const struct strlist *from)
{
	for (size_t i = 0; i < from->count; i++)
		if (strlist_add(to, from->items[i]) < 0)
			return -ENOMEM;
	return 0;
}

/* Room for more values, which are not there. */
static int stretch(struct series *s, size_t from, size_t to)
{
	double *values = reallocarray(s->values, to + 1, sizeof(*values));

	if (!values)
		return -ENOMEM;
	s->values = values;
	for (size_t i = from; i < to; i++)
		values[i] = NAN;
	return 0;
}

/* A series that the first runs had not: none of their trials has a value. */
static struct series *new_series(struct cell *cell, const struct series *of)
{
	struct series *more =
		reallocarray(cell->series, cell->series_count + 1, sizeof(*cell->series));
	struct series *s;

	if (!more)
		return NULL;
	cell->series = more;
	s = &more[cell->series_count++];
	*s = (struct series){ .metric = strdup(of->metric),
			      .unit = strdup(of->unit),
			      .def = of->def,
			      .drift = of->drift };
	return s->metric && s->unit && stretch(s, 0, cell->seed_count) == 0 ? s : NULL;
}

static int append_series(struct cell *cell, const struct series *from, size_t at, size_t count)
{
	struct series *to = (struct series *)cell_series(cell, from->metric);
	bool fresh = !to;

	if (fresh)
		to = new_series(cell, from);
	if (!to)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		to->values[at + i] = from->values[i];
	to->count += from->count;
	if (from->why && !to->why && !(to->why = strdup(from->why)))
		return -ENOMEM;
	if (fresh)
		cell_sort(cell);
	return 0;
}

static int append_cell(struct cell *cell, const struct cell *from)
{
	size_t at = cell->seed_count, count = at + from->seed_count;
	uint64_t *seeds = reallocarray(cell->seeds, count + 1, sizeof(*seeds));
	int r = 0;

	if (!seeds)
		return -ENOMEM;
	cell->seeds = seeds;
	for (size_t i = 0; r == 0 && i < cell->series_count; i++)
		r = stretch(&cell->series[i], at, count);
	memcpy(seeds + at, from->seeds, from->seed_count * sizeof(*seeds));
	cell->seed_count = count;
	for (size_t i = 0; r == 0 && i < from->series_count; i++)
		r = append_series(cell, &from->series[i], at, from->seed_count);
	if (r == 0)
		r = copy_texts(&cell->troubles, &from->troubles);
	return r < 0 ? r : copy_texts(&cell->failures, &from->failures);
}

static struct cell *find_cell(struct side *side, const struct cell *like)
{
	for (size_t i = 0; i < side->cell_count; i++)
		if (streq(side->cells[i].scenario, like->scenario) &&
		    streq(side->cells[i].kernel, like->kernel))
			return &side->cells[i];
	return NULL;
}

int side_append(struct side *side, const struct side *other, struct error *err)
{
	char makers[600];

	if (!same_makers(side, other, makers, sizeof(makers)))
		return error_say(err, -EINVAL, "%s can't go on with %s: made by %s", side->label,
				 other->label, makers);
	for (size_t i = 0; i < other->cell_count; i++) {
		const struct cell *from = &other->cells[i];
		struct cell *cell = find_cell(side, from);

		if (!cell || (cell->seed_count && from->seed_count &&
			      from->seeds[0] <= cell->seeds[cell->seed_count - 1]))
			return error_say(err, -EINVAL,
					 "%s can't go on with %s: scenario %s is not there, or its "
					 "seeds are",
					 side->label, other->label, from->scenario);
		if (append_cell(cell, from) < 0)
			return error_set(err, -ENOMEM, "%s", side->label);
	}
	return 0;
}
