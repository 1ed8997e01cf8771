# The generators: one file each, listed in registry.c. skeleton.c is where a new one starts.
noinst_LIBRARIES += workloads/libworkloads.a
workloads_libworkloads_a_SOURCES = \
	workloads/anon.c \
	workloads/buddy.c workloads/buddy.h \
	workloads/content.c workloads/content.h \
	workloads/frag.c workloads/frag.h workloads/frag-blocks.c workloads/frag-hold.c \
	workloads/pattern.c workloads/pattern.h \
	workloads/probe.c \
	workloads/registry.c workloads/registry.h \
	workloads/scratch.c workloads/scratch.h \
	workloads/skeleton.c \
	workloads/worker.c workloads/worker.h \
	workloads/workload.h
