// SPDX-License-Identifier: GPL-2.0-or-later
/* From libfyaml's events to the tree of yaml.h. */
#include "harness/suite/yaml-parse.h"

#include <errno.h>
#include <fcntl.h>
#include <libfyaml.h>
#include <stdlib.h>

#include "src/cleanup.h"
#include "src/file.h"
#include "src/macro.h"

#define DEPTH_MAX   32
#define ANCHORS_MAX 256
#define TEXT_MAX    (4 << 20)

struct reader {
	struct yaml *yaml;
	const struct yaml_source *source;
	struct fy_parser *parser;
	struct fy_diag *diag;
	/* Complete nodes only, so that an alias inside of its own anchor finds nothing. */
	struct {
		const char *name;
		const struct yaml_node *node;
	} anchors[ANCHORS_MAX];
	size_t anchor_count;
	struct error *err;
};

static int read_node(struct reader *r, struct fy_event *event, unsigned depth,
		     struct yaml_node **ret);

static int no_memory(struct reader *r)
{
	return error_set(r->err, -ENOMEM, "%s", r->source->name);
}

/* What libfyaml collected; its lines and columns count from 1. */
static int syntax_error(struct reader *r)
{
	struct yaml_node at = { .source = r->source, .line = 1, .column = 1 };
	struct fy_diag_error *first;
	void *iterator = NULL;

	first = fy_diag_errors_iterate(r->diag, &iterator);
	if (!first || !first->msg)
		return yaml_complain(&at, r->err, "this is not YAML");
	at.line = (unsigned)MAX(first->line, 1);
	at.column = (unsigned)MAX(first->column, 1);
	return yaml_complain(&at, r->err, "not YAML: %s", first->msg);
}

static int new_node(struct reader *r, struct fy_event *event, enum yaml_kind kind,
		    struct yaml_node **ret)
{
	const struct fy_mark *mark = fy_event_start_mark(event);
	struct yaml_node *node =
		yaml_node_new(r->yaml, kind, r->source, mark ? (unsigned)mark->line + 1 : 1,
			      mark ? (unsigned)mark->column + 1 : 1);

	if (!node)
		return no_memory(r);
	*ret = node;
	return 0;
}

static int read_scalar(struct reader *r, struct fy_event *event, struct yaml_node *node)
{
	struct fy_token *token = event->scalar.value;
	size_t len = 0;
	const char *text = token ? fy_token_get_text(token, &len) : NULL;

	if (!text || !len) {
		node->kind = token && fy_scalar_token_get_style(token) != FYSS_PLAIN ? YAML_SCALAR
										     : YAML_NULL;
		return 0;
	}
	if (memchr(text, '\0', len))
		return yaml_complain(node, r->err, "a NUL character in a text");
	node->text = yaml_text(r->yaml, text, len);
	if (!node->text)
		return no_memory(r);
	if (fy_scalar_token_get_style(token) == FYSS_PLAIN &&
	    (streq(node->text, "~") || streq(node->text, "null"))) {
		node->kind = YAML_NULL;
		node->text = "";
	}
	return 0;
}

static int read_alias(struct reader *r, struct fy_event *event, struct yaml_node *at,
		      struct yaml_node **ret)
{
	size_t len = 0;
	const char *name = fy_token_get_text(event->alias.anchor, &len);

	at->column -= at->column > 1; /* libfyaml's mark is behind the asterisk */
	for (size_t i = r->anchor_count; name && i-- > 0;) {
		if (strlen(r->anchors[i].name) != len || memcmp(r->anchors[i].name, name, len) != 0)
			continue;
		*ret = yaml_copy(r->yaml, r->anchors[i].node);
		return *ret ? 0 : yaml_complain(at, r->err, "this alias makes the file too large");
	}
	return yaml_complain(at, r->err, "no anchor «&%.*s» before this alias", (int)len, name);
}

static int keep_anchor(struct reader *r, struct fy_token *token, const struct yaml_node *node)
{
	size_t len = 0;
	const char *name = token ? fy_token_get_text(token, &len) : NULL;

	if (!name)
		return 0;
	if (r->anchor_count == ANCHORS_MAX)
		return yaml_complain(node, r->err, "more than %d anchors", ANCHORS_MAX);
	name = yaml_text(r->yaml, name, len);
	if (!name)
		return no_memory(r);
	r->anchors[r->anchor_count].name = name;
	r->anchors[r->anchor_count++].node = node;
	return 0;
}

