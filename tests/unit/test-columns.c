// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The columns that metrics are made of, against those of two recorded kernels: none is forgotten,
 * and none is missing of which results/columns.c doesn't say so.
 */
#include "results/columns.h"

#include <fcntl.h>
#include <fnmatch.h>

#include "harness/sources.h"
#include "harness/topology.h"
#include "results/metrics.h"
#include "src/cleanup.h"
#include "src/macro.h"
#include "tests/tap.h"
#include "tests/trees.h"

/* "kswapd*.cpu_ns" in a formula stands for all nodes' threads: the same as kswapdN. */
static bool is_column(const char *pattern, const char *general)
{
	return fnmatch(pattern, general, 0) == 0;
}

struct search {
	const struct columns *columns;
	const char *general;
	bool found;
	const char *kernel, *metric;
	unsigned wrong;
};

static bool find_column(const struct column_use *use, void *with)
{
	struct search *s = with;

	s->found = s->found || is_column(use->name, s->general);
	return !s->found;
}

static bool is_used(const char *general)
{
	struct search s = { .general = general };

	for (const struct metric_def *d = NULL; !s.found && (d = metric_next(d));)
		columns_visit(d, find_column, &s);
	return s.found;
}

struct left_out {
	char pattern[100];
	bool seen, used;
};

static size_t read_left_out(struct left_out *ret, size_t max)
{
	_cleanup_free_ char *text = tree_fixture("catalog/left-out.txt");
	char *rest = text, *line;
	size_t count = 0;

	while ((line = strsep(&rest, "\n"))) {
		char *colon = strstr(line, ": ");

		if (!*line || *line == '#')
			continue;
		if (!colon || !colon[2] || count == max) {
			tap_ok(false, "left-out.txt has a reason for «%s»", line);
			continue;
		}
		*colon = '\0';
		ret[count] = (struct left_out){};
		snprintf(ret[count++].pattern, sizeof(ret->pattern), "%s", line);
	}
	return count;
}

static void check_complete(const char *kernel, const struct columns *c, struct left_out *left,
			   size_t left_count)
{
	unsigned forgotten = 0;

	for (size_t i = 0; i < c->count; i++) {
		char general[300];
		bool used, named = false;

		column_general(general, sizeof(general), c->items[i].name);
		used = is_used(general);
		for (size_t k = 0; k < left_count; k++) {
			if (fnmatch(left[k].pattern, general, 0) != 0)
				continue;
			named = left[k].seen = true;
			left[k].used |= used;
		}
		if (used || named)
			continue;
		forgotten++;
		printf("# %s: %s is in no metric and not in tests/fixtures/catalog/left-out.txt\n",
		       kernel, general);
	}
	tap_eq_u64(forgotten, 0, "%s: each of %zu columns is in a metric, or left out for a reason",
		   kernel, c->count);
}

static void check_left_out(const struct left_out *left, size_t count)
{
	unsigned wrong = 0;

	for (size_t i = 0; i < count; i++) {
		if (left[i].seen && !left[i].used)
			continue;
		wrong++;
		printf("# left-out.txt: %s: %s\n", left[i].pattern,
		       left[i].used ? "a metric is made of it" : "no recorded kernel has it");
	}
	tap_eq_u64(wrong, 0, "each of %zu reasons to leave a column out is about one", count);
}

/* The metrics that the kernel's files alone make: not latencies, not what tracing counts. */
static bool look_for_file(const struct column_use *use, void *with)
{
	static const char *const kernel[] = { "vmstat.", "meminfo.", "zoneinfo.",  "buddyinfo.",
					      "psi.",	 "NAME.",    "node",	   "zram0.",
					      "kswapd",	 "kcompact", "khugepaged", "work." };
	struct search *s = with;

	for (size_t i = 0; i < ARRAY_SIZE(kernel); i++)
		s->found |= starts_with(use->name, kernel[i]);
	return true;
}

/* ---- the kernels that it says ---- */

static bool check_use(const struct column_use *use, void *with)
{
	struct search *s = with;
	const struct column_kernels *k = column_kernels_find(use->name);
	bool want = !k || (streq(s->kernel, "linux-6.1") ? k->on_6_1 : k->on_6_12), have = false;

	for (size_t i = 0; i < s->columns->count && !have; i++) {
		char general[300];

		column_general(general, sizeof(general), s->columns->items[i].name);
		have = is_column(use->name, general);
	}
	if (have != want) {
		s->wrong++;
		printf("# %s: %s of %s is %s\n", s->kernel, use->name, s->metric,
		       have ? "there, not as columns.c says"
			    : "not there, of which columns.c "
			      "says nothing");
	}
	return true;
}

