// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Kernel memory that is charged to the cgroup and that no reclaim takes: pipes and sockets with
 * data in them, epoll instances with watches, page tables. A set number of objects is alive; an
 * operation destroys the oldest and makes a new one.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "src/cleanup.h"
#include "src/macro.h"
#include "workloads/pattern.h"
#include "workloads/workload.h"

extern const struct workload_ops workload_kmem;

enum kmem_kind { KIND_PIPE, KIND_SOCKET, KIND_EPOLL, KIND_PAGETABLE };
static const char *const kind_names[] = { "pipe", "socket", "epoll", "pagetable", NULL };

enum { COUNT_MADE, COUNT_LIVE };
static const struct counter_spec kmem_counters[] = {
	[COUNT_MADE] = { "made", "objects", "made, those of the set-up too", false },
	[COUNT_LIVE] = { "live", "objects", "that are there", true },
	{},
};

#define BATCH 8
/* An epitem and its wait-queue entry with their cgroup pointers, fs/eventpoll.c on x86-64. */
#define WATCH_BYTES 216
/* What a page table spans on x86-64, and on others with 4 KiB pages. */
#define TABLE_SPAN ((uint64_t)2 << 20)
#define SEND_BYTES 4096
/* Descriptors besides the objects': standard streams, the harness's. */
#define OTHER_FDS 64

struct kmem_options {
	int kind;
	uint64_t live, object_bytes;
};

static const struct option_spec kmem_options[] = {
	OPTION_CHOICE(struct kmem_options, kind, .name = "kind", .fallback = "pipe",
		      .choices = kind_names,
		      .help = "a pipe, a pair of Unix sockets, an epoll instance, a mapping whose "
			      "page tables hold nothing but the zero page"),
	OPTION_U64(struct kmem_options, live, .name = "live", .fallback = "64", .min = 1,
		   .max = 1000000, .help = "objects that are alive, all threads together"),
	OPTION_SIZE(struct kmem_options, object_bytes, .name = "object", .fallback = "64K",
		    .min = 4096, .max = 1 << 30,
		    .help = "kernel memory of an object: data in a pipe or socket, watches of 216 "
			    "bytes, page tables of 4K"),
	{}
};

/* A pipe or socket pair is two descriptors, an epoll instance one; page tables have an address. */
struct object {
	int fds[2];
	void *memory;
};

struct kmem {
	const struct kmem_options *options;
	int *watched; /* eventfds that every epoll instance watches */
	uint64_t watches;
};

struct kmem_thread {
	struct object *objects;
	uint64_t count, oldest;
};

static uint64_t watch_count(const struct kmem_options *o)
{
	return o->kind == KIND_EPOLL ? MAX(o->object_bytes / WATCH_BYTES, (uint64_t)1) : 0;
}

static int kmem_plan(const void *options, const struct workload_site *site,
		     struct workload_plan *ret, struct error *err)
{
	const struct kmem_options *o = options;

	if (o->live < site->threads)
		return error_say(err, -EINVAL, "live: %llu threads can't share %llu objects",
				 (unsigned long long)site->threads, (unsigned long long)o->live);
	if (o->object_bytes % site->page_bytes)
		return error_say(err, -EINVAL,
				 "object: %llu is not a multiple of the page size, %zu",
				 (unsigned long long)o->object_bytes, site->page_bytes);
	*ret = (struct workload_plan){
		.footprint_bytes = o->live * o->object_bytes,
		.pinned_bytes = o->live * o->object_bytes,
		.ops_per_pass = o->live,
	};
	return 0;
}

/* ---- objects: each make_x() may leave a half-made one to destroy() ---- */

static int make_pipe(const struct kmem *k, struct object *o, struct error *err)
{
	static const char data[SEND_BYTES];

	if (pipe2(o->fds, O_CLOEXEC | O_NONBLOCK) < 0)
		return error_set(err, -errno, "a pipe");
	if (fcntl(o->fds[1], F_SETPIPE_SZ, (int)k->options->object_bytes) < 0)
		return error_set(err, -errno,
				 "a pipe of %llu bytes (fs.pipe-max-size and "
				 "fs.pipe-user-pages-soft limit it)",
				 (unsigned long long)k->options->object_bytes);
	for (uint64_t sent = 0; sent < k->options->object_bytes; sent += SEND_BYTES)
		if (write(o->fds[1], data, SEND_BYTES) != SEND_BYTES)
			return error_set(err, -errno, "fill a pipe");
	return 0;
}

