// SPDX-License-Identifier: GPL-2.0-or-later
#include "results/record.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "results/causes.h"
#include "results/closure.h"
#include "results/cube.h"
#include "results/expect.h"
#include "results/fingerprint.h"
#include "results/json.h"
#include "results/metrics.h"
#include "results/start.h"
#include "results/zones.h"
#include "src/cleanup.h"
#include "src/file.h"
#include "src/macro.h"
#include "src/units.h"

#define TRIAL_FILE   "trial.json"
#define LATENCY_FILE "latency.tsv"
#define LATENCY_HEAD "workload\tlow_ns\thigh_ns\tcount"
#define PHASES_MAX   64
/* A workload's histogram is 15 KiB, and the name comes from the record. */
#define LATENCIES_MAX 1024

static int bad_trial(struct error *err, const char *what)
{
	return error_say(err, -EBADMSG, "%s: %s", TRIAL_FILE, what);
}

/* What everything else relies on; the rest is looked up with care where it is needed. */
static int check_trial(const json_t *trial, struct error *err)
{
	static const char *const words[] = { "suite", "scenario", "kernel", "clock", "outcome" };
	const json_t *schema = json_object_get(trial, "schema");

	if (!json_is_object(trial))
		return bad_trial(err, "not a JSON object");
	if (!json_is_integer(schema) || json_integer_value(schema) != RECORD_SCHEMA)
		return error_say(err, -EBADMSG,
				 "%s: its schema is not %d, the one that this wring reads",
				 TRIAL_FILE, RECORD_SCHEMA);
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (!json_is_string(json_object_get(trial, words[i])))
			return error_say(err, -EBADMSG, "%s: «%s» is missing or no string",
					 TRIAL_FILE, words[i]);
	if (!json_is_integer(json_object_get(trial, "seed")))
		return bad_trial(err, "«seed» is missing or no whole number");
	return 0;
}

static int read_trial(json_t **ret, int dirfd, struct error *err)
{
	json_t *trial;
	int r = json_parse(&trial, dirfd, TRIAL_FILE, err);

	if (r < 0)
		return r;
	r = check_trial(trial, err);
	if (r < 0) {
		json_decref(trial);
		return r;
	}
	*ret = trial;
	return 0;
}

/*
 * The rows that bound a phase. Where one phase's last row and the next one's first bear the same
 * time, the former is the one that closes, the latter the one that opens.
 */
static bool find_rows(const struct samples *s, struct phase *phase)
{
	bool opened = false;

	for (size_t row = 0; row < s->rows; row++) {
		uint64_t t = samples_at(s, row, 0);

		if (t == phase->start_ns) {
			phase->first = row;
			opened = true;
		}
		if (t == phase->end_ns && opened && row >= phase->first) {
			phase->last = row;
			if (phase->end_ns > phase->start_ns)
				return true;
		}
	}
	return opened && phase->start_ns == phase->end_ns;
}

static int read_phase(struct record *record, const json_t *item, struct error *err)
{
	struct phase *phase = &record->phases[record->phase_count];
	const char *name;
	json_int_t start, end;

	if (json_unpack((json_t *)item, "{s:s, s:I, s:I}", "name", &name, "start_ns", &start,
			"end_ns", &end) < 0 ||
	    start < 0 || end < start)
		return bad_trial(err, "a phase needs a name, start_ns and end_ns, in that order "
				      "of time");
	if (record_phase(record, name))
		return error_say(err, -EBADMSG, "%s: two phases are called «%.60s»", TRIAL_FILE,
				 name);
	phase->name = strdup(name);
	if (!phase->name)
		return error_set(err, -ENOMEM, "read %s", TRIAL_FILE);
	record->phase_count++;
	phase->start_ns = (uint64_t)start;
	phase->end_ns = (uint64_t)end;
	if (!find_rows(&record->samples, phase))
		return error_say(err, -EBADMSG,
				 "samples.tsv has no row where the phase «%.60s» starts or ends "
				 "(%lld and %lld ns)",
				 name, (long long)start, (long long)end);
	return 0;
}

static int read_phases(struct record *record, struct error *err)
{
	const json_t *phases = json_object_get(record->trial, "phases");
	size_t i;
	json_t *item;

	if (phases && !json_is_array(phases))
		return bad_trial(err, "«phases» is no list");
	if (json_array_size(phases) > PHASES_MAX)
		return bad_trial(err, "too many phases");
	record->phases = calloc(json_array_size(phases) + 1, sizeof(*record->phases));
	if (!record->phases)
		return error_set(err, -ENOMEM, "read %s", TRIAL_FILE);
	json_array_foreach ((json_t *)phases, i, item) {
		int r = read_phase(record, item, err);

		if (r < 0)
			return r;
	}
	return 0;
}

