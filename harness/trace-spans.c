// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/trace-spans.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "src/macro.h"

#define DEPTH_MAX	32
#define TABLE_FIRST	256  /* slots; a power of two */
#define UNINTERRUPTIBLE 2    /* prev_state: TASK_UNINTERRUPTIBLE, include/linux/sched.h */
#define STATE_MASK	0xff /* what is above says that it was preempted */
#define NS_PER_US	UINT64_C(1000)

/* A span that has begun. */
struct open {
	size_t index; /* in spans */
	const struct trace_spec *spec;
	bool mute;	/* not to be kept: its end must be known all the same */
	bool slept;	/* the thread left the CPU in it, and not for another one's turn */
	bool filled;	/* something else began in it */
	bool node_told; /* by its own event, and not by what happened in it */
};

enum thread_state { STATE_UNKNOWN, STATE_RUNNING, STATE_OUT };

struct thread {
	int32_t tid; /* 0: a free slot */
	int worker, thread;
	struct open stack[DEPTH_MAX];
	unsigned depth;
	uint32_t seen; /* kinds, a bit each, that began or ended here */
	enum thread_state state;
	uint64_t out_ns;       /* since when it is off the CPU */
	uint64_t runnable_ns;  /* since when it could be on it; 0: it sleeps */
	uint64_t slept_ns;     /* when its last sleep began */
	uint64_t last_end_ns;  /* of its spans */
	bool io;	       /* it sleeps uninterruptibly and nothing around says why */
	enum span_what asleep; /* what that sleep is, by its stack */
	uint64_t waits_in;     /* an address in the function that sleeps; 0: not known */
};

struct trace_spans {
	uint64_t start_ns;
	const struct trace_kernel *kernel;
	struct thread **table; /* open addressing, at most half full */
	size_t slots, threads;
	struct trace_span *spans;
	size_t count, room;
};

int trace_spans_new(struct trace_spans **ret, uint64_t start_ns, const struct trace_kernel *kernel)
{
	struct trace_spans *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	s->start_ns = start_ns;
	s->kernel = kernel;
	s->slots = TABLE_FIRST;
	s->table = calloc(s->slots, sizeof(*s->table));
	if (!s->table) {
		free(s);
		return -ENOMEM;
	}
	*ret = s;
	return 0;
}

void trace_spans_free(struct trace_spans *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->slots; i++)
		free(s->table[i]);
	free(s->table);
	free(s->spans);
	free(s);
}

/* ---- threads ---- */

static struct thread **find_slot(struct thread **table, size_t slots, int32_t tid)
{
	size_t i = (uint32_t)tid * UINT32_C(2654435761) & (slots - 1);

	while (table[i] && table[i]->tid != tid)
		i = (i + 1) & (slots - 1);
	return &table[i];
}

static int grow_table(struct trace_spans *s)
{
	size_t slots = s->slots * 2;
	struct thread **table = calloc(slots, sizeof(*table));

	if (!table)
		return -ENOMEM;
	for (size_t i = 0; i < s->slots; i++)
		if (s->table[i])
			*find_slot(table, slots, s->table[i]->tid) = s->table[i];
	free(s->table);
	s->table = table;
	s->slots = slots;
	return 0;
}

/* The thread of that number, made if it is not there; NULL when memory is out. */
static struct thread *thread_of(struct trace_spans *s, int32_t tid)
{
	struct thread **slot = find_slot(s->table, s->slots, tid);

	if (*slot)
		return *slot;
	if ((s->threads + 1) * 2 > s->slots) {
		if (grow_table(s) < 0)
			return NULL;
		slot = find_slot(s->table, s->slots, tid);
	}
	*slot = calloc(1, sizeof(**slot));
	if (!*slot)
		return NULL;
	(*slot)->tid = tid;
	(*slot)->worker = (*slot)->thread = -1;
	s->threads++;
	return *slot;
}

/* One of the suite's, or NULL. */
static struct thread *own_thread(struct trace_spans *s, int64_t tid)
{
	struct thread *th = *find_slot(s->table, s->slots, (int32_t)tid);

