// SPDX-License-Identifier: GPL-3.0-or-later
/* The questions themselves, and where their answers are kept. */
#include "private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void answers_done(struct answers *a)
{
	free(a->status);
	free(a->detail);
	free(a->name);
	free(a->uuid);
	qmp_virtio_free(a->virtio, a->n_virtio);
	qmp_threads_free(a->cpus, a->n_cpus);
	qmp_threads_free(a->iothreads, a->n_iothreads);
	*a = (struct answers){0};
}

static void devices_done(struct device_answers *a)
{
	qmp_devices_free(a->devices, a->n_devices);
	*a = (struct device_answers){0};
}

static void disks_done(struct disk_answers *a)
{
	qmp_disks_free(a->disks, a->n_disks);
	*a = (struct disk_answers){0};
}

static void slots_done(struct slot_answers *a)
{
	qmp_ports_free(a->ports, a->n_ports);
	*a = (struct slot_answers){0};
}

static void block_done(struct block_answers *a)
{
	qmp_blockstats_free(a->stats, a->n_stats);
	free(a->latencies);
	*a = (struct block_answers){0};
}

static void jobs_done(struct job_answers *a)
{
	qmp_jobs_free(a->jobs, a->n_jobs);
	*a = (struct job_answers){0};
}

static void ram_done(struct ram_answers *a)
{
	qmp_ram_free(a->ram, a->n_ram);
	free(a->balloon);
	*a = (struct ram_answers){0};
}

static void nics_done(struct nic_answers *a)
{
	qmp_nics_free(a->nics, a->n_nics);
	*a = (struct nic_answers){0};
}

static void kvm_done(struct kvm_answers *a)
{
	qmp_kvm_stats_free(a->sets, a->n);
	*a = (struct kvm_answers){0};
}

void replies_done(struct replies *r)
{
	nics_done(&r->nics);
	kvm_done(&r->kvm);
	qmp_kvm_names_free(r->kvm_names, r->n_kvm_names);
	answers_done(&r->base);
	devices_done(&r->devices);
	disks_done(&r->disks);
	disks_done(&r->throttles);
	slots_done(&r->slots);
	block_done(&r->block);
	jobs_done(&r->jobs);
	ram_done(&r->ram);
	free(take_ptr(r->balloon_path));
}

void ask_done(struct guest *g)
{
	nics_done(&g->nics);
	kvm_done(&g->kvm_answers);
	answers_done(&g->answers);
	devices_done(&g->devices);
	disks_done(&g->disks);
	disks_done(&g->throttles);
	slots_done(&g->slots);
	block_done(&g->block);
	jobs_done(&g->jobs);
	ram_done(&g->ram);
}

static void take_kvm(struct guest *g, struct replies *r)
{
	struct sampler *s = g->sampler;

	kvm_done(&g->kvm_answers);
	g->kvm_answers = r->kvm;
	r->kvm = (struct kvm_answers){0};
	if (s->kvm_names || !r->n_kvm_names)
		return;
	s->kvm_names = take_ptr(r->kvm_names);
	s->n_kvm_names = r->n_kvm_names;
	r->n_kvm_names = 0;
}

static void take_state(struct guest *g, struct replies *r)
{
	bool arriving = g->answers.arriving;

	free(g->answers.status);
	free(g->answers.detail);
	g->answers.status = take_ptr(r->base.status);
	g->answers.detail = take_ptr(r->base.detail);
	g->answers.told_ns = r->base.told_ns;
	if (r->have & WANT_MIGRATION)
		g->answers.arriving = r->base.arriving;
	if (!(r->have & WANT_VIRTIO) && arriving != r->base.arriving)	/* its rings may be read from now on, or not any more */
		g->ask_again_ns = clock_now_ns();
}

static void take_threads(struct answers *a, struct answers *from)
{
	qmp_threads_free(a->cpus, a->n_cpus);
	qmp_threads_free(a->iothreads, a->n_iothreads);
	a->cpus = take_ptr(from->cpus);
	a->n_cpus = from->n_cpus;
	a->iothreads = take_ptr(from->iothreads);
	a->n_iothreads = from->n_iothreads;
	from->n_cpus = from->n_iothreads = 0;
}

static void take_virtio(struct answers *a, struct answers *from)
{
	qmp_virtio_free(a->virtio, a->n_virtio);
	a->virtio = take_ptr(from->virtio);
	a->n_virtio = from->n_virtio;
	a->settling = from->settling;
	a->taken_ns = from->taken_ns;
	from->n_virtio = 0;
}

