// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>

#include "plots/history.h"
#include "results/history/history-text.h"
#include "results/value.h"
#include "src/macro.h"

#define LETTER_PX	6.6 /* a small letter, about */
#define RELEASE_LETTERS 28
#define RELEASES_MAX	16 /* beyond, those at a change alone */

static double px_of(const struct history_picture *p, double place)
{
	return HISTORY_PLOT_PX * (place - 0.5) / (double)p->runs;
}

static double change_place(const struct history_picture *p, const struct history_series *s,
			   const struct history_change *c)
{
	return (double)(p->places[s->points[c->at - 1].run] + p->places[s->points[c->at].run]) / 2;
}

/* Where a change's label goes, and how much of it. */
struct label {
	char text[200];
	bool left; /* of its line */
};

/* How wide a label is: the letters that UTF-8 takes several bytes for are few. */
static double width_of(const char *text)
{
	return LETTER_PX * (double)strlen(text) + 10;
}

/*
 * The longest text that fits between the line and the next one, or between what stands before it
 * (which ends at taken) and the line.
 */
static void choose_label(struct label *label, const struct history_series *s,
			 const struct history_change *c, double taken, double x, double next)
{
	char shift[FORMAT_MAX], before[FORMAT_MAX], after[FORMAT_MAX];
	const char *side = history_direction(c, s);

	history_shift(c, s, shift);
	value_format(c->before, s->unit, before);
	value_format(c->after, s->unit, after);
	for (unsigned form = 0; form < 3; form++) {
		if (form == 0)
			snprintf(label->text, sizeof(label->text), "%s%s: %s → %s", shift, side,
				 before, after);
		else
			snprintf(label->text, sizeof(label->text), "%s%s", shift,
				 form == 1 ? side : "");
		label->left = x + width_of(label->text) > next;
		if (!label->left || taken + width_of(label->text) <= x)
			return;
	}
	label->left = false;
}

static void add_changes(const struct history_picture *p, struct script *script, size_t i, size_t *n)
{
	const struct history_series *s = p->panels[i].series;
	double taken = 0;

	for (size_t k = 0; k < s->change_count; k++) {
		const struct history_change *c = &s->changes[k];
		double place = change_place(p, s, c), x = px_of(p, place), next = HISTORY_PLOT_PX;
		const char *side = history_direction(c, s);
		struct label label;

		if (k + 1 < s->change_count)
			next = px_of(p, change_place(p, s, c + 1));
		choose_label(&label, s, c, taken, x, next);
		taken = label.left ? x : x + width_of(label.text);
		++*n;
		script_number_at(script, "change_panel", *n, (double)(i + 1));
		script_number_at(script, "change_x", *n, place);
		script_number_at(script, "change_side", *n,
				 !*side			  ? 0
				 : strstr(side, "better") ? 1
							  : 2);
		script_number_at(script, "change_left", *n, label.left);
		script_text_at(script, "change_text", *n, label.text);
	}
}

static void write_changes(const struct history_picture *p, struct script *script)
{
	static const char *const arrays[] = { "change_panel", "change_x", "change_side",
					      "change_left", "change_text" };
	size_t n = 0, all = 0;

	for (size_t i = 0; i < p->count; i++)
		all += p->panels[i].series->change_count;
	script_number(script, "change_count", (double)all);
	for (size_t i = 0; i < ARRAY_SIZE(arrays); i++)
		script_array(script, arrays[i], all);
	for (size_t i = 0; i < p->count; i++)
		add_changes(p, script, i, &n);
}

/*
 * Letters at the end of the series' releases that tell nothing because all have them, as
 * "-cloud-amd64"; 0 where there is but one release.
 */
static size_t common_end(const struct history_series *s)
{
	const char *first = history_release(&s->points[0]);
	size_t n = strlen(first), whole = n;

	for (size_t k = 1; k < s->count; k++) {
		const char *other = history_release(&s->points[k]);
		size_t len = strlen(other), same = 0;

		while (same < n && same < len && first[whole - 1 - same] == other[len - 1 - same])
			same++;
		n = same;
	}
	while (n > 0 && n < whole && !strchr("-+", first[whole - n]))
		n--;
	return n < whole ? n : 0;
}

/* The first point behind k whose kernel has another release. */
static size_t release_end(const struct history_series *s, size_t k)
{
	size_t next = k + 1;

	while (next < s->count &&
	       streq(history_release(&s->points[k]), history_release(&s->points[next])))
		next++;
	return next;
}

/* Where every run has a release of its own, marks tell nothing: but for those at a change. */
static bool release_shown(const struct history_series *s, size_t k, bool many)
{
	bool shown = !many || k == 0;

	for (size_t i = 0; i < s->change_count; i++)
		shown |= s->changes[i].at == k;
	return shown && (k == 0 || !streq(history_release(&s->points[k]),
					  history_release(&s->points[k - 1])));
}

/* Where the kernel's release changes; a mark alone where its name would run into the next one. */
static void add_releases(const struct history_picture *p, struct script *script, size_t i,
			 size_t *n)
{
	const struct history_series *s = p->panels[i].series;
	size_t end = common_end(s), releases = 0;

	bool many;

	for (size_t k = 0; k < s->count; k = release_end(s, k))
		releases++;
	many = releases > RELEASES_MAX;
	for (size_t k = 0; k < s->count; k++) {
		const char *release = history_release(&s->points[k]);
		size_t next = k + 1;
		char name[200], text[200];
		double x, room;

		if (!release_shown(s, k, many))
			continue;
		while (next < s->count && !release_shown(s, next, many))
			next++;
		x = (double)p->places[s->points[k].run];
		room = next < s->count ? px_of(p, (double)p->places[s->points[next].run])
				       : HISTORY_PLOT_PX;
		snprintf(name, sizeof(name), "%.*s%s", (int)(strlen(release) - end), release,
			 many ? " …" : "");
		text_shorten(name, RELEASE_LETTERS, text, sizeof(text));
		if (LETTER_PX * (double)strlen(text) + 4 > room - px_of(p, x))
			*text = '\0';
		++*n;
		script_number_at(script, "release_panel", *n, (double)(i + 1));
		script_number_at(script, "release_x", *n, x);
		script_text_at(script, "release_text", *n, text);
	}
}

static void write_releases(const struct history_picture *p, struct script *script)
{
	size_t n = 0, all = 0;

	for (size_t i = 0; i < p->count; i++)
		all += p->panels[i].series->count;
	script_array(script, "release_panel", all);
	script_array(script, "release_x", all);
	script_array(script, "release_text", all);
	for (size_t i = 0; i < p->count; i++)
		add_releases(p, script, i, &n);
	script_number(script, "release_count", (double)n);
}

void history_write_marks(const struct history_picture *p, struct script *script)
{
	write_changes(p, script);
	write_releases(p, script);
}
