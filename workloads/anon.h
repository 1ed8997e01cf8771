/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* What the parts of the anon generator share. */
#include <stdatomic.h>
#include <sys/types.h>

#include "workloads/content.h"
#include "workloads/pattern.h"
#include "workloads/workload.h"

enum anon_thp { THP_NEVER, THP_ALWAYS, THP_SYSTEM };
enum anon_span { SPAN_LINE, SPAN_PAGE };
enum anon_fill { FILL_PAGE, FILL_HEADER };
enum anon_advise { ADVISE_NONE, ADVISE_FREE, ADVISE_PAGEOUT, ADVISE_COLD, ADVISE_DONTNEED };
enum anon_fork { FORK_NONE, FORK_HOLD };
enum anon_counter { ANON_FILLED, ANON_DROPPED, ANON_ADVISED, ANON_FORKS };

struct anon_options {
	uint64_t size_bytes;
	struct pattern_options pattern;
	double write;
	int touch, fill; /* enum anon_span, enum anon_fill */
	double compressibility;
	bool verify;
	int thp, advise, fork; /* enum anon_thp, anon_advise, anon_fork */
	uint64_t advise_bytes;
	double mlock;
};

/* Of a page; anything but PAGE_FILLED means that its next touch has to look, or to fill it. */
enum anon_page {
	PAGE_NEW,     /* never touched */
	PAGE_FILLED,  /* holds its contents, wherever the kernel keeps them */
	PAGE_FREED,   /* the kernel may drop it until it is written: MADV_FREE */
	PAGE_DROPPED, /* the kernel has dropped it: MADV_DONTNEED */
};

struct anon {
	const struct anon_options *options;
	unsigned char *memory;
	size_t page_bytes;
	uint64_t pages, locked; /* locked: the first ones */
	struct content content;
	struct pattern pattern;
	bool sliced;		   /* no page is touched by two threads */
	bool plain;		   /* once filled, a touch has nothing to look at but the page */
	_Atomic uint8_t *state;	   /* enum anon_page, of each page */
	_Atomic uint64_t unfilled; /* pages that are not PAGE_FILLED, or more */
	pid_t child;		   /* thread 0's; 0: none */
	uint64_t forked_at;	   /* thread 0's position then */
};

/* Pages side by side. */
struct anon_run {
	uint64_t first, count;
};

struct anon_thread {
	struct rng coin; /* read or write: apart from the pattern's, so that neither shifts the
			    other */
	uint64_t next;	 /* chase: the page to touch next */
	uint64_t fresh;	 /* pages of its slice that no pass has come to */
	uint64_t gained; /* pages filled and not yet taken off anon.unfilled */
	volatile uint64_t sink; /* of what was read */
	/* What has been touched and is to be advised. */
	struct anon_run *runs;
	uint64_t run_count, runs_advised;
	uint64_t touched, window; /* pages: since the last advice; between two */
};

static inline void *anon_block(const struct anon *a, uint64_t page)
{
	return a->memory + page * a->page_bytes;
}

/* ---- anon-touch.c ---- */

/* Does count touches (≤ anon_batch()) and records them. */
void anon_touch(struct anon *a, struct workload_thread *t, uint64_t count);
/* How many touches take about a millisecond at most. */
uint64_t anon_batch(const struct anon *a, const struct workload_thread *t);

/* ---- anon-kernel.c: what is asked of the kernel ---- */

/* The mapping, huge pages as wanted, the locked share. */
int anon_map(struct anon *a, struct error *err);

/* Notes a touched page for the next advice. */
void anon_note(struct anon *a, struct anon_thread *ts, uint64_t page);
/* Whether as much has been touched as is advised together. */
bool anon_advice_is_due(const struct anon_thread *ts);
/* Gives a bounded part of the advice that is due. */
int anon_advise_some(struct anon *a, struct workload_thread *t, struct error *err);

/* fork: hold: a new child in place of the old one. */
int anon_renew_child(struct anon *a, struct workload_thread *t, struct error *err);
void anon_end_child(struct anon *a);
