// SPDX-License-Identifier: GPL-2.0-or-later
#include "results/json.h"

#include <errno.h>
#include <fcntl.h>

#include "src/cleanup.h"
#include "src/file.h"

const char *json_text(const json_t *object, const char *key, const char *fallback)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : fallback;
}

int json_parse(json_t **ret, int dirfd, const char *path, struct error *err)
{
	_cleanup_free_ char *text = NULL;
	json_error_t problem;
	size_t len;
	int r = file_read(dirfd, path, &text, &len, err);

	if (r < 0)
		return r;
	*ret = json_loadb(text, len, JSON_REJECT_DUPLICATES, &problem);
	if (!*ret)
		return error_say(err, -EBADMSG, "%s:%d:%d: %s", path, problem.line, problem.column,
				 problem.text);
	return 0;
}

int json_read(json_t **ret, const char *path, int schema, struct error *err)
{
	json_t *json;
	int r = json_parse(&json, AT_FDCWD, path, err);

	if (r < 0)
		return r;
	if (!json_is_object(json) ||
	    json_integer_value(json_object_get(json, "schema")) != schema) {
		json_decref(json);
		return error_say(err, -EBADMSG,
				 "%s: its schema is not %d, the one that this wring reads", path,
				 schema);
	}
	*ret = json;
	return 0;
}
