// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>

#include "harness/suite/internal.h"
#include "src/cleanup.h"
#include "src/macro.h"
#include "src/units.h"

static const char *const root_keys[] = {
	"suite", "about", "machine", "defaults", "scenarios", NULL
};

const struct option_spec timing_options[] = {
	OPTION_TIME(struct timing, sample_ns, .name = "sample", .fallback = "100ms", .min = 5000000,
		    .max = 10000000000, .help = "time between two samples"),
	OPTION_TIME(struct timing, timeout_ns, .name = "timeout", .fallback = "120s",
		    .min = 1000000000, .max = 24ull * 3600 * 1000000000,
		    .help = "a trial that takes longer is ended"),
	OPTION_BOOL(struct timing, trace, .name = "trace", .fallback = "false",
		    .help = "record the kernel's tracepoints, too"),
	OPTION_STRING(struct timing, seeds, .name = "seeds", .fallback = "1..3", .meta = "LIST",
		      .help = "one trial each: 1..5 or 1,4,7..9"),
	{}
};

/* What overrides and the matrix rely on: the root's keys, and scenarios that are maps. */
static int check_shape(const struct yaml_node *root, struct error *err)
{
	const struct yaml_node *scenarios, *name;

	if (suite_expect_kind(root, YAML_MAP, "suite file", err) < 0 ||
	    suite_check_keys(root, root_keys, err) < 0)
		return -EINVAL;
	name = yaml_map_get(root, "suite");
	scenarios = yaml_map_get(root, "scenarios");
	if (!name)
		return yaml_complain(root, err, "the suite's name is missing: suite: NAME");
	if (suite_check_name(name, "suite", err) < 0)
		return -EINVAL;
	if (!scenarios)
		return yaml_complain(root, err, "«scenarios» is missing: a list of what to run");
	if (suite_expect_kind(scenarios, YAML_LIST, "scenarios", err) < 0)
		return -EINVAL;
	if (!scenarios->count)
		return yaml_complain(scenarios, err, "a suite needs at least one scenario");
	for (size_t i = 0; i < scenarios->count; i++) {
		const struct yaml_node *item = scenarios->items[i];

		if (item->kind != YAML_MAP)
			return yaml_complain(item, err,
					     "a scenario must be keys with values, this is %s: "
					     "- name: NAME",
					     yaml_kind_name(item));
	}
	return 0;
}

static int read_scenarios(struct suite *suite, const struct yaml_node *root,
			  const struct timing *defaults, const struct yaml_node *default_gate,
			  struct error *err)
{
	const struct yaml_node *list = yaml_map_get(root, "scenarios");

	suite->scenarios = calloc(list->count, sizeof(*suite->scenarios));
	if (!suite->scenarios)
		return error_set(err, -ENOMEM, "suite");
	for (size_t i = 0; i < list->count; i++) {
		struct scenario *s = &suite->scenarios[suite->scenario_count++];
		int r = suite_read_scenario(s, list->items[i], &suite->machine, defaults,
					    default_gate, err);

		if (r < 0)
			return r;
		for (size_t j = 0; j + 1 < suite->scenario_count; j++)
			if (streq(suite->scenarios[j].name, s->name))
				return yaml_complain(yaml_map_get(list->items[i], "name"), err,
						     "there is a scenario «%s» already", s->name);
	}
	return 0;
}

/* The defaults but for their margins, which are no option. */
static int read_defaults(struct timing *timing, const struct yaml_node *map, struct error *err)
{
	const struct option_target targets[] = { { timing_options, timing }, {} };
	struct yaml_node rest = *map;
	_cleanup_free_ struct yaml_node **keys = NULL, **items = NULL;

	if (suite_expect_kind(map, YAML_MAP, "defaults", err) < 0)
		return -EINVAL;
	keys = calloc(map->count + 1, sizeof(struct yaml_node *));
	items = calloc(map->count + 1, sizeof(struct yaml_node *));
	if (!keys || !items)
		return error_set(err, -ENOMEM, "defaults");
	rest.count = 0;
	rest.keys = keys;
	rest.items = items;
	for (size_t i = 0; i < map->count; i++) {
		if (streq(map->keys[i]->text, "gate"))
			continue;
		keys[rest.count] = map->keys[i];
		items[rest.count++] = map->items[i];
	}
	return suite_read_options(&rest, map, targets, err);
}

static int read_suite(struct suite *suite, const struct yaml_node *root, struct error *err)
{
	const struct yaml_node *about = yaml_map_get(root, "about");
	const struct yaml_node *defaults = yaml_map_get(root, "defaults");
	struct timing timing = {};
	int r = suite_text(&suite->name, yaml_map_get(root, "suite")->text, err);

	if (r == 0 && about)
		r = suite_expect_kind(about, YAML_SCALAR, "about", err);
	if (r == 0 && about)
		r = suite_text(&suite->about, about->text, err);
	if (r == 0)
		r = suite_read_machine(&suite->machine, yaml_map_get(root, "machine"), err);
	if (r == 0)
		r = option_defaults(timing_options, &timing, err);
	if (r == 0 && defaults)
		r = read_defaults(&timing, defaults, err);
	if (r == 0)
		r = read_scenarios(suite, root, &timing, yaml_map_get(defaults, "gate"), err);
	option_free(timing_options, &timing);
	return r;
}

