/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Inside lib/cmd: what the files with verbs write them with, and the verbs of other files than verbs.c. */
#ifndef KT_CMD_VERBS_H
#define KT_CMD_VERBS_H

#include "cmd.h"

#define ARGS(list) .args = (list), .n_args = ARRAY_SIZE(list)
#define LOOK(t) .group = "look", .table = (t)
#define CHANGE(fn) .group = "change", .table = TABLE_COUNT, .build = (fn)
#define OTHER(fn) .group = "help", .table = TABLE_COUNT, .run = (fn)

/* The file of the guest's monitor may be written: what QEMU must be asked for, and every change of a guest. */
#define RIGHT_MONITOR "write access to the guest's QMP socket"
/* Files below /proc/PID are of QEMU's user, and are open to who may trace it. */
#define RIGHT_PROC "CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH"

#define ARG_OF_GUEST { "VM", ARG_VM, .positional = true, .required = true, \
	.help = "The guest: its exact name or UUID, name:NAME, uuid:UUID, pid:N, or the ref of a record." }
/* The last argument of a change of a guest that has no other safety check. */
#define ARG_FORCE_USER { "force", ARG_CHOICE, .choices = "on|off", .usual = "off", \
	.help = "on: although another user runs the guest, and has given it its name." }
#define ARG_ONE_GUEST { "VM", ARG_VM, .positional = true, .help = "One guest instead of all." }

/* Where ids of a guest's devices are listed: in the look-up of their kind, and among all devices. */
#define ID_OF_DISK .from = { { TABLE_DISKS, "id", NULL, "file" }, { TABLE_DEVICES, "id", "backing~^drive", "backing" } }
#define ID_OF_NIC .from = { { TABLE_NICS, "id", NULL, "mac" }, { TABLE_DEVICES, "id", "backing~^netdev", "backing" } }
#define ID_OF(types) .from = { { TABLE_DEVICES, "id", "type~'^(" types ")'", "backing" } }

/* The menus of the screen. A verb is in one by its row: key and, where the menu has parts, part. */
#define PLUG(by, kind) .key = "F7", .letter = (by), .room = (kind)
#define PLUG_CHANGE(by) .key = "F7", .letter = (by), .part = "change"
#define UNPLUG(by) .key = "F8", .letter = (by)
#define TUNE(by) .key = "F9", .letter = (by)

extern const struct verb vms_verb, vcpus_verb, threads_verb, queues_verb, disks_verb, nics_verb, devices_verb;
extern const struct verb memory_verb, numa_verb, nodes_verb, hugepages_verb, ksm_verb, thp_verb;
extern const struct verb vhost_verb;
extern const struct verb slots_verb, jobs_verb, events_verb, host_verb, pci_verb, find_verb, wait_verb;
extern const struct verb histogram_verb;	/* verbs_tune.c */
extern const struct verb pause_verb, resume_verb, reset_verb, powerdown_verb;
extern const struct verb ksm_set_verb, thp_set_verb, halt_poll_verb, numa_balancing_verb, hugepages_set_verb, knobs_verb;
extern const struct verb nic_add_verb, nic_remove_verb, nic_link_verb;
extern const struct verb cpus_verb;
extern const struct verb kvm_verb;
extern const struct verb vcpu_add_verb, vcpu_remove_verb, vcpu_set_verb;
extern const struct verb dimm_add_verb, dimm_remove_verb, vmem_set_verb;
extern const struct verb vfio_add_verb, vfio_remove_verb;
extern const struct verb sriov_set_verb, vf_set_verb;
extern const struct verb usb_add_verb, usb_remove_verb;

/* wait.c */
int wait_run(struct session *s, const struct call *c, struct err *err);

#endif
