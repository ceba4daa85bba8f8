/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * lib/virt: libvirt. Connections to daemons of this host, kept up by threads of their own, and what is known of their
 * active domains, kept true by libvirt's events: looking costs no call. Nothing here waits for libvirt but the calls of
 * change.h and virt_qmp_open, which have deadlines; a call that misses its own is abandoned with its thread, and of
 * those there is a small fixed number per connection.
 *
 * Built with LIBVIRT=0 virt_new says -EOPNOTSUPP and the rest is never called.
 */
#ifndef KT_VIRT_H
#define KT_VIRT_H

#include <time.h>

#include "qmp/qmp.h"
#include "change.h"
#include "domain.h"

struct virt_config {
	const char *const *uris;		/* none: qemu:///system and qemu:///session, where a daemon listens */
	size_t n_uris;
	bool read_only;				/* open read-only, refuse what changes and what taints */
	bool no_passthrough;			/* refuse what taints */
};

struct virt;

/* Starts connecting and returns at once. A daemon is never started for this. uris are copied. */
int virt_new(const struct virt_config *config, struct virt **out, struct err *err);
/* Waits a moment for connections to be closed; whoever is stuck is left behind. NULL is fine. */
/* The program ends: what waits for libvirt in any thread comes back at once. It can only be freed now. NULL is fine. */
void virt_leave(struct virt *v);
void virt_free(struct virt *v);

/* Each connection has been asked for its domains or is known not to answer: there is nothing to wait for. */
bool virt_is_settled(struct virt *v);
/* There is one that may still tell of its domains, however late: for who cannot do without. */
bool virt_is_awaited(struct virt *v);
/* URIs given by hand that lead nowhere, and why. Lines of text, a vec of yours. */
char **virt_problems(struct virt *v, size_t *n);

/* The active domains of all connections. A reference of yours; the same list as long as nothing changed. */
struct virt_list;
struct virt_list *virt_list(struct virt *v);
void virt_list_unref(struct virt_list *l);	/* NULL is fine */
size_t virt_list_count(const struct virt_list *l);
const struct virt_domain *virt_list_get(const struct virt_list *l, size_t i);	/* sorted by UUID */
/* By UUID in any case of letters, NULL if there is none; the zero UUID is nobody's. */
const struct virt_domain *virt_list_find(const struct virt_list *l, const char *uuid);
/* Why a domain may be missing: a connection that is not up, in words; NULL: all are. */
const char *virt_list_problem(const struct virt_list *l);
bool virt_list_is_denied(const struct virt_list *l);	/* .. that is: this user has no right to connect, read-only neither */

enum virt_event_kind {
	VIRT_LIFECYCLE, VIRT_REBOOT, VIRT_DEVICE_ADDED, VIRT_DEVICE_REMOVED, VIRT_DEVICE_REMOVAL_FAILED, VIRT_IO_ERROR,
	VIRT_WATCHDOG, VIRT_BLOCK_JOB, VIRT_BLOCK_THRESHOLD, VIRT_JOB_COMPLETED, VIRT_MIGRATION_ITERATION, VIRT_BALLOON,
	VIRT_MEMORY_SIZE, VIRT_MEMORY_FAILURE, VIRT_TRAY, VIRT_TUNABLE, VIRT_CONNECTION, VIRT_EVENT_KINDS
};
const char *virt_event_name(enum virt_event_kind k);	/* "device-removed" */

struct virt_event {
	uint64_t seq;				/* 1, 2, ..; a gap: that many were lost to the bound */
	struct timespec wall;
	enum virt_event_kind kind;
	char uuid[VIRT_UUID_SIZE];		/* "" for a connection's */
	char *name, *text, *device;		/* device: alias, target or path; NULL */
};
/* Those numbered above *seq, oldest first, of one domain or (uuid NULL) all; *seq moves on. At most 1024 are kept. */
size_t virt_events(struct virt *v, const char *uuid, uint64_t *seq, struct virt_event **list);
void virt_events_free(struct virt_event *list, size_t n);

/*
 * A QMP client, greeted, on a domain's monitor, through libvirt. The first command marks the domain as tainted for as
 * long as it runs, so only for an operator who named this guest; *taints (may be NULL) says that this one was not so
 * marked before. -EPERM: read-only, or no_passthrough. Descriptors cannot be passed, events do not come.
 */
int virt_may_pass(struct virt *v, const char *uuid, struct err *err);	/* 0, or that -EPERM; of a user who may only read, too */
int virt_qmp_open(struct virt *v, const char *uuid, unsigned timeout_ms, struct qmp **out, bool *taints,
		  struct err *err);

/* For tests and the curious. */
struct virt_counts {
	unsigned threads, stuck;		/* all threads of ours; those in a call that was given up */
	uint64_t calls, passed;			/* begun so far; of them monitor commands */
};
struct virt_counts virt_counts(struct virt *v);

#endif