	return th && th->worker >= 0 ? th : NULL;
}

int trace_spans_own(struct trace_spans *s, int32_t tid, int worker, int thread)
{
	struct thread *th = thread_of(s, tid);

	if (!th)
		return -ENOMEM;
	th->worker = worker;
	th->thread = thread;
	return 0;
}

/* ---- spans ---- */

static struct trace_span *add_span(struct trace_spans *s, const struct thread *th,
				   enum span_what what, uint64_t start_ns, uint64_t end_ns)
{
	struct trace_span *span;

	if (s->count == s->room) {
		size_t room = s->room ? s->room * 2 : 1024;

		span = reallocarray(s->spans, room, sizeof(*span));
		if (!span)
			return NULL;
		s->spans = span;
		s->room = room;
	}
	span = &s->spans[s->count];
	*span = (struct trace_span){
		.start_ns = start_ns,
		.end_ns = end_ns,
		.what = what,
		.tid = th->tid,
		.worker = th->worker,
		.thread = th->thread,
		.node = -1,
		.order = -1,
		.priority = -1,
		.scanned = TRACE_NOTHING,
		.reclaimed = TRACE_NOTHING,
		.detail = TRACE_NOTHING,
		.number = s->count,
	};
	s->count++;
	return span;
}

/* A closed span between two times of a thread. */
static int put_span(struct trace_spans *s, struct thread *th, enum span_what what,
		    uint64_t start_ns, uint64_t end_ns)
{
	th->last_end_ns = end_ns;
	return add_span(s, th, what, start_ns, end_ns) ? 0 : -ENOMEM;
}

static int small(int64_t value)
{
	return value == TRACE_NOTHING || value < 0 ? -1 : (int)value;
}

static int zone_node(const struct trace_spans *s, int64_t start)
{
	for (size_t i = 0; i < s->kernel->zone_count; i++)
		if (start == (int64_t)s->kernel->zones[i].start)
			return s->kernel->zones[i].node;
	return -1;
}

static bool is_reclaim(enum span_what what)
{
	return what == SPAN_MEMCG_RECLAIM || what == SPAN_DIRECT_RECLAIM ||
	       what == SPAN_NODE_RECLAIM || what == SPAN_KSWAPD;
}

static bool inside_known(const struct thread *th)
{
	for (unsigned i = 0; i < th->depth; i++)
		if (!th->stack[i].mute)
			return true;
	return false;
}

/* Reading is told only where nothing around it is: else it is a part of that. */
static bool is_mute(const struct thread *th, const struct trace_event *e)
{
	return e->spec->what == SPAN_FILE_READ && inside_known(th);
}

static void fill(struct thread *th)
{
	for (unsigned i = 0; i < th->depth; i++)
		th->stack[i].filled = true;
}

static int begin(struct trace_spans *s, struct thread *th, const struct trace_event *e)
{
	struct open open = { .spec = e->spec };
	struct trace_span *span;

	/* kswapd and kcompactd can wake again without having said that they sleep. */
	for (unsigned i = 0; i < th->depth; i++) {
		if (th->stack[i].spec == e->spec &&
		    (e->spec->what == SPAN_KSWAPD || e->spec->what == SPAN_KCOMPACTD)) {
			span = &s->spans[th->stack[i].index];
			span->order = MAX(span->order, small(e->values[TRACE_ORDER]));
			return 0;
		}
	}
	if (th->depth == DEPTH_MAX)
		return -EOVERFLOW;
	open.mute = is_mute(th, e);
	if (!open.mute)
		fill(th);
	span = add_span(s, th, e->spec->what, e->t_ns, 0);
	if (!span)
		return -ENOMEM;
	span->node = small(e->values[TRACE_NODE]);
	if (e->values[TRACE_ZONE] != TRACE_NOTHING)
		span->node = zone_node(s, e->values[TRACE_ZONE]);
	span->order = small(e->values[TRACE_ORDER]);
	span->priority = small(e->values[TRACE_PRIORITY]);
	span->scanned = e->values[TRACE_SCANNED];
	span->detail = e->values[TRACE_DETAIL];
	open.node_told = span->node >= 0;
	open.index = span->number;
	th->stack[th->depth++] = open;
	return 0;
}

