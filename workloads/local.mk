# The generators: one file each, listed in registry.c. skeleton.c is where a new one starts. A large
# one has parts, NAME-PART.c. content, pattern, buddy and scratch are what they share.
noinst_LIBRARIES += workloads/libworkloads.a
workloads_libworkloads_a_SOURCES = \
	workloads/anon.c workloads/anon.h workloads/anon-kernel.c workloads/anon-touch.c \
	workloads/buddy.c workloads/buddy.h \
	workloads/content.c workloads/content.h \
	workloads/dentry.c workloads/dentry.h \
	workloads/dentry-list.c \
	workloads/dentry-tree.c workloads/dentry-tree.h \
	workloads/exec.c \
	workloads/exec-run.c workloads/exec-run.h \
	workloads/file.c workloads/file-engine.h workloads/file-sync.c workloads/file-uring.c \
	workloads/frag.c workloads/frag.h workloads/frag-blocks.c workloads/frag-hold.c \
	workloads/kmem.c \
	workloads/pattern.c workloads/pattern.h \
	workloads/probe.c \
	workloads/registry.c workloads/registry.h \
	workloads/scratch.c workloads/scratch.h \
	workloads/shmem.c \
	workloads/skeleton.c \
	workloads/slow.c workloads/slow.h \
	workloads/worker.c workloads/worker.h \
	workloads/workload.h
