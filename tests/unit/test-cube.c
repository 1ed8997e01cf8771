// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The reclaim cube on records made here: each rule by which a cell is told, what must stay unknown,
 * and that sums close. A cell is named "NODE CGROUP RECLAIMER KIND", * for all.
 */
#include <fcntl.h>
#include <unistd.h>

#include "results/cube.h"
#include "src/cleanup.h"
#include "src/file.h"
#include "src/macro.h"
#include "tests/tap.h"

#define ROWS_MAX 8
/* Two nodes, a page of 4 KiB, no khugepaged: what most of the records have. */
#define TWO_NODES "\"nodes\":[0,1],\"page_size\":4096,\"cpus\":1,\"knobs\":{\"thp\":\"never\"}"
#define ONE_NODE  "\"nodes\":[0],\"page_size\":4096,\"cpus\":1,\"knobs\":{\"thp\":\"never\"}"
#define OLD	  "\"regime\":{\"reclaim_counters\":\"global-only\",\"lru\":\"classic\"}"
#define OLD_MGLRU "\"regime\":{\"reclaim_counters\":\"global-only\",\"lru\":\"mglru\"}"
#define NEW	  "\"regime\":{\"reclaim_counters\":\"all\",\"lru\":\"mglru\"}"
#define BOX	  "\"cgroups\":[\"box\"]"
#define TRACED	  "\"trace\":{\"lost\":0,\"unavailable\":[]}"

#define SPAN_HEAD                                                                                  \
	"start_ns\tend_ns\tworkload\tthread\twhat\tnode\torder\tpriority\tscanned\treclaimed\t"    \
	"detail\n"

struct made {
	struct record *record;
	struct cube *cube;
};

/* "vmstat.pgscan_anon 0 10 20": a column and its value in each row. */
static char *samples_text(const char *const *columns, size_t rows)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	fputs("t_ns", f);
	for (size_t i = 0; columns[i]; i++)
		fprintf(f, "\t%.*s", (int)strcspn(columns[i], " "), columns[i]);
	for (size_t row = 0; row < rows; row++) {
		fprintf(f, "\n%zu", row * 100);
		for (size_t i = 0; columns[i]; i++) {
			const char *at = columns[i];

			for (size_t k = 0; k <= row; k++)
				at = strchr(at, ' ') + 1;
			fprintf(f, "\t%.*s", (int)strcspn(at, " "), at);
		}
	}
	fputc('\n', f);
	fclose(f);
	return text;
}

static size_t count_rows(const char *column)
{
	size_t n = 0;

	for (; *column; column++)
		n += *column == ' ';
	return n;
}

/* trial: what it has beside the formalities. All of the rows are the measured phase. */
static void make(struct made *ret, const char *trial, const char *const *columns, const char *spans)
{
	size_t rows = count_rows(columns[0]);
	_cleanup_free_ char *text = text_format(
		"{\"schema\":1,\"suite\":\"s\",\"scenario\":\"c\",\"kernel\":\"k\",\"clock\":"
		"\"insn\",\"seed\":1,\"outcome\":\"completed\",\"phases\":[{\"name\":\"measured\","
		"\"start_ns\":0,\"end_ns\":%zu}],%s}",
		(rows - 1) * 100, trial);
	_cleanup_free_ char *samples = samples_text(columns, rows);
	char dir[] = "test-cube.XXXXXX";
	_cleanup_close_ int fd = -1;
	struct error err = {};
	const struct {
		const char *name, *text;
	} files[] = { { "trial.json", text },
		      { "samples.tsv", samples },
		      { "latency.tsv", "workload\tlow_ns\thigh_ns\tcount\n" },
		      { "spans.tsv", spans } };

	if (!mkdtemp(dir) || (fd = open(dir, O_RDONLY | O_DIRECTORY)) < 0)
		exit(1);
	for (size_t i = 0; i < ARRAY_SIZE(files) && files[i].text; i++)
		file_write_atomic(fd, files[i].name, files[i].text, strlen(files[i].text), NULL);
	*ret = (struct made){};
	if (record_read(&ret->record, fd, &err) < 0 || cube_new(&ret->cube, ret->record) < 0) {
		tap_ok(false, "a record: %s", err.text);
		exit(tap_done());
	}
	dir_remove(AT_FDCWD, dir, NULL);
	cube_take(ret->cube, 0, rows - 1);
}

