// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "harness/regime.h"
#include "harness/trial-state.h"
#include "src/file.h"
#include "src/macro.h"

/* What the harness keeps of memory whatever the pressure: above all the sampler's rows. */
#define PROTECTED_BYTES ((uint64_t)64 << 20)

int trial_make_cgroups(struct trial_state *t, struct error *err)
{
	const struct scenario *s = t->scenario;
	int r;

	t->limits = json_object();
	t->tree_made = true;
	r = cgroup_tree_make(&t->tree, t->fs, t->trial->guard,
			     PROTECTED_BYTES + trial_trace_bytes(t), err);
	for (size_t i = 0; r == 0 && i < s->cgroup_count; i++) {
		const struct cgroup_spec *group = &s->cgroups[i];

		r = cgroup_add(&t->tree, group->path, err);
		for (size_t k = 0; r == 0 && k < group->limit_count; k++) {
			const struct setting *limit = &group->limits[k];
			char key[300], effective[CGROUP_VALUE_MAX];

			r = cgroup_set(&t->tree, group->path, limit->name, limit->value, effective,
				       err);
			snprintf(key, sizeof(key), "%s/%s", group->path, limit->name);
			if (r == 0 &&
			    json_object_set_new(t->limits, key, json_string(effective)) < 0)
				r = error_set(err, -ENOMEM, "cgroup %s", group->path);
		}
	}
	return r;
}

/* Every knob that this kernel has, as it stands now. */
static json_t *read_all_knobs(const struct fsroot *fs)
{
	json_t *all = json_object();

	for (const struct knob *k = knobs; k->name; k++) {
		char value[KNOB_VALUE_MAX];

		if (knob_read(fs, k->name, value, NULL) == 0)
			json_object_set_new(all, k->name, json_string(value));
	}
	return all;
}

int trial_set_knobs(struct trial_state *t, struct error *err)
{
	const struct scenario *s = t->scenario;
	int r = 0;

	t->changed = calloc(s->knob_count + 1, sizeof(*t->changed));
	if (!t->changed)
		return error_set(err, -ENOMEM, "knobs");
	for (size_t i = 0; r == 0 && i < s->knob_count; i++) {
		struct trial_knob *k = &t->changed[t->changed_count];

		r = knob_save(t->fs, s->knobs[i].name, &k->name, k->old, err);
		if (r == 0)
			r = guard_note_knob(t->trial->guard, k->name, k->old, err);
		if (r < 0)
			break;
		t->changed_count++;
		r = knob_write(t->fs, s->knobs[i].name, s->knobs[i].value, NULL, err);
	}
	if (r < 0)
		return r;
	t->knobs = read_all_knobs(t->fs);
	t->regime = regime_detect(t->fs, err);
	return t->regime ? 0 : -EIO;
}

/* Keeps the first failure's text and goes on with the rest. */
static void undo_failed(struct error *all, const struct error *one)
{
	if (!all->code)
		*all = *one;
}

static void restore_knobs(struct trial_state *t, struct error *all)
{
	for (size_t i = t->changed_count; i > 0; i--) {
		struct error err = {};

		if (knob_write(t->fs, t->changed[i - 1].name, t->changed[i - 1].old, NULL, &err) <
		    0)
			undo_failed(all, &err);
	}
	free(t->changed);
}

int trial_undo(struct trial_state *t, struct error *err)
{
	int fds[] = { t->event_fd, t->signal_fd, t->timer_fd };
	struct error all = {}, one = {};

	sampler_free(t->sampler);
	munlockall();
	if (trace_free(t->trace, &one) < 0)
		undo_failed(&all, &one);
	trial_end_start(t);
	if (trial_end_workers(t, &one) < 0)
		undo_failed(&all, &one);
	restore_knobs(t, &all);
	if (t->tree_made && cgroup_tree_done(&t->tree, &one) < 0)
		undo_failed(&all, &one);
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		if (fds[i] >= 0)
			close(fds[i]);
	if (t->masked)
		sigprocmask(SIG_SETMASK, &t->old_mask, NULL);
	if (t->topology)
		hwloc_topology_destroy(t->topology);
	json_decref(t->limits);
	json_decref(t->knobs);
	json_decref(t->regime);
	strlist_done(&t->invalid);
	if (!all.code)
		return 0;
	return error_say(err, -EUCLEAN, "not all could be undone, «wring clean» tries again: %s",
			 all.text);
}
