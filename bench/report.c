// SPDX-License-Identifier: GPL-2.0-or-later
#include "bench/report.h"

#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "src/cleanup.h"
#include "src/file.h"
#include "src/macro.h"

static const char *const wants[] = {
	[WANT_NOTHING] = "", [WANT_AT_LEAST] = ">=", [WANT_AT_MOST] = "<="
};

static const char *unit_of(const struct row *row)
{
	switch (row->kind) {
	case ROW_ADDED:
	case ROW_TIME:
		return "ns";
	case ROW_WALL:
		return "s";
	case ROW_COUNT:
		return row->unit;
	default:
		return NULL;
	}
}

/* ---- the table ---- */

static const char *format_value(const struct row *row, double value, char *buf, size_t size)
{
	const char *unit = unit_of(row);

	snprintf(buf, size, unit ? "%.*f %s" : "%.*f", unit && streq(unit, "ns") ? 1 : 3, value,
		 unit);
	return buf;
}

static const char *format_target(const struct row *row, double target, char *buf, size_t size)
{
	const char *unit = unit_of(row);

	if (row->want == WANT_NOTHING)
		snprintf(buf, size, "-");
	else
		snprintf(buf, size, unit ? "%s %.*f %s" : "%s %.*f", wants[row->want],
			 unit && streq(unit, "ns") ? 0 : 2, target, unit);
	return buf;
}

void report_head(FILE *f)
{
	fprintf(f, "%-27s %9s  %-18s %9s  %s\n", "row", "median", "quartiles", "target", "");
}

void report_row(FILE *f, const struct row *row, const struct row_result *r)
{
	char value[40], lower[40], upper[40], target[40], range[100];

	format_target(row, r->target, target, sizeof(target));
	if (!r->values) {
		fprintf(f, "%-27s %9s  %-18s %9s  %s: %s\n", row->name, "", "", target,
			verdict_names[r->verdict], r->reason);
		return;
	}
	snprintf(range, sizeof(range), "%s to %s",
		 format_value(row, r->lower, lower, sizeof(lower)),
		 format_value(row, r->upper, upper, sizeof(upper)));
	fprintf(f, "%-27s %9s  %-18s %9s  %s", row->name,
		format_value(row, r->median, value, sizeof(value)), range, target,
		r->verdict == VERDICT_TOLD ? "" : verdict_names[r->verdict]);
	if (row->kind == ROW_SCALE)
		fprintf(f, " (bare loop %.3f)", r->beside);
	fputc('\n', f);
}

void report_listed(FILE *f, const struct row *row)
{
	char target[40];

	fprintf(f, "%-27s %9s  %s\n", row->name,
		format_target(row, row->target, target, sizeof(target)), row->what);
}

/* ---- JSON ---- */

struct report {
	json_t *root, *rows;
};

static json_t *describe_machine(void)
{
	struct utsname u = {};
	char load[100] = "";

	uname(&u);
	file_read_line(AT_FDCWD, "/proc/loadavg", load, sizeof(load));
	return json_pack("{s:s, s:s, s:I, s:s}", "kernel", u.release, "machine", u.machine, "cpus",
			 (json_int_t)sysconf(_SC_NPROCESSORS_ONLN), "loadavg", load);
}

int report_new(struct report **ret, const struct bench *b)
{
	struct report *r = calloc(1, sizeof(*r));

	if (!r)
		return -ENOMEM;
	r->rows = json_array();
	r->root = json_pack("{s:s, s:o, s:I, s:O}", "wring", PACKAGE_VERSION, "machine",
			    describe_machine(), "repetitions", (json_int_t)b->repeat, "rows",
			    r->rows);
	if (!r->root) {
		report_free(r);
		return -ENOMEM;
	}
	*ret = r;
	return 0;
}

static json_t *describe_values(const struct row_result *r)
{
	json_t *all = json_array();

	for (unsigned n = 0; n < r->count; n++)
		json_array_append_new(all, json_real(r->values[n]));
	return all;
}

