/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "src/error.h"

/*
 * A YAML text as a tree that can be edited, where every node knows the place it came from, so
 * that each complaint can show it. Read with libfyaml; anchors and aliases are resolved, tags and
 * merge keys are refused.
 */
enum yaml_kind { YAML_NULL, YAML_SCALAR, YAML_LIST, YAML_MAP };

/* A file, or a --set whose name says it all. */
struct yaml_source {
	const char *name;
	const char *text;
	bool in_file; /* complaints give line and column, and show the line */
};

struct yaml_node {
	enum yaml_kind kind;
	const struct yaml_source *source;
	unsigned line, column; /* from 1; the column counts characters */
	const char *text;      /* of a scalar; "" otherwise */
	/* Of a list: items. Of a map: keys (scalars, each once) and items. */
	struct yaml_node **keys, **items;
	size_t count;
};

/* Owns all nodes, sources and texts; all-zero is empty. */
struct yaml {
	struct yaml_block *blocks;
	size_t nodes;
};

/* The one document in a file. -EINVAL with the place shown. */
int yaml_read_file(struct yaml *yaml, const char *path, struct yaml_node **ret, struct error *err);

/* The value of a --set; name stands before each complaint about it. */
int yaml_read_value(struct yaml *yaml, const char *name, const char *text, struct yaml_node **ret,
		    struct error *err);

/* A scalar of the same place as at; NULL when memory is out. */
struct yaml_node *yaml_scalar(struct yaml *yaml, const struct yaml_node *at, const char *text);

/* A deep copy that keeps the places; NULL when memory is out. */
struct yaml_node *yaml_copy(struct yaml *yaml, const struct yaml_node *node);

/* The index of a map's key, or -1; get: its value, or NULL. map may be NULL or no map. */
long yaml_map_find(const struct yaml_node *map, const char *key);
struct yaml_node *yaml_map_get(const struct yaml_node *map, const char *key);

/* Replaces or appends; the nodes are not copied. A null node becomes a map. -ENOMEM. */
int yaml_map_set(struct yaml *yaml, struct yaml_node *map, struct yaml_node *key,
		 struct yaml_node *value);
int yaml_list_add(struct yaml *yaml, struct yaml_node *list, struct yaml_node *item);

/* "a text", "a list", ...: what a node is, for a complaint. */
const char *yaml_kind_name(const struct yaml_node *node);

/*
 * "FILE:LINE:COLUMN: TEXT", with the line and a caret below its column. err may hold an earlier
 * error that is an argument of the text. Returns -EINVAL.
 */
__attribute__((format(printf, 3, 4))) int yaml_complain(const struct yaml_node *at,
							struct error *err, const char *fmt, ...);

void yaml_done(struct yaml *yaml);
#define _cleanup_yaml_ __attribute__((cleanup(yaml_done)))
