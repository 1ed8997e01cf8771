// SPDX-License-Identifier: GPL-2.0-or-later
#include "src/strlist.h"

#include <errno.h>

#include "tests/tap.h"

static void test_words(void)
{
	static const struct {
		const char *text, *words; /* with «|» between them; NULL: refused */
	} rows[] = {
		{ "sleep 1", "sleep|1" },
		{ "  a\t b \n c  ", "a|b|c" },
		{ "", "" },
		{ " \n", "" },
		{ "sh -c 'a \"b\"  c'", "sh|-c|a \"b\"  c" },
		{ "a\"b c\"d'e f' ''", "ab cde f|" },
		{ "a\\ b", "a\\|b" },
		{ "a 'b", NULL },
		{ "a \"b'", NULL },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct strlist list = {};
		char got[200] = "";
		int r = strlist_add_words(&list, rows[i].text);

		for (size_t k = 0; r == 0 && k < list.count; k++) {
			strcat(got, k ? "|" : "");
			strcat(got, list.items[k]);
		}
		tap_eq_i64(r, rows[i].words ? 0 : -EINVAL, "words of «%s»", rows[i].text);
		tap_eq_str(got, rows[i].words ? rows[i].words : "", "are these");
		strlist_done(&list);
	}
}

int main(void)
{
	struct strlist list = {};
	char text[] = "b";
	bool sorted = true;

	strlist_sort(&list);
	tap_ok(list.count == 0 && !strlist_contains(&list, "a"), "all-zero is the empty list");
	tap_eq_i64(strlist_add(&list, text), 0, "an item is added");
	text[0] = 'x';
	tap_eq_str(list.items[0], "b", "the list keeps its own copy");
	strlist_add(&list, "");
	strlist_add(&list, "a");
	strlist_add(&list, "B");
	strlist_add(&list, "\xc3\xa4");
	strlist_add(&list, "a");
	tap_ok(strlist_contains(&list, "") && strlist_contains(&list, "B"), "items are found");
	tap_ok(!strlist_contains(&list, "A") && !strlist_contains(&list, "ab"),
	       "only whole items are found");
	strlist_sort(&list);
	for (size_t i = 1; i < list.count; i++)
		sorted = sorted && strcmp(list.items[i - 1], list.items[i]) <= 0;
	tap_ok(sorted && list.count == 6, "sorted by bytes, doubles kept");
	tap_eq_str(list.items[list.count - 1], "\xc3\xa4", "bytes above 127 sort last");
	strlist_done(&list);
	tap_ok(!list.items && !list.count, "strlist_done leaves an empty list");
	strlist_add(&list, "again");
	tap_eq_u64(list.count, 1, "which can be used again");
	strlist_done(&list);
	test_words();
	return tap_done();
}
