// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/suite/policy.h"

#include <errno.h>

#include "harness/suite/internal.h"
#include "harness/suite/yaml.h"

/* A scenario's map goes through the suite's own reader of margins. */
static int read_scenario(json_t *policy, const struct yaml_node *key, const struct yaml_node *map,
			 struct error *err)
{
	json_t *margins = json_object();
	struct scenario s = {};
	int r = suite_read_gate(&s, map, NULL, err);

	if (r == 0 && (!margins || suite_json_settings(margins, s.gates, s.gate_count) < 0 ||
		       json_object_set(policy, key->text, margins) < 0))
		r = error_set(err, -ENOMEM, "policy");
	json_decref(margins);
	scenario_done(&s);
	return r;
}

int policy_load(json_t **ret, const char *path, struct error *err)
{
	_cleanup_yaml_ struct yaml yaml = {};
	json_t *policy = json_object();
	struct yaml_node *root;
	int r = policy ? yaml_read_file(&yaml, path, &root, err)
		       : error_set(err, -ENOMEM, "policy");

	if (r == 0)
		r = suite_expect_kind(root, YAML_MAP, "a policy", err);
	for (size_t i = 0; r == 0 && i < root->count; i++)
		r = read_scenario(policy, root->keys[i], root->items[i], err);
	if (r < 0) {
		json_decref(policy);
		return r;
	}
	*ret = policy;
	return 0;
}
