// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "harness/suite/internal.h"
#include "src/macro.h"
#include "src/nearest.h"
#include "src/units.h"
#include "workloads/registry.h"

/* "in:" of a workload that is to be outside of the suite's cgroups. */
#define OUTSIDE "/"

/* What a workload's checks look at. */
struct context {
	const struct scenario *scenario;
	const struct machine_spec *machine;
	const struct yaml_node *kind;	 /* the key "anon": where the whole is complained about */
	const struct yaml_node *options; /* the map behind it, or an empty one */
	struct error *err;
};

/* Where an option was given, or the workload itself. */
static const struct yaml_node *where(const struct context *c, const char *name)
{
	const struct option_spec *spec = option_find(placement_options, name);

	if (!spec) {
		const struct yaml_node *own = yaml_map_get(c->options, name);

		return own ? own : c->kind;
	}
	for (size_t i = 0; i < c->options->count; i++)
		if (option_find(spec, c->options->keys[i]->text) == spec)
			return c->options->items[i];
	return c->kind;
}

/*
 * "0,2-3": every number is below limit. what: "node"; the error says how many there are.
 */
static int check_list(const struct context *c, const char *key, const char *text, const char *what,
		      uint64_t limit)
{
	const char *rest = text;

	do {
		uint64_t first, last;
		char *end;

		if (*rest < '0' || *rest > '9')
			goto bad;
		first = last = strtoull(rest, &end, 10);
		if (*end == '-') {
			if (end[1] < '0' || end[1] > '9')
				goto bad;
			last = strtoull(end + 1, &end, 10);
		}
		if (last < first || (*end && *end != ','))
			goto bad;
		if (last >= limit)
			return yaml_complain(where(c, key), c->err,
					     "%s: there is no %s %" PRIu64
					     ": the machine has %" PRIu64 ", numbered from 0",
					     key, what, last, limit);
		rest = *end ? end + 1 : NULL;
	} while (rest);
	return 0;
bad:
	return yaml_complain(where(c, key), c->err,
			     "%s: «%s» is not a list of numbers as 0 or 0,2-3", key, text);
}

static int check_cpus(const struct context *c, const char *text)
{
	uint64_t node;

	if (streq(text, "all"))
		return 0;
	if (starts_with(text, "core:"))
		return check_list(c, "cpus", text + 5, "core", c->machine->cpus);
	if (starts_with(text, "pu:"))
		return check_list(c, "cpus", text + 3, "CPU", c->machine->cpus);
	if (!starts_with(text, "node") || parse_u64(text + 4, &node) < 0)
		return yaml_complain(where(c, "cpus"), c->err,
				     "cpus: «%s» is none of all, nodeN, core:LIST, pu:LIST", text);
	if (node >= c->machine->node_count)
		return yaml_complain(where(c, "cpus"), c->err,
				     "cpus: there is no %s: the machine has %zu node%s, numbered "
				     "from 0",
				     text, c->machine->node_count,
				     c->machine->node_count == 1 ? "" : "s");
	if (!c->machine->nodes[node].cpu_set)
		return yaml_complain(where(c, "cpus"), c->err,
				     "cpus: %s has no CPU: the machine has %" PRIu64
				     ", given to the nodes in turn unless machine.nodes says "
				     "which; raise machine.cpus",
				     text, c->machine->cpus);
	return 0;
}

static int check_memory(const struct context *c, const char *text)
{
	static const char *const policies[] = { "bind:", "preferred:", "interleave:" };
	uint64_t node;

	if (streq(text, "default") || streq(text, "local"))
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(policies); i++) {
		const char *list = text + strlen(policies[i]);

		if (!starts_with(text, policies[i]))
			continue;
		if (streq(policies[i], "preferred:") && parse_u64(list, &node) < 0)
			return yaml_complain(where(c, "memory"), c->err,
					     "memory: «%s»: preferred takes one node", text);
		return check_list(c, "memory", list, "node", c->machine->node_count);
	}
	return yaml_complain(where(c, "memory"), c->err,
			     "memory: «%s» is none of default, local, bind:LIST, preferred:N, "
			     "interleave:LIST",
			     text);
}

static bool has_children(const struct scenario *s, const char *path)
{
	size_t len = strlen(path);

	for (size_t i = 0; i < s->cgroup_count; i++)
		if (starts_with(s->cgroups[i].path, path) && s->cgroups[i].path[len] == '/')
			return true;
	return false;
}

/* The only cgroup that can hold a process; *ret is NULL when there is none, or no single one. */
static size_t count_leaves(const struct scenario *s, const char **ret)
{
	size_t leaves = 0;

	*ret = NULL;
	for (size_t i = 0; i < s->cgroup_count; i++)
		if (!has_children(s, s->cgroups[i].path)) {
			*ret = leaves ? NULL : s->cgroups[i].path;
			leaves++;
		}
	return leaves;
}

static int unknown_cgroup(const struct context *c, const char *path)
{
	struct nearest search = { .word = path };
	char hint[200];

	for (size_t i = 0; i < c->scenario->cgroup_count; i++)
		nearest_offer(&search, c->scenario->cgroups[i].path);
	return yaml_complain(where(c, "in"), c->err, "in: there is no cgroup «%s» here%s", path,
			     nearest_hint(&search, hint, sizeof(hint)));
}

