// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/probe.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "harness/cgroup.h"
#include "harness/regime.h"
#include "harness/trace.h"
#include "harness/vm/accel.h"
#include "harness/vm/kernel.h"
#include "harness/vm/machine.h"
#include "src/cleanup.h"
#include "src/file.h"
#include "src/kvfile.h"
#include "src/macro.h"
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
	    "pages of zeros: %s; memory.stat's counts: %s; disks: %s; sizes of huge pages: %s",
	    json_string_value(json_object_get(regime, "lru")),
	    json_string_value(json_object_get(regime, "reclaim_counters")),
	    json_string_value(json_object_get(regime, "proactive")),
	    json_string_value(json_object_get(regime, "khugepaged")),
	    json_string_value(json_object_get(regime, "zero_pages")),
	    streq(json_string_value(json_object_get(regime, "rstat")), "shared")
		    ? "folded with cpu.stat's"
		    : "may lag",
	    json_string_value(json_object_get(regime, "disks")),
	    json_string_value(json_object_get(regime, "thp_sizes")));
	json_decref(regime);
}

static void probe_program(struct probe *p, enum probe_use use, const char *name, const char *cure)
{
	_cleanup_free_ char *path = NULL;
	bool ok = process_find(name, &path, NULL) == 0;

	add(p, use, name, ok, "%s", ok ? path : cure);
}

/* Only real time wants it: VMs that count instructions do without. */
static void probe_kvm(struct probe *p, const char *cache)
{
	static const char *const states[] = {
		[ACCEL_ABSENT] = "",
		[ACCEL_UNTRIED] = "not tried yet: the first «wring run --vm --clock wall» does it",
		[ACCEL_WORKS] = "boots guests, for --clock wall",
		[ACCEL_FAILS] = "does not boot guests here (--clock wall goes without; --accel kvm "
				"tries again): ",
	};
	struct accel_verdict verdict;

	accel_recall(cache, &verdict);
	add(p, PROBE_INFO, "KVM", verdict.state == ACCEL_WORKS || verdict.state == ACCEL_UNTRIED,
	    "%s%s", states[verdict.state], verdict.reason);
}

static void probe_vm(struct probe *p)
{
	_cleanup_free_ char *version = NULL, *cache = NULL;
	_cleanup_strlist_ struct strlist kernels = {};
	struct error err = {};
	bool ok = machine_version(&version, &err) == 0;
	size_t cached = 0;
	char names[300] = "";

	add(p, PROBE_VM, "QEMU", ok, "%s", ok ? version : err.text);
	kernel_cached(&kernels, NULL);
	for (size_t i = 0; i < kernels.count; i++) {
		_cleanup_kernel_ struct kernel *k = NULL;

		if (kernel_find(&k, kernels.items[i], NULL, NULL) < 0)
			continue;
		snprintf(names + strlen(names), sizeof(names) - strlen(names), "%s%s (%s)",
			 cached ? ", " : "", k->name, k->release);
		cached++;
	}
	add(p, PROBE_VM, "kernels", cached > 0, "%s",
	    cached ? names : "none cached: wring kernel get debian/6.12");
	for (const struct disk_filesystem *f = disk_filesystems; f->name; f++) {
		char cure[100];

		snprintf(cure, sizeof(cure), "for a suite's disk with %s: install %s", f->name,
			 f->package);
		/* A disk has ext4 unless the suite says otherwise. */
		probe_program(p, f == disk_filesystems ? PROBE_VM : PROBE_INFO, f->program, cure);
	}
	ok = cache_dir(&cache, &err) == 0;
	add(p, PROBE_INFO, "cache", ok, "%s", ok ? cache : err.text);
	if (ok)
		probe_kvm(p, cache);
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
