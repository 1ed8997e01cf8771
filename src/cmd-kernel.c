// SPDX-License-Identifier: GPL-2.0-or-later
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "harness/suite/suite.h"
#include "harness/vm/kernel-config.h"
#include "harness/vm/kernel.h"
#include "src/cleanup.h"
#include "src/command.h"
#include "src/macro.h"
#include "src/strlist.h"
#include "src/units.h"

#define HIGHLIGHT_MAX 32

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
		int r = kernel_get(argv[i], say, &err);

		if (r < 0)
			return command_fail(r == -EINVAL ? EXIT_BAD_INPUT : EXIT_ENVIRONMENT, &err);
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

/*
 * What a user of a kernel wants to know of it: word for it, the option that has it, and the one
 * that says whether it is on from the start.
 */
static const struct highlight {
	const char *word, *option, *enabled;
} highlights[] = {
	{ "lru_gen", "LRU_GEN", "LRU_GEN_ENABLED" },
	{ "zswap", "ZSWAP", "ZSWAP_DEFAULT_ON" },
	{ "damon", "DAMON", NULL },
	{ "numa", "NUMA", NULL },
	{ "psi", "PSI", NULL },
	{ "memcg", "MEMCG", NULL },
	{ "thp", "TRANSPARENT_HUGEPAGE", NULL },
	{ "compaction", "COMPACTION", NULL },
	{ "zram", "ZRAM", NULL },
	{ "rt", "PREEMPT_RT", NULL },
};

/* "lru_gen" where it is on, "lru_gen(off)" where it can be switched on, "lru_gen-" without. */
static const char *highlight_text(const struct kernel *kernel, const struct highlight *h, char *buf,
				  size_t size)
{
	char state = kernel_config(kernel, h->option);
	bool off = h->enabled && kernel_config(kernel, h->enabled) == 'n';

	snprintf(buf, size, "%s%s", h->word,
		 state == '?'	? "?"
		 : state == 'n' ? "-"
		 : off		? "(off)"
				: "");
	return buf;
}

/* What all of them have alike is said once, below the table. */
static bool is_common(struct kernel *const *kernels, size_t count, const struct highlight *h)
{
	char first[HIGHLIGHT_MAX], other[HIGHLIGHT_MAX];

	highlight_text(kernels[0], h, first, sizeof(first));
	for (size_t i = 1; i < count; i++)
		if (!streq(highlight_text(kernels[i], h, other, sizeof(other)), first))
			return false;
	return count > 1;
}

static void print_kernel(struct kernel *const *kernels, size_t count, size_t index, int width)
{
	const struct kernel *kernel = kernels[index];
	const char *slash = strrchr(kernel->image, '/');
	_cleanup_free_ char *dir = strndup(kernel->image, (size_t)(slash - kernel->image));
	char size[FORMAT_MAX], text[HIGHLIGHT_MAX];

	printf("%-*s  %-30s %9s ", width, kernel->name, kernel->release,
	       format_size_short(dir ? (double)disk_usage(AT_FDCWD, dir) : 0, size));
	for (size_t i = 0; i < ARRAY_SIZE(highlights); i++)
		if (!is_common(kernels, count, &highlights[i]))
			printf(" %s", highlight_text(kernel, &highlights[i], text, sizeof(text)));
	printf("\n");
}

static void print_kernels(struct kernel *const *kernels, size_t count)
{
	char text[HIGHLIGHT_MAX];
	bool any = false;
	int width = 4;

	for (size_t i = 0; i < count; i++)
		width = MAX(width, (int)strlen(kernels[i]->name));
	if (count)
		printf("%-*s  %-30s %9s  config\n", width, "name", "release", "on disk");
	for (size_t i = 0; i < count; i++)
		print_kernel(kernels, count, i, width);
	for (size_t i = 0; count && i < ARRAY_SIZE(highlights); i++) {
		if (!is_common(kernels, count, &highlights[i]))
			continue;
		printf("%s %s", any ? "" : "\nall of them:",
		       highlight_text(kernels[0], &highlights[i], text, sizeof(text)));
		any = true;
	}
	if (count)
		printf("%s\n(word-: without it; (off): there, and off unless a suite's knobs or "
		       "the command line switch it on)\n",
		       any ? "\n" : "");
}

