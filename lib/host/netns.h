/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Network namespaces other than ours: what the kernel tells of a network, it tells to who is in it. */
#ifndef KT_HOST_NETNS_H
#define KT_HOST_NETNS_H

#include "root.h"

/* The process is in another network namespace than we are; false where that cannot be seen. */
bool host_net_is_other(const struct host *h, pid_t pid);

/*
 * Call run(arg) in a thread that is in the network namespace of a process, and wait for it: its result. -EPERM: that
 * needs CAP_SYS_ADMIN; -ESRCH; -EAGAIN: the system allows no more threads. run must come back by itself.
 */
int host_net_run(const struct host *h, pid_t pid, int (*run)(void *arg), void *arg);
/* The same in the namespace that the descriptor is of. */
int host_net_run_in(int ns, int (*run)(void *arg), void *arg);
/*
 * The same in each namespace but ours in which there is a process, until run returns something else than -ENOENT. -ENOENT:
 * all of them said so; -EPERM: some could not be entered.
 */
int host_net_run_elsewhere(const struct host *h, int (*run)(void *arg), void *arg);

#endif
