// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/spawn.h"

#include <errno.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "src/file.h"

static int settle(const struct spawn_place *place, pid_t parent, struct error *err)
{
	struct sched_param normal = {};
	sigset_t none;
	int r = 0;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(EXIT_FAILURE); /* it died before prctl() */
	prctl(PR_SET_NAME, "wring-worker");
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGINT, SIG_IGN); /* a terminal's Ctrl-C is the harness's to handle */
	if (sched_setscheduler(0, SCHED_OTHER, &normal) < 0)
		return error_set(err, -errno, "leave the harness's scheduling class");
	/* The harness protects itself from the OOM killer; a worker is what it should take. */
	file_write_kernel(place->fs->proc, "self/oom_score_adj",
			  place->oom_score_adj ? place->oom_score_adj : "500");
	if (place->cpus)
		r = topology_pin(place->topology, place->cpus, err);
	return r < 0 ? r : topology_memory_apply(place->memory, err);
}

int spawn_worker(const struct worker_args *args, const struct spawn_place *place, pid_t *ret_pid,
		 int *ret_pidfd, struct error *err)
{
	int pidfd = -1;
	struct clone_args clone = {
		.flags = CLONE_PIDFD,
		.pidfd = (uintptr_t)&pidfd,
		.exit_signal = SIGCHLD,
	};
	pid_t parent = getpid();
	long pid;

	if (place->cgroup_fd >= 0) {
		clone.flags |= CLONE_INTO_CGROUP;
		clone.cgroup = (unsigned)place->cgroup_fd;
	}
	pid = syscall(SYS_clone3, &clone, sizeof(clone));
	if (pid < 0)
		return error_set(err, -errno, "start worker %s", args->name);
	if (pid == 0) {
		if (settle(place, parent, &args->shared->err) < 0) {
			uint64_t one = 1;

			atomic_store(&args->shared->failed, 1);
			if (write(args->event_fd, &one, sizeof(one)) < 0)
				_exit(EXIT_FAILURE);
			_exit(EXIT_FAILURE);
		}
		worker_main(args);
	}
	*ret_pid = (pid_t)pid;
	*ret_pidfd = pidfd;
	return 0;
}