static void done(struct made *m)
{
	cube_free(m->cube);
	record_free(m->record);
}

static size_t word_at(const char *word, const char *const *names, size_t count, size_t all)
{
	for (size_t i = 0; i < count; i++)
		if (streq(word, names[i]))
			return i;
	return all;
}

static size_t cgroup_at(const struct cube *cube, const char *name)
{
	size_t i = word_at(name, cube->cgroups, cube->cgroup_count, cube->cgroup_count + 1);

	return i < cube->cgroup_count ? i
	       : streq(name, "-")     ? cube_outside(cube)
				      : cube_all(cube, CUBE_CGROUP);
}

/* "7", "3-7", "0-?" */
static void format(struct grid_range range, char *buf, size_t size)
{
	if (range_known(range))
		snprintf(buf, size, "%llu", (unsigned long long)range.low);
	else if (range.high == GRID_OPEN)
		snprintf(buf, size, "%llu-?", (unsigned long long)range.low);
	else
		snprintf(buf, size, "%llu-%llu", (unsigned long long)range.low,
			 (unsigned long long)range.high);
}

#define is(m, cell, want, why) is_at(TAP_HERE, m, cell, want, why)
/* want: pages reclaimed. */
static void is_at(struct tap_where where, const struct made *m, const char *cell, const char *want,
		  const char *why)
{
	char node[20], cgroup[40], who[20], kind[20], got[60];
	size_t n, place[3];

	if (sscanf(cell, "%19s %39s %19s %19s", node, cgroup, who, kind) != 4)
		exit(1);
	for (n = 0; n < m->cube->node_count; n++)
		if (!streq(node, "*") && m->cube->nodes[n] == atoi(node))
			break;
	place[0] = cgroup_at(m->cube, cgroup);
	place[1] = word_at(who, cube_reclaimer_names, CUBE_RECLAIMERS, CUBE_ANYONE);
	place[2] = word_at(kind, cube_kind_names, CUBE_KINDS, CUBE_KINDS);
	format(cube_pages(m->cube, CUBE_RECLAIMED, n, place[0], place[1], place[2]), got,
	       sizeof(got));
	tap_eq_str_at(where, got, want, "%s: %s", cell, why);
}

/* ---- counters ---- */

static void test_limits(void)
{
	static const char *const columns[] = {
		"vmstat.pgsteal_anon 0 100",	       "vmstat.pgsteal_file 0 20",
		"vmstat.pgsteal_kswapd 7 37",	       "vmstat.pgsteal_direct 0 0",
		"box.memory.stat.pgsteal 0 90",	       "box.memory.stat.pgsteal_kswapd 0 0",
		"box.memory.stat.pgsteal_direct 0 90", NULL
	};
	struct made m;

	make(&m, ONE_NODE "," OLD "," BOX, columns, NULL);
	is(&m, "* * * *", "120", "all, by kind");
	is(&m, "* * * anon", "100", "a kind");
	is(&m, "* * kswapd *", "30", "kswapd's counter");
	is(&m, "* * direct *", "0", "no global direct reclaim");
	is(&m, "* * limit *", "90", "what is left of all is at limits");
	is(&m, "* box limit *", "90", "memory.stat's direct is then all at the limit");
	is(&m, "* - kswapd *", "30", "the pages of no cgroup");
	is(&m, "* - limit *", "0", "which no limit is met for");
	is(&m, "0 box limit *", "90", "one node has all");
	is(&m, "* box limit anon", "70-90", "a kind is not told, but bounded");
	is(&m, "* box limit file", "0-20", "from both sides");
	tap_ok(!m.cube->proactive && !m.cube->khugepaged, "what the kernel counts apart");
	tap_eq_u64(cube_off(m.cube), 0, "and all sums close");
	done(&m);
}

