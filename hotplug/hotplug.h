/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * hotplug: builders of plans that plug and unplug devices, and make those of the host that can be plugged. A builder
 * reads the guest's live state over QMP, or from libvirt where the guest is its, checks what can be checked, and fills the
 * plan's steps from the plan's arguments; it changes nothing.
 *
 * Returns 0 with the plan PLANNED, or UNCHANGED where nothing is to do; else a negative errno and a text that names what
 * and what to do: -ENODEV no such device, -EEXIST taken, -EINVAL, -ENOSPC no free port, -EBUSY, or the QMP client's own.
 */
#ifndef KT_HOTPLUG_H
#define KT_HOTPLUG_H

#include "lib/plan/plan.h"

int hotplug_disk_add(struct plan *p, const struct plan_env *env, struct err *err);
int hotplug_disk_resize(struct plan *p, const struct plan_env *env, struct err *err);
int hotplug_disk_remove(struct plan *p, const struct plan_env *env, struct err *err);

int hotplug_nic_add(struct plan *p, const struct plan_env *env, struct err *err);
int hotplug_nic_remove(struct plan *p, const struct plan_env *env, struct err *err);
int hotplug_nic_link(struct plan *p, const struct plan_env *env, struct err *err);
int hotplug_vcpu_add(struct plan *p, const struct plan_env *env, struct err *err);
int hotplug_vcpu_remove(struct plan *p, const struct plan_env *env, struct err *err);
int hotplug_vcpu_set(struct plan *p, const struct plan_env *env, struct err *err);
int hotplug_dimm_add(struct plan *p, const struct plan_env *env, struct err *err);
int hotplug_dimm_remove(struct plan *p, const struct plan_env *env, struct err *err);
int hotplug_vmem_set(struct plan *p, const struct plan_env *env, struct err *err);
int hotplug_usb_add(struct plan *p, const struct plan_env *env, struct err *err);
int hotplug_usb_remove(struct plan *p, const struct plan_env *env, struct err *err);
int hotplug_vfio_add(struct plan *p, const struct plan_env *env, struct err *err);
int hotplug_vfio_remove(struct plan *p, const struct plan_env *env, struct err *err);

/* Of the host, without a guest. */
int hotplug_sriov_set(struct plan *p, const struct plan_env *env, struct err *err);
int hotplug_vf_set(struct plan *p, const struct plan_env *env, struct err *err);

#endif
