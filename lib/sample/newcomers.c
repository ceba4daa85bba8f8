// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Processes that were found and are no guests yet: their command lines have to be read. Those are in the processes'
 * memory, which may put a reader to sleep for good, and may take long to parse, so each is read in a thread that can be
 * left behind, off the sampler's lock; a few at a time of each user, so that one user's do not hold up another's.
 */
#include "private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ANEW_NS (NS_PER_SEC)		/* one without words, or that could not be read, is tried again */
#define MUTE_NS (2 * NS_PER_SEC)	/* one takes 10 ms at most, or as long as its files of options */

/* What is no guest may become one by exec. */
#define OTHER_NS (10 * NS_PER_SEC)

/* Belongs to the thread while it is under way. */
struct reading {
	struct host *host;
	struct lates *readers;		/* which last as long as one is under way */
	int dir, rc;
	struct host_found found;
	struct qmp_cmdline cmdline;
};

struct newcomer {
	struct host_found found;
	struct late *late;		/* its command line is being read */
	uint64_t begun_ns, not_before_ns;
	bool is_news;			/* it was not there when kvmtop began */
	bool blank;			/* it had no command line, or is no guest */
	bool read;			/* cmdline is its */
	bool no_thread;			/* there was none to read it */
	struct qmp_cmdline cmdline;
};

/*
 * A name may be anything's. The words say more, and those of one called as QEMU is may be but an image: then what QEMU's
 * main loop has open tells.
 */
static bool is_qemu(const struct reading *r, const struct host_proc *p)
{
	unsigned form = qmp_cmdline_form(p->argv, p->argc);

	if (!r->found.sure)
		return form >= 2 && *p->argv[1] == '-';
	return form || !host_is_live(r->host) || host_proc_has_link(r->host, p->pid, "anon_inode:[signalfd]") != 0;
}

/* libvirt starts one to ask what that QEMU can do. */
static bool is_probe(const struct qmp_cmdline *c)
{
	return c->machine && !strcmp(c->machine, "none");
}

static void reading_run(void *arg)
{
	struct reading *r = arg;
	struct host_proc p;

	r->rc = host_proc_read_in(r->dir, r->found.pid, &p);
	if (r->rc)
		return;
	if (p.start != r->found.start)
		r->rc = -ESRCH;
	else if (!p.argc)
		r->rc = -ENODATA;
	else if (!is_qemu(r, &p))
		r->rc = -ENOEXEC;
	else
		guest_cmdline(r->host, r->readers, &p, &r->cmdline);
	if (!r->rc && is_probe(&r->cmdline))
		r->rc = -ENOEXEC;
	host_proc_done(&p);
}

static void reading_free(void *arg)
{
	struct reading *r = arg;

	mem_close_ptr(&r->dir);
	qmp_cmdline_done(&r->cmdline);
	host_free(r->host);
	free(r);
}

static void newcomer_done(struct newcomer *n)
{
	struct reading *r = n->late ? late_end(n->late) : NULL;

	if (r)
		reading_free(r);
	qmp_cmdline_done(&n->cmdline);
}

/* Both lists are sorted by pid, and so is that of the guests. */
void newcomers_scanned(struct sampler *s, const struct host_found *procs, size_t n)
{
	struct newcomer *next = NULL;
	size_t n_next = 0, old = 0, g = 0, i;

	for (i = 0; i < n; i++) {
		struct newcomer *was;

		while (old < s->n_newcomers && s->newcomers[old].found.pid < procs[i].pid)
			newcomer_done(&s->newcomers[old++]);
		was = old < s->n_newcomers && s->newcomers[old].found.pid == procs[i].pid ? &s->newcomers[old] : NULL;
		while (g < s->n_guests && s->guests[g]->pid < procs[i].pid)
			g++;
		if (g < s->n_guests && s->guests[g]->pid == procs[i].pid && s->guests[g]->start == procs[i].start)
			continue;
		if (was && was->found.start == procs[i].start) {
			*vec_push(next, n_next) = *was;
			old++;
		} else {
			*vec_push(next, n_next) = (struct newcomer){ .found = procs[i], .is_news = s->discovered };
		}
	}
	while (old < s->n_newcomers)
		newcomer_done(&s->newcomers[old++]);
	free(s->newcomers);
	s->newcomers = next;
	s->n_newcomers = n_next;
}

/* Users whose command lines are being read. */
struct users {
	struct {
		uid_t uid;
		unsigned n;
	} list[READERS_MAX];
	size_t n;
};

/* One more of that user: false where it would be too many. */
static bool users_add(struct users *u, uid_t uid)
{
	size_t i;

	for (i = 0; i < u->n && u->list[i].uid != uid; i++)
		;
	if (i == READERS_MAX || (i < u->n && u->list[i].n >= READERS_OF_USER_MAX))
		return false;
	if (i == u->n)
		u->list[u->n++].uid = uid;
	u->list[i].n++;
	return true;
}

