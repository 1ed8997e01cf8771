# SPDX-License-Identifier: GPL-2.0-or-later
# The kernel lab: kernels in the cache, an initramfs, a QEMU machine.
harness_libharness_a_SOURCES += \
	harness/vm/cache.c \
	harness/vm/initramfs.c harness/vm/initramfs.h \
	harness/vm/kernel.c harness/vm/kernel.h harness/vm/kernel-internal.h \
	harness/vm/kernel-get.c \
	harness/vm/kernel-modules.c \
	harness/vm/lab.c harness/vm/lab.h \
	harness/vm/machine.c harness/vm/machine.h \
	harness/vm/unpack.c harness/vm/unpack.h

# PID 1 of the lab's machines: the same harness and generators, and none of the host's side.
pkglibexec_PROGRAMS += wring-guest
wring_guest_SOURCES = \
	harness/vm/guest.c \
	harness/vm/guest-machine.c harness/vm/guest-machine.h \
	harness/vm/results-window.c harness/vm/results-window.h
# Without debug information, which holds the build folder's path: one source, one compiler, one
# program, and a machine that holds it in its memory does not measure the path's length.
wring_guest_LDFLAGS = $(AM_LDFLAGS) -s
wring_guest_LDADD = harness/libharness.a workloads/libworkloads.a src/libbase.a \
	$(NUMA_LIBS) $(HWLOC_LIBS) $(FYAML_LIBS) $(JANSSON_LIBS) $(LIBURING_LIBS) $(TRACEFS_LIBS) $(TRACEEVENT_LIBS) -lpthread -lm

# Loaded into QEMU; it says why. A module of one file is not worth libtool.
labdir = $(pkglibexecdir)
lab_DATA = wring-steady-qemu.so
EXTRA_DIST += harness/vm/steady-qemu.c
CLEANFILES += wring-steady-qemu.so
wring-steady-qemu.so: harness/vm/steady-qemu.c
	$(AM_V_CC)$(CC) -D_GNU_SOURCE $(CPPFLAGS) -std=gnu17 -Wall -Wextra $(CFLAGS) -fPIC -shared $(LDFLAGS) \
		-o $@ $(srcdir)/harness/vm/steady-qemu.c -ldl