static void check_kernels(const char *kernel, const struct columns *c)
{
	struct search s = { .columns = c, .kernel = kernel };

	for (const struct metric_def *d = NULL; (d = metric_next(d));) {
		struct search file = {};

		columns_visit(d, look_for_file, &file);
		s.metric = d->name;
		if (file.found)
			columns_visit(d, check_use, &s);
	}
	tap_eq_u64(s.wrong, 0, "%s: the columns of all metrics are there, or said not to be",
		   kernel);
}

static void check_words(void)
{
	static const struct {
		const char *metric, *kernels;
	} words[] = {
		{ "fault.major", "from 6.1 on" },
		{ "swap.zero_in", "6.12, not 6.1 (vmstat.swpin_zero)" },
		{ "swap.zswap_in", "those with CONFIG_ZSWAP (vmstat.zswpin)" },
		{ "reclaim.memcg_share",
		  "from 6.1 on; reclaim counters must be global-only, as up to 6.12" },
		{ "reclaim.scanned_proactive",
		  "those that count memory.reclaim apart from direct reclaim "
		  "(vmstat.pgscan_proactive); reclaim counters must be all" },
		{ "node.N.demoted", "6.12, not 6.1 (nodeN.pgdemote_kswapd)" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		char text[400] = "";

		metric_kernels(metric_find(words[i].metric), text, sizeof(text));
		tap_eq_str(text, words[i].kernels, "the kernels of %s", words[i].metric);
	}
}

/* ---- that these are the columns of a trial ---- */

static struct sampler *make_sampler(const char *kernel)
{
	_cleanup_free_ char *path = tree_path(kernel);
	_cleanup_fsroot_ struct fsroot fs = { -1, -1, -1 };
	_cleanup_close_ int box = -1;
	hwloc_topology_t topology = NULL;
	struct sampler *s = NULL;
	struct error err = {};
	int r = fsroot_open(&fs, path, &err);

	if (r == 0)
		r = topology_load(&topology, &err); /* this machine's: it has node 0, too */
	if (r == 0)
		r = sampler_new(&s, &err);
	if (r == 0)
		r = sources_add_machine(s, &fs, topology, &err);
	box = openat(fs.cgroup, "box", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (r == 0)
		r = sources_add_cgroup(s, box, "box", &err);
	if (r == 0)
		r = sampler_prepare(s, &err);
	if (topology)
		hwloc_topology_destroy(topology);
	tap_eq_i64(r, 0, "%s: a sampler %s", kernel, err.text);
	return s;
}

/* Every column of a sampler on the tree, but its own two, is one that was looked at above. */
static void check_sampler(const char *kernel, const struct columns *c)
{
	struct sampler *s = make_sampler(kernel);
	_cleanup_free_ char *header = NULL;
	unsigned unknown = 0, count = 0;
	size_t len = 0;
	FILE *f = open_memstream(&header, &len);
	char *rest, *name;

	sampler_write(s, f);
	sampler_free(s);
	fclose(f);
	header[strcspn(header, "\n")] = '\0';
	for (rest = header; (name = strsep(&rest, "\t")); count++) {
		bool known = count < 2;

		for (size_t i = 0; i < c->count && !known; i++)
			known = streq(c->items[i].name, name);
		unknown += !known;
		if (!known)
			printf("# %s: tests/trees.c does not know %s\n", kernel, name);
	}
	tap_ok(count > 2 && !unknown, "%s: the %u columns of a sampler are among them", kernel,
	       count);
}

int main(void)
{
	static const char *const kernels[] = { "linux-6.1", "linux-6.12" };
	struct columns *columns = calloc(1, sizeof(*columns));
	struct left_out left[200];
	size_t left_count = read_left_out(left, ARRAY_SIZE(left));

	for (size_t i = 0; i < ARRAY_SIZE(kernels); i++) {
		struct tree tree;

		tree_load(&tree, kernels[i]);
		columns_read(columns, &tree);
		check_complete(kernels[i], columns, left, left_count);
		check_kernels(kernels[i], columns);
		check_sampler(kernels[i], columns);
		tree_done(&tree);
	}
	check_left_out(left, left_count);
	check_words();
	free(columns);
	return tap_done();
}
