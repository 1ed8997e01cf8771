# SPDX-License-Identifier: GPL-2.0-or-later
# The verdict of a comparison, and the forms that it is written in.
results_libresults_a_SOURCES += \
	results/gate/gate.h \
	results/gate/gate-format.c results/gate/gate-format.h \
	results/gate/gate-junit.c \
	results/gate/gate-ktap.c \
	results/gate/gate-make.c results/gate/gate-make.h \
	results/gate/gate-markdown.c \
	results/gate/gate-text.c
