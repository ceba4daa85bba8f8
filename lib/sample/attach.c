// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Asking a guest what only QEMU knows. A job works on copies, off the sampler's lock, and brings its answers home at
 * the end; a guest that went away meanwhile is not found again and its answers are dropped.
 */
#include "private.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>

#define GREET_MS 1000
/* All questions of one asking together, and the greeting: a hundred disks with a hundred rings take 1 s. */
#define ASKING_MS 5000
/* QEMU takes a moment to notice that a client (the kvmtop before this one) has left. */
#define RETRY_FIRST_NS (2 * NS_PER_SEC)
#define SETTLE_TRIES 8
/* Doubts that follow each other are spaced out, 1 s to 64 s; a guest that gave none for so long begins anew. */
#define DOUBT_FORGET_NS (300 * NS_PER_SEC)
#define RETRY_MAX_NS (60 * NS_PER_SEC)

struct job {
	struct sampler *s;
	char *ref, *note;
	enum asking before;
	struct monitor *monitors;	/* to try */
	size_t n_monitors;
	struct owner owner;
	uid_t uid;			/* whose turn it takes */
	bool hold, taints;
	struct monitor held_at;
	char *through;			/* UUID: by way of libvirt */
	unsigned what;
	uint64_t deadline_ns;		/* of all that it asks */
	struct qmp *q;
	struct replies replies;
	struct heard {			/* on a held connection meanwhile */
		char *event, *detail;
	} *heard;
	size_t n_heard;
	int rc;
};

static void job_free(void *arg)
{
	struct job *j = arg;

	qmp_close(j->q);
	replies_done(&j->replies);
	while (j->n_heard--) {
		free(j->heard[j->n_heard].event);
		free(j->heard[j->n_heard].detail);
	}
	free(j->heard);
	monitor_done(&j->held_at);
	free(j->through);
	free(j->ref);
	monitors_free(j->monitors, j->n_monitors);
	free(j->note);
	free(j);
}

size_t attach_monitors(const struct host *h, const struct guest *g, struct monitor **list)
{
	size_t n = 0;

	*list = NULL;
	if (!host_is_live(h))
		return 0;
	if (!g->given)
		return monitors_list(h, g->pid, &g->cmdline, list);
	monitor_copy(vec_push(*list, n), &g->given_at);
	return n;
}

char *attach_none(const struct guest *g)
{
	const struct virt_list *domains = g->sampler->domains;
	const char *problem = domains ? virt_list_problem(domains) : NULL;

	if (!host_is_live(g->sampler->config.host))
		return xstrdup("monitor: none, this host is a recorded one");
	if (name_is_of_session(g))
		return xasprintf("monitor: libvirt of user %s holds it (run kvmtop as that user, or as root with -c 'qemu:///session?socket="
				 "/run/user/%u/libvirt/libvirt-sock')", g->user, (unsigned)g->uid);
	if (g->cmdline.libvirt && problem)
		return xasprintf("monitor: libvirt holds it, but %s", problem);
	if (g->cmdline.libvirt)
		return xstrdup("monitor: libvirt holds it");
	return monitors_none(&g->cmdline);
}

bool attach_is_denied(const struct guest *g)
{
	const struct virt_list *domains = g->sampler->domains;

	return g->cmdline.libvirt && !g->domain && (name_is_of_session(g) || (domains && virt_list_is_denied(domains)));
}

static void rings_of(struct sampler *s, struct guest *g)
{
	struct ring_addr *addr = NULL;
	struct ring_set *set;
	size_t n = 0;

	/* while a migration comes in a page of its memory may put who reads it to sleep */
	if (!g->answers.arriving)
		n = ring_addresses(g->answers.virtio, g->answers.n_virtio, &addr);
	if (n && !s->rings)
		s->rings = rings_start();
	set = n && s->rings ? rings_add(s->rings, g->pid, addr, n, g->rings) : NULL;
	rings_remove(s->rings, g->rings);
	g->rings = set;
	g->n_rings = n;
	if (set)
		rows_ring_detail(s, g, s->ring_needs);
	free(addr);
}

