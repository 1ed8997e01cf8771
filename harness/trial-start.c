// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * «start:» brings the machine into the state that the measured phase shall begin in, once the
 * workloads have set up and warmed up. What has to be held for it is held by worker processes of
 * its own, of the same generators, in a cgroup beside the suite's, to the measured phase's end.
 */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/spawn.h"
#include "harness/trial-state.h"
#include "src/cleanup.h"
#include "src/file.h"
#include "src/kvfile.h"
#include "src/macro.h"
#include "src/units.h"
#include "workloads/buddy.h"
#include "workloads/registry.h"

#define CGROUP ".start"
#define MIB    (UINT64_C(1) << 20)
/*
 * How far the state may be from what was asked for. Page tables of those who hold it, and what CPUs
 * keep on lists of their own, are a part of this.
 */
#define SLACK_BYTES MIB
#define SLACK_SHARE 0.02
/* Free memory is approached: what CPUs keep for themselves comes and goes while it is taken. */
#define FREE_TRIES 6

struct start_holder {
	struct worker_args args;
	struct workload_plan plan;
	void *options;
	pid_t pid;
	int pidfd;
};

static uint64_t whole_pages(uint64_t bytes)
{
	return bytes - bytes % (uint64_t)sysconf(_SC_PAGESIZE);
}

/* "size=64M mlock=100%"; whether there is so much memory, the machine decides. */
static int parse_options(struct start_holder *h, char *text, struct error *err)
{
	struct workload_site roomy = {
		.page_bytes = (size_t)sysconf(_SC_PAGESIZE),
		.threads = 1,
		.node_count = SUITE_NODES_MAX,
		.swap_bytes = UINT64_MAX / 2,
	};
	char *word;
	int r = option_defaults(h->args.ops->options, h->options, err);

	for (size_t i = 0; i < SUITE_NODES_MAX; i++)
		roomy.node_bytes[i] = UINT64_MAX / 2 / SUITE_NODES_MAX;
	while (r == 0 && (word = strsep(&text, " "))) {
		char *value = strchr(word, '=');

		*value++ = '\0';
		r = option_parse(option_find(h->args.ops->options, word), h->options, value, err);
	}
	return r < 0 ? r : h->args.ops->plan(h->options, &roomy, &h->plan, err);
}

static int make_holder(struct trial_state *t, struct start_holder *h, const char *generator,
		       const char *options, struct error *err)
{
	_cleanup_free_ char *text = strdup(options);

	h->pidfd = -1;
	h->args = (struct worker_args){
		.ops = workload_find(generator),
		.name = "start",
		.threads = 1,
		.seed = rng_mix(t->trial->seed, t->holder_count),
		.barrier = trial_share_memory(sizeof(*h->args.barrier)),
		.shared = trial_share_memory(sizeof(*h->args.shared)),
		.reports = trial_share_memory(sizeof(*h->args.reports)),
		.event_fd = t->event_fd,
	};
	h->options = calloc(1, h->args.ops->options_size + 1);
	if (!text || !h->options || !h->args.barrier || !h->args.shared || !h->args.reports)
		return error_set(err, -ENOMEM, "start");
	h->args.options = h->options;
	if (parse_options(h, text, err) < 0)
		return err->code;
	h->args.ops_per_pass = h->plan.ops_per_pass;
	h->args.measured.ops = h->plan.ops_per_pass;
	return 0;
}

/* Ended, or failed: it says why. */
static bool has_failed(struct trial_state *t, struct start_holder *h)
{
	siginfo_t info = {};

	if (atomic_load(&h->args.shared->failed)) {
		trial_conclude(t, "failed", "start: %s", h->args.shared->err.text);
		return true;
	}
	if (waitid(P_PIDFD, (id_t)h->pidfd, &info, WEXITED | WNOHANG | WNOWAIT) < 0 || !info.si_pid)
		return false;
	trial_conclude(t, "failed",
		       "start: the process that holds the state was ended (%s %d): is there less "
		       "memory than that?",
		       info.si_code == CLD_EXITED ? "status" : "signal", info.si_status);
	return true;
}

static void lead(struct trial_state *t, struct start_holder *h, enum worker_go go,
		 enum worker_state state)
{
	worker_release(h->args.barrier, go);
	while (!t->outcome && !has_failed(t, h) && !atomic_load(&h->args.shared->arrived[state]))
		trial_handle_events(t, UINT64_MAX);
}

