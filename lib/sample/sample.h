/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * lib/sample: finds guests and fills snapshots. A sample costs reads of /proc and /sys and a look at the rings; what
 * only QEMU can say is asked once, when a guest is found, by a worker with a deadline, and again when it must have
 * changed. All functions may be called from any thread but the one that draws: they take one lock, which a sample
 * holds while it reads.
 */
#ifndef KT_SAMPLE_H
#define KT_SAMPLE_H

#include "lib/host/host.h"
#include "lib/model/model.h"
#include "lib/virt/virt.h"
#include "qmp/qmp.h"

struct sample_config {
	const struct host *host;	/* borrowed */
	bool exact;			/* let the kernel count guests' pages instead of looking at a sample of them */
	unsigned answer_ms;		/* how long a monitor's answer may take, the first one too; 0: as short as always */
	bool scan;			/* look for QEMU processes in /proc */
	const char *const *sockets;	/* QMP sockets given by hand; they are held, scanned ones are asked and left */
	size_t n_sockets;
	struct virt *virt;		/* borrowed; NULL: no libvirt */
	unsigned ring_hz;		/* how often depths of the rings of a guest that is named are read; 0: as of any guest */
};

struct sampler;

struct sampler *sampler_new(const struct sample_config *config);	/* NULL: the system allows no more threads */
void sampler_free(struct sampler *s);			/* NULL is fine */
/* The program ends: what waits or asks in here comes back at once, with nothing, in all threads. It can only be freed now. */
void sampler_leave(struct sampler *s);
int sampler_leave_fd(const struct sampler *s);		/* readable from then on */

/*
 * Look for guests that came or went. Cheap: one directory, and the command lines of those that are new, which others
 * read meanwhile: they are waited for, 2 s or timeout_ms at most (ten times that for those of root, of oneself and of a
 * recorded host), and become guests later if that does not suffice.
 */
int sampler_discover(struct sampler *s, struct err *err);
int sampler_discover_for(struct sampler *s, unsigned timeout_ms, struct err *err);
/*
 * Ask what these columns need of the guests not asked yet, and wait until all answered or timeout_ms passed. 0: nothing of
 * guests, only until it is known which there are. True: there is nothing left to wait for.
 */
bool sampler_settle(struct sampler *s, unsigned needs, unsigned timeout_ms);
/*
 * The guest whose parts are looked at: what is asked for each sample is asked of it only, and its monitor is held while
 * events are wanted. NULL: of all guests; "": of none.
 */
void sampler_focus(struct sampler *s, const char *ref);
/*
 * Put the questions that are put for each sample, and wait for the answers, timeout_ms at most. A guest that does not
 * answer is waited for once, and keeps what was known of it. Asks nothing where these columns need nothing of the kind.
 */
void sampler_refresh(struct sampler *s, unsigned needs, unsigned timeout_ms);
/*
 * After sampler_refresh: what these columns have from QEMU, and it has not told of this guest, with the reason; yours.
 * NULL: it has told all that was asked.
 */
char *sampler_missing(struct sampler *s, const char *ref, unsigned needs, bool *denied);	/* denied: for lack of a right */
/* One snapshot, rates computed against the one before. Yours: snapshot_unref. Never waits for another process. */
struct snapshot *sampler_take(struct sampler *s, unsigned needs);
/*
 * For who only wants to know what there is: the guests, as rows of vms without figures, and with a ref the parts of that
 * guest that NEED_DISKS, _NICS, _DEVICES, _JOBS and _TASKS (threads, vCPUs) stand for. QEMU is asked what is not known of
 * late, never through libvirt. The focus and the rates of samples stay as they are. Yours; note gets why parts are not
 * known after timeout_ms, yours, or NULL.
 */
