// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/suite/kernel-args.h"

#include <ctype.h>
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "src/cleanup.h"
#include "src/file.h"
#include "src/macro.h"

enum { ALWAYS, INSN, INSN_LONE_CPU, NEVER };

/*
 * What every guest kernel is told, and what a suite can't tell it. No address randomisation and a
 * clock that is trusted at once, for the sake of repeatable runs; a panic or an oops ends the
 * machine. The rest skips self-tests and tables that no trial uses and that cost up to half of a
 * boot's instructions.
 */
static const struct {
	const char *name, *value; /* value NULL: the name alone */
	int when;
	const char *why; /* a suite can't give it */
} own[] = {
	{ "console", "ttyS0", ALWAYS, "the console goes into the record" },
	{ "rdinit", "/init", ALWAYS, "wring's own is the first process" },
	{ "nokaslr", NULL, ALWAYS, "the same trial lies at the same addresses" },
	{ "tsc", "reliable", ALWAYS, "a VM's clock is its TSC" },
	{ "panic", "-1", ALWAYS, "a kernel that panics ends its trial" },
	{ "oops", "panic", ALWAYS, "a kernel that panics ends its trial" },
	{ "cryptomgr.notests", NULL, ALWAYS, "a boot without it takes twice as long" },
	{ "initcall_blacklist",
	  "load_system_certificate_list,jent_mod_init,trace_eval_init,trace_eval_sync", ALWAYS,
	  "a boot without it takes twice as long" },
	/* By -icount shift=0 a guest's time stamp counter counts ns: there is nothing to measure.
	 */
	{ "tsc_early_khz", "1000000", INSN, "a VM's clock is its TSC" },
	/*
	 * A lone CPU gets its ticks from the HPET: calibrating the local APIC's timer against
	 * another one takes half of a boot's time under -icount. More CPUs need a timer each.
	 */
	{ "nolapic_timer", NULL, INSN_LONE_CPU, "it depends on the number of CPUs" },
	{ "init", NULL, NEVER, "wring's own is the first process" },
	{ "root", NULL, NEVER, "a VM has no disk to boot from" },
	{ "initrd", NULL, NEVER, "wring's own is what a VM boots from" },
	{ "noinitrd", NULL, NEVER, "wring's own is what a VM boots from" },
	{ "kaslr", NULL, NEVER, "the same trial lies at the same addresses" },
	{ "--", NULL, NEVER, "what is behind it is not for the kernel" },
};

/* Dashes and underscores are one letter in an argument's name, as in lib/cmdline.c of Linux. */
static bool same_name(const char *name, const char *word)
{
	for (; *name; name++, word++)
		if ((*name == '-' ? '_' : *name) != (*word == '-' ? '_' : *word))
			return false;
	return !*word || *word == '=';
}

const char *kernel_arg_refusal(const char *word)
{
	for (size_t i = 0; i < ARRAY_SIZE(own); i++)
		if (same_name(own[i].name, word + (*word == '"')))
			return own[i].why;
	return NULL;
}

char *kernel_args_own(bool insn_clock, bool lone_cpu)
{
	const int most = !insn_clock ? ALWAYS : lone_cpu ? INSN_LONE_CPU : INSN;
	char *text = strdup("");

	for (size_t i = 0; text && i < ARRAY_SIZE(own); i++) {
		char *more;

		if (own[i].when > most)
			continue;
		more = text_format("%s%s%s%s%s", text, *text ? " " : "", own[i].name,
				   own[i].value ? "=" : "", own[i].value ? own[i].value : "");
		free(text);
		text = more;
	}
	return text;
}

int kernel_args_split(const char *text, struct strlist *ret)
{
	for (;;) {
		bool quoted = false;
		const char *begin;
		_cleanup_free_ char *word = NULL;

		while (isspace((unsigned char)*text))
			text++;
		if (!*text)
			return 0;
		for (begin = text; *text && (quoted || !isspace((unsigned char)*text)); text++)
			quoted ^= *text == '"';
		if (quoted)
			return -EINVAL;
		word = strndup(begin, (size_t)(text - begin));
		if (!word || strlist_add(ret, word) < 0)
			return -ENOMEM;
	}
}