/* Afterwards p->in is a leaf's path, or NULL for a workload outside of the suite's cgroups. */
static int resolve_cgroup(const struct context *c, struct placement *p)
{
	const char *leaf;
	size_t leaves = count_leaves(c->scenario, &leaf);

	if (!p->in && leaves > 1)
		return yaml_complain(c->kind, c->err,
				     "«in» is missing: there are %zu cgroups to choose from; "
				     "in: / is outside of them",
				     leaves);
	if (!p->in)
		return leaf ? suite_text(&p->in, leaf, c->err) : 0;
	if (streq(p->in, OUTSIDE)) {
		free(p->in);
		p->in = NULL;
		return 0;
	}
	if (!scenario_cgroup(c->scenario, p->in))
		return unknown_cgroup(c, p->in);
	if (has_children(c->scenario, p->in))
		return yaml_complain(where(c, "in"), c->err,
				     "in: cgroup «%s» has cgroups inside of it; processes can only "
				     "be in the innermost ones",
				     p->in);
	return 0;
}

/* How much it does: one way to say it, passes: 1 when nothing is said. */
static int resolve_work(const struct context *c, struct workload_spec *w)
{
	struct placement *p = &w->placement;
	unsigned ways = !!p->passes + !!p->ops + !!p->duration_ns;
	uint64_t ops;

	if (p->stop_ns && p->stop_ns <= p->start_ns)
		return yaml_complain(where(c, "stop"), c->err,
				     "stop: it would end before it starts");
	if (p->rate < 0 || p->rate > 1e9)
		return yaml_complain(where(c, "rate"), c->err,
				     "rate: %g is out of range: 0 to 1000000000 a second", p->rate);
	if (p->slow_ns && (!p->rate || p->latency == LATENCY_NONE))
		return yaml_complain(where(c, "slow"), c->err,
				     "slow: it is for operations that are due at set times and are "
				     "timed: give rate, and latency: each");
	if (ways > 1)
		return yaml_complain(where(c, p->duration_ns ? "duration" : "ops"), c->err,
				     "give one of passes, ops and duration, not %u of them", ways);
	if (p->warmup_passes && p->warmup_duration_ns)
		return yaml_complain(where(c, "warmup_duration"), c->err,
				     "give one of warmup_passes and warmup_duration, not both");
	if (!ways && !p->stop_ns)
		p->passes = 1;
	if (__builtin_mul_overflow(MAX(p->passes, p->warmup_passes), w->plan.ops_per_pass, &ops))
		return yaml_complain(c->kind, c->err,
				     "so many passes are more than 2^64 operations");
	return 0;
}

/* A knob of the scenario as a number; 0 when it isn't set. */
static uint64_t knob_number(const struct scenario *s, const char *name)
{
	uint64_t n = 0;

	for (size_t i = 0; i < s->knob_count; i++)
		if (streq(s->knobs[i].name, name))
			parse_u64(s->knobs[i].value, &n);
	return n;
}

static struct workload_site make_site(const struct context *c, const struct placement *p)
{
	const struct machine_spec *machine = c->machine;
	struct workload_site site = {
		.page_bytes = (size_t)sysconf(_SC_PAGESIZE),
		.threads = p->threads,
		.node_count = machine->node_count,
		.swap_bytes = machine_swap_bytes(machine),
		.disk_bytes = machine->disk.type == DISK_NONE ? 0 : machine->disk.size_bytes,
		.hugepages = knob_number(c->scenario, "vm.nr_hugepages") +
			     knob_number(c->scenario, "vm.nr_overcommit_hugepages"),
		.rated = p->rate > 0,
	};

	for (size_t i = 0; i < machine->node_count; i++)
		site.node_bytes[i] = machine->nodes[i].size_bytes;
	return site;
}

/* Its own directory is on a filesystem that is there and has the room. */
static int check_dir(const struct context *c, const struct workload_spec *w)
{
	const struct machine_spec *machine = c->machine;
	char need[FORMAT_MAX], size[FORMAT_MAX], room[FORMAT_MAX];
	uint64_t bytes = w->plan.disk_bytes * w->placement.processes;

	if (!w->plan.dir)
		return 0;
	if (!streq(w->plan.dir, "disk") && !streq(w->plan.dir, "tmpfs") && *w->plan.dir != '/')
		return yaml_complain(where(c, "dir"), c->err,
				     "dir: «%s» is none of disk, tmpfs, or an absolute path",
				     w->plan.dir);
	if (!streq(w->plan.dir, "disk"))
		return 0;
	if (machine->disk.type == DISK_NONE)
		return yaml_complain(where(c, "dir"), c->err,
				     "dir: disk, but the machine has none: add machine.disk, as "
				     "disk: {type: null_blk, size: 256M}; or, on a host, name a "
				     "directory");
	if (bytes <= disk_room(&machine->disk))
		return 0;
	return yaml_complain(
		c->kind, c->err,
		"its files take %s, the machine's disk has %s, of which its filesystem "
		"leaves %s: make machine.disk larger",
		format_size_short((double)bytes, need), format_size(machine->disk.size_bytes, size),
		format_size_short((double)disk_room(&machine->disk), room));
}

