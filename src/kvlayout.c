// SPDX-License-Identifier: GPL-2.0-or-later
#include "src/kvlayout.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "src/macro.h"

/* How much a file may grow after it was learned: lines of devices, of zones. */
#define ROOM(n) ((n) + (n) / 2 + 64)
#define NO_SLOT UINT32_MAX

/* A stretch of text that stays, blanks that may be more or fewer, and a number. */
struct step {
	uint32_t begin, len; /* in the saved text */
	uint32_t slot;	     /* NO_SLOT: a number that nobody wants */
};

struct kv_layout {
	enum kv_shape shape;
	char **names;
	size_t count, name_room;
	char *text; /* as it was when the steps were made */
	size_t len, text_room;
	struct step *steps;
	size_t step_count, step_room;
};

/* io.stat has no line before the first request, which means 0. */
static const char *const io_names[] = { "rbytes", "wbytes", "rios", "wios", "dbytes", "dios" };

static int add_name(struct kv_layout *l, const char *name)
{
	char **names = reallocarray(l->names, l->count + 1, sizeof(*names));

	if (!names)
		return -ENOMEM;
	l->names = names;
	names[l->count] = strdup(name);
	return names[l->count] ? (l->count++, 0) : -ENOMEM;
}

/* hint: where it was the last time, or is to be expected. */
static uint32_t find_name(const struct kv_layout *l, const char *name, size_t hint)
{
	if (hint < l->count && streq(l->names[hint], name))
		return (uint32_t)hint;
	for (size_t i = 0; i < l->count; i++)
		if (streq(l->names[i], name))
			return (uint32_t)i;
	return NO_SLOT;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Digits that stand by themselves, as in avg10=0.12 or (0, 695), may change; zone DMA32 can't. */
static bool begins_number(const char *text, const char *p)
{
	return is_digit(*p) && (p == text || strchr("= .(", p[-1]));
}

static bool add_step(struct kv_layout *l, size_t begin, size_t end, uint32_t slot)
{
	while (end > begin && l->text[end - 1] == ' ')
		end--; /* padding grows and shrinks */
	if (l->step_count == l->step_room)
		return false;
	l->steps[l->step_count++] = (struct step){ .begin = (uint32_t)begin,
						   .len = (uint32_t)(end - begin),
						   .slot = slot };
	return true;
}

/* Steps over the unwanted numbers up to a place; *begin moves behind the last one. */
static bool step_over(struct kv_layout *l, size_t *begin, size_t until)
{
	for (size_t i = *begin; i < until;) {
		if (!begins_number(l->text, l->text + i)) {
			i++;
			continue;
		}
		if (!add_step(l, *begin, i, NO_SLOT))
			return false;
		while (i < until && is_digit(l->text[i]))
			i++;
		*begin = i;
	}
	return true;
}

/*
 * Makes the steps of the saved text, and fills values; a text that has outgrown the room leaves no
 * steps: then every read comes here.
 */
static void make_steps(struct kv_layout *l, const char *text, size_t len, uint64_t *values)
{
	struct kv_reader reader;
	struct kv_value value;
	size_t begin = 0, expected = 0;
	bool fits = len <= l->text_room;

	l->step_count = 0;
	l->len = 0;
	if (fits) {
		memcpy(l->text, text, len);
		l->len = len;
	}
	kv_reader_init(&reader, l->shape, text, text + len);
	while (kv_reader_next(&reader, &value)) {
		size_t at = (size_t)(value.digits - text);
		uint32_t slot = find_name(l, value.name, expected);

		if (slot != NO_SLOT) {
			values[slot] = values[slot] == KV_MISSING ? value.value
								  : values[slot] + value.value;
			expected = slot + 1;
		}
		fits = fits && step_over(l, &begin, at) && add_step(l, begin, at, slot);
		kv_number(&value.digits, text + len, &value.value);
		begin = (size_t)(value.digits - text);
	}
	fits = fits && step_over(l, &begin, len) && add_step(l, begin, len, NO_SLOT);
	if (!fits)
		l->step_count = 0;
}

static void clear(const struct kv_layout *l, uint64_t *values)
{
	for (size_t i = 0; i < l->count; i++)
		values[i] = l->shape == KV_SHAPE_IO ? 0 : KV_MISSING;
}

static int learn_names(struct kv_layout *l, const char *text, size_t len)
{
	struct kv_reader reader;
	struct kv_value value;
	int r = 0;

	for (size_t i = 0; l->shape == KV_SHAPE_IO && r == 0 && i < ARRAY_SIZE(io_names); i++)
		r = add_name(l, io_names[i]);
	kv_reader_init(&reader, l->shape, text, text + len);
	while (r == 0 && kv_reader_next(&reader, &value))
		if (find_name(l, value.name, l->count) == NO_SLOT)
			r = add_name(l, value.name);
	return r;
}

int kv_layout_new(struct kv_layout **ret, enum kv_shape shape, const char *text, size_t len,
		  struct error *err)
{
	struct kv_layout *l = calloc(1, sizeof(*l));
	uint64_t *values = NULL;

	if (!l)
		return error_set(err, -ENOMEM, "layout");
	l->shape = shape;
	l->text_room = ROOM(len);
	l->step_room = ROOM(len / 2);
	l->text = calloc(1, l->text_room);
	l->steps = calloc(l->step_room, sizeof(*l->steps));
	if (learn_names(l, text, len) == 0)
		values = calloc(l->count + 1, sizeof(*values));
	if (!l->text || !l->steps || !values) {
		free(values);
		kv_layout_free(l);
		return error_set(err, -ENOMEM, "layout");
	}
	make_steps(l, text, len, values);
	free(values);
	*ret = l;
	return 0;
}

void kv_layout_free(struct kv_layout *l)
{
	if (!l)
		return;
	for (size_t i = 0; i < l->count; i++)
		free(l->names[i]);
	free(l->names);
	free(l->text);
	free(l->steps);
	free(l);
}

size_t kv_layout_count(const struct kv_layout *l)
{
	return l->count;
}

const char *kv_layout_name(const struct kv_layout *l, size_t slot)
{
	return l->names[slot];
}

/* The text by the steps; false when it is not as they say. */
static bool follow(const struct kv_layout *l, const char *text, size_t len, uint64_t *values)
{
	const char *p = text, *end = text + len;

	for (size_t i = 0; i < l->step_count; i++) {
		const struct step *step = &l->steps[i];
		uint64_t number;

		if ((size_t)(end - p) < step->len ||
		    memcmp(p, l->text + step->begin, step->len) != 0)
			return false;
		p += step->len;
		while (p < end && *p == ' ')
			p++;
		if (i + 1 == l->step_count)
			break; /* what is behind the last number */
		if (!kv_number(&p, end, &number))
			return false;
		if (step->slot != NO_SLOT)
			values[step->slot] = values[step->slot] == KV_MISSING
						     ? number
						     : values[step->slot] + number;
	}
	return l->step_count && p == end;
}

bool kv_layout_read(struct kv_layout *l, const char *text, size_t len, uint64_t *values)
{
	clear(l, values);
	if (follow(l, text, len, values))
		return false;
	clear(l, values);
	make_steps(l, text, len, values);
	return true;
}