static bool name_matches(const struct scenario *s, const char *pattern)
{
	_cleanup_free_ char *base = strndup(s->name, strcspn(s->name, "@"));

	/* The scenario's own name also stands for all variants that its matrix gives. */
	return fnmatch(pattern, s->name, 0) == 0 || (base && fnmatch(pattern, base, 0) == 0);
}

static int no_match(const struct suite *suite, const char *pattern, struct error *err)
{
	char names[700];
	size_t n = 0;

	names[0] = '\0';
	for (size_t i = 0; i < suite->scenario_count && n < sizeof(names); i++)
		n += (size_t)snprintf(names + n, sizeof(names) - n, "%s%s", i ? ", " : "",
				      suite->scenarios[i].name);
	return error_say(err, -EINVAL, "--only %s: no scenario has such a name; there are: %s%s",
			 pattern, names, n < sizeof(names) ? "" : "...");
}

static int keep_only(struct suite *suite, const struct strlist *only, struct error *err)
{
	size_t kept = 0;

	for (size_t i = 0; i < only->count; i++) {
		size_t j = 0;

		while (j < suite->scenario_count &&
		       !name_matches(&suite->scenarios[j], only->items[i]))
			j++;
		if (j == suite->scenario_count)
			return no_match(suite, only->items[i], err);
	}
	for (size_t i = 0; i < suite->scenario_count; i++) {
		struct scenario *s = &suite->scenarios[i];
		bool wanted = false;

		for (size_t j = 0; j < only->count && !wanted; j++)
			wanted = name_matches(s, only->items[j]);
		if (!wanted) {
			scenario_done(s);
			continue;
		}
		if (kept != i) {
			suite->scenarios[kept] = *s;
			*s = (struct scenario){};
		}
		kept++;
	}
	suite->scenario_count = kept;
	return 0;
}

static int replace_seeds(struct suite *suite, const char *text, struct error *err)
{
	for (size_t i = 0; i < suite->scenario_count; i++) {
		struct scenario *s = &suite->scenarios[i];
		uint64_t *seeds;
		int r = parse_seeds(text, &seeds, &s->seed_count);

		if (r < 0)
			return error_say(err, -EINVAL, "--seeds: «%s» is not a list as %s", text,
					 "1..5 or 1,4,7..9 (ascending, at most 10,000)");
		free(s->seeds);
		s->seeds = seeds;
	}
	return 0;
}

/* From the file to a checked and resolved suite; the tree is gone when it returns. */
static int load(struct suite *suite, const char *path, const struct strlist *overrides,
		struct error *err)
{
	_cleanup_yaml_ struct yaml yaml = {};
	struct yaml_node *root;
	int r = yaml_read_file(&yaml, path, &root, err);

	if (r == 0)
		r = check_shape(root, err);
	for (size_t i = 0; r == 0 && overrides && i < overrides->count; i++)
		r = suite_override(&yaml, root, overrides->items[i], err);
	if (r == 0)
		r = suite_unfold(&yaml, root, err);
	if (r == 0)
		r = read_suite(suite, root, err);
	return r;
}

int suite_machine_load(struct machine_spec *ret, const char *path, struct error *err)
{
	static const char *const keys[] = { "machine", NULL };
	_cleanup_yaml_ struct yaml yaml = {};
	struct machine_spec machine = {};
	struct yaml_node *root;
	int r = yaml_read_file(&yaml, path, &root, err);

	if (r == 0)
		r = suite_expect_kind(root, YAML_MAP, "machine file", err);
	if (r == 0)
		r = suite_check_keys(root, keys, err);
	if (r == 0)
		r = suite_read_machine(&machine, yaml_map_get(root, "machine"), err);
	if (r < 0) {
		suite_machine_done(&machine);
		return r;
	}
	*ret = machine;
	return 0;
}

int suite_load(struct suite **ret, const char *path, const struct strlist *overrides,
	       const char *seeds, const struct strlist *only, struct error *err)
{
	struct suite *suite = calloc(1, sizeof(*suite));
	int r;

	if (!suite)
		return error_set(err, -ENOMEM, "suite");
	r = suite_text(&suite->path, path, err);
	if (r == 0)
		r = load(suite, path, overrides, err);
	if (r == 0 && only && only->count)
		r = keep_only(suite, only, err);
	if (r == 0 && seeds)
		r = replace_seeds(suite, seeds, err);
	if (r < 0) {
		suite_free(suite);
		return r;
	}
	*ret = suite;
	return 0;
}
