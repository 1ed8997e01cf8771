// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "workloads/workload.h"

void progress_begin(struct progress *p, size_t total, bool quiet)
{
	*p = (struct progress){
		.total = total,
		.started_ns = workload_clock(),
		.live = !quiet && isatty(STDERR_FILENO) == 1,
		.quiet = quiet,
	};
}

static void clear_line(struct progress *p)
{
	if (p->shown)
		fprintf(stderr, "\r\033[K");
	p->shown = false;
}

/* "1:05" until the end, from the trials that ran; "?" before the first is over. */
static const char *eta(const struct progress *p, char *buf, size_t size)
{
	uint64_t left;

	if (!p->timed)
		return "?";
	left = (workload_clock() - p->started_ns) / p->timed * (p->total - p->done) / 1000000000;
	snprintf(buf, size, "%" PRIu64 ":%02" PRIu64, left / 60, left % 60);
	return buf;
}

void progress_live(struct progress *p, const char *text)
{
	struct winsize window = { .ws_col = 100 };
	char line[600], left[40];

	if (!p->live)
		return;
	ioctl(STDERR_FILENO, TIOCGWINSZ, &window);
	snprintf(line, sizeof(line), "[%zu/%zu, ETA %s] %s", p->done + 1, p->total,
		 eta(p, left, sizeof(left)), text);
	/* One column is left free, so that no terminal wraps. */
	fprintf(stderr, "\r\033[K%.*s", window.ws_col ? window.ws_col - 1 : 99, line);
	fflush(stderr);
	p->shown = true;
}

void progress_note(struct progress *p, const char *text)
{
	clear_line(p);
	if (p->quiet)
		return;
	printf("%s\n", text);
	fflush(stdout);
}

void progress_trial(struct progress *p, const char *text)
{
	clear_line(p);
	p->done++;
	if (p->quiet)
		return;
	printf("[%*zu/%zu] %s\n",
	       p->total > 99  ? 3
	       : p->total > 9 ? 2
			      : 1,
	       p->done, p->total, text);
	fflush(stdout);
}

void progress_end(struct progress *p)
{
	clear_line(p);
	fflush(stderr);
}
