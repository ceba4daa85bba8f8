/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One change at a time: a lock per guest, and one for the host itself, for as long as a plan is built and run, among all
 * kvmtops of the host. A lock dies with its process; its file is removed with it, or by the next who takes it.
 *
 * In /run/kvmtop for root and for all who can write there: a kvmtop that has capabilities (CAP_DAC_OVERRIDE), or that runs
 * as a member of the group that an administrator gave the directory to (install -d -m 0770 -o root -g GROUP /run/kvmtop).
 * Others reach no guests but their own, and have $XDG_RUNTIME_DIR/kvmtop; root does not look there, as the owner of a
 * guest could then hold its lock for good, and its monitor takes one client at a time. Nothing that another user can open will do:
 * a lock on /proc/PID, a socket's directory or an abstract name would be held by any tenant.
 */
#ifndef KT_PLAN_LOCK_H
#define KT_PLAN_LOCK_H

#include "lib/base/base.h"

struct lock;

#define LOCK_HOST "host"		/* changes of the host itself take turns */

/*
 * what: "pid:N@START" or LOCK_HOST; purpose: shown to the kvmtop that comes second. Waits its turn; -EBUSY after timeout_ms names
 * who has it. *out may become NULL with 0: there is no directory for locks here (no XDG_RUNTIME_DIR).
 */
int lock_take(const char *what, const char *purpose, unsigned timeout_ms, int interrupt_fd, struct lock **out,
	      struct err *err);
void lock_release(struct lock *l);		/* NULL is fine */

#endif
