// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which files a module takes: by modules.dep, which depmod makes for modules that are installed. A
 * tree where a kernel was built has none, but modules.order, a list of what was built; what each
 * needs is read from the module itself, as depmod would. That takes no program, no copy of the
 * tree, and no more than the few files that are asked for.
 */
#include "harness/vm/kernel.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "harness/vm/module-info.h"
#include "src/cleanup.h"
#include "src/file.h"
#include "src/macro.h"

/* A line of modules.dep, or of modules.order. Strings lie in the file's text. */
struct module {
	char *path; /* "kernel/drivers/block/zram/zram.ko.xz" */
	char *deps; /* modules.dep's: paths, separated by spaces; NULL: path is the module's own
		     * string, and the file itself knows */
	enum { MODULE_NEW, MODULE_OPEN, MODULE_DONE } state;
};

struct module_index {
	const struct kernel *kernel;
	char *text, *builtin_text;
	struct module *modules;
	size_t count;
};

static void index_done(struct module_index *index)
{
	for (size_t i = 0; i < index->count; i++)
		if (!index->modules[i].deps)
			free(index->modules[i].path);
	free(index->text);
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

static void add_installed(struct module_index *index, char *line)
{
	char *colon = strchr(line, ':');

	if (!colon)
		return;
	*colon = '\0';
	index->modules[index->count++] = (struct module){ line, colon + 1, MODULE_NEW };
}

/*
 * "kernel/drivers/block/zram/zram.ko", "drivers/block/zram/zram.ko" since Linux 5.3, and
 * "drivers/block/zram/zram.o" since 6.3: where below the tree the module is.
 */
static int add_built(struct module_index *index, const char *line)
{
	const char *dot = strrchr(line, '.');
	int stem = (int)(dot ? dot - line : (ptrdiff_t)strlen(line));
	_cleanup_free_ char *path = text_format("%.*s.ko", stem, line);
	_cleanup_free_ char *full = path ? path_join(index->kernel->modules_dir, path) : NULL;

	if (full && starts_with(path, "kernel/") && access(full, F_OK) < 0)
		memmove(path, path + strlen("kernel/"), strlen(path) + 1 - strlen("kernel/"));
	if (!full)
		return -ENOMEM;
	index->modules[index->count++] = (struct module){ TAKE_PTR(path), NULL, MODULE_NEW };
	return 0;
}

bool kernel_is_built(const struct kernel *kernel)
{
	_cleanup_free_ char *dep = NULL;

	if (kernel->modules_dir)
		dep = path_join(kernel->modules_dir, "modules.dep");
	return dep && access(dep, F_OK) < 0;
}

static int index_read(struct module_index *index, const struct kernel *kernel, struct error *err)
{
	_cleanup_free_ char *dep = path_join(kernel->modules_dir, "modules.dep");
	_cleanup_free_ char *order = path_join(kernel->modules_dir, "modules.order");
	_cleanup_free_ char *builtin = path_join(kernel->modules_dir, "modules.builtin");
	bool installed;
	size_t lines = 1;
	int r = 0;

	if (!dep || !order || !builtin)
		return error_set(err, -ENOMEM, "read %s", kernel->modules_dir);
	index->kernel = kernel;
	installed = !kernel_is_built(kernel);
	/* A tree without modules lacks modules.order, an old installation modules.builtin. */
	if (installed || access(order, F_OK) == 0)
		r = file_read(AT_FDCWD, installed ? dep : order, &index->text, NULL, err);
	if (r == 0 && access(builtin, F_OK) == 0)
		r = file_read(AT_FDCWD, builtin, &index->builtin_text, NULL, err);
	if (r < 0)
		return r;
	for (const char *p = index->text; p && *p; p++)
		lines += *p == '\n';
	index->modules = calloc(lines, sizeof(*index->modules));
	if (!index->modules)
		return error_set(err, -ENOMEM, "read %s", dep);
	for (char *line = index->text, *next; line && *line; line = next) {
		size_t len = strcspn(line, "\n");

		if (!line[len])
			break; /* cut off in the middle of a line */
		next = line + len + 1;
		line[len] = '\0';
		if (installed)
			add_installed(index, line);
		else if (add_built(index, line) < 0)
			return error_set(err, -ENOMEM, "read %s", order);
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

static int visit(struct module_index *index, struct module *module, struct strlist *list,
		 struct error *err);

/* By the paths of modules.dep: the last one first, which is how depmod orders them. */
static int visit_paths(struct module_index *index, const struct module *module,
		       struct strlist *list, struct error *err)
{
	const char *end = module->deps + strlen(module->deps);

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
	return 0;
}

/* Of another build than the image, it would be refused in the guest, with less of a reason. */
static int check_release(const struct module_index *index, const char *path, const char *vermagic,
			 struct error *err)
{
	const char *release = index->kernel->release;
	size_t len = vermagic ? strcspn(vermagic, " ") : 0;

	if (!vermagic || (len == strlen(release) && strncmp(vermagic, release, len) == 0))
		return 0;
	return error_say(
		err, -EINVAL,
		"%s is of release %.*s, the kernel's image of %s: build both by one «make»", path,
		(int)len, vermagic, release);
}

/* By the names that the module itself has. */
static int visit_names(struct module_index *index, const struct module *module,
		       struct strlist *list, struct error *err)
{
	const char *dir = index->kernel->modules_dir;
	_cleanup_(module_info_done) struct module_info info = {};
	_cleanup_free_ char *path = path_join(dir, module->path);
	char *rest, *name;
	int r;

	if (!path)
		return error_set(err, -ENOMEM, "read %s", module->path);
	if (access(path, F_OK) < 0)
		return error_say(err, -ENOENT,
				 "%s is to be built there, and has not been: run «make modules» in "
				 "%s",
				 path, dir);
	r = module_info_read(path, &info, err);
	if (r == 0)
		r = check_release(index, path, info.vermagic, err);
	for (rest = info.depends; r == 0 && (name = strsep(&rest, ","));) {
		struct module *dep = *name ? find_name(index, name) : NULL;

		if (*name && !dep && !is_builtin(index, name))
			r = error_say(
				err, -ENOENT,
				"%s needs the module %s, which is not in %s/modules.order: run "
				"«make modules» there",
				path, name, dir);
		else if (dep)
			r = visit(index, dep, list, err);
	}
	return r;
}

/* Depth first, so that each file comes behind those it needs. */
static int visit(struct module_index *index, struct module *module, struct strlist *list,
		 struct error *err)
{
	int r;

	if (module->state == MODULE_DONE)
		return 0;
	if (module->state == MODULE_OPEN)
		return error_say(err, -ELOOP, "modules.dep: %s needs itself", module->path);
	module->state = MODULE_OPEN;
	r = module->deps ? visit_paths(index, module, list, err)
			 : visit_names(index, module, list, err);
	if (r < 0)
		return r;
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
