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
	qmp_nics_free(a->nics, a->n_nics);
	qmp_disks_free(a->disks, a->n_disks);
	qmp_ports_free(a->ports, a->n_ports);
	*a = (struct device_answers){0};
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

void ask_take(struct guest *g, struct replies *r)
{
	if (r->have & WANT_BASE) {
		answers_done(&g->answers);
		g->answers = r->base;
		g->memory = r->base.memory;
		r->base = (struct answers){0};
	} else if (r->have & WANT_STATE) {
		free(g->answers.status);
		free(g->answers.detail);
		g->answers.status = take_ptr(r->base.status);
		g->answers.detail = take_ptr(r->base.detail);
		if (g->answers.arriving != r->base.arriving)	/* its rings may be read from now on, or not any more */
			g->ask_again_ns = clock_now_ns();
	}
	if (r->have & WANT_NICS) {
		nics_done(&g->nics);
		g->nics = r->nics;
		r->nics = (struct nic_answers){0};
	}
	if (r->have & WANT_DEVICES) {
		devices_done(&g->devices);
		g->devices = r->devices;
		r->devices = (struct device_answers){0};
		g->netifs_read = false;
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

static int ask_state(struct qmp *q, struct answers *a, struct err *err)
{
	bool running, migrating = false;
	int rc = qmp_query_status(q, &running, &a->status, err);

	if (rc)
		return rc;
	a->arriving = !strcmp(a->status, "inmigrate");
	if (!strcmp(a->status, "io-error"))
		return disk_detail(q, &a->detail, err);
	if (!strcmp(a->status, "running"))
		rc = qmp_query_migration(q, &migrating, &a->arriving, err);
	else
		a->detail = xstrdup(meaning(a->status));
	if (!rc && a->arriving && migrating) {
		a->detail = xstrdup("runs here while its memory is still arriving (post-copy)");
	} else if (!rc && migrating) {
		free(a->status);
		a->status = xstrdup("migrating");
		a->detail = xstrdup("runs here while it is sent away");
	}
	return rc;
}

static int ask_base(struct qmp *q, struct answers *a, struct err *err)
{
	size_t i;
	int rc = ask_state(q, a, err);

	if (!rc)
		rc = qmp_query_identity(q, &a->name, &a->uuid, err);
	if (!rc)
		rc = qmp_query_cpus(q, &a->cpus, &a->n_cpus, err);
	if (!rc)
		rc = qmp_query_iothreads(q, &a->iothreads, &a->n_iothreads, err);
	if (!rc)
		rc = qmp_query_memory_size(q, &a->memory, err);
	if (!rc)
		rc = qmp_virtio_read(q, true, &a->virtio, &a->n_virtio, err);
	if (rc == -ENOSYS)	/* before QEMU 7.2: no rings, the rest is as good */
		rc = 0;
	/* a guest that does not run loads no driver; that it runs again is noticed */
	for (i = 0; i < a->n_virtio && !rc && !strcmp(a->status, "running"); i++)
		if (a->virtio[i].known && !a->virtio[i].driver_ok)
			a->settling = true;
	a->settling |= a->arriving;
	a->taken_ns = clock_now_ns();
	return rc;
}

static int ask_devices(struct qmp *q, struct device_answers *a, struct err *err)
{
	int rc = qmp_query_devices(q, &a->devices, &a->n_devices, err);

	if (!rc)
		rc = qmp_query_nics(q, &a->nics, &a->n_nics, err);
	if (!rc)
		rc = qmp_query_disks(q, &a->disks, &a->n_disks, err);
	if (!rc)
		rc = qmp_query_ports(q, NULL, NULL, &a->ports, &a->n_ports, err);
	if (!rc)
		rc = qmp_query_room(q, &a->room, err);
	a->taken_ns = clock_now_ns();
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
	int rc = 0;

	if (what & WANT_BASE)
		rc = ask_base(q, &r->base, err);
	else if (what & WANT_STATE)
		rc = ask_state(q, &r->base, err);
	if (!rc)
		r->have |= what & (WANT_BASE | WANT_STATE);
	if (!rc && (what & WANT_DEVICES)) {
		rc = ask_devices(q, &r->devices, err);
		r->have |= rc ? 0 : WANT_DEVICES;
	}
	if (!rc && (what & WANT_NICS)) {
		rc = qmp_query_nics(q, &r->nics.nics, &r->nics.n_nics, err);
		r->have |= rc ? 0 : WANT_NICS;
	}
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
