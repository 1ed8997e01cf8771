// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/trace-decode.h"

#include <errno.h>
#include <event-parse.h>
#include <kbuffer.h>
#include <stdlib.h>
#include <string.h>

#include "src/cleanup.h"
#include "src/macro.h"

#define IDS ((size_t)1 << 16) /* common_type has 16 bits */

struct field {
	int offset, size; /* size 0: the spec has no such value */
	bool is_signed;
};

struct format {
	const struct trace_spec *spec;
	struct field fields[TRACE_VALUES];
	struct field tid;
	struct field stack; /* of TRACE_STACK: where the first entry lies */
	int size;	    /* up to the end of what is read */
};

struct trace_decoder {
	struct tep_handle *tep;
	struct format formats[TRACE_SPECS_MAX];
	size_t format_count;
	unsigned char by_id[IDS]; /* index in formats and 1; 0: not ours */
	struct field type;	  /* common_type, the same of all */
};

/* One CPU's buffer: its pages, and the event at which it stands. */
struct source {
	const struct trace_chunk **pages;
	size_t count, next;
	struct kbuffer *kbuf;
	void *event; /* NULL: no more */
	unsigned long long t_ns;
};

int trace_decoder_new(struct trace_decoder **ret, struct error *err)
{
	struct trace_decoder *d = calloc(1, sizeof(*d));

	if (d)
		d->tep = tep_alloc();
	if (!d || !d->tep) {
		free(d);
		return error_set(err, -ENOMEM, "decode a trace");
	}
	/* It says on stderr what it thinks of print formats, which nothing here reads. */
	tep_set_loglevel(TEP_LOG_NONE);
	*ret = d;
	return 0;
}

void trace_decoder_free(struct trace_decoder *d)
{
	if (!d)
		return;
	tep_free(d->tep);
	free(d);
}

static bool get_field(struct field *ret, const struct tep_format_field *field)
{
	if (!field ||
	    (field->size != 1 && field->size != 2 && field->size != 4 && field->size != 8))
		return false;
	*ret = (struct field){ .offset = field->offset,
			       .size = field->size,
			       .is_signed = field->flags & TEP_FIELD_IS_SIGNED };
	return true;
}

/* Which values an event has depends on the kernel: an unknown one stays TRACE_NOTHING. */
static int get_fields(struct trace_decoder *d, struct format *f, struct tep_event *event,
		      struct error *err)
{
	if (!get_field(&d->type, tep_find_common_field(event, "common_type")) ||
	    !get_field(&f->tid, tep_find_common_field(event, "common_pid")))
		return error_say(err, -EBADMSG, "event %s has no type or no pid", f->spec->name);
	f->size = MAX(d->type.offset + d->type.size, f->tid.offset + f->tid.size);
	for (size_t v = 0; v < TRACE_VALUES; v++) {
		const char *name = f->spec->fields[v];

		if (!name)
			continue;
		if (!get_field(&f->fields[v], tep_find_field(event, name))) {
			/* Reclaim begins of a node, or of all: that one tells no node. */
			if (v == TRACE_NODE && f->spec->step == TRACE_BEGIN)
				continue;
			return error_say(err, -ENOENT, "event %s has no number %s", f->spec->name,
					 name);
		}
		f->size = MAX(f->size, f->fields[v].offset + f->fields[v].size);
	}
	if (f->spec->step == TRACE_STACK) {
		const struct tep_format_field *callers = tep_find_field(event, "caller");

		if (!callers)
			return error_say(err, -ENOENT, "event %s has no callers", f->spec->name);
		f->stack.offset = callers->offset;
	}
	return 0;
}

int trace_decoder_add_format(struct trace_decoder *d, const struct trace_spec *spec,
			     const char *format, size_t len, struct error *err)
{
	struct format *f = &d->formats[d->format_count];
	struct tep_event *event = NULL;
	int r;

	if (d->format_count == TRACE_SPECS_MAX)
		return error_say(err, -E2BIG, "more events than %d", TRACE_SPECS_MAX);
	if (tep_parse_format(d->tep, &event, format, len, spec->system ? spec->system : "wring") !=
		    0 ||
	    !event || event->id < 0 || (size_t)event->id >= IDS)
		return error_say(err, -EBADMSG, "the format of event %s can't be read", spec->name);
	*f = (struct format){ .spec = spec };
	r = get_fields(d, f, event, err);
	if (r < 0)
		return r;
	d->by_id[event->id] = (unsigned char)++d->format_count;
	return 0;
}

static int64_t get_value(const struct field *field, const void *data)
{
	union {
		uint8_t u8;
		uint16_t u16;
		uint32_t u32;
		uint64_t u64;
	} value;

	memcpy(&value, (const char *)data + field->offset, (size_t)field->size);
	switch (field->size) {
	case 1:
		return field->is_signed ? (int8_t)value.u8 : (int64_t)value.u8;
	case 2:
		return field->is_signed ? (int16_t)value.u16 : (int64_t)value.u16;
	case 4:
		return field->is_signed ? (int32_t)value.u32 : (int64_t)value.u32;
	default:
		return (int64_t)value.u64;
	}
}

