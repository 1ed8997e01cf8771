// SPDX-License-Identifier: GPL-2.0-or-later
#include "workloads/slow.h"

static uint64_t latency(const struct slow_op *op)
{
	return op->end_ns - op->due_ns;
}

static void put_last(struct slow_list *list, const struct slow_op *op)
{
	uint32_t at = list->count;

	for (; at && latency(&list->ops[(at - 1) / 2]) > latency(op); at = (at - 1) / 2)
		list->ops[at] = list->ops[(at - 1) / 2];
	list->ops[at] = *op;
	/* Last: a worker can be killed at any point, and what is counted is read. */
	__atomic_store_n(&list->count, list->count + 1, __ATOMIC_RELEASE);
}

static void replace_fastest(struct slow_list *list, const struct slow_op *op)
{
	uint32_t at = 0, child;

	while ((child = 2 * at + 1) < list->count) {
		if (child + 1 < list->count &&
		    latency(&list->ops[child + 1]) < latency(&list->ops[child]))
			child++;
		if (latency(&list->ops[child]) >= latency(op))
			break;
		list->ops[at] = list->ops[child];
		at = child;
	}
	list->ops[at] = *op;
}

uint64_t slow_keep(struct slow_list *list, const struct slow_op *op)
{
	if (list->count < SLOW_MAX)
		put_last(list, op);
	else
		replace_fastest(list, op);
	if (list->count == SLOW_MAX && latency(&list->ops[0]) > list->over_ns)
		list->over_ns = latency(&list->ops[0]);
	return list->over_ns;
}
