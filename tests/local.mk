# SPDX-License-Identifier: GPL-2.0-or-later
# Tests speak TAP (tests/tap.h, tests/tap.sh). A new unit test is a line in unit_tests, a new
# script a line in cli_tests; a fixture's folder is distributed whole.
unit_tests = \
	tests/unit/test-bench \
	tests/unit/test-bisect-order \
	tests/unit/test-catalog \
	tests/unit/test-causes \
	tests/unit/test-closure \
	tests/unit/test-columns \
	tests/unit/test-comparable \
	tests/unit/test-content \
	tests/unit/test-cube \
	tests/unit/test-error \
	tests/unit/test-file \
	tests/unit/test-gate-keep \
	tests/unit/test-gate-writers \
	tests/unit/test-grid \
	tests/unit/test-guard \
	tests/unit/test-histogram \
	tests/unit/test-history \
	tests/unit/test-initramfs \
	tests/unit/test-kernel \
	tests/unit/test-kernel-needs \
	tests/unit/test-kernel-series \
	tests/unit/test-knobs \
	tests/unit/test-ktap-reader \
	tests/unit/test-kvfile \
	tests/unit/test-kvlayout \
	tests/unit/test-likeness \
	tests/unit/test-machine \
	tests/unit/test-metrics \
	tests/unit/test-nearest \
	tests/unit/test-option \
	tests/unit/test-panel \
	tests/unit/test-pattern \
	tests/unit/test-record \
	tests/unit/test-regime \
	tests/unit/test-rng \
	tests/unit/test-run-record \
	tests/unit/test-sampler \
	tests/unit/test-slow \
	tests/unit/test-spans \
	tests/unit/test-start \
	tests/unit/test-store \
	tests/unit/test-stats \
	tests/unit/test-stats-changes \
	tests/unit/test-stats-judge \
	tests/unit/test-stats-seeds \
	tests/unit/test-strlist \
	tests/unit/test-suite \
	tests/unit/test-speeds \
	tests/unit/test-verify \
	tests/unit/test-trace-decode \
	tests/unit/test-trace-spans \
	tests/unit/test-units \
	tests/unit/test-unpack \
	tests/unit/test-worker \
	tests/unit/test-workload-alloc \
	tests/unit/test-workload-anon \
	tests/unit/test-workload-dentry \
	tests/unit/test-workload-exec \
	tests/unit/test-workload-file \
	tests/unit/test-workload-frag \
	tests/unit/test-workload-kmem \
	tests/unit/test-workload-probe \
	tests/unit/test-workload-shmem

cli_tests = \
	tests/cli/bench.sh \
	tests/cli/bad-suites.sh \
	tests/cli/bisect.sh \
	tests/cli/compare.sh \
	tests/cli/gate.sh \
	tests/cli/gate-schema.sh \
	tests/cli/help.sh \
	tests/cli/history.sh \
	tests/cli/list-workloads.sh \
	tests/cli/plan.sh \
	tests/cli/plot.sh \
	tests/cli/rates.sh \
	tests/cli/stats-scipy.sh

# Every unit test links all of the libraries; the linker takes what it needs. A program's source
# is the file of its own name.
LDADD = tests/liblead.a plots/libplots.a results/libresults.a harness/libharness.a \
	workloads/libworkloads.a src/libbase.a \
	$(NUMA_LIBS) $(HWLOC_LIBS) $(FYAML_LIBS) $(JANSSON_LIBS) $(ARCHIVE_LIBS) $(NETTLE_LIBS) \
	$(GSL_LIBS) $(LIBURING_LIBS) $(TRACEFS_LIBS) $(TRACEEVENT_LIBS) -lpthread -lm

check_LIBRARIES = tests/liblead.a
tests_liblead_a_SOURCES = tests/lead.c tests/lead.h tests/trees.c tests/trees.h \
	tests/gate-reports.c tests/gate-reports.h tests/ktap-reader.c tests/ktap-reader.h
noinst_HEADERS = tests/tap.h
check_PROGRAMS += $(unit_tests) tests/cli/stats-calc tests/gate-print
TESTS += $(unit_tests) $(cli_tests)
EXTRA_DIST += $(cli_tests) tests/tap.sh tests/sides.sh tests/kernel-tree.sh tests/cli/stats-scipy.py tests/fixtures \
	tests/junit.xsd tests/format.sh quickstart .ci/run docs/bisect.md docs/ci/github-actions.yml \
	docs/ci/gitlab-ci.yml docs/kernel-lab.md docs/tour.svg \
	tests/compare-clocks.sh

