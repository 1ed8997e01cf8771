// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/vm/lab.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/vm/initramfs.h"
#include "harness/vm/unpack.h"
#include "src/cleanup.h"
#include "src/datafile.h"
#include "src/file.h"
#include "src/macro.h"
#include "src/process.h"

#define RESULTS_BYTES ((uint64_t)256 << 20)

const char *const lab_clock_names[] = { "insn", "wall", NULL };

/* A list for the guest of modules to load, and the modules themselves into the archive. */
struct module_list {
	const struct kernel *kernel;
	struct initramfs *archive;
	struct strlist files; /* paths below the kernel's modules directory, already added */
	char *text;
};

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* The modules that one name needs, in order; parameters are the last one's. */
static int add_module(struct module_list *list, const char *name, const char *parameters,
		      struct error *err)
{
	_cleanup_strlist_ struct strlist files = {};
	const char *const names[] = { name, NULL };
	int r = kernel_modules(list->kernel, names, &files, err);

	for (size_t i = 0; r == 0 && i < files.count; i++) {
		const char *file = files.items[i];
		int stem = (int)strcspn(base_name(file), ".");
		_cleanup_free_ char *host = path_join(list->kernel->modules_dir, file);
		_cleanup_free_ char *guest =
			text_format("wring/modules/%.*s.ko", stem, base_name(file));
		char *text;

		if (!host || !guest)
			return error_set(err, -ENOMEM, "module %s", name);
		if (!strlist_contains(&list->files, file)) {
			r = initramfs_add_module(list->archive, guest, host, err);
			if (r == 0)
				r = strlist_add(&list->files, file);
		}
		text = text_format("%s/%s%s%s\n", list->text ? list->text : "", guest,
				   i + 1 == files.count && *parameters ? " " : "",
				   i + 1 == files.count ? parameters : "");
		free(list->text);
		list->text = text;
		if (!text)
			return error_set(err, -ENOMEM, "module %s", name);
	}
	return r;
}

static int finish_list(struct module_list *list, const char *where, struct error *err)
{
	const char *text = list->text ? list->text : "";
	int r = initramfs_add_data(list->archive, where + 1, text, strlen(text), 0644, err);

	free(list->text);
	list->text = NULL;
	return r;
}

static int add_modules(struct module_list *list, const struct machine_spec *machine,
		       struct error *err)
{
	int r = 0;

	if (machine->swap.type == SWAP_ZRAM) {
		/* Older kernels take zram's compressors from the crypto API, by modules that nobody
		 * in the guest would load; newer ones have them inside. */
		add_module(list, machine->swap.algorithm ? machine->swap.algorithm : "lzo-rle", "",
			   NULL);
		r = add_module(list, "zram", "", err);
	}
	if (r == 0 && (machine->swap.type == SWAP_NULL_BLK || machine->disk.type == DISK_NULL_BLK))
		r = add_module(list, "null_blk", "nr_devices=0", err);
	if (r == 0)
		r = finish_list(list, LAB_GUEST_MODULES, err);
	return r;
}

static int add_programs(struct initramfs *archive, const struct machine_spec *machine,
			struct error *err)
{
	_cleanup_free_ char *guest = NULL, *mke2fs = NULL;
	int r = datafile_find("wring-guest", &guest, err);

	if (r == 0)
		r = initramfs_add_program(archive, "init", guest, err);
	if (r == 0)
		r = initramfs_add_char_device(archive, "dev/console", 5, 1, err);
	if (r < 0 || machine->disk.type == DISK_NONE)
		return r;
	r = process_find("mke2fs", &mke2fs, NULL);
	if (r < 0)
		return error_say(err, r,
				 "mke2fs is missing: install e2fsprogs, for the suite's disk");
	return initramfs_add_program(archive, "sbin/mke2fs", mke2fs, err);
}

int lab_make_base(const char *path, const struct kernel *kernel, const struct machine_spec *machine,
		  struct error *err)
{
	static const char *const dirs[] = { "proc", "sys", "run", "tmp" };
	struct module_list list = { .kernel = kernel };
	int r = initramfs_new(&list.archive, path, err);