void attach_doubt(struct guest *g, uint64_t now)
{
	if (g->ask_again_ns)
		return;
	if (now - g->doubted_ns > DOUBT_FORGET_NS)
		g->doubts = 0;
	g->doubted_ns = now;
	g->ask_again_ns = now + (NS_PER_SEC << (g->doubts < 6 ? g->doubts++ : 6));
}

static uint64_t retry_after(unsigned failures)
{
	uint64_t wait = RETRY_FIRST_NS << (failures < 5 ? failures : 5);

	return clock_now_ns() + (wait < RETRY_MAX_NS ? wait : RETRY_MAX_NS);
}

/* What changes a guest's state or devices: ask anew. */
static void follow(struct guest *g, const char *event, const char *detail)
{
	static const char *const news[] = { "STOP", "RESUME", "RESET", "SUSPEND", "WAKEUP", "BLOCK_IO_ERROR",
					    "GUEST_PANICKED", "DEVICE_DELETED", "MIGRATION" };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(news); i++)
		if (!strcmp(event, news[i]))
			g->ask_again_ns = clock_now_ns();
	events_add(g->sampler, g, event, detail);
}

static void on_event(void *arg, const char *event, struct json_object *data)
{
	auto_free char *detail = data ? json_text(data) : NULL;

	follow(arg, event, detail);
}

/* While a job has the connection, off the lock. */
static void on_event_in_job(void *arg, const char *event, struct json_object *data)
{
	auto_free char *detail = NULL;
	struct job *j = arg;

	if (j->n_heard == EVENTS_MAX)
		return;
	detail = data ? json_text(data) : NULL;
	*vec_push(j->heard, j->n_heard) = (struct heard){
		.event = str_utf8(event, strlen(event), EVENT_NAME_MAX),
		.detail = detail ? str_utf8(detail, strlen(detail), EVENT_DETAIL_MAX) : NULL,
	};
}

void attach_hold(struct guest *g, struct qmp *q)
{
	g->held = q;
	qmp_set_interrupt(q, -1);
	qmp_set_deadline(q, 0);
	qmp_on_event(q, on_event, g);
}

static void keep_connection(struct job *j, struct guest *g)
{
	if (g->held || g->lent)
		return;
	attach_hold(g, take_ptr(j->q));
	if (j->held_at.path)
		monitor_copy(&g->held_at, &j->held_at);
}

static void come_home(struct job *j)
{
	unsigned have = j->replies.have;
	struct guest *g;
	size_t i;

	pthread_mutex_lock(&j->s->lock);
	turn_end(&j->s->turns, j->uid);
	g = guest_by_ref(j->s, j->ref);
	if (g && j->taints && !g->remark)
		g->remark = xasprintf("%s: asked through libvirt, which marks the guest as tainted (custom-monitor) while it "
				      "runs; --no-passthrough avoids that", guest_name(g));
	if (g) {
		if ((have & WANT_STATE) && g->answers.status && strcmp(g->answers.status, j->replies.base.status))
			j->s->news = true;
		free(g->note);
		g->note = take_ptr(j->note);
		g->asking = j->rc ? ASK_FAILED : ASK_DONE;
		g->begun = false;
		g->failed = j->rc ? g->failed + 1 : 0;
		g->due &= ~have;
		g->missed = (g->missed | j->what) & ~have;
		ask_take(g, &j->replies);
		guest_rename(g);
		if (have & WANT_VIRTIO)
			rings_of(j->s, g);
		if (!j->rc && j->hold)
			keep_connection(j, g);
		for (i = 0; i < j->n_heard; i++)
			follow(g, j->heard[i].event, j->heard[i].detail);
		if (j->rc || ((have & WANT_VIRTIO) && g->answers.settling &&
			      (g->answers.arriving || g->failures < SETTLE_TRIES)))
			g->ask_again_ns = retry_after(g->failures++);
		else if (!g->answers.settling)
			g->failures = 0;
	}
	pthread_mutex_unlock(&j->s->lock);
}

