// SPDX-License-Identifier: GPL-2.0-or-later
#include "src/bisect/bisect-build.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "src/cleanup.h"
#include "src/file.h"
#include "src/macro.h"
#include "src/process.h"

#define ARGUMENTS_MAX 64
#define JOBS_DEFAULT  2

int build_check(const struct strlist *make, struct error *err)
{
	_cleanup_free_ char *program = NULL, *compiler = NULL;
	bool chosen = false;
	int r = process_find("make", &program, err);

	for (size_t i = 0; i < make->count; i++)
		chosen |=
			starts_with(make->items[i], "LLVM=") || starts_with(make->items[i], "CC=");
	if (r == 0 && !chosen)
		r = process_find("gcc", &compiler, err);
	return r < 0 ? error_prefix(err, "a kernel can't be built here") : 0;
}

static int cpus(void)
{
	cpu_set_t set;

	return sched_getaffinity(0, sizeof(set), &set) < 0 ? JOBS_DEFAULT : CPU_COUNT(&set);
}

/* The last line that says something of an error, or else the last one. */
static const char *telling_line(char *output)
{
	char *line, *last = NULL, *save = NULL, *error = NULL;

	for (line = strtok_r(output, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		last = line;
		/* make's own come behind the compiler's, and name targets. */
		if (!error && (strstr(line, "error:") || strstr(line, "Error ")))
			error = line;
	}
	return error ? error : last ? last : "it printed nothing";
}

/*
 * One make, its output put behind the log's. An outer make's flags and job server are none of this
 * one's.
 */
static int make(const struct kernel_build *b, const char *const *targets, FILE *log,
		const char *log_path, struct error *err)
{
	_cleanup_free_ char *out = text_format("O=%s", b->out), *output = NULL;
	_cleanup_free_ char *jobs = text_format("-j%d", cpus());
	_cleanup_free_ char *stamp = text_format("KBUILD_BUILD_TIMESTAMP=%s", b->stamp);
	const char *argv[ARGUMENTS_MAX] = { "env",
					    "-u",
					    "MAKEFLAGS",
					    "-u",
					    "MFLAGS",
					    "-u",
					    "MAKELEVEL",
					    "make",
					    "--no-print-directory",
					    "-C",
					    b->source,
					    out,
					    jobs,
					    stamp,
					    "KBUILD_BUILD_USER=wring",
					    "KBUILD_BUILD_HOST=wring",
					    "KBUILD_BUILD_VERSION=1" };
	size_t n = 17;
	int status, r;

	if (!out || !jobs || !stamp)
		return error_set(err, -ENOMEM, "build");
	for (size_t i = 0; i < b->make->count && n + 4 < ARGUMENTS_MAX; i++)
		argv[n++] = b->make->items[i];
	for (; *targets; targets++)
		argv[n++] = *targets;
	r = process_run(argv, NULL, &output, &status, err);
	if (r < 0)
		return r;
	fputs(output, log);
	if (status < 0)
		return error_say(err, -EINTR, "make was killed by signal %d", -status);
	if (status > 0)
		return error_say(err, -ENOEXEC, "it does not build: %.300s (%s)",
				 telling_line(output), log_path);
	return 0;
}

static int copy(const char *from, const char *to, struct error *err)
{
	_cleanup_free_ char *text = NULL;
	size_t len;
	int r = file_read(AT_FDCWD, from, &text, &len, err);

	return r < 0 ? r : file_write_atomic(AT_FDCWD, to, text, len, err);
}

int build_kernel(const struct kernel_build *b, const char *log_path, struct error *err)
{
	_cleanup_free_ char *fragment = text_format("KCONFIG_ALLCONFIG=%s", b->config);
	const char *const configure[] = { b->is_fragment ? "alldefconfig" : "olddefconfig",
					  b->is_fragment ? fragment : NULL, NULL };
	/* bzImage, and the modules where the config has any. */
	static const char *const build[] = { "all", NULL };
	_cleanup_free_ char *config = path_join(b->out, ".config");
	_cleanup_free_ char *image = path_join(b->out, "arch/x86/boot/bzImage");
	FILE *log = NULL;
	int r = dir_make(b->out, err), closed;

	if (r == 0 && (!fragment || !config || !image))
		r = error_set(err, -ENOMEM, "build");
	if (r == 0 && !b->is_fragment)
		r = copy(b->config, config, err);
	if (r < 0)
		return r;
	/* Where a build leaves none, the last one must not pass for it. */
	unlink(image);
	log = fopen(log_path, "we");
	if (!log)
		return error_set(err, -errno, "create %s", log_path);
	r = make(b, configure, log, log_path, err);
	if (r == 0)
		r = make(b, build, log, log_path, err);
	closed = file_close(&log, log_path, r < 0 ? NULL : err);
	if (r == 0 && closed == 0 && access(image, R_OK) < 0)
		r = error_say(err, -ENOEXEC, "the build left no arch/x86/boot/bzImage (%s)",
			      log_path);
	return r < 0 ? r : closed;
}
