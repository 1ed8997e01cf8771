/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The kernel's counter files, of whatever shape, as named values in the file's order. Formats are
 * as the kernel's Documentation/filesystems/proc.rst, admin-guide/cgroup-v2.rst and
 * admin-guide/blockdev/zram.rst have them.
 */
enum kv_shape {
	KV_SHAPE_FLAT,	    /* vmstat, meminfo, memory.stat, numastat: "pgfault" */
	KV_SHAPE_SINGLE,    /* memory.current: "" */
	KV_SHAPE_PSI,	    /* pressure/memory: "some.total", "full.total", us */
	KV_SHAPE_NODE,	    /* nodeN/meminfo, "Node 0 MemTotal: 1 kB": "MemTotal" */
	KV_SHAPE_ZONES,	    /* zoneinfo: "node0.DMA32.low"; free, boost, watermarks, managed */
	KV_SHAPE_BUDDY,	    /* buddyinfo: "node0.DMA32.order3", free blocks */
	KV_SHAPE_NUMA,	    /* memory.numa_stat: "anon.N0" */
	KV_SHAPE_IO,	    /* io.stat: "rbytes"; each comes once a device, to be added up */
	KV_SHAPE_SCHEDSTAT, /* PID/schedstat: "cpu_ns", "wait_ns", "slices" */
	KV_SHAPE_MM_STAT,   /* zramN/mm_stat: "orig_data_size" and on */
};

#define KV_NAME_MAX 128

struct kv_reader {
	enum kv_shape shape;
	const char *at, *end;
	char section[48]; /* "node0.DMA32." */
	const char *line; /* its begin, while a line has several values */
	size_t place;	  /* of the value in its line */
	bool inside;	  /* zoneinfo: in the part of a zone that has its watermarks */
};

struct kv_value {
	char name[KV_NAME_MAX];
	const char *digits; /* where the number stands in the text */
	uint64_t value;	    /* "max" is UINT64_MAX */
};

/* text need not be NUL-terminated. */
void kv_reader_init(struct kv_reader *r, enum kv_shape shape, const char *text, const char *end);

/* The next value; false at the end. What is no value of its shape is passed over. */
bool kv_reader_next(struct kv_reader *r, struct kv_value *ret);

/*
 * Digits, or "max", at *at, which moves behind them: the number is whole when a blank or the end
 * follows. False, *at unmoved, when there is none or it does not fit 64 bits.
 */
bool kv_number(const char **at, const char *end, uint64_t *ret);
