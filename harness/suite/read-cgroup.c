// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>

#include "harness/suite/limits.h"
#include "harness/suite/internal.h"
#include "src/cleanup.h"
#include "src/macro.h"

#define DEPTH_MAX   8
#define CGROUPS_MAX 256

/* The kernel's files in a cgroup begin so; a cgroup of such a name could collide with one. */
static const char *const file_prefixes[] = { "cgroup.", "cpu.",	   "cpuset.", "hugetlb.", "io.",
					     "misc.",	"memory.", "pids.",   "rdma.",	  NULL };

/* Columns of samples begin with a cgroup's name or with one of these. */
static const char *const column_prefixes[] = { "vmstat",    "meminfo",	  "zoneinfo",
					       "buddyinfo", "psi",	  "work",
					       "sampler",   "khugepaged", NULL };
static const char *const numbered_prefixes[] = {
	"node", "kswapd", "kcompactd", "cpu", "zram", NULL
};

static bool is_column(const char *name)
{
	for (const char *const *p = column_prefixes; *p; p++)
		if (streq(name, *p))
			return true;
	for (const char *const *p = numbered_prefixes; *p; p++) {
		size_t len = strlen(*p), digits = 0;

		if (!starts_with(name, *p))
			continue;
		digits = strspn(name + len, "0123456789");
		if (digits && !name[len + digits])
			return true;
	}
	return false;
}

/* One component of a path. */
static int check_component(const struct yaml_node *key, const char *name, bool top,
			   struct error *err)
{
	struct yaml_node part = *key;

	part.text = name;
	if (!*name)
		return yaml_complain(key, err, "«%s»: a cgroup is written box, or box/inner",
				     key->text);
	if (suite_check_name(&part, "cgroup", err) < 0)
		return -EINVAL;
	for (const char *const *p = file_prefixes; *p; p++)
		if (starts_with(name, *p))
			return yaml_complain(key, err,
					     "a cgroup can't be called «%s»: the kernel's files "
					     "there begin with «%s»",
					     name, *p);
	if (top && is_column(name))
		return yaml_complain(key, err,
				     "a cgroup can't be called «%s»: columns of the kernel's own "
				     "counters begin with it",
				     name);
	return 0;
}

static struct cgroup_spec *find(struct scenario *s, const char *path)
{
	for (size_t i = 0; i < s->cgroup_count; i++)
		if (streq(s->cgroups[i].path, path))
			return &s->cgroups[i];
	return NULL;
}

/* Adds the path and the parents that aren't there yet, parents first. */
static int add_path(struct scenario *s, const struct yaml_node *key, struct error *err)
{
	_cleanup_free_ char *path = strdup(key->text);
	unsigned depth = 0;
	char *end = path;

	if (!path)
		return error_set(err, -ENOMEM, "cgroups");
	for (bool last = false; !last;) {
		char *begin = end, *slash = strchr(begin, '/');

		last = !slash;
		if (slash)
			*slash = '\0';
		if (++depth > DEPTH_MAX)
			return yaml_complain(key, err, "more than %d cgroups deep", DEPTH_MAX);
		if (check_component(key, begin, begin == path, err) < 0)
			return -EINVAL;
		if (!find(s, path)) {
			struct cgroup_spec *more =
				realloc(s->cgroups, (s->cgroup_count + 1) * sizeof(*more));

			if (!more)
				return error_set(err, -ENOMEM, "cgroups");
			s->cgroups = more;
			more[s->cgroup_count] = (struct cgroup_spec){};
			if (suite_text(&more[s->cgroup_count].path, path, err) < 0)
				return -ENOMEM;
			s->cgroup_count++;
		}
		if (slash) {
			*slash = '/';
			end = slash + 1;
		}
	}
	if (s->cgroup_count > CGROUPS_MAX)
		return yaml_complain(key, err, "more than %d cgroups", CGROUPS_MAX);
	return 0;
}

static int read_limits(struct cgroup_spec *cgroup, const struct yaml_node *map, struct error *err)
{
	if (suite_expect_kind(map, YAML_MAP, cgroup->path, err) < 0)
		return -EINVAL;
	cgroup->limits = calloc(map->count + 1, sizeof(*cgroup->limits));
	if (!cgroup->limits)
		return error_set(err, -ENOMEM, "cgroups");
	for (size_t i = 0; i < map->count; i++) {
		const struct yaml_node *key = map->keys[i], *item = map->items[i];
		struct setting *limit = &cgroup->limits[cgroup->limit_count++];
		bool known = limit_find(key->text);
		char value[LIMIT_VALUE_MAX];
		struct error why = {};

		if (known && suite_expect_kind(item, YAML_SCALAR, key->text, err) < 0)
			return -EINVAL;
		if (limit_check(key->text, item->text, value, &why) < 0)
			return yaml_complain(known ? item : key, err, "%s", why.text);
		if (suite_text(&limit->name, key->text, err) < 0 ||
		    suite_text(&limit->value, value, err) < 0)
			return -ENOMEM;
	}
	return 0;
}

int suite_read_cgroups(struct scenario *s, const struct yaml_node *map, struct error *err)
{
	if (suite_expect_kind(map, YAML_MAP, "cgroups", err) < 0)
		return -EINVAL;
	for (size_t i = 0; i < map->count; i++) {
		int r = add_path(s, map->keys[i], err);

		if (r == 0)
			r = read_limits(find(s, map->keys[i]->text), map->items[i], err);
		if (r < 0)
			return r;
	}
	return 0;
}