static int list(void)
{
	_cleanup_strlist_ struct strlist names = {};
	_cleanup_free_ struct kernel **kernels = NULL;
	_cleanup_free_ char *cache = NULL;
	struct error err = {};
	size_t count = 0;
	int r = cache_dir(&cache, &err), code = EXIT_DONE;

	if (r == 0)
		r = kernel_cached(&names, &err);
	kernels = calloc(names.count + 1, sizeof(*kernels));
	if (r == 0 && !kernels)
		r = error_set(&err, -ENOMEM, "list");
	if (r < 0)
		return command_fail(EXIT_ENVIRONMENT, &err);
	printf("In the cache (%s):%s\n\n", cache, names.count ? "" : " none");
	for (size_t i = 0; i < names.count; i++)
		if (kernel_find(&kernels[count], names.items[i], NULL, &err) == 0)
			count++;
		else /* the others are there all the same */
			code = command_fail(EXIT_ENVIRONMENT, &err);
	print_kernels(kernels, count);
	for (size_t i = 0; i < count; i++)
		kernel_free(kernels[i]);
	printf("%sTo be had by «wring kernel get NAME»:\n\n", names.count ? "\n" : "");
	for (const struct kernel_source *s = kernel_sources; s->name; s++)
		printf("%-18s %s\n", s->name, s->about);
	return code;
}

static int drop(int argc, char **argv)
{
	struct error err = {};

	if (argc == 0) {
		error_say(&err, -EINVAL,
			  "kernel remove: which one? «wring kernel list» shows the names");
		return command_fail(EXIT_BAD_INPUT, &err);
	}
	for (int i = 0; i < argc; i++) {
		int r = kernel_remove(argv[i], &err);

		if (r < 0)
			return command_fail(r == -ENOENT ? EXIT_BAD_INPUT : EXIT_ENVIRONMENT, &err);
		printf("%s: removed\n", argv[i]);
	}
	return EXIT_DONE;
}

static int config(int argc, char **argv)
{
	_cleanup_free_ char *path = NULL;
	const struct strlist none = {};
	struct suite *suite = NULL;
	struct error err = {};
	int r = 0;

	if (argc > 1)
		r = error_say(&err, -EINVAL, "kernel config: one suite, or none for all of them");
	if (r == 0 && argc)
		r = suite_find(argv[0], &path, &err);
	if (r == 0 && argc)
		r = suite_load(&suite, path, &none, NULL, &none, &err);
	if (r < 0)
		return command_fail(EXIT_BAD_INPUT, &err);
	r = kernel_config_write(stdout, suite);
	suite_free(suite);
	if (r == 0 && fflush(stdout) != 0)
		r = -errno;
	if (r == 0)
		return EXIT_DONE;
	error_set(&err, r, "kernel config");
	return command_fail(EXIT_ENVIRONMENT, &err);
}

static int run(void *options, int argc, char **argv)
{
	struct error err = {};

	(void)options;
	if (streq(argv[0], "get"))
		return get(argc - 1, argv + 1);
	if (streq(argv[0], "list") && argc == 1)
		return list();
	if (streq(argv[0], "remove"))
		return drop(argc - 1, argv + 1);
	if (streq(argv[0], "config"))
		return config(argc - 1, argv + 1);
	error_say(&err, -EINVAL,
		  "kernel: «%s» is none of «get NAME...», «remove NAME...», «config [SUITE]» and "
		  "«list»%s",
		  argv[0], streq(argv[0], "list") ? " without more words" : "");
	return command_fail(EXIT_BAD_INPUT, &err);
}

const struct command cmd_kernel = {
	.name = "kernel",
	.arguments = "get NAME... | list | remove NAME... | config [SUITE]",
	.summary = "Fetches distribution kernels for runs in VMs, lists and removes them",
	.details =
		"get     downloads a kernel by apt-get, without installing it, into the cache:\n"
		"        $WRING_CACHE, or $XDG_CACHE_HOME/wring, or ~/.cache/wring. It needs no "
		"root.\n"
		"        NAME is debian/VERSION, of a series (debian/6.12) or exact "
		"(debian/6.1.0-47),\n"
		"        for the cloud kernel; with -amd64 for the generic one, with -rt for "
		"PREEMPT_RT.\n"
		"list    shows what is in the cache, and what can be fetched.\n"
		"remove  deletes from the cache.\n"
		"config  prints what to build into a kernel of your own, for a suite or for all of "
		"them:\n"
		"        wring kernel config >wring.config\n"
		"        make KCONFIG_ALLCONFIG=wring.config alldefconfig && make bzImage\n\n"
		"Any other kernel runs from where it is: wring run SUITE --vm --kernel BZIMAGE,\n"
		"or the directory of a built kernel tree.",
	.arguments_min = 1,
	.arguments_max = -1,
	.run = run,
};
