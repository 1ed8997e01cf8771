// SPDX-License-Identifier: GPL-2.0-or-later
#include "results/verify.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "results/fingerprint.h"
#include "results/slow.h"
#include "results/spans.h"
#include "src/cleanup.h"
#include "src/file.h"
#include "src/macro.h"

#define TRIAL_FILE     "trial.json"
#define DIFFERENCE_MAX 400

/* What a fingerprint is of, in the order in which a difference is looked for. */
static const char *const tables[] = { "samples.tsv", "latency.tsv", SPANS_FILE, SLOW_FILE };

/* The first field in which two lines differ; the header gives it a name, the first field a place.
 */
static void describe_row(const char *file, size_t row, char *header, char *a, char *b, char *ret)
{
	_cleanup_free_ char *first = strndup(a, strcspn(a, "\t"));
	_cleanup_free_ char *what = strndup(header, strcspn(header, "\t"));

	for (;;) {
		char *name = strsep(&header, "\t"), *x = strsep(&a, "\t"), *y = strsep(&b, "\t");

		if (x && y && streq(x, y))
			continue;
		snprintf(ret, DIFFERENCE_MAX, "%s: row %zu (%.40s %.40s), %.100s: %.60s and %.60s",
			 file, row, what ? what : "", first ? first : "", name ? name : "column",
			 x ? x : "nothing", y ? y : "nothing");
		return;
	}
}

/* Whether a and b, tables with a header line, differ; they are cut to pieces. */
static bool differs(const char *file, char *a, char *b, char *ret)
{
	char *header = strsep(&a, "\n"), *other = strsep(&b, "\n");

	if (!streq(header, other)) {
		snprintf(ret, DIFFERENCE_MAX, "%s: other columns", file);
		return true;
	}
	for (size_t row = 1; a || b; row++) {
		char *x = strsep(&a, "\n"), *y = strsep(&b, "\n");

		if (!x || !y || (!*x != !*y)) {
			snprintf(ret, DIFFERENCE_MAX, "%s: row %zu is there only once", file, row);
			return true;
		}
		if (!streq(x, y)) {
			describe_row(file, row, header, x, y, ret);
			return true;
		}
	}
	return false;
}

static int compare_table(int dirfd, int again, const char *file, char *ret, struct error *err)
{
	_cleanup_free_ char *a = NULL, *b = NULL;
	bool first = faccessat(dirfd, file, F_OK, 0) == 0;
	int r;

	if (first != (faccessat(again, file, F_OK, 0) == 0)) {
		snprintf(ret, DIFFERENCE_MAX, "%s is there only once", file);
		return 1;
	}
	if (!first)
		return 0;
	r = file_read(dirfd, file, &a, NULL, err);
	if (r == 0)
		r = file_read(again, file, &b, NULL, err);
	return r < 0 ? r : differs(file, a, b, ret);
}

static void compare_metrics(const json_t *a, const json_t *b, char *ret)
{
	const char *name;
	json_t *value;

	json_object_foreach ((json_t *)a, name, value) {
		json_t *other = json_object_get(b, name);

		if (json_equal(value, other))
			continue;
		snprintf(ret, DIFFERENCE_MAX, "metric %s: %.10g and %.10g", name,
			 json_number_value(json_object_get(value, "value")),
			 json_number_value(json_object_get(other, "value")));
		return;
	}
	snprintf(ret, DIFFERENCE_MAX, "other metrics");
}

/* 1: they differ, and ret says where first. */
static int compare(int dirfd, int again, const json_t *a, const json_t *b, char *ret,
		   struct error *err)
{
	const char *x = json_string_value(json_object_get(a, "fingerprint"));
	const char *y = json_string_value(json_object_get(b, "fingerprint"));
	const char *outcome = json_string_value(json_object_get(a, "outcome"));
	const char *second = json_string_value(json_object_get(b, "outcome"));

	if (!outcome || !second || !streq(outcome, second)) {
		snprintf(ret, DIFFERENCE_MAX, "outcome: %.60s and %.60s",
			 outcome ? outcome : "none", second ? second : "none");
		return 1;
	}
	if (x && y && *x && streq(x, y))
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
		int r = compare_table(dirfd, again, tables[i], ret, err);

		if (r)
			return r;
	}
	compare_metrics(json_object_get(a, "metrics"), json_object_get(b, "metrics"), ret);
	return 1;
}

static json_t *load(int dirfd, struct error *err)
{
	_cleanup_free_ char *text = NULL;
	json_t *trial = NULL;

	if (file_read(dirfd, TRIAL_FILE, &text, NULL, err) == 0) {
		trial = json_loads(text, 0, NULL);
		if (!json_is_object(trial)) {
			json_decref(trial);
			error_say(err, -EBADMSG, "%s: not a JSON object", TRIAL_FILE);
			trial = NULL;
		}
	}
	return trial;
}

static int put(int dirfd, json_t *trial, const char *difference, struct error *err)
{
	json_t *invalid = json_object_get(trial, "invalid");
	_cleanup_free_ char *text = NULL, *file = NULL;

	json_object_set_new(trial, "verified",
			    difference
				    ? json_pack("{s:b, s:s}", "equal", 0, "difference", difference)
				    : json_pack("{s:b}", "equal", 1));
	if (difference) {
		text = text_format("a second run gave something else: %s", difference);
		if (!json_is_array(invalid)) {
			invalid = json_array();
			json_object_set_new(trial, "invalid", invalid);
		}
		json_array_append_new(invalid, json_string(text ? text : difference));
		free(TAKE_PTR(text));
	}
	text = json_dumps(trial, JSON_INDENT(2) | RECORD_JSON_FLAGS);
	file = text ? text_format("%s\n", text) : NULL;
	return file ? file_write_atomic(dirfd, TRIAL_FILE, file, strlen(file), err)
		    : error_set(err, -ENOMEM, "write %s", TRIAL_FILE);
}

int verify_trial(int dirfd, struct error *err)
{
	_cleanup_close_ int again = openat(dirfd, VERIFY_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	json_t *a, *b = NULL;
	char difference[DIFFERENCE_MAX] = "";
	int r;

	if (again < 0)
		return error_set(err, -errno, "open the trial's repetition");
	a = load(dirfd, err);
	if (a)
		b = load(again, err);
	r = b ? compare(dirfd, again, a, b, difference, err) : -EBADMSG;
	if (r >= 0) {
		bool equal = r == 0;

		r = put(dirfd, a, equal ? NULL : difference, err);
		if (r == 0 && equal)
			r = dir_remove(dirfd, VERIFY_DIR, err);
	}
	json_decref(a);
	json_decref(b);
	return r;
}
