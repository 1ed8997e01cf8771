// SPDX-License-Identifier: GPL-2.0-or-later
#include "results/slow.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "results/rows.h"
#include "src/macro.h"
#include "src/units.h"

static const struct rows_format slow_rows;

static int read_slow(void *into, const void *before, char *const *cells, size_t line,
		     struct error *err)
{
	struct slow *item = into;
	const struct slow *last = before;

	*item = (struct slow){ .workload = cells[0], .thread = cells[1] };
	if (!*item->workload || !*item->thread)
		return rows_complain(&slow_rows, line, "workload or thread is empty", err);
	if (parse_u64(cells[2], &item->due_ns) < 0 || parse_u64(cells[3], &item->begin_ns) < 0 ||
	    parse_u64(cells[4], &item->end_ns) < 0 || item->begin_ns < item->due_ns ||
	    item->end_ns < item->begin_ns)
		return rows_complain(&slow_rows, line,
				     "due_ns, begin_ns and end_ns must be times in order", err);
	if (last && item->due_ns < last->due_ns)
		return rows_complain(&slow_rows, line, "operations must be sorted by due_ns", err);
	return 0;
}

static const struct rows_format slow_rows = {
	.file = SLOW_FILE,
	.head = "workload\tthread\tdue_ns\tbegin_ns\tend_ns",
	.items = "operations",
	.item_size = sizeof(struct slow),
	.most = (size_t)4 << 20,
	.read = read_slow,
};

/* {"kept": N, "over_ns": L} of a workload, or NULL. */
static const json_t *kept_of(const json_t *workload)
{
	return json_object_get(workload, "slow");
}

bool slows_expected(const json_t *trial)
{
	json_t *workload;
	size_t i;

	json_array_foreach (json_object_get(trial, "workloads"), i, workload)
		if (kept_of(workload))
			return true;
	return false;
}

static size_t count_of(const struct slows *s, const char *workload)
{
	size_t count = 0;

	for (size_t i = 0; i < s->count; i++)
		count += streq(s->items[i].workload, workload);
	return count;
}

static int check_counts(const struct slows *s, const json_t *trial, struct error *err)
{
	size_t total = 0, i;
	json_t *workload;

	json_array_foreach (json_object_get(trial, "workloads"), i, workload) {
		const json_t *kept = json_object_get(kept_of(workload), "kept");
		const char *name = json_string_value(json_object_get(workload, "name"));
		size_t count;

		if (!kept_of(workload) || !name)
			continue;
		count = count_of(s, name);
		if (!json_is_integer(kept) || json_integer_value(kept) != (json_int_t)count ||
		    !json_is_integer(json_object_get(kept_of(workload), "over_ns")))
			return error_say(err, -EBADMSG,
					 "%s: it has %zu operations of %.60s, trial.json speaks of "
					 "%lld",
					 SLOW_FILE, count, name,
					 (long long)json_integer_value(kept));
		total += count;
	}
	return total == s->count
		       ? 0
		       : error_say(err, -EBADMSG,
				   "%s: it has operations of workloads that, by trial.json, "
				   "keep none",
				   SLOW_FILE);
}

int slows_read(struct slows *ret, int dirfd, const json_t *trial, struct error *err)
{
	struct rows rows;
	struct slows s;
	int r = rows_read(&rows, dirfd, &slow_rows, err);

	if (r < 0)
		return r;
	s = (struct slows){ .items = rows.items, .count = rows.count, .text = rows.text };
	r = check_counts(&s, trial, err);
	if (r < 0)
		slows_done(&s);
	else
		*ret = s;
	return r;
}

void slows_done(struct slows *slows)
{
	free(slows->items);
	free(slows->text);
	*slows = (struct slows){};
}
