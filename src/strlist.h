/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* A growing list of strings that it owns. All-zero is the empty list. */
struct strlist {
	char **items;
	size_t count;
};

/* Appends a copy of s; -ENOMEM. */
int strlist_add(struct strlist *list, const char *s);
/*
 * Appends the words of a text: parted by blanks; '...' and "..." keep what is between them as it
 * is. -EINVAL when a quote is open at the end; the list may then have some of the words.
 */
int strlist_add_words(struct strlist *list, const char *text);
bool strlist_contains(const struct strlist *list, const char *s);
/* Sorts by bytes, whatever the locale. */
void strlist_sort(struct strlist *list);
/* Frees the items and leaves an empty list. */
void strlist_done(struct strlist *list);
#define _cleanup_strlist_ __attribute__((cleanup(strlist_done)))
