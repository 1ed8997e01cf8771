/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* What the files of the suite loader share; nobody else includes it. */

#include "harness/suite/suite.h"
#include "harness/suite/yaml.h"

#define NAME_LENGTH_MAX	   64  /* of a name as a user writes it */
#define VARIANT_LENGTH_MAX 200 /* of a scenario's with its matrix values */
#define SCENARIOS_MAX	   10000
#define WORKLOADS_MAX	   64

/* How a trial is observed, how often it is repeated, when it is given up: defaults and scenarios.
 */
struct timing {
	uint64_t sample_ns;
	uint64_t timeout_ns;
	bool trace;
	char *seeds;
};
extern const struct option_spec timing_options[];

/* The keys of a scenario, NULL-terminated. */
extern const char *const scenario_keys[];

/* One option table and the struct that it fills. */
struct option_target {
	const struct option_spec *table;
	void *base;
};

/*
 * Reads a map's values by the tables, into structs whose defaults have been filled in; a required
 * option that is missing is complained about at `at`. The targets end with an all-zero one.
 */
int suite_read_options(const struct yaml_node *map, const struct yaml_node *at,
		       const struct option_target *targets, struct error *err);

/* A name that is free of characters which a directory or a column could not have. */
int suite_check_name(const struct yaml_node *node, const char *what, struct error *err);

/* Every key of the map is one of known (NULL-terminated). */
int suite_check_keys(const struct yaml_node *map, const char *const *known, struct error *err);

/* The node is of that kind: -EINVAL "WHAT must be ...". An absent value passes as a map. */
int suite_expect_kind(const struct yaml_node *node, enum yaml_kind kind, const char *what,
		      struct error *err);

/* Copies a text or says that memory is out. */
int suite_text(char **ret, const char *text, struct error *err);

/* Applies "a.b=value" to the suite's tree, whose root and scenarios have been checked. */
int suite_override(struct yaml *yaml, struct yaml_node *root, const char *text, struct error *err);

/* What is behind "NAME." in path, or NULL when it doesn't begin so. */
const char *suite_path_behind(const char *path, const char *name);

/* Sets a scenario's key; *ret_matched is false where there is no such cgroup or workload. */
int suite_set(struct yaml *yaml, struct yaml_node *scenario, const struct yaml_node *key,
	      const char *path, struct yaml_node *value, bool *ret_matched, struct error *err);

/* Replaces each scenario that has a matrix by its variants. */
int suite_unfold(struct yaml *yaml, struct yaml_node *root, struct error *err);

/* Fills in the machine; node may be NULL. It may be half-filled after an error. */
int suite_read_machine(struct machine_spec *machine, const struct yaml_node *node,
		       struct error *err);
int suite_read_swap(struct machine_spec *machine, const struct yaml_node *node, struct error *err);
int suite_read_disk(struct machine_spec *machine, const struct yaml_node *node, struct error *err);
int suite_read_args(const struct machine_spec *machine, const struct yaml_node *node,
		    struct error *err);
int suite_read_sysctls(struct machine_spec *machine, const struct yaml_node *map,
		       struct error *err);

/* Reads one scenario; machine is complete. The scenario may be half-filled after an error. */
int suite_read_scenario(struct scenario *scenario, const struct yaml_node *node,
			const struct machine_spec *machine, const struct timing *defaults,
			const struct yaml_node *default_gate, struct error *err);
/* Both may be NULL: the scenario's own margins, and those of the defaults that it doesn't have. */
int suite_read_gate(struct scenario *scenario, const struct yaml_node *map,
		    const struct yaml_node *defaults, struct error *err);
int suite_read_start(struct scenario *scenario, const struct yaml_node *node,
		     const struct machine_spec *machine, struct error *err);
int suite_read_cgroups(struct scenario *scenario, const struct yaml_node *map, struct error *err);
int suite_read_expect(struct expect_spec *expect, const struct yaml_node *node, struct error *err);
int suite_read_workloads(struct scenario *scenario, const struct yaml_node *list,
			 const struct machine_spec *machine, struct error *err);

/* The machine can hold what the workloads own; complains at the scenario's name or the workload. */
int suite_check_memory(const struct scenario *scenario, const struct machine_spec *machine,
		       const struct yaml_node *name, const struct yaml_node *workloads,
		       struct error *err);

void scenario_done(struct scenario *scenario);
void settings_free(struct setting *settings, size_t count);

/* Of a table's options those that are set, into a JSON object; -1 when memory is out. */
int suite_json_options(json_t *object, const struct option_spec *table, const void *base);
int suite_json_settings(json_t *object, const struct setting *settings, size_t count);
int suite_json_machine(json_t *root, const struct machine_spec *machine);
