// SPDX-License-Identifier: GPL-2.0-or-later
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/vm/kernel-internal.h"
#include "src/cleanup.h"
#include "src/file.h"
#include "src/macro.h"
#include "tests/tap.h"

#define KERNEL_JSON_TEXT                                                                           \
	"{\"name\": \"debian/6.1\", \"release\": \"6.1.0-test\", \"sha256\": \"00\"}"

/* A cache with one kernel: the module lists are an excerpt of Debian's 6.1. */
static char *fixture(void)
{
	const char *top = getenv("srcdir");

	return path_join(top ? top : ".", "tests/fixtures/kernel-cache");
}

static void eq_modules(const struct kernel *kernel, const char *const *names, const char *want,
		       const char *what)
{
	_cleanup_strlist_ struct strlist list = {};
	struct error err = {};
	char got[2000] = "";
	int r = kernel_modules(kernel, names, &list, &err);

	for (size_t i = 0; i < list.count; i++) {
		const char *slash = strrchr(list.items[i], '/');
		size_t at = strlen(got);

		snprintf(got + at, sizeof(got) - at, "%s%s", at ? " " : "", slash + 1);
	}
	tap_eq_str(r == 0 ? got : err.text, want, "%s", what);
}

static void test_cached(void)
{
	_cleanup_strlist_ struct strlist names = {}, list = {};
	struct kernel *kernel = NULL;
	struct error err = {};

	tap_ok(kernel_cached(&names, &err) == 0 && names.count == 1, "one kernel is cached");
	if (!tap_ok(kernel_find(&kernel, "debian/6.1", NULL, &err) == 0, "it is found: %s",
		    err.text))
		return;
	tap_eq_str(kernel->slug, "debian-6.1", "slug");
	tap_eq_str(kernel->release, "6.1.0-56-cloud-amd64", "release");
	tap_ok(kernel_config(kernel, "ZRAM") == 'm', "a module in the config");
	tap_ok(kernel_config(kernel, "CONFIG_PSI") == 'y', "a built-in one, by its whole name");
	tap_ok(kernel_config(kernel, "ZSWAP") == 'n', "one that is not set");
	tap_ok(kernel_config(kernel, "LRU") == 'n', "the start of a name is not a name");
	eq_modules(kernel, (const char *const[]){ "zram", NULL }, "zsmalloc.ko zram.ko",
		   "what a module needs comes before it");
	eq_modules(kernel, (const char *const[]){ "virtio-pci", "virtio_blk", NULL },
		   "virtio_ring.ko virtio.ko virtio_pci_modern_dev.ko virtio_pci_legacy_dev.ko "
		   "virtio_pci.ko virtio_blk.ko",
		   "several, - for _, each file once");
	eq_modules(kernel, (const char *const[]){ "lzo_rle", NULL }, "lzo-rle.ko", "_ for -");
	eq_modules(kernel, (const char *const[]){ "ext4", "crc32c-generic", NULL }, "",
		   "a built-in one needs no file");
	tap_eq_i64(kernel_modules(kernel, (const char *const[]){ "lz", "zram", "nix", NULL }, &list,
				  &err),
		   -ENOENT, "missing modules");
	tap_ok(strstr(err.text, "lz, nix,") != NULL && list.count == 0, "are all named: %s",
	       err.text);
	kernel_free(kernel);
}

static void test_not_found(void)
{
	struct kernel *kernel = NULL;
	struct error err = {};

	tap_eq_i64(kernel_find(&kernel, "debian/6.12", NULL, &err), -ENOENT, "not fetched yet");
	tap_ok(strstr(err.text, "wring kernel get debian/6.12") != NULL, "the cure is said");
	tap_eq_i64(kernel_find(&kernel, "debain/6.1", NULL, &err), -ENOENT, "a misspelt name");
	tap_ok(strstr(err.text, "«debian/6.1»") != NULL, "is corrected: %s", err.text);
	tap_eq_i64(kernel_find(&kernel, "/dev/null", NULL, &err), -ENOEXEC, "not a bzImage");
	tap_ok(strstr(err.text, "is not a bzImage") != NULL, "and said so: %s", err.text);
	tap_ok(kernel_get("debian/7", NULL, &err) == -EINVAL &&
		       strstr(err.text, "debian/6.12") != NULL,
	       "what is no name lists the known ones: %s", err.text);
	tap_eq_i64(kernel_remove("debian/6.12", &err), -ENOENT, "what is not there, removed");
	tap_ok(kernel == NULL, "nothing is written on failure");
}