/* The next event; NULL is the end or an error, which the caller reports. */
static struct fy_event *next(struct reader *r)
{
	return fy_parser_parse(r->parser);
}

/* The next node before the event that ends its parent; *ret is NULL at that event. */
static int read_next(struct reader *r, enum fy_event_type end, unsigned depth,
		     struct yaml_node **ret)
{
	struct fy_event *event = next(r);
	int code = 0;

	*ret = NULL;
	if (!event)
		return syntax_error(r);
	if (event->type != end)
		code = read_node(r, event, depth, ret);
	fy_parser_event_free(r->parser, event);
	return code;
}

static int read_list(struct reader *r, struct yaml_node *list, unsigned depth)
{
	for (;;) {
		struct yaml_node *item;
		int code = read_next(r, FYET_SEQUENCE_END, depth + 1, &item);

		if (code < 0 || !item)
			return code;
		if (yaml_list_add(r->yaml, list, item) < 0)
			return no_memory(r);
	}
}

static int read_map(struct reader *r, struct yaml_node *map, unsigned depth)
{
	for (;;) {
		struct yaml_node *key, *value;
		long same;
		int code = read_next(r, FYET_MAPPING_END, depth + 1, &key);

		if (code < 0 || !key)
			return code;
		if (key->kind != YAML_SCALAR)
			return yaml_complain(key, r->err, "a key must be a word, this is %s",
					     yaml_kind_name(key));
		same = yaml_map_find(map, key->text);
		if (same >= 0)
			return yaml_complain(key, r->err,
					     "«%s» stands here twice; first in line %u", key->text,
					     map->keys[same]->line);
		code = read_next(r, FYET_NONE, depth + 1, &value);
		if (code < 0)
			return code;
		/* An absent value has no place of its own: the key's is the one to show. */
		if (value->kind == YAML_NULL) {
			value->line = key->line;
			value->column = key->column;
		}
		if (yaml_map_set(r->yaml, map, key, value) < 0)
			return no_memory(r);
	}
}

static int read_node(struct reader *r, struct fy_event *event, unsigned depth,
		     struct yaml_node **ret)
{
	struct fy_token *anchor = NULL, *tag = NULL;
	struct yaml_node *node = NULL;
	int code = new_node(r, event, YAML_SCALAR, &node);

	if (code < 0)
		return code;
	if (depth > DEPTH_MAX)
		return yaml_complain(node, r->err, "more than %d levels deep", DEPTH_MAX);
	switch (event->type) {
	case FYET_ALIAS:
		return read_alias(r, event, node, ret);
	case FYET_SCALAR:
		anchor = event->scalar.anchor;
		tag = event->scalar.tag;
		code = read_scalar(r, event, node);
		break;
	case FYET_SEQUENCE_START:
		node->kind = YAML_LIST;
		anchor = event->sequence_start.anchor;
		tag = event->sequence_start.tag;
		code = read_list(r, node, depth);
		break;
	case FYET_MAPPING_START:
		node->kind = YAML_MAP;
		anchor = event->mapping_start.anchor;
		tag = event->mapping_start.tag;
		code = read_map(r, node, depth);
		break;
	default:
		return syntax_error(r);
	}
	if (code == 0 && tag)
		code = yaml_complain(node, r->err, "tags (!name) have no meaning here");
	if (code == 0)
		code = keep_anchor(r, anchor, node);
	if (code == 0)
		*ret = node;
	return code;
}