static int latency_of(struct record *record, const char *name, struct histogram **ret)
{
	struct workload_latency *more;

	for (size_t i = 0; i < record->latency_count; i++) {
		if (streq(record->latencies[i].name, name)) {
			*ret = &record->latencies[i].latency;
			return 0;
		}
	}
	if (record->latency_count == LATENCIES_MAX)
		return -E2BIG;
	more = reallocarray(record->latencies, record->latency_count + 1, sizeof(*more));
	if (!more)
		return -ENOMEM;
	record->latencies = more;
	more += record->latency_count;
	*more = (struct workload_latency){ .name = strdup(name) };
	if (!more->name)
		return -ENOMEM;
	record->latency_count++;
	*ret = &more->latency;
	return 0;
}

static int read_bucket(struct record *record, char *line, size_t number, struct error *err)
{
	char *name = strsep(&line, "\t"), *low_text = strsep(&line, "\t");
	char *high_text = strsep(&line, "\t"), *count_text = strsep(&line, "\t");
	struct histogram *h;
	uint64_t low, high, count;
	unsigned bucket;
	int r;

	if (!*name || !count_text || line || parse_u64(low_text, &low) < 0 ||
	    parse_u64(high_text, &high) < 0 || parse_u64(count_text, &count) < 0)
		return error_say(err, -EBADMSG, "%s:%zu: not «workload, low, high, count»",
				 LATENCY_FILE, number);
	bucket = histogram_bucket(low);
	if (histogram_low(bucket) != low)
		return error_say(err, -EBADMSG, "%s:%zu: no bucket begins at %s", LATENCY_FILE,
				 number, low_text);
	r = latency_of(record, name, &h);
	if (r < 0)
		return error_set(err, r, "read %s", LATENCY_FILE);
	if (h->buckets[bucket])
		return error_say(err, -EBADMSG, "%s:%zu: a bucket of «%.60s» comes twice",
				 LATENCY_FILE, number, name);
	if (__builtin_add_overflow(h->count, count, &h->count))
		return error_say(err, -EBADMSG, "%s:%zu: the counts overflow", LATENCY_FILE,
				 number);
	h->buckets[bucket] = count;
	/* The file keeps no largest value: the bucket's end bounds it. */
	if (count)
		h->max = MAX(h->max, histogram_low(bucket + 1) - 1);
	return 0;
}

static int read_latencies(struct record *record, int dirfd, struct error *err)
{
	_cleanup_free_ char *text = NULL;
	char *cursor, *line;
	size_t len, number = 1;
	int r = file_read(dirfd, LATENCY_FILE, &text, &len, err);

	if (r < 0)
		return r;
	if (strlen(text) != len)
		return error_say(err, -EBADMSG, "%s holds a NUL byte", LATENCY_FILE);
	cursor = text;
	line = strsep(&cursor, "\n");
	if (!streq(line, LATENCY_HEAD))
		return error_say(err, -EBADMSG,
				 "%s: its first line must name the columns "
				 "workload, low_ns, high_ns and count",
				 LATENCY_FILE);
	while (r == 0 && (line = strsep(&cursor, "\n"))) {
		number++;
		if (*line)
			r = read_bucket(record, line, number, err);
	}
	return r;
}

int record_read(struct record **ret, int dirfd, struct error *err)
{
	struct record *record = calloc(1, sizeof(*record));
	int r;

	if (!record)
		return error_set(err, -ENOMEM, "read a record");
	r = read_trial(&record->trial, dirfd, err);
	if (r == 0)
		r = samples_read(&record->samples, dirfd, err);
	if (r == 0)
		r = read_phases(record, err);
	if (r == 0)
		r = read_latencies(record, dirfd, err);
	if (r == 0 && json_object_get(record->trial, "trace"))
		r = spans_read(&record->spans, dirfd, err);
	if (r == 0 && slows_expected(record->trial))
		r = slows_read(&record->slows, dirfd, record->trial, err);
	if (r < 0) {
		record_free(record);
		return r;
	}
	*ret = record;
	return 0;
}

int record_open(struct record **ret, const char *dir, struct error *err)
{
	_cleanup_close_ int dirfd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int r;

	if (dirfd < 0)
		return error_set(err, -errno, "open %s", dir);
	r = record_read(ret, dirfd, err);
	return r < 0 ? error_prefix(err, "%s", dir) : 0;
}

void record_free(struct record *record)
{
	if (!record)
		return;
	json_decref(record->trial);
	samples_done(&record->samples);
	for (size_t i = 0; i < record->phase_count; i++)
		free(record->phases[i].name);
	free(record->phases);
	for (size_t i = 0; i < record->latency_count; i++)
		free(record->latencies[i].name);
	free(record->latencies);
	spans_done(&record->spans);
	slows_done(&record->slows);
	cube_free(record->cube);
	if (record->zones)
		zones_done(record->zones);
	free(record->zones);
	free(record);
}