static void test_mixed(void)
{
	static const char *const columns[] = {
		"vmstat.pgsteal_anon 0 100",	       "vmstat.pgsteal_file 0 0",
		"vmstat.pgsteal_kswapd 0 30",	       "vmstat.pgsteal_direct 0 20",
		"box.memory.stat.pgsteal 0 80",	       "box.memory.stat.pgsteal_kswapd 0 30",
		"box.memory.stat.pgsteal_direct 0 50", NULL
	};
	struct made m;

	make(&m, TWO_NODES "," OLD "," BOX, columns, NULL);
	is(&m, "* * limit *", "50", "all - kswapd - global direct");
	is(&m, "* box limit *", "30-50", "of one cgroup both are known together alone");
	is(&m, "* box direct *", "0-20", "global direct is no more than vmstat's");
	is(&m, "* - direct *", "0-20", "wherever it was");
	is(&m, "0 * * *", "0-100", "no node is told");
	is(&m, "* * proactive *", "0", "it is under limit");
	done(&m);
}

static void test_nested(void)
{
	static const char *const columns[] = { "vmstat.pgsteal_anon 0 100",
					       "vmstat.pgsteal_file 0 0",
					       "vmstat.pgsteal_kswapd 0 0",
					       "vmstat.pgsteal_direct 0 0",
					       "box.memory.stat.pgsteal 0 100",
					       "box.memory.stat.pgsteal_direct 0 100",
					       "box.memory.stat.pgsteal_kswapd 0 0",
					       "box/a.memory.stat.pgsteal 0 60",
					       "box/a.memory.stat.pgsteal_direct 0 60",
					       "box/b.memory.stat.pgsteal 0 40",
					       "box/b.memory.stat.pgsteal_direct 0 40",
					       "boxer.memory.stat.pgsteal 0 0",
					       "boxer.memory.stat.pgsteal_direct 0 0",
					       NULL };
	struct made m;

	make(&m, ONE_NODE "," OLD ",\"cgroups\":[\"box\",\"box/a\",\"box/b\",\"boxer\"]", columns,
	     NULL);
	is(&m, "* box limit *", "0", "a parent's own pages: without its children's");
	is(&m, "* box/a limit *", "60", "a child's");
	is(&m, "* box/b limit *", "40", "another's");
	is(&m, "* boxer limit *", "0", "a name that only begins so is no child");
	is(&m, "* - * *", "0", "nothing is counted twice");
	tap_eq_u64(
		cube_pages(m.cube, CUBE_RECLAIMED, 0, m.cube->subtrees[0], CUBE_LIMIT, CUBE_KINDS)
			.low,
		100, "and the parent with its children");
	done(&m);
}

static void test_by_node(void)
{
	static const char *const columns[] = { "vmstat.pgsteal_anon 0 100",
					       "vmstat.pgsteal_file 0 0",
					       "vmstat.pgsteal_kswapd 0 10",
					       "vmstat.pgsteal_direct 0 75",
					       "vmstat.pgsteal_khugepaged 0 0",
					       "vmstat.pgsteal_proactive 0 15",
					       "vmstat.pgscan_khugepaged 0 0",
					       "vmstat.pgscan_proactive 0 15",
					       "node0.pgsteal_anon 0 25",
					       "node0.pgsteal_kswapd 0 10",
					       "node0.pgsteal_proactive 0 15",
					       "node0.pgsteal_direct 0 0",
					       "node1.pgsteal_anon 0 75",
					       "node1.pgsteal_direct 0 75",
					       "box.memory.stat.pgsteal 0 100",
					       "box.memory.stat.pgsteal_direct 0 75",
					       "box.memory.stat.pgsteal_kswapd 0 10",
					       "box.memory.stat.pgsteal_proactive 0 15",
					       NULL };
	struct made m;

	make(&m, TWO_NODES "," NEW "," BOX, columns, NULL);
	is(&m, "1 box * anon", "75", "a node's own counters");
	is(&m, "0 box kswapd *", "10", "by reclaimer");
	is(&m, "0 box proactive *", "15", "with memory.reclaim apart");
	is(&m, "* * limit *", "0-75", "where direct counts limits too, neither is told");
	is(&m, "1 * direct *", "0-75", "on no node");
	tap_ok(m.cube->proactive && m.cube->khugepaged, "what the kernel counts apart");
	done(&m);
}

