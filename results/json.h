/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <jansson.h>

#include "src/error.h"

/* The text behind an object's key, borrowed; the fallback where there is none, or no object. */
const char *json_text(const json_t *object, const char *key, const char *fallback);

/*
 * A whole file, by its path below dirfd, that is JSON. -ENOENT and the like when it can't be read;
 * -EBADMSG, with the place, when it is none. *ret is the caller's.
 */
int json_parse(json_t **ret, int dirfd, const char *path, struct error *err);

/*
 * A whole file that is one JSON object with that schema. Errors as above; -EBADMSG when it has
 * another schema, too.
 */
int json_read(json_t **ret, const char *path, int schema, struct error *err);
