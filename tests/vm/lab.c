// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Runs a test script as root inside a VM: boots a kernel of the cache with busybox, the program
 * as it was built, and the tests, and passes on the TAP that the script prints.
 *
 *   wring-test-vm KERNEL SRCDIR FILE...
 *
 * A FILE that is no .sh is a test program of the build folder: it is run there as it is. What a
 * script needs beside busybox it says in a line of its own:
 *
 *   # guest-programs: tests/vm/squeeze vmstat /usr/lib/sysstat/sadc
 *
 * in order: one of the build folder, beside the scripts; one of this machine's PATH, in the
 * guest's; one at that place in both.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/vm/console.h"
#include "harness/vm/initramfs.h"
#include "harness/vm/kernel.h"
#include "harness/vm/lab.h"
#include "harness/vm/machine.h"
#include "src/cleanup.h"
#include "src/file.h"
#include "src/macro.h"
#include "src/process.h"

#define PROGRAMS_MARK "\n# guest-programs: "
#define LIMIT_MS      (15 * 60 * 1000)

struct bench {
	struct kernel *kernel;
	struct initramfs *archive;
	const char *srcdir;
	char *dir; /* scratch */
};

static char *in_dir(const struct bench *b, const char *name)
{
	return path_join(b->dir, name);
}

static bool is_script(const char *name)
{
	size_t len = strlen(name);

	return len > 3 && streq(name + len - 3, ".sh");
}

static int add_guest_program(struct bench *b, const char *name, struct error *err)
{
	_cleanup_free_ char *host = NULL, *guest = NULL;
	int r = 0;

	if (*name == '/')
		return initramfs_add_program(b->archive, name + 1, name, err);
	if (strchr(name, '/')) {
		guest = text_format("wring/%s", name);
		return initramfs_add_program(b->archive, guest, name, err);
	}
	guest = text_format("usr/bin/%s", name);
	r = process_find(name, &host, err);
	return r < 0 ? r : initramfs_add_program(b->archive, guest, host, err);
}

static int add_guest_programs(struct bench *b, const char *script, struct error *err)
{
	_cleanup_free_ char *text = NULL;
	char *list, *name;
	int r = file_read(AT_FDCWD, script, &text, NULL, err);

	if (r < 0 || !(list = strstr(text, PROGRAMS_MARK)))
		return r;
	list += strlen(PROGRAMS_MARK);
	list[strcspn(list, "\n")] = '\0';
	while (r == 0 && (name = strsep(&list, " ")))
		if (*name)
			r = add_guest_program(b, name, err);
	return r;
}

static int add_test(struct bench *b, const char *name, struct error *err)
{
	_cleanup_free_ char *host = path_join(b->srcdir, name);
	_cleanup_free_ char *guest = text_format("wring/%s", name);

	int r;

	if (!is_script(name))
		return initramfs_add_program(b->archive, guest, name, err);
	r = initramfs_add_file(b->archive, guest, host, 0755, err);
	return r < 0 ? r : add_guest_programs(b, host, err);
}

static int add_all(struct bench *b, char **scripts, struct error *err)
{
	_cleanup_free_ char *init = path_join(b->srcdir, "tests/vm/init");
	_cleanup_free_ char *list = NULL;
	int r = initramfs_add_file(b->archive, "init", init, 0755, err);

	/* Static, and its applets are found through it. */
	if (r == 0)
		r = initramfs_add_program(b->archive, "bin/busybox", "/bin/busybox", err);
	if (r == 0)
		r = initramfs_add_program(b->archive, "wring/wring", "./wring", err);
	if (r == 0)
		r = add_test(b, "tests/tap.sh", err);
	if (r == 0)
		r = add_test(b, "tests/vm/guest.sh", err);
	for (char **s = scripts; *s && r == 0; s++) {
		char *more = text_format("%s%s\n", list ? list : "", *s);

		free(list);
		list = more;
		r = add_test(b, *s, err);
	}
	return r < 0 ? r
		     : initramfs_add_data(b->archive, "wring/scripts", list, strlen(list), 0644,
					  err);
}

