// SPDX-License-Identifier: GPL-2.0-or-later
/* How any part of a suite file is read: kinds, names, keys and option tables. */
#include <errno.h>
#include <stdlib.h>

#include "harness/suite/internal.h"
#include "src/macro.h"
#include "src/nearest.h"

int suite_text(char **ret, const char *text, struct error *err)
{
	*ret = strdup(text);
	return *ret ? 0 : error_set(err, -ENOMEM, "suite");
}

int suite_expect_kind(const struct yaml_node *node, enum yaml_kind kind, const char *what,
		      struct error *err)
{
	static const char *const wanted[] = {
		[YAML_SCALAR] = "a single value",
		[YAML_LIST] = "a list: [A, B], or lines that begin with «- »",
		[YAML_MAP] = "keys with values: {KEY: VALUE}, or indented lines",
	};

	if (node->kind == kind || (node->kind == YAML_NULL && kind == YAML_MAP))
		return 0;
	return yaml_complain(node, err, "«%s» must be %s; this is %s", what, wanted[kind],
			     yaml_kind_name(node));
}

int suite_check_keys(const struct yaml_node *map, const char *const *known, struct error *err)
{
	for (size_t i = 0; i < map->count; i++) {
		struct nearest search = { .word = map->keys[i]->text };
		const char *const *k = known;
		char hint[200];

		while (*k && !streq(*k, search.word))
			nearest_offer(&search, *k++);
		if (!*k)
			return yaml_complain(map->keys[i], err, "unknown key «%s»%s", search.word,
					     nearest_hint(&search, hint, sizeof(hint)));
	}
	return 0;
}

int suite_check_name(const struct yaml_node *node, const char *what, struct error *err)
{
	size_t len = strlen(node->text);

	if (suite_expect_kind(node, YAML_SCALAR, what, err) < 0)
		return -EINVAL;
	if (!len)
		return yaml_complain(node, err, "«%s» is empty", what);
	for (const char *c = node->text; *c; c++)
		if (!((*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') ||
		      (*c >= '0' && *c <= '9') || strchr("._-", *c)))
			return yaml_complain(node, err,
					     "«%s» can't be a name: letters, digits, «.», «_» "
					     "and «-» can stand in one",
					     node->text);
	if (node->text[0] == '.' || node->text[0] == '-')
		return yaml_complain(node, err,
				     "«%s» can't be a name: it begins with «%c», not with a letter "
				     "or digit",
				     node->text, node->text[0]);
	if (len > NAME_LENGTH_MAX)
		return yaml_complain(node, err, "a name of %zu characters; %d is the most", len,
				     NAME_LENGTH_MAX);
	return 0;
}

static const struct option_target *find_target(const struct option_target *targets,
					       const char *name, const struct option_spec **ret)
{
	for (; targets->base; targets++) {
		*ret = option_find(targets->table, name);
		if (*ret)
			return targets;
	}
	return NULL;
}

static int unknown_option(const struct yaml_node *key, const struct option_target *targets,
			  struct error *err)
{
	struct nearest search = { .word = key->text };
	char hint[200];

	for (; targets->base; targets++)
		for (const struct option_spec *s = targets->table; s && s->name; s++)
			nearest_offer(&search, s->name);
	return yaml_complain(key, err, "unknown key «%s»%s", key->text,
			     nearest_hint(&search, hint, sizeof(hint)));
}

/* The nearest choice, as a hint; "" when the option has none. */
static const char *choice_hint(const struct option_spec *spec, const char *text, char *buf,
			       size_t size)
{
	struct nearest search = { .word = text };

	if (spec->type == OPTION_TYPE_CHOICE)
		for (const char *const *c = spec->choices; *c; c++)
			nearest_offer(&search, *c);
	return nearest_hint(&search, buf, size);
}

static int read_scalar(const struct option_spec *spec, void *base, const struct yaml_node *value,
		       bool alone, struct error *err)
{
	struct error why = {};
	char hint[200];
	int r;

	if (suite_expect_kind(value, YAML_SCALAR, spec->name, err) < 0)
		return -EINVAL;
	r = alone ? option_parse_alone(spec, base, value->text, &why)
		  : option_parse(spec, base, value->text, &why);
	if (r < 0)
		return yaml_complain(value, err, "%s%s", why.text,
				     choice_hint(spec, value->text, hint, sizeof(hint)));
	return 0;
}

static int read_option(const struct option_spec *spec, void *base, const struct yaml_node *value,
		       struct error *err)
{
	if (spec->type != OPTION_TYPE_LIST || value->kind != YAML_LIST)
		return read_scalar(spec, base, value, true, err);
	for (size_t i = 0; i < value->count; i++)
		if (read_scalar(spec, base, value->items[i], false, err) < 0)
			return -EINVAL;
	return 0;
}

/* Whether an earlier key of the map is the same option in another spelling (dash, underscore). */
static const struct yaml_node *earlier_spelling(const struct yaml_node *map, size_t index,
						const struct option_spec *spec)
{
	for (size_t i = 0; i < index; i++)
		if (option_find(spec, map->keys[i]->text) == spec)
			return map->keys[i];
	return NULL;
}

int suite_read_options(const struct yaml_node *map, const struct yaml_node *at,
		       const struct option_target *targets, struct error *err)
{
	for (size_t i = 0; i < map->count; i++) {
		const struct option_spec *spec;
		const struct option_target *target =
			find_target(targets, map->keys[i]->text, &spec);
		const struct yaml_node *earlier;

		if (!target)
			return unknown_option(map->keys[i], targets, err);
		earlier = earlier_spelling(map, i, spec);
		if (earlier)
			return yaml_complain(map->keys[i], err, "«%s» was given as «%s» already",
					     map->keys[i]->text, earlier->text);
		if (read_option(spec, target->base, map->items[i], err) < 0)
			return -EINVAL;
	}
	for (; targets->base; targets++)
		for (const struct option_spec *s = targets->table; s && s->name; s++) {
			bool given = !s->required;

			for (size_t i = 0; i < map->count && !given; i++)
				given = option_find(s, map->keys[i]->text) == s;
			if (!given)
				return yaml_complain(at, err, "«%s» is missing: %s", s->name,
						     s->help);
		}
	return 0;
}
