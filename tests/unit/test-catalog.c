// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The catalog against two states of two real kernels (tests/record-fixtures.sh): every metric is
 * computed once by its formula from samples, and once from the files as they stand, by the table
 * tests/fixtures/catalog/metrics.txt; both must be equal to the last bit. Many of the kernel's
 * counters rest in two minutes of work, so it is done again with each number of the later state
 * raised by a random one, which tells any two keys apart.
 *
 * Equal, not near: sums, differences and products of counters stay below 2^53, so a double holds
 * them exactly, and one division of the same numbers rounds in one way.
 */
#include <fcntl.h>
#include <fnmatch.h>
#include <sys/stat.h>
#include <unistd.h>

#include "results/columns.h"
#include "results/metrics.h"
#include "results/record.h"
#include "src/cleanup.h"
#include "src/file.h"
#include "src/macro.h"
#include "tests/tap.h"
#include "tests/trees.h"

#define TIME_NS 3000000019ull

static const char trial_text[] =
	"{\"schema\":1,\"suite\":\"s\",\"scenario\":\"c\",\"kernel\":\"k\",\"clock\":\"insn\","
	"\"seed\":1,\"outcome\":\"completed\",\"why\":\"\",\"invalid\":[],"
	"\"regime\":{\"reclaim_counters\":\"global-only\"},\"page_size\":4096,\"cpus\":1,"
	"\"nodes\":[0,1],\"cgroups\":[\"box\"],\"workloads\":[{\"name\":\"w\"}],\"phases\":["
	"{\"name\":\"measured\",\"start_ns\":1000,\"end_ns\":%llu}],\"expect\":[]}";

static void put(int dir, const char *name, const char *text)
{
	if (file_write_atomic(dir, name, text, strlen(text), NULL) < 0)
		exit(1);
}

static json_t *compute(const struct columns *c)
{
	char dir[] = "test-catalog.XXXXXX";
	_cleanup_free_ char *samples = NULL, *trial = text_format(trial_text, 1000 + TIME_NS);
	_cleanup_close_ int fd = -1;
	json_t *none = json_array(), *metrics;
	struct record *record = NULL;
	struct error err = {};
	size_t len;
	FILE *f = open_memstream(&samples, &len);

	fputs("t_ns", f);
	for (size_t i = 0; i < c->count; i++)
		fprintf(f, "\t%s", c->items[i].name);
	fputs("\n1000", f);
	for (size_t i = 0; i < c->count; i++)
		fprintf(f, "\t%" PRIu64, c->items[i].before);
	fprintf(f, "\n%llu", 1000 + TIME_NS);
	for (size_t i = 0; i < c->count; i++)
		fprintf(f, "\t%" PRIu64, c->items[i].after);
	fputc('\n', f);
	fclose(f);
	if (!mkdtemp(dir) || (fd = open(dir, O_RDONLY | O_DIRECTORY)) < 0)
		exit(1);
	put(fd, "trial.json", trial);
	put(fd, "samples.tsv", samples);
	put(fd, "latency.tsv", "workload\tlow_ns\thigh_ns\tcount\n");
	if (!tap_eq_i64(record_read(&record, fd, &err), 0, "a record %s", err.text))
		exit(tap_done());
	metrics = metrics_compute(record, none);
	record_free(record);
	json_decref(none);
	dir_remove(AT_FDCWD, dir, NULL);
	return metrics;
}

/* ---- the same by the table, from the files as they stand ---- */

enum how { HOW_DIFFERENCE, HOW_LAST, HOW_MAX, HOW_MIN };

struct entry {
	char metric[100], path[100];
	enum how how;
	char sum[300], divisor[300]; /* keys; divisor "" for none, "time" */
	double scale;
};

struct table {
	struct entry *items;
	size_t count;
};