/* Starts a holder and leads it to the end of its work, where it stays. */
static void hold(struct trial_state *t, const char *generator, const char *memory,
		 const char *options)
{
	struct start_holder *h = &t->holders[t->holder_count++];
	struct error err = {};
	struct spawn_place where = { .cgroup_fd = cgroup_fd(&t->tree, CGROUP),
				     .topology = t->topology,
				     .memory = memory,
				     .fs = t->fs,
				     .oom_score_adj = "0" }; /* after any worker */
	int r = make_holder(t, h, generator, options, &err);

	if (r == 0)
		r = topology_memory_check(memory, &err);
	if (r == 0)
		r = spawn_worker(&h->args, &where, &h->pid, &h->pidfd, &err);
	if (r < 0) {
		trial_conclude(t, "failed", "start: %s", err.text);
		return;
	}
	lead(t, h, GO_SETUP, WORKER_READY);
	lead(t, h, GO_WARMUP, WORKER_WARM);
	lead(t, h, GO_MEASURE, WORKER_DONE);
}

/* ---- what there is ---- */

static uint64_t meminfo(const struct trial_state *t, const char *key)
{
	_cleanup_free_ char *text = NULL;
	uint64_t kib = 0;

	if (file_read(t->fs->proc, "meminfo", &text, NULL, NULL) == 0)
		kv_get(KV_FLAT, text, key, &kib);
	return kib << 10;
}

static int read_blocks(const struct trial_state *t, unsigned node, struct buddy *ret,
		       struct error *err)
{
	int r = buddy_read(ret, t->fs->proc, err);

	return r < 0 ? r : buddy_settle(ret, t->fs->proc, node, err);
}

static uint64_t free_bytes(const struct trial_state *t, unsigned node)
{
	struct buddy blocks;

	return read_blocks(t, node, &blocks, NULL) < 0
		       ? 0
		       : buddy_free_pages(&blocks, node) * (uint64_t)sysconf(_SC_PAGESIZE);
}

/* ---- the steps, in their order ---- */

/* Dentries free inodes, whose page cache frees nodes of trees: once more, as long as it gives. */
static void drop_caches(struct trial_state *t)
{
	uint64_t before, now = meminfo(t, "SReclaimable") + meminfo(t, "Cached");

	sync();
	do {
		int r = file_write_kernel(t->fs->proc, "sys/vm/drop_caches", "3");

		if (r < 0) {
			trial_conclude(t, "failed", "start: drop_caches: %s", strerror(-r));
			return;
		}
		before = now;
		now = meminfo(t, "SReclaimable") + meminfo(t, "Cached");
	} while (now + MIB / 4 < before);
}

static void fill_swap(struct trial_state *t, double share)
{
	uint64_t total = meminfo(t, "SwapTotal"), used = total - meminfo(t, "SwapFree");
	uint64_t want = (uint64_t)(share * (double)total);
	char options[200];

	if (!total) {
		trial_conclude(t, "failed", "start: swap_used: this machine has no swap");
		return;
	}
	if (want < used + SLACK_BYTES)
		return; /* held to it by verify() */
	snprintf(options, sizeof(options),
		 "size=%" PRIu64 "K advise=pageout advise_size=1M compressibility=50%%",
		 whole_pages(want - used) >> 10);
	hold(t, "anon", "default", options);
}

static void leave_free(struct trial_state *t, const struct start_spec *s)
{
	char options[200], memory[40];

	snprintf(memory, sizeof(memory), "bind:%" PRIu64, s->node);
	for (unsigned tries = 0; tries < FREE_TRIES && !t->outcome; tries++) {
		uint64_t have = free_bytes(t, (unsigned)s->node), take;

		if (have < s->free_bytes + SLACK_BYTES)
			return;
		take = have - s->free_bytes;
		take -= take / (tries + 1 < FREE_TRIES ? 8 : 512); /* at last for its page tables */
		snprintf(options, sizeof(options), "size=%" PRIu64 "K fill=header mlock=100%%",
			 whole_pages(take) >> 10);
		hold(t, "anon", memory, options);
	}
}

static void fragment(struct trial_state *t, const struct start_spec *s)
{
	char options[200], memory[40];

	snprintf(options, sizeof(options),
		 "node=%" PRIu64 " order=%" PRIu64 " index=%.1f%% pin=mlock", s->node, s->order,
		 100 * s->index);
	snprintf(memory, sizeof(memory), "bind:%" PRIu64, s->node);
	hold(t, "frag", memory, options);
}

/* ---- whether it is there ---- */

static bool is_near(double have, double want, double slack)
{
	return have >= want - slack && have <= want + slack;
}

