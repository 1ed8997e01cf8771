// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>

#include "harness/suite/internal.h"
#include "src/macro.h"

#define AXES_MAX 8

/* One key of a matrix. */
struct axis {
	struct yaml_node *key;
	const struct yaml_node *values; /* a list, or a single value */
	char label[VARIANT_LENGTH_MAX];
};

/* How a variant's name calls an axis: "knobs.vm.swappiness" is vm.swappiness. */
static void label_axis(struct axis *axis, const struct yaml_node *scenario, bool full)
{
	const char *path = axis->key->text, *rest;
	const struct yaml_node *cgroups = yaml_map_get(scenario, "cgroups");
	const char *label = path;

	if ((rest = suite_path_behind(path, "knobs")))
		label = rest;
	else if (full && ((rest = suite_path_behind(path, "cgroups")) ||
			  (rest = suite_path_behind(path, "workloads"))))
		label = rest;
	else if ((rest = suite_path_behind(path, "workloads")))
		label = strrchr(rest, '.') ? strrchr(rest, '.') + 1 : rest;
	else if ((rest = suite_path_behind(path, "cgroups")))
		for (size_t i = 0; cgroups && i < cgroups->count; i++) {
			const char *limit = suite_path_behind(rest, cgroups->keys[i]->text);

			if (limit && (label == path || limit > label))
				label = limit;
		}
	snprintf(axis->label, sizeof(axis->label), "%s", label);
	for (char *c = axis->label; *c; c++)
		if (*c == '/')
			*c = '.';
}

static int read_axes(const struct yaml_node *scenario, const struct yaml_node *matrix,
		     struct axis *axes, size_t *ret_variants, struct error *err)
{
	size_t variants = 1;

	if (matrix->count > AXES_MAX)
		return yaml_complain(matrix, err, "more than %d keys in a matrix", AXES_MAX);
	for (size_t i = 0; i < matrix->count; i++) {
		const struct yaml_node *values = matrix->items[i];

		axes[i].key = matrix->keys[i];
		axes[i].values = values;
		if (values->kind == YAML_MAP || values->kind == YAML_NULL ||
		    (values->kind == YAML_LIST && !values->count))
			return yaml_complain(values, err, "«%s» must be a list of values: [A, B]",
					     axes[i].key->text);
		for (size_t j = 0; j < values->count; j++)
			if (suite_expect_kind(values->items[j], YAML_SCALAR, axes[i].key->text,
					      err) < 0)
				return -EINVAL;
		variants *= MAX(values->count, (size_t)1);
		if (variants > SCENARIOS_MAX)
			return yaml_complain(matrix, err, "a matrix of more than %d variants",
					     SCENARIOS_MAX);
		label_axis(&axes[i], scenario, false);
	}
	for (size_t i = 0; i < matrix->count; i++)
		for (size_t j = 0; j < i; j++)
			if (streq(axes[i].label, axes[j].label)) {
				label_axis(&axes[i], scenario, true);
				label_axis(&axes[j], scenario, true);
			}
	*ret_variants = variants;
	return 0;
}

/* Appends "@LABEL=VALUE" or ",LABEL=VALUE", with what a directory's name can't have replaced. */
static size_t append_label(char *name, size_t size, size_t used, const struct axis *axis,
			   bool first, const char *value)
{
	int n = snprintf(name + used, size - used, "%c%s=", first ? '@' : ',', axis->label);

	used = MIN(used + (size_t)n, size - 1);
	for (; *value && used + 4 < size; value++) {
		if (*value == '%') {
			used += (size_t)snprintf(name + used, size - used, "pct");
			continue;
		}
		name[used++] = strchr("._-", *value) || (*value >= '0' && *value <= '9') ||
					       (*value >= 'a' && *value <= 'z') ||
					       (*value >= 'A' && *value <= 'Z')
				       ? *value
				       : '-';
		name[used] = '\0';
	}
	return used;
}

static int make_variant(struct yaml *yaml, const struct yaml_node *scenario,
			const struct axis *axes, size_t axis_count, size_t number,
			struct yaml_node **ret, struct error *err)
{
	struct yaml_node *variant = yaml_copy(yaml, scenario);
	struct yaml_node *name = yaml_map_get(variant, "name");
	char text[2 * VARIANT_LENGTH_MAX];
	size_t used = 0, block = 1;

	if (!variant)
		return error_say(err, -EINVAL, "the matrix of a scenario is too large");
	for (size_t i = 0; i < axis_count; i++)
		block *= MAX(axes[i].values->count, (size_t)1);
	if (name && name->kind == YAML_SCALAR)
		used = (size_t)snprintf(text, sizeof(text), "%.*s", VARIANT_LENGTH_MAX, name->text);
	for (size_t i = 0; i < axis_count; i++) {
		const struct axis *axis = &axes[i];
		bool list = axis->values->kind == YAML_LIST;
		const struct yaml_node *chosen = axis->values;
		bool matched = false;
		int r;

		block /= MAX(axis->values->count, (size_t)1);
		if (list)
			chosen = axis->values->items[number / block % axis->values->count];
		if (starts_with(axis->key->text, "matrix"))
			return yaml_complain(axis->key, err, "a matrix can't vary itself");
		used = append_label(text, sizeof(text), used, axis, i == 0, chosen->text);
		r = suite_set(yaml, variant, axis->key, axis->key->text, yaml_copy(yaml, chosen),
			      &matched, err);
		if (r < 0)
			return r;
		if (!matched)
			return yaml_complain(axis->key, err,
					     "«%s» matches no cgroup or workload of this scenario",
					     axis->key->text);
	}
	if (name && name->kind == YAML_SCALAR) {
		struct yaml_node *renamed = yaml_scalar(yaml, name, text);

		if (!renamed)
			return error_set(err, -ENOMEM, "suite");
		*name = *renamed;
	}
	*ret = variant;
	return 0;
}

static int unfold_scenario(struct yaml *yaml, struct yaml_node *scenario, struct yaml_node *into,
			   struct error *err)
{
	const struct yaml_node *matrix = yaml_map_get(scenario, "matrix");
	struct axis axes[AXES_MAX];
	size_t variants = 0;
	int r;

	if (!matrix || (matrix->kind == YAML_MAP && !matrix->count))
		return yaml_list_add(yaml, into, scenario);
	if (suite_expect_kind(matrix, YAML_MAP, "matrix", err) < 0)
		return -EINVAL;
	r = read_axes(scenario, matrix, axes, &variants, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < variants; i++) {
		struct yaml_node *variant = NULL;

		r = make_variant(yaml, scenario, axes, matrix->count, i, &variant, err);
		if (r < 0)
			return r;
		if (yaml_list_add(yaml, into, variant) < 0)
			return error_set(err, -ENOMEM, "suite");
	}
	return 0;
}

int suite_unfold(struct yaml *yaml, struct yaml_node *root, struct error *err)
{
	struct yaml_node *scenarios = yaml_map_get(root, "scenarios");
	struct yaml_node all = *scenarios;

	all.items = NULL;
	all.count = 0;
	for (size_t i = 0; i < scenarios->count; i++) {
		int r = unfold_scenario(yaml, scenarios->items[i], &all, err);

		if (r < 0)
			return r;
		if (all.count > SCENARIOS_MAX)
			return yaml_complain(scenarios, err, "more than %d scenarios",
					     SCENARIOS_MAX);
	}
	*scenarios = all;
	return 0;
}
