// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/run-vm.h"

#include <errno.h>
#include <stdlib.h>

#include "harness/vm/lab.h"
#include "harness/vm/vmlinux.h"
#include "src/cleanup.h"
#include "src/file.h"

void run_vms_free(struct run_vm *vms, size_t count)
{
	for (size_t i = 0; vms && i < count; i++) {
		free(vms[i].base);
		free(vms[i].boot_dir);
		cached_file_done(&vms[i].vmlinux);
		vm_state_done(&vms[i].state);
		vm_state_done(&vms[i].second);
	}
	free(vms);
}

/*
 * A state to go on from, or why there is none: the kernel's fault, which *no_kernel tells, or this
 * machine's.
 */
static int find_state(struct vm_state *ret, const struct vm_state_args *args,
		      struct progress *progress, struct error *no_kernel, struct error *err)
{
	const char *name = args->kernel->name;
	struct error why = {};
	char line[1900];
	int r;

	snprintf(line, sizeof(line), "%s: booting, for all trials to go on from", name);
	progress_live(progress, line);
	r = vm_state_get(ret, args, &why);
	if (r == -EINTR) {
		*err = why;
		return r;
	}
	if (r == -EREMOTEIO) {
		*no_kernel = why;
	} else if (r < 0) {
		snprintf(line, sizeof(line), "%s: each trial boots anew: %s", name, why.text);
		progress_note(progress, line);
	} else if (ret->seconds > 0) {
		snprintf(line, sizeof(line), "%s booted in %.1f s; its trials go on from there",
			 name, ret->seconds);
		progress_note(progress, line);
	}
	return 0;
}

static int find_states(struct run_vm *vm, const struct run_args *args, const struct kernel *kernel,
		       int stop_fd, struct progress *progress, struct error *err)
{
	struct vm_state_args state = {
		.shape = &args->suite->machine,
		.kernel = kernel,
		.vmlinux = &vm->vmlinux,
		.base = vm->base,
		.work_dir = vm->boot_dir,
		.stop_fd = stop_fd,
	};
	int r = find_state(&vm->state, &state, progress, &vm->no_kernel, err);

	if (r < 0 || !vm->state.path || !args->verify)
		return r;
	state.fresh = true;
	return find_state(&vm->second, &state, progress, &vm->no_kernel, err);
}

static int make(struct run_vm *vm, const struct run_args *args, size_t index, const char *work_dir,
		int stop_fd, struct progress *progress, struct error *err)
{
	const struct kernel *kernel = args->kernels[index];
	int r;

	vm->base = text_format("%s/base-%zu.cpio", work_dir, index);
	vm->boot_dir = text_format("%s/boot-%zu", work_dir, index);
	if (!vm->base || !vm->boot_dir)
		return error_set(err, -ENOMEM, "run");
	r = lab_make_base(vm->base, kernel, &args->suite->machine, err);
	/* A bzImage boots as well, only slower. */
	if (r == 0)
		vmlinux_get(&vm->vmlinux, kernel, NULL);
	if (r < 0 || args->clock != MACHINE_CLOCK_INSN || args->boot)
		return r;
	r = dir_make(vm->boot_dir, err);
	return r < 0 ? r : find_states(vm, args, kernel, stop_fd, progress, err);
}

int run_vms_make(struct run_vm **ret, const struct run_args *args, const char *work_dir,
		 int stop_fd, struct progress *progress, struct error *err)
{
	struct run_vm *vms = calloc(args->kernel_count, sizeof(*vms));
	int r = vms ? 0 : error_set(err, -ENOMEM, "run");

	for (size_t i = 0; r == 0 && i < args->kernel_count; i++)
		r = make(&vms[i], args, i, work_dir, stop_fd, progress, err);
	if (r < 0) {
		run_vms_free(vms, args->kernel_count);
		return r;
	}
	*ret = vms;
	return 0;
}