static void take_entry(struct table *t, const char *path, char *line)
{
	static const char *const hows[] = { "d", "last", "max", "min" };
	struct entry *e;
	char *word, *into;

	t->items = realloc(t->items, (t->count + 1) * sizeof(*t->items));
	e = &t->items[t->count++];
	*e = (struct entry){ .scale = 1 };
	into = e->sum;
	snprintf(e->path, sizeof(e->path), "%s", path);
	snprintf(e->metric, sizeof(e->metric), "%s", strsep(&line, " "));
	word = strsep(&line, " ");
	while (e->how < HOW_MIN && !streq(hows[e->how], word ? word : ""))
		e->how++;
	while ((word = strsep(&line, " "))) {
		if (streq(word, "/"))
			into = e->divisor;
		else if (streq(word, "*"))
			e->scale = strtod(strsep(&line, " "), NULL);
		else
			sprintf(into + strlen(into), "%s%s", *into ? " " : "", word);
	}
}

static struct table read_table(void)
{
	_cleanup_free_ char *text = tree_fixture("catalog/metrics.txt");
	char *rest = text, *line, file[100] = "";
	struct table table = {};

	while ((line = strsep(&rest, "\n"))) {
		if (*line == '[')
			snprintf(file, sizeof(file), "%.*s", (int)strcspn(line + 1, "]"), line + 1);
		else if (*line && *line != '#')
			take_entry(&table, file, line);
	}
	return table;
}

/* The number of a line's word; *ret_found says whether there was one. */
static double number_behind(const char *text, const char *word, const char *tail, bool *ret_found)
{
	size_t len = strlen(word);
	double sum = 0;

	for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line != '\0') {
		const char *at = line + len;

		if (strncmp(line, word, len) != 0 || !strchr(tail, *at) || !*at)
			continue;
		sum += (double)strtoull(at + strspn(at, " "), NULL, 10);
		*ret_found = true;
	}
	return sum;
}

/* key= : one a line, anywhere in it. */
static double all_devices(const char *text, const char *key, bool *ret_found)
{
	_cleanup_free_ char *word = text_format(" %s", key);
	double sum = 0;

	for (const char *at = text; (at = strstr(at, word)); at += strlen(word)) {
		sum += (double)strtoull(at + strlen(word), NULL, 10);
		*ret_found = true;
	}
	return sum;
}

static double total_of_line(const char *text, const char *key, bool *ret_found)
{
	_cleanup_free_ char *word = text_format("%.*s ", (int)strcspn(key, ":"), key);
	const char *line = strstr(text, word), *total = line ? strstr(line, "total=") : NULL;

	*ret_found |= total != NULL;
	return total ? (double)strtoull(total + strlen("total="), NULL, 10) : 0;
}

static double nth_number(const char *text, unsigned n, bool *ret_found)
{
	char *end = (char *)text;
	double value = 0;

	while (n--) {
		const char *at = end;

		value = (double)strtoull(at, &end, 10);
		if (end == at)
			return 0;
	}
	*ret_found = true;
	return value;
}

static double raw(const char *text, const char *key, bool *ret_found)
{
	size_t len = strlen(key);

	if (*key == '#')
		return nth_number(text, (unsigned)strtoul(key + 1, NULL, 10), ret_found);
	if (key[len - 1] == '=')
		return all_devices(text, key, ret_found);
	if (streq(key, "some:") || streq(key, "full:"))
		return total_of_line(text, key, ret_found);
	return number_behind(text, key, " ", ret_found);
}

/* The sum of keys in one state; false when one of them isn't there. */
static bool sum_keys(const char *text, const char *keys, double *ret)
{
	_cleanup_free_ char *copy = strdup(keys);
	char *rest = copy, *key;

	while ((key = strsep(&rest, " "))) {
		double sign = 1, value;
		bool optional = false, found = false;

		for (; strchr("-?", *key); key++) {
			sign = *key == '-' ? -1 : sign;
			optional |= *key == '?';
		}
		value = raw(text, key, &found);
		if (!found && !optional)
			return false;
		*ret += sign * value;
	}
	return true;
}

