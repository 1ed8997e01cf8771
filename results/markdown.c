// SPDX-License-Identifier: GPL-2.0-or-later
#include "results/markdown.h"

#include <ctype.h>
#include <string.h>

#include "results/plain.h"
#include "src/macro.h"

#define APART	  "<!-- -->" /* nothing to see: what stands before it makes no link, no mention */
#define VALUE_MAX 200

void markdown_text(FILE *f, const char *text)
{
	struct plain_char c;

	while (plain_next(&text, &c)) {
		char ch = c.len == 1 ? *c.bytes : 'x';

		if (strchr("\\`*_{}[]<>|~&$!", ch))
			fputc('\\', f);
		fprintf(f, "%.*s", (int)c.len, c.bytes);
		if (ch == '@' || ch == '#' || (ch == ':' && starts_with(text, "//")))
			fputs(APART, f);
	}
}

void markdown_line(FILE *f, const char *text)
{
	size_t digits;

	text += strspn(text, " \t\n\r");
	digits = strspn(text, "0123456789");
	fprintf(f, "%.*s", (int)digits, text);
	text += digits;
	if (*text && strchr(digits ? ".)" : "-+=#", *text))
		fputc('\\', f);
	markdown_text(f, text);
}

void markdown_cell(FILE *f, const char *text)
{
	fputs(" ", f);
	markdown_text(f, text);
	fputs(" |", f);
}

void markdown_value(FILE *f, const char *value, const char *unit)
{
	char cell[VALUE_MAX];

	snprintf(cell, sizeof(cell), "%s%s%s", value, *unit ? " " : "", unit);
	markdown_cell(f, cell);
}
