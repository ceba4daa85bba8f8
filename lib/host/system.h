/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The host as a whole, at this moment. Seven small files of /proc and a few of /sys. */
#ifndef KT_HOST_SYSTEM_H
#define KT_HOST_SYSTEM_H

#include "root.h"

struct host_system {
	char kernel[65];
	uint64_t busy_ns, iowait_ns, steal_ns;	/* of all CPUs since boot; steal is in busy */
	double load[3];
	struct host_pressure {
		double some_pct, full_pct;	/* avg10 */
	} psi_cpu, psi_io, psi_mem;
	double uptime_s;
	uint64_t mem_total_bytes, mem_available_bytes, swap_total_bytes, swap_free_bytes;
	uint64_t huge_total_bytes, huge_free_bytes;	/* pools of all sizes */
	uint64_t ksm_saved_bytes;		/* as struct host_ksm has it */
	uint64_t thp_bytes;			/* anonymous, shared and file memory mapped by huge pages */
};
void host_system_read(const struct host *h, struct host_system *out);

#endif