static int join(const char *base, const char *extra, const char *path, struct error *err)
{
	_cleanup_free_ char *one = NULL, *two = NULL;
	_cleanup_fclose_ FILE *f = fopen(path, "w");
	size_t one_len, two_len;

	if (!f)
		return error_set(err, -errno, "create %s", path);
	if (file_read(AT_FDCWD, base, &one, &one_len, err) < 0 ||
	    file_read(AT_FDCWD, extra, &two, &two_len, err) < 0)
		return err->code;
	fwrite(one, one_len, 1, f);
	fwrite(two, two_len, 1, f);
	return file_close(&f, path, err);
}

/* The console's lines between the script's marks, and whether the end was reached. */
static bool print_tap(const char *console)
{
	_cleanup_free_ char *text = NULL;
	char *rest, *line;
	bool inside = false, ended = false;

	if (file_read(AT_FDCWD, console, &text, NULL, NULL) < 0)
		return false;
	for (rest = text; (line = strsep(&rest, "\n"));) {
		line[strcspn(line, "\r")] = '\0';
		if (streq(line, "TAP-BEGIN"))
			inside = true;
		else if (streq(line, "TAP-END"))
			ended = true;
		else if (inside && !ended && *line != '[') /* not the kernel's own lines */
			printf("%s\n", line);
	}
	return ended;
}

static int boot(struct bench *b, struct error *err)
{
	static const struct machine_spec shape = {
		.cpus = 1,
		.args = (char *)"wring.test=1", /* host.sh asks for it */
		.nodes = { { .size_bytes = 768ull << 20, .cpu_set = 1 },
			   { .size_bytes = 256ull << 20 } },
		.node_count = 2,
		.swaps = { { .type = SWAP_ZRAM, .algorithm = (char *)"lz4" } },
		.swap_count = 1,
		.disk = { .type = DISK_NULL_BLK },
	};
	_cleanup_free_ char *base = in_dir(b, "base.cpio"), *extra = in_dir(b, "tests.cpio");
	_cleanup_free_ char *whole = in_dir(b, "initramfs.cpio"), *console = in_dir(b, "console");
	_cleanup_free_ char *status = in_dir(b, "status"), *results = in_dir(b, "results");
	struct machine machine = {};
	struct pollfd ended;
	char tail[1000] = "";
	int r = lab_make_base(base, b->kernel, &shape, err);

	if (r == 0)
		r = initramfs_finish(b->archive, err);
	if (r == 0)
		r = join(base, extra, whole, err);
	if (r == 0)
		r = machine_start(&machine,
				  &(struct machine_args){
					  .shape = &shape,
					  .clock = MACHINE_CLOCK_INSN,
					  .image = b->kernel->image,
					  .initramfs = whole,
					  .console = console,
					  .status = status,
					  .results = results,
					  .results_bytes = 1 << 20,
				  },
				  err);
	if (r < 0)
		return r;
	ended = (struct pollfd){ .fd = machine.pidfd, .events = POLLIN };
	poll(&ended, 1, LIMIT_MS);
	machine_stop(&machine);
	if (print_tap(console))
		return 0;
	console_tail(console, 12, tail, sizeof(tail));
	return error_say(err, -EIO,
			 "the VM ended before the tests did; its console's last lines:\n%s", tail);
}

int main(int argc, char **argv)
{
	char template[] = "/tmp/wring-vm-test-XXXXXX";
	struct bench b = {};
	struct error err = {};
	int r;

	if (argc < 4) {
		fprintf(stderr, "usage: wring-test-vm KERNEL SRCDIR SCRIPT...\n");
		return EXIT_FAILURE;
	}
	b.srcdir = argv[2];
	b.dir = mkdtemp(template);
	r = b.dir ? kernel_find(&b.kernel, argv[1], NULL, &err)
		  : error_set(&err, -errno, "mkdtemp");
	if (r == 0) {
		_cleanup_free_ char *extra = in_dir(&b, "tests.cpio");

		r = initramfs_new(&b.archive, extra, &err);
		if (r == 0)
			r = add_all(&b, argv + 3, &err);
		if (r == 0)
			r = boot(&b, &err);
		initramfs_free(b.archive);
	}
	if (b.dir)
		dir_remove(AT_FDCWD, b.dir, NULL);
	kernel_free(b.kernel);
	if (r < 0)
		printf("Bail out! kernel %s: %s\n", argv[1], err.text);
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
