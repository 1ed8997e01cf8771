// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * No generator allocates in a measured step: it would measure the allocator, and under pressure
 * wait for itself. Every call of the allocator by a worker process is counted while one of its
 * threads is in a step of the measured phase.
 */
#include <errno.h>
#include <malloc.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "src/macro.h"
#include "tests/lead.h"
#include "tests/tap.h"
#include "workloads/registry.h"

/* Shared with the worker. */
static struct {
	_Atomic int pid;	 /* whose calls are counted; 0: nobody's */
	_Atomic uint32_t inside; /* threads that are in a step */
	_Atomic uint64_t calls;
} * count;

static void note(void)
{
	if (count && atomic_load_explicit(&count->pid, memory_order_relaxed) == getpid() &&
	    atomic_load(&count->inside))
		atomic_fetch_add(&count->calls, 1);
}

#ifdef __SANITIZE_ADDRESS__

/* Of the sanitizers' run-time; gcc ships no header that has it. */
extern int __sanitizer_install_malloc_and_free_hooks(void (*)(const volatile void *, size_t),
						     void (*)(const volatile void *));

static void allocated(const volatile void *p, size_t size)
{
	(void)p;
	(void)size;
	note();
}

static void freed(const volatile void *p)
{
	(void)p;
	note();
}

static bool watch(void)
{
	return __sanitizer_install_malloc_and_free_hooks(allocated, freed) > 0;
}

#else

/* glibc's own names of what this program puts itself before. */
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *p, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);
extern void __libc_free(void *p);

void *malloc(size_t size)
{
	note();
	return __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
	note();
	return __libc_calloc(n, size);
}

void *realloc(void *p, size_t size)
{
	note();
	return __libc_realloc(p, size);
}

void *memalign(size_t alignment, size_t size)
{
	note();
	return __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
	note();
	return __libc_memalign(alignment, size);
}

int posix_memalign(void **ret, size_t alignment, size_t size)
{
	void *p;

	note();
	p = __libc_memalign(alignment, size);
	if (!p)
		return ENOMEM;
	*ret = p;
	return 0;
}

void free(void *p)
{
	if (p)
		note();
	__libc_free(p);
}

static bool watch(void)
{
	return true;
}

#endif

/* A row a mode; a generator without one fails. */
static const struct {
	const char *generator, *options;
	unsigned threads;
} rows[] = {
	{ "anon", "size=2M", 2 },
	{ "anon", "size=2M pattern=strided write=50%", 1 },
	{ "anon", "size=2M pattern=uniform verify=true", 2 },
	{ "anon", "size=2M pattern=zipf touch=page", 1 },
	{ "anon", "size=2M pattern=hotcold", 1 },
	{ "anon", "size=2M pattern=scan", 1 },
	{ "anon", "size=2M pattern=chase", 1 },
	{ "anon", "size=2M pattern=moving", 1 },
	{ "anon", "size=2M fill=header thp=always", 1 },
	{ "anon", "size=2M advise=dontneed advise_size=64K", 1 },
	{ "anon", "size=2M advise=free advise_size=64K verify=true", 2 },
	{ "anon", "size=2M advise=pageout advise_size=64K", 1 },
	{ "anon", "size=2M advise=cold advise_size=64K", 1 },
	{ "anon", "size=2M fork=hold", 1 },
	{ "anon", "size=2M mlock=25%", 1 },
	{ "file", "size=1M", 2 },
	{ "file", "size=1M engine=mmap write=50% verify=true", 1 },
	{ "file", "size=1M engine=io_uring depth=8 pattern=uniform write=30%", 2 },
	{ "file", "size=1M direct=true block=4K", 1 },
	{ "file", "size=1M engine=io_uring direct=true depth=8", 1 },
	{ "file", "size=1M write=100% fsync=16 fadvise=dontneed", 1 },
	{ "shmem", "size=1M pattern=uniform verify=true", 2 },
	{ "shmem", "size=1M kind=sysv mode=punch", 2 },
	{ "shmem", "size=1M mode=truncate", 1 },
	{ "dentry", "entries=200", 2 },
	{ "dentry", "entries=200 live=20 depth=2", 1 },
	{ "dentry", "entries=200 mode=stat pattern=zipf", 1 },
	{ "dentry", "entries=200 mode=rename", 1 },
	{ "dentry", "entries=200 mode=negative fresh=true", 1 },
	{ "dentry", "entries=200 mode=readdir width=4", 1 },
	{ "dentry", "entries=200 mode=inode shared=true", 2 },
	{ "kmem", "kind=pipe live=8", 2 },
	{ "kmem", "kind=socket live=8", 1 },
	{ "kmem", "kind=epoll live=8", 1 },
	{ "kmem", "kind=pagetable live=8", 1 },
	{ "frag", "size=16M demand=thp demand_size=2M", 1 },
	{ "probe", "kind=fault", 2 },
	{ "probe", "kind=alloc block=64K", 1 },
	{ "probe", "kind=touch verify=true", 1 },
	{ "probe", "kind=read", 2 },
	{ "exec", "command=true", 1 },
	{ "exec", "command=ls command=/", 1 },
};

