// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/vm/kernel-series.h"

#include <errno.h>

#include "src/cleanup.h"
#include "src/file.h"
#include "src/macro.h"
#include "tests/tap.h"

/* As apt has them, and a cache: in no order, one twice, a series' name, other flavours. */
static const char *const offers[] = {
	"debian/6.12.107+deb12",
	"debian/6.1.0-9",
	"debian/6.1.0-50",
	"debian/6.1.0-47",
	"debian/6.1.0-47-rt",
	"debian/6.12.101+deb12",
	"debian/6.1",
	"debian/6.1.0-56",
	"debian/6.1.0-50",
	"debian/6.12.99+deb12",
	"debian/6.1.0-50-amd64",
};

static char *between(const char *good, const char *good_release, const char *bad,
		     const char *bad_release, struct error *err)
{
	_cleanup_strlist_ struct strlist list = {}, series = {};
	const struct kernel_version a = { good, good_release }, b = { bad, bad_release };
	char *text = strdup("");

	for (size_t i = 0; i < ARRAY_SIZE(offers); i++)
		strlist_add(&list, offers[i]);
	if (kernel_series_between(&a, &b, &list, &series, err) < 0)
		return text;
	for (size_t i = 0; i < series.count; i++) {
		char *more = text_format("%s%s%s", text, i ? " " : "",
					 series.items[i] + strlen("debian/"));

		free(text);
		text = more;
	}
	return text;
}

static void check(const char *good, const char *good_release, const char *bad,
		  const char *bad_release, const char *want, const char *name)
{
	struct error err = {};
	_cleanup_free_ char *got = between(good, good_release, bad, bad_release, &err);

	tap_eq_str(got, want, "%s", name);
	if (err.code)
		printf("# %s\n", err.text);
}

static void refused(const char *good, const char *bad, const char *why, const char *name)
{
	struct error err = {};
	_cleanup_free_ char *got = between(good, NULL, bad, NULL, &err);

	tap_ok(err.code == -EINVAL && strstr(err.text, why), "%s", name);
	if (err.code != -EINVAL || !strstr(err.text, why))
		printf("# got «%s», error %s\n", got, err.text);
}

int main(void)
{
	check("debian/6.1.0-9", NULL, "debian/6.1.0-56", NULL, "6.1.0-9 6.1.0-47 6.1.0-50 6.1.0-56",
	      "by version, not by letters; of one flavour, each once");
	check("debian/6.1.0-47", NULL, "debian/6.12.107+deb12", NULL,
	      "6.1.0-47 6.1.0-50 6.1.0-56 6.12.99+deb12 6.12.101+deb12 6.12.107+deb12",
	      "from one series into the next");
	check("debian/6.1", "6.1.0-50-cloud-amd64", "debian/6.12", "6.12.101+deb12-cloud-amd64",
	      "6.1 6.1.0-56 6.12.99+deb12 6.12",
	      "a series' name stands where its release does, and in that one's place");
	check("debian/6.1.0-47-rt", NULL, "debian/6.1.0-60-rt", NULL, "6.1.0-47-rt 6.1.0-60-rt",
	      "nothing between: the ends alone");
	refused("debian/6.12.99+deb12", "debian/6.1.0-9", "must be the older",
		"good is the newer: refused");
	refused("debian/6.1.0-47", "debian/6.1.0-56-rt", "two flavours", "two flavours: refused");
	refused("linux", "debian/6.1.0-56", "--series", "no distribution's name: refused");
	return tap_done();
}
