# SPDX-License-Identifier: GPL-2.0-or-later
# Runs over time, and with which of them a metric changed.
results_libresults_a_SOURCES += \
	results/history/history.c results/history/history.h \
	results/history/history-changes.c results/history/history-changes.h \
	results/history/history-changes-show.c \
	results/history/history-gap.c \
	results/history/history-json.c \
	results/history/history-list.c \
	results/history/history-names.c results/history/history-names.h \
	results/history/history-show.c results/history/history-show.h \
	results/history/history-text.c results/history/history-text.h \
	results/history/run-differ.c results/history/run-differ.h \
	results/history/runs.c results/history/runs.h
