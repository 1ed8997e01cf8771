// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "harness/knobs.h"
#include "harness/suite/internal.h"
#include "src/macro.h"
#include "src/units.h"

const char *const scenario_keys[] = { "name",  "about",	  "sample",    "seeds",	 "timeout",
				      "knobs", "cgroups", "workloads", "expect", "matrix",
				      "trace", "start",	  "gate",      NULL };

/* A name as a user writes it, then what the matrix adds to it: "anon@vm.swappiness=60". */
static int read_name(struct scenario *s, const struct yaml_node *scenario, struct error *err)
{
	const struct yaml_node *node = yaml_map_get(scenario, "name");
	struct yaml_node base;
	const char *at;

	if (!node)
		return yaml_complain(scenario, err, "this scenario has no name: name: NAME");
	at = strchr(node->text, '@');
	base = *node;
	if (at) {
		char text[NAME_LENGTH_MAX + 2];

		snprintf(text, sizeof(text), "%.*s", (int)(at - node->text), node->text);
		base.text = text;
		if (suite_check_name(&base, "name", err) < 0)
			return -EINVAL;
		for (const char *c = at + 1; *c; c++)
			if (!((*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') ||
			      (*c >= '0' && *c <= '9') || strchr("._-=,", *c)))
				return yaml_complain(node, err, "«%s»: «%c» can't stand in a name",
						     node->text, *c);
		if (strlen(node->text) > VARIANT_LENGTH_MAX)
			return yaml_complain(node, err, "the name of this variant is too long: %s",
					     node->text);
	} else if (suite_check_name(&base, "name", err) < 0) {
		return -EINVAL;
	}
	return suite_text(&s->name, node->text, err);
}

/* Its own sample, timeout, trace and seeds, or the suite's. */
static int read_timing(struct scenario *s, const struct yaml_node *scenario,
		       const struct timing *defaults, struct error *err)
{
	const struct yaml_node *seeds = yaml_map_get(scenario, "seeds");
	struct timing own = { .sample_ns = defaults->sample_ns,
			      .timeout_ns = defaults->timeout_ns,
			      .trace = defaults->trace };
	const struct option_target targets[] = { { timing_options, &own }, {} };
	struct yaml_node *keys[4], *items[4];
	struct yaml_node part = { .kind = YAML_MAP, .keys = keys, .items = items };
	int r = suite_text(&own.seeds, defaults->seeds, err);

	for (const struct option_spec *o = timing_options; o->name; o++) {
		long i = yaml_map_find(scenario, o->name);

		if (i < 0)
			continue;
		keys[part.count] = scenario->keys[i];
		items[part.count++] = scenario->items[i];
	}
	if (r == 0)
		r = suite_read_options(&part, scenario, targets, err);
	s->sample_ns = own.sample_ns;
	s->timeout_ns = own.timeout_ns;
	s->trace = own.trace;
	if (r == 0 && parse_seeds(own.seeds, &s->seeds, &s->seed_count) < 0)
		r = yaml_complain(seeds ? seeds : scenario, err,
				  "seeds: «%s» is not a list as 1..5 or 1,4,7..9 (ascending, at "
				  "most 10,000)",
				  own.seeds);
	option_free(timing_options, &own);
	return r;
}

static bool is_set(const struct setting *list, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (streq(list[i].name, name))
			return true;
	return false;
}

static int read_knobs(struct scenario *s, const struct yaml_node *map, struct error *err)
{
	if (suite_expect_kind(map, YAML_MAP, "knobs", err) < 0)
		return -EINVAL;
	s->knobs = calloc(map->count + 1, sizeof(*s->knobs));
	if (!s->knobs)
		return error_set(err, -ENOMEM, "knobs");
	for (size_t i = 0; i < map->count; i++) {
		const struct yaml_node *key = map->keys[i], *value = map->items[i];
		struct setting *knob = &s->knobs[s->knob_count++];
		struct error why = {};
		const char *rival;

		if (!knob_find(key->text)) {
			knob_check(key->text, "", &why);
			return yaml_complain(key, err, "%s", why.text);
		}
		if (suite_expect_kind(value, YAML_SCALAR, key->text, err) < 0)
			return -EINVAL;
		if (knob_check(key->text, value->text, &why) < 0)
			return yaml_complain(value, err, "%s", why.text);
		rival = knob_find(key->text)->instead_of;
		if (rival && is_set(s->knobs, i, rival))
			return yaml_complain(key, err,
					     "%s and %s: the kernel keeps only one of them", rival,
					     key->text);
		if (suite_text(&knob->name, key->text, err) < 0 ||
		    suite_text(&knob->value, value->text, err) < 0)
			return -ENOMEM;
	}
	return 0;
}

static int read_expects(struct scenario *s, const struct yaml_node *list, struct error *err)
{
	if (suite_expect_kind(list, YAML_LIST, "expect", err) < 0)
		return -EINVAL;
	s->expects = calloc(list->count + 1, sizeof(*s->expects));
	if (!s->expects)
		return error_set(err, -ENOMEM, "expect");
	for (size_t i = 0; i < list->count; i++) {
		int r = suite_read_expect(&s->expects[s->expect_count++], list->items[i], err);

		if (r < 0)
			return r;
	}
	return 0;
}

/* A timed workload ends before the trial is given up. */
static int check_timeout(const struct scenario *s, const struct yaml_node *list, struct error *err)
{
	for (size_t i = 0; i < s->workload_count; i++) {
		const struct placement *p = &s->workloads[i].placement;
		uint64_t work_ns = MAX(placement_end_ns(p), p->start_ns) + p->warmup_duration_ns;
		char work[FORMAT_MAX], limit[FORMAT_MAX];

		if (work_ns < s->timeout_ns)
			continue;
		return yaml_complain(list->items[i], err,
				     "«%s» works for %s, but the trial ends at its timeout, %s",
				     p->name, format_time(work_ns, work),
				     format_time(s->timeout_ns, limit));
	}
	return 0;
}

int suite_read_scenario(struct scenario *s, const struct yaml_node *node,
			const struct machine_spec *machine, const struct timing *defaults,
			const struct yaml_node *default_gate, struct error *err)
{
	const struct yaml_node *about = yaml_map_get(node, "about");
	const struct yaml_node *settings = yaml_map_get(node, "knobs");
	const struct yaml_node *start = yaml_map_get(node, "start");
	const struct yaml_node *cgroups = yaml_map_get(node, "cgroups");
	const struct yaml_node *workloads = yaml_map_get(node, "workloads");
	const struct yaml_node *expect = yaml_map_get(node, "expect");
	int r = suite_check_keys(node, scenario_keys, err);

	if (r == 0)
		r = read_name(s, node, err);
	if (r == 0 && about)
		r = suite_expect_kind(about, YAML_SCALAR, "about", err);
	if (r == 0 && about)
		r = suite_text(&s->about, about->text, err);
	if (r == 0)
		r = read_timing(s, node, defaults, err);
	if (r == 0 && settings)
		r = read_knobs(s, settings, err);
	if (r == 0 && start)
		r = suite_read_start(s, start, machine, err);
	if (r == 0 && cgroups)
		r = suite_read_cgroups(s, cgroups, err);
	if (r == 0 && !workloads)
		r = yaml_complain(node, err, "scenario «%s» has no workloads", s->name);
	if (r == 0)
		r = suite_read_workloads(s, workloads, machine, err);
	if (r == 0 && expect)
		r = read_expects(s, expect, err);
	if (r == 0)
		r = suite_read_gate(s, yaml_map_get(node, "gate"), default_gate, err);
	if (r == 0)
		r = check_timeout(s, workloads, err);
	if (r == 0)
		r = suite_check_memory(s, machine, yaml_map_get(node, "name"), workloads, err);
	if (r == 0 && scenario_processes(s) > SUITE_PROCESSES_MAX)
		r = yaml_complain(workloads, err, "%zu processes: a scenario has at most %d",
				  scenario_processes(s), SUITE_PROCESSES_MAX);
	return r;
}
