// SPDX-License-Identifier: GPL-2.0-or-later
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "harness/suite/internal.h"
#include "src/macro.h"
#include "src/units.h"

/*
 * Each builder returns NULL when memory is out, and so does jansson for what is built of a NULL:
 * json_object_set_new() and json_array_append_new() fail and free nothing twice.
 */

/* A number of 0 below its minimum is an option that was not given. */
static bool is_unset(const struct option_spec *spec, const void *base)
{
	const void *field = (const char *)base + spec->offset;

	switch (spec->type) {
	case OPTION_TYPE_STRING:
		return !*(char *const *)field;
	case OPTION_TYPE_LIST:
		return !((const struct strlist *)field)->count;
	case OPTION_TYPE_U64:
	case OPTION_TYPE_SIZE:
	case OPTION_TYPE_TIME:
		return *(const uint64_t *)field < spec->min;
	default:
		return false;
	}
}

/* The value as text, a list as an array. */
static json_t *option_json(const struct option_spec *spec, const void *base)
{
	const void *field = (const char *)base + spec->offset;
	char text[100];

	if (spec->type == OPTION_TYPE_STRING)
		return json_string(*(char *const *)field);
	if (spec->type == OPTION_TYPE_LIST) {
		const struct strlist *list = field;
		json_t *array = json_array();

		for (size_t i = 0; i < list->count; i++)
			if (json_array_append_new(array, json_string(list->items[i])) < 0) {
				json_decref(array);
				return NULL;
			}
		return array;
	}
	return json_string(option_format(spec, base, text, sizeof(text)));
}

int suite_json_options(json_t *object, const struct option_spec *table, const void *base)
{
	for (const struct option_spec *s = table; s && s->name; s++)
		if (!is_unset(s, base) &&
		    json_object_set_new(object, s->name, option_json(s, base)) < 0)
			return -1;
	return 0;
}

static int add_text(json_t *object, const char *key, const char *text)
{
	return text ? json_object_set_new(object, key, json_string(text)) : 0;
}

static int add_time(json_t *object, const char *key, uint64_t ns)
{
	char text[FORMAT_MAX];

	return json_object_set_new(object, key, json_string(format_time(ns, text)));
}

/* Adds a new empty object or array under key and returns it, borrowed. */
static json_t *add_new(json_t *object, const char *key, json_t *value)
{
	return json_object_set_new(object, key, value) < 0 ? NULL : value;
}

/* "1..3,7": as parse_seeds() reads it. */
static int add_seeds(json_t *object, const uint64_t *seeds, size_t count)
{
	char *text = malloc(count * 48 + 1), *end = text;
	int r;

	if (!text)
		return -1;
	*end = '\0';
	for (size_t i = 0; i < count;) {
		size_t last = i;

		while (last + 1 < count && seeds[last + 1] == seeds[last] + 1)
			last++;
		end += sprintf(end, "%s%" PRIu64, i ? "," : "", seeds[i]);
		if (last > i)
			end += sprintf(end, "..%" PRIu64, seeds[last]);
		i = last + 1;
	}
	r = json_object_set_new(object, "seeds", json_string(text));
	free(text);
	return r;
}

int suite_json_settings(json_t *object, const struct setting *settings, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (add_text(object, settings[i].name, settings[i].value) < 0)
			return -1;
	return 0;
}

static int add_workload(json_t *list, const struct scenario *s, const struct workload_spec *w)
{
	json_t *item = json_object(), *options;

	if (json_array_append_new(list, item) < 0)
		return -1;
	options = add_new(item, w->ops->name, json_object());
	if (!options || suite_json_options(options, w->ops->options, w->options) < 0 ||
	    suite_json_options(options, placement_options, &w->placement) < 0)
		return -1;
	return s->cgroup_count && !w->placement.in ? add_text(options, "in", "/") : 0;
}

static int add_starts(json_t *object, const struct scenario *s)
{
	json_t *list = s->start_count ? add_new(object, "start", json_array()) : NULL;

	for (size_t i = 0; i < s->start_count; i++) {
		json_t *item = json_object();

		if (json_array_append_new(list, item) < 0 ||
		    suite_json_options(item, start_options, &s->starts[i]) < 0)
			return -1;
	}
	return s->start_count && !list ? -1 : 0;
}

static int fill_scenario(json_t *object, const struct scenario *s)
{
	json_t *knobs = add_new(object, "knobs", json_object());
	json_t *cgroups = add_new(object, "cgroups", json_object());
	json_t *workloads = add_new(object, "workloads", json_array());
	json_t *expects = add_new(object, "expect", json_array());

	if (!knobs || !cgroups || !workloads || !expects || add_text(object, "name", s->name) < 0 ||
	    add_text(object, "about", s->about) < 0 ||
	    add_time(object, "sample", s->sample_ns) < 0 ||
	    add_time(object, "timeout", s->timeout_ns) < 0 ||
	    (s->trace && json_object_set_new(object, "trace", json_true()) < 0) ||
	    add_starts(object, s) < 0 || add_seeds(object, s->seeds, s->seed_count) < 0 ||
	    suite_json_settings(knobs, s->knobs, s->knob_count) < 0)
		return -1;
	for (size_t i = 0; i < s->cgroup_count; i++) {
		const struct cgroup_spec *c = &s->cgroups[i];
		json_t *limits = add_new(cgroups, c->path, json_object());

		if (!limits || suite_json_settings(limits, c->limits, c->limit_count) < 0)
			return -1;
	}
	for (size_t i = 0; i < s->workload_count; i++)
		if (add_workload(workloads, s, &s->workloads[i]) < 0)
			return -1;
	for (size_t i = 0; i < s->expect_count; i++)
		if (json_array_append_new(expects, json_string(s->expects[i].text)) < 0)
			return -1;
	return 0;
}

/* What a verdict is by is no business of the guest's: what it is told changes its figures. */
static int add_gate(json_t *object, const struct scenario *s)
{
	json_t *gate = s->gate_count ? add_new(object, "gate", json_object()) : NULL;

	return !s->gate_count ? 0 : gate ? suite_json_settings(gate, s->gates, s->gate_count) : -1;
}

static int fill(json_t *root, const struct suite *suite, const struct scenario *only)
{
	json_t *scenarios;

	if (add_text(root, "suite", suite->name) < 0 || add_text(root, "about", suite->about) < 0 ||
	    suite_json_machine(root, &suite->machine) < 0)
		return -1;
	scenarios = add_new(root, "scenarios", json_array());
	if (!scenarios)
		return -1;
	for (size_t i = 0; i < suite->scenario_count; i++) {
		json_t *object;

		if (only && only != &suite->scenarios[i])
			continue;
		object = json_object();
		if (json_array_append_new(scenarios, object) < 0 ||
		    fill_scenario(object, &suite->scenarios[i]) < 0 ||
		    (!only && add_gate(object, &suite->scenarios[i]) < 0))
			return -1;
	}
	return 0;
}

json_t *suite_json(const struct suite *suite, const struct scenario *scenario)
{
	json_t *root = json_object();

	if (!root || fill(root, suite, scenario) < 0) {
		json_decref(root);
		return NULL;
	}
	return root;
}
