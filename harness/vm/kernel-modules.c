// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/vm/kernel.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "src/cleanup.h"
#include "src/file.h"
#include "src/macro.h"

/* A line of modules.dep. Strings lie in the file's text. */
struct module {
	char *path; /* "kernel/drivers/block/zram/zram.ko.xz" */
	char *deps; /* paths, separated by spaces */
	enum { MODULE_NEW, MODULE_OPEN, MODULE_DONE } state;
};

struct module_index {
	char *dep_text, *builtin_text;
	struct module *modules;
	size_t count;
};

static void index_done(struct module_index *index)
{
	free(index->dep_text);
	free(index->builtin_text);
	free(index->modules);
}

/* Whether the path's file, up to its ".ko", is the module name; "-" and "_" are one letter. */
static bool is_module(const char *path, const char *name)
{
	const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;

	for (; *name; name++, base++) {
		char a = *base == '-' ? '_' : *base, b = *name == '-' ? '_' : *name;

		if (a != b)
			return false;
	}
	return starts_with(base, ".ko") && (base[3] == '\0' || base[3] == '.');
}

static int index_read(struct module_index *index, const struct kernel *kernel, struct error *err)
{
	_cleanup_free_ char *dep = path_join(kernel->modules_dir, "modules.dep");
	_cleanup_free_ char *builtin = path_join(kernel->modules_dir, "modules.builtin");
	char *save = NULL;
	size_t lines = 1;
	int r = 0;

	if (!dep || !builtin)
		return error_set(err, -ENOMEM, "read %s", kernel->modules_dir);
	/* A build tree lacks modules.dep, an old installation modules.builtin. */
	if (access(dep, F_OK) == 0)
		r = file_read(AT_FDCWD, dep, &index->dep_text, NULL, err);
	if (r == 0 && access(builtin, F_OK) == 0)
		r = file_read(AT_FDCWD, builtin, &index->builtin_text, NULL, err);
	if (r < 0)
		return r;
	for (const char *p = index->dep_text; p && *p; p++)
		lines += *p == '\n';
	index->modules = calloc(lines, sizeof(*index->modules));
	if (!index->modules)
		return error_set(err, -ENOMEM, "read %s", dep);
	if (!index->dep_text)
		return 0;
	for (char *line = strtok_r(index->dep_text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		char *colon = strchr(line, ':');

		if (!colon)
			continue;
		*colon = '\0';
		index->modules[index->count++] = (struct module){ line, colon + 1, MODULE_NEW };
	}
	return 0;
}

static bool is_builtin(const struct module_index *index, const char *name)
{
	const char *p = index->builtin_text;

	while (p && *p) {
		size_t len = strcspn(p, "\n");
		_cleanup_free_ char *line = strndup(p, len);

		if (line && is_module(line, name))
			return true;
		p += len + (p[len] == '\n');
	}
	return false;
}

static struct module *find_path(struct module_index *index, const char *path, size_t len)
{
	for (size_t i = 0; i < index->count; i++) {
		const char *own = index->modules[i].path;

		if (strncmp(own, path, len) == 0 && own[len] == '\0')
			return &index->modules[i];
	}
	return NULL;
}

static struct module *find_name(struct module_index *index, const char *name)
{
	for (size_t i = 0; i < index->count; i++)
		if (is_module(index->modules[i].path, name))
			return &index->modules[i];
	return NULL;
}

/*
 * Depth first, so that each file comes behind those it needs. The last one of a line first, which
 * is how depmod orders a line's files where they need one another.
 */
static int visit(struct module_index *index, struct module *module, struct strlist *list,
		 struct error *err)
{
	const char *end = module->deps + strlen(module->deps);

	if (module->state == MODULE_DONE)
		return 0;
	if (module->state == MODULE_OPEN)
		return error_say(err, -ELOOP, "modules.dep: %s needs itself", module->path);
	module->state = MODULE_OPEN;
	while (end > module->deps) {
		const char *start = end;
		struct module *dep;
		int r;

		while (start > module->deps && start[-1] != ' ')
			start--;
		if (start < end) {
			dep = find_path(index, start, (size_t)(end - start));
			if (!dep)
				return error_say(err, -ENOENT,
						 "modules.dep: %s needs %.*s, which is "
						 "not listed: run depmod again",
						 module->path, (int)(end - start), start);
			r = visit(index, dep, list, err);
			if (r < 0)
				return r;
		}
		end = start > module->deps ? start - 1 : start;
	}
	module->state = MODULE_DONE;
	return strlist_add(list, module->path) < 0 ? error_set(err, -ENOMEM, "read modules.dep")
						   : 0;
}

static int lacks(const struct kernel *kernel, const struct strlist *missing, struct error *err)
{
	char names[600] = "";
	size_t at = 0;

	for (size_t i = 0; i < missing->count && at < sizeof(names); i++)
		at += (size_t)snprintf(names + at, sizeof(names) - at, "%s%s", i ? ", " : "",
				       missing->items[i]);
	if (!kernel->modules_dir)
		return error_say(err, -ENOENT,
				 "kernel %s needs a modules directory for %s: give it by --modules",
				 kernel->name, names);
	return error_say(err, -ENOENT,
			 "kernel %s (%s) has no module %s, neither in %s nor built in: build it "
			 "with them, or take a kernel that has them",
			 kernel->name, kernel->release, names, kernel->modules_dir);
}

int kernel_modules(const struct kernel *kernel, const char *const *names, struct strlist *ret,
		   struct error *err)
{
	_cleanup_(index_done) struct module_index index = {};
	_cleanup_strlist_ struct strlist list = {}, missing = {};
	int r = 0;

	if (kernel->modules_dir)
		r = index_read(&index, kernel, err);
	for (; r == 0 && *names; names++) {
		struct module *module = find_name(&index, *names);

		if (module)
			r = visit(&index, module, &list, err);
		else if (!is_builtin(&index, *names) && strlist_add(&missing, *names) < 0)
			r = error_set(err, -ENOMEM, "find modules");
	}
	if (r < 0)
		return r;
	if (missing.count)
		return lacks(kernel, &missing, err);
	*ret = list;
	list = (struct strlist){};
	return 0;
}