/* Goes to the source's next event, over the pages' ends. */
static int advance(struct source *s, struct trace_counts *counts)
{
	s->event = s->event ? kbuffer_next_event(s->kbuf, &s->t_ns) : NULL;
	while (!s->event && s->next < s->count) {
		int missed;

		if (kbuffer_load_subbuffer(s->kbuf, (void *)s->pages[s->next++]->data) < 0)
			return -EBADMSG;
		missed = kbuffer_missed_events(s->kbuf);
		/* -1: some, the kernel does not say how many. */
		counts->lost += missed < 0 ? 1 : (uint64_t)missed;
		s->event = kbuffer_read_event(s->kbuf, &s->t_ns);
	}
	return 0;
}

/* Finds each source's pages, twice: to count them, and to keep them. */
static int sort_pages(struct source *sources, size_t count, const void *chunks, size_t bytes)
{
	for (int keep = 0; keep < 2; keep++) {
		for (size_t i = 0; keep && i < count; i++) {
			sources[i].pages = calloc(sources[i].count + 1, sizeof(void *));
			if (!sources[i].pages)
				return -ENOMEM;
			sources[i].count = 0;
		}
		for (size_t at = 0; at < bytes;) {
			const struct trace_chunk *chunk = (const void *)((const char *)chunks + at);

			if (chunk->source >= count || trace_chunk_size(chunk->bytes) > bytes - at)
				return -EBADMSG;
			if (keep)
				sources[chunk->source].pages[sources[chunk->source].count] = chunk;
			sources[chunk->source].count++;
			at += trace_chunk_size(chunk->bytes);
		}
	}
	return 0;
}

static int open_sources(struct source *sources, size_t count, const void *chunks, size_t bytes,
			struct trace_counts *counts)
{
	int r = sort_pages(sources, count, chunks, bytes);

	for (size_t i = 0; r == 0 && i < count; i++) {
		sources[i].kbuf =
			kbuffer_alloc(KBUFFER_LSIZE_SAME_AS_HOST, KBUFFER_ENDIAN_SAME_AS_HOST);
		r = sources[i].kbuf ? advance(&sources[i], counts) : -ENOMEM;
	}
	return r;
}

static struct source *earliest(struct source *sources, size_t count)
{
	struct source *best = NULL;

	for (size_t i = 0; i < count; i++)
		if (sources[i].event && (!best || sources[i].t_ns < best->t_ns))
			best = &sources[i];
	return best;
}

/* As many entries as the event says, and as it is long enough to hold. */
static void read_stack(const struct format *f, const struct source *s, struct trace_event *ret)
{
	int room = kbuffer_event_size(s->kbuf) - f->stack.offset;
	int64_t depth = ret->values[TRACE_DEPTH];

	if (room <= 0 || depth <= 0)
		return;
	ret->stack = (const char *)s->event + f->stack.offset;
	ret->depth = MIN((size_t)depth, (size_t)room / sizeof(uint64_t));
}

/* Whether the source stands at one of our events; then it is in *ret. */
static bool read_event(const struct trace_decoder *d, const struct source *s,
		       struct trace_event *ret)
{
	const struct format *f;
	int64_t id;

	if (kbuffer_event_size(s->kbuf) < d->type.offset + d->type.size)
		return false;
	id = get_value(&d->type, s->event);
	if (id < 0 || (size_t)id >= IDS || !d->by_id[id])
		return false;
	f = &d->formats[d->by_id[id] - 1];
	if (kbuffer_event_size(s->kbuf) < f->size)
		return false;
	*ret = (struct trace_event){ .t_ns = s->t_ns,
				     .tid = (int32_t)get_value(&f->tid, s->event),
				     .spec = f->spec };
	for (size_t v = 0; v < TRACE_VALUES; v++)
		ret->values[v] =
			f->fields[v].size ? get_value(&f->fields[v], s->event) : TRACE_NOTHING;
	if (f->spec->step == TRACE_STACK)
		read_stack(f, s, ret);
	return true;
}

int trace_decode(struct trace_decoder *d, const void *chunks, size_t bytes, size_t sources,
		 int (*take)(void *arg, const struct trace_event *event), void *arg,
		 struct trace_counts *ret, struct error *err)
{
	struct source *all = calloc(sources + 1, sizeof(*all)), *s;
	struct trace_counts counts = {};
	struct trace_event event;
	int r = all ? open_sources(all, sources, chunks, bytes, &counts) : -ENOMEM;

	while (r == 0 && (s = earliest(all, sources))) {
		if (read_event(d, s, &event)) {
			counts.events++;
			r = take(arg, &event);
		}
		if (r == 0)
			r = advance(s, &counts);
	}
	for (size_t i = 0; all && i < sources; i++) {
		free(all[i].pages);
		kbuffer_free(all[i].kbuf);
	}
	free(all);
	if (r < 0)
		return error_set(err, r, "decode the trace");
	*ret = counts;
	return 0;
}
