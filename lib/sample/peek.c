// SPDX-License-Identifier: GPL-3.0-or-later
/* What there is, for who completes a word: no figures, and nothing that a sample under way would notice. */
#include "private.h"

#include <stdlib.h>
#include <string.h>

/* libvirt has the monitor of its guests, and its definition says what there is. */
static unsigned wants(const struct guest *g, unsigned needs, uint64_t since_ns)
{
	unsigned what = round_plugged(g, needs, since_ns);

	if ((needs & NEED_JOBS) && g->jobs.taken_ns <= since_ns)
		what |= WANT_JOBS;
	if (needs & NEED_TASKS)
		what |= WANT_THREADS & ~g->known;
	return g->domain && !g->passed ? 0 : what;
}

/* True: there is nothing to wait for. */
static bool ask(struct sampler *s, const char *ref, unsigned needs, uint64_t since, unsigned *asked)
{
	struct guest *g = ref ? guest_by_ref(s, ref) : NULL;
	unsigned what;

	pool_mind(s->pool);
	domains_join(s);
	if (given_is_busy(s) || !domains_are_settled(s))
		return false;
	what = g ? wants(g, needs, since) : 0;
	if (what & ~*asked) {
		*asked |= what;
		attach_start(s, g, what);
	} else if (g && g->wanted) {	/* there was an asking of others */
		attach_start(s, g, 0);
	}
	return !g || !what || g->lent || (g->asking != ASK_UNDER_WAY && !g->wanted);
}

/* What libvirt's definition has, as rows of devices. */
static void add_device(struct snapshot *snap, const struct guest *g, const char *id, const char *type, struct virt_device d)
{
	auto_free char *words = virt_device_words(&d);
	struct device_row *row;

	if (!id)
		return;
	row = snapshot_add(snap, TABLE_DEVICES);
	rows_head(snap, g, &row->head);
	row->head.key = row->id = snapshot_str(snap, id);
	row->type = snapshot_str(snap, type);
	row->backing = snapshot_str(snap, words);
}

static void virt_devices(struct snapshot *snap, const struct guest *g)
{
	const struct virt_def *def = g->domain->def;
	size_t i;

	for (i = 0; def && i < def->n_memory; i++) {
		const struct virt_memory *m = &def->memory[i];

		add_device(snap, g, m->alias, m->model && !strcmp(m->model, "virtio-mem") ? "virtio-mem-pci" : "pc-dimm",
			   (struct virt_device){ .memory = m });
	}
	for (i = 0; def && i < def->n_usb; i++)
		add_device(snap, g, def->usb[i].alias, "usb-host", (struct virt_device){ .usb = &def->usb[i] });
	for (i = 0; def && i < def->n_pci; i++)
		add_device(snap, g, def->pci[i].alias, "vfio-pci", (struct virt_device){ .pci = &def->pci[i] });
}

static void fill_parts(struct sampler *s, struct snapshot *snap, struct guest *g, unsigned needs)
{
	struct host_usage u;

	if (needs & NEED_DISKS)
		rows_disks(s, snap, g);
	if (needs & NEED_NICS)
		rows_nics(s, snap, g);
	if ((needs & NEED_DEVICES) && g->domain && !(g->known & WANT_DEVICES))
		virt_devices(snap, g);
	else if (needs & NEED_DEVICES)
		rows_devices(snap, g);
	if (needs & NEED_JOBS)
		rows_jobs(snap, g);
	if ((needs & NEED_TASKS) && !host_watch_read(g->watch, 0, &u))
		rows_threads(s, snap, g, &u, 0);
}

static struct snapshot *fill(struct sampler *s, const char *ref, unsigned needs)
{
	struct snapshot *snap;
	struct timespec wall;
	size_t i;

	clock_gettime(CLOCK_REALTIME, &wall);
	snap = snapshot_new(clock_now_ns(), wall);
	for (i = 0; i < s->n_guests; i++) {
		struct guest *g = s->guests[i];
		struct host_usage u;
		struct vm_row *row;

		if (g->gone || host_watch_read(g->watch, 0, &u))	/* that it has ended is for the next sample to tell */
			continue;
		row = snapshot_add(snap, TABLE_VMS);
		rows_head(snap, g, &row->head);
		row->uuid = snapshot_str(snap, guest_uuid(g));
		row->user = snapshot_str(snap, g->user);
		row->state = snapshot_str(snap, g->domain && g->domain->state ? g->domain->state : g->answers.status);
		row->pid = (uint64_t)g->pid;
		row->mem_bytes = guest_memory(g).bytes;
		if (ref && !strcmp(g->ref, ref))
			fill_parts(s, snap, g, needs);
	}
	return snap;
}

struct snapshot *sampler_peek(struct sampler *s, const char *ref, unsigned needs, unsigned timeout_ms, char **note)
{
	uint64_t fresh = round_fresh_ns(clock_now_ns()), deadline = clock_now_ns() + timeout_ms * NS_PER_MS;
	struct snapshot *snap;
	const struct guest *g;
	unsigned asked = 0;
	bool over;

	for (;;) {
		pthread_mutex_lock(&s->lock);
		over = ask(s, ref, needs, fresh, &asked) || s->leaving || clock_now_ns() >= deadline;
		if (over)
			break;
		pthread_mutex_unlock(&s->lock);
		clock_sleep_until(clock_now_ns() + NS_PER_MS);
	}
	g = ref ? guest_by_ref(s, ref) : NULL;
	*note = NULL;
	if (ref && !g)
		*note = xstrdup("the guest has ended");
	else if (g && wants(g, needs, 0))
		*note = xstrdup(g->lent ? "a change of this guest is under way" : g->asking == ASK_UNDER_WAY || !g->note ?
				"QEMU has not answered yet" : g->note);
	snap = fill(s, ref, needs);
	pthread_mutex_unlock(&s->lock);
	return snap;
}