static int make_socket(const struct kmem *k, struct object *o, struct error *err)
{
	static const char data[SEND_BYTES];
	int room = (int)MIN(2 * k->options->object_bytes, (uint64_t)INT32_MAX);

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, o->fds) < 0)
		return error_set(err, -errno, "a pair of sockets");
	if (setsockopt(o->fds[0], SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof(room)) < 0 &&
	    setsockopt(o->fds[0], SOL_SOCKET, SO_SNDBUF, &room, sizeof(room)) < 0)
		return error_set(err, -errno, "a socket's buffer of %d bytes", room);
	for (uint64_t sent = 0; sent < k->options->object_bytes; sent += SEND_BYTES)
		if (send(o->fds[0], data, SEND_BYTES, 0) != SEND_BYTES)
			return error_set(
				err, -errno,
				"fill a socket (net.core.wmem_max limits it without root)");
	return 0;
}

static int make_epoll(const struct kmem *k, struct object *o, struct error *err)
{
	o->fds[0] = epoll_create1(EPOLL_CLOEXEC);
	if (o->fds[0] < 0)
		return error_set(err, -errno, "an epoll instance");
	for (uint64_t i = 0; i < k->watches; i++) {
		struct epoll_event event = { .events = EPOLLIN };

		if (epoll_ctl(o->fds[0], EPOLL_CTL_ADD, k->watched[i], &event) < 0)
			return error_set(err, -errno,
					 "watch %llu (fs.epoll.max_user_watches limits them)",
					 (unsigned long long)i);
	}
	return 0;
}

/* Address space for the tables, and one more for their alignment. */
static uint64_t span_bytes(const struct kmem *k)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);

	return (k->options->object_bytes / page + 1) * TABLE_SPAN;
}

