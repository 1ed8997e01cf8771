// SPDX-License-Identifier: GPL-2.0-or-later
#include "plots/script.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>

#include "plots/plot.h"
#include "src/cleanup.h"
#include "src/datafile.h"
#include "src/file.h"
#include "src/process.h"

int script_begin(struct script *script, struct error *err)
{
	const char *tmp = getenv("TMPDIR");
	_cleanup_free_ char *dir = path_join(tmp && *tmp ? tmp : "/tmp", "wring-plot-XXXXXX");

	if (!dir)
		return error_set(err, -ENOMEM, "plot");
	if (!mkdtemp(dir))
		return error_set(err, -errno, "make a temporary directory %s (TMPDIR sets where)",
				 dir);
	script->dir = TAKE_PTR(dir);
	script->vars_path = path_join(script->dir, "vars.gp");
	if (!script->vars_path)
		return error_set(err, -ENOMEM, "plot");
	script->vars = fopen(script->vars_path, "we");
	if (!script->vars)
		return error_set(err, -errno, "write %s", script->vars_path);
	return 0;
}

void script_done(struct script *script)
{
	if (script->vars)
		fclose(script->vars);
	if (script->dir)
		dir_remove(AT_FDCWD, script->dir, NULL);
	free(script->dir);
	free(script->vars_path);
	*script = (struct script){};
}

/* In single quotes gnuplot reads everything as it is, save for the quote, which is doubled. */
static void put_text(FILE *f, const char *value)
{
	putc('\'', f);
	for (const char *c = value; *c; c++) {
		if (*c == '\'')
			putc('\'', f);
		putc((unsigned char)*c < ' ' ? ' ' : *c, f);
	}
	fputs("'\n", f);
}

static void put_number(FILE *f, double value)
{
	if (isfinite(value))
		fprintf(f, "%.12g", value);
	else
		fputs("NaN", f);
}

void script_text(struct script *script, const char *name, const char *value)
{
	fprintf(script->vars, "%s = ", name);
	put_text(script->vars, value);
}

void script_number(struct script *script, const char *name, double value)
{
	fprintf(script->vars, "%s = ", name);
	put_number(script->vars, value);
	putc('\n', script->vars);
}

void script_array(struct script *script, const char *name, size_t count)
{
	/* gnuplot has no empty array */
	fprintf(script->vars, "array %s[%zu]\n", name, count ? count : 1);
}

void script_text_at(struct script *script, const char *name, size_t i, const char *value)
{
	fprintf(script->vars, "%s[%zu] = ", name, i);
	put_text(script->vars, value);
}

void script_number_at(struct script *script, const char *name, size_t i, double value)
{
	fprintf(script->vars, "%s[%zu] = ", name, i);
	put_number(script->vars, value);
	putc('\n', script->vars);
}

int script_table(struct script *script, const char *name, FILE **ret, struct error *err)
{
	_cleanup_free_ char *file = text_format("%s/%s.tsv", script->dir, name);
	FILE *f;

	if (!file)
		return error_set(err, -ENOMEM, "plot");
	f = fopen(file, "we");
	if (!f)
		return error_set(err, -errno, "write %s", file);
	script_text(script, name, file);
	*ret = f;
	return 0;
}

void script_cell(FILE *table, double value)
{
	put_number(table, value);
	putc('\t', table);
}

void script_row_end(FILE *table)
{
	putc('\n', table);
}

static int gnuplot(const struct script *script, const char *gp, const char *format, const char *out,
		   struct error *err)
{
	_cleanup_free_ char *set = text_format("%s/output-%s.gp", script->dir, format);
	const char *argv[] = { "gnuplot", "--default-settings", script->vars_path, set, gp, NULL };
	_cleanup_fclose_ FILE *f = NULL;
	int r;

	if (!set)
		return error_set(err, -ENOMEM, "plot");
	f = fopen(set, "we");
	if (!f)
		return error_set(err, -errno, "write %s", set);
	fprintf(f, "format = '%s'\noutput_file = ", format);
	put_text(f, out);
	r = file_close(&f, set, err);
	if (r < 0)
		return r;
	r = process_run(argv, NULL, NULL, NULL, err);
	if (r == -ENOENT)
		return error_say(err, -ENOPKG,
				 "plots need gnuplot, which is not here: install gnuplot-nox "
				 "(Debian, Ubuntu) or gnuplot (Fedora)");
	if (r < 0)
		return error_prefix(err, "draw %s", out);
	return 0;
}

/* Draws under another name first, so that a failure leaves no half picture behind. */
static int draw_one(const struct script *script, const char *gp, const char *format,
		    const char *path, struct error *err)
{
	_cleanup_free_ char *tmp = text_format("%s.tmp", path);
	struct stat st;
	int r;

	if (!tmp)
		return error_set(err, -ENOMEM, "plot");
	r = gnuplot(script, gp, format, tmp, err);
	if (r == 0 && (stat(tmp, &st) < 0 || st.st_size == 0))
		r = error_say(err, -EIO, "gnuplot wrote nothing to %s: is the disk full?", tmp);
	if (r == 0 && rename(tmp, path) < 0)
		r = error_set(err, -errno, "rename %s to %s", tmp, path);
	if (r < 0)
		unlink(tmp);
	return r;
}

int script_draw(struct script *script, const char *gp, const char *out_dir, const char *name,
		unsigned formats, struct plot_result *result, struct error *err)
{
	static const char *const endings[] = { "svg", "png" };
	_cleanup_free_ char *gp_path = NULL;
	int r = datafile_find(gp, &gp_path, err);

	if (r == 0)
		r = dir_make(out_dir, err);
	if (r == 0 && script->vars)
		r = file_close(&script->vars, script->vars_path, err);
	for (unsigned i = 0; r == 0 && i < 2; i++) {
		_cleanup_free_ char *path = NULL;

		if (!(formats & (1u << i)))
			continue;
		path = text_format("%s/%s.%s", out_dir, name, endings[i]);
		if (!path)
			return error_set(err, -ENOMEM, "plot");
		r = draw_one(script, gp_path, endings[i], path, err);
		if (r == 0 && strlist_add(&result->files, path) < 0)
			r = error_set(err, -ENOMEM, "plot");
	}
	return r;
}

/* The byte at which letter n of a UTF-8 text begins. */
static size_t letter_at(const char *text, size_t n)
{
	size_t i = 0;

	for (; text[i]; i++) {
		if (((unsigned char)text[i] & 0xc0) != 0x80 && n-- == 0)
			break;
	}
	return i;
}

static size_t letters(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += ((unsigned char)*text & 0xc0) != 0x80;
	return n;
}

const char *text_shorten(const char *text, size_t max, char *buf, size_t size)
{
	size_t n = letters(text);

	if (n <= max)
		snprintf(buf, size, "%s", text);
	else
		snprintf(buf, size, "%.*s…%s", (int)letter_at(text, max / 2), text,
			 text + letter_at(text, n - (max - max / 2 - 1)));
	return buf;
}