static void take_base(struct guest *g, struct replies *r)
{
	if (r->have & WANT_STATE)
		take_state(g, r);
	if (r->have & WANT_NAMES) {
		free(g->answers.name);
		free(g->answers.uuid);
		g->answers.name = take_ptr(r->base.name);
		g->answers.uuid = take_ptr(r->base.uuid);
	}
	if (r->have & WANT_SIZE)
		g->memory = r->base.memory;
	if (r->have & WANT_THREADS)
		take_threads(&g->answers, &r->base);
	if (r->have & WANT_VIRTIO)
		take_virtio(&g->answers, &r->base);
}

void ask_take(struct guest *g, struct replies *r)
{
	take_base(g, r);
	if (r->have & WANT_NICS) {
		nics_done(&g->nics);
		g->nics = r->nics;
		r->nics = (struct nic_answers){0};
		g->netifs_read = false;
	}
	if (r->have & WANT_DEVICES) {
		devices_done(&g->devices);
		g->devices = r->devices;
		r->devices = (struct device_answers){0};
	}
	if (r->have & WANT_DISKS) {
		disks_done(&g->disks);
		g->disks = r->disks;
		r->disks = (struct disk_answers){0};
	}
	if (r->have & WANT_THROTTLE) {
		disks_done(&g->throttles);
		g->throttles = r->throttles;
		r->throttles = (struct disk_answers){0};
	}
	if (r->have & WANT_SLOTS) {
		slots_done(&g->slots);
		g->slots = r->slots;
		r->slots = (struct slot_answers){0};
	}
	if (r->have & WANT_BLOCK) {
		latency_fill(&g->block, &r->block);
		block_done(&g->block);
		g->block = r->block;
		r->block = (struct block_answers){0};
	}
	if (r->have & WANT_JOBS) {
		jobs_done(&g->jobs);
		g->jobs = r->jobs;
		r->jobs = (struct job_answers){0};
	}
	if (r->have & WANT_RAM) {
		ram_done(&g->ram);
		g->ram = r->ram;
		g->memory = r->ram.memory;
		r->ram = (struct ram_answers){0};
	}
	if (r->have & WANT_BALLOON)
		g->balloon = r->balloon;
	if (r->have & WANT_KVM)
		take_kvm(g, r);
	g->known |= r->have;
}

/* Which disk stopped the guest, and why. */
static int disk_detail(struct qmp *q, char **detail, struct err *err)
{
	auto_buf struct buf b = {0};
	struct qmp_disk *disks;
	size_t n, i;
	int rc = qmp_query_disks(q, &disks, &n, err);

	if (rc)
		return rc;
	for (i = 0; i < n; i++) {
		const char *status = disks[i].io_status;

		if (!status || !strcmp(status, "ok"))
			continue;
		buf_printf(&b, "%s%s: %s", b.len ? "; " : "", disks[i].id,
			   strcmp(status, "nospace") ? "I/O error (EIO)" : "no space left for its image (ENOSPC)");
	}
	qmp_disks_free(disks, n);
	*detail = b.len ? buf_take(&b) : NULL;
	return 0;
}

