// SPDX-License-Identifier: GPL-2.0-or-later
/* Which metrics mean the same in two regimes. */
#include "results/regime.h"

#include "src/macro.h"
#include "tests/tap.h"

/* Linux 6.1 as Debian has it, 6.12 with MGLRU, and a later one that counts all. */
#define OLD                                                                                        \
	"{\"reclaim_counters\":\"global-only\",\"proactive\":\"in direct\","                       \
	"\"khugepaged\":\"in direct\",\"zero_pages\":\"swapped\",\"lru\":\"classic\"}"
#define MGLRU                                                                                      \
	"{\"reclaim_counters\":\"global-only\",\"proactive\":\"in direct\","                       \
	"\"khugepaged\":\"in direct\",\"zero_pages\":\"swapped\",\"lru\":\"mglru\"}"
#define APART                                                                                      \
	"{\"reclaim_counters\":\"global-only\",\"proactive\":\"in direct\","                       \
	"\"khugepaged\":\"split\",\"zero_pages\":\"noted\",\"lru\":\"classic\"}"
#define ALL                                                                                        \
	"{\"reclaim_counters\":\"all\",\"proactive\":\"split\","                                   \
	"\"khugepaged\":\"in direct\",\"zero_pages\":\"swapped\",\"lru\":\"classic\"}"
#define STACKED "{\"disks\":\"stacked\",\"thp_sizes\":\"pmd\"}"
#define SEVERAL "{\"disks\":\"plain\",\"thp_sizes\":\"several\"}"

static const struct {
	const char *metric, *a, *b;
	enum comparability want;
} cases[] = {
	{ "reclaim.scanned", OLD, OLD, REGIME_SAME },
	{ "time.measured", OLD, MGLRU, REGIME_SAME },
	{ "fault.major", OLD, MGLRU, REGIME_SAME },
	{ "refault.anon", OLD, MGLRU, REGIME_SAME },
	{ "reclaim.reclaimed", OLD, MGLRU, REGIME_SAME },
	{ "reclaim.scanned", OLD, MGLRU, REGIME_NOTED },
	{ "reclaim.efficiency", OLD, MGLRU, REGIME_NOTED }, /* of what it is made */
	{ "cgroup.NAME.scanned_direct", OLD, MGLRU, REGIME_NOTED },
	{ "reclaim.refill", OLD, MGLRU, REGIME_DIFFERENT },
	{ "reclaim.deactivated", OLD, MGLRU, REGIME_DIFFERENT },
	{ "workingset.restore", OLD, MGLRU, REGIME_DIFFERENT },
	{ "node.N.active_anon_end", OLD, MGLRU, REGIME_DIFFERENT },
	{ "cgroup.NAME.active_anon_end", OLD, MGLRU, REGIME_DIFFERENT },
	{ "swap.out", OLD, APART, REGIME_NOTED },
	{ "reclaim.scanned_direct", OLD, APART, REGIME_NOTED },
	{ "reclaim.scanned", OLD, APART, REGIME_SAME },
	{ "reclaim.scanned_kswapd", OLD, APART, REGIME_SAME },
	{ "reclaim.scanned_direct", OLD, ALL, REGIME_DIFFERENT },
	{ "reclaim.scanned", OLD, ALL, REGIME_SAME },
	{ "cgroup.NAME.reclaimed_direct", OLD, ALL, REGIME_DIFFERENT },
	{ "io.read", "{\"swap_io\":\"uncounted\"}", "{\"swap_io\":\"counted\"}", REGIME_DIFFERENT },
	{ "cgroup.NAME.io_written", "{\"swap_io\":\"uncounted\"}", "{\"swap_io\":\"counted\"}",
	  REGIME_DIFFERENT },
	{ "cgroup.NAME.io_read", STACKED, SEVERAL, REGIME_NOTED },
	{ "fault.minor", STACKED, SEVERAL, REGIME_NOTED },
	{ "swap.out", STACKED, SEVERAL, REGIME_SAME },
	/* What a record of an older wring does not say is taken for the same. */
	{ "swap.out", "{\"lru\":\"classic\"}", APART, REGIME_SAME },
};

static const struct metric_def *find(const char *name)
{
	for (const struct metric_def *d = NULL; (d = metric_next(d));)
		if (streq(d->name, name))
			return d;
	return NULL;
}

static const struct {
	const char *a, *b;
	bool comparable;
} clocks[] = {
	{ "{\"clock\":\"insn\",\"accelerator\":\"tcg\"}",
	  "{\"clock\":\"insn\",\"accelerator\":\"tcg\"}", true },
	/* An older wring's record: instructions are counted by TCG alone. */
	{ "{\"clock\":\"insn\"}", "{\"clock\":\"insn\",\"accelerator\":\"tcg\"}", true },
	{ "{\"clock\":\"insn\",\"accelerator\":\"tcg\"}",
	  "{\"clock\":\"wall\",\"accelerator\":\"tcg\"}", false },
	{ "{\"clock\":\"wall\",\"accelerator\":\"kvm\"}",
	  "{\"clock\":\"wall\",\"accelerator\":\"tcg\"}", false },
	{ "{\"clock\":\"wall\",\"accelerator\":\"kvm\"}",
	  "{\"clock\":\"wall\",\"accelerator\":\"kvm\"}", true },
	/* A host's trial has none. */
	{ "{\"clock\":\"wall\"}", "{\"clock\":\"wall\",\"accelerator\":\"tcg\"}", false },
	{ "{\"clock\":\"wall\"}", "{\"clock\":\"wall\",\"accelerator\":\"none\"}", true },
};

static void test_clocks(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(clocks); i++) {
		json_t *a = json_loads(clocks[i].a, 0, NULL), *b = json_loads(clocks[i].b, 0, NULL);
		const char *why = regime_clocks(a, b);

		tap_ok(a && b && (why == NULL) == clocks[i].comparable, "%s, %s: %s", clocks[i].a,
		       clocks[i].b, why ? why : "comparable");
		tap_ok(regime_clocks(b, a) == why, "and the other way about");
		json_decref(a);
		json_decref(b);
	}
}

int main(void)
{
	test_clocks();
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		json_t *a = json_loads(cases[i].a, 0, NULL), *b = json_loads(cases[i].b, 0, NULL);
		const struct metric_def *def = find(cases[i].metric);
		const char *why = NULL, *back = NULL;

		if (!tap_ok(def && a && b, "%s is a metric", cases[i].metric))
			continue;
		tap_eq_i64(regime_compare(def, a, b, &why), cases[i].want, "%s: %s",
			   cases[i].metric, why ? why : "the same");
		tap_eq_i64(regime_compare(def, b, a, &back), cases[i].want,
			   "%s: the other way about", cases[i].metric);
		tap_ok((why != NULL) == (cases[i].want != REGIME_SAME) && why == back,
		       "%s: and for one reason", cases[i].metric);
		json_decref(a);
		json_decref(b);
	}
	return tap_done();
}
