// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The file generator's engine with many accesses under way: a ring a thread, its buffers and files
 * registered. A slot is an access under way, with its buffer; what step() queues goes to the kernel
 * in one call, and what has finished is taken together.
 */
#include <errno.h>
#include <liburing.h>
#include <stdlib.h>

#include "src/histogram.h"
#include "src/macro.h"
#include "workloads/file-engine.h"

struct slot {
	struct file_access access;
	uint64_t start_ns; /* 0: nobody wants its latency */
	uint64_t begin_ns; /* when it was queued; under rate: alone */
	bool syncing;	   /* written; the fsync that belongs to it is under way */
};

struct ring {
	struct io_uring uring;
	bool made;
	bool held; /* the operation that is due found no slot */
	unsigned depth, free_count;
	unsigned *free; /* numbers of the slots that are idle, a stack */
	struct slot slots[];
};

static uint64_t depth_buffers(const struct file_options *o)
{
	return o->depth;
}

static int explain(int r, struct error *err)
{
	if (r == -ENOSYS)
		return error_say(err, r,
				 "this kernel has no io_uring (CONFIG_IO_URING), or a seccomp "
				 "filter hides it: use engine: pread");
	if (r == -EPERM || r == -EACCES)
		return error_say(err, r,
				 "io_uring is not allowed here: set sysctl "
				 "kernel.io_uring_disabled=0, or run where no seccomp filter (as "
				 "of containers) forbids it, or use engine: pread");
	return error_set(err, r, "make an io_uring");
}

/* With the flags that spare interrupts to a thread of one ring, where the kernel knows them. */
static int make_ring(struct ring *r, struct error *err)
{
	struct io_uring_params params = { .flags = IORING_SETUP_SINGLE_ISSUER |
						   IORING_SETUP_DEFER_TASKRUN };
	int res = io_uring_queue_init_params(r->depth, &r->uring, &params);

	if (res == -EINVAL) {
		params = (struct io_uring_params){};
		res = io_uring_queue_init_params(r->depth, &r->uring, &params);
	}
	if (res < 0)
		return explain(res, err);
	r->made = true;
	if (!(params.features & IORING_FEAT_EXT_ARG))
		return error_say(err, -ENOSYS, "engine: io_uring needs Linux 5.11: use pread");
	return 0;
}

static int register_all(struct ring *r, const struct file_thread *ft, struct error *err)
{
	struct iovec whole = { ft->buffer, ft->buffer_bytes };
	int res = io_uring_register_buffers(&r->uring, &whole, 1);

	if (res == -ENOMEM)
		return error_say(
			err, res,
			"io_uring can't pin %zu bytes of buffers for a thread: raise "
			"RLIMIT_MEMLOCK (ulimit -l), run as root, or lower depth: or block:",
			ft->buffer_bytes);
	if (res < 0)
		return error_set(err, res, "register buffers with io_uring");
	res = io_uring_register_files(&r->uring, ft->fds, ft->file->files);
	if (res < 0)
		return error_set(err, res, "register %u files with io_uring", ft->file->files);
	io_uring_register_ring_fd(&r->uring); /* a little faster; not needed */
	return 0;
}

static int uring_thread_setup(struct workload_thread *t, struct error *err)
{
	struct file_thread *ft = t->state;
	unsigned depth = (unsigned)ft->file->options->depth;
	struct ring *r = calloc(1, sizeof(*r) + depth * sizeof(r->slots[0]));
	int res;

	if (!r)
		return error_set(err, -ENOMEM, "a ring of %u", depth);
	ft->engine = r;
	r->depth = r->free_count = depth;
	r->free = calloc(depth, sizeof(*r->free));
	if (!r->free)
		return error_set(err, -ENOMEM, "a ring of %u", depth);
	for (unsigned i = 0; i < depth; i++)
		r->free[i] = depth - 1 - i;
	res = make_ring(r, err);
	return res < 0 ? res : register_all(r, ft, err);
}

static void uring_thread_teardown(struct file_thread *ft)
{
	struct ring *r = ft->engine;

	if (!r)
		return;
	if (r->made)
		io_uring_queue_exit(&r->uring);
	free(r->free);
	free(r);
	ft->engine = NULL;
}

static void *slot_buffer(const struct file_thread *ft, unsigned number)
{
	return ft->buffer + (size_t)number * ft->file->block_bytes;
}

/* There is an entry for each slot: the queue has as many. */
static void queue(struct file_thread *ft, struct workload_thread *t, uint64_t start_ns,
		  uint64_t begin_ns)
{
	struct ring *r = ft->engine;
	unsigned number = r->free[--r->free_count];
	struct slot *slot = &r->slots[number];
	struct io_uring_sqe *sqe = io_uring_get_sqe(&r->uring);
	void *buffer = slot_buffer(ft, number);
	unsigned bytes = (unsigned)ft->file->block_bytes;

	slot->start_ns = start_ns;
	slot->begin_ns = begin_ns;
	slot->syncing = false;
	file_next(ft, t, &slot->access);
	file_advise_before(ft, &slot->access);
	if (slot->access.write) {
		file_prepare(ft->file, buffer, &slot->access);
		io_uring_prep_write_fixed(sqe, (int)slot->access.file, buffer, bytes,
					  slot->access.offset, 0);
	} else {
		io_uring_prep_read_fixed(sqe, (int)slot->access.file, buffer, bytes,
					 slot->access.offset, 0);
	}
	sqe->flags |= IOSQE_FIXED_FILE;
	io_uring_sqe_set_data64(sqe, number);
}