static json_t *describe_side(const struct group_result *g, unsigned side)
{
	json_t *all = json_array();

	for (unsigned n = 0; n < g->repeat; n++) {
		const struct sample *s = &g->sides[side].samples[n];

		json_array_append_new(all, json_pack("{s:f, s:f, s:f}", "ops", s->ops, "wall_ns",
						     s->wall_ns, "cpu_ns", s->cpu_ns));
	}
	return json_pack("{s:s, s:o}", "side", g->group->sides[side].label, "samples", all);
}

static json_t *describe_sides(const struct group_result *g, const struct row *row)
{
	json_t *sides = json_array();

	json_array_append_new(sides, describe_side(g, row->a));
	if (!row_is_single(row))
		json_array_append_new(sides, describe_side(g, row->b));
	if (row->kind == ROW_SCALE) {
		json_array_append_new(sides, describe_side(g, row->c));
		json_array_append_new(sides, describe_side(g, row->d));
	}
	return sides;
}

static json_t *describe_row(const struct group_result *g, const struct row *row,
			    const struct row_result *r)
{
	json_t *o = json_pack("{s:s, s:s, s:s, s:s}", "name", row->name, "what", row->what, "unit",
			      unit_of(row) ? unit_of(row) : "ratio", "verdict",
			      verdict_names[r->verdict]);

	if (row->want != WANT_NOTHING) {
		json_object_set_new(o, "compare", json_string(wants[row->want]));
		json_object_set_new(o, "target", json_real(r->target));
	}
	if (!r->values) {
		json_object_set_new(o, "reason", json_string(r->reason));
		return o;
	}
	json_object_set_new(o, "median", json_real(r->median));
	json_object_set_new(o, "quartiles", json_pack("[f, f]", r->lower, r->upper));
	json_object_set_new(o, "interval_95", json_pack("[f, f]", r->sure_lower, r->sure_upper));
	if (row->kind == ROW_SCALE)
		json_object_set_new(o, "bare_loop", json_real(r->beside));
	json_object_set_new(o, "values", describe_values(r));
	json_object_set_new(o, "sides", describe_sides(g, row));
	return o;
}

int report_group(struct report *r, const struct group_result *g, const bool *rows_wanted, FILE *f)
{
	for (unsigned i = 0; g->group->rows[i].name; i++) {
		const struct row *row = &g->group->rows[i];
		struct row_result result;
		json_t *o;

		if (!rows_wanted[i])
			continue;
		if (row_judge(g, row, &result) < 0)
			return -ENOMEM;
		report_row(f, row, &result);
		o = describe_row(g, row, &result);
		row_result_done(&result);
		if (json_array_append_new(r->rows, o) < 0)
			return -ENOMEM;
	}
	fflush(f);
	return 0;
}

int report_write(const struct report *r, const char *path, struct error *err)
{
	_cleanup_free_ char *text = json_dumps(r->root, JSON_INDENT(2) | JSON_REAL_PRECISION(9));
	_cleanup_free_ char *lines = text ? text_format("%s\n", text) : NULL;

	if (!lines)
		return error_set(err, -ENOMEM, "write %s", path);
	return file_write_atomic(AT_FDCWD, path, lines, strlen(lines), err);
}

unsigned report_count(const struct report *r, enum verdict verdict, char *buf, size_t size)
{
	unsigned count = 0;
	size_t i;
	json_t *row;

	*buf = '\0';
	json_array_foreach (r->rows, i, row) {
		if (!streq(json_string_value(json_object_get(row, "verdict")),
			   verdict_names[verdict]))
			continue;
		count++;
		snprintf(buf + strlen(buf), size - strlen(buf), "%s%s", *buf ? ", " : "",
			 json_string_value(json_object_get(row, "name")));
	}
	return count;
}

void report_free(struct report *r)
{
	if (!r)
		return;
	json_decref(r->root);
	json_decref(r->rows);
	free(r);
}
