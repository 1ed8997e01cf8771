// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The frag generator in real workers, on a few megabytes of whatever machine this is: what it
 * takes, gives back, asks for and refuses. What it does to a whole node is shown in a VM.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/cleanup.h"
#include "src/file.h"
#include "src/macro.h"
#include "tests/lead.h"
#include "tests/tap.h"
#include "workloads/buddy.h"

#define PAGES(bytes) ((uint64_t)(bytes) / (uint64_t)sysconf(_SC_PAGESIZE))

/* --- the buddy allocator's files */

static const char buddyinfo[] = "Node 0, zone      DMA      1      0      0      1 \n"
				"Node 0, zone   Normal    100     10      1      2 \n"
				"Node 1, zone   Normal      0      0      0      0 \n";

static const char zoneinfo[] = "Node 0, zone      DMA\n"
			       "  per-node stats\n"
			       "      nr_inactive_anon 5\n"
			       "  pages free     9\n"
			       "        min      1\n"
			       "        high     3\n"
			       "        protection: (0, 70, 4)\n"
			       "  pagesets\n"
			       "    cpu: 0\n"
			       "              high:  378\n"
			       "Node 0, zone   Normal\n"
			       "  pages free     140\n"
			       "        high     40\n"
			       "        protection: (0, 0, 0)\n"
			       "Node 1, zone   Normal\n"
			       "        high     9\n";

static void put(const char *dir, const char *name, const char *text)
{
	_cleanup_free_ char *path = path_join(dir, name);

	tap_ok(path && file_write_atomic(AT_FDCWD, path, text, strlen(text), NULL) == 0,
	       "a made %s", name);
}

static void test_buddy(void)
{
	char dir[] = "/tmp/wring-buddy-XXXXXX";
	struct buddy b = {};
	struct error err = {};
	int fd;

	if (!tap_ok(mkdtemp(dir) != NULL, "a directory"))
		return;
	fd = open(dir, O_RDONLY | O_DIRECTORY);
	tap_eq_i64(buddy_read(&b, fd, &err), -ENOENT, "a missing buddyinfo is an error");
	put(dir, "buddyinfo", "nothing of it\n");
	tap_eq_i64(buddy_read(&b, fd, &err), -EINVAL, "one without a zone is one");
	put(dir, "buddyinfo", buddyinfo);
	put(dir, "zoneinfo", zoneinfo);
	tap_eq_i64(buddy_read(&b, fd, &err), 0, "both are read");
	tap_eq_u64(b.zone_count, 3, "three zones");
	tap_eq_u64(b.zones[0].orders, 4, "four orders");
	tap_eq_u64(b.zones[0].kept_pages, 73,
		   "DMA keeps its high watermark and the largest reserve");
	tap_eq_u64(b.zones[1].kept_pages, 40, "Normal its high watermark, not the per-CPU list's");
	tap_eq_u64(buddy_free_pages(&b, 0), 9 + 140, "free pages of node 0");
	tap_eq_u64(buddy_spare_pages(&b, 0), 100, "spare: DMA's 9 are below what it keeps");
	tap_eq_u64(buddy_whole_pages(&b, 0, 3), 8 + 16, "of these, in blocks of order 3");
	tap_eq_u64(buddy_unusable(&b, 0, 0), 0, "order 0 can use all");
	tap_eq_u64(buddy_unusable(&b, 0, 3), (101 + 20 + 4) * 1000 / 149, "order 3");
	tap_eq_u64(buddy_unusable(&b, 0, 4), 1000, "an order that there is not");
	tap_eq_u64(buddy_unusable(&b, 1, 0), 1000, "a node without free memory");
	put(dir, "buddyinfo", "Node 0, zone   Normal    0     0      0      2 \n");
	tap_eq_i64(buddy_update(&b, fd, &err), 0, "read anew");
	tap_eq_u64(buddy_unusable(&b, 0, 3), (1 * 1000) / 25, "the index is that of now");
	tap_eq_i64(buddy_settle(&b, fd, 0, &err), 0, "a kernel without stat_refresh will do");
	tap_eq_u64(b.zones[1].kept_pages, 40, "what is kept stays");
	close(fd);
	dir_remove(AT_FDCWD, dir, NULL);
}

/* --- the generator */

/*
 * False, and the point skipped, where memory can't be bound: containers forbid it. ret_before:
 * anonymous pages of the process before its set-up, which a sanitizer makes many.
 */
