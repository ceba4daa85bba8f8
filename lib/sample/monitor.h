/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Inside lib/sample: where a guest's monitors are, and connecting to one of them. What its command line says of them is
 * looked for among the sockets that the process has; where those cannot be seen, the path alone is all there is.
 */
#ifndef KT_SAMPLE_MONITOR_H
#define KT_SAMPLE_MONITOR_H

#include "owner.h"

struct monitor {
	enum qmp_monitor_kind kind;
	int number;			/* of a descriptor that was passed */
	char *path;			/* for us; or how it is called */
	char *name;			/* as the command line has it, NULL: it was given by hand */
	bool known;			/* listener is the socket */
	struct host_listener listener;
};

/* Those of a command line that QMP may be spoken with; a list of yours. Reads links of /proc only. */
size_t monitors_list(const struct host *h, pid_t pid, const struct qmp_cmdline *c, struct monitor **list);
void monitors_free(struct monitor *list, size_t n);
/* Why none of a command line's can be used: what there is, and what to do. Yours. */
char *monitors_none(const struct qmp_cmdline *c);

/* One given by hand. Looks at the process's descriptors: not under the lock. */
void monitor_of_path(const struct host *h, pid_t pid, const char *path, struct monitor *out);
void monitor_copy(struct monitor *to, const struct monitor *from);	/* frees what is in it */
void monitor_done(struct monitor *m);

/* Who uses it, as host_sock_look_in; pid 0: as host_sock_look. */
int monitor_look(const struct host *h, const struct monitor *m, pid_t pid, struct host_sock *out);
/*
 * Who is in at a socket, without connecting: NULL if it is free, else why it is not (yours). Waits for a client that is just
 * leaving: QEMU may notice a moment after it has. Not under the lock.
 */
char *monitor_await_free(const struct host *h, const char *path, uint64_t wait_ns);
#define LEAVING_NS (NS_PER_SEC / 4)
/*
 * One of them that has no client, waiting a moment for a client that is just leaving, or until interrupt (-1: none) is
 * readable. Not under the lock. -EBUSY; -ECANCELED; -EPERM: none of them is that process's.
 */
int monitors_pick(const struct host *h, const struct owner *owner, struct monitor *list, size_t n, uint64_t wait_ns,
		  int interrupt, size_t *picked, struct err *err);
/* Connect and greet; that it is the guest's own monitor is proved. lates: as of host_listener_connect. */
int monitor_open(const struct host *h, struct lates *lates, const struct monitor *m, const struct owner *owner,
		 unsigned timeout_ms, int interrupt, struct qmp **out, struct err *err);

#endif
