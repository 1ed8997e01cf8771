// SPDX-License-Identifier: GPL-2.0-or-later
/* What changes a suite's tree before it is read: keys set by --set, or by the matrix. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "harness/suite/internal.h"
#include "src/cleanup.h"
#include "src/file.h"
#include "src/macro.h"
#include "src/nearest.h"

/* Dashes and underscores are the same in an option's name. */
static struct yaml_node *option_key(struct yaml *yaml, const struct yaml_node *map,
				    const struct yaml_node *at, const char *name)
{
	for (size_t i = 0; map->kind == YAML_MAP && i < map->count; i++) {
		const char *a = map->keys[i]->text, *b = name;

		while (*a && (*a == *b || (strchr("-_", *a) && *b && strchr("-_", *b)))) {
			a++;
			b++;
		}
		if (!*a && !*b)
			return yaml_scalar(yaml, at, map->keys[i]->text);
	}
	return yaml_scalar(yaml, at, name);
}

static int set(struct yaml *yaml, struct yaml_node *map, struct yaml_node *key,
	       struct yaml_node *value, struct error *err)
{
	/* Something that is no map is complained about when it is read. */
	if (map->kind != YAML_MAP && map->kind != YAML_NULL)
		return 0;
	if (!key || !value || yaml_map_set(yaml, map, key, value) < 0)
		return error_set(err, -ENOMEM, "suite");
	return 0;
}

/* The map behind a key, made when it isn't there (or is "none"). */
static struct yaml_node *enter(struct yaml *yaml, struct yaml_node *map, const char *name,
			       const struct yaml_node *at)
{
	struct yaml_node *inner = yaml_map_get(map, name);
	struct yaml_node *key;

	if (inner && !(inner->kind == YAML_SCALAR && streq(inner->text, "none")))
		return inner;
	key = yaml_scalar(yaml, at, name);
	inner = yaml_scalar(yaml, at, "");
	if (!key || !inner)
		return NULL;
	inner->kind = YAML_MAP;
	return yaml_map_set(yaml, map, key, inner) < 0 ? NULL : inner;
}

const char *suite_path_behind(const char *path, const char *name)
{
	size_t len = strlen(name);

	return name[0] && starts_with(path, name) && path[len] == '.' && path[len + 1]
		       ? path + len + 1
		       : NULL;
}

/* cgroups.NAME.LIMIT: names have dots, too, so the longest one that fits is meant. */
static int set_cgroup(struct yaml *yaml, struct yaml_node *map, const struct yaml_node *at,
		      const char *path, struct yaml_node *value, bool *ret_matched,
		      struct error *err)
{
	struct yaml_node *best = NULL;
	const char *limit = NULL;

	for (size_t i = 0; i < map->count && map->kind == YAML_MAP; i++) {
		const char *rest = suite_path_behind(path, map->keys[i]->text);

		if (rest && (!limit || rest > limit)) {
			limit = rest;
			best = map->items[i];
		}
	}
	if (!best)
		return 0;
	*ret_matched = true;
	return set(yaml, best, yaml_scalar(yaml, at, limit), value, err);
}

