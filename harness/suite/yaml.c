// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/suite/yaml.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/suite/yaml-parse.h"
#include "src/macro.h"

/* More than any suite has, few enough that aliases of aliases can't fill the memory. */
#define NODES_MAX 200000
/* Of a line that is shown; a longer one is cut around the column. */
#define SHOWN_MAX 96

struct yaml_block {
	struct yaml_block *next;
	max_align_t data[];
};

void *yaml_alloc(struct yaml *yaml, size_t size)
{
	struct yaml_block *block = calloc(1, sizeof(*block) + size);

	if (!block)
		return NULL;
	block->next = yaml->blocks;
	yaml->blocks = block;
	return block->data;
}

char *yaml_text(struct yaml *yaml, const char *text, size_t len)
{
	char *copy = yaml_alloc(yaml, len + 1);

	if (copy)
		memcpy(copy, text, len);
	return copy;
}

void yaml_done(struct yaml *yaml)
{
	while (yaml->blocks) {
		struct yaml_block *block = yaml->blocks;

		yaml->blocks = block->next;
		free(block);
	}
	*yaml = (struct yaml){};
}

struct yaml_node *yaml_node_new(struct yaml *yaml, enum yaml_kind kind,
				const struct yaml_source *source, unsigned line, unsigned column)
{
	struct yaml_node *node;

	if (yaml->nodes >= NODES_MAX)
		return NULL;
	node = yaml_alloc(yaml, sizeof(*node));
	if (!node)
		return NULL;
	yaml->nodes++;
	node->kind = kind;
	node->source = source;
	node->line = line;
	node->column = column;
	node->text = "";
	return node;
}

struct yaml_node *yaml_scalar(struct yaml *yaml, const struct yaml_node *at, const char *text)
{
	struct yaml_node *node = yaml_node_new(yaml, YAML_SCALAR, at->source, at->line, at->column);

	if (node)
		node->text = yaml_text(yaml, text, strlen(text));
	return node && node->text ? node : NULL;
}

/* Room for one more: arrays double at powers of two; the old one stays in the arena. */
static int grow(struct yaml *yaml, struct yaml_node ***array, size_t count)
{
	struct yaml_node **more;

	if (count & (count - 1))
		return 0;
	more = yaml_alloc(yaml, MAX(count * 2, (size_t)1) * sizeof(struct yaml_node *));
	if (!more)
		return -ENOMEM;
	if (count)
		memcpy(more, *array, count * sizeof(struct yaml_node *));
	*array = more;
	return 0;
}

int yaml_list_add(struct yaml *yaml, struct yaml_node *list, struct yaml_node *item)
{
	if (grow(yaml, &list->items, list->count) < 0)
		return -ENOMEM;
	list->items[list->count++] = item;
	return 0;
}

int yaml_map_set(struct yaml *yaml, struct yaml_node *map, struct yaml_node *key,
		 struct yaml_node *value)
{
	long i = yaml_map_find(map, key->text);

	if (i < 0) {
		if (grow(yaml, &map->keys, map->count) < 0 ||
		    grow(yaml, &map->items, map->count) < 0)
			return -ENOMEM;
		i = (long)map->count++;
	}
	map->kind = YAML_MAP;
	map->keys[i] = key;
	map->items[i] = value;
	return 0;
}

struct yaml_node *yaml_copy(struct yaml *yaml, const struct yaml_node *node)
{
	struct yaml_node *copy =
		yaml_node_new(yaml, node->kind, node->source, node->line, node->column);

	if (!copy)
		return NULL;
	copy->text = node->text;
	for (size_t i = 0; i < node->count; i++) {
		struct yaml_node *item = yaml_copy(yaml, node->items[i]);

		if (!item || yaml_list_add(yaml, copy, item) < 0)
			return NULL;
	}
	if (node->kind != YAML_MAP || !node->count)
		return copy;
	/* As large as grow() would have made it by now. */
	size_t room = 1;

