// SPDX-License-Identifier: GPL-3.0-or-later
/* Verbs that look. */
#include "verbs.h"

static const struct arg one_guest[] = { ARG_ONE_GUEST };

const struct verb vms_verb = {
	.name = "vms", LOOK(TABLE_VMS), ARGS(one_guest), .summary = "Guests.",
	.rights = RIGHT_PROC " for bytes of I/O; " RIGHT_MONITOR " to find its rings, and CAP_SYS_PTRACE to read them",
	.doc = "The guests of this host, one row each: who uses CPU, waits for one, does I/O, and what stands still.",
};

const struct verb vcpus_verb = {
	.name = "vcpus", LOOK(TABLE_VCPUS), ARGS(one_guest), .key = "1", .summary = "vCPUs.",
	.rights = "none; " RIGHT_MONITOR " to tell which thread is which vCPU where QEMU does not name its threads",
	.doc = "The vCPUs of a guest: how much each runs, waits for a host CPU, and where.",
};

const struct verb queues_verb = {
	.name = "queues", LOOK(TABLE_QUEUES), ARGS(one_guest), .key = "2", .summary = "Virtqueues.",
	.rights = RIGHT_MONITOR ", and CAP_SYS_PTRACE to read QEMU's memory",
	.doc = "The virtqueues of a guest's virtio devices, read live from the rings in QEMU's memory, vhost devices included. "
	       "Unknown for packed rings, rings behind a virtual IOMMU, and QEMU before 7.2. With one guest named and --ring-hz, "
	       "its depths are read that often; the histogram then is of so many readings.",
};

const struct verb vhost_verb = {
	.name = "vhost", LOOK(TABLE_VHOST), ARGS(one_guest), .key = "3", .summary = "vhost threads.",
	.rights = "none; as queues for the NIC and the queue",
	.doc = "The kernel's threads that work the rings of vhost devices: whose guest's, NIC's and queue pair's each is, how much it "
	       "runs, waits for a CPU, and where. The longer kvmtop looks (--count), the surer it is, as rings that move while "
	       "a thread sleeps are not that thread's.",
};

const struct verb threads_verb = {
	.name = "threads", LOOK(TABLE_THREADS), ARGS(one_guest), .key = "t", .summary = "Threads.",
	.rights = "none; " RIGHT_MONITOR " for the roles of threads",
	.doc = "The threads of a guest and what each is for, vhost workers included: how much it runs, waits for a CPU, and where.",
};

const struct verb disks_verb = {
	.name = "disks", LOOK(TABLE_DISKS), ARGS(one_guest), .key = "4", .summary = "Disks.",
	.rights = RIGHT_MONITOR,
	.doc = "The disks of a guest, what they are stored in, and what they do. QEMU is asked for each sample: with one guest "
	       "named that is cheap, without it all guests are asked.",
};

const struct verb nics_verb = {
	.name = "nics", LOOK(TABLE_NICS), ARGS(one_guest), .key = "5", .summary = "NICs.",
	.rights = RIGHT_MONITOR "; " RIGHT_PROC " for taps that QEMU was handed",
	.doc = "The NICs of a guest, what they are connected to, and their traffic as the guest sees it.",
};

const struct verb devices_verb = {
	.name = "devices", LOOK(TABLE_DEVICES), ARGS(one_guest), .key = "D", .summary = "Devices.",
	.rights = RIGHT_MONITOR,
	.doc = "The devices of a guest: where each is plugged, whether it can be unplugged, and what stands behind it.",
};

const struct verb slots_verb = {
	.name = "slots", LOOK(TABLE_SLOTS), ARGS(one_guest), .key = "S", .summary = "Free places for devices, memory, vCPUs.",
	.rights = RIGHT_MONITOR,
	.doc = "What can still be plugged into a guest: free PCI ports and slots, DIMM slots, vCPUs.",
};

const struct verb jobs_verb = {
	.name = "jobs", LOOK(TABLE_JOBS), ARGS(one_guest), .key = "9", .summary = "Migration and block jobs.",
	.rights = RIGHT_MONITOR,
	.doc = "The migration and the jobs of a guest: how far they are and how fast. The last migration stays listed with how "
	       "it ended.",
};

const struct verb events_verb = {
	.name = "events", LOOK(TABLE_EVENTS), ARGS(one_guest), .key = "0", .summary = "What happens.",
	.rights = RIGHT_MONITOR,
	.doc = "Prints what happens to guests as it is seen, for --count samples: guests that start and end, changes of their "
	       "state, and the events QEMU sends where its monitor is held: that of sockets given with --qmp, and of a guest that "
	       "is named.",
};

const struct verb host_verb = {
	.name = "host", LOOK(TABLE_HOST), .key = "H1", .summary = "The host.",
	.doc = "The host as a whole: CPU, memory, pressure, hugepages, memory saved by merging.",
};

