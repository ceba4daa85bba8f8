/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Inside lib/virt. One lock guards all of struct virt and what hangs on it; no libvirt function is called under it but
 * those that only look into a pointer we hold. Threads: the loop (libvirt's event loop, runs the callbacks), the keeper
 * (decides what is due, starts calls, gives up on overdue ones), and workers, the only ones that call libvirt.
 */
#ifndef KT_VIRT_PRIVATE_H
#define KT_VIRT_PRIVATE_H

#include <pthread.h>

#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>

#include "virt.h"

/*
 * A daemon serves five calls of one client at once (max_client_requests), so no more than that are ever under way:
 * that many good workers, and that many whose call was given up.
 */
#define WORKERS_MAX 3
#define STUCK_MAX 2

#define EVENTS_KEPT 1024
#define CALLBACKS_MAX 24

struct conn;
struct call;

/* One call of libvirt. Two references: who started it, and the worker. */
struct call {
	struct call *next;
	struct conn *conn;
	void (*run)(struct call *call);	/* in a worker; leaves rc, err and results */
	virConnectPtr handle;		/* a reference, while it runs; NULL before there is a connection */
	unsigned refs;
	bool running, done, given_up;
	uint64_t deadline_ns;
	int done_fd;			/* an eventfd told when it is done; -1: nobody waits */

	/* what is asked; strings are the call's */
	char *uuid, *text, *more;
	unsigned flags;
	uint64_t number;

	/* what came of it */
	int rc;
	struct err err;
	char *result, *result_more;
	struct virt_def *def;
	struct virt_memory_stats memory;
};

/* What is known of a domain, and what has to be asked anew. */
struct dom {
	char uuid[VIRT_UUID_SIZE];
	char *name;
	int id;
	int state, why;			/* virDomainState and its reason; state -1: not known */
	enum virt_migration migration;
	char *io_error;			/* "vda: no space" */
	bool persistent;
	struct def_ref *def;
	bool ask_state, ask_def, listed;
	uint64_t known_ns;
	uint64_t late_since_ns, again_ns;	/* libvirt did not answer for this one; not asked before */
};

enum conn_state { CONN_DOWN, CONN_OPENING, CONN_UP, CONN_LOST };

struct conn {
	struct virt *v;
	char *uri;
	struct virt_home home;
	bool by_hand;
	enum conn_state state;
	virConnectPtr handle;		/* while it is up, or to be closed */
	bool read_only;			/* as it was opened */
	int callbacks[CALLBACKS_MAX];
	size_t n_callbacks;
	uint64_t opening_ns, retry_ns, heard_ns, ping_ns;
	unsigned failures;
	bool tried, absent;		/* no process listens there */
	bool denied;			/* this user may not connect */
	bool answering, listed, relist;
	char *problem;
	struct dom **doms;
	size_t n_doms, cap_doms;

	/* workers */
	pthread_cond_t work;
	struct call *queue, *running;
	unsigned workers, idle, stuck;
	struct call *opening, *refreshing, *pinging;	/* of the keeper's, under way; borrowed */
};

struct waiter {				/* told of every event */
	struct waiter *next;
	int fd;
};

struct virt {
	struct virt_config config;	/* without uris */
	pthread_mutex_t lock;
	pthread_cond_t wake, ended;	/* for the keeper; for virt_free */
	unsigned refs, threads;
	bool stop, stop_loop;
	struct conn *conns;
	size_t n_conns;
	uint64_t generation;		/* of what lists are made of */
	struct virt_list *list;
	uint64_t list_generation;
	struct virt_event *events;	/* a ring, by seq */
	uint64_t last_seq;
	struct waiter *waiters;
	uint64_t calls, passed;
};

/* virt.c */
void virt_unref_locked(struct virt *v);		/* unlocks; frees with the last one */
/* A reference for a callback of libvirt's, which releases it; not under the lock. */
void virt_hold(struct conn *c);
void virt_release(void *conn);
/* A detached thread, all signals blocked, that holds a reference; it ends with virt_unref_locked. Under the lock. */
bool virt_thread(struct virt *v, void *(*run)(void *), void *arg);
void virt_changed(struct virt *v);		/* lists have to be made anew; under the lock */

/* loop.c */
void loop_init(void);				/* libvirt's globals, once per process */
void *loop_run(void *arg);			/* struct virt */
void loop_kick(void);

/* call.c; under the lock unless said otherwise */
struct call *call_new(struct conn *c, void (*run)(struct call *), const char *uuid);
void call_unref(struct call *call);
void call_start(struct call *call, unsigned timeout_ms);	/* queued, if need be a worker is started */
bool call_may_start(const struct conn *c);	/* else those that are stuck have all places */
/* In run, not under the lock: the next step begins, with its own deadline. False: it was given up, come to an end. */
bool call_step(struct call *call, unsigned timeout_ms);
/* Not under the lock: until it is done, the deadline has passed (-ETIMEDOUT). The results are in the call. */
int call_wait(struct call *call, struct err *err);
uint64_t calls_mind(struct conn *c, uint64_t now);	/* give up on what is overdue; when the next one is */
void calls_drop(struct conn *c);		/* those that nobody has begun */
void calls_wake(struct conn *c);		/* a waiting caller looks whether that still makes sense */

/* conn.c: under the lock */
uint64_t conn_mind(struct conn *c, uint64_t now);	/* do what is due; when to come again */
void conn_lost(struct conn *c, const char *why);
void conn_heard(struct conn *c);
void conn_close(struct conn *c);		/* starts a call */
struct dom *conn_dom(struct conn *c, const char *uuid);	/* NULL if it is not known */
struct dom *conn_dom_add(struct conn *c, const char *uuid, const char *name, int id);
void conn_dom_drop(struct conn *c, struct dom *d);
/* The connection of a domain, if it is up and has a place for one more call; else as change.h has it. */
int conn_for(struct virt *v, const char *uuid, struct conn **out, struct err *err);
bool conn_is_settled(const struct conn *c, uint64_t now);
bool conn_is_awaited(const struct conn *c);

/* change.c: what a call is asked with; copied. Not under the lock. */
struct question {
	const char *uuid, *text, *more;
	unsigned flags;
	uint64_t number;
	bool changes;
};
/* Run it in a worker and wait. *out (may be NULL) gets the call on success: call_drop it. */
int call_ask(struct virt *v, void (*run)(struct call *), const struct question *q, unsigned timeout_ms, struct call **out,
	     struct err *err);
/* The same on the connection of that index, of a question that is about no active domain. */
int call_ask_at(struct virt *v, size_t i, void (*run)(struct call *), const struct question *q, unsigned timeout_ms,
		struct call **out);
void call_drop(struct virt *v, struct call *call);
/* In a worker: run with the domain; its failure, and what was tried, are the call's error. */
void call_with_domain(struct call *call, int (*run)(struct call *call, virDomainPtr dom), const char *what);

/* refresh.c: in a worker */
void refresh_run(struct call *call);

/* events.c: in a worker, not under the lock */
void events_register(struct call *call, virConnectPtr h, int *ids, size_t *n);
void event_push(struct virt *v, enum virt_event_kind kind, const char *uuid, const char *name, const char *device,
		const char *fmt, ...) __attribute__((format(printf, 6, 7)));	/* under the lock */
void event_done(struct virt_event *e);

/* home.c: not under the lock */
struct virt_home virt_home(const char *uri);	/* pid_dir is yours */
char *virt_session_dir(void);			/* of the sockets of our own session daemon; yours */

/* job.c: in a worker; virDomainState and its reason */
enum virt_migration job_migration(virDomainPtr dom, int state, int why);

/* words.c */
const char *words_state(int state, int why);		/* NULL: nothing is known */
const char *words_reason(int state, int why);		/* NULL: nothing to say */
const char *words_migration(enum virt_migration m);	/* the state of a domain that is being migrated; NULL: it is not */
const char *words_migration_reason(enum virt_migration m);
const char *words_lifecycle(int event, int detail);
const char *words_io_error(const char *reason);		/* "enospc" */

/* error.c: libvirt's last error of this thread as an errno with its text */
int virt_error(struct err *err, const char *what);
bool virt_error_is_lost(void);				/* the connection is no more */

/* xml.c */
int virt_vol_format(const char *xml, size_t len, char **format);

struct def_ref {
	unsigned refs;			/* under the lock */
	struct virt_def *def;
};
void def_unref(struct def_ref *d);

#endif