static int write_file(const char *dir, const char *name, const void *data, size_t len)
{
	_cleanup_free_ char *path = path_join(dir, name);
	struct error err = {};

	return path ? file_write_atomic(AT_FDCWD, path, data, len, &err) : -ENOMEM;
}

/* A bzImage's header as far as it is read: the magic, and where the version string lies. */
static void make_image(uint8_t image[static 0x400], const char *version)
{
	memset(image, 0, 0x400);
	memcpy(image + 0x202, "HdrS", 4);
	image[0x20e] = 0x80;
	image[0x20f] = 0x00;
	memcpy(image + 0x280, version, strlen(version) + 1);
}

/* A module as far as it is read: an ELF header, .modinfo, its section's name. */
static int write_module(const char *dir, const char *name, const char *depends, const char *release)
{
	static const char names[] = "\0.modinfo\0.shstrtab";
	char info[200];
	int n = snprintf(info, sizeof(info), "license=GPL%cdepends=%s%cvermagic=%s SMP%c", 0,
			 depends, 0, release, 0);
	struct {
		Elf64_Ehdr head;
		Elf64_Shdr sections[3];
		char info[200], names[sizeof(names)];
	} file = {
		.head = { .e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64 },
			  .e_shoff = sizeof(file.head),
			  .e_shentsize = sizeof(Elf64_Shdr),
			  .e_shnum = 3,
			  .e_shstrndx = 2 },
		.sections = { {},
			      { .sh_name = 1,
				.sh_type = SHT_PROGBITS,
				.sh_offset = offsetof(typeof(file), info),
				.sh_size = (size_t)n },
			      { .sh_name = 10,
				.sh_type = SHT_STRTAB,
				.sh_offset = offsetof(typeof(file), names),
				.sh_size = sizeof(names) } },
	};
	_cleanup_free_ char *path = path_join(dir, name), *parent = strdup(path);

	memcpy(file.info, info, (size_t)n);
	memcpy(file.names, names, sizeof(names));
	*strrchr(parent, '/') = '\0';
	if (dir_make(parent, NULL) < 0)
		return -EIO;
	return file_write_atomic(AT_FDCWD, path, &file, sizeof(file), NULL);
}

static int write_text(const char *dir, const char *name, const char *text)
{
	return write_file(dir, name, text, strlen(text));
}

static void fails(const struct kernel *kernel, const char *module, int code, const char *part)
{
	struct error err = {};

	tap_eq_i64(kernel_modules(kernel, (const char *const[]){ module, NULL },
				  &(struct strlist){}, &err),
		   code, "%s is refused", module);
	tap_ok(strstr(err.text, part) != NULL, "with the reason: %s", err.text);
}

