/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "src/error.h"

/*
 * Unpacks the record that a guest wrote to its results disk, an uncompressed tar with any number
 * of zeros behind it, into the directory out_dirfd.
 *
 * The guest is not trusted. The tar must hold the five files of a record (trial.json, samples.tsv,
 * latency.tsv, events.tsv, topology.xml) and may hold a trace's (spans.tsv) and an open loop's
 * (slow.tsv), each once and a regular file, 64 MiB each and 128 MiB together at most, and nothing
 * else: -EBADMSG says what is wrong or missing. Nothing is written before all of it is found good.
 */
int unpack_record(const char *tar_path, int out_dirfd, struct error *err);