/* The one document between the stream's start and end. */
static int read_stream(struct reader *r, struct yaml_node **ret)
{
	struct yaml_node at = { .source = r->source, .line = 1, .column = 1 };
	struct yaml_node *root = NULL;
	bool ended = false;
	int code = 0;

	while (!ended && code == 0) {
		struct fy_event *event = next(r);

		if (!event)
			return syntax_error(r);
		switch (event->type) {
		case FYET_STREAM_END:
			ended = true;
			break;
		case FYET_STREAM_START:
		case FYET_DOCUMENT_END:
			break;
		case FYET_DOCUMENT_START: {
			const struct fy_mark *mark = fy_event_start_mark(event);

			at.line = mark ? (unsigned)mark->line + 1 : 1;
			at.column = mark ? (unsigned)mark->column + 1 : 1;
			if (root)
				code = yaml_complain(&at, r->err, "a second document begins here");
			break;
		}
		default:
			code = read_node(r, event, 0, &root);
		}
		fy_parser_event_free(r->parser, event);
	}
	if (code == 0 && !root)
		code = yaml_complain(&at, r->err, "there is nothing in it");
	if (code == 0)
		*ret = root;
	return code;
}

/* libfyaml must have somewhere to write; what it says is collected instead. */
static void discard(struct fy_diag *diag, void *user, const char *buf, size_t len)
{
	(void)diag;
	(void)user;
	(void)buf;
	(void)len;
}

/* libfyaml takes some broken texts for empty ones, so they are found here. */
static int check_text(const struct yaml_source *source, struct error *err)
{
	struct yaml_node at = { .source = source, .line = 1, .column = 1 };

	for (const char *s = source->text; *s;) {
		size_t len = yaml_character_length(s);

		if (!len)
			return yaml_complain(&at, err, "this is not UTF-8");
		if (((unsigned char)*s < ' ' && !strchr("\t\r\n", *s)) || *s == 127)
			return yaml_complain(&at, err, "a control character (code %d)", *s);
		at.column++;
		if (*s == '\n') {
			at.line++;
			at.column = 1;
		}
		s += len;
	}
	return 0;
}

static int read_source(struct yaml *yaml, const struct yaml_source *source, struct yaml_node **ret,
		       struct error *err)
{
	struct reader *r = yaml_alloc(yaml, sizeof(*r));
	struct fy_parse_cfg config = { .flags = FYPCF_QUIET | FYPCF_JSON_NONE };
	struct fy_diag_cfg diag_config;
	int code = check_text(source, err);

	if (code < 0)
		return code;
	if (!r)
		return error_set(err, -ENOMEM, "%s", source->name);
	*r = (struct reader){ .yaml = yaml, .source = source, .err = err };
	fy_diag_cfg_default(&diag_config);
	diag_config.fp = NULL;
	diag_config.output_fn = discard;
	r->diag = fy_diag_create(&diag_config);
	if (r->diag)
		fy_diag_set_collect_errors(r->diag, true);
	config.diag = r->diag;
	r->parser = r->diag ? fy_parser_create(&config) : NULL;
	if (!r->parser || fy_parser_set_string(r->parser, source->text, strlen(source->text)) < 0)
		code = no_memory(r);
	else
		code = read_stream(r, ret);
	if (r->parser)
		fy_parser_destroy(r->parser);
	if (r->diag)
		fy_diag_destroy(r->diag);
	return code;
}

static struct yaml_source *new_source(struct yaml *yaml, const char *name, const char *text)
{
	struct yaml_source *source = yaml_alloc(yaml, sizeof(*source));

	if (!source)
		return NULL;
	source->name = yaml_text(yaml, name, strlen(name));
	source->text = yaml_text(yaml, text, strlen(text));
	return source->name && source->text ? source : NULL;
}

int yaml_read_file(struct yaml *yaml, const char *path, struct yaml_node **ret, struct error *err)
{
	_cleanup_free_ char *text = NULL;
	struct yaml_source *source;
	size_t len;
	int code = file_read(AT_FDCWD, path, &text, &len, err);

	if (code < 0)
		return code;
	if (len > TEXT_MAX || strlen(text) != len)
		return error_say(err, -EINVAL, "%s: this is not a suite file (%s)", path,
				 len > TEXT_MAX ? "it is too large" : "it has NUL bytes");
	source = new_source(yaml, path, text);
	if (!source)
		return error_set(err, -ENOMEM, "%s", path);
	source->in_file = true;
	return read_source(yaml, source, ret, err);
}

int yaml_read_value(struct yaml *yaml, const char *name, const char *text, struct yaml_node **ret,
		    struct error *err)
{
	struct yaml_source *source = new_source(yaml, name, text);

	if (!source)
		return error_set(err, -ENOMEM, "%s", name);
	return read_source(yaml, source, ret, err);
}
