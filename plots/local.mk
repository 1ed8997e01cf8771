# Pictures: the scripts draw, the code prepares their tables and runs gnuplot.
noinst_LIBRARIES += plots/libplots.a
plots_libplots_a_SOURCES = \
	plots/causes.c plots/causes.h \
	plots/history.c plots/history.h \
	plots/history-marks.c \
	plots/history-tables.c \
	plots/panel.c plots/panel.h \
	plots/plot.h \
	plots/script.c plots/script.h \
	plots/summary.c \
	plots/title.c plots/title.h \
	plots/trial.c

# Found beside the program in a build folder, and here when installed.
plotsdir = $(pkgdatadir)/plots
dist_plots_DATA = \
	plots/causes.gp \
	plots/history.gp \
	plots/summary.gp \
	plots/trial.gp
