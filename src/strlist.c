// SPDX-License-Identifier: GPL-2.0-or-later
#include "src/strlist.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "src/macro.h"

#define BLANKS " \t\n"

int strlist_add(struct strlist *list, const char *s)
{
	char **items = realloc(list->items, (list->count + 1) * sizeof(*items));
	char *copy;

	if (!items)
		return -ENOMEM;
	list->items = items;
	copy = strdup(s);
	if (!copy)
		return -ENOMEM;
	items[list->count++] = copy;
	return 0;
}

/* One word from *text on into buf, without its quotes; *text is then behind it. */
static int next_word(const char **text, char *buf)
{
	const char *at = *text;
	char quote = 0;

	for (; *at && (quote || !strchr(BLANKS, *at)); at++) {
		if (!quote && (*at == '\'' || *at == '"'))
			quote = *at;
		else if (*at == quote)
			quote = 0;
		else
			*buf++ = *at;
	}
	*buf = '\0';
	*text = at;
	return quote ? -EINVAL : 0;
}

int strlist_add_words(struct strlist *list, const char *text)
{
	char *word = malloc(strlen(text) + 1);
	int r = word ? 0 : -ENOMEM;

	for (text += strspn(text, BLANKS); r == 0 && *text; text += strspn(text, BLANKS)) {
		r = next_word(&text, word);
		if (r == 0)
			r = strlist_add(list, word);
	}
	free(word);
	return r;
}

bool strlist_contains(const struct strlist *list, const char *s)
{
	for (size_t i = 0; i < list->count; i++)
		if (streq(list->items[i], s))
			return true;
	return false;
}

static int compare_bytes(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void strlist_sort(struct strlist *list)
{
	if (list->count)
		qsort(list->items, list->count, sizeof(*list->items), compare_bytes);
}

void strlist_done(struct strlist *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->items[i]);
	free(list->items);
	*list = (struct strlist){};
}
