# SPDX-License-Identifier: GPL-2.0-or-later
# From a resolved suite to a raw record: plan, run, trial, cgroups, knobs, workers, sampler.
noinst_LIBRARIES += harness/libharness.a
harness_libharness_a_SOURCES = \
	harness/cgroup.c harness/cgroup.h \
	harness/guard.c harness/guard.h \
	harness/job.c harness/job.h \
	harness/kernel-symbols.c harness/kernel-symbols.h \
	harness/knobs.c harness/knobs.h \
	harness/plan.c harness/plan.h \
	harness/probe.c harness/probe.h \
	harness/probe-machine.c \
	harness/progress.c harness/progress.h \
	harness/regime.c harness/regime.h \
	harness/run.c harness/run.h \
	harness/run-record.c harness/run-record.h \
	harness/speeds.c harness/speeds.h \
	harness/run-vm.c harness/run-vm.h \
	harness/sampler.c harness/sampler.h \
	harness/sources.h \
	harness/spawn.c harness/spawn.h \
	harness/sysctl.c harness/sysctl.h \
	harness/topology.c harness/topology.h \
	harness/trace.c harness/trace.h \
	harness/trace-decode.c harness/trace-decode.h \
	harness/trace-event.c harness/trace-event.h \
	harness/trace-spans.c harness/trace-spans.h \
	harness/trial.c harness/trial.h \
	harness/trial-record.c \
	harness/trial-record-workloads.c \
	harness/trial-setup.c \
	harness/trial-slow.c \
	harness/trial-sources.c \
	harness/trial-start.c \
	harness/trial-trace.c \
	harness/trial-workers.c \
	harness/trial-state.h