static int64_t counted_step(struct workload_thread *t, uint64_t budget, struct error *err)
{
	const struct workload_ops *ops = workload_find(t->worker->name);
	int64_t r;

	atomic_fetch_add(&count->inside, 1);
	r = ops->step(t, budget, err);
	atomic_fetch_sub(&count->inside, 1);
	return r;
}

/* lead_init_at(), with the generator's step counted. */
static bool init(struct lead *l, const struct workload_site *site, struct workload_ops *ops,
		 const char *generator, const char *options, unsigned threads)
{
	if (!lead_init_at(l, site, generator, options, threads))
		return false;
	*ops = *l->args.ops;
	ops->step = counted_step;
	l->args.ops = ops;
	return true;
}

static void check(const char *generator, const char *options, unsigned threads)
{
	const struct workload_site site = {
		.page_bytes = (size_t)sysconf(_SC_PAGESIZE),
		.node_count = 1,
		.node_bytes = { 1ull << 40 },
		.swap_bytes = 1ull << 40,
		.disk_bytes = 1ull << 40,
		.rated = streq(generator, "probe"),
	};
	struct workload_ops ops;
	struct lead l;

	atomic_store(&count->calls, 0);
	if (!init(&l, &site, &ops, generator, options, threads))
		goto failed;
	l.args.measured.ops = MIN(3 * l.plan.ops_per_pass, (uint64_t)10000);
	l.args.rate = site.rated ? 100000 : 0;
	if (!lead_start(&l) || !lead_to(&l, GO_SETUP, WORKER_READY) ||
	    !lead_to(&l, GO_WARMUP, WORKER_WARM))
		goto failed;
	atomic_store(&count->pid, l.pid);
	if (!lead_to(&l, GO_MEASURE, WORKER_DONE))
		goto failed;
	atomic_store(&count->pid, 0);
	tap_eq_u64(atomic_load(&count->calls), 0, "%s %s, %u threads: calls of the allocator",
		   generator, options, threads);
	lead_done(&l);
	return;
failed:
	/* What the machine doesn't offer (direct I/O on a tmpfs) is no allocation. */
	atomic_store(&count->pid, 0);
	tap_ok(false, "%s %s: %s", generator, options, l.err.text);
	lead_done(&l);
}

/* The counter counts: a step that allocates is found. */
static int64_t allocating_step(struct workload_thread *t, uint64_t budget, struct error *err)
{
	static void *volatile kept;
	int64_t r;

	(void)err;
	(void)budget;
	atomic_fetch_add(&count->inside, 1);
	kept = malloc(100);
	free(kept);
	r = 1;
	workload_record(t, 0, workload_begin(t));
	atomic_fetch_sub(&count->inside, 1);
	return r;
}

static void test_counter(void)
{
	struct workload_ops ops;
	struct lead l;

	atomic_store(&count->calls, 0);
	if (lead_init(&l, "anon", "size=1M", 1)) {
		ops = *l.args.ops;
		ops.step = allocating_step;
		l.args.ops = &ops;
		l.args.measured.ops = 5;
		if (lead_start(&l) && lead_to(&l, GO_SETUP, WORKER_READY) &&
		    lead_to(&l, GO_WARMUP, WORKER_WARM)) {
			atomic_store(&count->pid, l.pid);
			lead_to(&l, GO_MEASURE, WORKER_DONE);
			atomic_store(&count->pid, 0);
		}
	}
	tap_eq_u64(atomic_load(&count->calls), 10, "five steps that allocate are ten calls");
	lead_done(&l);
}

int main(void)
{
	void *shared = mmap(NULL, sizeof(*count), PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (shared == MAP_FAILED || !watch()) {
		tap_ok(false, "the allocator is watched");
		return tap_done();
	}
	count = shared;
	test_counter();
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		check(rows[i].generator, rows[i].options, rows[i].threads);
	for (const struct workload_ops *const *w = workloads; *w; w++) {
		bool has = false;

		for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
			has = has || streq(rows[i].generator, (*w)->name);
		tap_ok(has, "%s has a row", (*w)->name);
	}
	return tap_done();
}
