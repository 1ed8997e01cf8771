// SPDX-License-Identifier: GPL-2.0-or-later
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "harness/vm/kernel.h"
#include "src/cleanup.h"
#include "src/command.h"
#include "src/macro.h"
#include "src/strlist.h"
#include "src/units.h"

#define HASH_SHOWN 12

static void say(const char *line)
{
	printf("%s\n", line);
	fflush(stdout);
}

static int get(int argc, char **argv)
{
	struct error err = {};

	if (argc == 0) {
		error_say(&err, -EINVAL,
			  "kernel get: which one? «wring kernel list» shows the names");
		return command_fail(EXIT_BAD_INPUT, &err);
	}
	for (int i = 0; i < argc; i++) {
		bool known = false;
		int r;

		for (const struct kernel_source *s = kernel_sources; s->name; s++)
			known |= streq(s->name, argv[i]);
		r = kernel_get(argv[i], say, &err);
		if (r < 0)
			return command_fail(known ? EXIT_ENVIRONMENT : EXIT_BAD_INPUT, &err);
	}
	return EXIT_DONE;
}

/* What the files of a directory take on the disk; what can't be read counts as nothing. */
static uint64_t disk_usage(int at, const char *name)
{
	_cleanup_closedir_ DIR *dir = NULL;
	struct dirent *entry;
	uint64_t bytes = 0;
	int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir && fd >= 0)
		close(fd);
	while (dir && (entry = readdir(dir))) {
		struct stat st;

		if (streq(entry->d_name, ".") || streq(entry->d_name, "..") ||
		    fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		bytes += (uint64_t)st.st_blocks * 512;
		if (S_ISDIR(st.st_mode))
			bytes += disk_usage(dirfd(dir), entry->d_name);
	}
	return bytes;
}

static void print_kernel(const struct kernel *kernel)
{
	static const char *const highlights[] = {
		"MEMCG", "NUMA", "PSI", "LRU_GEN", "ZSWAP", "ZRAM", "DAMON", "TRANSPARENT_HUGEPAGE"
	};
	const char *slash = strrchr(kernel->image, '/');
	_cleanup_free_ char *dir = strndup(kernel->image, (size_t)(slash - kernel->image));
	char size[FORMAT_MAX];

	printf("%-12s %-32s %9s  sha256 %.*s\n", kernel->name, kernel->release,
	       format_size_short(dir ? (double)disk_usage(AT_FDCWD, dir) : 0, size), HASH_SHOWN,
	       kernel->sha256);
	printf("%-12s", "");
	for (size_t i = 0; i < ARRAY_SIZE(highlights); i++) {
		char state = kernel_config(kernel, highlights[i]);

		if (state != '?')
			printf(" %s=%c", highlights[i], state);
	}
	printf("\n");
}

static int list(void)
{
	_cleanup_strlist_ struct strlist names = {};
	_cleanup_free_ char *cache = NULL;
	struct error err = {};
	int r = cache_dir(&cache, &err);

	if (r == 0)
		r = kernel_cached(&names, &err);
	if (r < 0)
		return command_fail(EXIT_ENVIRONMENT, &err);
	printf("In the cache (%s):\n\n", cache);
	for (size_t i = 0; i < names.count; i++) {
		struct kernel *kernel;

		r = kernel_find(&kernel, names.items[i], NULL, &err);
		if (r < 0)
			return command_fail(EXIT_ENVIRONMENT, &err);
		print_kernel(kernel);
		kernel_free(kernel);
	}
	printf("%s\nTo be had by «wring kernel get NAME»:\n\n", names.count ? "" : "none\n");
	for (const struct kernel_source *s = kernel_sources; s->name; s++)
		printf("%-12s %s\n", s->name, s->about);
	return EXIT_DONE;
}

static int run(void *options, int argc, char **argv)
{
	struct error err = {};

	(void)options;
	if (streq(argv[0], "get"))
		return get(argc - 1, argv + 1);
	if (streq(argv[0], "list") && argc == 1)
		return list();
	error_say(&err, -EINVAL, "kernel: «%s» is neither «get NAME...» nor «list»%s", argv[0],
		  streq(argv[0], "list") ? " without more words" : "");
	return command_fail(EXIT_BAD_INPUT, &err);
}

const struct command cmd_kernel = {
	.name = "kernel",
	.arguments = "get NAME... | list",
	.summary = "Fetches distribution kernels for runs in VMs, and lists them",
	.details =
		"get   downloads a kernel by apt-get, without installing it, into the cache:\n"
		"      $WRING_CACHE, or $XDG_CACHE_HOME/wring, or ~/.cache/wring. It needs no "
		"root.\n"
		"list  shows what is in the cache, and what can be fetched.\n\n"
		"Any other kernel runs from where it is: wring run SUITE --vm --kernel BZIMAGE,\n"
		"or the directory of a built kernel tree.",
	.arguments_min = 1,
	.arguments_max = -1,
	.run = run,
};