	if (r < 0)
		return r;
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(dirs); i++)
		r = initramfs_add_dir(list.archive, dirs[i], err);
	if (r == 0)
		r = add_programs(list.archive, machine, err);
	if (r == 0)
		r = add_modules(&list, machine, err);
	if (r == 0)
		r = initramfs_finish(list.archive, err);
	initramfs_free(list.archive);
	strlist_done(&list.files);
	free(list.text);
	return r < 0 ? error_prefix(err, "kernel %s", kernel->name) : 0;
}

static int add_json(struct initramfs *archive, const char *name, json_t *json, struct error *err)
{
	_cleanup_free_ char *text = json ? json_dumps(json, JSON_INDENT(1)) : NULL;

	json_decref(json);
	if (!text)
		return error_set(err, -ENOMEM, "%s", name);
	return initramfs_add_data(archive, name + 1, text, strlen(text), 0644, err);
}

/*
 * The suite as the guest gets it: what changes nothing there, names, texts and the other seeds,
 * is left out, so that a trial's measurement does not depend on them. adopt_record() puts back
 * what belongs into the record.
 */
static json_t *guest_suite(const struct lab_trial *t)
{
	json_t *suite = suite_json(t->suite, t->scenario);
	json_t *scenario = json_array_get(json_object_get(suite, "scenarios"), 0);

	if (!scenario)
		return suite;
	json_object_del(suite, "about");
	json_object_del(scenario, "about");
	json_object_del(scenario, "expect");
	json_object_set_new(suite, "suite", json_string("vm"));
	json_object_set_new(scenario, "name", json_string("vm"));
	json_object_set_new(scenario, "seeds", json_string("1"));
	return suite;
}

/* Whether a plain name is looked for there when PATH is unset, as it is in a guest. */
static bool is_usual(const char *path, const char *name)
{
	_cleanup_free_ char *all = strdup(process_default_path());
	char *save = NULL;

	for (char *dir = all ? strtok_r(all, ":", &save) : NULL; dir;
	     dir = strtok_r(NULL, ":", &save))
		if (starts_with(path, dir) && path[strlen(dir)] == '/' &&
		    streq(path + strlen(dir) + 1, name))
			return true;
	return false;
}

/* A host's file in the guest; -EEXIST, when it is there already, is no error. */
static int add_host_file(struct initramfs *archive, const char *where, const char *path,
			 bool program, struct error *err)
{
	const char *name = where + strspn(where, "/");
	int r = initramfs_add_program(archive, name, path, err);

	if (r == -ENOEXEC && !program)
		r = initramfs_add_file(archive, name, path, 0755, err);
	else if (r == -ENOEXEC)
		error_say(err, r,
			  "%s is not a 64-bit program: for a script, make its interpreter the "
			  "command's first word, and name the script under files",
			  path);
	return r == -EEXIST ? 0 : r;
}

static int add_workload_program(struct initramfs *archive, const char *word, struct error *err)
{
	_cleanup_free_ char *found = NULL, *where = NULL;
	int r = process_find(word, &found, err);

	if (r < 0)
		return r;
	where = strchr(word, '/') || is_usual(found, word) ? strdup(found)
							   : path_join("/usr/bin", word);
	return where ? add_host_file(archive, where, found, true, err)
		     : error_set(err, -ENOMEM, "%s", word);
}

/* What a workload runs, with the libraries that it needs, and the files beside it. */
static int add_workload_files(struct initramfs *archive, const struct workload_spec *w,
			      struct error *err)
{
	const struct strlist *files = w->plan.files;
	int r = w->plan.program ? add_workload_program(archive, w->plan.program, err) : 0;

	for (size_t i = 0; r == 0 && files && i < files->count; i++)
		r = add_host_file(archive, files->items[i], files->items[i], false, err);
	return r < 0 ? error_prefix(err, "workload %s", w->placement.name) : 0;
}

