// SPDX-License-Identifier: GPL-2.0-or-later
#include "results/history/run-differ.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "results/regime.h"
#include "results/json.h"
#include "src/cleanup.h"
#include "src/file.h"
#include "src/macro.h"

/* Kernels keep more or less for themselves, so that the same machine has not the same total. */
#define MEMORY_TOLERANCE 0.05

#define PATH_LETTERS 200

/* ---- what makes them not the same ---- */

/* The first place at which two definitions differ. */
struct place {
	char path[PATH_LETTERS]; /* "workloads.anon.size" */
	const json_t *a, *b;
	bool found;
};

static bool is_about(const char *key)
{
	static const char *const about[] = { "about",  "name", "seeds",	 "timeout",
					     "expect", "gate", "budget", "scenarios" };

	for (size_t i = 0; i < ARRAY_SIZE(about); i++)
		if (streq(key, about[i]))
			return true;
	return false;
}

static void compare(struct place *at, const json_t *a, const json_t *b, bool lenient);

/* lenient: an option that only one has came with another wring. */
static void compare_key(struct place *at, const char *key, const json_t *a, const json_t *b,
			bool lenient)
{
	size_t len = strlen(at->path);

	if (at->found || (lenient && (!a || !b)))
		return;
	snprintf(at->path + len, sizeof(at->path) - len, "%s%s", len ? "." : "", key);
	compare(at, a, b, lenient);
	if (!at->found)
		at->path[len] = '\0';
}

static void compare_objects(struct place *at, const json_t *a, const json_t *b, bool lenient)
{
	bool top = !*at->path;
	json_t *value;
	const char *key;

	json_object_foreach ((json_t *)a, key, value)
		if (!top || !is_about(key))
			compare_key(at, key, value, json_object_get(b, key), lenient);
	json_object_foreach ((json_t *)b, key, value)
		if ((!top || !is_about(key)) && !json_object_get(a, key))
			compare_key(at, key, NULL, value, lenient);
}

static void compare(struct place *at, const json_t *a, const json_t *b, bool lenient)
{
	if (json_is_object(a) && json_is_object(b)) {
		compare_objects(at, a, b, lenient);
	} else if (json_is_array(a) && json_array_size(a) == json_array_size(b)) {
		for (size_t i = 0; i < json_array_size(a) && !at->found; i++)
			compare(at, json_array_get(a, i), json_array_get(b, i), lenient);
	} else if (!json_equal(a, b)) {
		at->a = a;
		at->b = b;
		at->found = true;
	}
}

static void find_difference(struct place *at, const json_t *a, const json_t *b, bool lenient)
{
	*at = (struct place){};
	if (a && b)
		compare(at, a, b, lenient);
}

static const char *value_text(const json_t *value, char *buf, size_t size)
{
	_cleanup_free_ char *text = NULL;

	if (!value)
		snprintf(buf, size, "not set");
	else if (json_is_string(value))
		snprintf(buf, size, "%s", json_string_value(value));
	else if ((text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT)))
		snprintf(buf, size, "%s", text);
	else
		*buf = '\0';
	return buf;
}

static const json_t *scenario_of(const struct run_trial *t)
{
	const json_t *suite = json_object_get(t->run->run->json, "suite");
	const json_t *list = json_object_get(suite, "scenarios"), *scenario;
	size_t i;

	json_array_foreach (list, i, scenario)
		if (streq(json_text(scenario, "name", ""), t->trial->scenario))
			return scenario;
	return NULL;
}

static const json_t *machine_of(const struct run_trial *t)
{
	return json_object_get(json_object_get(t->run->run->json, "suite"), "machine");
}

static int say_place(char **ret, const char *what, const struct place *at)
{
	char a[100], b[100];

	*ret = text_format("%s was changed: %s is %s in one run and %s in the other", what,
			   at->path, value_text(at->a, a, sizeof(a)),
			   value_text(at->b, b, sizeof(b)));
	return *ret ? 0 : -ENOMEM;
}

/* As it was found in the trial: on a host, the suite's machine is only what it asks for. */
static int compare_hardware(char **ret, const json_t *a, const json_t *b)
{
	static const char *const keys[] = { "cpus", "nodes", "page_size" };
	double x, y;

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		struct place at = { .a = json_object_get(a, keys[i]),
				    .b = json_object_get(b, keys[i]) };

		snprintf(at.path, sizeof(at.path), "%s", keys[i]);
		if (at.a && at.b && !json_equal(at.a, at.b))
			return say_place(ret, "the machine", &at);
	}
	x = json_number_value(json_object_get(json_object_get(a, "machine"), "mem_total_kib"));
	y = json_number_value(json_object_get(json_object_get(b, "machine"), "mem_total_kib"));
	if (x <= 0 || y <= 0 || fabs(x - y) <= MEMORY_TOLERANCE * fmax(x, y))
		return 0;
	*ret = text_format("the machine was changed: it has %.0f MiB in one run and %.0f MiB in "
			   "the other",
			   x / 1024, y / 1024);
	return *ret ? 0 : -ENOMEM;
}