	while (room < node->count)
		room *= 2;
	copy->keys = yaml_alloc(yaml, room * sizeof(struct yaml_node *));
	if (!copy->keys)
		return NULL;
	memcpy(copy->keys, node->keys, node->count * sizeof(struct yaml_node *));
	return copy;
}

long yaml_map_find(const struct yaml_node *map, const char *key)
{
	if (!map || map->kind != YAML_MAP)
		return -1;
	for (size_t i = 0; i < map->count; i++)
		if (streq(map->keys[i]->text, key))
			return (long)i;
	return -1;
}

struct yaml_node *yaml_map_get(const struct yaml_node *map, const char *key)
{
	long i = yaml_map_find(map, key);

	return i < 0 ? NULL : map->items[i];
}

const char *yaml_kind_name(const struct yaml_node *node)
{
	static const char *const names[] = {
		[YAML_NULL] = "nothing",
		[YAML_SCALAR] = "a single value",
		[YAML_LIST] = "a list",
		[YAML_MAP] = "keys with values",
	};

	return names[node->kind];
}

/* The n-th line, from 1; its length without the newline. */
static const char *find_line(const char *text, unsigned n, size_t *ret_len)
{
	while (--n) {
		const char *end = strchr(text, '\n');

		if (!end)
			break;
		text = end + 1;
	}
	*ret_len = strcspn(text, "\r\n");
	return text;
}

static bool is_continuation(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

size_t yaml_character_length(const char *s)
{
	const unsigned char *c = (const unsigned char *)s;
	size_t len = c[0] < 0x80 ? 1 : c[0] < 0xc2 ? 0 : c[0] < 0xe0 ? 2 : c[0] < 0xf0 ? 3 : 4;

	if (c[0] > 0xf4)
		return 0;
	for (size_t i = 1; i < len; i++)
		if ((c[i] & 0xc0) != 0x80)
			return 0;
	if ((c[0] == 0xe0 && c[1] < 0xa0) || (c[0] == 0xf0 && c[1] < 0x90))
		return 0;
	return len;
}

/* What a terminal should not get: control characters, and bytes that are no text. */
static void make_printable(char *text)
{
	for (char *c = text; *c;) {
		size_t len = yaml_character_length(c);

		if (!len || ((unsigned char)*c < ' ' && !strchr("\n\t", *c)) || *c == 127)
			*c = '?';
		c += len ? len : 1;
	}
}

/* Appends the line and the caret's line to buf. */
static void show_line(const struct yaml_node *at, char *buf, size_t size)
{
	size_t len, caret = 0, from = 0;
	const char *line = find_line(at->source->text, at->line, &len);
	char below[SHOWN_MAX + 1];
	int n = 0;

	for (unsigned column = 1; column < at->column && caret < len; column++) {
		caret++;
		while (caret < len && is_continuation(line[caret]))
			caret++;
	}
	if (caret > SHOWN_MAX - 16)
		from = caret - (SHOWN_MAX - 16);
	while (from < len && is_continuation(line[from]))
		from++;
	len = MIN(len - from, (size_t)SHOWN_MAX);
	while (len && is_continuation(line[from + len]))
		len--;
	for (size_t i = from; i < caret && n < SHOWN_MAX; i++)
		if (!is_continuation(line[i]))
			below[n++] = line[i] == '\t' ? '\t' : ' ';
	below[n] = '\0';
	snprintf(buf, size, "\n%5u | %.*s\n      | %s^", at->line, (int)len, line + from, below);
	make_printable(buf);
}

int yaml_complain(const struct yaml_node *at, struct error *err, const char *fmt, ...)
{
	const struct yaml_source *source = at->source;
	char text[600], shown[2 * SHOWN_MAX + 64] = "";
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (!source->in_file)
		return error_say(err, -EINVAL, "%s: %s", source->name, text);
	show_line(at, shown, sizeof(shown));
	return error_say(err, -EINVAL, "%s:%u:%u: %s%s", source->name, at->line, at->column, text,
			 shown);
}
