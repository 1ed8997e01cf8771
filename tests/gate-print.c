// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * For tests/cli/gate-schema.sh:
 *     gate-print                  the names of the samples
 *     gate-print SAMPLE FORMAT    a sample in a format
 *     gate-print --read-ktap      stdin through the strict reader
 */
#include "src/cleanup.h"
#include "src/macro.h"
#include "tests/gate-reports.h"
#include "tests/ktap-reader.h"

#define TEXT_MAX (1 << 20)

static int read_ktap(void)
{
	_cleanup_free_ char *text = calloc(1, TEXT_MAX);
	struct ktap_counts counts;
	struct error err = {};

	if (!text)
		return 2;
	if (fread(text, 1, TEXT_MAX, stdin) == TEXT_MAX || ktap_read(text, &counts, &err) < 0) {
		fprintf(stderr, "%s\n", err.text);
		return 1;
	}
	printf("%zu passed, %zu failed, %zu skipped\n", counts.passed, counts.failed,
	       counts.skipped);
	return 0;
}

int main(int argc, char **argv)
{
	const struct gate_report *report;

	if (argc == 1) {
		for (const struct gate_sample *s = gate_samples; s->name; s++)
			puts(s->name);
		return 0;
	}
	if (argc == 2 && streq(argv[1], "--read-ktap"))
		return read_ktap();
	report = argc == 3 ? gate_sample_find(argv[1]) : NULL;
	return !report || gate_sample_write(stdout, report, argv[2]) < 0 ? 2 : 0;
}
