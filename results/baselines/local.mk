# SPDX-License-Identifier: GPL-2.0-or-later
# What later runs of suites/gate.yaml are held to: 60 seeds of a kernel each, made by
# tests/record-baselines.sh. Found beside the program in a build folder, and here when installed.
baselinesdir = $(pkgdatadir)/results/baselines
dist_baselines_DATA = \
	results/baselines/gate-debian-6.1.json \
	results/baselines/gate-debian-6.12.json