static const char *meaning(const char *status)
{
	static const struct {
		const char *status, *text;
	} meanings[] = {
		{ "paused", "by a monitor command" },
		{ "prelaunch", "not started yet (-S)" },
		{ "inmigrate", "waits for a migration to come in" },
		{ "postmigrate", "has migrated away" },
		{ "finish-migrate", "last part of a migration" },
		{ "shutdown", "powered off (-no-shutdown)" },
		{ "suspended", "asleep (ACPI S3)" },
		{ "watchdog", "its watchdog fired" },
		{ "guest-panicked", "its kernel panicked" },
		{ "internal-error", "the hypervisor could not go on" },
		{ "save-vm", "is being saved" },
		{ "restore-vm", "is being restored" },
		{ "debug", "stopped by a debugger" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(meanings); i++)
		if (!strcmp(meanings[i].status, status))
			return meanings[i].text;
	return NULL;
}

static int ask_state(struct qmp *q, bool migration, struct answers *a, struct err *err)
{
	bool running, migrating = false;
	int rc = qmp_query_status(q, &running, &a->status, err);

	if (rc)
		return rc;
	a->told_ns = clock_now_ns();
	a->arriving = !strcmp(a->status, "inmigrate");
	if (!strcmp(a->status, "io-error"))
		return disk_detail(q, &a->detail, err);
	if (strcmp(a->status, "running"))
		a->detail = xstrdup(meaning(a->status));
	else if (migration)
		rc = qmp_query_migration(q, &migrating, &a->arriving, err);
	if (!rc && a->arriving && migrating) {
		a->detail = xstrdup("runs here while its memory is still arriving (post-copy)");
	} else if (!rc && migrating) {
		free(a->status);
		a->status = xstrdup("migrating");
		a->detail = xstrdup("runs here while it is sent away");
	}
	return rc;
}

static int ask_threads(struct qmp *q, struct answers *a, struct err *err)
{
	int rc = qmp_query_cpus(q, &a->cpus, &a->n_cpus, err);

	return rc ? rc : qmp_query_iothreads(q, &a->iothreads, &a->n_iothreads, err);
}

static int ask_virtio(struct qmp *q, struct qmp_view *view, bool frugal, struct answers *a, struct err *err)
{
	bool runs = !a->status || !strcmp(a->status, "running");
	size_t i;
	int rc = frugal ? qmp_view_tree(q, view, err) : 0;

	if (!rc || qmp_is_refusal(rc))
		rc = qmp_virtio_read(q, true, view, &a->virtio, &a->n_virtio, err);
	if (rc == -ENOSYS)	/* before QEMU 7.2: no rings, the rest is as good */
		rc = 0;
	/* a guest that does not run loads no driver; that it runs again is noticed */
	for (i = 0; i < a->n_virtio && !rc && runs; i++)
		if (a->virtio[i].known && !a->virtio[i].driver_ok)
			a->settling = true;
	a->settling |= a->arriving;
	a->taken_ns = clock_now_ns();
	return rc;
}

static int ask_base(struct qmp *q, unsigned what, struct qmp_view *view, struct replies *r, struct err *err)
{
	int rc = 0;

	if (what & WANT_STATE) {
		rc = ask_state(q, what & WANT_MIGRATION, &r->base, err);
		r->have |= rc ? 0 : what & (WANT_STATE | WANT_MIGRATION);
	}
	if (!rc && (what & WANT_NAMES)) {
		rc = qmp_query_identity(q, &r->base.name, &r->base.uuid, err);
		r->have |= rc ? 0 : WANT_NAMES;
	}
	if (!rc && (what & WANT_SIZE)) {
		rc = qmp_query_memory_size(q, &r->base.memory, err);
		r->have |= rc ? 0 : WANT_SIZE;
	}
	if (!rc && (what & WANT_THREADS)) {
		rc = ask_threads(q, &r->base, err);
		r->have |= rc ? 0 : WANT_THREADS;
	}
	if (!rc && (what & WANT_VIRTIO)) {
		rc = ask_virtio(q, view, r->frugal, &r->base, err);
		r->have |= rc ? 0 : WANT_VIRTIO;
	}
	return rc;
}

static int ask_disks(struct qmp *q, struct qmp_view *view, bool no_iothreads, struct disk_answers *a, struct err *err)
{
	int rc = qmp_query_disks(q, &a->disks, &a->n_disks, err);

	if (!rc && a->n_disks) {
		rc = qmp_view_tree(q, view, err);
		if (!rc)
			rc = qmp_tree_place_disks(q, view->tree, a->disks, a->n_disks, err);
		if (!rc && !no_iothreads)
			rc = qmp_query_disk_threads(q, view->tree, a->disks, a->n_disks, err);
		if (qmp_is_refusal(rc))		/* buses and IOThreads stay unknown */
			rc = 0;
	}
	a->taken_ns = clock_now_ns();
	return rc;
}

static int ask_devices(struct qmp *q, struct qmp_view *view, struct device_answers *a, struct err *err)
{
	int rc = qmp_view_tree(q, view, err);

	if (!rc)
		rc = qmp_tree_devices(q, view->tree, &a->devices, &a->n_devices, err);
	else if (qmp_is_refusal(rc))
		rc = qmp_query_devices(q, &a->devices, &a->n_devices, err);
	a->taken_ns = clock_now_ns();
	return rc;
}

/* told: the command line is libvirt's, which says all of it */
static int ask_slots(struct qmp *q, struct qmp_view *view, bool told, struct slot_answers *a, struct err *err)
{
	int rc = qmp_view_tree(q, view, err);

	if (!rc)
		rc = qmp_tree_ports(q, view->tree, &a->ports, &a->n_ports, err);
	else if (qmp_is_refusal(rc))
		rc = qmp_query_ports(q, NULL, NULL, &a->ports, &a->n_ports, err);
	if (!rc)
		rc = qmp_query_room(q, &a->room, err);
	if (!rc && !told)
		rc = qmp_query_memory_room(q, &a->memory, err);
	if (rc == -ENOENT)
		rc = 0;
	if (!rc)
		a->kvm_told = !qmp_query_kvm(q, &a->has_kvm, NULL);
	a->taken_ns = clock_now_ns();
	return rc;
}

/* What is plugged, and where. */
static int ask_plugged(struct qmp *q, unsigned what, struct qmp_view *view, struct replies *r, struct err *err)
{
	int rc = 0;

	if (what & WANT_DISKS) {
		rc = ask_disks(q, view, r->no_iothreads, &r->disks, err);
		r->have |= rc ? 0 : WANT_DISKS;
	}
	if (!rc && (what & WANT_THROTTLE)) {
		rc = qmp_query_disks(q, &r->throttles.disks, &r->throttles.n_disks, err);
		r->throttles.taken_ns = clock_now_ns();
		r->have |= rc ? 0 : WANT_THROTTLE;
	}
	if (!rc && (what & WANT_DEVICES)) {
		rc = ask_devices(q, view, &r->devices, err);
		r->have |= rc ? 0 : WANT_DEVICES;
	}
	if (!rc && (what & WANT_SLOTS)) {
		rc = ask_slots(q, view, r->no_iothreads, &r->slots, err);
		r->have |= rc ? 0 : WANT_SLOTS;
	}
	if (!rc && (what & WANT_NICS)) {
		rc = qmp_view_nics(q, view, &r->nics.nics, &r->nics.n_nics, err);
		r->nics.taken_ns = clock_now_ns();
		r->have |= rc ? 0 : WANT_NICS;
	}
	return rc;
}

static int ask_ram(struct qmp *q, struct ram_answers *a, struct err *err)
{
	int rc = qmp_query_ram(q, &a->ram, &a->n_ram, err);

	if (!rc)
		rc = qmp_query_memory_size(q, &a->memory, err);
	if (!rc)
		rc = qmp_find_balloon(q, &a->balloon, err);
	a->taken_ns = clock_now_ns();
	return rc;
}

static int ask_memory(struct qmp *q, unsigned what, struct replies *r, struct err *err)
{
	const char *path = r->balloon_path;
	int rc = 0;

	if (what & WANT_RAM) {
		rc = ask_ram(q, &r->ram, err);
		r->have |= rc ? 0 : WANT_RAM;
		path = r->ram.balloon;
	}
	if (!rc && (what & WANT_BALLOON) && path) {
		rc = qmp_query_balloon(q, path, &r->balloon.balloon, err);
		r->balloon.taken_ns = clock_now_ns();
		clock_gettime(CLOCK_REALTIME, &r->balloon.wall);
		r->have |= rc ? 0 : WANT_BALLOON;
	}
	return rc;
}

static int ask_kvm(struct qmp *q, struct replies *r, struct err *err)
{
	int rc = r->kvm_named ? 0 : qmp_query_kvm_names(q, &r->kvm_names, &r->n_kvm_names, err);

	if (!rc)
		rc = qmp_query_kvm_stats(q, &r->kvm.sets, &r->kvm.n, err);
	r->kvm.taken_ns = clock_now_ns();
	return rc;
}

int ask_put(struct qmp *q, unsigned what, struct replies *r, struct err *err)
{
	struct qmp_view view = { .no_iothreads = r->no_iothreads };
	int rc = ask_base(q, what, &view, r, err);

	if (!rc)
		rc = ask_plugged(q, what, &view, r, err);
	qmp_view_done(&view);
	if (!rc && (what & WANT_JOBS)) {
		rc = qmp_query_jobs(q, &r->jobs.jobs, &r->jobs.n_jobs, err);
		r->jobs.taken_ns = clock_now_ns();
		r->have |= rc ? 0 : WANT_JOBS;
	}
	if (!rc && (what & WANT_BLOCK)) {
		rc = qmp_query_blockstats(q, &r->block.stats, &r->block.n_stats, err);
		r->block.taken_ns = clock_now_ns();
		r->have |= rc ? 0 : WANT_BLOCK;
	}
	if (!rc)
		rc = ask_memory(q, what, r, err);
	if (!rc && (what & WANT_KVM)) {
		rc = ask_kvm(q, r, err);
		r->have |= rc ? 0 : WANT_KVM;
	}
	return rc;
}
