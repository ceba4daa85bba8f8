// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Sockets given with -q. Who serves one is asked of the kernel, by a worker that connects: mostly the process that listens
 * there, else, where the listening socket was passed in, the one that has our connection open. What command lines say of
 * it counts for nothing. Only a process that greets as QEMU becomes a guest.
 */
#include "private.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define PROBE_AGAIN_NS (2 * NS_PER_SEC)

struct probe {
	struct sampler *s;
	struct given *given;
	char *problem;
	struct qmp *q;
	struct host_found found;
	struct qmp_cmdline cmdline;
	struct owner *guests;		/* those known when it was begun */
	size_t n_guests;
	bool handed;
	struct monitor at;
};

static void probe_free(void *arg)
{
	struct probe *p = arg;

	qmp_cmdline_done(&p->cmdline);
	monitor_done(&p->at);
	qmp_close(p->q);
	free(p->problem);
	free(p->guests);
	free(p);
}

static void probe_home(struct probe *p)
{
	struct guest *g;

	pthread_mutex_lock(&p->s->lock);
	free(p->given->problem);
	p->given->problem = take_ptr(p->problem);
	p->given->probing = false;
	p->given->again_ns = clock_now_ns() + PROBE_AGAIN_NS;
	g = p->q ? guest_add(p->s, &p->found, &p->cmdline) : NULL;
	if (g && !g->given) {
		g->given = true;
		monitor_copy(&g->given_at, &p->at);
		g->handed = p->handed;
		if (!g->held && !g->lent)
			attach_hold(g, take_ptr(p->q));
		if (g->asking == ASK_FAILED)	/* it may have found us in */
			g->ask_again_ns = clock_now_ns();
	}
	pthread_mutex_unlock(&p->s->lock);
}

/* Into p->found and p->cmdline, instead of what was there. */
static int read_process(struct probe *p, pid_t pid)
{
	struct host_proc proc;
	int rc = host_proc_read(p->s->config.host, pid, &proc);

	if (rc)
		return rc;
	qmp_cmdline_done(&p->cmdline);
	p->found = (struct host_found){ proc.pid, proc.start, proc.uid, proc.real_uid };
	guest_cmdline(p->s->config.host, p->s->lates, &proc, &p->cmdline);
	host_proc_done(&proc);
	return 0;
}

/* Its listening socket was passed in, by root or by its own user. */
static int find_handed(struct probe *p, const struct qmp_peer *peer, struct err *err)
{
	const struct host *h = p->s->config.host;
	const struct owner *found = NULL;
	struct err ignored;
	size_t i;

	for (i = 0; i < p->n_guests; i++) {
		if (owner_serves(h, &p->guests[i], qmp_fd(p->q), &ignored))
			continue;
		if (found)
			return err_set(err, -ENOTUNIQ, "processes %d and %d both have the connection open", (int)found->pid,
				       (int)p->guests[i].pid);
		found = &p->guests[i];
	}
	if (!found || read_process(p, found->pid))
		return err_set(err, -ESRCH, "process %d listens there, and no QEMU that can be seen has accepted the connection",
			       (int)peer->pid);
	p->handed = true;
	if (p->found.start == found->start && (peer->uid == 0 || peer->uid == p->found.uid))
		return 0;
	return err_set(err, -EPERM, "it was opened by uid %u, and its process %d runs as uid %u", (unsigned)peer->uid,
		       (int)p->found.pid, (unsigned)p->found.uid);
}

/* Into p->found. */
static int find_server(struct probe *p, const struct qmp_peer *peer, struct err *err)
{
	const struct host *h = p->s->config.host;
	struct owner owner = { .pid = peer->pid };

	if (read_process(p, peer->pid))
		return find_handed(p, peer, err);
	owner.start = p->found.start;
	if (!owner_serves(h, &owner, qmp_fd(p->q), err))
		return 0;
	return find_handed(p, peer, err);
}

static void probe_run(void *arg)
{
	struct probe *p = arg;
	struct qmp_peer peer;
	struct err err = {0};

	p->problem = monitor_await_free(p->s->config.host, p->given->path, 2 * LEAVING_NS);
	if (!p->problem) {
		int rc = qmp_open_unix(p->given->path, &p->q, &peer, &err);

		if (!rc) {
			qmp_set_interrupt(p->q, p->s->quit_fd);
			qmp_set_budget(p->q, p->s->budget);
			rc = qmp_greet(p->q, 1000, &err);
		}
		if (!rc)
			rc = find_server(p, &peer, &err);
		if (!rc)
			monitor_of_path(p->s->config.host, p->found.pid, p->given->path, &p->at);
		if (rc) {
			qmp_close(p->q);
			p->q = NULL;
			p->problem = xasprintf("monitor: %s: %s", p->given->path, err.text);
		}
	}
	probe_home(p);
	probe_free(p);
}

static bool is_same(const char *a, const char *b)
{
	struct stat sa, sb;

	return !strcmp(a, b) || (!stat(a, &sa) && !stat(b, &sb) && sa.st_dev == sb.st_dev && sa.st_ino == sb.st_ino);
}

/* A guest has it, or it was given before by this name or another: then it is we who would be in its way. */
static bool is_taken(struct sampler *s, size_t which)
{
	const char *path = s->given[which].path;
	size_t i;

	for (i = 0; i < s->n_guests; i++)
		if (s->guests[i]->given && is_same(s->guests[i]->given_at.path, path))
			return true;
	for (i = 0; i < which; i++)
		if (is_same(s->given[i].path, path))
			return true;
	return false;
}

static struct probe *probe_new(struct sampler *s, struct given *given)
{
	struct probe *p = xcalloc(1, sizeof(*p));
	size_t i;

	p->s = s;
	p->given = given;
	for (i = 0; i < s->n_guests; i++) {
		struct owner *owner = vec_push(p->guests, p->n_guests);

		*owner = guest_owner(s->guests[i]);
		owner->handed = true;
	}
	return p;
}

void given_mind(struct sampler *s)
{
	uint64_t now = clock_now_ns();
	size_t i;

	for (i = 0; i < s->config.n_sockets; i++) {
		struct given *given = &s->given[i];

		if (given->probing || now < given->again_ns || is_taken(s, i))
			continue;
		given->probing = true;
		pool_add(s->pool, 0, probe_run, probe_free, probe_new(s, given));
	}
}

bool given_is_busy(const struct sampler *s)
{
	size_t i;

	for (i = 0; i < s->config.n_sockets; i++)
		if (s->given[i].probing)
			return true;
	return false;
}
