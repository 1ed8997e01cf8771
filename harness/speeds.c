// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/speeds.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <nettle/base16.h>
#include <nettle/sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "src/cleanup.h"
#include "src/file.h"
#include "src/macro.h"
#include "src/units.h"

#define SPEEDS_FILE "speeds.tsv"
/* The last trials of a key, and of a place, that count. */
#define KEY_LAST   5
#define PLACE_LAST 101
/* When the file is longer, its older half goes. */
#define BYTES_MAX 400000

static const char *const place_names[] = {
	[PLAN_HOST] = "host", [PLAN_VM_WALL] = "vm-wall", [PLAN_VM_INSN] = "vm-insn", NULL
};

struct noted {
	char key[SPEEDS_KEY_SIZE];
	int place;
	double took, guess; /* ns */
};

struct speeds {
	struct noted *all; /* in their order */
	size_t count;
};

void speeds_free(struct speeds *speeds)
{
	if (speeds)
		free(speeds->all);
	free(speeds);
}

static bool parse_line(char *line, struct noted *ret)
{
	char *key = strsep(&line, "\t"), *place = strsep(&line, "\t");
	char *took = strsep(&line, "\t"), *guess = strsep(&line, "\t");
	uint64_t took_ns, guess_ns;

	if (!guess || strlen(key) != SPEEDS_KEY_SIZE - 1 || parse_u64(took, &took_ns) < 0 ||
	    parse_u64(guess, &guess_ns) < 0 || !took_ns || !guess_ns)
		return false;
	*ret = (struct noted){ .place = -1, .took = (double)took_ns, .guess = (double)guess_ns };
	memcpy(ret->key, key, sizeof(ret->key));
	for (int i = 0; place_names[i]; i++)
		if (streq(place_names[i], place))
			ret->place = i;
	return ret->place >= 0;
}

int speeds_read(struct speeds **ret, const char *cache, struct error *err)
{
	_cleanup_free_ char *path = path_join(cache, SPEEDS_FILE), *text = NULL;
	struct speeds *speeds = calloc(1, sizeof(*speeds));
	size_t lines = 1;
	char *rest, *line;
	int r = path && speeds ? 0 : error_set(err, -ENOMEM, "read %s", SPEEDS_FILE);

	if (r == 0 && access(path, F_OK) == 0)
		r = file_read(AT_FDCWD, path, &text, NULL, err);
	for (char *p = text; p && *p; p++)
		lines += *p == '\n';
	if (r == 0) {
		speeds->all = calloc(lines, sizeof(*speeds->all));
		r = speeds->all ? 0 : error_set(err, -ENOMEM, "read %s", path);
	}
	if (r < 0) {
		speeds_free(speeds);
		return r;
	}
	/* A line that can't be read was cut off by a full disk: it is as if it weren't there. */
	for (rest = text; rest && (line = strsep(&rest, "\n"));)
		if (parse_line(line, &speeds->all[speeds->count]))
			speeds->count++;
	*ret = speeds;
	return 0;
}

int speeds_key(char ret[static SPEEDS_KEY_SIZE], const struct suite *suite,
	       const struct scenario *scenario, const char *kernel, enum plan_place place,
	       struct error *err)
{
	json_t *json = suite_json(suite, scenario);
	json_t *object = json_array_get(json_object_get(json, "scenarios"), 0);
	_cleanup_free_ char *text = NULL;
	uint8_t digest[SHA256_DIGEST_SIZE];
	struct sha256_ctx hash;

	json_object_del(json, "suite");
	json_object_del(json, "about");
	json_object_del(object, "name");
	json_object_del(object, "about");
	json_object_del(object, "seeds");
	json_object_del(object, "expect");
	text = json ? json_dumps(json, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
	json_decref(json);
	if (!text)
		return error_set(err, -ENOMEM, "name a trial");
	sha256_init(&hash);
	sha256_update(&hash, strlen(text) + 1, (const uint8_t *)text);
	sha256_update(&hash, strlen(kernel) + 1, (const uint8_t *)kernel);
	sha256_update(&hash, strlen(place_names[place]), (const uint8_t *)place_names[place]);
	sha256_digest(&hash, sizeof(digest), digest);
	base16_encode_update(ret, (SPEEDS_KEY_SIZE - 1) / 2, digest);
	ret[SPEEDS_KEY_SIZE - 1] = '\0';
	return 0;
}

static int by_value(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Sorts them. */
static double median(double *values, size_t count)
{
	qsort(values, count, sizeof(*values), by_value);
	return (values[count / 2] + values[(count - 1) / 2]) / 2;
}

uint64_t speeds_ns(const struct speeds *speeds, const char *key)
{
	double last[KEY_LAST];
	size_t n = 0;

	for (size_t i = speeds->count; i > 0 && n < KEY_LAST; i--)
		if (streq(speeds->all[i - 1].key, key))
			last[n++] = speeds->all[i - 1].took;
	return n ? (uint64_t)median(last, n) : 0;
}

double speeds_factor(const struct speeds *speeds, enum plan_place place)
{
	double last[PLACE_LAST];
	size_t n = 0;

	for (size_t i = speeds->count; i > 0 && n < PLACE_LAST; i--)
		if (speeds->all[i - 1].place == (int)place)
			last[n++] = speeds->all[i - 1].took / speeds->all[i - 1].guess;
	return n ? median(last, n) : 1;
}

static int shorten(const char *path, struct error *err)
{
	_cleanup_free_ char *text = NULL;
	const char *half;
	size_t len;
	int r = file_read(AT_FDCWD, path, &text, &len, err);

	if (r < 0)
		return r;
	half = strchr(text + len / 2, '\n');
	return half ? file_write_atomic(AT_FDCWD, path, half + 1, strlen(half + 1), err) : 0;
}

int speeds_note(const char *cache, const char *key, enum plan_place place, uint64_t took_ns,
		uint64_t guess_ns, struct error *err)
{
	_cleanup_free_ char *path = path_join(cache, SPEEDS_FILE);
	_cleanup_free_ char *line = text_format("%s\t%s\t%" PRIu64 "\t%" PRIu64 "\n", key,
						place_names[place], took_ns, guess_ns);
	_cleanup_close_ int fd = -1;
	int r;

	if (!path || !line)
		return error_set(err, -ENOMEM, "write %s", SPEEDS_FILE);
	/* One write of a short line: those of several runs don't mix. */
	fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	if (fd < 0)
		return error_set(err, -errno, "open %s", path);
	r = file_write_all(fd, line, strlen(line));
	if (r < 0)
		return error_set(err, r, "write %s", path);
	return lseek(fd, 0, SEEK_END) > BYTES_MAX ? shorten(path, err) : 0;
}
