/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Another process's memory, read without stopping it. Needs PTRACE_MODE_ATTACH: root or CAP_SYS_PTRACE; Yama's scope 3
 * denies even them. A page under userfaultfd (post-copy migration) can put the caller to sleep for good: only the ring
 * thread calls this.
 */
#ifndef KT_HOST_MEM_H
#define KT_HOST_MEM_H

#include "root.h"

/*
 * Two bytes (host order little endian assumed of x86) at each address, in the order given: the kernel copies one after
 * the other, so reading `used` before `avail` holds within one call. At most 512 addresses. Returns how many were read
 * (the first that fails ends it), or negative: -EPERM, -ESRCH, -EFAULT (none).
 */
ssize_t host_mem_read16(pid_t pid, const uint64_t *addresses, size_t n, uint16_t *out);
/*
 * Does the thread, one of ours, wait in there for a page (state D of its stat), rather than for a CPU? True also where
 * /proc does not tell.
 */
bool host_mem_waits(pid_t tid);

#endif
