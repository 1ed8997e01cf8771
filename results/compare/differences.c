// SPDX-License-Identifier: GPL-2.0-or-later
#include "results/compare/differences.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "results/regime.h"
#include "results/json.h"
#include "src/file.h"
#include "src/macro.h"

/* Keys of a scenario that change none of its trials, or are what is compared. */
static const char *const immaterial[] = { "name", "about", "seeds", "gate", "expect", NULL };

/* Of the machine: what is its shape, without which figures can't stand side by side. */
static const char *const shape[] = { "cpus", "nodes", "distances", NULL };
/* Of a device: the rest of its keys are settings, which a comparison may be about. */
static const char *const device_shape[] = { "type", "size", "filesystem", NULL };

static bool is_one_of(const char *key, const char *const *list)
{
	for (; *list; list++)
		if (streq(*list, key))
			return true;
	return false;
}

static int add_once(struct strlist *list, char *text)
{
	int r = text ? 0 : -ENOMEM;

	if (text && !strlist_contains(list, text))
		r = strlist_add(list, text);
	free(text);
	return r;
}

static char *value_text(const json_t *value)
{
	return !value		       ? strdup("not given")
	       : json_is_string(value) ? strdup(json_string_value(value))
				       : json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
}

/* ---- two trees ---- */

static int differ(struct strlist *list, const char *path, const json_t *a, const json_t *b);

/* What of an array's item names it: a workload is {"anon": {...}}. */
static const char *item_name(const json_t *item, size_t i, char buf[static 40])
{
	const char *name = json_object_size(item) == 1
				   ? json_object_iter_key(json_object_iter((json_t *)item))
				   : NULL;

	snprintf(buf, 40, "%zu", i);
	return name ? name : buf;
}

static int differ_lists(struct strlist *list, const char *path, const json_t *a, const json_t *b)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < json_array_size(a); i++) {
		const json_t *x = json_array_get(a, i), *y = json_array_get(b, i);
		char buf[40];
		const char *name = item_name(x, i, buf);
		bool same_kind = name != buf && json_object_get(y, name);
		char *inner = text_format("%s.%s", path, name);

		if (!inner)
			return -ENOMEM;
		r = same_kind ? differ(list, inner, json_object_get(x, name),
				       json_object_get(y, name))
			      : differ(list, inner, x, y);
		free(inner);
	}
	return r;
}

static int differ_maps(struct strlist *list, const char *path, const json_t *a, const json_t *b)
{
	const char *key;
	json_t *value;
	int r = 0;

	json_object_foreach ((json_t *)a, key, value) {
		char *inner = text_format("%s%s%s", path, *path ? "." : "", key);

		r = inner ? differ(list, inner, value, json_object_get(b, key)) : -ENOMEM;
		free(inner);
		if (r < 0)
			return r;
	}
	json_object_foreach ((json_t *)b, key, value) {
		char *inner = text_format("%s%s%s", path, *path ? "." : "", key);

		r = !inner		      ? -ENOMEM
		    : json_object_get(a, key) ? 0
					      : differ(list, inner, NULL, value);
		free(inner);
		if (r < 0)
			return r;
	}
	return 0;
}

static int differ(struct strlist *list, const char *path, const json_t *a, const json_t *b)
{
	char *x, *y;
	int r;

	if ((!a && !b) || (a && b && json_equal(a, b)))
		return 0;
	if (json_is_object(a) && json_is_object(b))
		return differ_maps(list, path, a, b);
	if (json_is_array(a) && json_is_array(b) && json_array_size(a) == json_array_size(b) &&
	    json_is_object(json_array_get(a, 0)))
		return differ_lists(list, path, a, b);
	x = value_text(a);
	y = value_text(b);
	r = add_once(list, x && y ? text_format("%s: %s and %s", path, x, y) : NULL);
	free(x);
	free(y);
	return r;
}

static json_t *without(const json_t *object, const char *const *keys)
{
	json_t *copy = json_copy((json_t *)object);

	for (; copy && *keys; keys++)
		json_object_del(copy, *keys);
	return copy;
}

int differences_of_specs(struct strlist *list, const struct cell *base, const struct cell *fresh)
{
	json_t *a, *b;
	int r;

	if (!base->spec || !fresh->spec)
		return 0;
	a = without(base->spec, immaterial);
	b = without(fresh->spec, immaterial);
	r = a && b ? differ(list, "", a, b) : -ENOMEM;
	json_decref(a);
	json_decref(b);
	return r;
}

