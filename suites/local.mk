# SPDX-License-Identifier: GPL-2.0-or-later
# Found beside the program in a build folder, and here when installed.
suitesdir = $(pkgdatadir)/suites
dist_suites_DATA = \
	suites/causes.yaml \
	suites/gate.yaml \
	suites/tour.yaml \
	suites/workloads.yaml
