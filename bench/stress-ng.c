// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * stress-ng as a peer. Its «bogo operations» mean something else for each stressor; what they are
 * was read in its sources (0.15.06: stress-vm.c, stress-dentry.c) and is said where they are
 * converted.
 */
#include <errno.h>
#include <libfyaml.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/peers.h"
#include "src/cleanup.h"
#include "src/file.h"
#include "src/macro.h"

#define ARGUMENTS_MAX 24

/*
 * --vm-method write64 counts loops of 32 words of 64 bit, and reports their number over 2^12: an
 * operation is 2^12 * 32 * 8 bytes.
 */
#define VM_OP_BYTES (4096.0 * 32 * 8)

struct metrics {
	double ops, wall_s, user_s, system_s;
	double access_ns, bogus_access_ns, bogus_unlink_ns; /* dentry only; access_ns -1: none */
};

static int read_metrics(const char *path, struct metrics *ret, struct error *err)
{
	struct fy_document *document = fy_document_build_from_file(NULL, path);
	struct metrics m = { .access_ns = -1 };
	int got;

	if (!document)
		return error_say(err, -EINVAL, "%s, stress-ng's result, is no YAML", path);
	got = fy_document_scanf(document,
				"/metrics/0/bogo-ops %lf /metrics/0/wall-clock-time %lf "
				"/metrics/0/user-time %lf /metrics/0/system-time %lf",
				&m.ops, &m.wall_s, &m.user_s, &m.system_s);
	if (fy_document_scanf(document,
			      "/metrics/0/nanosecs-per-file-access %lf "
			      "/metrics/0/nanosecs-per-bogus-file-access %lf "
			      "/metrics/0/nanosecs-per-bogus-file-unlink %lf",
			      &m.access_ns, &m.bogus_access_ns, &m.bogus_unlink_ns) != 3)
		m.access_ns = -1;
	fy_document_destroy(document);
	if (got != 4 || !(m.ops > 0 && m.wall_s > 0))
		return error_say(err, -EINVAL, "stress-ng's result has no operations");
	*ret = m;
	return 0;
}

static int run_stress(const struct bench *b, const struct peer_job *job, struct metrics *ret,
		      struct error *err)
{
	_cleanup_free_ char *result = path_join(b->disk_dir, "stress-ng.yaml");
	const char *argv[ARGUMENTS_MAX] = { "stress-ng", "--metrics",	"--yaml",
					    result,	 "--temp-path", b->names_dir };
	size_t n = 6;
	int r;

	if (!result)
		return error_set(err, -ENOMEM, "stress-ng");
	for (size_t i = 0; job->arguments[i] && n < ARGUMENTS_MAX - 1; i++)
		argv[n++] = job->arguments[i];
	unlink(result); /* that of a run before is none of this one */
	r = peer_run(b, argv, err);
	return r < 0 ? r : read_metrics(result, ret, err);
}

int measure_stress_vm(const struct bench *b, const struct side *s, struct sample *ret,
		      struct error *err)
{
	struct metrics m;
	int r = run_stress(b, s->job, &m, err);

	if (r < 0)
		return r;
	*ret = (struct sample){
		.ops = m.ops * VM_OP_BYTES / (double)sysconf(_SC_PAGESIZE),
		.wall_ns = m.wall_s * 1e9,
		.cpu_ns = (m.user_s + m.system_s) * 1e9,
	};
	return 0;
}

/*
 * An operation of --dentry is a file created and closed, and unlinked later. For each it also
 * looks up a name that is there and two that are not, and unlinks one that is not. It times these
 * itself (the last together with the lookup before), and that time is taken off. What it needs to
 * make a name stays: two statfs() each, for five names a file.
 */
int measure_stress_dentry(const struct bench *b, const struct side *s, struct sample *ret,
			  struct error *err)
{
	struct metrics m;
	double extra_ns;
	int r = run_stress(b, s->job, &m, err);

	if (r < 0)
		return r;
	if (m.access_ns < 0)
		return error_say(err, -EINVAL, "stress-ng doesn't say what its lookups took");
	extra_ns = m.ops * (m.access_ns + m.bogus_access_ns + m.bogus_unlink_ns);
	*ret = (struct sample){
		.ops = m.ops,
		.wall_ns = m.wall_s * 1e9 - extra_ns,
		.cpu_ns = (m.user_s + m.system_s) * 1e9 - extra_ns,
	};
	if (ret->wall_ns <= 0 || ret->cpu_ns <= 0)
		return error_say(err, -EINVAL, "stress-ng's lookups took longer than all of it");
	return 0;
}
