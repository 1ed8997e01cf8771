// SPDX-License-Identifier: GPL-2.0-or-later
/* The list of runs. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "results/history/history-show.h"
#include "results/text-table.h"
#include "src/command.h"
#include "src/macro.h"

#define COLUMNS	  8
#define CELL_SIZE 400

struct line {
	char cells[COLUMNS][CELL_SIZE];
};

const char *history_verdict(const struct dated_run *run)
{
	if (run->run->trial_count == 0)
		return "-";
	return run->verdict == EXIT_DONE	 ? "pass"
	       : run->verdict == EXIT_REGRESSION ? "failed"
						 : "invalid";
}

static const char *release_of(const struct stored_trial *t)
{
	const char *release = json_string_value(json_object_get(t->json, "release"));

	return release && *release ? release : t->kernel;
}

/* Each once, in the order in which the run has them; "…" where there are more than fit. */
static void list_kernels(const struct run *run, char buf[static CELL_SIZE])
{
	size_t len = 0;

	*buf = '\0';
	for (size_t i = 0; i < run->trial_count; i++) {
		const char *release = release_of(&run->trials[i]);
		bool seen = false;

		for (size_t k = 0; k < i && !seen; k++)
			seen = streq(release_of(&run->trials[k]), release);
		if (seen)
			continue;
		if (len + strlen(release) + 10 > CELL_SIZE) {
			snprintf(buf + len, CELL_SIZE - len, ", …");
			return;
		}
		len += (size_t)snprintf(buf + len, CELL_SIZE - len, "%s%s", len ? ", " : "",
					release);
	}
}

static int by_seed(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* "1..5,8": as they are given to --seeds. */
static void list_seeds(const struct run *run, char buf[static CELL_SIZE])
{
	uint64_t *seeds = calloc(run->trial_count + 1, sizeof(*seeds));
	size_t n = 0, len = 0;

	*buf = '\0';
	for (size_t i = 0; seeds && i < run->trial_count; i++)
		seeds[i] = run->trials[i].seed;
	if (seeds)
		qsort(seeds, run->trial_count, sizeof(*seeds), by_seed);
	for (size_t i = 0; seeds && i < run->trial_count; i++)
		if (n == 0 || seeds[n - 1] != seeds[i])
			seeds[n++] = seeds[i];
	for (size_t i = 0, last; seeds && i < n && len + 60 < CELL_SIZE; i = last + 1) {
		for (last = i; last + 1 < n && seeds[last + 1] == seeds[last] + 1;)
			last++;
		len += (size_t)snprintf(buf + len, CELL_SIZE - len, "%s%" PRIu64, len ? "," : "",
					seeds[i]);
		if (last > i)
			len += (size_t)snprintf(buf + len, CELL_SIZE - len, "%s%" PRIu64,
						last > i + 1 ? ".." : ",", seeds[last]);
	}
	free(seeds);
}

static void put(struct line *line, size_t column, const char *text)
{
	snprintf(line->cells[column], CELL_SIZE, "%s", *text ? text : "-");
}

static void fill(struct line *line, const struct dated_run *run)
{
	char date[RUN_DATE_MAX], text[CELL_SIZE];

	dated_run_date(run, date);
	snprintf(line->cells[0], CELL_SIZE, "%s%s", date, run->dated == DATED_FILE ? " ~" : "");
	put(line, 1, dated_run_suite(run));
	list_kernels(run->run, text);
	put(line, 2, text);
	list_seeds(run->run, text);
	put(line, 3, text);
	put(line, 4, dated_run_text(run, "wring"));
	put(line, 5, dated_run_text(run, "status"));
	put(line, 6, history_verdict(run));
	put(line, 7, run->run->dir);
}

static void print_line(FILE *f, const struct line *line, const int *widths)
{
	for (size_t k = 0; k + 1 < COLUMNS; k++)
		fprintf(f, "%s%*s", line->cells[k], widths[k] - text_width(line->cells[k]) + 2, "");
	fprintf(f, "%s\n", line->cells[COLUMNS - 1]);
}

void history_show_runs(FILE *f, const struct runs *runs)
{
	struct line line = { { "began (UTC)", "suite", "kernels", "seeds", "wring", "status",
			       "verdict", "run" } };
	int widths[COLUMNS];
	bool by_file = false;

	for (size_t k = 0; k < COLUMNS; k++)
		widths[k] = text_width(line.cells[k]);
	for (size_t i = 0; i < runs->count; i++) {
		struct line other;

		fill(&other, &runs->items[i]);
		by_file |= runs->items[i].dated == DATED_FILE;
		for (size_t k = 0; k < COLUMNS; k++)
			widths[k] = MAX(widths[k], text_width(other.cells[k]));
	}
	print_line(f, &line, widths);
	for (size_t i = 0; i < runs->count; i++) {
		fill(&line, &runs->items[i]);
		print_line(f, &line, widths);
	}
	if (by_file)
		fprintf(f, "\n~ when run.json was written last: neither the record nor the "
			   "directory's name says when\n  the run began\n");
}
