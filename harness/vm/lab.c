// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/vm/lab.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/vm/console.h"
#include "harness/vm/initramfs.h"
#include "harness/vm/module-info.h"
#include "harness/vm/unpack.h"
#include "src/cleanup.h"
#include "src/datafile.h"
#include "src/file.h"
#include "src/macro.h"
#include "src/process.h"
#include "src/units.h"

const char *const lab_clock_names[] = { "insn", "wall", NULL };

/* A list for the guest of modules to load, and the modules themselves into the archive. */
struct module_list {
	const struct kernel *kernel;
	struct initramfs *archive;
	char *scratch;	      /* a file, for a module that is made smaller */
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
			bool smaller = list->scratch && module_strip(host, list->scratch);

			r = initramfs_add_module(list->archive, guest,
						 smaller ? list->scratch : host, err);
			if (smaller)
				unlink(list->scratch);
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

static int add_swap_modules(struct module_list *list, const struct machine_spec *machine,
			    struct error *err)
{
	uint64_t zrams = 0, brds = 0, brd_bytes = 0;
	char parameters[80];
	int r = 0;

	for (size_t i = 0; i < machine->swap_count; i++) {
		const struct swap_spec *swap = &machine->swaps[i];

		/* Older kernels take zram's compressors from the crypto API, by modules that nobody
		 * in the guest would load; newer ones have them inside. */
		if (swap->type == SWAP_ZRAM)
			add_module(list, swap->algorithm ? swap->algorithm : "lzo-rle", "", NULL);
		zrams += swap->type == SWAP_ZRAM;
		brds += swap->type == SWAP_BRD;
		if (swap->type == SWAP_BRD)
			brd_bytes = MAX(brd_bytes, swap->size_bytes);
	}
	snprintf(parameters, sizeof(parameters), "num_devices=%llu", (unsigned long long)zrams);
	if (zrams)
		r = add_module(list, "zram", zrams > 1 ? parameters : "", err);
	snprintf(parameters, sizeof(parameters), "rd_nr=%llu rd_size=%llu",
		 (unsigned long long)brds, (unsigned long long)brd_bytes >> 10);
	return r == 0 && brds ? add_module(list, "brd", parameters, err) : r;
}

/* What it asks the crypto API for is not told by modules.dep. */
static int add_filesystem(struct module_list *list, int filesystem, struct error *err)
{
	const char *name = disk_filesystems[filesystem].name;
	/* Mostly built in, where not every kernel says so; else the guest can't mount it. */
	bool maybe = filesystem == FILESYSTEM_EXT4 && kernel_config(list->kernel, "EXT4_FS") != 'm';

	add_module(list, "crc32c_generic", "", NULL);
	if (!maybe)
		return add_module(list, name, "", err);
	add_module(list, name, "", NULL);
	return 0;
}

static int add_modules(struct module_list *list, const struct machine_spec *machine,
		       struct error *err)
{
	bool null_blk = machine->disk.type == DISK_NULL_BLK;
	int r = add_swap_modules(list, machine, err);

	for (size_t i = 0; i < machine->swap_count; i++)
		null_blk |= machine->swaps[i].type == SWAP_NULL_BLK;
	if (r == 0 && null_blk)
		r = add_module(list, "null_blk", "nr_devices=0", err);
	if (r == 0 && machine->disk.type == DISK_NULL_BLK)
		r = add_filesystem(list, machine->disk.filesystem, err);
	if (r == 0)
		r = finish_list(list, LAB_GUEST_MODULES, err);
	return r;
}

static int add_programs(struct initramfs *archive, const struct machine_spec *machine,
			struct error *err)
{
	const struct disk_filesystem *fs = &disk_filesystems[machine->disk.filesystem];
	_cleanup_free_ char *guest = NULL, *make = NULL, *where = NULL;
	int r = datafile_find("wring-guest", &guest, err);

	if (r == 0)
		r = initramfs_add_program(archive, "init", guest, err);
	if (r == 0)
		r = initramfs_add_char_device(archive, "dev/console", 5, 1, err);
	if (r < 0 || machine->disk.type != DISK_NULL_BLK)
		return r;
	r = process_find(fs->program, &make, NULL);
	if (r < 0)
		return error_say(err, r, "%s is missing: install %s, for the suite's disk",
				 fs->program, fs->package);
	where = path_join("sbin", fs->program);
	return where ? initramfs_add_program(archive, where, make, err)
		     : error_set(err, -ENOMEM, "%s", fs->program);
}

static int add_json(struct initramfs *archive, const char *name, json_t *json, struct error *err)
{
	_cleanup_free_ char *text = json ? json_dumps(json, JSON_INDENT(1)) : NULL;

	json_decref(json);
	if (!text)
		return error_set(err, -ENOMEM, "%s", name);
	return initramfs_add_data(archive, name + 1, text, strlen(text), 0644, err);
}

int lab_make_base(const char *path, const struct kernel *kernel, const struct machine_spec *machine,
		  struct error *err)
{
	static const char *const dirs[] = { "proc", "sys", "run", "tmp" };
	struct module_list list = { .kernel = kernel };
	int r = initramfs_new(&list.archive, path, err);

