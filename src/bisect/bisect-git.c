// SPDX-License-Identifier: GPL-2.0-or-later
#include "src/bisect/bisect-git.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/vm/kernel-config.h"
#include "src/bisect/bisect-build.h"
#include "src/cleanup.h"
#include "src/file.h"
#include "src/macro.h"
#include "src/process.h"

#define WORDS_MAX 24
#define SHORT	  12 /* digits of a hash */

struct bisect_git {
	char *tree;
	char *good, *bad; /* whole hashes */
	char *source, *build, *config;
	const struct strlist *make;
	bool config_is_fragment, first_parent, started;
	struct strlist tested_good; /* hashes */
	char *said;		    /* what git bisect printed last */
};

static bool is_directory(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

bool bisect_git_split(const char *text, char **ret_tree, char **ret_rev)
{
	/* A revision may have an «@», and so may a path: the first one behind a directory counts.
	 */
	for (const char *at = strchr(text, '@'); at; at = strchr(at + 1, '@')) {
		_cleanup_free_ char *tree = strndup(text, (size_t)(at - text));

		if (tree && !is_directory(tree))
			continue;
		*ret_tree = TAKE_PTR(tree);
		*ret_rev = strdup(at + 1);
		return true;
	}
	return false;
}

/* Runs git in a directory; the words end with NULL. The variables of a git that runs us are not
 * ours. */
__attribute__((sentinel)) static int git(const char *dir, char **ret_output, int *ret_status,
					 struct error *err, ...)
{
	const char *argv[WORDS_MAX] = {
		"env", "-u", "GIT_DIR", "-u", "GIT_WORK_TREE", "-u", "GIT_INDEX_FILE",
		"git", "-C", dir
	};
	size_t n = 10;
	va_list ap;

	va_start(ap, err);
	while (n + 1 < WORDS_MAX && (argv[n] = va_arg(ap, const char *)))
		n++;
	va_end(ap);
	return process_run(argv, NULL, ret_output, ret_status, err);
}

/* ---- before the search ---- */

static int find_commit(const char *tree, const char *rev, char **ret, struct error *err)
{
	_cleanup_free_ char *text = text_format("%s^{commit}", rev), *output = NULL;
	int status, r;

	if (!text)
		return error_set(err, -ENOMEM, "bisect");
	r = git(tree, &output, &status, err, "rev-parse", "--verify", "--quiet", text, NULL);
	if (r < 0)
		return r;
	output[strcspn(output, "\n")] = '\0';
	if (*rev == '-' || status != 0 || !isxdigit((unsigned char)*output))
		return error_say(err, -EINVAL, "%s has no commit «%s»%s%s", tree, rev,
				 *output ? ": " : "", output);
	*ret = TAKE_PTR(output);
	return 0;
}

/* There is something between them, in that direction. */
static int check_order(const struct bisect_git *g, const struct bisect_git_args *a,
		       struct error *err)
{
	int status, r;

	if (streq(g->good, g->bad))
		return error_say(err, -EINVAL, "good and bad are the same commit, %.*s", SHORT,
				 g->good);
	r = git(g->tree, NULL, &status, err, "merge-base", "--is-ancestor", g->good, g->bad, NULL);
	if (r == 0 && status != 0)
		r = error_say(err, -EINVAL,
			      "good, %s, is no ancestor of bad, %s: take where they branched, «git "
			      "merge-base %s %s», if that is good. To find what mended something, "
			      "call the bad one good",
			      a->good, a->bad, a->good, a->bad);
	return r;
}

/* What the suite needs, among the records: a kernel of little more than that is built in minutes.
 */
static int write_fragment(const struct suite *suite, const char *path, struct error *err)
{
	FILE *f = fopen(path, "we");
	int r = f ? kernel_config_write(f, suite) : -errno, closed;

	if (r < 0)
		error_set(err, r, "write %s", path);
	closed = f ? file_close(&f, path, r < 0 ? NULL : err) : 0;
	return r < 0 ? r : closed;
}

/* The user's, the tree's, or one of our own. */
static int choose_config(struct bisect_git *g, const struct bisect_git_args *a, const char *dir,
			 struct error *err)
{
	_cleanup_free_ char *own = path_join(a->tree, ".config");
	const char *path = a->config ? a->config : own;

	if (!own)
		return error_set(err, -ENOMEM, "bisect");
	if (access(path, R_OK) == 0) {
		g->config = realpath(path, NULL);
		return g->config ? 0 : error_set(err, -errno, "find %s", path);
	}
	if (a->config)
		return error_set(err, -EINVAL, "--config %s can't be read", a->config);
	g->config = path_join(dir, "wring.config");
	g->config_is_fragment = true;
	return g->config ? write_fragment(a->suite, g->config, err)
			 : error_set(err, -ENOMEM, "bisect");
}

static int make_clone(struct bisect_git *g, struct error *err)
{
	_cleanup_free_ char *program = NULL, *tree = realpath(g->tree, NULL);
	int r = dir_remove(AT_FDCWD, g->source, err); /* of one that was killed */

	if (r == 0 && !tree)
		r = error_set(err, -errno, "find %s", g->tree);
	if (r == 0)
		r = git(".", NULL, NULL, err, "clone", "--quiet", "--shared", "--no-checkout", tree,
			g->source, NULL);
	return r;
}

static int prepare(struct bisect_git *g, const struct bisect_git_args *a, struct error *err)
{
	_cleanup_free_ char *program = NULL, *dir = NULL;
	int r = process_find("git", &program, err);

	if (r == 0)
		r = build_check(a->make, err);
	if (r == 0)
		r = find_commit(a->tree, a->good, &g->good, err);
	if (r == 0)
		r = find_commit(a->tree, a->bad, &g->bad, err);
	if (r == 0)
		r = check_order(g, a, err);
	if (r < 0)
		return r;
	dir = realpath(a->dir, NULL);
	g->source = dir ? path_join(dir, "source") : NULL;
	g->build = dir ? path_join(dir, "build") : NULL;
	if (!g->source || !g->build)
		return error_set(err, dir ? -ENOMEM : -errno, "find %s", a->dir);
	r = choose_config(g, a, dir, err);
	return r < 0 ? r : make_clone(g, err);
}

int bisect_git_open(struct bisect_git **ret, const struct bisect_git_args *args, struct error *err)
{
	struct bisect_git *g = calloc(1, sizeof(*g));
	int r = g ? 0 : error_set(err, -ENOMEM, "bisect");

	if (r < 0)
		return r;
	g->tree = strdup(args->tree);
	g->make = args->make;
	g->first_parent = args->first_parent;
	r = g->tree ? prepare(g, args, err) : error_set(err, -ENOMEM, "bisect");
	if (r < 0) {
		bisect_git_close(g);
		return r;
	}
	*ret = g;
	return 0;
}

void bisect_git_close(struct bisect_git *g)
{
	if (!g)
		return;
	if (g->source)
		dir_remove(AT_FDCWD, g->source, NULL);
	free(g->tree);
	free(g->good);
	free(g->bad);
	free(g->source);
	free(g->build);
	free(g->config);
	free(g->said);
	strlist_done(&g->tested_good);
	free(g);
}

/* ---- the search ---- */

static int fill_point(struct bisect_git *g, struct bisect_point *ret, const char *hash,
		      struct error *err)
{
	struct bisect_point p = {};
	char *subject;
	int r = git(g->source, &subject, &(int){ 0 }, err, "log", "-1", "--format=%s", hash, NULL);

	if (r < 0)
		return r;
	subject[strcspn(subject, "\n")] = '\0';
	error_plain(subject); /* it comes from anyone, and goes to a terminal */
	p = (struct bisect_point){ .name = strndup(hash, SHORT),
				   .id = strdup(hash),
				   .about = subject };
	if (!p.name || !p.id) {
		bisect_point_done(&p);
		return error_set(err, -ENOMEM, "bisect");
	}
	*ret = p;
	return 0;
}

static int ends(void *self, struct bisect_point *ret_good, struct bisect_point *ret_bad,
		struct error *err)
{
	struct bisect_git *g = self;
	int r = fill_point(g, ret_good, g->good, err);

	if (r == 0 && strlist_add(&g->tested_good, g->good) < 0)
		r = error_set(err, -ENOMEM, "bisect");
	return r < 0 ? r : fill_point(g, ret_bad, g->bad, err);
}

/* One word for git bisect; what it says of the end of the search comes with a status, too. */
static int tell(struct bisect_git *g, const char *word, struct error *err)
{
	int status;
	int r;

	free(TAKE_PTR(g->said));
	r = git(g->source, &g->said, &status, err, "bisect", word, NULL);
	if (r == 0 && status != 0 && !strstr(g->said, "only 'skip'ped commits left"))
		r = error_say(err, -EIO, "git bisect %s failed: %s", word, g->said);
	return r;
}

static int start(struct bisect_git *g, struct error *err)
{
	g->started = true;
	if (g->first_parent)
		return git(g->source, &g->said, NULL, err, "bisect", "start", "--first-parent",
			   g->bad, g->good, NULL);
	return git(g->source, &g->said, NULL, err, "bisect", "start", g->bad, g->good, NULL);
}

static bool is_over(const struct bisect_git *g)
{
	return strstr(g->said, " is the first bad commit") ||
	       strstr(g->said, "only 'skip'ped commits left");
}

/* "(roughly 3 steps)": behind the one that is to be tested now. */
static size_t steps_left(const char *said)
{
	const char *at = strstr(said, "(roughly ");
	unsigned n = 0;

	return at && sscanf(at, "(roughly %u step", &n) == 1 ? n + 1 : 1;
}

static int next(void *self, struct bisect_point *ret, size_t *ret_left, struct error *err)
{
	_cleanup_free_ char *hash = NULL;
	struct bisect_git *g = self;
	int r = g->started ? 0 : start(g, err);

	if (r < 0)
		return r;
	if (is_over(g))
		return 1;
	*ret_left = steps_left(g->said);
	r = find_commit(g->source, "HEAD", &hash, err);
	return r < 0 ? r : fill_point(g, ret, hash, err);
}

static int mark(void *self, enum bisect_mark mark, struct error *err)
{
	struct bisect_git *g = self;
	_cleanup_free_ char *hash = NULL;
	int r = mark == BISECT_GOOD ? find_commit(g->source, "HEAD", &hash, err) : 0;

	if (r == 0 && hash && strlist_add(&g->tested_good, hash) < 0)
		r = error_set(err, -ENOMEM, "bisect");
	return r < 0 ? r
		     : tell(g,
			    mark == BISECT_GOOD	 ? "good"
			    : mark == BISECT_BAD ? "bad"
						 : "skip",
			    err);
}

static int make_kernel(void *self, const struct bisect_point *point, const char *log, char **ret,
		       struct error *err)
{
	struct bisect_git *g = self;
	_cleanup_free_ char *stamp = NULL;
	struct kernel_build b = { .source = g->source,
				  .out = g->build,
				  .config = g->config,
				  .is_fragment = g->config_is_fragment,
				  .make = g->make };
	int r = git(g->source, NULL, NULL, err, "checkout", "--quiet", "--force", "--detach",
		    point->id, NULL);

	if (r == 0)
		r = git(g->source, &stamp, &(int){ 0 }, err, "log", "-1", "--format=@%ct",
			point->id, NULL);
	if (r < 0)
		return r;
	stamp[strcspn(stamp, "\n")] = '\0';
	b.stamp = stamp;
	fprintf(stderr, "bisect: building %s\n", point->name);
	r = build_kernel(&b, log, err);
	if (r < 0)
		return r;
	*ret = strdup(g->build);
	return *ret ? 0 : error_set(err, -ENOMEM, "bisect");
}

/* ---- what it came to ---- */

static bool is_hash(const char *line)
{
	size_t n = strspn(line, "0123456789abcdef");

	return n >= 40 && (line[n] == '\0' || isspace((unsigned char)line[n]));
}

/* The lines that begin with a hash: the first bad commit's, or all that are left. */
static int list_candidates(const struct bisect_git *g, struct bisect_found *ret)
{
	_cleanup_free_ char *text = strdup(g->said);
	bool one = strstr(g->said, " is the first bad commit") != NULL;
	char *save = NULL;

	for (char *line = text ? strtok_r(text, "\n", &save) : NULL; line;
	     line = strtok_r(NULL, "\n", &save)) {
		if (!is_hash(line) || (one && !strstr(line, " is the first bad commit")))
			continue;
		line[strspn(line, "0123456789abcdef")] = '\0';
		if (strlist_add(&ret->candidates, line) < 0)
			return -ENOMEM;
	}
	return text ? 0 : -ENOMEM;
}

/* A parent that was tested and is good. */
static int find_before(const struct bisect_git *g, struct bisect_found *ret, struct error *err)
{
	_cleanup_free_ char *output = NULL;
	char *save = NULL;
	int r = git(g->source, &output, &(int){ 0 }, err, "rev-list", "--parents", "-n", "1",
		    ret->candidates.items[0], NULL);

	for (char *p = r < 0 ? NULL : strtok_r(output, " \n", &save); p && !ret->before;
	     p = strtok_r(NULL, " \n", &save))
		if (strlist_contains(&g->tested_good, p))
			ret->before = strdup(p);
	return r;
}

static int found(void *self, struct bisect_found *ret, struct error *err)
{
	struct bisect_git *g = self;
	int r = list_candidates(g, ret) < 0 ? error_set(err, -ENOMEM, "bisect") : 0;

	if (r == 0 && !ret->candidates.count)
		r = error_say(err, -EIO, "git bisect names no commit: %s", g->said);
	if (r == 0 && ret->candidates.count == 1)
		r = find_before(g, ret, err);
	return r;
}

struct bisect_source bisect_git_source(struct bisect_git *g)
{
	return (struct bisect_source){ .self = g,
				       .ends = ends,
				       .next = next,
				       .mark = mark,
				       .kernel = make_kernel,
				       .found = found };
}
