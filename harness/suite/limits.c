// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/suite/limits.h"

#include <errno.h>
#include <stdio.h>

#include "src/macro.h"
#include "src/nearest.h"
#include "src/units.h"

/* The page size that limits are rounded to: what is read back must be what was written. */
#define GRAIN_BYTES 4096
/* Below it the kernel kills a process before its first instruction. */
#define START_BYTES (1 << 20)

const struct limit limits[] = {
	{ "memory.max", LIMIT_BYTES, START_BYTES, "hard limit: reclaim, then an OOM kill" },
	{ "memory.high", LIMIT_BYTES, START_BYTES, "throttle: reclaim and slow down above it" },
	{ "memory.low", LIMIT_BYTES, 0, "protected from reclaim while others have memory" },
	{ "memory.min", LIMIT_BYTES, 0, "protected from reclaim whatever happens" },
	{ "memory.swap.max", LIMIT_BYTES, 0, "hard limit of swap" },
	{ "memory.swap.high", LIMIT_BYTES, 0, "throttle above this much swap" },
	{ "memory.zswap.max", LIMIT_BYTES, 0, "hard limit of compressed memory in zswap" },
	{ "memory.zswap.writeback", LIMIT_SWITCH, 0, "1: zswap may write to the swap device" },
	{ "memory.oom.group", LIMIT_SWITCH, 0, "1: an OOM kill takes the whole cgroup" },
	{}
};

const struct limit *limit_find(const char *name)
{
	for (const struct limit *l = limits; l->name; l++)
		if (streq(l->name, name))
			return l;
	return NULL;
}

static int unknown(const char *name, struct error *err)
{
	struct nearest search = { .word = name };
	char hint[200];

	for (const struct limit *l = limits; l->name; l++)
		nearest_offer(&search, l->name);
	return error_say(err, -EINVAL, "unknown key «%s»%s", name,
			 nearest_hint(&search, hint, sizeof(hint)));
}

static int check_bytes(const struct limit *limit, const char *text,
		       char value[static LIMIT_VALUE_MAX], struct error *err)
{
	char least[FORMAT_MAX];
	uint64_t bytes;

	if (streq(text, "max")) {
		snprintf(value, LIMIT_VALUE_MAX, "max");
		return 0;
	}
	if (parse_size(text, &bytes) < 0)
		return error_say(err, -EINVAL,
				 "%s: «%s» is not a size in bytes or with K, M, G, nor max",
				 limit->name, text);
	if (bytes < limit->min_bytes)
		return error_say(err, -EINVAL,
				 "%s: %s is below the minimum, %s: a worker cannot start in less",
				 limit->name, text, format_size(limit->min_bytes, least));
	if (bytes % GRAIN_BYTES)
		return error_say(err, -EINVAL, "%s: %s is not a multiple of 4K", limit->name, text);
	format_size(bytes, value);
	return 0;
}

int limit_check(const char *name, const char *text, char value[static LIMIT_VALUE_MAX],
		struct error *err)
{
	const struct limit *limit = limit_find(name);

	if (!limit)
		return unknown(name, err);
	if (limit->kind == LIMIT_BYTES)
		return check_bytes(limit, text, value, err);
	if (!streq(text, "0") && !streq(text, "1"))
		return error_say(err, -EINVAL, "%s: «%s» is neither 0 nor 1", name, text);
	snprintf(value, LIMIT_VALUE_MAX, "%s", text);
	return 0;
}
