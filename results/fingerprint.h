/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <jansson.h>

#include "src/error.h"

/*
 * How results/ writes its JSON: twelve digits are more than any metric is worth, and they read
 * back as the same text on every machine.
 */
#define RECORD_JSON_FLAGS JSON_REAL_PRECISION(12)

#define FINGERPRINT_SIZE 65 /* 64 hex digits and a NUL */

/*
 * SHA-256 of a trial's measurement: the bytes of samples.tsv, then those of latency.tsv (both in
 * dirfd), those of a traced trial's spans.tsv and an open loop's slow.tsv, then the metrics as JSON
 * with sorted keys and no white space. Equal fingerprints, equal measurements; a comment, a path or
 * the host's load does not enter.
 */
int fingerprint_compute(int dirfd, const json_t *metrics, char ret[static FINGERPRINT_SIZE],
			struct error *err);