static void test_tree(const char *top)
{
	_cleanup_free_ char *dir = path_join(top, "tree");
	_cleanup_free_ char *boot = path_join(top, "tree/arch/x86/boot");
	_cleanup_kernel_ struct kernel *kernel = NULL;
	struct error err = {};
	uint8_t image[0x400];
	int r;

	make_image(image, "6.9.0");
	r = dir_make(boot, &err);
	if (r == 0)
		r = write_file(boot, "bzImage", image, sizeof(image));
	if (r == 0)
		r = write_text(dir, "modules.builtin", "kernel/mm/swapper.ko\n");
	/* As of Linux 5.2, of 5.3 and of 6.3; one below the folder kernel/, one not built. */
	if (r == 0)
		r = write_text(dir, "modules.order",
			       "kernel/drivers/old.ko\ndrivers/mid-dle.ko\ndrivers/new.o\n"
			       "kernel/in.o\nnone.o\nother.o\njunk.o\nlost.o\nround.o\n");
	if (r == 0)
		r = write_module(dir, "drivers/old.ko", "mid_dle,swapper", "6.9.0");
	if (r == 0)
		r = write_module(dir, "drivers/mid-dle.ko", "new,in", "6.9.0");
	if (r == 0)
		r = write_module(dir, "drivers/new.ko", "", "6.9.0");
	if (r == 0)
		r = write_module(dir, "kernel/in.ko", "", "6.9.0");
	if (r == 0)
		r = write_module(dir, "other.ko", "", "6.9.0-dirty");
	if (r == 0)
		r = write_module(dir, "lost.ko", "nix", "6.9.0");
	if (r == 0)
		r = write_module(dir, "round.ko", "round", "6.9.0");
	if (r == 0)
		r = write_text(dir, "junk.ko", "no module");
	if (!tap_ok(r == 0 && kernel_find(&kernel, dir, NULL, &err) == 0,
		    "a tree with modules where they were built: %s", err.text))
		return;
	eq_modules(kernel, (const char *const[]){ "old", "in", NULL },
		   "new.ko in.ko mid-dle.ko old.ko", "what they say they need comes before them");
	fails(kernel, "none", -ENOENT, "make modules");
	fails(kernel, "other", -EINVAL, "6.9.0-dirty");
	fails(kernel, "junk", -ENOEXEC, "junk.ko");
	fails(kernel, "lost", -ENOENT, "the module nix");
	fails(kernel, "round", -ELOOP, "needs itself");
}

static void test_host(const char *top)
{
	_cleanup_free_ char *root = path_join(top, "root"), *boot = path_join(top, "root/boot");
	_cleanup_free_ char *mods = path_join(top, "root/lib/modules/6.9.0");
	_cleanup_kernel_ struct kernel *kernel = NULL;
	struct error err = {};
	uint8_t image[0x400];

	make_image(image, "6.9.0");
	if (!tap_ok(dir_make(boot, &err) == 0 && dir_make(mods, &err) == 0 &&
			    write_text(mods, "modules.dep", "kernel/a.ko:\n") == 0 &&
			    write_text(mods, "config", "CONFIG_A=y\n") == 0,
		    "a host: %s", err.text))
		return;
	tap_eq_i64(kernel_from_host(&kernel, root, "6.9.0", NULL, &err), -ENOENT, "no image");
	tap_ok(strstr(err.text, "--kernel debian/6.12") != NULL, "what to do is said: %s",
	       err.text);
	write_file(boot, "vmlinuz-6.9.0", image, sizeof(image));
	if (geteuid() != 0) {
		_cleanup_free_ char *path = path_join(boot, "vmlinuz-6.9.0");

		chmod(path, 0);
		tap_eq_i64(kernel_from_host(&kernel, root, "6.9.0", NULL, &err), -EACCES,
			   "root's own");
		tap_ok(strstr(err.text, "chmod") != NULL, "the cure is said: %s", err.text);
		chmod(path, 0644);
	}
	if (!tap_ok(kernel_from_host(&kernel, root, "6.9.0", NULL, &err) == 0, "is found: %s",
		    err.text))
		return;
	tap_eq_str(kernel->slug, "host", "it is called host");
	tap_ok(kernel_config(kernel, "A") == 'y', "with its config");
	eq_modules(kernel, (const char *const[]){ "a", NULL }, "a.ko", "and modules");
}

static const struct {
	const char *name, *canonical, *package;
} names[] = {
	{ "debian/6.1", "debian/6.1", "linux-image-6.1.0-100-cloud-amd64" },
	{ "debian/6.1-cloud", "debian/6.1", "linux-image-6.1.0-100-cloud-amd64" },
	{ "debian/6.1-amd64", "debian/6.1-amd64", "linux-image-6.1.0-47-amd64" },
	{ "debian/6.1-rt-amd64", "debian/6.1-rt", "linux-image-6.1.0-47-rt-amd64" },
	{ "debian/6.1.0-47-cloud", "debian/6.1.0-47", "linux-image-6.1.0-47-cloud-amd64" },
	{ "debian/6.1.0-47-cloud-amd64", "debian/6.1.0-47", "linux-image-6.1.0-47-cloud-amd64" },
	{ "debian/6.12", "debian/6.12", "linux-image-6.12.117+deb12-cloud-amd64" },
	{ "debian/6.12.9+deb12", "debian/6.12.9+deb12", "linux-image-6.12.9+deb12-cloud-amd64" },
	{ "debian/6.1.0-4", "debian/6.1.0-4", NULL },
	{ "debian/6.12-rt", "debian/6.12-rt", NULL },
	{ "debian/6", NULL, NULL },
	{ "debian/6.", NULL, NULL },
	{ "debian/-rt", NULL, NULL },
	{ "debian/6.1/..", NULL, NULL },
	{ "6.1", NULL, NULL },
};

