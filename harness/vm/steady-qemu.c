// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Loaded into QEMU (LD_PRELOAD) when the guest's clock counts instructions: it keeps the host's
 * time out of what the guest sees. Such a machine has one thread that runs CPUs.
 *
 * First, for QEMU the time of day stands still. QEMU sizes its software TLB by how much of it was
 * used in the last 100 ms of the host's time (accel/tcg/cputlb.c, tlb_mmu_resize_locked). The size
 * decides which entries survive, hence when the next access walks the page table and sets the
 * accessed bit again that reclaim has cleared (x86 clears it without a TLB flush): a busy host
 * would change what the guest's LRU sees. With no time passing, the TLB's size follows from the
 * guest's accesses alone. Nothing else in such a machine asks for the time of day: its RTC runs on
 * the virtual clock, and waits use the monotonic clock, which stays as it is.
 *
 * Second, the main thread sleeps on while the CPUs run. When all CPUs have halted, the main thread
 * moves the virtual clock on to the next timer (softmmu/icount.c, icount_start_warp_timer). A CPU
 * says that it has halted a moment before the instructions that it had executed are counted; if
 * the main thread, woken by something else, looked in that moment, it would move the clock too far
 * by as many. So its poll returns only when the CPUs' thread waits to be woken, and everything is
 * counted. That thread runs due timers by itself; nothing else wants the main thread meanwhile.
 * Where the CPUs go on for long, their thread is stopped for it as it releases QEMU's lock, where
 * it is in no such moment; but not while a timer is due. The CPUs' thread runs that, too; if the
 * main one came first and ran it, it would have to make all CPUs leave off to tell one of an
 * interrupt, and with several of them their turns would be others.
 *
 * Third, each CPU gets its turn. The thread runs them one after another, each until the next timer
 * is due (accel/tcg/tcg-accel-ops-rr.c, rr_cpu_thread_fn); when the first has used all of that,
 * nothing is left for the second, the timers are run, and it is the first one's turn again. Only a
 * CPU that pauses or halts lets others run; Linux 6.1 waits for its second CPU without either
 * (native_cpu_up), and would boot for ever. So when the first CPU begins, the others are marked as
 * to be left: the thread then stops before them, runs due timers, and comes back to them with time
 * of their own. QEMU 8.1 divides the time by itself.
 */
#include <dlfcn.h>
#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

/* 2026-01-01, as the machine's RTC begins. */
#define STILL UINT64_C(1767225600)

/* The CPUs' thread is stopped for the main one when it has gone on for so long. */
#ifndef PATIENCE_NS
#define PATIENCE_NS 50000000
#endif

int64_t g_get_real_time(void);
int __ppoll_chk(struct pollfd *fds, nfds_t count, const struct timespec *timeout,
		const sigset_t *mask, size_t size);

/* QEMU up to 7.x. */
int gettimeofday(struct timeval *restrict now, void *restrict zone)
{
	(void)zone;
	*now = (struct timeval){ .tv_sec = STILL };
	return 0;
}

/* QEMU 8 and later ask GLib; in us. */
int64_t g_get_real_time(void)
{
	return (int64_t)STILL * 1000000;
}

/* ---- two threads that take turns ---- */

/* What the CPUs' thread does: a futex of the main thread's. */
enum { CPUS_UNKNOWN, CPUS_STILL, CPUS_RUN };
static _Atomic uint32_t cpus;
/* 1: the CPUs' thread shall stop until it is 0 again: a futex of that thread's. */
static _Atomic uint32_t stop;

/*
 * A CPU has stopped, for the main thread to stop the machine as it is then: that is deferred until
 * the other CPUs halt, or for so many times that it could have been stopped.
 */
#define TURNS_MAX 10000
static int turns; /* the CPUs' thread's own */

/* QEMU's lock, which the CPUs' thread hands over while it waits; NULL before it first does. */
static pthread_mutex_t *_Atomic big_lock;
static _Thread_local int runs_cpus;
static int main_has_lock = 1; /* the main thread's own */

static void sleep_while(_Atomic uint32_t *word, uint32_t value, const struct timespec *limit)
{
	syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, limit, NULL, 0);
}

