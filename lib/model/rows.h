/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Rows of the look-ups of a guest's parts and of the host. A field named x_total, x_ns or x_ops is
 * the counter of a rate column; see column.h.
 */
#ifndef KT_MODEL_ROWS_H
#define KT_MODEL_ROWS_H

#include "snapshot.h"

struct thread_row {
	struct row head;
	const char *role, *name, *state, *affinity, *cpuset, *allowed;
	uint64_t tid, cpu, node;
	uint64_t run_ns, wait_ns, guest_ns, sys_ns;
	double run_pct, wait_pct, guest_pct, sys_pct;
};

struct vcpu_row {
	struct row head;
	const char *state, *affinity, *cpuset, *allowed;
	uint64_t vcpu, tid, cpu, node;
	uint64_t run_ns, wait_ns, guest_ns, sys_ns, poll_ns;
	double run_pct, wait_pct, guest_pct, sys_pct, poll_pct;
};

struct disk_row {
	struct row head;
	const char *id, *device, *file, *format, *bus, *block_node, *io_status, *readonly;
	const char *cache, *aio, *iothread, *throttle, *throttle_group, *histogram, *storage, *space;
	uint64_t size_bytes, inflight, chain, allocation_bytes, free_bytes;
	uint64_t rd_ops, wr_ops, rd_total, wr_total, rd_ns, wr_ns, busy_ns, failed_ops, invalid_ops;
	uint64_t fl_ops, fl_ns, dc_ops, dc_ns, dc_total;
	double rd_iops, wr_iops, rd_bytes_per_s, wr_bytes_per_s, rd_lat_us, wr_lat_us;
	double flushes_per_s, fl_lat_us, discards_per_s, discard_bytes_per_s, discard_lat_us;
	double rd_p50_us, rd_p99_us, wr_p50_us, wr_p99_us, fl_p99_us;
	double inflight_mean, errors_per_s, invalid_per_s, throttle_pct, space_pct;
};

struct nic_row {
	struct row head;
	const char *id, *mac, *model, *backend, *ifname, *netdev, *bridge, *vhost;
	const char *bridge_kind, *link, *ip, *pci;
	uint64_t queues, vlan, mtu;
	uint64_t rx_total, tx_total, rx_packets, tx_packets, drops, rx_drops, tx_drops, rx_errors, tx_errors;
	double rx_bytes_per_s, tx_bytes_per_s, rx_packets_per_s, tx_packets_per_s, drops_per_s;
	double rx_drops_per_s, tx_drops_per_s, rx_errors_per_s, tx_errors_per_s;
};

struct vhost_row {
	struct row head;
	const char *nic, *ifname, *how, *state, *affinity;
	uint64_t tid, queue, cpu, node;
	uint64_t run_ns, wait_ns, used_total;
	double run_pct, wait_pct, req_per_s;
};

struct slot_row {
	struct row head;
	const char *kind, *bus, *unplug;
	uint64_t total, free, free_bytes;
};

struct device_row {
	struct row head;
	const char *id, *type, *bus, *address, *hotpluggable, *backing;
};

struct job_row {
	struct row head;
	const char *job, *kind, *phase, *error;
	uint64_t total_bytes, remaining_bytes;
	uint64_t done_total;
	double done_pct, bytes_per_s, dirty_bytes_per_s, downtime_seconds, elapsed_seconds;
};

struct event_row {
	struct row head;
	const char *at, *event, *detail;
	uint64_t seq;
};

struct find_row {
	struct row head;
	const char *kind, *what, *device, *how;
};

struct pci_row {
	struct row head;		/* vm and ref: the guest that has it */
	const char *address, *class, *id, *driver, *sriov, *pf;
	uint64_t iommu_group, node, vfs, vfs_max;
};

struct cpu_row {
	struct row head;
	const char *runs, *waits, *siblings;
	uint64_t cpu, node, vcpus;
	uint64_t busy_ns, user_ns, system_ns, guest_ns, iowait_ns, irq_ns, softirq_ns, steal_ns;
	double busy_pct, user_pct, system_pct, guest_pct, iowait_pct, irq_pct, softirq_pct, steal_pct;
	double wait_pct;
};

struct kvm_row {
	struct row head;
	const char *vcpu, *counter, *kind, *origin;
	uint64_t total;
	uint64_t count, ns;		/* of what has a rate; of what is time */
	double per_s, share_pct;
};

struct knob_row {
	struct row head;
	const char *knob, *value, *effective, *range, *unit, *normal, *writer, *journal, *file, *help;
};

struct host_row {
	struct row head;
	const char *host, *kernel;
	uint64_t cpus, nodes, guests;
	uint64_t mem_total_bytes, mem_available_bytes, swap_total_bytes, swap_used_bytes;
	uint64_t hugepages_total_bytes, hugepages_free_bytes, ksm_saved_bytes;
	uint64_t busy_ns, iowait_ns, steal_ns;
	double cpu_pct, iowait_pct, steal_pct, load1, load5, load15;
	double psi_cpu_pct, psi_io_pct, psi_mem_pct, psi_cpu_full_pct, psi_io_full_pct, psi_mem_full_pct, uptime_seconds;
	uint64_t guests_mem_bytes, guests_vcpus, thp_bytes;
	double halt_poll_us, mem_overcommit_pct, cpu_overcommit_pct, thp_pct;
	const char *level, *nested, *kvm;
};

#endif
