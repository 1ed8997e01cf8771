# The generators: one file each, listed in registry.c. skeleton.c is where a new one starts.
noinst_LIBRARIES += workloads/libworkloads.a
workloads_libworkloads_a_SOURCES = \
	workloads/anon-kernel.c \
	workloads/anon-touch.c \
	workloads/anon.c workloads/anon.h \
	workloads/content.c workloads/content.h \
	workloads/dentry.c \
	workloads/exec.c \
	workloads/file-sync.c \
	workloads/file-uring.c \
	workloads/file.c workloads/file-engine.h \
	workloads/kmem.c \
	workloads/pattern.c workloads/pattern.h \
	workloads/registry.c workloads/registry.h \
	workloads/scratch.c workloads/scratch.h \
	workloads/shmem.c \
	workloads/skeleton.c \
	workloads/worker.c workloads/worker.h \
	workloads/workload.h
