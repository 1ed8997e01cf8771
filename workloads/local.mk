# The generators: one file each, listed in registry.c. skeleton.c is where a new one starts.
noinst_LIBRARIES += workloads/libworkloads.a
workloads_libworkloads_a_SOURCES = \
	workloads/anon.c \
	workloads/content.c workloads/content.h \
	workloads/pattern.c workloads/pattern.h \
	workloads/probe.c \
	workloads/registry.c workloads/registry.h \
	workloads/scratch.c workloads/scratch.h \
	workloads/skeleton.c \
	workloads/worker.c workloads/worker.h \
	workloads/workload.h
