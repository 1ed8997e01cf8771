// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/topology.h"

#include <errno.h>
#include <numa.h>
#include <numaif.h>
#include <stdbool.h>

#include "src/cleanup.h"
#include "src/macro.h"

int topology_load(hwloc_topology_t *ret, struct error *err)
{
	hwloc_topology_t topology;

	if (hwloc_topology_init(&topology) < 0)
		return error_set(err, -ENOMEM, "hwloc");
	/* CPUs that this process may not use count too: a pin on one is then refused by name. */
	if (hwloc_topology_load(topology) < 0) {
		hwloc_topology_destroy(topology);
		return error_set(err, -errno, "hwloc: load the topology");
	}
	*ret = topology;
	return 0;
}

int topology_xml(hwloc_topology_t topology, char **ret, int *ret_len, struct error *err)
{
	if (hwloc_topology_export_xmlbuffer(topology, ret, ret_len, 0) < 0)
		return error_set(err, -errno, "hwloc: export the topology");
	return 0;
}

static int add_object(hwloc_topology_t topology, hwloc_obj_type_t type, unsigned index,
		      const char *text, hwloc_bitmap_t into, struct error *err)
{
	/* Nodes and PUs by the kernel's number; cores, which it numbers per package, by place. */
	hwloc_obj_t obj = type == HWLOC_OBJ_NUMANODE
				  ? hwloc_get_numanode_obj_by_os_index(topology, index)
			  : type == HWLOC_OBJ_PU ? hwloc_get_pu_obj_by_os_index(topology, index)
						 : hwloc_get_obj_by_type(topology, type, index);

	if (!obj)
		return error_say(err, -ENODEV, "cpus: %s: this machine has no %s %u (it has %d)",
				 text,
				 type == HWLOC_OBJ_NUMANODE ? "node"
				 : type == HWLOC_OBJ_PU	    ? "pu"
							    : "core",
				 index, hwloc_get_nbobjs_by_type(topology, type));
	hwloc_bitmap_or(into, into, obj->cpuset);
	return 0;
}

int topology_cpus(hwloc_topology_t topology, const char *text, hwloc_bitmap_t *ret,
		  struct error *err)
{
	static const struct {
		const char *prefix;
		hwloc_obj_type_t type;
	} kinds[] = {
		{ "node", HWLOC_OBJ_NUMANODE },
		{ "core:", HWLOC_OBJ_CORE },
		{ "pu:", HWLOC_OBJ_PU },
	};
	hwloc_bitmap_t cpus = hwloc_bitmap_alloc(), wanted = hwloc_bitmap_alloc();
	int r = error_say(err, -EINVAL, "cpus: «%s» is none of all, nodeN, core:LIST, pu:LIST",
			  text);

	if (streq(text, "all")) {
		hwloc_bitmap_copy(cpus, hwloc_topology_get_topology_cpuset(topology));
		r = 0;
	}
	for (size_t i = 0; i < ARRAY_SIZE(kinds) && r < 0; i++) {
		unsigned index;

		if (!starts_with(text, kinds[i].prefix) ||
		    hwloc_bitmap_list_sscanf(wanted, text + strlen(kinds[i].prefix)) < 0 ||
		    hwloc_bitmap_iszero(wanted) || hwloc_bitmap_weight(wanted) < 0)
			continue;
		r = 0;
		hwloc_bitmap_foreach_begin(index, wanted) if (r == 0) r =
			add_object(topology, kinds[i].type, index, text, cpus, err);
		hwloc_bitmap_foreach_end();
		break;
	}
	if (r == 0 && hwloc_bitmap_iszero(cpus))
		r = error_say(err, -ENODEV, "cpus: %s has no CPU", text);
	hwloc_bitmap_free(wanted);
	if (r < 0)
		hwloc_bitmap_free(cpus);
	else
		*ret = cpus;
	return r;
}

int topology_pin(hwloc_topology_t topology, hwloc_const_bitmap_t cpus, struct error *err)
{
	hwloc_bitmap_t now;
	int r = 0;

	if (hwloc_set_cpubind(topology, cpus, HWLOC_CPUBIND_THREAD | HWLOC_CPUBIND_STRICT) < 0)
		return error_set(err, -errno, "pin to CPUs");
	now = hwloc_bitmap_alloc();
	if (hwloc_get_cpubind(topology, now, HWLOC_CPUBIND_THREAD) < 0 ||
	    !hwloc_bitmap_isequal(now, cpus))
		r = error_say(err, -EIO, "pin to CPUs: the kernel kept another set");
	hwloc_bitmap_free(now);
	return r;
}

struct policy {
	int mode;	       /* MPOL_* */
	struct bitmask *nodes; /* owned; NULL for a mode without */
};

static int parse_policy(const char *text, struct policy *ret, struct error *err)
{
	static const struct {
		const char *prefix;
		int mode;
	} modes[] = {
		{ "bind:", MPOL_BIND },
		{ "preferred:", MPOL_PREFERRED },
		{ "interleave:", MPOL_INTERLEAVE },
	};

	if (streq(text, "default") || streq(text, "local")) {
		*ret = (struct policy){ .mode = *text == 'd' ? MPOL_DEFAULT : MPOL_LOCAL };
		return 0;
	}
	if (numa_available() < 0)
		return error_say(err, -ENOSYS, "memory: %s: this kernel has no NUMA support", text);
	for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
		const char *list = text + strlen(modes[i].prefix);

		if (!starts_with(text, modes[i].prefix))
			continue;
		for (const char *p = list; *p; p++)
			if (!strchr("0123456789,-", *p))
				return error_say(err, -EINVAL, "memory: «%s» is no list of nodes",
						 list);
		*ret = (struct policy){ modes[i].mode, numa_parse_nodestring(list) };
		if (!ret->nodes)
			return error_say(
				err, -ENODEV,
				"memory: %s: this machine has no such node (its nodes: 0 to %d)",
				text, numa_max_node());
		return 0;
	}
	return error_say(err, -EINVAL,
			 "memory: «%s» is none of default, local, bind:LIST, preferred:N, "
			 "interleave:LIST",
			 text);
}

static void policy_done(struct policy *p)
{
	if (p->nodes)
		numa_bitmask_free(p->nodes);
	p->nodes = NULL;
}

int topology_memory_check(const char *text, struct error *err)
{
	struct policy p = {};
	int r = parse_policy(text, &p, err);

	policy_done(&p);
	return r;
}

int topology_memory_apply(const char *text, struct error *err)
{
	struct policy p = {};
	int now = -1, r = parse_policy(text, &p, err);

	if (r < 0)
		return r;
	/* libnuma parses and sizes the masks; its setters swallow the kernel's refusal. */
	if (set_mempolicy(p.mode, p.nodes ? p.nodes->maskp : NULL,
			  p.nodes ? p.nodes->size + 1 : 0) < 0)
		r = error_set(err, -errno, "memory: %s", text);
	else if (get_mempolicy(&now, NULL, 0, NULL, 0) < 0 ||
		 (now != p.mode && !(p.mode == MPOL_LOCAL && now == MPOL_PREFERRED)))
		r = error_say(err, -EIO, "memory: %s: the kernel kept policy %d", text, now);
	policy_done(&p);
	return r;
}