	if (r < 0)
		return r;
	/* What is installed is as its maker wants it, and may be signed. */
	if (kernel_is_built(kernel))
		list.scratch = text_format("%s.ko", path);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(dirs); i++)
		r = initramfs_add_dir(list.archive, dirs[i], err);
	if (r == 0)
		r = add_programs(list.archive, machine, err);
	if (r == 0)
		r = add_json(list.archive, LAB_GUEST_MACHINE, suite_machine_json(machine), err);
	if (r == 0)
		r = add_modules(&list, machine, err);
	if (r == 0)
		r = initramfs_finish(list.archive, err);
	initramfs_free(list.archive);
	strlist_done(&list.files);
	free(list.text);
	free(list.scratch);
	return r < 0 ? error_prefix(err, "kernel %s", kernel->name) : 0;
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

static json_t *order_json(const struct lab_trial *t)
{
	json_t *order = json_pack("{s:s, s:I}", "clock", lab_clock_names[t->clock], "seed",
				  (json_int_t)t->seed);

	if (t->shell)
		json_object_set_new(order, "shell",
				    json_pack("{s:s, s:s, s:i, s:i}", "name", t->scenario->name,
					      "term", t->shell->term, "rows", (int)t->shell->rows,
					      "columns", (int)t->shell->columns));
	return order;
}

/* One program that is a shell and all of its tools. */
static int add_shell(struct initramfs *archive, struct error *err)
{
	_cleanup_free_ char *busybox = NULL;

	if (process_find("busybox", &busybox, NULL) < 0)
		return error_say(err, -ENOENT,
				 "busybox is missing: install busybox-static (Debian, Ubuntu) or "
				 "busybox (Fedora), for a shell in the VM");
	return initramfs_add_program(archive, LAB_GUEST_SHELL + 1, busybox, err);
}

/* The trial: what to run, and the files that it takes. */
static int make_order(const struct lab_trial *t, const char *path, struct error *err)
{
	struct initramfs *archive;
	int r = initramfs_new(&archive, path, err);

	if (r < 0)
		return r;
	r = add_json(archive, LAB_GUEST_SUITE, guest_suite(t), err);
	if (r == 0)
		r = add_json(archive, LAB_GUEST_ORDER, order_json(t), err);
	if (r == 0 && t->shell)
		r = add_shell(archive, err);
	for (size_t i = 0; r == 0 && i < t->scenario->workload_count; i++)
		r = add_workload_files(archive, &t->scenario->workloads[i], err);
	if (r == 0)
		r = initramfs_finish(archive, err);
	initramfs_free(archive);
	return r;
}

struct paths {
	char *order, *results, *status, *console;
};

static void paths_done(struct paths *p)
{
	free(p->order);
	free(p->results);
	free(p->status);
	free(p->console);
}

static int paths_of(const struct lab_trial *t, struct paths *ret, struct error *err)
{
	*ret = (struct paths){
		.order = path_join(t->work_dir, "order.cpio"),
		.results = path_join(t->work_dir, LAB_RESULTS_FILE),
		.status = path_join(t->work_dir, LAB_STATUS_FILE),
		.console = path_join(t->out_dir, LAB_CONSOLE_FILE),
	};
	if (ret->order && ret->results && ret->status && ret->console)
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
		r = machine_start(
			ret,
			&(struct machine_args){
				.shape = &t->suite->machine,
				.clock = t->clock,
				.accel = t->accel,
				.image = t->kernel->image,
				.image_fd = t->vmlinux && t->vmlinux->path ? t->vmlinux->fd : 0,
				.initramfs = t->base,
				.state = t->state,
				.order = p.order,
				.interactive = t->shell,
				.console = p.console,
				.status = p.status,
				.results = p.results,
				.results_bytes = LAB_RESULTS_BYTES,
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
	*ret = (struct lab_status){ .phase = "start" };
	if (file_read(AT_FDCWD, p.status, &text, NULL, NULL) == 0)
		for (rest = text; (line = strsep(&rest, "\n"));) {
			line[strcspn(line, "\r")] = '\0';
			if (starts_with(line, "phase "))
				put_plain(ret->phase, sizeof(ret->phase), line + 6);
			else if (starts_with(line, "error "))
				put_plain(ret->error, sizeof(ret->error), line + 6);
			else if (starts_with(line, LAB_SAY_BEGAN))
				parse_u64(line + strlen(LAB_SAY_BEGAN), &ret->began);
			else if (streq(line, LAB_SAY_READY))
				ret->ready = true;
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
	char tail[600] = "", panic[160] = "";

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
	console_tail(p->console, 5, tail, sizeof(tail));
	console_panic(p->console, panic, sizeof(panic));
	return error_say(
		err, -EREMOTEIO,
		"kernel %s: the VM ended in phase %s without a record (QEMU: %s %d)%s%s; its "
		"console's last lines:\n%s",
		t->kernel->name, s->phase, exit_status < 0 ? "signal" : "status", abs(exit_status),
		*panic ? ": " : "", panic, *tail ? tail : "(it printed nothing)");
}

int lab_diagnose(const struct lab_trial *t, int exit_status, struct error *err)
{
	struct lab_status status;
	struct paths p;
	int r = paths_of(t, &p, err);

	if (r < 0)
		return r;
	r = lab_status(t, &status);
	r = r < 0 ? error_set(err, r, "read what the VM said")
		  : diagnose(t, &p, &status, exit_status, err);
	paths_done(&p);
	return r;
}

/* The guest's trial.json gets the names that the host knows the trial by. */
static int adopt_record(const struct lab_trial *t, const struct lab_status *status, int out,
			struct error *err)
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
		json_object_set_new(json, "accelerator",
				    json_string(machine_accel_names[t->accel]));
		json_object_set(json, "expect", expects);
		json_object_set_new(json, "vm",
				    json_pack("{s:s, s:s, s:I}", "from",
					      t->state ? "state" : "boot", "state",
					      t->state ? t->state_key : "", "began_tsc",
					      (json_int_t)status->began));
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
		r = adopt_record(t, &status, out, err);
	else if (r == 0)
		r = diagnose(t, &p, &status, exit_status, err);
	paths_done(&p);
	return r;
}
