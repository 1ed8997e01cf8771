// SPDX-License-Identifier: GPL-2.0-or-later
/* «args:» and «sysctl:» of a machine: what its kernel is told. */
#include <errno.h>
#include <stdlib.h>

#include "harness/suite/internal.h"
#include "harness/suite/kernel-args.h"
#include "src/cleanup.h"
#include "src/macro.h"

/* x86 has room for 2048 bytes, wring's own included; the kernel cuts the rest off without a word.
 */
#define ARGS_MAX 1500

int suite_read_args(const struct machine_spec *machine, const struct yaml_node *node,
		    struct error *err)
{
	_cleanup_strlist_ struct strlist words = {};
	int r;

	for (const char *c = machine->args; *c; c++)
		if (*c < ' ' || *c > '~')
			return yaml_complain(node, err,
					     "args: a kernel's arguments are printable ASCII, in a "
					     "line");
	if (strlen(machine->args) > ARGS_MAX)
		return yaml_complain(node, err, "args: %zu characters; %d is the most",
				     strlen(machine->args), ARGS_MAX);
	r = kernel_args_split(machine->args, &words);
	if (r == -EINVAL)
		return yaml_complain(node, err, "args: a quote is not closed");
	if (r < 0)
		return error_set(err, r, "args");
	for (size_t i = 0; i < words.count; i++) {
		const char *why = kernel_arg_refusal(words.items[i]);

		if (why)
			return yaml_complain(node, err, "args: «%s» is not the suite's to say: %s",
					     words.items[i], why);
	}
	return 0;
}

/* Letters, digits, "_", "-" and "/" between single dots; its place is in /proc/sys. */
static bool is_sysctl(const char *name)
{
	char before = '.';

	for (const char *c = name; *c; before = *c++) {
		bool part = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') ||
			    (*c >= '0' && *c <= '9') || strchr("_-/", *c);

		if (!part && (*c != '.' || before == '.'))
			return false;
	}
	return before != '.' && strchr(name, '.') && *name != '/';
}

int suite_read_sysctls(struct machine_spec *machine, const struct yaml_node *map, struct error *err)
{
	if (suite_expect_kind(map, YAML_MAP, "sysctl", err) < 0)
		return -EINVAL;
	machine->sysctls = calloc(map->count + 1, sizeof(*machine->sysctls));
	if (!machine->sysctls)
		return error_set(err, -ENOMEM, "sysctl");
	for (size_t i = 0; i < map->count; i++) {
		const struct yaml_node *key = map->keys[i], *value = map->items[i];
		struct setting *s = &machine->sysctls[machine->sysctl_count++];

		if (!is_sysctl(key->text))
			return yaml_complain(key, err,
					     "«%s» can't be a sysctl's name: it is as "
					     "vm.overcommit_memory, for "
					     "/proc/sys/vm/overcommit_memory",
					     key->text);
		if (suite_expect_kind(value, YAML_SCALAR, key->text, err) < 0)
			return -EINVAL;
		if (!*value->text || strchr(value->text, '\n'))
			return yaml_complain(value, err, "%s: a value is a line of text",
					     key->text);
		if (suite_text(&s->name, key->text, err) < 0 ||
		    suite_text(&s->value, value->text, err) < 0)
			return -ENOMEM;
	}
	return 0;
}