/* An archive of which the list is this, as apt-cache pkgnames gives it: in no order. */
#define APT_CACHE                                                                                  \
	"#!/bin/sh\n"                                                                              \
	"cat <<EOF\n"                                                                              \
	"linux-image-6.1.0-100-cloud-amd64\n"                                                      \
	"linux-image-6.12.9+deb12-cloud-amd64\n"                                                   \
	"linux-image-6.1.0-47-cloud-amd64\n"                                                       \
	"linux-image-6.1.0-47-cloud-amd64-dbg\n"                                                   \
	"linux-image-6.1.0-999-cloud-amd64-unsigned\n"                                             \
	"linux-image-6.1.0-47-amd64\n"                                                             \
	"linux-image-6.1.0-47-rt-amd64\n"                                                          \
	"linux-image-6.12-cloud-amd64\n"                                                           \
	"linux-image-cloud-amd64\n"                                                                \
	"linux-image-amd64-signed-template\n"                                                      \
	"linux-image-6.12.117+deb12-cloud-amd64\n"                                                 \
	"EOF\n"

static void test_names(const char *dir)
{
	_cleanup_free_ char *bin = path_join(dir, "bin"), *path = NULL, *old = NULL;
	_cleanup_free_ char *program = bin ? path_join(bin, "apt-cache") : NULL;
	struct error err = {};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		_cleanup_free_ char *canonical = kernel_canonical(names[i].name);

		tap_eq_str(canonical ? canonical : "none",
			   names[i].canonical ? names[i].canonical : "none", "%s is written so",
			   names[i].name);
	}
	old = strdup(getenv("PATH"));
	path = text_format("%s:%s", bin, old);
	if (!tap_ok(path && program && dir_make(bin, &err) == 0 &&
			    file_write_atomic(AT_FDCWD, program, APT_CACHE, strlen(APT_CACHE),
					      &err) == 0 &&
			    chmod(program, 0755) == 0,
		    "an archive: %s", err.text))
		return;
	setenv("PATH", path, 1);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		_cleanup_free_ char *package = NULL;
		int r = kernel_package(names[i].name, &package, &err);

		tap_eq_str(package ? package : "none", names[i].package ? names[i].package : "none",
			   "the package of %s", names[i].name);
		tap_eq_i64(r,
			   names[i].package	? 0
			   : names[i].canonical ? -ENOENT
						: -EINVAL,
			   "%s: and what it returns", names[i].name);
	}
	kernel_package("debian/6.1.0-4", &path, &err);
	tap_ok(strstr(err.text, "(did you mean «debian/6.1.0-47»?): it has debian/6.1.0-100, "
				"debian/6.1.0-47. ") != NULL,
	       "of the same series and flavour, the newest first: %s", err.text);
	kernel_package("debian/5.4-rt", &path, &err);
	tap_ok(strstr(err.text, "debian/6.12.117+deb12, ") &&
		       strstr(err.text, "debian/6.1.0-47-rt"),
	       "else all there is: %s", err.text);
	setenv("PATH", dir, 1);
	tap_eq_i64(kernel_package("debian/6.1", &path, &err), -ENOENT, "without apt");
	tap_ok(strstr(err.text, "--kernel BZIMAGE") != NULL, "what else to do is said: %s",
	       err.text);
	setenv("PATH", old, 1);
}