static bool works(struct lead *l, const char *what, uint64_t *ret_before)
{
	bool good = lead_start(l);

	*ret_before = PAGES(lead_anonymous(l));
	if (good && lead_to(l, GO_SETUP, WORKER_READY) && lead_to(l, GO_WARMUP, WORKER_WARM) &&
	    lead_to(l, GO_MEASURE, WORKER_DONE))
		return tap_ok(true, "%s: it works", what);
	/* Rings so large take a right that a container's root may lack; tests/vm has it. */
	if (l->err.code == -EPERM && strstr(what, "demand=pipe"))
		tap_ok(strstr(l->err.text, "raise fs.pipe-max-size") != NULL,
		       "%s: without the right it is refused: %s", what, l->err.text);
	else if (l->err.code == -EPERM)
		tap_skip("%s: %s", what, l->err.text);
	else
		tap_ok(false, "%s: %s", what, l->err.text);
	return false;
}

static void test_hold(const char *pin, const char *release, double share, unsigned threads)
{
	_cleanup_free_ char *options =
		text_format("size=8M pin=%s release=%s index=100%% %s", pin, release,
			    streq(pin, "unmovable") ? "" : "verify=true");
	uint64_t pages = PAGES(8 << 20), released, rss, before;
	struct thread_report sum;
	struct lead l;

	if (!tap_ok(lead_init(&l, "frag", options, threads), "%s: %s", options, l.err.text))
		goto out;
	l.args.measured.ops = 3;
	if (!works(&l, options, &before))
		goto out;
	lead_total(&l, &sum);
	released = lead_counter(&l, "released");
	tap_eq_u64(sum.ops, 3, "three operations");
	tap_eq_u64(sum.errors, 0, "the kept pages hold their contents");
	tap_eq_u64(lead_counter(&l, "taken"), pages, "it takes what size says");
	/* A coin a page: five standard deviations of 2,048. */
	tap_near((double)released, share * (double)pages,
		 5 * sqrt(share * (1 - share) * (double)pages),
		 "and gives back the share that it should");
	rss = PAGES(lead_anonymous(&l)) - before;
	if (streq(pin, "unmovable"))
		tap_ok(rss < pages / 4, "it holds pages that are not its own: %" PRIu64, rss);
	else
		tap_ok(rss >= pages - released && rss < pages - released + pages / 8,
		       "it owns the others: %" PRIu64 " of %" PRIu64, rss, pages - released);
	tap_ok(lead_counter(&l, "index_before") <= 1000 &&
		       lead_counter(&l, "index_reached") <= 1000 &&
		       lead_counter(&l, "index_after") <= 1000,
	       "the indices are thousandths");
	tap_ok(lead_end(&l), "it ends with status 0");
out:
	lead_done(&l);
}

static uint64_t released_by_seed(uint64_t seed)
{
	uint64_t released = 0;
	struct lead l;

	if (lead_init(&l, "frag", "size=8M index=100%", 1)) {
		l.args.seed = seed;
		if (lead_all(&l))
			released = lead_counter(&l, "released");
	}
	lead_done(&l);
	return released;
}

static void test_seeds(void)
{
	uint64_t one = released_by_seed(1);

	if (one == 0) {
		tap_skip("memory can't be bound here");
		return;
	}
	tap_eq_u64(released_by_seed(1), one, "the same seed gives back the same pages");
	tap_ok(released_by_seed(2) != one, "another one others");
}

static void test_demand(const char *demand, unsigned threads, uint64_t passes)
{
	_cleanup_free_ char *options = text_format("size=32M demand=%s demand_size=8M order=%s",
						   demand, streq(demand, "pipe") ? "5" : "9");
	uint64_t before, granted, blocks = streq(demand, "pipe") ? PAGES(8 << 20) / 32 : 4;
	struct thread_report sum;
	struct lead l;

	if (!tap_ok(lead_init(&l, "frag", options, threads), "%s: %s", options, l.err.text))
		goto out;
	tap_eq_u64(l.plan.ops_per_pass, blocks, "a block an operation");
	l.args.measured.ops = passes * blocks;
	if (!works(&l, options, &before))
		goto out;
	lead_total(&l, &sum);
	granted = lead_counter(&l, "granted");
	tap_eq_u64(sum.ops, passes * blocks, "%s, %u threads: exactly the operations", demand,
		   threads);
	tap_eq_u64(lead_counter(&l, "demanded"), passes * blocks, "all were asked for");
	tap_eq_u64(sum.latency.count, passes * blocks, "each is timed");
	tap_ok(granted <= passes * blocks, "%" PRIu64 " were had", granted);
	tap_eq_u64(sum.bytes, granted * (8 << 20) / blocks, "and what they have is counted");
	tap_eq_u64(lead_counter(&l, "share"), granted * 1000 / (passes * blocks), "as a share too");
	tap_ok(lead_end(&l), "it ends with status 0");
out:
	lead_done(&l);
}

