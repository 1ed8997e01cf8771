/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>

#include "src/strlist.h"

/* What a VM's kernel is told on its command line: by wring, and by a suite's machine.args. */

/*
 * Why a suite can't give that argument: a word as "console=tty0". NULL when it can. The reason is
 * a phrase behind "wring sets it: " and the like.
 */
const char *kernel_arg_refusal(const char *word);

/* wring's own, as one text, the caller's to free; NULL when memory is out. */
char *kernel_args_own(bool insn_clock, bool lone_cpu);

/*
 * The words of a command line, as the kernel parts them: at blanks outside of "...", which stay.
 * -EINVAL for a quote that is not closed; -ENOMEM.
 */
int kernel_args_split(const char *text, struct strlist *ret);
