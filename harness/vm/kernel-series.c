// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/vm/kernel-series.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "harness/vm/kernel-internal.h"
#include "src/cleanup.h"
#include "src/macro.h"

struct entry {
	const char *name; /* borrowed */
	char *version;
};

/* In the order of versions: 6.1.0-9, 6.1.0-47, 6.12.101. */
static int by_version(const void *a, const void *b)
{
	return strverscmp(((const struct entry *)a)->version, ((const struct entry *)b)->version);
}

/* What a name's version is, its release's where that is known. */
static int version_of(const struct kernel_version *k, char **ret_version, const char **ret_flavour)
{
	_cleanup_free_ char *named = NULL;
	int r = kernel_name_split(k->name, ret_version, ret_flavour);

	if (r < 0 || !k->release)
		return r;
	if (kernel_release_split(k->release, &named) < 0)
		return 0;
	free(*ret_version);
	*ret_version = TAKE_PTR(named);
	return 0;
}

static int make_end(struct entry *ret, const struct kernel_version *k, const char **ret_flavour,
		    struct error *err)
{
	int r = version_of(k, &ret->version, ret_flavour);

	ret->name = k->name;
	return r < 0 ? error_say(err, -EINVAL,
				 "%s is no name of a distribution's kernel: give the series by "
				 "--series, in its order",
				 k->name)
		     : 0;
}

/* Those of that flavour strictly between the first two entries, behind these. */
static int collect(struct entry *entries, size_t *count, const struct strlist *offers,
		   const char *flavour)
{
	for (size_t i = 0; i < offers->count; i++) {
		const struct kernel_version k = { offers->items[i], NULL };
		_cleanup_free_ char *version = NULL;
		const char *own;
		bool twice = false;

		if (kernel_name_split(k.name, &version, &own) < 0 || !streq(own, flavour) ||
		    !kernel_name_is_exact(k.name))
			continue;
		if (strverscmp(version, entries[0].version) <= 0 ||
		    strverscmp(version, entries[1].version) >= 0)
			continue;
		for (size_t n = 2; n < *count; n++)
			twice |= streq(entries[n].version, version);
		if (!twice)
			entries[(*count)++] = (struct entry){ k.name, TAKE_PTR(version) };
	}
	return 0;
}

int kernel_series_between(const struct kernel_version *good, const struct kernel_version *bad,
			  const struct strlist *offers, struct strlist *ret, struct error *err)
{
	_cleanup_free_ struct entry *entries = calloc(offers->count + 2, sizeof(*entries));
	_cleanup_strlist_ struct strlist names = {};
	const char *flavour, *other;
	size_t count = 2;
	int r = entries ? 0 : error_set(err, -ENOMEM, "series");

	if (r == 0)
		r = make_end(&entries[0], good, &flavour, err);
	if (r == 0)
		r = make_end(&entries[1], bad, &other, err);
	if (r == 0 && !streq(flavour, other))
		r = error_say(err, -EINVAL,
			      "%s and %s are of two flavours, %s and %s: what differs may be that",
			      good->name, bad->name, flavour, other);
	if (r == 0 && by_version(&entries[0], &entries[1]) >= 0)
		r = error_say(err, -EINVAL,
			      "good is %s (%s) and bad %s (%s): the good one must be the older. To "
			      "find what mended something, call the bad one good",
			      good->name, entries[0].version, bad->name, entries[1].version);
	if (r == 0)
		r = collect(entries, &count, offers, flavour);
	if (r == 0)
		qsort(entries, count, sizeof(*entries), by_version);
	for (size_t i = 0; r == 0 && i < count; i++)
		if (strlist_add(&names, entries[i].name) < 0)
			r = error_set(err, -ENOMEM, "series");
	for (size_t i = 0; entries && i < count; i++)
		free(entries[i].version);
	if (r < 0)
		return r;
	*ret = names;
	names = (struct strlist){};
	return 0;
}

int kernel_series(const struct kernel_version *good, const struct kernel_version *bad,
		  struct strlist *ret, struct error *err)
{
	_cleanup_strlist_ struct strlist offers = {}, cached = {};
	int r = kernel_offers(&offers, err);

	/* Without apt there is what the cache has. */
	if (r == -ENOENT)
		r = 0;
	if (r == 0)
		r = kernel_cached(&cached, err);
	for (size_t i = 0; r == 0 && i < cached.count; i++)
		if (strlist_add(&offers, cached.items[i]) < 0)
			r = error_set(err, -ENOMEM, "series");
	return r < 0 ? r : kernel_series_between(good, bad, &offers, ret, err);
}
