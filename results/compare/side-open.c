// SPDX-License-Identifier: GPL-2.0-or-later
/* "RUN@debian/6.1@lru_gen=classic": what a user names, and which of its trials that means. */
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "results/compare/side-internal.h"
#include "src/cleanup.h"
#include "src/datafile.h"
#include "src/file.h"
#include "src/macro.h"

#define NAME_MAX_LENGTH 300

/* ---- where it is ---- */

/* The path is all of the text, or what stands before one of its «@». */
static int find_path(const char *text, char **ret_path, const char **ret_rest)
{
	_cleanup_free_ char *path = strdup(text);
	char *at;

	while (path) {
		if (access(path, F_OK) == 0) {
			*ret_rest = text + strlen(path);
			*ret_path = TAKE_PTR(path);
			return 0;
		}
		at = strrchr(path, '@');
		if (!at)
			return -ENOENT;
		*at = '\0';
	}
	return -ENOMEM;
}

/* A shipped baseline, by its name: "gate-debian-6.1". */
static int find_shipped(const char *text, char **ret_path, const char **ret_rest)
{
	_cleanup_free_ char *name = strndup(text, strcspn(text, "@"));
	_cleanup_free_ char *file = name ? text_format("results/baselines/%s.json", name) : NULL;
	int r;

	if (!file)
		return -ENOMEM;
	r = strchr(name, '/') ? -ENOENT : datafile_find(file, ret_path, NULL);
	if (r == 0)
		*ret_rest = text + strlen(name);
	return r;
}

static int read_path(struct side *side, const char *path, struct error *err)
{
	struct stat st;

	if (stat(path, &st) == 0 && S_ISREG(st.st_mode)) {
		const char *slash = strrchr(path, '/');

		if (streq(slash ? slash + 1 : path, "run.json"))
			return error_say(err, -EINVAL, "%s: a run is named by its directory", path);
		return side_read_baseline(side, path, err);
	}
	return side_read_run(side, path, err);
}

/* ---- which of it ---- */

/* A value as it stands in a variant's name: what a directory can't be called is replaced. */
static void plain_value(const char *value, char *buf, size_t size)
{
	size_t used = 0;

	for (; *value && used + 4 < size; value++) {
		if (*value == '%')
			used += (size_t)snprintf(buf + used, size - used, "pct");
		else
			buf[used++] = strchr("._-", *value) || (*value >= '0' && *value <= '9') ||
						      (*value >= 'a' && *value <= 'z') ||
						      (*value >= 'A' && *value <= 'Z')
					      ? *value
					      : '-';
	}
	buf[used] = '\0';
}

/*
 * Takes "LABEL=VALUE" out of a variant's name: "base@a=1,b=2" without b=2 is "base@a=1". False: the
 * name hasn't got it.
 */
static bool drop_label(const char *name, const char *label, char *ret)
{
	const char *at = strchr(name, '@');
	_cleanup_free_ char *labels = strdup(at ? at + 1 : "");
	char *rest = labels, *part;
	bool found = false, first = true;
	size_t used = (size_t)snprintf(ret, NAME_MAX_LENGTH, "%.*s",
				       at ? (int)(at - name) : (int)strlen(name), name);

	while (at && (part = strsep(&rest, ","))) {
		if (streq(part, label)) {
			found = true;
			continue;
		}
		if (used < NAME_MAX_LENGTH)
			used += (size_t)snprintf(ret + used, NAME_MAX_LENGTH - used, "%c%s",
						 first ? '@' : ',', part);
		first = false;
	}
	return found;
}

/* Keeps the cells that `keep` is true of; the others are gone. */
static int keep_cells(struct side *side, bool (*keep)(struct cell *cell, const char *word),
		      const char *word)
{
	size_t kept = 0;

	for (size_t i = 0; i < side->cell_count; i++) {
		if (!keep(&side->cells[i], word)) {
			cell_done(&side->cells[i]);
			continue;
		}
		if (kept != i) {
			side->cells[kept] = side->cells[i];
			side->cells[i] = (struct cell){};
		}
		kept++;
	}
	side->cell_count = kept;
	return side_kernels(side);
}

static bool of_kernel(struct cell *cell, const char *word)
{
	return streq(cell->kernel, word);
}

static bool of_variant(struct cell *cell, const char *word)
{
	char name[NAME_MAX_LENGTH], *key;

	if (!drop_label(cell->key, word, name))
		return false;
	key = strdup(name);
	if (!key)
		return false;
	free(cell->key);
	cell->key = key;
	return true;
}

static void list_kernels(const struct side *side, char *buf, size_t size)
{
	size_t n = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < side->kernel_count && n < size; i++)
		n += (size_t)snprintf(buf + n, size - n, "%s%s", i ? ", " : "", side->kernels[i]);
}

static void list_variants(const struct side *side, char *buf, size_t size)
{
	struct strlist seen = {};
	size_t n = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < side->cell_count; i++) {
		const char *at = strchr(side->cells[i].scenario, '@');
		_cleanup_free_ char *labels = at ? strdup(at + 1) : NULL;
		char *rest = labels, *part;

		while (labels && (part = strsep(&rest, ",")))
			if (!strlist_contains(&seen, part))
				strlist_add(&seen, part);
	}
	for (size_t i = 0; i < seen.count && n < size; i++)
		n += (size_t)snprintf(buf + n, size - n, "%s%s", i ? ", " : "", seen.items[i]);
	strlist_done(&seen);
}