/* The trial's own part of the initramfs: what to run. */
static int make_order(const struct lab_trial *t, const char *path, struct error *err)
{
	struct initramfs *archive;
	int r = initramfs_new(&archive, path, err);

	if (r < 0)
		return r;
	r = add_json(archive, LAB_GUEST_SUITE, guest_suite(t), err);
	if (r == 0)
		r = add_json(archive, LAB_GUEST_ORDER,
			     json_pack("{s:s, s:I}", "clock", lab_clock_names[t->clock], "seed",
				       (json_int_t)t->seed),
			     err);
	for (size_t i = 0; r == 0 && i < t->scenario->workload_count; i++)
		r = add_workload_files(archive, &t->scenario->workloads[i], err);
	if (r == 0)
		r = initramfs_finish(archive, err);
	initramfs_free(archive);
	return r;
}

static int append_file(int out, const char *path, struct error *err)
{
	_cleanup_close_ int in = open(path, O_RDONLY | O_CLOEXEC);
	char buf[65536];
	ssize_t n;

	if (in < 0)
		return error_set(err, -errno, "open %s", path);
	while ((n = read(in, buf, sizeof(buf))) > 0) {
		int r = file_write_all(out, buf, (size_t)n);

		if (r < 0)
			return error_set(err, r, "write the initramfs");
	}
	return n < 0 ? error_set(err, -errno, "read %s", path) : 0;
}

/* The kernel unpacks archives that stand one after another. */
static int join(const char *base, const char *order, const char *path, struct error *err)
{
	_cleanup_close_ int out = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	int r;

	if (out < 0)
		return error_set(err, -errno, "create %s", path);
	r = append_file(out, base, err);
	return r < 0 ? r : append_file(out, order, err);
}

struct paths {
	char *order, *initramfs, *results, *status, *console;
};

static void paths_done(struct paths *p)
{
	free(p->order);
	free(p->initramfs);
	free(p->results);
	free(p->status);
	free(p->console);
}

static int paths_of(const struct lab_trial *t, struct paths *ret, struct error *err)
{
	*ret = (struct paths){
		.order = path_join(t->work_dir, "order.cpio"),
		.initramfs = path_join(t->work_dir, "initramfs.cpio"),
		.results = path_join(t->work_dir, "results.img"),
		.status = path_join(t->work_dir, "status"),
		.console = path_join(t->out_dir, "console.log"),
	};
	if (ret->order && ret->initramfs && ret->results && ret->status && ret->console)
		return 0;
	paths_done(ret);
	return error_set(err, -ENOMEM, "trial");
}

int lab_start(const struct lab_trial *t, struct machine *ret, struct error *err)
{
	struct paths p;
	int r = paths_of(t, &p, err);

	if (r < 0)
		return r;
	r = make_order(t, p.order, err);
	if (r == 0)
		r = join(t->base, p.order, p.initramfs, err);
	if (r == 0)
		r = machine_start(ret,
				  &(struct machine_args){
					  .shape = &t->suite->machine,
					  .clock = t->clock,
					  .image = t->kernel->image,
					  .initramfs = p.initramfs,
					  .console = p.console,
					  .status = p.status,
					  .results = p.results,
					  .results_bytes = RESULTS_BYTES,
				  },
				  err);
	paths_done(&p);
	return r;
}

static uint64_t size_of(const char *path)
{
	struct stat st;

	return stat(path, &st) < 0 ? 0 : (uint64_t)st.st_size;
}

/* A guest is not trusted: its words go to a terminal and into JSON. */
static void put_plain(char *buf, size_t size, const char *text)
{
	snprintf(buf, size, "%s", text);
	for (char *p = buf; *p; p++)
		if (*p == '\n')
			*p = ' ';
	error_plain(buf);
}

