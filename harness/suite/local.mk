# SPDX-License-Identifier: GPL-2.0-or-later
# A suite file, from YAML to a struct suite in which everything is checked and filled in.
harness_libharness_a_SOURCES += \
	harness/suite/read-cgroup.c \
	harness/suite/read-expect.c \
	harness/suite/internal.h \
	harness/suite/check-memory.c \
	harness/suite/json.c \
	harness/suite/json-machine.c \
	harness/suite/kernel-args.c harness/suite/kernel-args.h \
	harness/suite/limits.c harness/suite/limits.h \
	harness/suite/load.c \
	harness/suite/machine.c \
	harness/suite/policy.c harness/suite/policy.h \
	harness/suite/read-device.c \
	harness/suite/read-gate.c \
	harness/suite/read-machine.c \
	harness/suite/read-settings.c \
	harness/suite/matrix.c \
	harness/suite/override.c \
	harness/suite/read.c \
	harness/suite/read-scenario.c \
	harness/suite/read-start.c \
	harness/suite/suite.c harness/suite/suite.h \
	harness/suite/read-workload.c \
	harness/suite/yaml.c harness/suite/yaml.h \
	harness/suite/yaml-parse.c harness/suite/yaml-parse.h