/* ---- the machine ---- */

static const json_t *machine_of(const struct side *side)
{
	return json_object_get(json_object_get(side->run, "suite"), "machine");
}

/* The part of a device, or of each in a list of them, that is its shape, or that is not. */
static json_t *device_part(const json_t *device, bool of_shape)
{
	json_t *part, *value;
	const char *key;
	size_t i;

	if (json_is_array(device)) {
		part = json_array();
		json_array_foreach ((json_t *)device, i, value)
			json_array_append_new(part, device_part(value, of_shape));
		return part;
	}
	part = json_object();
	json_object_foreach ((json_t *)device, key, value)
		if (is_one_of(key, device_shape) == of_shape)
			json_object_set(part, key, value);
	return part;
}

/* The machine's shape, or everything else of it. */
static json_t *machine_part(const json_t *machine, bool of_shape)
{
	json_t *part = json_object(), *value;
	const char *key;

	json_object_foreach ((json_t *)machine, key, value) {
		if (streq(key, "swap") || streq(key, "disk"))
			json_object_set_new(part, key, device_part(value, of_shape));
		else if (is_one_of(key, shape) == of_shape)
			json_object_set(part, key, value);
	}
	return part;
}

static int differ_machines(struct strlist *list, const struct side *base, const struct side *fresh,
			   bool of_shape)
{
	json_t *a = machine_part(machine_of(base), of_shape);
	json_t *b = machine_part(machine_of(fresh), of_shape);
	int r = a && b ? differ(list, "machine", a, b) : -ENOMEM;

	json_decref(a);
	json_decref(b);
	return r;
}

/* ---- who made it ---- */

bool same_makers(const struct side *base, const struct side *fresh, char *ret, size_t size)
{
	static const struct {
		const char *file, *name;
	} files[] = { { "wring-guest", "wring-guest" },
		      { "qemu", "QEMU" },
		      { "wring-steady-qemu.so", "wring-steady-qemu.so" } };
	const json_t *a = json_object_get(base->run, "environment");
	const json_t *b = json_object_get(fresh->run, "environment");
	const json_t *x = json_object_get(a, "files"), *y = json_object_get(b, "files");
	size_t n = 0;

	*ret = '\0';
	if (!streq(json_text(base->run, "wring", "unknown"),
		   json_text(fresh->run, "wring", "unknown")))
		n += (size_t)snprintf(ret, size, "wring %s and %s",
				      json_text(base->run, "wring", "unknown"),
				      json_text(fresh->run, "wring", "unknown"));
	for (size_t i = 0; i < ARRAY_SIZE(files) && n < size; i++) {
		if (streq(json_text(x, files[i].file, "unknown"),
			  json_text(y, files[i].file, "unknown")))
			continue;
		if (streq(files[i].file, "qemu") &&
		    !streq(json_text(a, "qemu", "unknown"), json_text(b, "qemu", "unknown")))
			n += (size_t)snprintf(ret + n, size - n, "%s%s and %s", n ? ", " : "",
					      json_text(a, "qemu", "unknown"),
					      json_text(b, "qemu", "unknown"));
		else
			n += (size_t)snprintf(ret + n, size - n, "%sanother build of %s",
					      n ? ", " : "", files[i].name);
	}
	return !*ret;
}

int differences_of_runs(struct strlist *list, const struct side *base, const struct side *fresh)
{
	char makers[600];
	int r = differ_machines(list, base, fresh, false);

	if (r == 0 && !same_makers(base, fresh, makers, sizeof(makers)))
		r = add_once(list, text_format("made by: %s", makers));
	return r;
}

int differences_refused(struct strlist *list, const struct side *base, const struct side *fresh)
{
	const char *clocks = regime_clocks(base->run, fresh->run);
	const char *where_a = json_text(base->run, "where", "unknown"),
		   *where_b = json_text(fresh->run, "where", "unknown");
	struct strlist shapes = {};
	int r = clocks ? add_once(list, text_format("the clocks differ: %s", clocks)) : 0;

	if (r == 0 && !streq(where_a, where_b))
		r = add_once(list, text_format("one is of a virtual machine, the other of a host"));
	if (r == 0)
		r = differ_machines(&shapes, base, fresh, true);
	for (size_t i = 0; r == 0 && i < shapes.count; i++)
		r = add_once(list, text_format("the machines' shapes differ: %s", shapes.items[i]));
	strlist_done(&shapes);
	return r;
}
