// SPDX-License-Identifier: GPL-3.0-or-later
/* The verbs that tune. The arguments of those that set knobs are the knobs' rows. */
#include "verbs.h"
#include "tuning/tuning.h"

static const struct arg histogram_args[] = {
	ARG_OF_GUEST,
	{ "ID", ARG_DEVICE, .complete = COMPLETE_DISKS, .positional = true, .required = true, .help = "The disk's id, as disks has it.", ID_OF_DISK },
	{ "STATE", ARG_CHOICE, .positional = true, .required = true, .choices = "on|off", .help = "on: latencies are counted from now on." },
	ARG_FORCE_USER,
};
const struct verb histogram_verb = {
	.name = "histogram", CHANGE(tuning_histogram), ARGS(histogram_args), TUNE('h'), .summary = "Latency histograms of a disk on or off.",
	.rights = RIGHT_MONITOR,
	.doc = "Has QEMU count the latency of each request of a disk in 71 bins, each 26 % wide, from 1 us to 10 s. disks shows the "
	       "percentiles of that (rd_lat_p50_us ..); it counts from when it was switched on. Another program's bins are kept, and "
	       "undo brings back those there were.",
};

#define KNOB_TYPE_UINT ARG_UINT
#define KNOB_TYPE_PTES ARG_UINT
#define KNOB_TYPE_CHOICE ARG_CHOICE
#define KNOB_TYPE_SWITCH ARG_CHOICE
#define KNOB_ARG(id_, key_, kind_, file_, choices_, low_, high_, unit_, normal_, help_, ...) \
	{ key_, KNOB_TYPE_##kind_, .choices = (choices_), .help = help_ },
#define KNOB_WORD(id_, key_, kind_, file_, choices_, low_, high_, unit_, normal_, help_, ...) \
	{ key_, KNOB_TYPE_##kind_, .positional = true, .choices = (choices_), .help = help_ },
#define KNOB_NEEDED(id_, key_, kind_, file_, choices_, low_, high_, unit_, normal_, help_, ...) \
	{ key_, KNOB_TYPE_##kind_, .positional = true, .required = true, .choices = (choices_), .help = help_ },

#define RIGHT_FILES "write access to the files, which is root's"
#define TAKES_BACK " What it was is in the journal: undo. Programs that set it too (ksmtuned, tuned, numad, ..) are named when they run."

static const struct arg ksm_set_args[] = {
	KNOBS_KSM(KNOB_ARG)
	{ "force", ARG_CHOICE, .choices = "on|off", .help = "on: unmerge although the memory that takes is not there." },
};
const struct verb ksm_set_verb = {
	.name = "ksm set", CHANGE(tuning_ksm_set), ARGS(ksm_set_args), TUNE('k'), .summary = "Set how equal pages are merged.", .rights = RIGHT_FILES,
	.doc = "Sets how the kernel merges equal pages of guests (ksm shows what that saves). A key that this kernel does not have is an "
	       "error." TAKES_BACK,
};

static const struct arg thp_set_args[] = {
	{ "size", ARG_SIZE, .help = "Only for pages of that size, such as 64K: enabled= and shmem_enabled=." },
	KNOBS_THP(KNOB_ARG)
};
const struct verb thp_set_verb = {
	.name = "thp set", CHANGE(tuning_thp_set), ARGS(thp_set_args), TUNE('t'), .summary = "Set how transparent huge pages are made.",
	.rights = RIGHT_FILES,
	.doc = "Sets when the kernel gives memory huge pages (thp shows how many, and how often it could). What guests have by now stays as it "
	       "is; khugepaged changes it over time." TAKES_BACK,
};

static const struct arg halt_poll_args[] = {
	KNOBS_HALT_POLL_NS(KNOB_WORD)
	KNOBS_HALT_POLL(KNOB_ARG)
};
const struct verb halt_poll_verb = {
	.name = "halt-poll set", CHANGE(tuning_halt_poll_set), ARGS(halt_poll_args), TUNE('l'), .summary = "Set how long CPUs poll for vCPUs.",
	.rights = RIGHT_FILES,
	.doc = "Sets how long KVM polls before it puts a vCPU to sleep, for all guests: latency against CPU time (poll_pct of vcpus and the "
	       "counters of kvm show what it does)." TAKES_BACK,
};

static const struct arg numa_balancing_args[] = { KNOBS_NUMA(KNOB_NEEDED) };
const struct verb numa_balancing_verb = {
	.name = "numa balancing", CHANGE(tuning_numa_balancing), ARGS(numa_balancing_args), TUNE('n'), .summary = "NUMA balancing on or off.",
	.rights = RIGHT_FILES,
	.doc = "Switches the kernel's NUMA balancing, for the whole host." TAKES_BACK,
};

static const struct arg hugepages_set_args[] = {
	{ "size", ARG_SIZE, .required = true, .help = "Size of the pages, such as 2M or 1G." },
	{ "node", ARG_UINT, .complete = COMPLETE_NODES, .help = "The NUMA node; without it, count is spread over all of them in equal parts." },
	{ "count", ARG_UINT, .required = true, .instead = "demote", .help = "How many pages the pool is to have." },
	{ "demote", ARG_UINT, .help = "Instead of count=: break this number of free pages up into the next smaller size. There is no undo." },
	{ "force", ARG_CHOICE, .choices = "on|off", .help = "on: although the node has not so much memory; the kernel gives what it finds." },
};
const struct verb hugepages_set_verb = {
	.name = "hugepages set", CHANGE(tuning_hugepages_set), ARGS(hugepages_set_args), TUNE('u'), .summary = "Resize a pool of hugetlb pages.",
	.rights = RIGHT_FILES,
	.doc = "Gives a NUMA node's pool of hugetlb pages another size (hugepages shows them). Where memory in one piece is short, the kernel is "
	       "told to move pages together, and asked again. A pool that comes out smaller is clipped, and both numbers are shown; pages "
	       "that are in use when it shrinks stay as surplus until they are freed." TAKES_BACK,
};

const struct verb knobs_verb = {
	.name = "knobs", LOOK(TABLE_KNOBS), .summary = "What can be tuned, and what it is set to.",
	.doc = "All that kvmtop can tune on this host: its value and what is in effect, the range, the kernel's default, programs that run and set "
	       "it too, and the change of the journal that set it last.",
};