int run_apart(char **ret, const struct run_trial *a, const struct run_trial *b)
{
	bool lenient = !streq(dated_run_text(a->run, "wring"), dated_run_text(b->run, "wring"));
	const char *clocks = regime_clocks(a->trial->json, b->trial->json);
	struct place at;

	*ret = NULL;
	if (clocks) {
		*ret = strdup(clocks);
		return *ret ? 0 : -ENOMEM;
	}
	find_difference(&at, machine_of(a), machine_of(b), true);
	/* What a suite asks of a host is not what it has. */
	if (at.found && streq(dated_run_text(a->run, "where"), "vm"))
		return say_place(ret, "the machine", &at);
	find_difference(&at, scenario_of(a), scenario_of(b), lenient);
	if (at.found)
		return say_place(ret, "the scenario", &at);
	return compare_hardware(ret, a->trial->json, b->trial->json);
}

/* ---- what else differs ---- */

__attribute__((format(printf, 2, 3))) static int add(struct strlist *list, const char *fmt, ...)
{
	char text[400];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return strlist_add(list, text);
}

/* True when both say it and it is not the same. */
static bool differ(const char *a, const char *b)
{
	return *a && *b && !streq(a, b);
}

static const char *kernel_hash_of(const struct run_trial *t)
{
	const json_t *list = json_object_get(t->run->run->json, "kernels"), *kernel;
	size_t i;

	json_array_foreach (list, i, kernel)
		if (streq(json_text(kernel, "name", ""), t->trial->kernel))
			return json_text(kernel, "sha256", "");
	return "";
}

static int add_kernel(struct strlist *ret, const struct run_trial *a, const struct run_trial *b)
{
	const char *x = json_text(a->trial->json, "release", ""),
		   *y = json_text(b->trial->json, "release", "");

	if (differ(x, y))
		return add(ret, "Linux %s → %s", x, y);
	if (differ(kernel_hash_of(a), kernel_hash_of(b)))
		return add(ret, "another build of Linux %s", *y ? y : b->trial->kernel);
	return 0;
}

static const char *file_hash(const struct run_trial *t, const char *name)
{
	const json_t *environment = json_object_get(t->run->run->json, "environment");

	return json_text(json_object_get(environment, "files"), name, "");
}

static int add_programs(struct strlist *ret, const struct run_trial *a, const struct run_trial *b)
{
	const json_t *ea = json_object_get(a->run->run->json, "environment");
	const json_t *eb = json_object_get(b->run->run->json, "environment");
	const char *x = dated_run_text(a->run, "wring"), *y = dated_run_text(b->run, "wring");
	bool insn = streq(json_text(b->trial->json, "clock", ""), "insn");
	int r = 0;

	if (differ(x, y))
		r = add(ret, "wring %s → %s", x, y);
	else if (differ(file_hash(a, "wring-guest"), file_hash(b, "wring-guest")))
		r = add(ret, "another build of wring %s", y);
	x = json_text(ea, "qemu", "");
	y = json_text(eb, "qemu", "");
	if (r == 0 && differ(x, y))
		r = add(ret, "%s → %s", x, y);
	else if (r == 0 && differ(file_hash(a, "qemu"), file_hash(b, "qemu")))
		r = add(ret, "another build of QEMU");
	x = json_text(ea, "host_release", "");
	y = json_text(eb, "host_release", "");
	/* Instructions are counted the same on every host; on the host itself it is the kernel. */
	if (r == 0 && !insn && streq(dated_run_text(b->run, "where"), "vm") && differ(x, y))
		r = add(ret, "the host's Linux %s → %s", x, y);
	return r;
}

/* What stands under the same key of an object in both trials. */
static int add_values(struct strlist *ret, const json_t *a, const json_t *b)
{
	char x[100], y[100];
	const char *key;
	json_t *value;

	json_object_foreach ((json_t *)b, key, value) {
		const json_t *old = json_object_get(a, key);

		if (!old || json_equal(old, value))
			continue;
		if (add(ret, "%s %s → %s", key, value_text(old, x, sizeof(x)),
			value_text(value, y, sizeof(y))) < 0)
			return -ENOMEM;
	}
	return 0;
}

int run_differences(struct strlist *ret, const struct run_trial *a, const struct run_trial *b)
{
	static const char *const parts[] = { "knobs", "limits", "regime" };
	int r = add_kernel(ret, a, b);

	if (r == 0)
		r = add_programs(ret, a, b);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(parts); i++)
		r = add_values(ret, json_object_get(a->trial->json, parts[i]),
			       json_object_get(b->trial->json, parts[i]));
	return r;
}