int lab_status(const struct lab_trial *t, struct lab_status *ret)
{
	_cleanup_free_ char *text = NULL;
	char *rest, *line;
	struct paths p;

	if (paths_of(t, &p, NULL) < 0)
		return -ENOMEM;
	*ret = (struct lab_status){ .phase = "boot" };
	if (file_read(AT_FDCWD, p.status, &text, NULL, NULL) == 0)
		for (rest = text; (line = strsep(&rest, "\n"));) {
			line[strcspn(line, "\r")] = '\0';
			if (starts_with(line, "phase "))
				put_plain(ret->phase, sizeof(ret->phase), line + 6);
			else if (starts_with(line, "error "))
				put_plain(ret->error, sizeof(ret->error), line + 6);
			else if (streq(line, "done"))
				ret->done = true;
		}
	ret->size = size_of(p.console) + size_of(p.status);
	paths_done(&p);
	return 0;
}

/* Why there is no record: what the guest said, else where its console stopped. */
static int diagnose(const struct lab_trial *t, const struct paths *p, const struct lab_status *s,
		    int exit_status, struct error *err)
{
	_cleanup_free_ char *qemu_log = text_format("%s.qemu", p->console), *qemu = NULL;
	char tail[700] = "";

	if (*s->error)
		return error_say(err, -EREMOTEIO, "in the VM: %s", s->error);
	if (exit_status > 0 && qemu_log && file_read(AT_FDCWD, qemu_log, &qemu, NULL, NULL) == 0 &&
	    *qemu)
		return error_say(err, -EREMOTEIO, "QEMU ended with status %d: %.500s", exit_status,
				 qemu);
	if (exit_status == -SIGBUS)
		return error_say(err, -ENOSPC,
				 "QEMU lost the file for results (SIGBUS): no space left in %s",
				 t->work_dir);
	machine_console_tail(p->console, 5, tail, sizeof(tail));
	return error_say(err, -EREMOTEIO,
			 "kernel %s: the VM ended in phase %s without a record (QEMU: %s %d); its "
			 "console's last lines:\n%s",
			 t->kernel->name, s->phase, exit_status < 0 ? "signal" : "status",
			 abs(exit_status), *tail ? tail : "(it printed nothing)");
}

/* The guest's trial.json gets the names that the host knows the trial by. */
static int adopt_record(const struct lab_trial *t, int out, struct error *err)
{
	_cleanup_free_ char *text = NULL;
	json_t *json, *expects = json_array();
	json_error_t where;
	int r = file_read(out, "trial.json", &text, NULL, err);

	json = r == 0 ? json_loads(text, 0, &where) : NULL;
	for (size_t i = 0; i < t->scenario->expect_count; i++)
		json_array_append_new(expects, json_string(t->scenario->expects[i].text));
	if (r == 0 && !json_is_object(json))
		r = error_say(err, -EBADMSG, "the guest's trial.json: %s", where.text);
	free(TAKE_PTR(text));
	if (r == 0) {
		json_object_set_new(json, "suite", json_string(t->suite->name));
		json_object_set_new(json, "scenario", json_string(t->scenario->name));
		json_object_set_new(json, "kernel", json_string(t->kernel->name));
		json_object_set(json, "expect", expects);
		text = json_dumps(json, JSON_INDENT(2));
		r = text ? file_write_atomic(out, "trial.json", text, strlen(text), err)
			 : error_set(err, -ENOMEM, "trial.json");
	}
	json_decref(expects);
	json_decref(json);
	return r;
}

int lab_finish(const struct lab_trial *t, int exit_status, struct error *err)
{
	_cleanup_close_ int out = open(t->out_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct lab_status status;
	struct paths p;
	int r;

	if (out < 0)
		return error_set(err, -errno, "open %s", t->out_dir);
	r = paths_of(t, &p, err);
	if (r < 0)
		return r;
	r = lab_status(t, &status);
	if (r == 0 && status.done)
		r = unpack_record(p.results, out, err);
	if (r == 0 && status.done)
		r = adopt_record(t, out, err);
	else if (r == 0)
		r = diagnose(t, &p, &status, exit_status, err);
	paths_done(&p);
	return r;
}
