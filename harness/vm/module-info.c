// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/vm/module-info.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "src/cleanup.h"
#include "src/file.h"
#include "src/macro.h"
#include "src/process.h"

static int bad(const char *path, struct error *err)
{
	return error_say(err, -ENOEXEC, "%s is no kernel module of a 64-bit kernel", path);
}

/* A section's contents, all of it in the file; NULL otherwise. */
static const char *contents(const char *file, size_t len, const Elf64_Shdr *s)
{
	if (s->sh_type == SHT_NOBITS || s->sh_offset > len || s->sh_size > len - s->sh_offset)
		return NULL;
	return file + s->sh_offset;
}

static const char *find_section(const char *file, size_t len, const char *name, size_t *ret_len)
{
	Elf64_Ehdr head;
	Elf64_Shdr names, s;
	const char *text;

	if (len < sizeof(head))
		return NULL;
	memcpy(&head, file, sizeof(head));
	if (memcmp(head.e_ident, ELFMAG, SELFMAG) != 0 || head.e_ident[EI_CLASS] != ELFCLASS64 ||
	    head.e_shentsize != sizeof(s) || head.e_shoff > len ||
	    head.e_shnum > (len - head.e_shoff) / sizeof(s) || head.e_shstrndx >= head.e_shnum)
		return NULL;
	memcpy(&names, file + head.e_shoff + head.e_shstrndx * sizeof(s), sizeof(s));
	text = contents(file, len, &names);
	if (!text || !names.sh_size || text[names.sh_size - 1])
		return NULL;
	for (size_t i = 0; i < head.e_shnum; i++) {
		memcpy(&s, file + head.e_shoff + i * sizeof(s), sizeof(s));
		if (s.sh_name >= names.sh_size || !streq(text + s.sh_name, name))
			continue;
		*ret_len = s.sh_size;
		return contents(file, len, &s);
	}
	return NULL;
}

static char *value_of(const char *info, size_t len, const char *key)
{
	const char *end = info + len;

	while (info < end) {
		size_t n = strnlen(info, (size_t)(end - info));

		if (n >= strlen(key) && memcmp(info, key, strlen(key)) == 0)
			return strndup(info + strlen(key), n - strlen(key));
		info += n + 1;
	}
	return NULL;
}

int module_info_read(const char *path, struct module_info *ret, struct error *err)
{
	_cleanup_free_ char *file = NULL;
	const char *info;
	size_t len, info_len = 0;
	int r = file_read(AT_FDCWD, path, &file, &len, err);

	if (r < 0)
		return r;
	/* "KEY=VALUE" one behind the other, each ended by a NUL. */
	info = find_section(file, len, ".modinfo", &info_len);
	if (!info)
		return bad(path, err);
	*ret = (struct module_info){
		.depends = value_of(info, info_len, "depends="),
		.vermagic = value_of(info, info_len, "vermagic="),
	};
	if (!ret->depends)
		ret->depends = strdup("");
	return ret->depends ? 0 : error_set(err, -ENOMEM, "read %s", path);
}

bool module_strip(const char *path, const char *to)
{
	const char *const argv[] = { "strip", "--strip-debug", "-o", to, path, NULL };
	_cleanup_free_ char *file = NULL;
	size_t len, unused;

	return file_read(AT_FDCWD, path, &file, &len, NULL) == 0 &&
	       find_section(file, len, ".debug_info", &unused) &&
	       process_run(argv, NULL, NULL, NULL, NULL) == 0;
}

void module_info_done(struct module_info *info)
{
	free(info->depends);
	free(info->vermagic);
	*info = (struct module_info){};
}
