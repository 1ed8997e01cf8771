// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/probe.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <numa.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "harness/cgroup.h"
#include "harness/regime.h"
#include "harness/trace.h"
#include "harness/vm/kernel.h"
#include "harness/vm/machine.h"
#include "src/cleanup.h"
#include "src/file.h"
#include "src/kvfile.h"
#include "src/process.h"
#include "src/units.h"

__attribute__((format(printf, 5, 6))) static void
add(struct probe *p, enum probe_use use, const char *name, bool ok, const char *fmt, ...)
{
	struct probe_item *item = &p->items[p->count];
	va_list ap;

	if (p->count == PROBE_ITEMS_MAX)
		return;
	*item = (struct probe_item){ .use = use, .name = name, .ok = ok };
	va_start(ap, fmt);
	vsnprintf(item->detail, sizeof(item->detail), fmt, ap);
	va_end(ap);
	p->count++;
}

static uint64_t swap_bytes(const struct fsroot *fs)
{
	_cleanup_free_ char *meminfo = NULL;
	uint64_t kib = 0;

	if (file_read(fs->proc, "meminfo", &meminfo, NULL, NULL) == 0)
		kv_get(KV_FLAT, meminfo, "SwapTotal", &kib);
	return kib << 10;
}

static void probe_host(struct probe *p, const struct fsroot *fs)
{
	_cleanup_free_ char *psi = NULL;
	struct error err = {};
	uint64_t swap = swap_bytes(fs);
	bool ok = cgroup_probe(fs, &err) == 0;

	add(p, PROBE_HOST, "cgroup v2", ok, "%s", ok ? "memory controller at hand" : err.text);
	ok = file_read(fs->proc, "pressure/memory", &psi, NULL, NULL) == 0;
	add(p, PROBE_HOST, "PSI", ok, "%s",
	    ok ? "/proc/pressure" : "boot with psi=1, on a kernel with CONFIG_PSI");
	ok = trace_probe(&err) == 0;
	add(p, PROBE_INFO, "tracefs", ok, "%s", ok ? "at hand, for trace: true" : err.text);
	add(p, PROBE_INFO, "swap", swap > 0, "%s",
	    swap ? "on" : "none: anonymous memory over its limit is OOM-killed, not reclaimed");
}

static void probe_regime(struct probe *p, const struct fsroot *fs)
{
	struct error err = {};
	json_t *regime = regime_detect(fs, &err);
	struct utsname uts;

	uname(&uts);
	add(p, PROBE_INFO, "kernel", true, "%s", uts.release);
	if (!regime) {
		add(p, PROBE_INFO, "regime", false, "%s", err.text);
		return;
	}
	add(p, PROBE_INFO, "regime", true,
	    "LRU %s; reclaim counters of /proc/vmstat: %s; proactive: %s; khugepaged: %s; "
	    "pages of zeros: %s",
	    json_string_value(json_object_get(regime, "lru")),
	    json_string_value(json_object_get(regime, "reclaim_counters")),
	    json_string_value(json_object_get(regime, "proactive")),
	    json_string_value(json_object_get(regime, "khugepaged")),
	    json_string_value(json_object_get(regime, "zero_pages")));
	json_decref(regime);
}

static void probe_program(struct probe *p, enum probe_use use, const char *name, const char *cure)
{
	_cleanup_free_ char *path = NULL;
	bool ok = process_find(name, &path, NULL) == 0;

	add(p, use, name, ok, "%s", ok ? path : cure);
}

static void probe_vm(struct probe *p)
{
	_cleanup_free_ char *version = NULL, *cache = NULL;
	struct error err = {};
	bool ok = machine_version(&version, &err) == 0;
	size_t cached = 0;
	char names[300] = "";

	add(p, PROBE_VM, "QEMU", ok, "%s", ok ? version : err.text);
	for (const struct kernel_source *s = kernel_sources; s->name; s++) {
		struct kernel *k;

		if (kernel_find(&k, s->name, NULL, NULL) < 0)
			continue;
		snprintf(names + strlen(names), sizeof(names) - strlen(names), "%s%s (%s)",
			 cached ? ", " : "", k->name, k->release);
		cached++;
		kernel_free(k);
	}
	add(p, PROBE_VM, "kernels", cached > 0, "%s",
	    cached ? names : "none cached: wring kernel get debian/6.12");
	probe_program(p, PROBE_VM, "mke2fs", "for a suite's disk: install e2fsprogs");
	ok = cache_dir(&cache, &err) == 0;
	add(p, PROBE_INFO, "cache", ok, "%s", ok ? cache : err.text);
}

void probe_run(struct probe *ret, const struct fsroot *fs)
{
	*ret = (struct probe){};
	probe_host(ret, fs);
	probe_vm(ret);
	probe_program(ret, PROBE_PLOT, "gnuplot",
		      "install gnuplot-nox (Debian) or gnuplot (Fedora)");
	probe_regime(ret, fs);
}

bool probe_ok(const struct probe *p, enum probe_use use)
{
	for (size_t i = 0; i < p->count; i++)
		if (p->items[i].use == use && !p->items[i].ok)
			return false;
	return true;
}

int probe_machine(const struct fsroot *fs, const struct machine_spec *machine, struct error *err)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	int nodes = numa_available() < 0 ? 1 : numa_num_configured_nodes();
	uint64_t swap = swap_bytes(fs);
	char wanted[FORMAT_MAX], there[FORMAT_MAX];
	int r = cgroup_probe(fs, err);

	if (r < 0)
		return r;
	if ((uint64_t)cpus < machine->cpus)
		return error_say(
			err, -ENODEV,
			"the suite asks for %llu CPUs, this host has %ld: run in a VM (--vm), "
			"or --set machine.cpus=%ld",
			(unsigned long long)machine->cpus, cpus, cpus);
	if ((size_t)nodes < machine->node_count)
		return error_say(
			err, -ENODEV,
			"the suite asks for %zu NUMA nodes, this host has %d: run in a VM (--vm)",
			machine->node_count, nodes);
	/* What mkswap takes for itself, a page or two, is not held against the host. */
	if (machine->swap.type != SWAP_NONE && swap + (1 << 20) < machine->swap.size_bytes)
		return error_say(
			err, -ENODEV,
			"the suite asks for %s of swap, this host has %s: add swap, run in a VM "
			"(--vm), or --set machine.swap=none",
			format_size(machine->swap.size_bytes, wanted),
			format_size_short((double)swap, there));
	if (machine->disk.type != DISK_NONE)
		return error_say(err, -ENODEV,
				 "the suite's disk is made in VMs only: run with --vm");
	return 0;
}
