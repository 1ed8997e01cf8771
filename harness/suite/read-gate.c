// SPDX-License-Identifier: GPL-2.0-or-later
/* «gate:»: the metrics that a kernel is held to, and by how much each may move. */
#include <errno.h>
#include <stdlib.h>

#include "harness/suite/internal.h"
#include "src/macro.h"
#include "src/units.h"

/* A metric's name as records have it, or a glob of them: "work.*.latency.p99". */
static bool is_metric_pattern(const char *text)
{
	size_t plain = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789._-/*?");

	return plain && !text[plain];
}

static int add_margin(struct scenario *s, const struct yaml_node *key,
		      const struct yaml_node *value, struct error *err)
{
	struct setting *gate = &s->gates[s->gate_count];
	struct margin margin;

	if (!is_metric_pattern(key->text))
		return yaml_complain(key, err,
				     "gate: «%s» is no metric's name, as reclaim.scanned or "
				     "work.*.rate",
				     key->text);
	if (suite_expect_kind(value, YAML_SCALAR, key->text, err) < 0)
		return -EINVAL;
	if (streq(value->text, "none"))
		return 0;
	if (parse_margin(value->text, &margin) < 0)
		return yaml_complain(value, err,
				     "gate: %s: «%s» is no margin: write what is too little to "
				     "matter, as 2%%, or 2%% or 50 (in the metric's unit), or none",
				     key->text, value->text);
	s->gate_count++;
	if (suite_text(&gate->name, key->text, err) < 0 ||
	    suite_text(&gate->value, value->text, err) < 0)
		return -ENOMEM;
	return 0;
}

int suite_read_gate(struct scenario *s, const struct yaml_node *map,
		    const struct yaml_node *defaults, struct error *err)
{
	size_t count = (map ? map->count : 0) + (defaults ? defaults->count : 0);
	int r = 0;

	if ((map && suite_expect_kind(map, YAML_MAP, "gate", err) < 0) ||
	    (defaults && suite_expect_kind(defaults, YAML_MAP, "gate", err) < 0))
		return -EINVAL;
	s->gates = calloc(count + 1, sizeof(*s->gates));
	if (!s->gates)
		return error_set(err, -ENOMEM, "gate");
	for (size_t i = 0; r == 0 && map && i < map->count; i++)
		r = add_margin(s, map->keys[i], map->items[i], err);
	for (size_t i = 0; r == 0 && defaults && i < defaults->count; i++)
		if (yaml_map_find(map, defaults->keys[i]->text) < 0)
			r = add_margin(s, defaults->keys[i], defaults->items[i], err);
	return r;
}
