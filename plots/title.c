// SPDX-License-Identifier: GPL-2.0-or-later
#include "plots/title.h"

#include "src/macro.h"

#define TITLE_LETTERS	 82 /* what fits */
#define SUBTITLE_LETTERS 125

static const char *text_of(const json_t *trial, const char *key)
{
	const char *s = json_string_value(json_object_get(trial, key));

	return s ? s : "";
}

static const char *lru_name(const json_t *trial)
{
	const char *lru = text_of(json_object_get(trial, "regime"), "lru");

	return streq(lru, "mglru") ? ", MGLRU" : streq(lru, "classic") ? ", classic LRU" : "";
}

void title_write(struct script *script, const json_t *trial, const char *more)
{
	const char *release = text_of(trial, "release"), *kernel = text_of(trial, "kernel");
	char line[700], cut[700];

	snprintf(line, sizeof(line), "%s / %s", text_of(trial, "suite"),
		 text_of(trial, "scenario"));
	script_text(script, "title_text", text_shorten(line, TITLE_LETTERS, cut, sizeof(cut)));
	snprintf(line, sizeof(line), "Linux %s%s, seed %lld, %s clock%s",
		 *release ? release : kernel, lru_name(trial),
		 (long long)json_integer_value(json_object_get(trial, "seed")),
		 streq(text_of(trial, "clock"), "insn") ? "insn" : "wall", more);
	script_text(script, "subtitle_text",
		    text_shorten(line, SUBTITLE_LETTERS, cut, sizeof(cut)));
}