static void test_khugepaged(void)
{
	static const char *const apart[] = { "vmstat.pgsteal_anon 0 20",
					     "vmstat.pgsteal_file 0 0",
					     "vmstat.pgsteal_kswapd 0 0",
					     "vmstat.pgsteal_direct 0 0",
					     "vmstat.pgscan_khugepaged 0 5",
					     "vmstat.pgsteal_khugepaged 0 5",
					     "box.memory.stat.pgsteal 0 18",
					     "box.memory.stat.pgsteal_kswapd 0 0",
					     "box.memory.stat.pgsteal_direct 0 10",
					     "box.memory.stat.pgsteal_khugepaged 0 8",
					     NULL };
	static const char *const in_direct[] = { "vmstat.pgsteal_anon 0 20",
						 "vmstat.pgsteal_file 0 0",
						 "vmstat.pgsteal_kswapd 0 0",
						 "vmstat.pgsteal_direct 0 5",
						 "khugepaged.cpu_ns 10 30",
						 "khugepaged.slices 1 2",
						 NULL };
	static const char *const asleep[] = { "vmstat.pgsteal_anon 0 20",
					      "vmstat.pgsteal_file 0 0",
					      "vmstat.pgsteal_kswapd 0 0",
					      "vmstat.pgsteal_direct 0 5",
					      "khugepaged.cpu_ns 30 30",
					      "khugepaged.slices 2 2",
					      NULL };
	struct made m;

	make(&m, ONE_NODE "," OLD "," BOX, apart, NULL);
	is(&m, "* box khugepaged *", "8", "memory.stat has what it did at a limit as well");
	is(&m, "* - khugepaged *", "0-2", "elsewhere it is no more than vmstat's");
	is(&m, "* box limit *", "10", "and what is direct is not its");
	done(&m);
	make(&m, ONE_NODE "," OLD ",\"cgroups\":[]", in_direct, NULL);
	is(&m, "* * khugepaged *", "0-5", "counted as direct, and it ran: not told");
	is(&m, "* * direct *", "0-5", "nor is direct");
	is(&m, "* * limit *", "15", "but the rest is");
	done(&m);
	make(&m, ONE_NODE "," OLD ",\"cgroups\":[]", asleep, NULL);
	is(&m, "* * khugepaged *", "0", "it did not run");
	is(&m, "* * direct *", "5", "so that direct is the others'");
	done(&m);
	make(&m,
	     "\"nodes\":[0],\"page_size\":4096,\"cpus\":1,\"knobs\":{\"thp\":\"always\"}," OLD
	     ",\"cgroups\":[]",
	     (const char *const[]){ "vmstat.pgsteal_anon 0 5", "vmstat.pgsteal_file 0 0",
				    "vmstat.pgsteal_kswapd 0 0", "vmstat.pgsteal_direct 0 5",
				    NULL },
	     NULL);
	is(&m, "* * khugepaged *", "0-5", "a thread that was not looked at may have run");
	done(&m);
}

static void test_missing(void)
{
	struct made m;

	make(&m, ONE_NODE "," OLD "," BOX,
	     (const char *const[]){ "vmstat.pgsteal_anon 0 5", "vmstat.pgsteal_file 0 -",
				    "vmstat.pgsteal_kswapd 9 3", NULL },
	     NULL);
	is(&m, "* * * anon", "5", "one kind was read");
	is(&m, "* * * file", "0-?", "one that was not is unknown, not 0");
	is(&m, "* * kswapd *", "0-?", "nor is one that went backwards");
	is(&m, "* box limit *", "0-?", "or is not there");
	done(&m);
}

