// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/trees.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "src/cleanup.h"
#include "src/file.h"
#include "src/macro.h"
#include "src/rng.h"

#define NODE "sys/devices/system/node/node"
#define BOX  "sys/fs/cgroup/box/"

const struct tree_source tree_sources[] = {
	{ "proc/vmstat", "vmstat", KV_SHAPE_FLAT },
	{ "proc/meminfo", "meminfo", KV_SHAPE_FLAT },
	{ "proc/zoneinfo", "zoneinfo", KV_SHAPE_ZONES },
	{ "proc/buddyinfo", "buddyinfo", KV_SHAPE_BUDDY },
	{ "proc/pressure/cpu", "psi.cpu", KV_SHAPE_PSI },
	{ "proc/pressure/memory", "psi.memory", KV_SHAPE_PSI },
	{ "proc/pressure/io", "psi.io", KV_SHAPE_PSI },
	{ NODE "0/vmstat", "node0", KV_SHAPE_FLAT },
	{ NODE "0/meminfo", "node0.meminfo", KV_SHAPE_NODE },
	{ NODE "0/numastat", "node0.numastat", KV_SHAPE_FLAT },
	{ NODE "1/vmstat", "node1", KV_SHAPE_FLAT },
	{ NODE "1/meminfo", "node1.meminfo", KV_SHAPE_NODE },
	{ NODE "1/numastat", "node1.numastat", KV_SHAPE_FLAT },
	{ "sys/block/zram0/mm_stat", "zram0", KV_SHAPE_MM_STAT },
	{ BOX "cpu.stat", "box.cpu.stat", KV_SHAPE_FLAT },
	{ BOX "memory.stat", "box.memory.stat", KV_SHAPE_FLAT },
	{ BOX "memory.numa_stat", "box.memory.numa_stat", KV_SHAPE_NUMA },
	{ BOX "memory.current", "box.memory.current", KV_SHAPE_SINGLE },
	{ BOX "memory.swap.current", "box.memory.swap.current", KV_SHAPE_SINGLE },
	{ BOX "memory.events", "box.memory.events", KV_SHAPE_FLAT },
	{ BOX "memory.events.local", "box.memory.events.local", KV_SHAPE_FLAT },
	{ BOX "memory.pressure", "box.psi.memory", KV_SHAPE_PSI },
	{ BOX "io.pressure", "box.psi.io", KV_SHAPE_PSI },
	{ BOX "io.stat", "box.io.stat", KV_SHAPE_IO },
	{ "proc/kswapd0/schedstat", "kswapd0", KV_SHAPE_SCHEDSTAT },
	{ "proc/kswapd1/schedstat", "kswapd1", KV_SHAPE_SCHEDSTAT },
	{ "proc/kcompactd0/schedstat", "kcompactd0", KV_SHAPE_SCHEDSTAT },
	{ "proc/kcompactd1/schedstat", "kcompactd1", KV_SHAPE_SCHEDSTAT },
	{ "proc/khugepaged/schedstat", "khugepaged", KV_SHAPE_SCHEDSTAT },
	{ "work", "work.w", KV_SHAPE_FLAT },
	{},
};

char *tree_path(const char *name)
{
	const char *top = getenv("srcdir");

	return text_format("%s/tests/fixtures/%s", top ? top : ".", name);
}

static char *slurp(const char *path)
{
	char *text = NULL;
	struct error err = {};

	if (file_read(AT_FDCWD, path, &text, NULL, &err) < 0) {
		printf("Bail out! %s\n", err.text);
		exit(1);
	}
	return text;
}

char *tree_fixture(const char *name)
{
	_cleanup_free_ char *path = tree_path(name);

	return slurp(path);
}

/* proc/NAME/schedstat: the process whose comm is NAME. */
static char *thread_path(const char *dir, const char *wanted)
{
	_cleanup_free_ char *proc = text_format("%s/proc", dir), *name = strdup(wanted);
	_cleanup_closedir_ DIR *d = opendir(proc);
	struct dirent *entry;

	name[strcspn(name, "/")] = '\0';
	while (d && (entry = readdir(d))) {
		_cleanup_free_ char *comm = text_format("%s/%s/comm", proc, entry->d_name);
		char line[64];

		if (*entry->d_name >= '0' && *entry->d_name <= '9' &&
		    file_read_line(AT_FDCWD, comm, line, sizeof(line)) == 0 && streq(line, name))
			return text_format("%s/%s/schedstat", proc, entry->d_name);
	}
	return text_format("%s/%s", proc, wanted);
}

