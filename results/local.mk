# Records and what is computed from them; never a live kernel.
noinst_LIBRARIES += results/libresults.a
results_libresults_a_SOURCES = \
	results/catalog.c results/catalog-parts.c results/catalog-trace.c results/catalog.h \
	results/cause-formula.c results/cause-formula.h \
	results/causes.c results/causes.h \
	results/closure.c results/closure.h \
	results/columns.c results/columns.h \
	results/cube.c results/cube.h \
	results/cube-facts.c results/cube-facts.h \
	results/cube-formula.c results/cube-formula.h \
	results/cube-json.c \
	results/cube-trace.c results/cube-trace.h \
	results/expect.c results/expect.h \
	results/fingerprint.c results/fingerprint.h \
	results/figures.c results/figures.h \
	results/formula.c results/formula.h \
	results/grid.c results/grid.h \
	results/identities.c \
	results/json.c results/json.h \
	results/markdown.c results/markdown.h \
	results/metrics.c results/metrics.h \
	results/plain.c results/plain.h \
	results/record.c results/record.h \
	results/regime.c results/regime.h \
	results/rows.c results/rows.h \
	results/samples.c \
	results/show.c results/show.h \
	results/show-causes.c results/show-causes.h \
	results/show-closure.c results/show-closure.h \
	results/show-cube.c results/show-cube-json.c results/show-cube.h \
	results/show-start.c results/show-start.h \
	results/slow.c results/slow.h \
	results/span-formula.c results/span-formula.h \
	results/spans.c results/spans.h \
	results/start.c results/start.h \
	results/stats/changes.c results/stats/changes.h \
	results/stats/fdr.c results/stats/fdr.h \
	results/stats/judge.c results/stats/judge.h results/stats/judge-internal.h \
	results/stats/null.c results/stats/null.h \
	results/stats/pairs.c results/stats/pairs.h \
	results/stats/ranksum.c results/stats/ranksum.h \
	results/stats/seeds.c results/stats/seeds.h \
	results/stats/shift.c results/stats/shift.h \
	results/stats/signedrank.c results/stats/signedrank.h \
	results/stats/values.c results/stats/values.h \
	results/store.c results/store.h \
	results/table.c results/table.h \
	results/text-table.c results/text-table.h \
	results/timeline.c results/timeline.h \
	results/value.c results/value.h \
	results/verify.c results/verify.h \
	results/zones.c results/zones.h
