// SPDX-License-Identifier: GPL-3.0-or-later
/* Rows of the host and of its PCI devices. */
#include "private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Without one guest's, the sum is not known. */
static uint64_t sum(uint64_t all, uint64_t one)
{
	return one == UNKNOWN_UINT || all > UNKNOWN_UINT - one ? UNKNOWN_UINT : all + one;
}

/* What the guests together were promised, against what there is. */
static void fill_guests(const struct sampler *s, struct host_row *row)
{
	size_t i;

	row->guests = row->guests_mem_bytes = row->guests_vcpus = 0;
	for (i = 0; i < s->n_guests; i++) {
		const struct guest *g = s->guests[i];
		uint64_t vcpus = g->answers.n_cpus ? g->answers.n_cpus : g->cmdline.vcpus, bytes;

		if (g->gone)
			continue;
		bytes = guest_memory(g).bytes;
		row->guests++;
		row->guests_vcpus = sum(row->guests_vcpus, vcpus);
		row->guests_mem_bytes = sum(row->guests_mem_bytes, bytes);
	}
	if (row->mem_total_bytes != UNKNOWN_UINT && row->mem_total_bytes && row->guests_mem_bytes != UNKNOWN_UINT)
		row->mem_overcommit_pct = 100 * (double)row->guests_mem_bytes / (double)row->mem_total_bytes;
	if (row->cpus && row->guests_vcpus != UNKNOWN_UINT)
		row->cpu_overcommit_pct = 100 * (double)row->guests_vcpus / (double)row->cpus;
}

static void fill_hyper(const struct sampler *s, struct snapshot *snap, struct host_row *row)
{
	struct host_hyper hyper;

	host_hyper_read(s->config.host, &hyper);
	if (hyper.halt_poll_ns != HOST_UNKNOWN)
		row->halt_poll_us = (double)hyper.halt_poll_ns / 1000;
	row->level = hyper.level[0] ? snapshot_str(snap, hyper.level) : NULL;
	row->nested = hyper.nested[0] ? snapshot_str(snap, hyper.nested) : NULL;
	if (hyper.module[0] || hyper.settings[0])
		row->kvm = snapshot_printf(snap, "%s%s%s", hyper.module, hyper.module[0] && hyper.settings[0] ? ": " : "",
					   hyper.settings);
}

void rows_host(const struct sampler *s, struct snapshot *snap, unsigned needs)
{
	const struct host_topology *topology = host_topology(s->config.host);
	struct host_row *row = snapshot_add(snap, TABLE_HOST);
	struct host_system sys;

	host_system_read(s->config.host, &sys);
	row->host = snapshot_str(snap, host_facts(s->config.host)->name);
	row->kernel = sys.kernel[0] ? snapshot_str(snap, sys.kernel) : NULL;
	row->cpus = topology->cpus;
	row->nodes = topology->nodes;
	row->busy_ns = sys.busy_ns;
	row->iowait_ns = sys.iowait_ns;
	row->steal_ns = sys.steal_ns;
	row->load1 = sys.load[0];
	row->load5 = sys.load[1];
	row->load15 = sys.load[2];
	row->mem_total_bytes = sys.mem_total_bytes;
	row->mem_available_bytes = sys.mem_available_bytes;
	row->swap_total_bytes = sys.swap_total_bytes;
	if (sys.swap_total_bytes != HOST_UNKNOWN && sys.swap_free_bytes <= sys.swap_total_bytes)
		row->swap_used_bytes = sys.swap_total_bytes - sys.swap_free_bytes;
	row->psi_cpu_pct = sys.psi_cpu.some_pct;
	row->psi_io_pct = sys.psi_io.some_pct;
	row->psi_mem_pct = sys.psi_mem.some_pct;
	row->psi_cpu_full_pct = sys.psi_cpu.full_pct;
	row->psi_io_full_pct = sys.psi_io.full_pct;
	row->psi_mem_full_pct = sys.psi_mem.full_pct;
	row->hugepages_total_bytes = sys.huge_total_bytes;
	row->hugepages_free_bytes = sys.huge_free_bytes;
	row->ksm_saved_bytes = sys.ksm_saved_bytes;
	row->uptime_seconds = sys.uptime_s;
	row->thp_bytes = sys.thp_bytes;
	if (sys.thp_bytes != HOST_UNKNOWN && sys.mem_total_bytes != HOST_UNKNOWN && sys.mem_total_bytes)
		row->thp_pct = 100 * (double)sys.thp_bytes / (double)sys.mem_total_bytes;
	fill_guests(s, row);
	if (needs & NEED_MERGE)
		fill_hyper(s, snap, row);
}

/* What each guest has open of VFIO. */
struct holding {
	const struct guest *guest;
	char **names;
	size_t n;
};

static bool holds(const struct holding *h, const struct host_pci *p)
{
	auto_free char *group = p->group >= 0 ? xasprintf("%d", p->group) : NULL;
	auto_free char *device = p->vfio[0] ? xasprintf("devices/%s", p->vfio) : NULL;
	size_t i;

	for (i = 0; i < h->n; i++)
		if ((group && !strcmp(h->names[i], group)) || (device && !strcmp(h->names[i], device)))
			return true;
	return false;
}

static void fill_pci(struct snapshot *snap, const struct host_pci *p, const struct holding *holdings, size_t n)
{
	struct pci_row *row = snapshot_add(snap, TABLE_PCI);
	char class[24];
	size_t i;

	for (i = 0; i < n; i++) {
		if (!holds(&holdings[i], p))
			continue;
		rows_head(snap, holdings[i].guest, &row->head);
		break;
	}
	row->head.key = snapshot_str(snap, p->address);
	row->address = row->head.key;
	row->class = snapshot_str(snap, host_pci_class(p->class, class, sizeof(class)));
	row->id = snapshot_printf(snap, "%04x:%04x", p->vendor, p->device);
	row->driver = p->driver[0] ? snapshot_str(snap, p->driver) : NULL;
	if (p->group >= 0)
		row->iommu_group = (uint64_t)p->group;
	if (p->node >= 0)
		row->node = (uint64_t)p->node;
	if (p->physfn[0]) {
		row->pf = snapshot_str(snap, p->physfn);
		row->sriov = snapshot_printf(snap, "VF of %s", p->physfn);
	}
	if (!p->vfs_max)
		return;
	row->sriov = "PF";
	row->vfs = p->vfs;
	row->vfs_max = p->vfs_max;
}

void rows_pci(const struct sampler *s, struct snapshot *snap)
{
	struct holding *holdings = xcalloc(s->n_guests, sizeof(*holdings));
	auto_free struct host_pci *list = NULL;
	size_t n = 0, i;

	host_pci_list(s->config.host, &list, &n);
	for (i = 0; i < s->n_guests && n; i++) {
		holdings[i].guest = s->guests[i];
		host_vfio_read(s->config.host, s->guests[i]->pid, &holdings[i].names, &holdings[i].n);
	}
	for (i = 0; i < n; i++)
		fill_pci(snap, &list[i], holdings, s->n_guests);
	for (i = 0; i < s->n_guests; i++)
		qmp_strings_free(holdings[i].names, holdings[i].n);
	free(holdings);
}
