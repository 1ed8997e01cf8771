// SPDX-License-Identifier: GPL-2.0-or-later
/* «start:», what shall be there when the measured phase begins: a map for a node, or a list of
 * them. */
#include <errno.h>
#include <stdlib.h>

#include "harness/suite/internal.h"
#include "src/macro.h"
#include "src/units.h"

const struct option_spec start_options[] = {
	OPTION_U64(struct start_spec, node, .name = "node", .fallback = "0",
		   .max = SUITE_NODES_MAX - 1, .help = "whose memory free and fragment are about"),
	OPTION_BOOL(struct start_spec, drop_caches, .name = "drop_caches", .fallback = "false",
		    .help = "write back, then drop page cache, dentries and inodes, of all nodes"),
	OPTION_SHARE(struct start_spec, swap_used, .name = "swap_used", .fallback = "0",
		     .help = "share of swap that is in use; 0: as it comes"),
	OPTION_SIZE(struct start_spec, free_bytes, .name = "free", .fallback = "0",
		    .max = 1ull << 44, .help = "free memory of the node; 0: as it comes"),
	OPTION_SHARE(struct start_spec, index, .name = "fragment", .fallback = "0",
		     .help = "unusable-free index of the order on the node; 0: as it comes"),
	OPTION_U64(struct start_spec, order, .name = "order", .fallback = "9", .min = 1, .max = 10,
		   .help = "fragment: of the blocks that there shall be few of, 2^order pages"),
	{}
};

/* What is impossible on this machine is said now. */
static int check(const struct start_spec *s, const struct yaml_node *map,
		 const struct machine_spec *machine, struct error *err)
{
	char size[FORMAT_MAX], node[FORMAT_MAX];

	if (s->node >= machine->node_count)
		return yaml_complain(map, err, "start: there is no node %llu: the machine has %zu",
				     (unsigned long long)s->node, machine->node_count);
	if (s->free_bytes && s->free_bytes >= machine->nodes[s->node].size_bytes)
		return yaml_complain(map, err, "start: node %llu can't have %s free, it has %s",
				     (unsigned long long)s->node, format_size(s->free_bytes, size),
				     format_size(machine->nodes[s->node].size_bytes, node));
	if (s->free_bytes && s->index > 0)
		return yaml_complain(map, err,
				     "start: free and fragment both decide what is left of node "
				     "%llu: give one of them",
				     (unsigned long long)s->node);
	if (s->swap_used > 0 && !machine->swap_count)
		return yaml_complain(map, err, "start: swap_used needs swap: machine.swap is none");
	if (s->swap_used > 0.99)
		return yaml_complain(map, err, "start: swap_used is at most 99%%");
	if (!s->drop_caches && !s->free_bytes && s->index <= 0 && s->swap_used <= 0)
		return yaml_complain(map, err,
				     "start: nothing is asked for: give drop_caches, swap_used, "
				     "free or fragment");
	return 0;
}

static int read_one(struct scenario *s, const struct yaml_node *map,
		    const struct machine_spec *machine, struct error *err)
{
	struct start_spec *spec = &s->starts[s->start_count++];
	const struct option_target targets[] = { { start_options, spec }, {} };
	int r = suite_expect_kind(map, YAML_MAP, "start", err);

	if (r == 0)
		r = option_defaults(start_options, spec, err);
	if (r == 0)
		r = suite_read_options(map, map, targets, err);
	if (r == 0)
		r = check(spec, map, machine, err);
	for (size_t i = 0; r == 0 && i + 1 < s->start_count; i++) {
		if (s->starts[i].node == spec->node)
			r = yaml_complain(map, err, "start: node %llu is there twice",
					  (unsigned long long)spec->node);
		else if (s->starts[i].swap_used > 0 && spec->swap_used > 0)
			r = yaml_complain(map, err, "start: swap_used is there twice");
	}
	return r;
}

int suite_read_start(struct scenario *s, const struct yaml_node *node,
		     const struct machine_spec *machine, struct error *err)
{
	bool list = node->kind == YAML_LIST;
	int r = 0;

	s->starts = calloc((list ? node->count : 1) + 1, sizeof(*s->starts));
	if (!s->starts)
		return error_set(err, -ENOMEM, "start");
	if (!list)
		return read_one(s, node, machine, err);
	for (size_t i = 0; r == 0 && i < node->count; i++)
		r = read_one(s, node->items[i], machine, err);
	return r;
}
