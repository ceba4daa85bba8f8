/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * KVM's counters of a process, without asking it. Of the virtual machine from debugfs (root, and a kernel that is not
 * locked down); of each vCPU through the statistics descriptors that QEMU 8.1 and later keeps open, of which the
 * kernel gives us copies (pidfd_getfd, Linux 5.6; the right to ptrace the process). Names are the kernel's.
 */
#ifndef KT_HOST_KVM_H
#define KT_HOST_KVM_H

#include "system.h"

struct host_kvm_stat {
	char name[48];			/* letters, digits, '_' */
	bool count;			/* it only grows; else it is a state or a peak */
	uint64_t value;
};

struct host_kvm_vcpu {
	unsigned id;			/* the kernel's: the APIC id on x86, which grows with QEMU's number but may leave some out */
	const struct host_kvm_stat *stats;
	size_t n;
};

/* A VM with an open descriptor of ours stays in the kernel after its process has gone: free this when it is not looked at. */
struct host_kvm;
struct host_kvm *host_kvm_new(const struct host *h, pid_t pid, uint64_t start);
void host_kvm_free(struct host_kvm *k);			/* NULL is fine */

/* Lists are borrowed and hold until the next call of the same function. -ENOENT, -EACCES..: not to be had. */
int host_kvm_vm_read(struct host_kvm *k, const struct host_kvm_stat **stats, size_t *n);
/* Sorted by id. expect: how many vCPUs there are, 0: not known; another number makes it look for them again. */
int host_kvm_vcpus_read(struct host_kvm *k, size_t expect, const struct host_kvm_vcpu **vcpus, size_t *n);
/* The process has a virtual machine of KVM; false too where its descriptors must not be seen. */
bool host_kvm_has_vm(const struct host *h, pid_t pid);

#endif
