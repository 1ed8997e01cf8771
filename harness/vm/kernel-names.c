// SPDX-License-Identifier: GPL-2.0-or-later
/* The names of a distribution's kernels: debian/VERSION[-FLAVOUR], and the packages they stand for.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/vm/kernel-internal.h"
#include "src/cleanup.h"
#include "src/file.h"
#include "src/macro.h"
#include "src/nearest.h"
#include "src/process.h"

#define DISTRIBUTION "debian/"
#define PACKAGE	     "linux-image-"
#define OFFERS_SHOWN 12

const struct kernel_source kernel_sources[] = {
	{ "debian/6.1",
	  "Debian 12's cloud kernel: boots with the classic LRU, MGLRU can be switched on" },
	{ "debian/6.12",
	  "Debian 13's cloud kernel (for 12 in its security suite): boots with MGLRU" },
	{ "debian/6.1-amd64", "Debian 12's generic kernel: with zswap" },
	{ "debian/6.12-amd64", "Debian 13's generic kernel: with zswap" },
	{ "debian/6.1-rt", "Debian 12's generic kernel with PREEMPT_RT" },
	{ "debian/6.12-rt", "Debian 13's generic kernel with PREEMPT_RT" },
	{ "debian/VERSION",
	  "one of another series, or an exact version as uname -r has it: debian/6.1.0-47-cloud" },
	{}
};

/*
 * How a package of that flavour ends, and what a name may end with for it: the first is how wring
 * itself writes it. A name's longest ending counts.
 */
static const struct flavour {
	const char *package;
	const char *endings[4];
} flavours[] = {
	{ "-cloud-amd64", { "", "-cloud", "-cloud-amd64" } },
	{ "-rt-amd64", { "-rt", "-rt-amd64" } },
	{ "-amd64", { "-amd64" } },
};

struct kernel_name {
	char *version; /* "6.1.0-47", or a series: "6.1" */
	const struct flavour *flavour;
};

static void name_done(struct kernel_name *name)
{
	free(name->version);
	*name = (struct kernel_name){};
}

static bool ends_with(const char *text, size_t len, const char *end)
{
	size_t n = strlen(end);

	return n < len && memcmp(text + len - n, end, n) == 0;
}

/* Digits, a dot, digits: where the series of a version ends; NULL when it begins otherwise. */
static const char *series_end(const char *version)
{
	const char *p = version;

	while (isdigit((unsigned char)*p))
		p++;
	if (p == version || *p != '.' || !isdigit((unsigned char)p[1]))
		return NULL;
	for (p++; isdigit((unsigned char)*p);)
		p++;
	return p;
}

static bool is_series(const char *version)
{
	const char *end = series_end(version);

	return end && !*end;
}

/* text: "6.12-rt", without the distribution. False: it is no such name. */
static bool parse(const char *text, struct kernel_name *ret)
{
	size_t len = strlen(text), longest = 0;
	const struct flavour *flavour = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(flavours); i++)
		for (size_t k = 0; k < ARRAY_SIZE(flavours[i].endings); k++) {
			const char *end = flavours[i].endings[k];

			if (!end || !ends_with(text, len, end))
				continue;
			if (flavour && strlen(end) <= longest)
				continue;
			flavour = &flavours[i];
			longest = strlen(end);
		}
	if (!flavour || strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "0123456789.+~-") != len)
		return false;
	*ret = (struct kernel_name){ strndup(text, len - longest), flavour };
	if (ret->version && series_end(ret->version))
		return true;
	name_done(ret);
	return false;
}

static bool parse_full(const char *name, struct kernel_name *ret)
{
	return starts_with(name, DISTRIBUTION) && parse(name + strlen(DISTRIBUTION), ret);
}

static char *name_text(const struct kernel_name *name)
{
	return text_format(DISTRIBUTION "%s%s", name->version, name->flavour->endings[0]);
}

char *kernel_canonical(const char *name)
{
	_cleanup_(name_done) struct kernel_name parsed = {};

	return parse_full(name, &parsed) ? name_text(&parsed) : NULL;
}

int kernel_name_split(const char *name, char **ret_version, const char **ret_flavour)
{
	struct kernel_name parsed;

	if (!parse_full(name, &parsed))
		return -EINVAL;
	*ret_version = parsed.version;
	*ret_flavour = parsed.flavour->package;
	return 0;
}

bool kernel_name_is_exact(const char *name)
{
	_cleanup_(name_done) struct kernel_name parsed = {};

	return parse_full(name, &parsed) && !is_series(parsed.version);
}

int kernel_release_split(const char *release, char **ret_version)
{
	struct kernel_name parsed;

	if (!parse(release, &parsed))
		return -EINVAL;
	*ret_version = parsed.version;
	return 0;
}

/* "linux-image-6.1.0-47-rt-amd64" by its name; false for debug symbols, meta-packages and others.
 */
