# SPDX-License-Identifier: GPL-2.0-or-later
# Two sides against each other, and what a gate makes of it.
results_libresults_a_SOURCES += \
	results/compare/baseline.c results/compare/baseline.h \
	results/compare/compare.c results/compare/compare.h \
	results/compare/differences.c results/compare/differences.h \
	results/compare/likeness.c results/compare/likeness.h \
	results/compare/margins.c results/compare/margins.h \
	results/compare/noise.c results/compare/noise.h \
	results/compare/order.c \
	results/compare/pairing.c results/compare/pairing.h \
	results/compare/show-compare.h \
	results/compare/show-json.c \
	results/compare/show-markdown.c \
	results/compare/show-text.c \
	results/compare/side.c results/compare/side.h results/compare/side-internal.h \
	results/compare/side-append.c \
	results/compare/side-open.c