# Programs have no extension, scripts have .sh; both are run in the build folder.
TEST_EXTENSIONS = .sh
LOG_DRIVER = env AM_TAP_AWK='$(AWK)' $(SHELL) $(top_srcdir)/build-aux/tap-driver.sh
SH_LOG_DRIVER = $(LOG_DRIVER)
SH_LOG_COMPILER = bash
AM_TESTS_ENVIRONMENT = LC_ALL=C; export LC_ALL;

# The program finds its data beside itself; a build folder outside of the sources has links to them.
linked_data = $(dist_suites_DATA) $(dist_plots_DATA) $(dist_baselines_DATA)
all-local: $(linked_data)
	@for file in $(linked_data); do \
		test -e $$file || { $(MKDIR_P) `dirname $$file` && \
			ln -s $(abs_srcdir)/$$file $$file; } || exit 1; \
	done
distclean-local:
	@test $(srcdir) = . || rm -f $(linked_data)

# From a tarball that can only be read, and under ASan and UBSan at once.
AM_DISTCHECK_CONFIGURE_FLAGS = --enable-sanitizers

# make check under ASan and UBSan, built on from one time to the next. The sources are copied as a
# tarball would have them, because configure refuses a second build folder for a tree that is
# configured itself.
san_dir = build/san
check-san:
	@$(MKDIR_P) $(san_dir)/build
	$(MAKE) $(AM_MAKEFLAGS) distdir distdir=$(san_dir)/source
	cd $(san_dir)/build && { test -f Makefile || ../source/configure --enable-sanitizers; }
	cd $(san_dir)/build && $(MAKE) $(AM_MAKEFLAGS) check

# Boots real kernels: wring as root inside a VM, and VMs as wring runs them.
EXTRA_PROGRAMS = wring-test-vm $(vm_programs)
# Run in the guest, by themselves or by scripts.
vm_programs = tests/vm/break tests/vm/delays tests/vm/placement tests/vm/squeeze tests/vm/stamp \
	tests/vm/trace-record tests/vm/wring-fault
vm_needs = all wring-bench$(EXEEXT) wring-test-vm $(vm_programs) tests/vm/impatient-qemu.so
wring_test_vm_SOURCES = tests/vm/lab.c
vm_tests = tests/vm/run tests/vm/init $(wildcard $(srcdir)/tests/vm/*.sh)
EXTRA_DIST += $(vm_tests)
tests_vm_placement_SOURCES = tests/vm/placement.c
tests_vm_trace_record_SOURCES = tests/vm/trace-record.c
# wring, but what its sampler reads is changed on the way.
tests_vm_wring_fault_SOURCES = $(wring_SOURCES) tests/vm/fault.c
tests_vm_wring_fault_LDADD = $(wring_LDADD)
tests_vm_break_SOURCES = tests/vm/break.c
tests_vm_delays_SOURCES = tests/vm/delays.c
tests_vm_squeeze_SOURCES = tests/vm/squeeze.c
tests_vm_stamp_SOURCES = tests/vm/stamp.c
check-vm: $(vm_needs)
	$(srcdir)/tests/vm/run

# Everything that check-vm chooses from.
check-vm-all: $(vm_needs)
	WRING_PICK=all $(srcdir)/tests/vm/run

# The whole of suites/workloads.yaml, three times; check-vm takes a part of it.
check-workloads: all
	./wring kernel get debian/6.1 debian/6.12
	srcdir=$(srcdir) WRING=$(abs_builddir)/wring WRING_PICK=all bash $(srcdir)/tests/vm/lab-workloads.sh

# A bisection of all releases that apt offers; check-vm takes two.
check-bisect: all
	./wring kernel get debian/6.1 debian/6.12
	srcdir=$(srcdir) WRING=$(abs_builddir)/wring WRING_PICK=all bash $(srcdir)/tests/vm/lab-bisect.sh

# Every verdict of a gate on both kernels; check-vm takes a part of it.
check-gate: all
	./wring kernel get debian/6.1 debian/6.12
	srcdir=$(srcdir) WRING=$(abs_builddir)/wring WRING_PICK=all WRING_REQUIRE=1 \
		bash $(srcdir)/tests/vm/lab-gate.sh

# A kernel is built, measured, changed in one line, and told apart: TREE=DIR has its sources.
check-own-kernel: all
	srcdir=$(srcdir) WRING=$(abs_builddir)/wring bash $(srcdir)/tests/vm/own-kernel.sh

check-format:
	bash $(srcdir)/tests/format.sh

.PHONY: check-san check-vm check-vm-all check-workloads check-bisect check-gate check-own-kernel \
	check-format