const struct verb memory_verb = {
	.name = "memory", LOOK(TABLE_MEMORY), ARGS(one_guest), .key = "6", .summary = "Memory of guests.",
	.rights = "none for sizes; " RIGHT_MONITOR " for balloon and DIMMs; CAP_SYS_ADMIN besides " RIGHT_PROC " for pages",
	.doc = "What each guest's memory consists of: given, resident, swapped, huge pages, merged pages, and what the guest itself "
	       "says through its balloon. Shares of huge pages come from a random sample of its pages, with the error stated; with "
	       "--exact, and a guest named, the kernel counts them all, which takes seconds for a large guest.",
};

const struct verb numa_verb = {
	.name = "numa", LOOK(TABLE_NUMA), ARGS(one_guest), .key = "7", .summary = "Memory and threads of guests by node.",
	.rights = "CAP_SYS_ADMIN, " RIGHT_PROC "; " RIGHT_MONITOR,
	.doc = "Where each guest's memory is, and where its vCPUs, vhost workers, IOThreads and devices are, one row for each node; "
	       "what is far from what it works on is marked. The memory is sampled, or counted with --exact.",
};

const struct verb nodes_verb = {
	.name = "nodes", LOOK(TABLE_NODES), .key = "H2", .summary = "NUMA nodes of the host.",
	.doc = "The NUMA nodes: memory, hugepages, how busy their CPUs are, allocations that went elsewhere, guests whose home they are.",
};

const struct verb hugepages_verb = {
	.name = "hugepages", LOOK(TABLE_HUGEPAGES), .key = "H4", .summary = "Pools of hugetlb pages.",
	.doc = "The pools of hugetlb pages by size and node: how many there are, are free, are promised, and which guests use them.",
};

const struct verb ksm_verb = {
	.name = "ksm", LOOK(TABLE_KSM), .key = "H5", .summary = "Merging of equal pages.",
	.doc = "What merging of equal pages saves and costs, and why it does not merge (more). What it merges of each guest: memory.",
};

const struct verb thp_verb = {
	.name = "thp", LOOK(TABLE_THP), .key = "H6", .summary = "Transparent huge pages.",
	.doc = "Transparent huge pages: settings, memory on them, how often they could be had, and what khugepaged does.",
};

const struct verb cpus_verb = {
	.name = "cpus", LOOK(TABLE_CPUS), .key = "H3", .summary = "CPUs of the host.",
	.doc = "The CPUs of the host one by one: what each spends its time on, which guests' threads run there, and which wait there.",
};

const struct verb kvm_verb = {
	.name = "kvm", LOOK(TABLE_KVM), ARGS(one_guest), .key = "8", .summary = "KVM counters.",
	.rights = "CAP_DAC_READ_SEARCH for debugfs, or " RIGHT_MONITOR,
	.doc = "The counters of KVM, of a guest as a whole and of each vCPU: exits by kind, interrupts, halt polling, sizes of pages, TLB "
	       "flushes. Each vCPU's own are known with QEMU 8.1 or later; before, QEMU is asked (query-stats) when a guest is named, "
	       "at most every two seconds, which interrupts each vCPU once. A guest under TCG has none.",
};

const struct verb pci_verb = {
	.name = "pci", LOOK(TABLE_PCI), .key = "H7", .summary = "PCI devices of the host.",
	.doc = "The PCI devices of the host: IOMMU group, driver, node, virtual functions, and which guest has them.",
};

static const struct arg find_args[] = {
	{ "WHAT", ARG_TEXT, .positional = true, .required = true, .help = "A MAC address in any usual spelling, an IPv4 or "
	  "IPv6 address (with a prefix length, a port, or %IF for that interface's neighbours), the name of a tap or macvtap, the path of an image (through links too), or a PCI address." },
};
const struct verb find_verb = {
	.name = "find", LOOK(TABLE_FIND), ARGS(find_args), .summary = "The guest that has something.",
	.rights = RIGHT_MONITOR "; " RIGHT_PROC " for taps and devices that QEMU was handed",
	.doc = "Names the guest, and the device, that has a MAC, an IP address, a tap, an image, or a PCI device. Whose an "
	       "address is, the host's neighbour tables and the files of its DHCP servers tell (dnsmasq of libvirt, Incus, Proxmox, "
	       "Neutron; ISC dhcpd; Kea), and an IPv6 address that is made of a MAC by itself. What was plugged since QEMU was started is "
	       "found too: libvirt's live definition has it, or QEMU is asked, all guests only for a MAC that none is known to have; "
	       "guests that cannot be asked are named. Exit code 3 when no guest has it, 1 when the word is not one of these.",
};

static const struct arg wait_args[] = {
	ARG_OF_GUEST,
	{ "EXPR", ARG_TEXT, .positional = true, .required = true, .complete = COMPLETE_FILTER, .help = "A filter on the guest's row of vms, such as "
	  "'state=running && cpu_pct<5'." },
};
const struct verb wait_verb = {
	.name = "wait", .group = "look", .table = TABLE_COUNT, .run = wait_run, ARGS(wait_args),
	.summary = "Wait until something holds of a guest.",
	.rights = "as vms, for the columns of the expression",
	.doc = "Waits until an expression holds of a guest's row of vms, and prints the row. Exit code 4 when it does not within "
	       "--timeout, 3 when the guest ends meanwhile.",
};
