// SPDX-License-Identifier: GPL-2.0-or-later
/* Counts on axes of which sums are known: what follows, what does not, and what contradicts. */
#include "results/grid.h"
#include "tests/tap.h"

/* Two axes that matter, of so many parts, each with the sum of all; on the first a sum of its first
 * two parts, too. */
static void make(struct grid *grid, size_t a, size_t b)
{
	*grid = (struct grid){};
	if (grid_axis_make(&grid->axes[0], a, 2) < 0 || grid_axis_make(&grid->axes[1], b, 1) < 0 ||
	    grid_axis_make(&grid->axes[2], 1, 1) < 0 || grid_axis_make(&grid->axes[3], 1, 1) < 0)
		exit(1);
	grid_axis_join(&grid->axes[0], a, 0);
	grid_axis_join(&grid->axes[0], a, 1);
	if (grid_make(grid) < 0)
		exit(1);
}

static struct grid_place at(size_t a, size_t b)
{
	return (struct grid_place){ .at = { a, b, 1, 1 } };
}

static void is(const struct grid *grid, size_t a, size_t b, uint64_t low, uint64_t high,
	       const char *name)
{
	struct grid_range r = grid_at(grid, at(a, b));

	tap_ok(r.low == low && r.high == high, "%s (%llu to %llu)", name, (unsigned long long)r.low,
	       (unsigned long long)r.high);
}

/* Places on an axis of three parts: the sum of the first two, and of all. */
enum { PAIR = 3, ALL = 4 };

static void test_conclusions(void)
{
	struct grid g;

	make(&g, 3, 1);
	is(&g, 0, 0, 0, GRID_OPEN, "nothing is known at first");
	grid_tell(&g, at(ALL, 1), 100, 100);
	grid_close(&g);
	is(&g, 0, 0, 0, 100, "a part is no more than its sum");
	is(&g, PAIR, 1, 0, 100, "nor is a smaller sum");
	grid_tell(&g, at(2, 1), 30, 30);
	grid_close(&g);
	is(&g, PAIR, 1, 70, 70, "what one part leaves is the others'");
	is(&g, 0, 1, 0, 70, "of which none is known");
	grid_tell(&g, at(1, 1), 0, 20);
	grid_close(&g);
	is(&g, 0, 1, 50, 70, "a bound of one is a bound of the other");
	grid_tell(&g, at(0, 1), 55, 55);
	grid_close(&g);
	is(&g, 1, 1, 15, 15, "until both are known");
	tap_eq_u64(g.off, 0, "nothing contradicts");
	tap_ok(g.sums > 0, "%zu sums were compared", g.sums);
	grid_clear(&g);
	is(&g, 0, 1, 0, GRID_OPEN, "cleared");
	grid_done(&g);
}

static void test_margins(void)
{
	struct grid g;

	/* rows 10 and 5, columns 10 and 5, and one cell of 0: the others follow */
	make(&g, 2, 2);
	grid_tell(&g, at(0, 2), 10, 10);
	grid_tell(&g, at(1, 2), 5, 5);
	grid_tell(&g, at(3, 0), 10, 10);
	grid_tell(&g, at(3, 1), 5, 5);
	grid_close(&g);
	is(&g, 0, 0, 5, 10, "margins alone give bounds");
	grid_tell(&g, at(1, 0), 0, 0);
	grid_close(&g);
	is(&g, 0, 0, 10, 10, "one cell more and all is known");
	is(&g, 0, 1, 0, 0, "0 is known, not merely not seen");
	is(&g, 1, 1, 5, 5, "in both directions");
	is(&g, 3, 2, 15, 15, "and so is the sum of sums");
	grid_done(&g);
}

static void test_contradictions(void)
{
	struct grid g;

	make(&g, 2, 1);
	grid_tell(&g, at(3, 1), 10, 10);
	grid_tell(&g, at(0, 1), 13, 13);
	grid_close(&g);
	is(&g, 0, 1, 13, 13, "a fact stays");
	is(&g, 3, 1, 10, 10, "and so does the other");
	is(&g, 1, 1, 0, 0, "for the rest nothing is left");
	tap_eq_u64(g.off, 3, "they are off by their difference");
	grid_clear(&g);
	tap_eq_u64(g.off, 0, "cleared");
	grid_tell(&g, at(0, 1), 5, 5);
	grid_tell(&g, at(0, 1), 9, 9);
	is(&g, 0, 1, 5, 5, "of two facts about one cell the first stays");
	tap_eq_u64(g.off, 4, "off by their difference");
	grid_done(&g);
}

static void test_large(void)
{
	struct grid g;

	make(&g, 2, 1);
	grid_tell(&g, at(0, 1), GRID_OPEN - 1, GRID_OPEN - 1);
	grid_tell(&g, at(1, 1), GRID_OPEN - 1, GRID_OPEN - 1);
	grid_close(&g);
	is(&g, 3, 1, GRID_OPEN, GRID_OPEN, "a sum that overflows is as large as can be");
	tap_ok(!range_known(grid_at(&g, at(3, 1))), "and not known");
	grid_done(&g);
}

int main(void)
{
	test_conclusions();
	test_margins();
	test_contradictions();
	test_large();
	return tap_done();
}
