// SPDX-License-Identifier: GPL-2.0-or-later
#include "plots/title.h"
#include "results/json.h"

#include "src/macro.h"

#define TITLE_LETTERS	 82 /* what fits */
#define SUBTITLE_LETTERS 125

static const char *lru_name(const json_t *trial)
{
	const char *lru = json_text(json_object_get(trial, "regime"), "lru", "");

	return streq(lru, "mglru") ? ", MGLRU" : streq(lru, "classic") ? ", classic LRU" : "";
}

/* What its times are of. */
static const char *clock_text(const json_t *trial)
{
	if (streq(json_text(trial, "clock", ""), "insn"))
		return "insn clock: 1 ns is one guest instruction";
	return streq(json_text(trial, "accelerator", ""), "tcg")
		       ? "wall clock of an emulated CPU (TCG)"
		       : "wall clock";
}

void title_write(struct script *script, const json_t *trial, const char *more)
{
	const char *release = json_text(trial, "release", ""),
		   *kernel = json_text(trial, "kernel", "");
	char line[700], cut[700];

	snprintf(line, sizeof(line), "%s / %s", json_text(trial, "suite", ""),
		 json_text(trial, "scenario", ""));
	script_text(script, "title_text", text_shorten(line, TITLE_LETTERS, cut, sizeof(cut)));
	snprintf(line, sizeof(line), "Linux %s%s, seed %lld, %s%s", *release ? release : kernel,
		 lru_name(trial), (long long)json_integer_value(json_object_get(trial, "seed")),
		 clock_text(trial), more);
	script_text(script, "subtitle_text",
		    text_shorten(line, SUBTITLE_LETTERS, cut, sizeof(cut)));
}