static char *load_file(const char *dir, const char *path, bool later)
{
	static const char thread[] = "proc/k";
	_cleanup_free_ char *whole = NULL;

	if (streq(path, "work"))
		return strdup(later ? "ops 1007\nbytes 70001\nerrors 4\n"
				    : "ops 7\nbytes 11\nerrors 1\n");
	whole = starts_with(path, thread) ? thread_path(dir, path + strlen("proc/"))
					  : path_join(dir, path);
	return slurp(whole);
}

void tree_load(struct tree *t, const char *kernel)
{
	_cleanup_free_ char *name = text_format("%s-after", kernel);
	_cleanup_free_ char *before = tree_path(kernel), *after = tree_path(name);

	t->kernel = kernel;
	for (size_t i = 0; tree_sources[i].path; i++) {
		t->before[i] = load_file(before, tree_sources[i].path, false);
		t->after[i] = load_file(after, tree_sources[i].path, true);
	}
}

void tree_done(struct tree *t)
{
	for (size_t i = 0; tree_sources[i].path; i++) {
		free(t->before[i]);
		free(t->after[i]);
	}
}

/* Each whole number behind a blank or '=' grows by a random one; the rest stays. */
static char *raise_numbers(const char *text, struct rng *rng)
{
	char *raised = NULL;
	size_t len;
	FILE *f = open_memstream(&raised, &len);

	for (const char *p = text; *p;) {
		size_t digits = strspn(p, "0123456789");
		bool whole = digits && (p == text || strchr(" =\n\t", p[-1])) &&
			     strchr(" \n", p[digits]);

		if (!digits) {
			fputc(*p++, f);
			continue;
		}
		if (whole)
			fprintf(f, "%llu", strtoull(p, NULL, 10) + 1 + rng_below(rng, 1000000));
		else
			fwrite(p, digits, 1, f);
		p += digits;
	}
	fclose(f);
	return raised;
}

void tree_raise(struct tree *t)
{
	struct rng rng;

	rng_seed(&rng, 1);
	for (size_t i = 0; tree_sources[i].path; i++) {
		char *old = t->after[i];

		if (tree_sources[i].shape == KV_SHAPE_NODE ||
		    tree_sources[i].shape == KV_SHAPE_ZONES ||
		    tree_sources[i].shape == KV_SHAPE_BUDDY)
			continue;
		t->after[i] = raise_numbers(old, &rng);
		free(old);
	}
}

static struct column *column_at(struct columns *c, const char *name)
{
	for (size_t i = 0; i < c->count; i++)
		if (streq(c->items[i].name, name))
			return &c->items[i];
	if (c->count == COLUMNS_MAX)
		exit(1);
	c->items[c->count] = (struct column){};
	snprintf(c->items[c->count].name, sizeof(c->items[0].name), "%s", name);
	return &c->items[c->count++];
}

static void read_file(struct columns *c, size_t source, const char *text, bool later)
{
	struct kv_reader r;
	struct kv_value v;

	kv_reader_init(&r, tree_sources[source].shape, text, text + strlen(text));
	while (kv_reader_next(&r, &v)) {
		char name[200];
		struct column *column;

		snprintf(name, sizeof(name), "%s%s%s", tree_sources[source].prefix,
			 *v.name ? "." : "", v.name);
		column = column_at(c, name);
		*(later ? &column->after : &column->before) += v.value;
	}
}

void columns_read(struct columns *c, const struct tree *t)
{
	c->count = 0;
	for (size_t i = 0; tree_sources[i].path; i++) {
		read_file(c, i, t->before[i], false);
		read_file(c, i, t->after[i], true);
	}
}

void column_general(char *ret, size_t size, const char *name)
{
	static const char *const numbered[] = { "node", "kswapd", "kcompactd" };

	if (starts_with(name, "box.")) {
		snprintf(ret, size, "NAME.%s", name + strlen("box."));
		return;
	}
	if (starts_with(name, "work.w.")) {
		snprintf(ret, size, "work.NAME.%s", name + strlen("work.w."));
		return;
	}
	snprintf(ret, size, "%s", name);
	for (size_t i = 0; i < ARRAY_SIZE(numbered); i++) {
		size_t len = strlen(numbered[i]);

		if (starts_with(name, numbered[i]) && name[len] >= '0' && name[len] <= '9')
			ret[len] = 'N';
	}
}