static void close_top(struct trace_spans *s, struct thread *th, uint64_t t_ns)
{
	const struct open *open = &th->stack[--th->depth];
	struct trace_span *span = &s->spans[open->index];

	span->end_ns = t_ns;
	span->dropped = open->mute;
	/* These functions are entered at every turn, and mostly return at once. */
	if (span->what == SPAN_THROTTLE_HIGH)
		span->dropped = !open->slept && !open->filled;
	if (span->what == SPAN_THROTTLE_DIRTY)
		span->dropped = !open->slept;
	if (!span->dropped)
		th->last_end_ns = t_ns;
}

static void tell_end(struct trace_span *span, const struct trace_event *e)
{
	if (e->values[TRACE_RECLAIMED] != TRACE_NOTHING)
		span->reclaimed = MAX(e->values[TRACE_RECLAIMED], 0);
	/* A shrinker says what it is going to scan, and in the end what is left of that. */
	if (e->values[TRACE_SCANNED] != TRACE_NOTHING && span->scanned != TRACE_NOTHING)
		span->scanned = MAX(span->scanned - e->values[TRACE_SCANNED], 0);
}

/*
 * Something ends that began before recording did. The suite's threads are recorded from their birth
 * on, and kcompactd says that it sleeps again and again: there it is nothing.
 */
static int end_unbegun(struct trace_spans *s, struct thread *th, const struct trace_event *e)
{
	struct trace_span *span;

	if (th->worker >= 0 || e->spec->scope != TRACE_EVERYONE ||
	    e->spec->what == SPAN_KCOMPACTD || (th->seen & 1u << e->spec->what))
		return 0;
	while (th->depth)
		close_top(s, th, e->t_ns);
	span = add_span(s, th, e->spec->what, s->start_ns, e->t_ns);
	if (!span)
		return -ENOMEM;
	span->node = small(e->values[TRACE_NODE]);
	tell_end(span, e);
	if (span->what == SPAN_SHRINKER)
		span->scanned = TRACE_NOTHING;
	th->last_end_ns = e->t_ns;
	return 0;
}

static int end(struct trace_spans *s, struct thread *th, const struct trace_event *e)
{
	unsigned at = th->depth;

	while (at && th->stack[at - 1].spec + 1 != e->spec)
		at--;
	if (!at)
		return end_unbegun(s, th, e);
	tell_end(&s->spans[th->stack[at - 1].index], e);
	while (th->depth >= at)
		close_top(s, th, e->t_ns);
	return 0;
}

static int64_t sum(int64_t a, int64_t b)
{
	return a == TRACE_NOTHING ? b : b == TRACE_NOTHING ? a : a + b;
}

/* A pass over an LRU list: a point of its own, and what the spans around it have done. */
static int pass(struct trace_spans *s, struct thread *th, const struct trace_event *e)
{
	struct trace_span *point = add_span(s, th, SPAN_LRU, e->t_ns, e->t_ns);

	if (!point)
		return -ENOMEM;
	fill(th);
	point->node = small(e->values[TRACE_NODE]);
	point->priority = small(e->values[TRACE_PRIORITY]);
	point->scanned = e->values[TRACE_SCANNED];
	point->reclaimed = e->values[TRACE_RECLAIMED];
	point->detail = e->values[TRACE_DETAIL];
	for (unsigned i = 0; i < th->depth; i++) {
		struct open *open = &th->stack[i];
		struct trace_span *around = &s->spans[open->index];

		if (!is_reclaim(around->what))
			continue;
		if (around->scanned == TRACE_NOTHING && !open->node_told)
			around->node = point->node;
		else if (around->node != point->node && !open->node_told)
			around->node = -1;
		around->scanned = sum(around->scanned, point->scanned);
		if (around->what == SPAN_KSWAPD)
			around->reclaimed = sum(around->reclaimed, point->reclaimed);
		if (around->priority < 0 || point->priority < around->priority)
			around->priority = point->priority;
	}
	return 0;
}