static int job_connect(struct job *j, struct err *err)
{
	unsigned greet_ms = j->s->config.answer_ms ? j->s->config.answer_ms : GREET_MS;
	size_t i;
	int rc;

	if (j->q)		/* held already */
		return 0;
	if (j->through)
		return virt_qmp_open(j->s->config.virt, j->through, (unsigned)clock_left_ms(j->deadline_ns), &j->q, &j->taints, err);
	if (!j->n_monitors)
		return err_set(err, -ENOTCONN, "none");
	rc = monitors_pick(j->s->config.host, &j->owner, j->monitors, j->n_monitors, LEAVING_NS, j->s->quit_fd, &i, err);
	if (!rc)
		rc = monitor_open(j->s->config.host, j->s->lates, &j->monitors[i], &j->owner, greet_ms, j->s->quit_fd, &j->q, err);
	if (!rc && j->hold) {
		monitor_copy(&j->held_at, &j->monitors[i]);
		qmp_on_event(j->q, on_event_in_job, j);
	}
	return rc;
}

/* The monitor of a guest that was named for its events is held as one given by hand. */
static bool wants_hold(const struct sampler *s, const struct guest *g)
{
	return g->given || (s->hold && s->focus && !strcmp(s->focus, g->ref) && !g->passed);
}

/* How to reach its monitor, now that a worker is here. False: a change has it, so its questions wait until that is over. */
static bool job_begin(struct job *j)
{
	struct sampler *s = j->s;
	struct guest *g;
	bool begins;

	pthread_mutex_lock(&s->lock);
	g = guest_by_ref(s, j->ref);
	begins = g && !g->lent;
	if (!begins)
		turn_end(&s->turns, j->uid);
	if (g && !begins) {
		g->asking = j->before;
		g->wanted |= j->what;
	}
	if (begins) {
		g->begun = true;
		j->hold = wants_hold(s, g);
		if (!g->held)
			j->n_monitors = attach_monitors(s->config.host, g, &j->monitors);
		if (!g->held && !j->n_monitors && g->passed && g->domain)
			j->through = xstrdup(g->domain->uuid);
		else if (!g->held && !j->n_monitors)
			j->note = attach_none(g);
		j->q = take_ptr(g->held);
	}
	pthread_mutex_unlock(&s->lock);
	if (begins && j->q)		/* ask on the connection that is there */
		qmp_on_event(j->q, on_event_in_job, j);
	return begins;
}

/* QEMU tells thread ids of its own PID namespace. What is not known to be a thread of this QEMU is left out: it may be another process's. */
static void translate_threads(const struct job *j, struct answers *a)
{
	auto_free struct host_tid *tids = NULL;
	size_t n = 0, i;
	int rc = host_tids_read(j->s->config.host, j->owner.pid, &tids, &n);

	for (i = 0; i < a->n_cpus && (rc || n); i++)
		a->cpus[i].tid = host_tid_of(tids, n, a->cpus[i].tid);
	for (i = 0; i < a->n_iothreads && (rc || n); i++)
		a->iothreads[i].tid = host_tid_of(tids, n, a->iothreads[i].tid);
}

static int job_ask(struct job *j, struct err *err)
{
	int rc;

	qmp_set_interrupt(j->q, j->s->quit_fd);
	qmp_set_budget(j->q, j->s->budget);
	qmp_set_deadline(j->q, j->deadline_ns);
	qmp_set_patience(j->q, j->s->config.answer_ms);
	rc = ask_put(j->q, j->what, &j->replies, err);
	if (j->replies.have & WANT_THREADS)
		translate_threads(j, &j->replies.base);
	if (j->replies.have & WANT_DISKS)
		opened_find(j->s->config.host, j->owner.pid, j->replies.disks.disks, j->replies.disks.n_disks);
	if (replies_bytes(&j->replies) <= REPLIES_MAX)
		return rc;
	replies_done(&j->replies);
	j->replies = (struct replies){0};
	return err_set(err, -EMSGSIZE, "its answers are too long: more than %u KiB to be kept", REPLIES_MAX >> 10);
}

