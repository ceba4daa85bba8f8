// SPDX-License-Identifier: GPL-3.0-or-later
/* Network namespaces. A thread enters one by itself, the others stay where they are. */
#include "netns.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "private.h"

#define STACK_BYTES (256u << 10)
#define LINK_SIZE 64
/* One of each container; they are looked through when a change is planned, not for each sample. */
#define NAMESPACES_MAX 1024

struct visit {
	int ns, rc;
	int (*run)(void *);
	void *arg;
};

static void *visit_run(void *p)
{
	struct visit *v = p;

	v->rc = setns(v->ns, CLONE_NEWNET) ? -errno : v->run(v->arg);
	return NULL;
}

static ssize_t link_read(const struct host *h, pid_t pid, char link[LINK_SIZE])
{
	if (!pid)
		return host_readlink(h, link, LINK_SIZE, "proc/self/ns/net");
	return host_readlink(h, link, LINK_SIZE, "proc/%d/ns/net", pid);
}

bool host_net_is_other(const struct host *h, pid_t pid)
{
	char theirs[LINK_SIZE], ours[LINK_SIZE];

	return link_read(h, pid, theirs) >= 0 && link_read(h, 0, ours) >= 0 && strcmp(theirs, ours);
}

int host_net_run_in(int ns, int (*run)(void *arg), void *arg)
{
	struct visit v = { .ns = ns, .run = run, .arg = arg };
	pthread_t thread;
	int rc = thread_start(&thread, visit_run, &v, STACK_BYTES);

	if (rc)
		return rc;
	pthread_join(thread, NULL);
	return v.rc;
}

int host_net_run(const struct host *h, pid_t pid, int (*run)(void *arg), void *arg)
{
	auto_close int ns = host_is_live(h) ? host_openat(h, "proc/%d/ns/net", pid) : -EOPNOTSUPP;

	if (ns < 0)
		return ns == -EACCES ? -EPERM : ns == -ENOENT ? -ESRCH : ns;
	return host_net_run_in(ns, run, arg);
}

/* Namespaces that were visited. */
struct seen {
	char (*links)[LINK_SIZE];
	size_t n;
};

static bool seen_add(struct seen *s, const char *link)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		if (!strcmp(s->links[i], link))
			return false;
	if (s->n == NAMESPACES_MAX)
		return false;
	strcpy(*vec_push(s->links, s->n), link);
	return true;
}

int host_net_run_elsewhere(const struct host *h, int (*run)(void *arg), void *arg)
{
	auto_close int dir = host_is_live(h) ? host_openat(h, "proc") : -EOPNOTSUPP;
	auto_ids struct host_ids pids = {0};
	struct seen seen = {0};
	int rc = dir < 0 ? dir : host_ids_read(dir, &pids), all = -ENOENT;
	char link[LINK_SIZE];
	size_t i;

	if (rc < 0)
		return rc;
	if (link_read(h, 0, link) >= 0)
		seen_add(&seen, link);
	for (i = 0; i < pids.n && (all == -ENOENT || all == -EPERM); i++) {
		ssize_t len = link_read(h, pids.id[i], link);

		if (len == -EACCES)
			all = -EPERM;
		if (len < 0 || !seen_add(&seen, link))
			continue;
		rc = host_net_run(h, pids.id[i], run, arg);
		if (rc != -ENOENT && rc != -ESRCH)
			all = rc;
	}
	free(seen.links);
	return all;
}