static int check_workload(const struct context *c, struct workload_spec *w)
{
	struct workload_site site = make_site(c, &w->placement);
	struct error why = {};
	int r;

	if (w->placement.name && suite_check_name(where(c, "name"), "name", c->err) < 0)
		return -EINVAL;
	r = resolve_cgroup(c, &w->placement);
	if (r == 0)
		r = check_cpus(c, w->placement.cpus);
	if (r == 0)
		r = check_memory(c, w->placement.memory);
	if (r < 0)
		return r;
	if (w->ops->plan(w->options, &site, &w->plan, &why) < 0)
		return yaml_complain(c->kind, c->err, "%s: %s", w->ops->name, why.text);
	r = check_dir(c, w);
	return r < 0 ? r : resolve_work(c, w);
}

static int unknown_workload(const struct yaml_node *key, struct error *err)
{
	struct nearest search = { .word = key->text };
	char hint[200];

	for (const struct workload_ops *const *w = workloads; *w; w++)
		nearest_offer(&search, (*w)->name);
	nearest_hint(&search, hint, sizeof(hint));
	return yaml_complain(key, err, "unknown workload «%s»%s", key->text,
			     *hint ? hint : "; see «wring list workloads»");
}

static int read_workload(struct workload_spec *w, struct scenario *s, const struct yaml_node *item,
			 const struct machine_spec *machine, struct error *err)
{
	static const struct yaml_node nothing = { .kind = YAML_MAP };
	struct context c = { .scenario = s, .machine = machine, .err = err };
	struct option_target targets[3] = { { placement_options, &w->placement } };

	if (item->kind != YAML_MAP || item->count != 1)
		return yaml_complain(item, err,
				     "a workload is written «- GENERATOR: {OPTIONS}», "
				     "as - anon: {size: 96M}");
	c.kind = item->keys[0];
	w->ops = workload_find(c.kind->text);
	if (!w->ops)
		return unknown_workload(c.kind, err);
	if (suite_expect_kind(item->items[0], YAML_MAP, c.kind->text, err) < 0)
		return -EINVAL;
	c.options = item->items[0]->kind == YAML_MAP ? item->items[0] : &nothing;
	w->options = calloc(1, w->ops->options_size + 1);
	if (!w->options)
		return error_set(err, -ENOMEM, "workload");
	if (option_defaults(placement_options, &w->placement, err) < 0 ||
	    option_defaults(w->ops->options, w->options, err) < 0)
		return -EINVAL;
	targets[1] = (struct option_target){ w->ops->options, w->options };
	if (suite_read_options(c.options, c.kind, targets, err) < 0)
		return -EINVAL;
	return check_workload(&c, w);
}

static bool is_taken(const struct scenario *s, const char *name)
{
	for (size_t i = 0; i < s->workload_count; i++)
		if (s->workloads[i].placement.name && streq(s->workloads[i].placement.name, name))
			return true;
	return false;
}

/* Given names are unique; the others get the generator's, with -2, -3 behind it. */
static int name_workloads(struct scenario *s, const struct yaml_node *list, struct error *err)
{
	for (size_t i = 0; i < s->workload_count; i++)
		for (size_t j = 0; j < i; j++) {
			const char *a = s->workloads[i].placement.name;
			const char *b = s->workloads[j].placement.name;

			if (a && b && streq(a, b))
				return yaml_complain(list->items[i], err,
						     "there is a workload «%s» already", a);
		}
	for (size_t i = 0; i < s->workload_count; i++) {
		struct workload_spec *w = &s->workloads[i];
		char name[NAME_LENGTH_MAX + 8];

		if (w->placement.name)
			continue;
		snprintf(name, sizeof(name), "%s", w->ops->name);
		for (unsigned n = 2; is_taken(s, name); n++)
			snprintf(name, sizeof(name), "%s-%u", w->ops->name, n);
		if (suite_text(&w->placement.name, name, err) < 0)
			return -ENOMEM;
	}
	return 0;
}

int suite_read_workloads(struct scenario *s, const struct yaml_node *list,
			 const struct machine_spec *machine, struct error *err)
{
	if (suite_expect_kind(list, YAML_LIST, "workloads", err) < 0)
		return -EINVAL;
	if (!list->count || list->count > WORKLOADS_MAX)
		return yaml_complain(list, err, "%zu workloads: a scenario has 1 to %d",
				     list->count, WORKLOADS_MAX);
	s->workloads = calloc(list->count, sizeof(*s->workloads));
	if (!s->workloads)
		return error_set(err, -ENOMEM, "workloads");
	for (size_t i = 0; i < list->count; i++) {
		struct workload_spec *w = &s->workloads[s->workload_count++];
		int r = read_workload(w, s, list->items[i], machine, err);

		if (r < 0)
			return r;
	}
	return name_workloads(s, list, err);
}