/*
 * A reclaimer has slept. The event tells for how long to a timer tick only; of the suite's own
 * threads it is known when they went to sleep.
 */
static int throttled(struct trace_spans *s, struct thread *th, const struct trace_event *e)
{
	uint64_t earliest = th->depth ? s->spans[th->stack[th->depth - 1].index].start_ns : 0;
	uint64_t asleep = e->values[TRACE_US] > 0 ? (uint64_t)e->values[TRACE_US] * NS_PER_US : 0;
	uint64_t start = e->t_ns - MIN(asleep, e->t_ns - s->start_ns);
	struct trace_span *span;

	if (th->worker >= 0 && th->slept_ns > earliest)
		start = th->slept_ns;
	else
		start = MAX(start, MAX(earliest, th->last_end_ns));
	span = add_span(s, th, SPAN_THROTTLE, MIN(start, e->t_ns), e->t_ns);
	if (!span)
		return -ENOMEM;
	fill(th);
	span->node = small(e->values[TRACE_NODE]);
	span->detail = e->values[TRACE_DETAIL];
	th->last_end_ns = e->t_ns;
	return 0;
}

/* ---- on and off the CPU: the suite's threads alone ---- */

static void leave_cpu(struct thread *th, uint64_t t_ns, int64_t state)
{
	bool runnable = !(state & STATE_MASK);

	th->state = STATE_OUT;
	th->out_ns = t_ns;
	th->runnable_ns = runnable ? t_ns : 0;
	th->io = (state & STATE_MASK) == UNINTERRUPTIBLE && !inside_known(th);
	th->asleep = SPAN_IO_WAIT;
	th->waits_in = 0;
	if (runnable)
		return;
	th->slept_ns = t_ns;
	for (unsigned i = 0; i < th->depth; i++)
		th->stack[i].slept = true;
}

static int put_sleep(struct trace_spans *s, struct thread *th, uint64_t t_ns)
{
	int r = put_span(s, th, th->asleep, th->out_ns, t_ns);

	if (r == 0 && th->asleep == SPAN_IO_WAIT && th->waits_in)
		s->spans[s->count - 1].detail = (int64_t)th->waits_in;
	return r;
}