static bool parse_package(const char *package, struct kernel_name *ret)
{
	static const char *const others[] = { "-dbg", "-unsigned", "-template" };
	size_t len = strlen(package);

	if (!starts_with(package, PACKAGE) || !ends_with(package, len, "-amd64"))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		if (ends_with(package, len, others[i]))
			return false;
	if (!parse(package + strlen(PACKAGE), ret))
		return false;
	if (!is_series(ret->version))
		return true;
	name_done(ret);
	return false;
}

static int by_version(const void *a, const void *b)
{
	return strverscmp(*(char *const *)a, *(char *const *)b);
}

int kernel_offers(struct strlist *ret, struct error *err)
{
	static const char *const argv[] = { "apt-cache", "pkgnames", PACKAGE, NULL };
	_cleanup_strlist_ struct strlist names = {};
	_cleanup_free_ char *output = NULL;
	char *save = NULL;
	int r = process_run(argv, NULL, &output, &(int){ 0 }, err);

	for (char *line = r < 0 ? NULL : strtok_r(output, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		_cleanup_(name_done) struct kernel_name name = {};
		_cleanup_free_ char *text = NULL;

		if (!parse_package(line, &name))
			continue;
		text = name_text(&name);
		if (!text || strlist_add(&names, text) < 0)
			return error_set(err, -ENOMEM, "apt-cache");
	}
	if (r < 0)
		return r;
	if (names.count)
		qsort(names.items, names.count, sizeof(*names.items), by_version);
	*ret = names;
	names = (struct strlist){};
	return 0;
}

/* Whether an offered name is what the user asked for: that version, or one of that series. */
static bool is_one_of(const char *offer, const struct kernel_name *wanted, bool series_alone)
{
	_cleanup_(name_done) struct kernel_name name = {};
	size_t len = (size_t)(series_end(wanted->version) - wanted->version);

	if (!parse_full(offer, &name) || name.flavour != wanted->flavour)
		return false;
	if (!series_alone && !is_series(wanted->version))
		return streq(name.version, wanted->version);
	return strncmp(name.version, wanted->version, len) == 0 && name.version[len] == '.';
}

/* What there is instead: of that series and flavour if there are any, else what there is at all. */
static int not_offered(const char *name, const struct kernel_name *wanted,
		       const struct strlist *offers, struct error *err)
{
	struct nearest search = { .word = name };
	char hint[200], list[900] = "";
	size_t shown = 0, of_series = 0, at = 0;

	for (size_t i = 0; i < offers->count; i++) {
		nearest_offer(&search, offers->items[i]);
		of_series += is_one_of(offers->items[i], wanted, true);
	}
	for (size_t i = offers->count; i-- && shown < OFFERS_SHOWN && at < sizeof(list);) {
		if (of_series && !is_one_of(offers->items[i], wanted, true))
			continue;
		at += (size_t)snprintf(list + at, sizeof(list) - at, "%s%s", shown ? ", " : "",
				       offers->items[i]);
		shown++;
	}
	if (!offers->count)
		return error_say(err, -ENOENT,
				 "apt knows no kernel at all: run «apt-get update» as root, or add "
				 "Debian's archive to its sources. But " KERNEL_OTHERWISE);
	return error_say(err, -ENOENT,
			 "apt here offers no kernel %s%s: it has %s%s. If its lists are old, run "
			 "«apt-get update» as root. But " KERNEL_OTHERWISE,
			 name, nearest_hint(&search, hint, sizeof(hint)), list,
			 shown < (of_series ? of_series : offers->count) ? " and others" : "");
}

static int no_name(const char *name, struct error *err)
{
	struct nearest search = { .word = name };
	char hint[200], known[400] = "";
	size_t at = 0;

	for (const struct kernel_source *s = kernel_sources; s->name; s++) {
		nearest_offer(&search, s->name);
		at += (size_t)snprintf(known + at, sizeof(known) - at, "%s%s", at ? ", " : "",
				       s->name);
	}
	return error_say(err, -EINVAL, "no kernel «%s» can be fetched%s: there are %s", name,
			 nearest_hint(&search, hint, sizeof(hint)), known);
}

int kernel_package(const char *name, char **ret, struct error *err)
{
	_cleanup_(name_done) struct kernel_name wanted = {}, found = {};
	_cleanup_strlist_ struct strlist offers = {};
	int r;

	if (!parse_full(name, &wanted))
		return no_name(name, err);
	r = kernel_offers(&offers, err);
	if (r == -ENOENT)
		return error_say(err, r,
				 "%s comes by apt, which is not installed here (it is on Debian "
				 "and what derives from it). But " KERNEL_OTHERWISE,
				 name);
	if (r < 0)
		return r;
	/* The last one is the newest. */
	for (size_t i = offers.count; i-- && !found.version;)
		if (is_one_of(offers.items[i], &wanted, false))
			parse_full(offers.items[i], &found);
	if (!found.version)
		return not_offered(name, &wanted, &offers, err);
	*ret = text_format(PACKAGE "%s%s", found.version, found.flavour->package);
	return *ret ? 0 : error_set(err, -ENOMEM, "find the package of %s", name);
}
