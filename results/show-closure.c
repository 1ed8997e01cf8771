// SPDX-License-Identifier: GPL-2.0-or-later
#include "results/show-closure.h"

#include <inttypes.h>

#include "results/closure.h"
#include "results/json.h"

#define OPEN_SHOWN 3

static long long number_of(const json_t *entry, const char *key)
{
	return (long long)json_integer_value(json_object_get(entry, key));
}

static void show_identity(FILE *f, const json_t *entry)
{
	bool closed = json_is_true(json_object_get(entry, "closed"));
	const char *key = json_text(entry, "key", ""), *why = json_text(entry, "why", "");
	char name[80];

	if (*key && closed && !number_of(entry, "residual"))
		snprintf(name, sizeof(name), "%s, %lld counters", json_text(entry, "identity", ""),
			 number_of(entry, "keys"));
	else
		snprintf(name, sizeof(name), "%s%s%s", json_text(entry, "identity", ""),
			 *key ? " " : "", key);
	fprintf(f, "%c %-9s %-38s %-12s %12lld %12lld %s\n", closed ? ' ' : '!',
		json_text(entry, "phase", ""), name, json_text(entry, "scope", ""),
		number_of(entry, "residual"), number_of(entry, "tolerance"),
		json_text(entry, "unit", ""));
	if (*why)
		fprintf(f, "    %s\n", why);
}

/* Open ones first; otherwise as they stand. */
static void show_all(FILE *f, const json_t *closure, bool closed)
{
	json_t *entry;
	size_t n;

	json_array_foreach ((json_t *)closure, n, entry)
		if (json_is_true(json_object_get(entry, "closed")) == closed)
			show_identity(f, entry);
}

void show_closure(FILE *f, const struct run *run)
{
	for (size_t i = 0; i < run->trial_count; i++) {
		const struct stored_trial *t = &run->trials[i];
		const json_t *closure = json_object_get(t->json, "closure");

		fprintf(f, "\nclosure of %s, %s seed %" PRIu64 "\n", t->scenario, t->kernel,
			t->seed);
		fprintf(f, "  %-9s %-38s %-12s %12s %12s\n", "phase", "identity", "scope",
			"residual", "tolerance");
		show_all(f, closure, false);
		show_all(f, closure, true);
	}
}

void show_open(FILE *f, const struct stored_trial *t)
{
	const json_t *closure = json_object_get(t->json, "closure"), *entry;
	size_t cursor = 0, count = 0;

	while ((entry = closure_open(closure, NULL, &cursor))) {
		char text[300];

		if (count++ >= OPEN_SHOWN)
			continue;
		closure_say(entry, text, sizeof(text));
		fprintf(f, "  ! %s seed %" PRIu64 " in %s:\n      %s\n", t->kernel, t->seed,
			json_text(entry, "phase", ""), text);
	}
	if (count > OPEN_SHOWN)
		fprintf(f, "    and %zu more identities that are open: wring show --closure\n",
			count - OPEN_SHOWN);
}