/* ---- threads and levels ---- */

static void test_threads(void)
{
	static const char *const one[] = {
		"vmstat.pgsteal_anon 0 10 10 40",   "vmstat.pgsteal_file 0 0 0 0",
		"vmstat.pgsteal_kswapd 0 10 10 40", "kswapd0.cpu_ns 5 9 9 9",
		"kswapd0.slices 1 2 2 2",	    "kswapd1.cpu_ns 5 5 5 8",
		"kswapd1.slices 1 1 1 2",	    NULL
	};
	/* kswapd0's run, read behind the counters, may be in the next interval's pages */
	static const char *const late[] = {
		"vmstat.pgsteal_anon 0 0 10",	"vmstat.pgsteal_file 0 0 0",
		"vmstat.pgsteal_kswapd 0 0 10", "kswapd0.cpu_ns 5 9 9",
		"kswapd0.slices 1 2 2",		"kswapd1.cpu_ns 5 5 8",
		"kswapd1.slices 1 1 2",		NULL
	};
	struct made m;

	make(&m, TWO_NODES "," OLD ",\"cgroups\":[]", one, NULL);
	is(&m, "0 * kswapd *", "10", "one of them ran, then the other");
	is(&m, "1 * kswapd *", "30", "each is its node's");
	is(&m, "0 * kswapd file", "0", "with the kinds' sum");
	done(&m);
	make(&m, TWO_NODES "," OLD ",\"cgroups\":[]", late, NULL);
	is(&m, "0 * kswapd *", "0-10", "a run that a tick saw end may be counted behind it");
	done(&m);
}

/* Of a cgroup's 100 pages, by its lists on node 0 at three rows, in pages, and refaults there. */
static void levels(const char *name, const unsigned *lists, unsigned refaults, const char *want)
{
	char column[100], refault[100];
	const char *const columns[] = { "vmstat.pgsteal_anon 0 60 100",
					"vmstat.pgsteal_file 0 0 0",
					"box.memory.stat.pgsteal 0 60 100",
					column,
					refault,
					"box.memory.numa_stat.active_anon.N0 0 0 0",
					NULL };
	struct made m;

	snprintf(column, sizeof(column), "box.memory.numa_stat.inactive_anon.N0 %u %u %u",
		 lists[0] * 4096, lists[1] * 4096, lists[2] * 4096);
	snprintf(refault, sizeof(refault), "box.memory.numa_stat.workingset_refault_anon.N0 0 0 %u",
		 refaults);
	make(&m, TWO_NODES "," OLD "," BOX, columns, NULL);
	is(&m, "1 box * *", want, name);
	done(&m);
}

static void test_levels(void)
{
	static const unsigned none[] = { 0, 0, 0 }, few[] = { 9, 9, 9 }, rest[] = { 9, 9, 0 },
			      many[] = { 32, 32, 32 }, more[] = { 9, 9, 10 };
	static const char *const no_file[] = {
		"vmstat.pgsteal_anon 0 60",	   "vmstat.pgsteal_file 0 70",
		"box.memory.stat.pgsteal 0 50",	   "box.memory.stat.inactive_file 0 0",
		"box.memory.stat.active_file 0 0", NULL
	};
	struct made m;

	levels("no page on node 0 at any tick: all are node 1's", none, 0, "100");
	levels("nine that stay: no more than these, an interval", few, 0, "82-100");
	levels("nine that leave: the same", rest, 0, "82-100");
	levels("a batch of reclaim may be turned over: not told", many, 0, "0-100");
	levels("pages that came may have gone: of that interval not told", more, 0, "51-100");
	levels("and so if some came back", few, 1, "51-100");
	make(&m, ONE_NODE "," OLD "," BOX, no_file, NULL);
	is(&m, "* box * anon", "50", "a cgroup without page cache: all is anonymous");
	is(&m, "* - * file", "70", "and page cache is the others'");
	done(&m);
}

