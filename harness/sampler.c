// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/sampler.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

#include "src/cleanup.h"
#include "src/file.h"
#include "src/kvlayout.h"
#include "src/macro.h"

#define MISSING	    KV_MISSING
#define ARENA_BYTES ((size_t)24 << 20)
/* Room for a file's text, at least and at most: zoneinfo grows by zones times CPUs. */
#define TEXT_BYTES     ((size_t)64 << 10)
#define TEXT_BYTES_MAX ((size_t)64 << 20)

struct source {
	int fd;
	enum kv_shape shape;
	char *prefix;
	struct kv_layout *layout;
	size_t first; /* column */
};

struct counter {
	const uint64_t *first;
	size_t count, stride;
	size_t column;
};

struct sampler {
	struct source *sources;
	size_t source_count;
	struct counter *counters;
	size_t counter_count;
	char **names; /* of the columns; 0 and 1 are t_ns and sampler.late_ns */
	size_t columns;
	uint64_t *now, *last; /* a row each */
	unsigned char *arena; /* the rows: differences to the row before */
	size_t used;
	uint64_t rows;
	char *text;
	size_t text_room; /* twice what the largest file took when it was learned */
	struct sampler_stats stats;
};

static int add_column(struct sampler *s, char *name, size_t *ret, struct error *err)
{
	char **names = realloc(s->names, (s->columns + 1) * sizeof(*names));

	if (names)
		s->names = names;
	if (!names || !name) {
		free(name);
		return error_set(err, -ENOMEM, "sampler");
	}
	names[s->columns] = name;
	*ret = s->columns++;
	return 0;
}

int sampler_new(struct sampler **ret, struct error *err)
{
	struct sampler *s = calloc(1, sizeof(*s));
	size_t column;

	if (!s)
		return error_set(err, -ENOMEM, "sampler");
	if (add_column(s, strdup("t_ns"), &column, err) < 0 ||
	    add_column(s, strdup("sampler.late_ns"), &column, err) < 0) {
		sampler_free(s);
		return -ENOMEM;
	}
	*ret = s;
	return 0;
}

void sampler_free(struct sampler *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->source_count; i++) {
		close(s->sources[i].fd);
		kv_layout_free(s->sources[i].layout);
		free(s->sources[i].prefix);
	}
	for (size_t i = 0; i < s->columns; i++)
		free(s->names[i]);
	if (s->arena)
		munmap(s->arena, ARENA_BYTES);
	free(s->sources);
	free(s->counters);
	free(s->names);
	free(s->now);
	free(s->last);
	free(s->text);
	free(s);
}

int sampler_add_file(struct sampler *s, int dirfd, const char *path, enum kv_shape shape,
		     const char *prefix, struct error *err)
{
	struct source *sources = realloc(s->sources, (s->source_count + 1) * sizeof(*sources));
	struct source source = { .shape = shape };
	char probe;

	if (!sources)
		return error_set(err, -ENOMEM, "sampler");
	s->sources = sources;
	source.fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC);
	if (source.fd < 0)
		return errno == ENOENT ? -ENOENT : error_set(err, -errno, "open %s", path);
	/* PSI's files are there, and refuse to be read, when it is off at boot. */
	if (pread(source.fd, &probe, 1, 0) < 0) {
		int r = errno == EOPNOTSUPP ? -ENOENT : error_set(err, -errno, "read %s", path);

		close(source.fd);
		return r;
	}
	source.prefix = strdup(prefix);
	if (!source.prefix) {
		close(source.fd);
		return error_set(err, -ENOMEM, "sampler");
	}
	sources[s->source_count++] = source;
	return 0;
}

int sampler_add_counter(struct sampler *s, const char *name, const uint64_t *first, size_t count,
			size_t stride, struct error *err)
{
	struct counter *counters = realloc(s->counters, (s->counter_count + 1) * sizeof(*counters));
	struct counter counter = { .first = first, .count = count, .stride = stride };
	int r;

	if (!counters)
		return error_set(err, -ENOMEM, "sampler");
	s->counters = counters;
	r = add_column(s, strdup(name), &counter.column, err);
	if (r == 0)
		counters[s->counter_count++] = counter;
	return r;
}

/*
 * A file of the kernel, whole; seq_file hands out a page or so a call. 0: it can't be read, or not
 * to its end, where a number may be cut in two.
 */
static size_t read_source(struct sampler *s, const struct source *source)
{
	size_t len = 0;

	while (len < s->text_room) {
		ssize_t n = pread(source->fd, s->text + len, s->text_room - len, (off_t)len);

		if (n <= 0)
			return n < 0 ? 0 : len;
		len += (size_t)n;
	}
	return 0;
}

/* Makes room for twice the file that is there. */
static int make_room(struct sampler *s, const struct source *source, struct error *err)
{
	size_t room = MAX(s->text_room, TEXT_BYTES), len = 0;

	for (;;) {
		char *text = room > s->text_room ? realloc(s->text, room) : s->text;
		ssize_t n = 0;

		if (!text || room > TEXT_BYTES_MAX)
			return error_set(err, text ? -EFBIG : -ENOMEM, "sampler: room for %s",
					 source->prefix);
		s->text = text;
		s->text_room = room;
		while (len < room / 2 &&
		       (n = pread(source->fd, text + len, room - len, (off_t)len)) > 0)
			len += (size_t)n;
		if (len < room / 2)
			return 0;
		room *= 2;
	}
}

static char *column_name(const struct source *source, const char *name)
{
	return *name ? text_format("%s.%s", source->prefix, name) : strdup(source->prefix);
}