int side_narrow(struct side *side, const char *kernel, struct error *err)
{
	_cleanup_free_ char *word = strdup(kernel);
	char names[400];

	if (!word)
		return error_set(err, -ENOMEM, "%s", side->label);
	for (size_t i = 0; i < side->kernel_count; i++)
		if (streq(side->kernels[i], kernel))
			return keep_cells(side, of_kernel, word) < 0
				       ? error_set(err, -ENOMEM, "%s", side->label)
				       : 0;
	list_kernels(side, names, sizeof(names));
	return error_say(err, -ENOENT, "%s has no kernel «%s»; it has %s", side->label, kernel,
			 names);
}

static bool of_scenario(struct cell *cell, const char *word)
{
	_cleanup_free_ char *base = strndup(cell->key, strcspn(cell->key, "@"));

	return fnmatch(word, cell->key, 0) == 0 || (base && fnmatch(word, base, 0) == 0);
}

static bool is_of_any(struct cell *cell, const struct strlist *patterns)
{
	for (size_t i = 0; i < patterns->count; i++)
		if (of_scenario(cell, patterns->items[i]))
			return true;
	return false;
}

int side_only(struct side *side, const struct strlist *patterns, struct error *err)
{
	char names[500] = "";
	size_t n = 0, kept = 0;

	if (!patterns->count)
		return 0;
	for (size_t i = 0; i < side->cell_count; i++) {
		struct cell cell = side->cells[i];

		if (n < sizeof(names))
			n += (size_t)snprintf(names + n, sizeof(names) - n, "%s%s", n ? ", " : "",
					      cell.key);
		side->cells[i] = (struct cell){};
		if (is_of_any(&cell, patterns))
			side->cells[kept++] = cell;
		else
			cell_done(&cell);
	}
	side->cell_count = kept;
	if (side_kernels(side) < 0)
		return error_set(err, -ENOMEM, "%s", side->label);
	return kept ? 0
		    : error_say(err, -ENOENT, "--only %s: %s has no such scenario; it has %s",
				patterns->items[0], side->label, names);
}

static int narrow_variant(struct side *side, const char *word, struct error *err)
{
	const char *value = strchr(word, '=') + 1;
	char plain[200], label[300], names[400];

	if (starts_with(word, "knobs."))
		word += strlen("knobs.");
	plain_value(value, plain, sizeof(plain));
	snprintf(label, sizeof(label), "%.*s%s", (int)(value - word), word, plain);
	list_variants(side, names, sizeof(names));
	if (keep_cells(side, of_variant, label) < 0)
		return error_set(err, -ENOMEM, "%s", side->label);
	if (side->cell_count)
		return 0;
	return error_say(err, -ENOENT, "%s has no scenario with «%s»; %s%s", side->label, word,
			 *names ? "its matrices have " : "it has no matrix", names);
}

static int narrow(struct side *side, const char *rest, struct error *err)
{
	_cleanup_free_ char *words = strdup(rest);
	char *next = words, *word;
	int r = words ? 0 : error_set(err, -ENOMEM, "%s", side->label);

	while (r == 0 && (word = strsep(&next, "@")))
		if (*word)
			r = strchr(word, '=') ? narrow_variant(side, word, err)
					      : side_narrow(side, word, err);
	return r;
}

static void cleanup_sidep(struct side **side)
{
	side_close(*side);
}

int side_open(struct side **ret, const char *text, struct error *err)
{
	_cleanup_(cleanup_sidep) struct side *side = calloc(1, sizeof(*side));
	_cleanup_free_ char *path = NULL;
	const char *rest = "";
	int r;

	if (!side || !(side->label = strdup(text)))
		return error_set(err, -ENOMEM, "read %s", text);
	r = find_path(text, &path, &rest);
	if (r == -ENOENT)
		r = find_shipped(text, &path, &rest);
	if (r < 0)
		return error_say(
			err, r,
			"%s: there is no such run or baseline. A run is a directory that "
			"«wring run» made, as wring-results/SUITE/latest, or a part of it, "
			"as RUN@debian/6.1 or RUN@lru_gen=classic",
			text);
	r = read_path(side, path, err);
	if (r == 0)
		r = side_kernels(side) < 0 ? error_set(err, -ENOMEM, "read %s", text) : 0;
	if (r == 0)
		r = narrow(side, rest, err);
	if (r == 0 && !(side->words = strdup(*rest == '@' ? rest + 1 : rest)))
		r = error_set(err, -ENOMEM, "read %s", text);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(side);
	return 0;
}

static int rename_side(struct side *side, const char *label)
{
	char *copy = strdup(label);

	if (!copy)
		return -ENOMEM;
	free(side->label);
	side->label = copy;
	return 0;
}

int side_name_pair(struct side *base, struct side *fresh)
{
	int r = 0;

	if (base->kernel_count != 1 || fresh->kernel_count != 1)
		return 0;
	if (!streq(base->kernels[0], fresh->kernels[0])) {
		r = rename_side(base, base->kernels[0]);
		return r < 0 ? r : rename_side(fresh, fresh->kernels[0]);
	}
	if (*base->words && *fresh->words && !streq(base->words, fresh->words)) {
		r = rename_side(base, base->words);
		return r < 0 ? r : rename_side(fresh, fresh->words);
	}
	return 0;
}