static void verify_swap(struct trial_state *t, double share)
{
	double total = (double)meminfo(t, "SwapTotal");
	double used = total - (double)meminfo(t, "SwapFree");

	if (!is_near(used, share * total, SLACK_BYTES + SLACK_SHARE * total))
		trial_conclude(t, "failed", "start: swap_used: %.0f %% is in use, not %.0f %%",
			       100 * used / total, 100 * share);
}

static void verify_free(struct trial_state *t, const struct start_spec *s)
{
	uint64_t have = free_bytes(t, (unsigned)s->node);
	double want = (double)s->free_bytes;
	char got[FORMAT_MAX], asked[FORMAT_MAX];

	if (!is_near((double)have, want, SLACK_BYTES + SLACK_SHARE * want))
		trial_conclude(t, "failed", "start: free: node %" PRIu64 " has %s free, not %s",
			       s->node, format_size_short((double)have, got),
			       format_size_short(want, asked));
}

static void verify_fragments(struct trial_state *t, const struct start_spec *s)
{
	struct error err = {};
	struct buddy blocks;
	double index;

	if (read_blocks(t, (unsigned)s->node, &blocks, &err) < 0) {
		trial_conclude(t, "failed", "start: fragment: %s", err.text);
		return;
	}
	index = buddy_unusable(&blocks, (unsigned)s->node, (unsigned)s->order) / 1000.0;
	if (!is_near(index, s->index, SLACK_SHARE))
		trial_conclude(t, "failed",
			       "start: fragment: node %" PRIu64 " has an unusable-free index of "
			       "%.2f at order %" PRIu64 ", not %.2f",
			       s->node, index, s->order, s->index);
}

/* Fragments last: they are of what is free then. */
void trial_drive_start(struct trial_state *t)
{
	const struct start_spec *specs = t->scenario->starts;
	size_t count = t->scenario->start_count;
	struct error err = {};

	t->holders = calloc((2 + FREE_TRIES) * count + 1, sizeof(*t->holders));
	if (!t->holders || cgroup_add(&t->tree, CGROUP, &err) < 0) {
		trial_conclude(t, "failed", "start: %s", err.code ? err.text : "out of memory");
		return;
	}
	for (size_t i = 0; i < count && !t->outcome; i++)
		if (specs[i].drop_caches)
			drop_caches(t);
	for (size_t i = 0; i < count && !t->outcome; i++)
		if (specs[i].swap_used > 0)
			fill_swap(t, specs[i].swap_used);
	for (size_t i = 0; i < count && !t->outcome; i++)
		if (specs[i].free_bytes)
			leave_free(t, &specs[i]);
	for (size_t i = 0; i < count && !t->outcome; i++)
		if (specs[i].index > 0)
			fragment(t, &specs[i]);
	for (size_t i = 0; i < count && !t->outcome; i++) {
		if (specs[i].swap_used > 0)
			verify_swap(t, specs[i].swap_used);
		if (specs[i].free_bytes)
			verify_free(t, &specs[i]);
		if (specs[i].index > 0)
			verify_fragments(t, &specs[i]);
	}
}

/*
 * A process that was killed can take long to end, as it has much to give back. So each is asked to
 * end by itself, which one that has a SIGKILL waiting can't.
 */
void trial_check_start(struct trial_state *t)
{
	for (size_t i = 0; i < t->holder_count && !t->outcome; i++)
		worker_release(t->holders[i].args.barrier, GO_EXIT);
	for (size_t i = 0; i < t->holder_count && !t->outcome; i++) {
		struct pollfd end = { .fd = t->holders[i].pidfd, .events = POLLIN };
		siginfo_t info = {};

		if (poll(&end, 1, TRIAL_END_WAIT_MS) != 1 ||
		    waitid(P_PIDFD, (id_t)end.fd, &info, WEXITED | WNOWAIT) < 0)
			trial_conclude(t, "failed",
				       "start: the process that holds the state does not end");
		else if (info.si_code != CLD_EXITED || info.si_status != 0)
			has_failed(t, &t->holders[i]);
	}
}

void trial_end_start(struct trial_state *t)
{
	for (size_t i = 0; i < t->holder_count; i++) {
		struct start_holder *h = &t->holders[i];

		if (h->pidfd >= 0) {
			kill(h->pid, SIGKILL);
			waitpid(h->pid, NULL, 0);
			close(h->pidfd);
		}
		if (h->options)
			option_free(h->args.ops->options, h->options);
		free(h->options);
		if (h->args.barrier)
			munmap(h->args.barrier, sizeof(*h->args.barrier));
		if (h->args.shared)
			munmap(h->args.shared, sizeof(*h->args.shared));
		if (h->args.reports)
			munmap(h->args.reports, sizeof(*h->args.reports));
	}
	free(t->holders);
}
