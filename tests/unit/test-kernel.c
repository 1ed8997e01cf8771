// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/vm/kernel.h"
#include "src/cleanup.h"
#include "src/file.h"
#include "tests/tap.h"

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
	tap_ok(kernel_get("debian/7", NULL, &err) == -ENOENT &&
		       strstr(err.text, "debian/6.12") != NULL,
	       "an unknown source lists the known ones: %s", err.text);
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
	dir_remove(AT_FDCWD, dir, NULL);
	return tap_done();
}