/* ---- the trace ---- */

static const char *const traced_columns[] = { "vmstat.pgscan_anon 0 180",
					      "vmstat.pgsteal_anon 0 80",
					      "vmstat.pgsteal_file 0 20",
					      "vmstat.pgscan_file 0 20",
					      "vmstat.pgsteal_kswapd 0 40",
					      "vmstat.pgsteal_direct 0 20",
					      "vmstat.pgscan_kswapd 0 40",
					      "vmstat.pgscan_direct 0 20",
					      "box.memory.stat.pgsteal 0 60",
					      "box.memory.stat.pgsteal_kswapd 0 0",
					      "box.memory.stat.pgsteal_direct 0 60",
					      "vmstat.slabs_scanned 0 64",
					      NULL };
#define LRU(t, workload, thread, node, scanned, reclaimed, kind)                                   \
#t "\t" #t "\t" workload "\t" thread "\tlru\t" #node "\t-\t12\t" #scanned "\t" #reclaimed  \
	   "\t" kind "\n"
#define CALL(from, to, workload, thread, what)                                                     \
#from "\t" #to "\t" workload "\t" thread "\t" what "\t-\t0\t12\t-\t-\t-\n"
#define SHRINK(from, to, workload, thread, node, scanned, freed)                                   \
#from "\t" #to "\t" workload "\t" thread "\tshrinker\t" #node "\t-\t12\t" #scanned         \
	      "\t" #freed "\tsuper_cache_scan\n"
#define TRACED_TRIAL                                                                               \
	TWO_NODES "," BOX ",\"limits\":{\"box/memory.max\":\"1\"},\"workloads\":["                 \
		  "{\"name\":\"w\",\"cgroup\":\"box\"}]," TRACED
static const char traced_spans[] =
	SPAN_HEAD CALL(0, 100, "-", "kswapd0", "kswapd") LRU(5, "-", "kswapd0", 0, 40, 40, "anon")
		CALL(10, 20, "w", "0.0", "memcg-reclaim") LRU(12, "w", "0.0", 1, 140, 40, "anon")
			SHRINK(13, 14, "w", "0.0", 1, 64, 60) LRU(15, "w", "0.0", 0, 0, 0, "file")
				CALL(30, 40, "w", "0.1", "direct-reclaim")
					LRU(31, "w", "0.1", 0, 20, 20, "file");

static void test_trace(void)
{
	struct made m;

	make(&m, TRACED_TRIAL "," OLD, traced_columns, traced_spans);
	is(&m, "0 * kswapd anon", "40", "a pass of kswapd, on its node");
	is(&m, "1 box limit anon", "40", "a pass at a limit is of the thread's cgroup");
	is(&m, "0 * direct file", "20", "a pass of direct reclaim");
	is(&m, "1 * direct *", "0", "and none elsewhere");
	is(&m, "* box direct *", "20", "whose pages were box's, by its memory.stat");
	tap_eq_u64(cube_pages(m.cube, CUBE_SCANNED, 1, 0, CUBE_LIMIT, CUBE_ANON).low, 140,
		   "scanned, by the classic LRU's events");
	tap_ok(range_known(cube_objects(m.cube, CUBE_RECLAIMED, 1, 2, CUBE_LIMIT)) &&
		       cube_objects(m.cube, CUBE_RECLAIMED, 1, 2, CUBE_LIMIT).low == 60,
	       "what a shrinker freed");
	tap_eq_u64(cube_objects(m.cube, CUBE_SCANNED, 0, 2, CUBE_KSWAPD).high, 0,
		   "and kswapd's did nothing");
	done(&m);

	make(&m, TRACED_TRIAL "," OLD_MGLRU, traced_columns, traced_spans);
	is(&m, "1 box limit anon", "40", "MGLRU: what was freed is told");
	tap_ok(!range_known(cube_pages(m.cube, CUBE_SCANNED, 1, 0, CUBE_LIMIT, CUBE_ANON)),
	       "what was scanned is not");
	tap_eq_u64(cube_pages(m.cube, CUBE_SCANNED, 1, 2, CUBE_DIRECT, CUBE_FILE).high, 0,
		   "but where no pass was, nothing was scanned");
	done(&m);
}

