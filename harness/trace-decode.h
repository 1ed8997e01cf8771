/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "harness/trace-event.h"
#include "src/error.h"

/*
 * Reads the kernel's ring buffers as they were recorded: pages of binary events, each CPU's in the
 * order of time, whose layout the kernel's format files tell
 * (Documentation/trace/ring-buffer-design.rst, Documentation/trace/events.rst).
 */
struct trace_decoder;

int trace_decoder_new(struct trace_decoder **ret, struct error *err);
void trace_decoder_free(struct trace_decoder *d);

/*
 * Takes an event's format file; all are taken before anything is decoded. -EBADMSG when it can't
 * be read; -ENOENT, which is no error to a kernel that lacks it, when a field that the spec names
 * is not there: err is set in both cases.
 */
int trace_decoder_add_format(struct trace_decoder *d, const struct trace_spec *spec,
			     const char *format, size_t len, struct error *err);

/*
 * What was read from the buffers, one after another in memory: a header, then so many bytes of
 * one page. A source is one CPU's buffer of one instance.
 */
struct trace_chunk {
	uint32_t source;
	uint32_t bytes;
	unsigned char data[];
};

/* Room for a chunk of so many bytes with its header; the next one is aligned. */
static inline size_t trace_chunk_size(size_t bytes)
{
	return (sizeof(struct trace_chunk) + bytes + 7) & ~(size_t)7;
}

struct trace_counts {
	uint64_t events; /* decoded, of the specs that the decoder knows */
	uint64_t lost;	 /* places where the kernel says that it lost events, or how many */
};

/*
 * Decodes all chunks and calls take() for each event, in the order of time over all sources; what
 * take() returns below 0 ends it and is returned.
 */
int trace_decode(struct trace_decoder *d, const void *chunks, size_t bytes, size_t sources,
		 int (*take)(void *arg, const struct trace_event *event), void *arg,
		 struct trace_counts *ret, struct error *err);
