/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stddef.h>
#include <stdio.h>

#include "src/error.h"

/*
 * What a .gp script of ours is given: variables and tables, in a temporary directory that lives as
 * long as the struct. All-zero is "not begun"; a failed write is kept and told by script_draw().
 */
struct script {
	char *dir;
	char *vars_path;
	FILE *vars;
};

int script_begin(struct script *script, struct error *err);
/* Removes the directory; accepts a struct that is half made or all-zero. */
void script_done(struct script *script);
#define _cleanup_script_ __attribute__((cleanup(script_done)))

/* NAME = 'value' and NAME = value. Line breaks become blanks; a NaN is written as NaN. */
void script_text(struct script *script, const char *name, const char *value);
void script_number(struct script *script, const char *name, double value);

/* An array of length count and its elements, counted from 1. */
void script_array(struct script *script, const char *name, size_t count);
void script_text_at(struct script *script, const char *name, size_t i, const char *value);
void script_number_at(struct script *script, const char *name, size_t i, double value);

/* Opens a table for writing and sets NAME to its path. The caller closes it with file_close(). */
int script_table(struct script *script, const char *name, FILE **ret, struct error *err);
/* A cell of a table; NaN is what gnuplot draws as a gap. */
void script_cell(FILE *table, double value);
void script_row_end(FILE *table);

/*
 * Runs gnuplot on the variables and then on the script ("plots/trial.gp"), once a format (enum
 * plot_format's bits), into OUT_DIR/NAME.svg and .png: whole files, or what was there before.
 * -ENOPKG when there is no gnuplot.
 */
struct plot_result;
int script_draw(struct script *script, const char *gp, const char *out_dir, const char *name,
		unsigned formats, struct plot_result *result, struct error *err);

/* text in at most max letters (of UTF-8), the middle replaced by "…". Returns buf. */
const char *text_shorten(const char *text, size_t max, char *buf, size_t size);