static void tell(_Atomic uint32_t *word, uint32_t value)
{
	atomic_store(word, value);
	syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

static int is_main_thread(void)
{
	static _Thread_local int known; /* 1: no, 2: yes */

	if (!known)
		known = 1 + (getpid() == (pid_t)syscall(SYS_gettid));
	return known == 2;
}

/* By its name, which machine.c has QEMU set: a thread that saves the machine's state waits, too. */
static int is_cpus_thread(void)
{
	static _Thread_local int known; /* 1: no, 2: yes */
	char name[16] = "";

	if (!known) {
		size_t len;

		prctl(PR_GET_NAME, name);
		len = strlen(name);
		known = 1 + (len >= 4 && strcmp(name + len - 4, "/TCG") == 0);
	}
	return known == 2;
}

int pthread_cond_wait(pthread_cond_t *restrict condition, pthread_mutex_t *restrict mutex)
{
	static int (*_Atomic real)(pthread_cond_t *, pthread_mutex_t *);
	int r;

	/* Of its two versions dlsym() may give the old one. */
	if (!real)
		real = (int (*)(pthread_cond_t *, pthread_mutex_t *))dlvsym(
			RTLD_NEXT, "pthread_cond_wait", "GLIBC_2.3.2");
	if (is_main_thread()) {
		/* For the CPUs, to pause: they have to go on until they do. */
		if (atomic_load(&stop))
			tell(&stop, 0);
		return real(condition, mutex);
	}
	if (!is_cpus_thread())
		return real(condition, mutex);
	atomic_store(&big_lock, mutex);
	runs_cpus = 1;
	turns = 0;
	tell(&cpus, CPUS_STILL);
	r = real(condition, mutex);
	atomic_store(&cpus, CPUS_RUN);
	return r;
}

/* The CPUs' thread says so when a CPU has stopped (softmmu/cpus.c, qemu_cpu_stop). */
int pthread_cond_broadcast(pthread_cond_t *condition)
{
	static int (*_Atomic real)(pthread_cond_t *);

	if (!real)
		real = (int (*)(pthread_cond_t *))dlvsym(RTLD_NEXT, "pthread_cond_broadcast",
							 "GLIBC_2.3.2");
	if (runs_cpus)
		turns = TURNS_MAX;
	return real(condition);
}

#define CPUS_MAX 64

/* As the CPUs' thread, with QEMU's lock: the first CPU begins, so the others shall have their turn.
 */
static void share_time(void)
{
	static void (*leave)(void *);
	static void *cpu[CPUS_MAX], **current, *previous;
	static int count = -1;

	if (count < 0) {
		void *(*get)(int) = (void *(*)(int))dlsym(RTLD_DEFAULT, "qemu_get_cpu");

		leave = (void (*)(void *))dlsym(RTLD_DEFAULT, "cpu_exit");
		current = (void **)dlsym(RTLD_DEFAULT, "current_cpu"); /* this thread's */
		count = 0;
		while (get && leave && current && count < CPUS_MAX && (cpu[count] = get(count)))
			count++;
	}
	if (count < 2)
		return;
	if (*current == cpu[0] && previous != cpu[0])
		for (int i = 1; i < count; i++)
			leave(cpu[i]);
	previous = *current;
}

int pthread_mutex_lock(pthread_mutex_t *mutex)
{
	static int (*_Atomic real)(pthread_mutex_t *);
	int r;

	if (!real)
		real = (int (*)(pthread_mutex_t *))dlsym(RTLD_NEXT, "pthread_mutex_lock");
	r = real(mutex);
	if (mutex == atomic_load(&big_lock)) {
		if (is_main_thread())
			main_has_lock = 1;
		else if (runs_cpus)
			share_time();
	}
	return r;
}

/*
 * As the CPUs' thread, with QEMU's lock: would the main thread change what comes next? It would run
 * a timer that is due, or move the clock on when all CPUs have halted, before this thread waits; or
 * stop the machine somewhere.
 */
static int is_delicate(void)
{
	enum { CLOCK_VIRTUAL = 1, ALL_TIMERS = -1 };
	static int64_t (*deadline)(int, int);
	static _Bool (*all_idle)(void);

	if (!deadline) {
		deadline = (int64_t(*)(int, int))dlsym(RTLD_DEFAULT, "qemu_clock_deadline_ns_all");
		all_idle = (_Bool(*)(void))dlsym(RTLD_DEFAULT, "all_cpu_threads_idle");
	}
	if (turns > 0 && turns--)
		return 1;
	return deadline && all_idle && (deadline(CLOCK_VIRTUAL, ALL_TIMERS) == 0 || all_idle());
}

/* Behind QEMU's lock the CPUs' thread holds nothing and has counted what it executed. */
int pthread_mutex_unlock(pthread_mutex_t *mutex)
{
	static int (*_Atomic real)(pthread_mutex_t *);
	int big = mutex == atomic_load(&big_lock), stops, r;

	if (!real)
		real = (int (*)(pthread_mutex_t *))dlsym(RTLD_NEXT, "pthread_mutex_unlock");
	if (big && is_main_thread())
		main_has_lock = 0;
	stops = big && runs_cpus && atomic_load(&stop) && !is_delicate();
	r = real(mutex);
	if (!stops)
		return r;
	tell(&cpus, CPUS_STILL);
	while (atomic_load(&stop))
		sleep_while(&stop, 1, NULL);
	atomic_store(&cpus, CPUS_RUN);
	return r;
}

static void await_cpus(void)
{
	const struct timespec patience = { .tv_nsec = PATIENCE_NS };

	if (atomic_load(&cpus) == CPUS_RUN)
		sleep_while(&cpus, CPUS_RUN, &patience);
	if (atomic_load(&cpus) != CPUS_RUN)
		return;
	atomic_store(&stop, 1);
	while (atomic_load(&cpus) == CPUS_RUN)
		sleep_while(&cpus, CPUS_RUN, NULL);
}

int ppoll(struct pollfd *fds, nfds_t count, const struct timespec *timeout, const sigset_t *mask)
{
	static int (*_Atomic real)(struct pollfd *, nfds_t, const struct timespec *,
				   const sigset_t *);
	int r;

	if (!real)
		real = (int (*)(struct pollfd *, nfds_t, const struct timespec *,
				const sigset_t *))dlsym(RTLD_NEXT, "ppoll");
	if (!is_main_thread())
		return real(fds, count, timeout, mask);
	if (atomic_load(&stop))
		tell(&stop, 0);
	r = real(fds, count, timeout, mask);
	/* A poll of the main loop; one with the lock held waits for something else. */
	if (!main_has_lock)
		await_cpus();
	return r;
}

int __ppoll_chk(struct pollfd *fds, nfds_t count, const struct timespec *timeout,
		const sigset_t *mask, size_t size)
{
	(void)size;
	return ppoll(fds, count, timeout, mask);
}
