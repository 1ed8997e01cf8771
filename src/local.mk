# SPDX-License-Identifier: GPL-2.0-or-later
# The base that everything uses, and the commands.
noinst_LIBRARIES += src/libbase.a
src_libbase_a_SOURCES = \
	src/bisect/bisect-order.c src/bisect/bisect-order.h \
	src/cleanup.h \
	src/datafile.c src/datafile.h \
	src/error.c src/error.h \
	src/extfrag.h \
	src/file.c src/file.h \
	src/fsroot.c src/fsroot.h \
	src/histogram.c src/histogram.h \
	src/kvfile.c src/kvfile.h \
	src/kvlayout.c src/kvlayout.h \
	src/kvreader.c src/kvreader.h \
	src/macro.h \
	src/nearest.c src/nearest.h \
	src/option.c src/option.h \
	src/process.c src/process.h \
	src/rng.c src/rng.h \
	src/span.c src/span.h \
	src/strlist.c src/strlist.h \
	src/units.c src/units.h \
	src/utf8.c src/utf8.h

bin_PROGRAMS += wring
wring_SOURCES = \
	src/command.c src/command.h \
	src/main.c \
	src/run-options.c src/run-options.h \
	src/run-suite.c src/run-suite.h \
	src/scenario-name.c src/scenario-name.h \
	src/bisect/bisect.c src/bisect/bisect.h \
	src/bisect/bisect-build.c src/bisect/bisect-build.h \
	src/bisect/bisect-git.c src/bisect/bisect-git.h \
	src/bisect/bisect-judge.c src/bisect/bisect-judge.h \
	src/bisect/bisect-measure.c src/bisect/bisect-measure.h \
	src/bisect/bisect-names.c src/bisect/bisect-names.h \
	src/bisect/bisect-step.c src/bisect/bisect-step.h \
	src/gate-auto.c src/gate-auto.h \
	src/gate-output.c src/gate-output.h \
	src/noise-file.c src/noise-file.h \
	src/cmd-baseline.c \
	src/cmd-bisect.c \
	src/cmd-calibrate.c \
	src/cmd-check.c \
	src/cmd-clean.c \
	src/cmd-compare.c \
	src/cmd-gate.c \
	src/cmd-history.c \
	src/cmd-kernel.c \
	src/cmd-list.c \
	src/cmd-plan.c \
	src/cmd-plot.c \
	src/cmd-run.c \
	src/cmd-shell.c \
	src/cmd-show.c
wring_LDADD = plots/libplots.a results/libresults.a harness/libharness.a \
	workloads/libworkloads.a src/libbase.a \
	$(NUMA_LIBS) $(HWLOC_LIBS) $(FYAML_LIBS) $(JANSSON_LIBS) $(ARCHIVE_LIBS) $(NETTLE_LIBS) \
	$(GSL_LIBS) $(LIBURING_LIBS) $(TRACEFS_LIBS) $(TRACEEVENT_LIBS) -lpthread -lm
