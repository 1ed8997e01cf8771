/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "plots/script.h"
#include "results/record.h"

/* Series made from the columns of samples.tsv, and panels of them for trial.gp. */

#define EXPR_TERMS_MAX	 64
#define PANEL_SERIES_MAX 40

/* A sum of columns with signs. */
struct expr {
	struct {
		size_t column;
		int sign;
	} terms[EXPR_TERMS_MAX];
	size_t count;
	bool missing; /* a column that it can't do without is not there */
};

/* Adds a column, or notes its absence; true when it is there. */
bool expr_add(struct expr *e, const struct samples *s, int sign, const char *column);
/* Adds it where it is there: for counters that not every kernel has. */
void expr_add_optional(struct expr *e, const struct samples *s, int sign, const char *column);

/* Its value in a row, and its growth between two; NaN where a value is missing. */
double expr_level(const struct expr *e, const struct samples *s, size_t row);
/* A counter that went backwards is NaN; a difference of counters below 0 (read not quite at the
   same time by the kernel) is 0. */
double expr_growth(const struct expr *e, const struct samples *s, size_t from, size_t to);

/* What it is to the reader; trial.gp gives each its own kind of line. */
enum series_role {
	ROLE_CURRENT, /* a level or a rate: a plain line */
	ROLE_SWAP,
	ROLE_MAX, /* limits */
	ROLE_HIGH,
	ROLE_LOW,
	ROLE_MIN,
	ROLE_SOME,  /* PSI */
	ROLE_STACK, /* filled, each on top of the one before */
	ROLE_TOTAL, /* the line over a stack */
};

/* Okabe and Ito's palette, which is told apart whatever one's colour vision; as in trial.gp. */
enum series_colour {
	COLOUR_BLACK,
	COLOUR_BLUE,
	COLOUR_ORANGE,
	COLOUR_GREEN,
	COLOUR_PURPLE,
	COLOUR_SKY,
	COLOUR_VERMILLION,
	COLOUR_YELLOW,
	COLOUR_GREY,
};

struct series {
	char title[96]; /* "": not in the legend */
	enum series_role role;
	int colour; /* an index of trial.gp's palette */
	struct expr expr;
	double constant; /* what is drawn where expr has no terms; NaN: in the legend alone */
};

struct panel {
	const char *name; /* prefix of trial.gp's variables */
	const char *unit;
	double scale; /* what values are multiplied by */
	struct series series[PANEL_SERIES_MAX];
	size_t count;
	bool absent; /* the record has none of the columns: which is not to say that they are 0 */
	double top;  /* the largest value drawn, scaled; 0: nothing but zeros */
};

/* Adds a series of one more panel; NULL when it is full. */
struct series *panel_add(struct panel *panel, enum series_role role, int colour, const char *title);

/*
 * The rows between which rates are taken: intervals shorter than a quarter of the sampling
 * interval (those at a phase's boundary) join the next one, else they would be spikes; and there
 * are no more of them than a picture can show. *ret is the caller's to free.
 */
int panel_intervals(const struct samples *s, uint64_t interval_ns, size_t **ret, size_t *ret_count,
		    struct error *err);

/* Leave out series that are 0 (or missing) throughout, but no constant, and set top. */
void panel_prepare_rates(struct panel *panel, const struct samples *s, const size_t *rows,
			 size_t count);
void panel_prepare_levels(struct panel *panel, const struct samples *s);

/* Writes the panel's table and variables. t in seconds; a rate is a step over its interval. */
int panel_write_rates(const struct panel *panel, struct script *script, const struct samples *s,
		      const size_t *rows, size_t count, struct error *err);
int panel_write_levels(const struct panel *panel, struct script *script, const struct samples *s,
		       struct error *err);