/* Functions by which others sleep, and by which their sleep is traced. */
static bool is_waiting(const char *name)
{
	static const char *const names[] = { "schedule",       "__schedule",	   "io_schedule",
					     "wait_for",       "__wait_for",	   "wait_on",
					     "__wait_on",      "out_of_line_wait", "bit_wait",
					     "folio_wait_bit", "__folio_lock",	   "trace_event",
					     "__traceiter",    "__bpf_trace",	   "stacktrace" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (starts_with(name, names[i]))
			return true;
	return false;
}

/* Where the thread sleeps that has just left the CPU: in a read of the page cache, or elsewhere. */
static void tell_sleep(const struct trace_spans *s, struct thread *th, const struct trace_event *e)
{
	if (!th->io || th->state != STATE_OUT || !s->kernel->function_at)
		return;
	for (size_t i = 0; i < e->depth; i++) {
		uint64_t address;
		const char *name;

		memcpy(&address, (const char *)e->stack + i * sizeof(address), sizeof(address));
		name = s->kernel->function_at(s->kernel->arg, address);
		if (!name)
			continue;
		if (starts_with(name, "filemap_get_pages") || starts_with(name, "filemap_read"))
			th->asleep = SPAN_FILE_READ;
		if (!th->waits_in && !is_waiting(name))
			th->waits_in = address;
	}
}

static int become_runnable(struct trace_spans *s, struct thread *th, uint64_t t_ns)
{
	if (th->state == STATE_UNKNOWN) {
		th->state = STATE_OUT;
		th->out_ns = t_ns;
		th->io = false;
	} else if (th->state == STATE_RUNNING || th->runnable_ns) {
		return 0;
	}
	th->runnable_ns = t_ns;
	return th->io ? put_sleep(s, th, t_ns) : 0;
}

static int enter_cpu(struct trace_spans *s, struct thread *th, uint64_t t_ns)
{
	int r = 0;

	if (th->state == STATE_OUT && th->runnable_ns)
		r = put_span(s, th, SPAN_CPU_WAIT, th->runnable_ns, t_ns);
	else if (th->state == STATE_OUT && th->io)
		r = put_sleep(s, th, t_ns);
	th->state = STATE_RUNNING;
	return r;
}

static int switched(struct trace_spans *s, const struct trace_event *e)
{
	struct thread *prev = own_thread(s, e->values[TRACE_PID]);
	struct thread *next = own_thread(s, e->values[TRACE_NEXT]);

	if (prev)
		leave_cpu(prev, e->t_ns, e->values[TRACE_STATE]);
	return next ? enter_cpu(s, next, e->t_ns) : 0;
}

/* A number used again is another thread; what a worker's thread starts is the worker's child. */
static int new_task(struct trace_spans *s, const struct trace_event *e)
{
	const struct thread *parent = own_thread(s, e->tid);
	struct thread *th = thread_of(s, (int32_t)e->values[TRACE_PID]);

	if (!th)
		return -ENOMEM;
	if (th->worker >= 0 && th->thread >= 0)
		return 0; /* one that is known by its number */
	while (th->depth)
		close_top(s, th, e->t_ns);
	*th = (struct thread){ .tid = th->tid,
			       .worker = parent ? parent->worker : -1,
			       .thread = -1 };
	return 0;
}

static void close_thread(struct trace_spans *s, struct thread *th, uint64_t t_ns)
{
	while (th->depth)
		close_top(s, th, t_ns);
	th->worker = th->thread = -1;
}

int trace_spans_add(struct trace_spans *s, const struct trace_event *e)
{
	struct thread *th;
	int r = 0;

	if (e->spec->step == TRACE_SWITCH)
		return switched(s, e);
	if (e->spec->step == TRACE_WAKEUP) {
		th = own_thread(s, e->values[TRACE_PID]);
		return th ? become_runnable(s, th, e->t_ns) : 0;
	}
	th = thread_of(s, e->tid);
	if (!th)
		return -ENOMEM;
	if (e->spec->step == TRACE_STACK) {
		tell_sleep(s, th, e);
		return 0;
	}
	th->state = STATE_RUNNING; /* also where its coming onto a CPU was lost, or before recording */
	switch (e->spec->step) {
	case TRACE_BEGIN:
		r = begin(s, th, e);
		break;
	case TRACE_END:
		r = end(s, th, e);
		break;
	case TRACE_LRU:
		r = pass(s, th, e);
		break;
	case TRACE_THROTTLED:
		r = throttled(s, th, e);
		break;
	case TRACE_NEW_TASK:
		r = new_task(s, e);
		break;
	default:
		close_thread(s, th, e->t_ns);
		break;
	}
	th->seen |= 1u << e->spec->what;
	return r;
}

static int by_start(const void *a, const void *b)
{
	const struct trace_span *x = a, *y = b;

	if (x->start_ns != y->start_ns)
		return x->start_ns < y->start_ns ? -1 : 1;
	if (x->end_ns != y->end_ns)
		return x->end_ns > y->end_ns ? -1 : 1;
	return (x->number > y->number) - (x->number < y->number);
}

static int end_thread(struct trace_spans *s, struct thread *th, uint64_t end_ns)
{
	int r = 0;

	if (th->worker >= 0 && th->state == STATE_OUT)
		r = enter_cpu(s, th, end_ns);
	while (th->depth)
		close_top(s, th, end_ns);
	return r;
}

int trace_spans_end(struct trace_spans *s, uint64_t end_ns, const struct trace_span **ret,
		    size_t *ret_count)
{
	size_t kept = 0;

	for (size_t i = 0; i < s->slots; i++)
		if (s->table[i] && end_thread(s, s->table[i], end_ns) < 0)
			return -ENOMEM;
	for (size_t i = 0; i < s->count; i++)
		if (!s->spans[i].dropped)
			s->spans[kept++] = s->spans[i];
	s->count = kept;
	if (kept)
		qsort(s->spans, kept, sizeof(*s->spans), by_start);
	*ret = s->spans;
	*ret_count = kept;
	return 0;
}