/* workloads.NAME.OPTION: every one of that generator, or the one of that name. */
static int set_workloads(struct yaml *yaml, struct yaml_node *list, const struct yaml_node *at,
			 const char *path, struct yaml_node *value, bool *ret_matched,
			 struct error *err)
{
	for (size_t i = 0; i < list->count && list->kind == YAML_LIST; i++) {
		const struct yaml_node *item = list->items[i], *name;
		const char *option, *by_name = NULL;
		int r;

		if (item->kind != YAML_MAP || item->count != 1)
			continue;
		name = yaml_map_get(item->items[0], "name");
		option = suite_path_behind(path, item->keys[0]->text);
		if (name)
			by_name = suite_path_behind(path, name->text);
		if (by_name && (!option || by_name > option))
			option = by_name;
		if (!option)
			continue;
		*ret_matched = true;
		r = set(yaml, item->items[0], option_key(yaml, item->items[0], at, option), value,
			err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int unknown_key(const struct yaml_node *at, const char *path, struct error *err)
{
	_cleanup_free_ char *word = strndup(path, strcspn(path, "."));
	struct nearest search = { .word = word ? word : "" };
	char hint[200];

	for (const char *const *k = scenario_keys; *k; k++)
		nearest_offer(&search, *k);
	return yaml_complain(at, err, "unknown key «%s»%s", search.word,
			     nearest_hint(&search, hint, sizeof(hint)));
}

int suite_set(struct yaml *yaml, struct yaml_node *scenario, const struct yaml_node *at,
	      const char *path, struct yaml_node *value, bool *ret_matched, struct error *err)
{
	struct yaml_node *inner;
	const char *rest;

	for (const char *const *k = scenario_keys; *k; k++)
		if (streq(*k, path)) {
			*ret_matched = true;
			return set(yaml, scenario, yaml_scalar(yaml, at, path), value, err);
		}
	for (const char *const *k = scenario_keys; *k; k++) {
		rest = suite_path_behind(path, *k);
		if (!rest)
			continue;
		if (streq(*k, "cgroups")) {
			inner = yaml_map_get(scenario, *k);
			return inner ? set_cgroup(yaml, inner, at, rest, value, ret_matched, err)
				     : 0;
		}
		if (streq(*k, "workloads")) {
			inner = yaml_map_get(scenario, *k);
			return inner ? set_workloads(yaml, inner, at, rest, value, ret_matched, err)
				     : 0;
		}
		if (!streq(*k, "knobs") && !streq(*k, "matrix") && !streq(*k, "gate"))
			return yaml_complain(at, err, "«%s» has no keys inside of it", *k);
		*ret_matched = true;
		inner = enter(yaml, scenario, *k, at);
		return inner ? set(yaml, inner, yaml_scalar(yaml, at, rest), value, err)
			     : error_set(err, -ENOMEM, "suite");
	}
	return unknown_key(at, path, err);
}

/* machine.cpus, machine.swap.size, machine.sysctl.vm.overcommit_memory */
static int set_machine(struct yaml *yaml, struct yaml_node *root, const struct yaml_node *at,
		       const char *path, struct yaml_node *value, struct error *err)
{
	struct yaml_node *inner = enter(yaml, root, "machine", at);
	const char *dot = strchr(path, '.');

	if (inner && dot) {
		_cleanup_free_ char *device = strndup(path, (size_t)(dot - path));

		if (!device ||
		    (!streq(device, "swap") && !streq(device, "disk") && !streq(device, "sysctl")))
			return yaml_complain(at, err, "machine has no key «%s»", path);
		inner = enter(yaml, inner, device, at);
		if (inner && inner->kind == YAML_LIST)
			return yaml_complain(at, err,
					     "machine.%s is a list of devices: set all of it, as "
					     "machine.%s=[{type: zram, size: 64M}]",
					     device, device);
		path = dot + 1;
	}
	if (!inner)
		return error_set(err, -ENOMEM, "suite");
	return set(yaml, inner, yaml_scalar(yaml, at, path), value, err);
}

/* Which cgroups and workloads there are, for an override that met none. */
static int no_match(const struct yaml_node *root, const struct yaml_node *at, const char *path,
		    struct error *err)
{
	const struct yaml_node *scenarios = yaml_map_get(root, "scenarios");
	bool cgroup = starts_with(path, "cgroups.");
	const char *name = path + (cgroup ? strlen("cgroups.") : strlen("workloads."));
	_cleanup_free_ char *word = strndup(name, strcspn(name, "."));
	struct nearest search = { .word = word ? word : "" };
	char hint[200];

	for (size_t i = 0; i < scenarios->count; i++) {
		const struct yaml_node *inner =
			yaml_map_get(scenarios->items[i], cgroup ? "cgroups" : "workloads");

		for (size_t j = 0; inner && j < inner->count; j++) {
			const struct yaml_node *item = inner->items[j];

			if (cgroup && inner->kind == YAML_MAP)
				nearest_offer(&search, inner->keys[j]->text);
			else if (!cgroup && item->kind == YAML_MAP && item->count)
				nearest_offer(&search, item->keys[0]->text);
		}
	}
	return yaml_complain(at, err, "it matches nothing: no scenario has a %s «%s»%s",
			     cgroup ? "cgroup" : "workload", search.word,
			     nearest_hint(&search, hint, sizeof(hint)));
}

/* In a scenario whose matrix varies that very key, the override takes the axis's place. */
static int override_scenario(struct yaml *yaml, struct yaml_node *scenario,
			     const struct yaml_node *at, const char *path,
			     const struct yaml_node *value, bool *ret_matched, struct error *err)
{
	struct yaml_node *matrix = yaml_map_get(scenario, "matrix");
	struct yaml_node *copy = yaml_copy(yaml, value);
	long axis = yaml_map_find(matrix, path);

	if (!copy)
		return error_set(err, -ENOMEM, "suite");
	if (axis < 0)
		return suite_set(yaml, scenario, at, path, copy, ret_matched, err);
	matrix->items[axis] = copy;
	*ret_matched = true;
	return 0;
}

int suite_override(struct yaml *yaml, struct yaml_node *root, const char *text, struct error *err)
{
	const struct yaml_node *scenarios = yaml_map_get(root, "scenarios");
	_cleanup_free_ char *path = strndup(text, strcspn(text, "="));
	_cleanup_free_ char *name = text_format("--set %s", text);
	struct yaml_node *value;
	bool matched = false;
	int r;

	if (!path || !name)
		return error_set(err, -ENOMEM, "suite");
	if (!*path || !text[strlen(path)] || !text[strlen(path) + 1])
		return error_say(err, -EINVAL,
				 "%s: it must be KEY=VALUE, as knobs.vm.swappiness=60", name);
	r = yaml_read_value(yaml, name, text + strlen(path) + 1, &value, err);
	if (r < 0)
		return r;
	if (suite_path_behind(path, "machine"))
		return set_machine(yaml, root, value, suite_path_behind(path, "machine"), value,
				   err);
	for (size_t i = 0; i < scenarios->count; i++) {
		r = override_scenario(yaml, scenarios->items[i], value, path, value, &matched, err);
		if (r < 0)
			return r;
	}
	return matched ? 0 : no_match(root, value, path, err);
}