/* The files of an entry, several for a thread's *; both states summed. */
static bool sum_files(const struct tree *t, const char *path, const char *keys, double *ret_before,
		      double *ret_after)
{
	bool any = false;

	for (size_t i = 0; tree_sources[i].path; i++) {
		if (fnmatch(path, tree_sources[i].path, 0) != 0)
			continue;
		if (!sum_keys(t->before[i], keys, ret_before) ||
		    !sum_keys(t->after[i], keys, ret_after))
			return false;
		any = true;
	}
	return any;
}

static double by_how(enum how how, double before, double after)
{
	switch (how) {
	case HOW_DIFFERENCE:
		return after - before;
	case HOW_LAST:
		return after;
	case HOW_MAX:
		return MAX(before, after);
	case HOW_MIN:
		return MIN(before, after);
	}
	__builtin_unreachable();
}

/* NAN: it can't be told by these files. */
static double wanted_value(const struct tree *t, const struct entry *e, const char *path)
{
	double before = 0, after = 0, under[2] = {}, divisor = 1;

	if (!sum_files(t, path, e->sum, &before, &after))
		return NAN;
	if (streq(e->divisor, "time"))
		divisor = (double)TIME_NS;
	else if (*e->divisor && !sum_files(t, path, e->divisor, &under[0], &under[1]))
		return NAN;
	else if (*e->divisor)
		divisor = by_how(e->how, under[0], under[1]);
	if (divisor == 0)
		return NAN;
	return by_how(e->how, before, after) * e->scale / divisor;
}

/* ---- comparing ---- */

/* "node.N.x" for node 1: "node.1.x". */
static void for_node(char *ret, size_t size, const char *text, unsigned node)
{
	const char *at = strstr(text, "node.N.");
	size_t before;

	at = at ? at + strlen("node.") : strchr(text, 'N');
	before = at ? (size_t)(at - text) : strlen(text);
	if (at)
		snprintf(ret, size, "%.*s%u%s", (int)before, text, node, at + 1);
	else
		snprintf(ret, size, "%s", text);
}

static bool is_of_nodes(const struct entry *e)
{
	return strstr(e->path, "nodeN") || strstr(e->path, "dN/");
}

struct tally {
	unsigned compared, different, present, invalid;
};

static void compare_entry(const struct tree *t, const json_t *metrics, const struct entry *e,
			  unsigned node, struct tally *tally)
{
	char name[100], path[100];
	const json_t *metric;
	double want, got;

	for_node(name, sizeof(name), e->metric, node);
	if (is_of_nodes(e))
		for_node(path, sizeof(path), e->path, node);
	else
		snprintf(path, sizeof(path), "%s", e->path);
	metric = json_object_get(metrics, name);
	want = wanted_value(t, e, path);
	got = metric ? json_number_value(json_object_get(metric, "value")) : NAN;
	tally->compared++;
	tally->present += metric != NULL;
	tally->invalid += metric && !json_is_true(json_object_get(metric, "valid"));
	if (isnan(want) ? !metric : got == want)
		return;
	tally->different++;
	printf("# %s: %s is %.17g, by %s it must be %.17g\n", t->kernel, name, got, path, want);
}

static void compare(const struct tree *t, const json_t *metrics, const struct table *table,
		    const char *state)
{
	struct tally tally = {};

	for (size_t i = 0; i < table->count; i++)
		for (unsigned node = 0; node < (is_of_nodes(&table->items[i]) ? 2u : 1u); node++)
			compare_entry(t, metrics, &table->items[i], node, &tally);
	tap_eq_u64(tally.different, 0,
		   "%s, %s: %u metrics, %u of them there, are what the files say", t->kernel, state,
		   tally.compared, tally.present);
	tap_eq_u64(tally.invalid, 0, "%s, %s: no counter went backwards", t->kernel, state);
}

/* ---- that nothing is forgotten ---- */

struct search {
	bool found;
};

