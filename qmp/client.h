/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One QMP client on one monitor. Synchronous for its caller, never longer than the deadline given; the descriptor is
 * non-blocking underneath. Not shared: one thread at a time.
 *
 * Every failing call returns a negative errno and a text:
 *   -ETIMEDOUT   no answer by the deadline; the client stays usable, a late answer is dropped by its id
 *   -ECONNRESET  QEMU closed the connection or died; the client is of no more use
 *   -EPROTO, -EMSGSIZE  it does not speak QMP, or too much of it; of no more use
 *   -ECANCELED   the interrupt descriptor became readable; the client stays usable
 *   -ENODEV      QEMU: DeviceNotFound      -ENOSYS  QEMU: CommandNotFound
 *   -ENXIO       QEMU: DeviceNotActive     -EREMOTEIO  QEMU: any other error
 * The text of a QEMU error is its desc, cut to what fits: it comes from outside.
 */
#ifndef KT_QMP_CLIENT_H
#define KT_QMP_CLIENT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/base/base.h"

/*
 * A longer reply, or one of more values, ends the connection, and so does a longer event. The largest that are known, with
 * what they cost (JSON_COST_MAX is 16 MiB): query-named-block-nodes of 100 disks 105 kB, 6,001 values, 2.2 MB;
 * query-blockstats of the same 137 kB, 1.7 MB; query-qmp-schema 207 kB, 15,966 values, 6.7 MB; "info mtree" 57 kB.
 */
#define QMP_REPLY_MAX JSON_BYTES_MAX
#define QMP_VALUES_MAX JSON_VALUES_MAX
#define QMP_EVENT_MAX (64u << 10)

struct qmp;

/* How bytes travel: a unix socket, libvirt's pass-through, or a test's script. */
struct qmp_transport {
	ssize_t (*send)(void *ctx, const void *data, size_t len, int pass_fd);	/* -1 and errno; pass_fd -1 = none */
	ssize_t (*recv)(void *ctx, void *data, size_t len);			/* 0 = closed, -1 and errno */
	int (*fd)(void *ctx);							/* for poll(2) */
	void (*close)(void *ctx);						/* frees ctx */
};

/* Connect to a socket QEMU listens on. The path is ours to open (a caller goes through /proc/PID/root); longer than a
 * sockaddr holds is fine. *peer gets the listener's uid and pid. Never blocks: a full queue is -EBUSY. */
struct qmp_peer {
	uid_t uid;
	pid_t pid;
};
/* Of a connected stream socket. A negative errno. */
int qmp_peer_read(int fd, struct qmp_peer *peer);
int qmp_open_unix(const char *path, struct qmp **out, struct qmp_peer *peer, struct err *err);
/* What to say where connect(2) has failed: the same negative errno, but -EBUSY for a full queue. */
int qmp_connect_error(struct err *err, int code, const char *path);
/* On a stream socket that is connected, taken over. */
struct qmp *qmp_open_fd(int fd);
/* On a transport that is connected; ctx is taken over. */
struct qmp *qmp_open(const struct qmp_transport *transport, void *ctx);
void qmp_close(struct qmp *q);			/* NULL is fine */

/* Greeting and qmp_capabilities. No greeting by then usually means that somebody else is in: -ETIMEDOUT. */
int qmp_greet(struct qmp *q, unsigned timeout_ms, struct err *err);
/* "7.2.22", after the greeting */
const char *qmp_version(const struct qmp *q);

/*
 * Run one command. args may be NULL, and is taken over. *ret (may be NULL) is yours on success. Events that come in
 * between go to the event function.
 */
int qmp_call(struct qmp *q, const char *command, struct json_object *args, unsigned timeout_ms,
	     struct json_object **ret, struct err *err);
/* The same, with a descriptor passed along (getfd, add-fd). */
int qmp_call_fd(struct qmp *q, const char *command, struct json_object *args, int fd, unsigned timeout_ms,
		struct json_object **ret, struct err *err);

/* Events: name, data (borrowed, may be NULL). Called from within qmp_call, qmp_greet and qmp_pump only. */
typedef void qmp_event_fn(void *arg, const char *event, struct json_object *data);
void qmp_on_event(struct qmp *q, qmp_event_fn *fn, void *arg);
/* Take in what is there, wait up to timeout_ms for something. 0 when something or nothing came, negative when broken. */
int qmp_pump(struct qmp *q, unsigned timeout_ms, struct err *err);

/* A descriptor that, when readable, makes waiting calls return -ECANCELED; -1 = none. Borrowed. */
void qmp_set_interrupt(struct qmp *q, int fd);
/* No call waits beyond it, whatever its own timeout is; 0, as it is at first: none. For many questions as a whole. */
void qmp_set_deadline(struct qmp *q, uint64_t deadline_ns);
/* What replies take while they are parsed and kept comes out of it (borrowed), beyond JSON_FREE_COST of each. */
void qmp_set_budget(struct qmp *q, struct budget *budget);
/* How long the typed calls (qmp/calls.h) wait for each answer; 0, as it is at first: QMP_ASK_MS. */
void qmp_set_patience(struct qmp *q, unsigned ms);
unsigned qmp_patience(const struct qmp *q);
int qmp_fd(const struct qmp *q);
bool qmp_is_open(const struct qmp *q);

#endif
