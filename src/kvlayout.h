/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "src/error.h"
#include "src/kvreader.h"

/*
 * A counter file's layout, learned once: the text between its numbers. A later text is read by
 * comparing that text and taking the numbers, which costs a fraction of looking for keys. When
 * something between the numbers has changed, the layout is learned anew, within memory that was
 * allocated at first.
 *
 * Values go into slots, numbered from 0 as the names first appeared. Values of the same name
 * (io.stat: one a device) are added up. A name that appears later has no slot and is left out.
 */
struct kv_layout;

/* Learns from a text; the slots' names then are kv_layout_name(). */
int kv_layout_new(struct kv_layout **ret, enum kv_shape shape, const char *text, size_t len,
		  struct error *err);
void kv_layout_free(struct kv_layout *l);

size_t kv_layout_count(const struct kv_layout *l);
const char *kv_layout_name(const struct kv_layout *l, size_t slot);

#define KV_MISSING UINT64_MAX

/*
 * Reads a text into values, an element a slot; a missing one is KV_MISSING. Allocates nothing.
 * Returns whether the layout had changed.
 */
bool kv_layout_read(struct kv_layout *l, const char *text, size_t len, uint64_t *values);