static void job_run(void *arg)
{
	struct job *j = arg;
	struct err err = {0};

	if (!job_begin(j)) {
		job_free(j);
		return;
	}
	j->deadline_ns = clock_now_ns() + (j->s->config.answer_ms ? j->s->config.answer_ms : ASKING_MS) * NS_PER_MS;
	j->rc = job_connect(j, &err);
	if (!j->rc)
		j->rc = job_ask(j, &err);
	if (j->rc && !j->note)
		j->note = xasprintf("%s%s", str_has_prefix(err.text, "monitor: ") ? "" : "monitor: ", err.text);
	if (j->q && (!j->hold || j->rc)) {
		qmp_close(j->q);	/* before the answers are home: whoever sees them finds the socket free */
		j->q = NULL;
	}
	come_home(j);
	job_free(j);
}

/*
 * A stopped process accepts nobody: a connection would stay in its socket's queue after we have gone, where it looks
 * like another client.
 */
bool attach_is_hopeless(struct guest *g)
{
	struct host_usage u;

	return !host_watch_read(g->watch, 0, &u) && (u.state == 'T' || u.state == 't');
}

/* What is asked of it when all may have changed. */
static unsigned again(const struct guest *g)
{
	unsigned what = (g->known | g->missed) & WANT_LASTING;

	return what ? what : WANT_STATE;
}

void attach_start(struct sampler *s, struct guest *g, unsigned what)
{
	struct job *j;

	g->wanted |= what;
	if (g->asking == ASK_UNDER_WAY || g->lent)
		return;
	if (attach_is_hopeless(g)) {
		free(g->note);
		g->note = xstrdup("monitor: the QEMU process is stopped (SIGCONT makes it go on)");
		g->asking = ASK_FAILED;
		g->wanted = 0;
		g->ask_again_ns = clock_now_ns() + NS_PER_SEC;
		return;
	}
	j = xcalloc(1, sizeof(*j));
	j->s = s;
	j->ref = xstrdup(g->ref);
	j->owner = guest_owner(g);
	j->uid = g->uid;
	j->what = g->wanted;
	g->wanted = 0;
	j->replies.balloon_path = xstrdup(g->ram.balloon);
	j->replies.kvm_named = s->kvm_names;
	j->replies.frugal = g->passed || (s->focus && !strcmp(s->focus, g->ref));
	j->replies.no_iothreads = g->passed && g->domain && g->domain->def;
	j->before = g->asking;
	g->asking = ASK_UNDER_WAY;
	g->under_way = j->what;
	if (!(again(g) & ~j->what))
		g->ask_again_ns = 0;
	pool_add(s->pool, turn_begin(&s->turns, g->uid, g->failed), job_run, job_free, j);
}

void attach_stop(struct sampler *s)
{
	eventfd_write(s->quit_fd, 1);
	pool_free(s->pool);
	s->pool = NULL;
}

static void let_go(struct guest *g)
{
	qmp_close(g->held);
	g->held = NULL;
	monitor_done(&g->held_at);
}

/* A socket that is held: its queue is drained, and given up when somebody waits for it. */
static void mind_held(struct sampler *s, struct guest *g)
{
	struct host_sock sock;
	struct err err;

	if (qmp_pump(g->held, 0, &err)) {
		free(g->note);
		g->note = xasprintf("monitor: %s", err.text);
	} else if (!monitor_look(s->config.host, g->held_at.path ? &g->held_at : &g->given_at, g->pid, &sock) && sock.waiting) {
		free(g->note);
		g->note = xstrdup("monitor: left to another client that waited for it");
	} else {
		if (!wants_hold(s, g))
			let_go(g);
		return;
	}
	let_go(g);
	g->asking = ASK_FAILED;
	g->ask_again_ns = clock_now_ns() + 5 * NS_PER_SEC;
}

void attach_mind(struct sampler *s)
{
	uint64_t now = clock_now_ns();
	size_t i;

	pool_mind(s->pool);
	for (i = 0; i < s->n_guests; i++) {
		struct guest *g = s->guests[i];

		if (g->lent || g->gone)
			continue;
		if (g->held)
			mind_held(s, g);
		if (g->ask_again_ns && now >= g->ask_again_ns)
			attach_start(s, g, again(g));
	}
	round_mind(s);
}