static void test_trace_gaps(void)
{
	static const char missing[] = SPAN_HEAD CALL(0, 100, "-", "kswapd0", "kswapd")
		LRU(5, "-", "kswapd0", 0, 40, 40, "anon") CALL(10, 20, "w", "0.0", "memcg-reclaim")
			LRU(12, "w", "0.0", 1, 140, 33, "anon")
				LRU(31, "w", "0.1", 0, 20, 20, "file");
	static const char *const bad[] = { "{\"lost\":1,\"unavailable\":[]}",
					   "{\"lost\":0,\"unavailable\":[\"kswapd\"]}",
					   "{\"lost\":0,\"unavailable\":[\"lru\"]}" };
	struct made m;

	make(&m, TRACED_TRIAL "," OLD, traced_columns, missing);
	is(&m, "1 * limit anon", "33-40", "what the trace lacks may have been anywhere");
	/* vmstat has 20 of direct reclaim, and 7 anonymous pages are where the trace has none */
	is(&m, "0 * direct file", "13-20", "a pass in no call has no reclaimer");
	done(&m);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		_cleanup_free_ char *trial = text_format(
			TWO_NODES "," BOX ",\"limits\":{\"box/memory.max\":\"1\"},\"workloads\":["
				  "{\"name\":\"w\",\"cgroup\":\"box\"}]," OLD ",\"trace\":%s",
			bad[i]);

		make(&m, trial, traced_columns, traced_spans);
		is(&m, "1 * limit anon", "0-40", bad[i]);
		done(&m);
	}
}

/* limits: of which cgroup; the thread is of box/a. box/b has pages, too. */
static void owner(const char *limits, const char *want, const char *why)
{
	static const char *const columns[] = { "vmstat.pgsteal_anon 0 40",
					       "vmstat.pgsteal_file 0 0",
					       "vmstat.pgsteal_kswapd 0 0",
					       "vmstat.pgsteal_direct 0 0", NULL };
	_cleanup_free_ char *trial = text_format(
		TWO_NODES "," OLD "," TRACED ",\"cgroups\":[\"box\",\"box/a\",\"box/b\"],"
			  "\"workloads\":[{\"name\":\"w\",\"cgroup\":\"box/a\"}],\"limits\":{%s}",
		limits);
	struct made m;

	make(&m, trial, columns,
	     SPAN_HEAD CALL(10, 20, "w", "0.0", "memcg-reclaim")
		     LRU(12, "w", "0.0", 1, 40, 40, "anon"));
	is(&m, "1 box/a limit anon", want, why);
	done(&m);
}

static void test_owners(void)
{
	static const char *const own[] = { "vmstat.pgsteal_anon 0 40",
					   "vmstat.pgsteal_file 0 0",
					   "vmstat.pgsteal_kswapd 0 0",
					   "vmstat.pgsteal_direct 0 0",
					   "box.memory.stat.pgsteal_direct 0 10",
					   NULL };
	struct made m;

	owner("\"box/a/memory.max\":\"4096\"", "40", "its own limit");
	owner("\"box/a/memory.high\":\"4096\"", "40", "memory.high is one");
	owner("\"box/memory.max\":\"4096\"", "0-40", "a parent's, with other children");
	owner("\"box/a/memory.max\":\"4096\",\"box/memory.max\":\"8192\"", "0-40", "both");
	owner("\"box/a/memory.max\":\"max\"", "0-40", "none at all: it asked for reclaim");
	make(&m, TRACED_TRIAL "," OLD, own,
	     SPAN_HEAD CALL(10, 20, "w", "0.0", "memcg-reclaim")
		     LRU(12, "w", "0.0", 1, 40, 40, "anon"));
	is(&m, "1 box limit anon", "10", "more than its counters have: these stand");
	tap_eq_u64(cube_off(m.cube), 0, "and the rest was another's");
	done(&m);
}