/* The metrics that the kernel's files alone make: not latencies, not what tracing counts. */
static bool look_for_file(const struct column_use *use, void *with)
{
	static const char *const kernel[] = { "vmstat.", "meminfo.", "zoneinfo.",  "buddyinfo.",
					      "psi.",	 "NAME.",    "node",	   "zram0.",
					      "kswapd",	 "kcompact", "khugepaged", "work." };
	struct search *s = with;

	for (size_t i = 0; i < ARRAY_SIZE(kernel); i++)
		s->found |= starts_with(use->name, kernel[i]);
	return true;
}

/* work.NAME.x, cgroup.NAME.x as the table has them. */
static void as_in_table(char *ret, size_t size, const char *name)
{
	const char *at = strstr(name, ".NAME.");

	snprintf(ret, size, "%.*s%s%s", at ? (int)(at - name) : (int)strlen(name), name,
		 !at			     ? ""
		 : starts_with(name, "work") ? ".w."
					     : ".box.",
		 at ? at + strlen(".NAME.") : "");
}

static void check_table(const struct table *table)
{
	unsigned missing = 0, strange = 0;

	for (const struct metric_def *d = NULL; (d = metric_next(d));) {
		struct search s = {};
		char name[100];
		bool there = false;

		columns_visit(d, look_for_file, &s);
		as_in_table(name, sizeof(name), d->name);
		for (size_t i = 0; i < table->count && !there; i++)
			there = streq(table->items[i].metric, name);
		if (!s.found || there)
			continue;
		missing++;
		printf("# metrics.txt has no line for %s\n", name);
	}
	for (size_t i = 0; i < table->count; i++) {
		if (metric_find(table->items[i].metric))
			continue;
		strange++;
		printf("# metrics.txt: there is no metric %s\n", table->items[i].metric);
	}
	tap_eq_u64(missing, 0, "no metric of the kernel's files is without a line of the table");
	tap_eq_u64(strange, 0, "each of %zu lines is about a metric", table->count);
}

/* ---- the mechanisms ---- */

static void check_mechanism(const char *name, char *list, json_t *const *metrics)
{
	bool known = true, shown[2] = {};
	char *metric;

	while ((metric = strsep(&list, " "))) {
		if (!metric_find(metric)) {
			printf("# there is no metric %s\n", metric);
			known = false;
		}
		for (size_t i = 0; i < ARRAY_SIZE(shown); i++)
			shown[i] |= json_object_get(metrics[i], metric) != NULL;
	}
	tap_ok(known && shown[0] && shown[1], "metrics of both kernels show: %s", name);
}

static void check_mechanisms(json_t *const *metrics)
{
	_cleanup_free_ char *text = tree_fixture("catalog/mechanisms.txt");
	char *rest = text, *line;

	while ((line = strsep(&rest, "\n"))) {
		char *colon = strstr(line, ": ");

		if (!*line || *line == '#' || !colon)
			continue;
		*colon = '\0';
		check_mechanism(line, colon + strlen(": "), metrics);
	}
}

int main(void)
{
	static const char *const kernels[] = { "linux-6.1", "linux-6.12" };
	struct columns *columns = calloc(1, sizeof(*columns));
	struct table table = read_table();
	json_t *metrics[ARRAY_SIZE(kernels)];

	check_table(&table);
	for (size_t i = 0; i < ARRAY_SIZE(kernels); i++) {
		struct tree tree;
		json_t *raised;

		tree_load(&tree, kernels[i]);
		columns_read(columns, &tree);
		metrics[i] = compute(columns);
		compare(&tree, metrics[i], &table, "as recorded");
		tree_raise(&tree);
		columns_read(columns, &tree);
		raised = compute(columns);
		compare(&tree, raised, &table, "raised");
		json_decref(raised);
		tree_done(&tree);
	}
	check_mechanisms(metrics);
	for (size_t i = 0; i < ARRAY_SIZE(kernels); i++)
		json_decref(metrics[i]);
	free(table.items);
	free(columns);
	return tap_done();
}
