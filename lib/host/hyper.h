/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How the host is set up as a hypervisor, and whether it is a guest itself. */
#ifndef KT_HOST_HYPER_H
#define KT_HOST_HYPER_H

#include "root.h"

struct host_hyper {
	char module[16];		/* "kvm_intel", "kvm_amd"; "": neither is loaded */
	uint64_t halt_poll_ns;		/* HOST_UNKNOWN: no KVM */
	char nested[16];		/* "on", "off"; "": not known */
	char settings[384];		/* the others that matter, as "nx_huge_pages=off tdp_mmu=Y ..", "" without KVM */
	char level[96];			/* "metal", or "guest" with the machine's name; "": not known */
};
void host_hyper_read(const struct host *h, struct host_hyper *out);

#endif