static void test_image(const char *dir)
{
	_cleanup_free_ char *path = path_join(dir, "arch/x86/boot/bzImage");
	_cleanup_free_ char *boot = path_join(dir, "arch/x86/boot");
	_cleanup_free_ char *mods = path_join(dir, "mods/lib/modules/6.9.0-test");
	_cleanup_free_ char *given = path_join(dir, "mods");
	_cleanup_free_ char *real = realpath(dir, NULL);
	struct kernel *kernel = NULL;
	struct error err = {};
	uint8_t image[0x400];

	make_image(image, "6.9.0-test (someone@somewhere) #1 SMP");
	if (!tap_ok(dir_make(boot, &err) == 0 && dir_make(mods, &err) == 0 &&
			    write_file(boot, "bzImage", image, sizeof(image)) == 0 &&
			    write_file(dir, ".config", "CONFIG_A=y\n", 11) == 0 &&
			    write_file(dir, "modules.builtin", "kernel/mm/zram.ko\n", 18) == 0,
		    "a built tree"))
		return;
	if (!tap_ok(kernel_find(&kernel, dir, NULL, &err) == 0, "is found: %s", err.text))
		return;
	tap_eq_str(kernel->release, "6.9.0-test", "the release from the image");
	tap_eq_str(kernel->slug, strrchr(real, '/') + 1, "named after its directory");
	tap_ok(kernel_config(kernel, "A") == 'y', "with its .config");
	tap_eq_i64((int64_t)strlen(kernel->sha256), 64, "hashed");
	eq_modules(kernel, (const char *const[]){ "zram", NULL }, "", "all is built in");
	kernel_free(kernel);

	kernel = NULL;
	tap_eq_i64(kernel_find(&kernel, path, given, &err), -ENOENT, "no modules.dep");
	tap_ok(strstr(err.text, "depmod") != NULL, "depmod is named");
	write_file(mods, "modules.dep", "kernel/b.ko: kernel/a.ko\nkernel/a.ko: kernel/b.ko\n", 50);
	if (!tap_ok(kernel_find(&kernel, path, given, &err) == 0, "an image and its modules: %s",
		    err.text))
		return;
	tap_eq_str(kernel->slug, "bzImage", "named after the file");
	tap_eq_i64(kernel_modules(kernel, (const char *const[]){ "a", NULL }, &(struct strlist){},
				  &err),
		   -ELOOP, "a circle in modules.dep");
	kernel_free(kernel);
}

static void test_damage(const char *dir)
{
	_cleanup_free_ char *kernel_dir = path_join(dir, "kernels/debian-6.1");
	_cleanup_strlist_ struct strlist cached = {};
	struct kernel *kernel = NULL;
	struct error err = {};
	uint8_t image[0x400];

	make_image(image, "6.1.0-test");
	setenv("WRING_CACHE", dir, 1);
	if (!tap_ok(dir_make(kernel_dir, &err) == 0 &&
			    write_file(kernel_dir, "vmlinuz", image, sizeof(image)) == 0 &&
			    write_file(kernel_dir, "kernel.json", KERNEL_JSON_TEXT,
				       strlen(KERNEL_JSON_TEXT)) == 0,
		    "a cached kernel whose image has changed"))
		return;
	tap_eq_i64(kernel_find(&kernel, "debian/6.1-cloud", NULL, &err), -EBADMSG, "is refused");
	tap_ok(strstr(err.text, "vmlinuz") && strstr(err.text, "wring kernel remove debian/6.1"),
	       "with the cure: %s", err.text);
	write_file(kernel_dir, "kernel.json", "{", 1);
	tap_eq_i64(kernel_find(&kernel, "debian/6.1", NULL, &err), -EBADMSG, "so is no JSON");
	tap_ok(kernel_cached(&cached, &err) == 0 && cached.count == 1 &&
		       streq(cached.items[0], "debian/6.1"),
	       "it is listed all the same");
	tap_eq_i64(kernel_remove("debian/6.1-cloud", &err), 0, "it can be removed");
	tap_ok(access(kernel_dir, F_OK) < 0, "and is gone");
}

int main(void)
{
	char dir[] = "/tmp/wring-test-kernel-XXXXXX";
	_cleanup_free_ char *cache = fixture();

	if (!mkdtemp(dir))
		return EXIT_FAILURE;
	setenv("WRING_CACHE", cache, 1);
	test_cached();
	test_not_found();
	test_image(dir);
	test_tree(dir);
	test_host(dir);
	test_names(dir);
	test_damage(dir);
	dir_remove(AT_FDCWD, dir, NULL);
	return tap_done();
}