static void start(struct sampler *s, struct newcomer *n, uint64_t now)
{
	struct reading *r = xcalloc(1, sizeof(*r));

	r->found = n->found;
	r->host = host_keep(s->config.host);
	r->readers = s->readers;
	r->dir = host_proc_open(s->config.host, n->found.pid);
	n->begun_ns = now;
	n->late = r->dir < 0 ? NULL : late_start(s->readers, reading_run, reading_free, r);
	n->no_thread = r->dir >= 0 && !n->late;
	if (n->late)
		return;
	if (r->dir < 0)
		n->not_before_ns = now + ANEW_NS;
	reading_free(r);
}

static void collect(struct newcomer *n, uint64_t now)
{
	struct reading *r = late_end(n->late);

	n->late = NULL;
	n->read = !r->rc;
	n->blank = r->rc == -ENODATA || r->rc == -ENOEXEC;
	if (n->read) {
		n->cmdline = r->cmdline;
		r->cmdline = (struct qmp_cmdline){0};
	} else {
		n->not_before_ns = now + (r->rc == -ENOEXEC ? OTHER_NS : ANEW_NS);
	}
	reading_free(r);
}

/* Those that are guests become some. Without a scan only libvirt's are, which may say so later. */
static void admit(struct sampler *s)
{
	size_t i, kept = 0;

	for (i = 0; i < s->n_newcomers; i++) {
		struct newcomer *n = &s->newcomers[i];
		struct guest *g;
		uint64_t before;

		if (!n->read || !(s->config.scan || domains_has(s, n->found.pid, &n->cmdline))) {
			s->newcomers[kept++] = *n;
			continue;
		}
		before = s->n_added;
		g = guest_add(s, &n->found, &n->cmdline);
		if (g && n->is_news && s->n_added > before)
			events_add(s, g, "started", NULL);
		newcomer_done(n);
	}
	s->n_newcomers = kept;
}

/* Their own processes cannot mislead root and oneself, and those of a recorded host are no processes. */
static bool is_trusted(const struct sampler *s, uid_t uid)
{
	return !uid || uid == geteuid() || !host_is_live(s->config.host);
}

bool newcomers_mind(struct sampler *s, bool all)
{
	struct users users = {0};
	uint64_t now = clock_now_ns();
	bool wait = false;
	size_t i;

	for (i = 0; i < s->n_newcomers; i++) {
		struct newcomer *n = &s->newcomers[i];

		if (n->late && late_is_over(n->late))
			collect(n, now);
		if (n->late)
			users_add(&users, n->found.uid);
	}
	for (i = 0; i < s->n_newcomers; i++) {
		struct newcomer *n = &s->newcomers[i];

		if (!n->late && !n->read && now >= n->not_before_ns && users_add(&users, n->found.uid))
			start(s, n, now);
		wait |= n->late && now - n->begun_ns < MUTE_NS && (all || is_trusted(s, n->found.uid));
	}
	admit(s);
	return wait;
}

bool newcomers_are_stuck(const struct sampler *s)
{
	bool stuck = false;
	size_t i;

	for (i = 0; i < s->n_newcomers; i++)
		stuck |= s->newcomers[i].no_thread;
	return stuck;
}

bool newcomers_wait(const struct sampler *s)
{
	bool wait = false;
	size_t i;

	for (i = 0; i < s->n_newcomers; i++)
		wait |= !s->newcomers[i].read && !s->newcomers[i].blank;
	return wait;
}

void newcomers_rows(const struct sampler *s, struct snapshot *snap)
{
	uint64_t now = snapshot_time_ns(snap);
	size_t i;

	for (i = 0; i < s->n_newcomers && s->config.scan; i++) {
		const struct newcomer *n = &s->newcomers[i];
		struct vm_row *row;

		if (n->read || n->blank)
			continue;
		row = snapshot_add(snap, TABLE_VMS);
		row->head.vm = snapshot_printf(snap, "pid:%d", (int)n->found.pid);
		row->head.ref = snapshot_printf(snap, "pid:%d@%llu", (int)n->found.pid, (unsigned long long)n->found.start);
		row->pid = (uint64_t)n->found.pid;
		row->source = "proc";
		row->note = n->late && now > n->begun_ns + MUTE_NS ?
			    "not known: its command line cannot be read, its memory does not answer" :
			    "not known yet: its command line waits to be read";
	}
}

void newcomers_done(struct sampler *s)
{
	while (s->n_newcomers)
		newcomer_done(&s->newcomers[--s->n_newcomers]);
	free(take_ptr(s->newcomers));
}
