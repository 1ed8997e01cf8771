/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stddef.h>

/*
 * The name that the user probably meant: offer every known name to a search, then ask. A name
 * counts as near when at most a third of its letters (and at least one) must change.
 */
struct nearest {
	const char *word; /* what the user wrote; borrowed */
	const char *best; /* borrowed from the offered names; NULL before a near one */
	size_t distance;
};

void nearest_offer(struct nearest *search, const char *known);

/* " (did you mean «X»?)" into buf, or "" when nothing is near; returns buf. */
const char *nearest_hint(const struct nearest *search, char *buf, size_t size);