/* The slot's write is in the page cache: the operation ends when it is on the disk. */
static void queue_fsync(struct ring *r, struct workload_thread *t, unsigned number)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&r->uring);

	t->report->counters[FILE_FSYNCS]++;
	r->slots[number].syncing = true;
	io_uring_prep_fsync(sqe, (int)r->slots[number].access.file, 0);
	sqe->flags |= IOSQE_FIXED_FILE;
	io_uring_sqe_set_data64(sqe, number);
}

static void complete(struct file_thread *ft, struct workload_thread *t,
		     const struct io_uring_cqe *cqe, uint64_t now_ns)
{
	struct ring *r = ft->engine;
	unsigned number = (unsigned)cqe->user_data;
	struct slot *slot = &r->slots[number];
	size_t bytes = ft->file->block_bytes;
	bool good = cqe->res == (slot->syncing ? 0 : (int)bytes);

	if (good && slot->access.sync && !slot->syncing) {
		queue_fsync(r, t, number);
		return;
	}
	if (!good)
		t->report->errors++;
	else if (!slot->access.write)
		file_check(t, slot_buffer(ft, number), &slot->access);
	file_advise_after(ft, &slot->access);
	t->report->ops++;
	t->report->bytes += good || slot->syncing ? bytes : 0;
	if (slot->start_ns)
		workload_latency(t, slot->start_ns, slot->begin_ns, now_ns);
	r->free[r->free_count++] = number;
}

/* One look at the clock for all that has finished: none of it was seen any earlier. */
static void reap(struct file_thread *ft, struct workload_thread *t)
{
	struct ring *r = ft->engine;
	struct io_uring_cqe *cqe;
	unsigned head, count = 0;
	uint64_t now_ns;

	if (!io_uring_cq_ready(&r->uring))
		return;
	now_ns = t->timing ? workload_clock() : 0;
	io_uring_for_each_cqe(&r->uring, head, cqe)
	{
		complete(ft, t, cqe, now_ns);
		count++;
	}
	io_uring_cq_advance(&r->uring, count);
}

/* Hands over what is queued, waits for one access if that is wanted, takes what has finished. */
static int enter(struct file_thread *ft, struct workload_thread *t, bool wait, struct error *err)
{
	struct ring *r = ft->engine;
	int res = wait ? io_uring_submit_and_wait(&r->uring, 1)
		       : io_uring_submit_and_get_events(&r->uring);

	/* The kernel is out of requests, or a signal came: what is queued stays so. */
	if (res < 0 && res != -EINTR && res != -EAGAIN && res != -EBUSY)
		return error_set(err, res, "io_uring_enter");
	reap(ft, t);
	return 0;
}

static bool is_idle(const struct ring *r)
{
	return r->free_count == r->depth;
}

/*
 * How many to queue before the kernel is entered. When nothing is under way, all that was begun
 * has finished at once, in the page cache: the larger the batch, the fewer calls. Else a disk is
 * at work, and begins on a few while the next are made ready.
 */
static uint64_t batch(const struct file *f, const struct ring *r, uint64_t budget)
{
	uint64_t most = is_idle(r) ? r->depth : MAX(r->depth / 16, 1u);

	return MIN(MIN(file_batch(f, budget), most), (uint64_t)r->free_count);
}

/*
 * A closed loop keeps all slots under way: it waits when none is left. An open one waits only when
 * it can't begin the operation that is due.
 */
static int64_t uring_step(struct workload_thread *t, uint64_t budget, struct error *err)
{
	struct file_thread *ft = t->state;
	struct ring *r = ft->engine;
	uint64_t count = batch(ft->file, r, budget), start_ns = workload_begin(t);
	uint64_t begin_ns = r->held && t->timing ? workload_clock() : t->begin_ns;
	bool wait;
	int res;

	r->held = count == 0;
	for (uint64_t i = 0; i < count; i++)
		queue(ft, t, start_ns, begin_ns);
	wait = t->worker->open_loop ? count == 0 : r->free_count == 0;
	res = enter(ft, t, wait, err);
	return res < 0 ? res : (int64_t)count;
}

static int uring_thread_wait(struct workload_thread *t, uint64_t until_ns, struct error *err)
{
	struct file_thread *ft = t->state;
	struct ring *r = ft->engine;
	uint64_t now_ns;

	while (!is_idle(r) && (now_ns = workload_clock()) < until_ns) {
		uint64_t rest = until_ns - now_ns;
		struct __kernel_timespec room = { (long long)(rest / 1000000000),
						  (long long)(rest % 1000000000) };
		struct io_uring_cqe *first;
		int res = io_uring_submit_and_wait_timeout(&r->uring, &first, 1, &room, NULL);

		if (res < 0 && res != -ETIME && res != -EINTR && res != -EAGAIN && res != -EBUSY)
			return error_set(err, res, "io_uring_enter");
		reap(ft, t);
	}
	return 0;
}

static int uring_thread_settle(struct workload_thread *t, struct error *err)
{
	struct file_thread *ft = t->state;
	int res = 0;

	while (res == 0 && !is_idle(ft->engine))
		res = enter(ft, t, true, err);
	return res;
}

const struct file_engine file_uring = {
	.buffers = depth_buffers,
	.thread_setup = uring_thread_setup,
	.step = uring_step,
	.thread_wait = uring_thread_wait,
	.thread_settle = uring_thread_settle,
	.thread_teardown = uring_thread_teardown,
};
