// SPDX-License-Identifier: GPL-2.0-or-later
#include "workloads/registry.h"

#include "src/macro.h"

extern const struct workload_ops workload_anon;
extern const struct workload_ops workload_file;
extern const struct workload_ops workload_shmem;
extern const struct workload_ops workload_dentry;
extern const struct workload_ops workload_kmem;
extern const struct workload_ops workload_frag;
extern const struct workload_ops workload_probe;
extern const struct workload_ops workload_exec;

const struct workload_ops *const workloads[] = {
	&workload_anon,	  &workload_file, &workload_shmem,
	&workload_dentry, &workload_kmem, &workload_frag,
	&workload_probe,  &workload_exec, NULL,
};

const struct workload_ops *workload_find(const char *name)
{
	for (const struct workload_ops *const *w = workloads; *w; w++)
		if (streq((*w)->name, name))
			return *w;
	return NULL;
}
