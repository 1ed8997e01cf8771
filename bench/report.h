/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdio.h>

#include "bench/measure.h"

/* The table's head, and a row's line. */
void report_head(FILE *f);
void report_row(FILE *f, const struct row *row, const struct row_result *r);
/* `--list`: a row's name, target and meaning. */
void report_listed(FILE *f, const struct row *row);

/*
 * All results as JSON: the machine, and for each row its values by repetition, with the samples of
 * the sides that they come from. report_group() adds a group's wanted rows and prints them.
 */
struct report;
int report_new(struct report **ret, const struct bench *b);
int report_group(struct report *r, const struct group_result *g, const bool *rows_wanted, FILE *f);
int report_write(const struct report *r, const char *path, struct error *err);
/* How many rows have come to a verdict; their names into buf. */
unsigned report_count(const struct report *r, enum verdict verdict, char *buf, size_t size);
void report_free(struct report *r);
