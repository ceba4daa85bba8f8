// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Sockets given with -q. Mostly one is that of a guest the scan has found; else who listens there is asked of the
 * socket itself (SO_PEERCRED), by a worker, and only a process that greets as QEMU becomes a guest.
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
};

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
		g->given_path = xstrdup(p->given->path);
		attach_hold(g, take_ptr(p->q));
	}
	pthread_mutex_unlock(&p->s->lock);
}

static int read_process(struct probe *p, pid_t pid, struct err *err)
{
	struct host_proc proc;

	if (host_proc_read(p->s->config.host, pid, &proc))
		return err_set(err, -ESRCH, "its process %d is not in /proc here", (int)pid);
	p->found = (struct host_found){ proc.pid, proc.start, proc.uid };
	guest_cmdline(&proc, &p->cmdline);
	host_proc_done(&proc);
	return 0;
}

static void probe_run(void *arg)
{
	struct probe *p = arg;
	struct qmp_peer peer;
	struct err err = {0};

	p->problem = attach_await_free(p->s->config.host, p->given->path, 2 * LEAVING_NS);
	if (!p->problem) {
		int rc = qmp_open_unix(p->given->path, &p->q, &peer, &err);

		if (!rc) {
			qmp_set_interrupt(p->q, p->s->quit_fd);
			qmp_set_budget(p->q, p->s->budget);
			rc = qmp_greet(p->q, 1000, &err);
		}
		if (!rc)
			rc = read_process(p, peer.pid, &err);
		if (!rc && peer.uid != p->found.uid && peer.uid != 0)
			rc = err_set(&err, -EPERM, "it was opened by uid %u, and its process runs as uid %u",
				     (unsigned)peer.uid, (unsigned)p->found.uid);
		if (rc) {
			qmp_close(p->q);
			p->q = NULL;
			p->problem = xasprintf("monitor: %s: %s", p->given->path, err.text);
		}
	}
	probe_home(p);
	qmp_cmdline_done(&p->cmdline);
	qmp_close(p->q);
	free(p);
}

/* The guest whose command line names this very socket file. */
static struct guest *owner(struct sampler *s, const char *path)
{
	struct stat want, have;
	size_t i, k;

	if (stat(path, &want))
		return NULL;
	for (i = 0; i < s->n_guests; i++) {
		struct guest *g = s->guests[i];

		for (k = 0; k < g->cmdline.n_monitors; k++) {
			auto_free char *theirs = NULL;

			if (g->cmdline.monitors[k].kind != QMP_MONITOR_UNIX)
				continue;
			theirs = host_proc_path(s->config.host, g->pid, g->cmdline.monitors[k].path);
			if (!stat(theirs, &have) && have.st_dev == want.st_dev && have.st_ino == want.st_ino)
				return g;
		}
	}
	return NULL;
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
		if (s->guests[i]->given && is_same(s->guests[i]->given_path, path))
			return true;
	for (i = 0; i < which; i++)
		if (is_same(s->given[i].path, path))
			return true;
	return false;
}

void given_mind(struct sampler *s)
{
	uint64_t now = clock_now_ns();
	size_t i;

	for (i = 0; i < s->config.n_sockets; i++) {
		struct given *given = &s->given[i];
		struct guest *g;
		struct probe *p;

		if (given->probing || now < given->again_ns || is_taken(s, i))
			continue;
		g = owner(s, given->path);
		if (g && !g->given) {
			g->given = true;
			g->given_path = xstrdup(given->path);
			free(given->problem);
			given->problem = NULL;
			continue;
		}
		p = xcalloc(1, sizeof(*p));
		p->s = s;
		p->given = given;
		given->probing = true;
		pool_add(s->pool, 0, probe_run, free, p);
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