/* A source's columns lie side by side, in the layout's order. */
static int learn(struct sampler *s, struct source *source, struct error *err)
{
	int r = make_room(s, source, err);

	if (r == 0)
		r = kv_layout_new(&source->layout, source->shape, s->text, read_source(s, source),
				  err);
	source->first = s->columns;
	for (size_t i = 0; r == 0 && i < kv_layout_count(source->layout); i++) {
		size_t column;

		r = add_column(s, column_name(source, kv_layout_name(source->layout, i)), &column,
			       err);
	}
	return r;
}

int sampler_prepare(struct sampler *s, struct error *err)
{
	for (size_t i = 0; i < s->source_count; i++) {
		int r = learn(s, &s->sources[i], err);

		if (r < 0)
			return r;
	}
	s->now = calloc(s->columns, sizeof(*s->now));
	s->last = calloc(s->columns, sizeof(*s->last));
	if (!s->now || !s->last)
		return error_set(err, -ENOMEM, "sampler");
	s->arena = mmap(NULL, ARENA_BYTES, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (s->arena == MAP_FAILED) {
		s->arena = NULL;
		return error_set(err, -errno, "sampler: %zu MiB for its rows", ARENA_BYTES >> 20);
	}
	return 0;
}

static void take_source(struct sampler *s, struct source *source)
{
	size_t len = read_source(s, source);

	s->stats.relearned += kv_layout_read(source->layout, s->text, len, s->now + source->first);
}

static void take_counter(struct sampler *s, const struct counter *counter)
{
	const char *at = (const char *)counter->first;
	uint64_t sum = 0;

	for (size_t i = 0; i < counter->count; i++, at += counter->stride)
		sum += *(const volatile uint64_t *)at;
	s->now[counter->column] = sum;
}

/* Seven bits a byte, the lowest first; the highest bit says that more follow. */
static unsigned char *put_number(unsigned char *p, uint64_t n)
{
	for (; n >= 0x80; n >>= 7)
		*p++ = (unsigned char)(n | 0x80);
	*p++ = (unsigned char)n;
	return p;
}

static const unsigned char *get_number(const unsigned char *p, uint64_t *ret)
{
	uint64_t n = 0;

	for (unsigned shift = 0;; shift += 7) {
		n |= (uint64_t)(*p & 0x7f) << shift;
		if (!(*p++ & 0x80))
			break;
	}
	*ret = n;
	return p;
}

/* Small differences of either sign as small numbers: 0, -1, 1, -2, 2 ... */
static uint64_t fold(uint64_t difference)
{
	return (difference << 1) ^ (uint64_t)((int64_t)difference >> 63);
}

static uint64_t unfold(uint64_t folded)
{
	return (folded >> 1) ^ (0 - (folded & 1));
}

/*
 * A row: for each column that changed, how many unchanged ones were passed and the difference;
 * a pass over more columns than are left ends it.
 */
static void keep_row(struct sampler *s)
{
	unsigned char *p = s->arena + s->used;
	size_t passed = 0;

	if (ARENA_BYTES - s->used < (s->columns + 1) * 20) {
		s->stats.full = 1;
		return;
	}
	for (size_t i = 0; i < s->columns; i++) {
		if (s->now[i] == s->last[i]) {
			passed++;
			continue;
		}
		p = put_number(p, passed);
		p = put_number(p, fold(s->now[i] - s->last[i]));
		passed = 0;
	}
	p = put_number(p, s->columns);
	s->used = (size_t)(p - s->arena);
	s->rows++;
	memcpy(s->last, s->now, s->columns * sizeof(*s->now));
}

static uint64_t cpu_clock(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

void sampler_take(struct sampler *s, uint64_t t_ns, uint64_t intended_ns)
{
	uint64_t cpu = cpu_clock();

	s->now[0] = t_ns;
	s->now[1] = t_ns - intended_ns;
	s->stats.late_max_ns = MAX(s->stats.late_max_ns, t_ns - intended_ns);
	for (size_t i = 0; i < s->counter_count; i++)
		take_counter(s, &s->counters[i]);
	for (size_t i = 0; i < s->source_count; i++)
		take_source(s, &s->sources[i]);
	if (!s->stats.full)
		keep_row(s);
	s->stats.cpu_ns += cpu_clock() - cpu;
}

int sampler_file(const struct sampler *s, size_t n)
{
	return n < s->source_count ? s->sources[n].fd : -1;
}

uint64_t sampler_last(const struct sampler *s, const char *column)
{
	for (size_t i = 0; i < s->columns; i++)
		if (streq(s->names[i], column) && s->now[i] != MISSING)
			return s->now[i];
	return 0;
}

struct sampler_stats *sampler_stats(struct sampler *s)
{
	return &s->stats;
}

static const unsigned char *next_row(const struct sampler *s, const unsigned char *p, uint64_t *row)
{
	for (size_t column = 0;;) {
		uint64_t passed, folded;

		p = get_number(p, &passed);
		column += passed;
		if (column >= s->columns)
			return p;
		p = get_number(p, &folded);
		row[column++] += unfold(folded);
	}
}

int sampler_write(const struct sampler *s, FILE *f)
{
	_cleanup_free_ uint64_t *row = calloc(s->columns, sizeof(*row));
	const unsigned char *p = s->arena;

	if (!row)
		return -ENOMEM;
	for (size_t i = 0; i < s->columns; i++)
		fprintf(f, "%s%s", i ? "\t" : "", s->names[i]);
	fputc('\n', f);
	for (uint64_t n = 0; n < s->rows; n++) {
		p = next_row(s, p, row);
		for (size_t i = 0; i < s->columns; i++) {
			if (i)
				fputc('\t', f);
			if (row[i] == MISSING)
				fputc('-', f);
			else
				fprintf(f, "%" PRIu64, row[i]);
		}
		fputc('\n', f);
	}
	return ferror(f) ? -EIO : 0;
}