static void test_children(void)
{
	static const char *const columns[] = { "vmstat.pgsteal_anon 0 40",
					       "vmstat.pgsteal_file 0 0", NULL };
	struct made m;

	make(&m, TRACED_TRIAL "," OLD, columns,
	     SPAN_HEAD CALL(10, 30, "w", "child", "memcg-reclaim")
		     CALL(12, 40, "w", "child", "direct-reclaim")
			     LRU(15, "w", "child", 1, 30, 30, "anon")
				     LRU(35, "w", "child", 1, 10, 10, "anon"));
	is(&m, "1 * direct anon", "10-40", "of two children at once it is not told which did it");
	is(&m, "1 box limit anon", "0-30", "but what is alone is");
	done(&m);
}

/* ---- the whole ---- */

static void test_closing(void)
{
	static const char *const columns[] = { "vmstat.pgsteal_anon 0 100",
					       "vmstat.pgsteal_file 0 0",
					       "box.memory.stat.pgsteal 0 600", NULL };
	json_t *json, *phase;
	struct made m;

	make(&m, ONE_NODE "," OLD "," BOX, columns, NULL);
	tap_eq_u64(cube_off(m.cube), 500, "a cgroup with more than all there is");
	tap_eq_u64(cube_tolerance(m.cube), 192, "three batches of one CPU may be late");
	json = cube_json(m.cube);
	phase = json_object_get(json, "measured");
	tap_ok(json_is_false(json_object_get(phase, "closed")), "it does not close");
	json_decref(json);
	done(&m);
}

static void test_json(void)
{
	static const char *const columns[] = { "vmstat.pgscan_anon 0 100",
					       "vmstat.pgsteal_anon 0 100",
					       "vmstat.pgscan_file 0 0",
					       "vmstat.pgsteal_file 0 0",
					       "vmstat.pgscan_kswapd 0 0",
					       "vmstat.pgsteal_kswapd 0 0",
					       "vmstat.pgscan_direct 0 0",
					       "vmstat.pgsteal_direct 0 0",
					       "box.memory.stat.pgscan 0 100",
					       "box.memory.stat.pgsteal 0 100",
					       NULL };
	json_t *json, *cells;
	struct made m;
	char *text;

	make(&m, TWO_NODES "," OLD "," BOX, columns, NULL);
	json = cube_json(m.cube);
	cells = json_object_get(json_object_get(json, "measured"), "cells");
	text = json_dumps(cells, JSON_COMPACT);
	/* box's own cell, which all sums follow from; what is 0; no node, for none is told */
	tap_eq_str(text,
		   "[{\"cgroup\":\"box\",\"reclaimer\":\"limit\",\"kind\":\"anon\","
		   "\"scanned\":100,\"reclaimed\":100},"
		   "{\"cgroup\":\"-\",\"scanned\":0,\"reclaimed\":0},"
		   "{\"reclaimer\":\"kswapd\",\"scanned\":0,\"reclaimed\":0},"
		   "{\"reclaimer\":\"direct\",\"scanned\":0,\"reclaimed\":0},"
		   "{\"reclaimer\":\"khugepaged\",\"scanned\":0,\"reclaimed\":0},"
		   "{\"kind\":\"file\",\"scanned\":0,\"reclaimed\":0}]",
		   "as in a record: what is known, without what follows");
	free(text);
	json_decref(json);
	done(&m);
}

int main(void)
{
	test_limits();
	test_mixed();
	test_nested();
	test_by_node();
	test_khugepaged();
	test_missing();
	test_threads();
	test_levels();
	test_trace();
	test_trace_gaps();
	test_owners();
	test_children();
	test_closing();
	test_json();
	return tap_done();
}