const struct phase *record_phase(const struct record *record, const char *name)
{
	for (size_t i = 0; i < record->phase_count; i++)
		if (streq(record->phases[i].name, name))
			return &record->phases[i];
	return NULL;
}

int record_measure(struct record *record)
{
	const struct phase *phase = record_phase(record, "measured");
	int r = 0;

	if (!phase || phase->last <= phase->first)
		return 0;
	if (!record->cube)
		r = cube_new(&record->cube, record);
	if (r == 0 && !record->zones) {
		record->zones = calloc(1, sizeof(*record->zones));
		r = record->zones ? zones_read(record->zones, record, phase->first, phase->last)
				  : -ENOMEM;
	}
	if (r == 0)
		cube_take(record->cube, phase->first, phase->last);
	return r;
}

static void cleanup_recordp(struct record **record)
{
	record_free(*record);
}

/* Puts what is computed at the trial's end, whether it was there before or not. */
static int put(json_t *trial, const char *key, json_t *value)
{
	json_object_del(trial, key);
	return json_object_set_new(trial, key, value) < 0 ? -ENOMEM : 0;
}

/* Only traced trials of open loops have any. */
static int put_causes(struct record *record)
{
	json_t *causes = causes_compute(record);

	if (causes && json_object_size(causes))
		return put(record->trial, "causes", causes);
	json_object_del(record->trial, "causes");
	json_decref(causes);
	return causes ? 0 : -ENOMEM;
}

/* What reclaim did in each phase, by node, cgroup, reclaimer and kind. */
static int put_cube(struct record *record)
{
	int r = record_measure(record);

	return r == 0 && record->cube ? put(record->trial, "cube", cube_json(record->cube)) : r;
}

static double metric_value(const json_t *metrics, const char *name)
{
	return json_number_value(json_object_get(json_object_get(metrics, name), "value"));
}

/*
 * Whether what is swapped is in the counters of block requests: a zram or brd that has rw_page()
 * (Linux before 6.3) makes none. It shows where more was swapped than all requests together moved.
 */
static int put_swap_io(json_t *trial, const json_t *metrics)
{
	double page = json_number_value(json_object_get(trial, "page_size"));
	double in = metric_value(metrics, "swap.in"), out = metric_value(metrics, "swap.out");
	bool missing = metric_value(metrics, "io.read") < in * page ||
		       metric_value(metrics, "io.written") < out * page;
	json_t *regime = json_object_get(trial, "regime");

	if (!json_is_object(regime) || !json_object_get(metrics, "io.read") || in + out == 0)
		return 0;
	return put(regime, "swap_io", json_string(missing ? "uncounted" : "counted"));
}

static int compute(struct record *record, int dirfd, struct error *err)
{
	json_t *trial = record->trial, *closure = closure_compute(record);
	char fingerprint[FINGERPRINT_SIZE];
	json_t *metrics;
	int r;

	if (put(trial, "closure", closure) < 0)
		return error_set(err, -ENOMEM, "compute the closure");
	if (put_causes(record) < 0)
		return error_set(err, -ENOMEM, "compute the causes");
	if (put_cube(record) < 0)
		return error_set(err, -ENOMEM, "compute the reclaim cube");
	if (put(trial, "start", start_compute(record)) < 0)
		return error_set(err, -ENOMEM, "compute the state at the start");
	metrics = metrics_compute(record, closure);
	if (put(trial, "metrics", metrics) < 0)
		return error_set(err, -ENOMEM, "compute the metrics");
	if (put_swap_io(trial, metrics) < 0)
		return error_set(err, -ENOMEM, "tell what counts as I/O");
	if (put(trial, "expect", expect_evaluate(record, metrics)) < 0)
		return error_set(err, -ENOMEM, "evaluate the expectations");
	r = fingerprint_compute(dirfd, metrics, fingerprint, err);
	if (r < 0)
		return r;
	if (put(trial, "fingerprint", json_string(fingerprint)) < 0)
		return error_set(err, -ENOMEM, "write the fingerprint");
	return 0;
}

int record_finish(int dirfd, struct error *err)
{
	_cleanup_(cleanup_recordp) struct record *record = NULL;
	_cleanup_free_ char *text = NULL;
	_cleanup_free_ char *file = NULL;
	int r = record_read(&record, dirfd, err);

	if (r == 0)
		r = compute(record, dirfd, err);
	if (r < 0)
		return r;
	text = json_dumps(record->trial, JSON_INDENT(2) | RECORD_JSON_FLAGS);
	file = text ? text_format("%s\n", text) : NULL;
	if (!file)
		return error_set(err, -ENOMEM, "write %s", TRIAL_FILE);
	return file_write_atomic(dirfd, TRIAL_FILE, file, strlen(file), err);
}
