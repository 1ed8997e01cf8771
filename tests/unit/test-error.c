// SPDX-License-Identifier: GPL-2.0-or-later
#include "src/error.h"

#include <errno.h>

#include "tests/tap.h"

static void test_texts(void)
{
	struct error err = {};

	tap_eq_i64(error_set(&err, -ENOENT, "open %s", "a"), -ENOENT, "error_set returns the code");
	tap_eq_str(err.text, "open a: No such file or directory",
		   "error_set says what errno means");
	tap_eq_i64(err.code, -ENOENT, "error_set keeps the code");

	tap_eq_i64(error_say(&err, -EINVAL, "no %d", 7), -EINVAL, "error_say returns the code");
	tap_eq_str(err.text, "no 7", "error_say leaves errno's name out");
	tap_eq_i64(err.code, -EINVAL, "error_say keeps the code");

	tap_eq_i64(error_prefix(&err, "suite %s", "x"), -EINVAL,
		   "error_prefix returns the old code");
	tap_eq_str(err.text, "suite x: no 7", "error_prefix stands before the old text");
	tap_eq_i64(err.code, -EINVAL, "error_prefix leaves the code");
}

static void test_null(void)
{
	tap_eq_i64(error_set(NULL, -EPERM, "a"), -EPERM, "error_set without a struct");
	tap_eq_i64(error_say(NULL, -EPERM, "a"), -EPERM, "error_say without a struct");
	tap_ok(error_prefix(NULL, "a") < 0, "error_prefix without a struct is still a failure");
}

static void test_long(void)
{
	struct error err = {};
	char text[3000];

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	error_set(&err, -EIO, "%s", text);
	tap_eq_u64(strlen(err.text), sizeof(err.text) - 1,
		   "error_set cuts a text that is too long");
	error_say(&err, -EIO, "%s", text);
	tap_eq_u64(strlen(err.text), sizeof(err.text) - 1,
		   "error_say cuts a text that is too long");
	error_say(&err, -EIO, "why");
	error_prefix(&err, "%s", text);
	tap_eq_u64(strlen(err.text), sizeof(err.text) - 1, "error_prefix cuts what is too long");
	tap_eq_i64(err.code, -EIO, "the code outlives the cut");
}

int main(void)
{
	test_texts();
	test_null();
	test_long();
	return tap_done();
}
