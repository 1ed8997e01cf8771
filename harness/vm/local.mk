# SPDX-License-Identifier: GPL-2.0-or-later
# The kernel lab: kernels in the cache, an initramfs, a QEMU machine.
harness_libharness_a_SOURCES += \
	harness/vm/accel.c harness/vm/accel.h \
	harness/vm/boot-watch.c harness/vm/boot-watch.h \
	harness/vm/cache.c \
	harness/vm/console.c harness/vm/console.h \
	harness/vm/initramfs.c harness/vm/initramfs.h \
	harness/vm/kernel.c harness/vm/kernel.h harness/vm/kernel-internal.h \
	harness/vm/kernel-config.c harness/vm/kernel-config.h \
	harness/vm/kernel-get.c \
	harness/vm/kernel-modules.c \
	harness/vm/kernel-names.c \
	harness/vm/kernel-needs.c harness/vm/kernel-needs.h \
	harness/vm/kernel-path.c \
	harness/vm/kernel-series.c harness/vm/kernel-series.h \
	harness/vm/lab.c harness/vm/lab.h \
	harness/vm/module-info.c harness/vm/module-info.h \
	harness/vm/machine.c harness/vm/machine.h \
	harness/vm/qmp.c harness/vm/qmp.h \
	harness/vm/shell.c harness/vm/shell.h \
	harness/vm/state.c harness/vm/state.h \
	harness/vm/vm-cache.c harness/vm/vm-cache.h \
	harness/vm/vmlinux.c harness/vm/vmlinux.h \
	harness/vm/unpack.c harness/vm/unpack.h

# PID 1 of the lab's machines: the same harness and generators, and none of the host's side.
pkglibexec_PROGRAMS += wring-guest
wring_guest_SOURCES = \
	harness/vm/guest.c \
	harness/vm/fw-cfg.c harness/vm/fw-cfg.h \
	harness/vm/guest-device.c harness/vm/guest-device.h \
	harness/vm/guest-disk.c \
	harness/vm/guest-machine.c harness/vm/guest-machine.h \
	harness/vm/guest-shell.c harness/vm/guest-shell.h \
	harness/vm/guest-swap.c \
	harness/vm/guest-unpack.c harness/vm/guest-unpack.h \
	harness/vm/results-window.c harness/vm/results-window.h
# Without debug information, which holds the build folder's path: one source, one compiler, one
# program, and a machine that holds it in its memory does not measure the path's length.
wring_guest_LDFLAGS = $(AM_LDFLAGS) -s
wring_guest_LDADD = harness/libharness.a workloads/libworkloads.a src/libbase.a \
	$(NUMA_LIBS) $(HWLOC_LIBS) $(FYAML_LIBS) $(JANSSON_LIBS) $(LIBURING_LIBS) $(TRACEFS_LIBS) $(TRACEEVENT_LIBS) -lpthread -lm

# Loaded into QEMU; it says why. A module of one file is not worth libtool. Without debug information,
# too: records name it by its hash.
labdir = $(pkglibexecdir)
lab_DATA = wring-steady-qemu.so
EXTRA_DIST += harness/vm/steady-qemu.c
CLEANFILES += wring-steady-qemu.so tests/vm/impatient-qemu.so
make_steady_qemu = $(CC) -D_GNU_SOURCE $(CPPFLAGS) -std=gnu17 -Wall -Wextra $(CFLAGS) -g0 -fPIC -shared $(LDFLAGS) -s \
	$(srcdir)/harness/vm/steady-qemu.c -ldl -o
wring-steady-qemu.so: harness/vm/steady-qemu.c
	$(AM_V_CC)$(make_steady_qemu) $@
# The same for tests, in which the CPUs' thread is stopped whenever it may be.
tests/vm/impatient-qemu.so: harness/vm/steady-qemu.c
	@$(MKDIR_P) tests/vm
	$(AM_V_CC)$(make_steady_qemu) $@ -DPATIENCE_NS=1