static int make_pagetable(const struct kmem *k, struct object *o, struct error *err)
{
	uint64_t bytes = span_bytes(k);
	void *memory =
		mmap(NULL, bytes, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	uintptr_t at;

	if (memory == MAP_FAILED)
		return error_set(err, -errno, "map %llu bytes of address space",
				 (unsigned long long)bytes);
	o->memory = memory;
	/* Else a read maps the huge zero page, without a table. Without huge pages: EINVAL. */
	if (madvise(memory, bytes, MADV_NOHUGEPAGE) < 0 && errno != EINVAL)
		return error_set(err, -errno, "madvise against huge pages");
	at = ((uintptr_t)memory + TABLE_SPAN - 1) & ~(uintptr_t)(TABLE_SPAN - 1);
	for (uint64_t i = 0; i + 1 < bytes / TABLE_SPAN; i++)
		(void)*(volatile char *)(at + i * TABLE_SPAN);
	return 0;
}

static void destroy(const struct kmem *k, struct object *o)
{
	for (size_t i = 0; i < ARRAY_SIZE(o->fds); i++)
		if (o->fds[i] >= 0)
			close(o->fds[i]);
	if (o->memory)
		munmap(o->memory, span_bytes(k));
	*o = (struct object){ .fds = { -1, -1 } };
}

static int make(struct workload_thread *t, struct object *o, struct error *err)
{
	static int (*const makers[])(const struct kmem *, struct object *, struct error *) = {
		[KIND_PIPE] = make_pipe,
		[KIND_SOCKET] = make_socket,
		[KIND_EPOLL] = make_epoll,
		[KIND_PAGETABLE] = make_pagetable,
	};
	const struct kmem *k = t->worker->state;
	int r = makers[k->options->kind](k, o, err);

	if (r < 0)
		return r;
	t->report->counters[COUNT_MADE]++;
	t->report->counters[COUNT_LIVE]++;
	return 0;
}

/* ---- hooks ---- */

static int raise_fd_limit(const struct kmem_options *o, uint64_t watches, struct error *err)
{
	uint64_t per_object = o->kind == KIND_PAGETABLE ? 0 : o->kind == KIND_EPOLL ? 1 : 2;
	uint64_t need = o->live * per_object + watches + OTHER_FDS;
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return error_set(err, -errno, "read the limit of open files");
	if (limit.rlim_cur >= need)
		return 0;
	limit.rlim_cur = need;
	limit.rlim_max = MAX(limit.rlim_max, limit.rlim_cur);
	if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
		return error_set(err, -errno,
				 "%llu descriptors: raise the limit of open files (ulimit -n), or "
				 "fs.nr_open",
				 (unsigned long long)need);
	return 0;
}

static int make_watched(struct kmem *k, struct error *err)
{
	k->watched = calloc(k->watches + 1, sizeof(*k->watched));
	if (!k->watched)
		return error_set(err, -ENOMEM, "kmem");
	memset(k->watched, -1, (k->watches + 1) * sizeof(*k->watched));
	for (uint64_t i = 0; i < k->watches; i++) {
		k->watched[i] = eventfd(0, EFD_CLOEXEC);
		if (k->watched[i] < 0)
			return error_set(err, -errno, "an eventfd to watch");
	}
	return 0;
}

static int kmem_setup(struct worker *w, struct error *err)
{
	struct kmem *k = calloc(1, sizeof(*k));
	int r;

	if (!k)
		return error_set(err, -ENOMEM, "kmem");
	w->state = k;
	k->options = w->options;
	k->watches = watch_count(k->options);
	r = raise_fd_limit(k->options, k->watches, err);
	return r < 0 ? r : make_watched(k, err);
}

static int kmem_thread_setup(struct workload_thread *t, struct error *err)
{
	const struct kmem_options *o = t->worker->options;
	struct kmem_thread *kt = calloc(1, sizeof(*kt));
	int r = 0;

	if (!kt)
		return error_set(err, -ENOMEM, "kmem");
	t->state = kt;
	kt->count = share_of(o->live, t->worker->threads, t->index);
	kt->objects = calloc(kt->count, sizeof(*kt->objects));
	if (!kt->objects)
		return error_set(err, -ENOMEM, "kmem");
	for (uint64_t i = 0; i < kt->count; i++)
		kt->objects[i] = (struct object){ .fds = { -1, -1 } };
	for (uint64_t i = 0; r == 0 && i < kt->count; i++)
		r = make(t, &kt->objects[i], err);
	return r;
}

static int64_t kmem_step(struct workload_thread *t, uint64_t budget, struct error *err)
{
	const struct kmem *k = t->worker->state;
	struct kmem_thread *kt = t->state;
	uint64_t count = MIN(budget, (uint64_t)BATCH), start = workload_begin(t);

	for (uint64_t i = 0; i < count; i++) {
		struct object *o = &kt->objects[kt->oldest];
		int r;

		destroy(k, o);
		t->report->counters[COUNT_LIVE]--;
		r = make(t, o, err);
		if (r < 0)
			return r;
		kt->oldest = kt->oldest + 1 < kt->count ? kt->oldest + 1 : 0;
		start = workload_record(t, k->options->object_bytes, start);
	}
	return (int64_t)count;
}

static void kmem_thread_teardown(struct workload_thread *t)
{
	struct kmem_thread *kt = t->state;

	if (!kt)
		return;
	for (uint64_t i = 0; kt->objects && i < kt->count; i++)
		destroy(t->worker->state, &kt->objects[i]);
	free(kt->objects);
	free(kt);
	t->state = NULL;
}

static void kmem_teardown(struct worker *w)
{
	struct kmem *k = w->state;

	if (!k)
		return;
	for (uint64_t i = 0; k->watched && i < k->watches; i++)
		if (k->watched[i] >= 0)
			close(k->watched[i]);
	free(k->watched);
	free(k);
	w->state = NULL;
}

const struct workload_ops workload_kmem = {
	.name = "kmem",
	.summary = "other accounted kernel memory: pipes, sockets, epoll, page tables",
	.options = kmem_options,
	.options_size = sizeof(struct kmem_options),
	.counters = kmem_counters,
	.plan = kmem_plan,
	.setup = kmem_setup,
	.thread_setup = kmem_thread_setup,
	.step = kmem_step,
	.thread_teardown = kmem_thread_teardown,
	.teardown = kmem_teardown,
};
