/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdio.h>

/* Markdown for a comment on a change: GitHub's flavour, which GitLab's reads as well. */

/*
 * Text within a line. Punctuation that could be markup is escaped, and what would survive that (a
 * mention, a reference, an address) is broken up by a comment that shows nothing.
 */
void markdown_text(FILE *f, const char *text);

/* Text that begins a line: it becomes no list, heading or code there. */
void markdown_line(FILE *f, const char *text);

/* " TEXT |" */
void markdown_cell(FILE *f, const char *text);

/* " VALUE UNIT |" */
void markdown_value(FILE *f, const char *value, const char *unit);