struct snapshot *sampler_peek(struct sampler *s, const char *ref, unsigned needs, unsigned timeout_ms, char **note);
/* Sleep, minding the sockets that are held: whoever waits behind us gets its place within half a second. */
void sampler_sleep(struct sampler *s, uint64_t until_ns);
/* Samples are due this far apart: one that is taken sooner keeps the rates of the one before, up to a third of it. 0, as at first: none does. */
void sampler_pace(struct sampler *s, uint64_t delay_ns);
/* A guest has told a state since the last sample that is another one than it had: worth a sample before its time. */
bool sampler_has_news(struct sampler *s);

/* Sockets given by hand that led to no guest, and why. Lines of text, yours; *n of them. */
char **sampler_problems(struct sampler *s, size_t *n);

/*
 * One guest by an operator's word: an exact name or UUID, name:X, uuid:X, pid:N, or a ref pid:N@START.
 * A name or UUID that a stranger's process has too is the other one's. A stranger's is called NAME@USER, and found by NAME
 * where that is no other's. -ENOENT: none (with the nearest name); -ENOTUNIQ: several, listed.
 */
struct sample_guest {
	char *name, *ref;		/* the name is "pid:N" where it has none; yours: sample_guest_done */
	pid_t pid;
	char *domain;			/* UUID: libvirt's to change; NULL: it is not libvirt's */
	char *user;			/* that runs it */
	bool is_strangers;		/* .. who is neither root nor oneself, and it is no guest of libvirt's */
	bool by_pid;			/* the word named the very process */
	bool awaited;			/* libvirt has started it, and may still say so */
};
int sampler_find(struct sampler *s, const char *word, struct sample_guest *out, struct err *err);
/* The same among those that are known now: no guest is asked. */
int sampler_find_known(struct sampler *s, const char *word, struct sample_guest *out, struct err *err);
void sample_guest_done(struct sample_guest *g);

/*
 * Guests that have a thing, as rows of find: a MAC address, an IP address the host's neighbour table knows, a tap or
 * macvtap, an image's path (through links too), a PCI address. May wait a few seconds for QEMU. -ENOENT: nobody has it.
 */
int sampler_lookup(struct sampler *s, const char *what, struct snapshot **out, struct err *err);

/*
 * The operator has named this guest and wants what only QEMU can tell: a guest of libvirt's may be asked through it.
 * -EPERM: that is forbidden. sampler_remarks then has, once, that this taints it: lines of text, yours.
 */
int sampler_pass_through(struct sampler *s, const char *ref, struct err *err);
char **sampler_remarks(struct sampler *s, size_t *n);

/*
 * Take a guest's QMP connection for a change, or open one. While it is lent the sampler keeps off that monitor.
 * -EBUSY: another client is in; -EPERM: the monitor is another process's; -ENOTCONN: it has no monitor we can use;
 * -ETIMEDOUT, -ECANCELED: timeout_ms passed, or
 * interrupt (-1: none) became readable, while it was waited for; else as qmp_greet. Its questions are interrupted the same
 * way. Give it back in any case; the guest is then asked again, as its devices may have changed.
 */
int sampler_borrow(struct sampler *s, const char *ref, unsigned timeout_ms, int interrupt, struct qmp **out, struct err *err);
void sampler_return(struct sampler *s, const char *ref, struct qmp *q);
/* Just before it is used: is the borrowed connection still that guest's? -EPERM, -ESRCH. */
int sampler_still_owns(struct sampler *s, const char *ref, const struct qmp *q, struct err *err);

/*
 * A thread that samples for a screen. Only feed_latest, feed_set and feed_focus are for the drawing thread: they take a lock that
 * is held for a pointer's copy.
 */
struct feed;
struct feed *feed_new(struct sampler *s, uint64_t delay_ns, unsigned needs);	/* NULL: no thread is to be had */
void feed_free(struct feed *f);
int feed_fd(const struct feed *f);			/* readable when there is a new snapshot */
struct snapshot *feed_latest(struct feed *f);		/* a reference of yours, NULL before the first; empties the fd */
void feed_set(struct feed *f, uint64_t delay_ns, unsigned needs, bool now);
void feed_focus(struct feed *f, const char *ref);	/* sampler_focus; NULL or "": no guest, as it is at first */

#endif
