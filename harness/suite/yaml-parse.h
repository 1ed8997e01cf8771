/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "harness/suite/yaml.h"

/* What yaml-parse.c needs of yaml.c. Memory of the yaml, zeroed; NULL when there is none. */
void *yaml_alloc(struct yaml *yaml, size_t size);
char *yaml_text(struct yaml *yaml, const char *text, size_t len);
/* NULL also when there are too many nodes. */
struct yaml_node *yaml_node_new(struct yaml *yaml, enum yaml_kind kind,
				const struct yaml_source *source, unsigned line, unsigned column);
/* The length of the UTF-8 character at s, 0 when it is none; overlong forms are none. */
size_t yaml_character_length(const char *s);