/* Huge pages that a region has are known as such: smaps counts whole ones. */
static void test_thp_is_huge(void)
{
	uint64_t before, granted, pages, held;
	struct lead l;

	if (!tap_ok(lead_init(&l, "frag", "size=32M demand=thp demand_size=8M", 1), "a demand"))
		goto out;
	if (!works(&l, "thp", &before))
		goto out;
	granted = lead_counter(&l, "granted");
	held = lead_counter(&l, "taken") - lead_counter(&l, "released");
	pages = PAGES(lead_anonymous(&l)) - before;
	tap_ok(pages >= held + granted * 512 + (4 - granted) &&
		       pages < held + granted * 512 + (4 - granted) + 256,
	       "%" PRIu64 " regions are huge: %" PRIu64 " pages", granted, pages - held);
out:
	lead_done(&l);
}

/* --- what it refuses */

static void refuses(const char *options, uint64_t hugepages, unsigned threads, const char *text)
{
	const struct workload_site site = {
		.page_bytes = 4096,
		.node_count = 2,
		.node_bytes = { 512 << 20, 256 << 20 },
		.hugepages = hugepages,
	};
	struct lead l;

	tap_ok(!lead_init_at(&l, &site, "frag", options, threads), "refused: %s", options);
	tap_eq_str(l.err.text, text, "which says why");
	lead_done(&l);
}

static void test_refusals(void)
{
	refuses("node=2", 0, 1, "node: there is no node 2: the machine has 2, numbered from 0");
	refuses("release=100%", 0, 1,
		"release: some pages must go and some stay: above 0% and below 100%");
	refuses("release=0", 0, 1,
		"release: some pages must go and some stay: above 0% and below 100%");
	refuses("size=4K", 0, 1, "size: at least 262144 bytes, or 0");
	refuses("pin=unmovable verify=true", 0, 1,
		"verify: pages of pipes have no contents: it is for pin: none and pin: mlock");
	refuses("demand=hugetlb", 0, 1,
		"demand: hugetlb: 16 huge pages are asked for, the knobs allow 0: add knobs: "
		"{vm.nr_overcommit_hugepages: 16}");
	refuses("demand=hugetlb", 15, 1,
		"demand: hugetlb: 16 huge pages are asked for, the knobs allow 15: add knobs: "
		"{vm.nr_overcommit_hugepages: 16}");
	refuses("demand=pipe order=3", 0, 1,
		"demand: pipe: orders below 4 are never refused: set order to 4 to 10");
	refuses("demand=thp demand_size=3M", 0, 1,
		"demand_size: 3145728 is not a multiple of a block, 2M");
	refuses("demand=thp demand_size=4M", 0, 3, "3 threads can't share 2 blocks");
	refuses("node=1 demand=thp demand_size=66M", 0, 1,
		"demand_size: 66M is more than half of what is given back, 50% of 256M (release): "
		"the node would run out of memory; make it smaller");
}

static void test_plan(const char *options, uint64_t footprint, uint64_t pinned, uint64_t ops)
{
	const struct workload_site site = {
		.page_bytes = 4096,
		.node_count = 1,
		.node_bytes = { 512 << 20 },
		.hugepages = 100,
	};
	struct lead l;

	lead_init_at(&l, &site, "frag", options, 1);
	tap_ok(l.plan.footprint_bytes == footprint && l.plan.pinned_bytes == pinned &&
		       l.plan.ops_per_pass == ops,
	       "%s: owns %" PRIu64 ", pinned %" PRIu64 ", %" PRIu64 " operations a pass", options,
	       l.plan.footprint_bytes, l.plan.pinned_bytes, l.plan.ops_per_pass);
	lead_done(&l);
}

static void test_plans(void)
{
	test_plan("release=25%", 384 << 20, 0, 1);
	test_plan("size=64M demand=thp demand_size=16M", (32 + 16) << 20, 0, 8);
	test_plan("size=64M pin=mlock demand=hugetlb demand_size=16M", (32 + 16) << 20,
		  (32 + 16) << 20, 8);
	test_plan("size=64M pin=unmovable demand=pipe order=5 demand_size=1M", (32 + 1) << 20,
		  (32 + 1) << 20, 8);
}

int main(void)
{
	test_buddy();
	test_refusals();
	test_plans();
	test_hold("none", "50%", 0.5, 1);
	test_hold("none", "20%", 0.2, 3);
	test_hold("mlock", "50%", 0.5, 1);
	test_hold("unmovable", "50%", 0.5, 1);
	test_hold("unmovable", "20%", 0.2, 3);
	test_seeds();
	test_demand("thp", 1, 1);
	test_demand("thp", 3, 2);
	test_demand("hugetlb", 1, 1);
	test_demand("hugetlb", 3, 2);
	test_demand("pipe", 1, 1);
	test_demand("pipe", 3, 2);
	test_thp_is_huge();
	return tap_done();
}
