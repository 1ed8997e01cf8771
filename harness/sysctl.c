// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/sysctl.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "src/cleanup.h"
#include "src/file.h"
#include "src/macro.h"

/* Below /proc; as sysctl(8) has it, dots part a name and a slash in it stands for a file's dot. */
static char *path_of(const char *name)
{
	char *path = text_format("sys/%s", name);

	for (char *c = path ? path + strlen("sys/") : NULL; c && *c; c++)
		*c = *c == '.' ? '/' : *c == '/' ? '.' : *c;
	return path;
}

/* The same words: the kernel parts numbers by tabs, however they were written. */
static bool same_words(const char *a, const char *b)
{
	for (;;) {
		while (isspace((unsigned char)*a))
			a++;
		while (isspace((unsigned char)*b))
			b++;
		while (*a && *a == *b && !isspace((unsigned char)*a)) {
			a++;
			b++;
		}
		if ((*a && !isspace((unsigned char)*a)) || (*b && !isspace((unsigned char)*b)))
			return false;
		if (!*a && !*b)
			return true;
	}
}

static int get(const struct fsroot *fs, const char *name, char *buf, size_t size, struct error *err)
{
	_cleanup_free_ char *path = path_of(name);
	int r = path ? file_read_line(fs->proc, path, buf, size) : -ENOMEM;

	if (r == -ENOENT)
		return error_say(err, r,
				 "sysctl %s: this kernel has none of that name, or not as "
				 "it is configured",
				 name);
	return r < 0 ? error_set(err, r, "sysctl %s: it can't be read", name) : 0;
}

int sysctl_set(const struct fsroot *fs, const struct setting *s, struct error *err)
{
	_cleanup_free_ char *path = path_of(s->name);
	char now[300];
	int r = get(fs, s->name, now, sizeof(now), err);

	if (r < 0)
		return r;
	r = path ? file_write_kernel(fs->proc, path, s->value) : -ENOMEM;
	if (r < 0)
		return error_set(err, r, "sysctl %s: the kernel refuses «%s»", s->name, s->value);
	r = get(fs, s->name, now, sizeof(now), err);
	if (r == 0 && !same_words(now, s->value))
		return error_say(err, -EIO, "sysctl %s: the kernel took «%s», and made «%s» of it",
				 s->name, s->value, now);
	return r;
}

int sysctl_check(const struct fsroot *fs, const struct setting *s, struct error *err)
{
	char now[300];
	int r = get(fs, s->name, now, sizeof(now), err);

	if (r < 0 || same_words(now, s->value))
		return r;
	return error_say(
		err, -ENODEV,
		"the suite asks for sysctl %s = %s, this host has %s: set it, by sysctl -w "
		"'%s=%s', or run in a VM (--vm)",
		s->name, s->value, now, s->name, s->value);
}
