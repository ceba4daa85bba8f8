// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * libvirt's view of guests. They are found in /proc like any other; which of them is a domain's is libvirt's to say, not
 * theirs: a UUID, a name and libvirt's objects can be written on any command line.
 */
#include "private.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define AGAIN_NS NS_PER_SEC		/* a domain whose process was not found */

/* A domain's process, as libvirt and the kernel have it. */
struct home {
	pid_t pid;			/* 0: not known by the pid file */
	int rc;				/* why not */
};

/* A process that may not read pid files knows the machines of the system daemon by their control groups. */
static bool is_by_group(const struct virt_domain *d, const struct home *home)
{
	return d->home.is_system && d->home.pid_dir && home->rc && home->rc != -ESRCH && home->rc != -EPERM;
}

static bool is_in_group(const struct host *h, const struct virt_domain *d, pid_t pid, const struct qmp_cmdline *cmdline)
{
	return cmdline->name && !strcmp(cmdline->name, d->name) && host_is_in_machine(h, pid, d->id);
}

static struct home home_of(const struct host *h, const struct virt_domain *d)
{
	struct home home = { .rc = -ENOENT };
	auto_free char *path = NULL;

	if (!d->home.pid_dir || d->home.pid_dir[0] != '/' || strchr(d->name, '/'))
		return home;
	path = xasprintf("%s/%s.pid", d->home.pid_dir + 1, d->name);
	home.rc = host_pid_file_holder(h, d->home.owner, path, &home.pid);
	return home;
}

/* Which process each domain of the list is; again for those that were not found. */
static void find_homes(struct sampler *s, bool fresh)
{
	size_t n = virt_list_count(s->domains), i;

	if (fresh) {
		free(s->homes);
		s->homes = xcalloc(n, sizeof(*s->homes));
	}
	s->homeless = false;
	for (i = 0; i < n; i++) {
		if (!s->homes[i].pid)
			s->homes[i] = home_of(s->config.host, virt_list_get(s->domains, i));
		s->homeless |= !s->homes[i].pid;
	}
	s->homes_ns = clock_now_ns();
}

/* Is it run as the user that libvirt runs it as? */
static bool has_its_user(const struct guest *g, const struct virt_domain *d)
{
	if (!d->home.is_system)
		return g->uid == d->home.owner;
	return !d->def || d->def->uid < 0 || d->def->uid == (int64_t)g->uid;
}

/* The guest of a domain; NULL: none, or several that may be. */
static struct guest *guest_of(struct sampler *s, const struct virt_domain *d, const struct home *home)
{
	bool by_group = is_by_group(d, home);
	struct guest *found = NULL;
	size_t i;

	for (i = 0; i < s->n_guests; i++) {
		struct guest *g = s->guests[i];

		if (g->gone || (by_group ? !is_in_group(s->config.host, d, g->pid, &g->cmdline) : g->pid != home->pid))
			continue;
		if (found)
			return NULL;
		found = g;
	}
	return found && has_its_user(found, d) ? found : NULL;
}

/* What is to be said of a guest that has a domain's UUID and is not joined to it; yours, NULL: nothing. */
static char *claim_of(const struct sampler *s, const struct guest *g)
{
	size_t n = virt_list_count(s->domains), i;

	for (i = 0; i < n && g->cmdline.uuid; i++) {
		const struct virt_domain *d = virt_list_get(s->domains, i);
		const struct home *home = &s->homes[i];

		if (strcmp(d->uuid, g->cmdline.uuid))
			continue;
		if (home->pid && home->pid != g->pid)
			return xasprintf("libvirt: it has the UUID of the domain %s, which is process %d", d->name, (int)home->pid);
		if (home->pid)
			return xasprintf("libvirt: the domain %s is this process by its pid file, but not by its user", d->name);
		return xasprintf("libvirt: which process the domain %s is cannot be told: %s", d->name,
				 home->rc == -ESRCH ? "no process holds its pid file" :
				 home->rc == -EPERM ? "its pid file is another user's" : "its pid file cannot be read, and no control "
				 "group says so of one process");
	}
	return NULL;
}

static void join(struct sampler *s)
{
	size_t n = virt_list_count(s->domains), i;

	for (i = 0; i < s->n_guests; i++) {
		s->guests[i]->domain = NULL;
		s->guests[i]->n_domains = 0;
		free(take_ptr(s->guests[i]->claim));
	}
	for (i = 0; i < n; i++) {
		const struct virt_domain *d = virt_list_get(s->domains, i);
		struct guest *g = guest_of(s, d, &s->homes[i]);

		if (g)
			g->domain = g->n_domains++ ? NULL : d;
	}
	for (i = 0; i < s->n_guests; i++) {
		guest_rename(s->guests[i]);
		if (s->guests[i]->netifs_defined)
			s->guests[i]->netifs_read = false;
		if (!s->guests[i]->domain)
			s->guests[i]->claim = claim_of(s, s->guests[i]);
	}
	s->joined = s->n_added;
}

void domains_join(struct sampler *s)
{
	struct virt_list *list;
	bool fresh, again;

	if (!s->config.virt)
		return;
	list = virt_list(s->config.virt);
	fresh = list != s->domains;
	again = s->homeless && clock_now_ns() - s->homes_ns > AGAIN_NS;
	virt_list_unref(s->domains);
	s->domains = list;
	if (fresh || again)
		find_homes(s, fresh);
	if (fresh || again || s->joined != s->n_added)
		join(s);
}

bool domains_are_settled(struct sampler *s)
{
	return !s->config.virt || virt_is_settled(s->config.virt);
}

bool domains_has(struct sampler *s, pid_t pid, const struct qmp_cmdline *cmdline)
{
	size_t i;

	domains_join(s);
	for (i = 0; s->domains && i < virt_list_count(s->domains); i++) {
		const struct virt_domain *d = virt_list_get(s->domains, i);

		if (s->homes[i].pid == pid ||
		    (is_by_group(d, &s->homes[i]) && is_in_group(s->config.host, d, pid, cmdline)))
			return true;
	}
	return false;
}

/* What an operator should know, NULL: nothing. */
static const char *note(struct snapshot *snap, const struct guest *g)
{
	const struct virt_domain *d = g->domain;

	if (d->problem)
		return snapshot_printf(snap, "libvirt: %s; state and devices are as they were then", d->problem);
	return g->passed && g->asking == ASK_FAILED ? snapshot_str(snap, g->note) : NULL;
}

void domains_fill(const struct sampler *s, struct snapshot *snap, const struct guest *g, struct vm_row *row)
{
	const struct virt_domain *d = g->domain;
	const char *problem = s->domains ? virt_list_problem(s->domains) : NULL;

	if (!d && g->claim)
		row->note = snapshot_str(snap, g->claim);
	else if (!d && name_is_of_session(g))
		row->note = snapshot_printf(snap, "the libvirt of user %s has started it: run kvmtop as that user", g->user);
	else if (!d && g->cmdline.libvirt && problem)
		row->note = snapshot_printf(snap, "libvirt started it, but %s", problem);
	if (!d)
		return;
	row->source = "libvirt";
	row->state = d->state;
	row->state_detail = snapshot_str(snap, d->reason);
	row->note = note(snap, g);
	row->stale_seconds = 0;
	if (d->stale_since_ns && snapshot_time_ns(snap) > d->stale_since_ns)
		row->stale_seconds = (double)(snapshot_time_ns(snap) - d->stale_since_ns) / (double)NS_PER_SEC;
}

int sampler_pass_through(struct sampler *s, const char *ref, struct err *err)
{
	struct guest *g;
	struct monitor *list;
	size_t n;
	int rc = 0;

	pthread_mutex_lock(&s->lock);
	domains_join(s);
	g = guest_by_ref(s, ref);
	if (g && g->domain && !g->passed) {
		n = attach_monitors(s->config.host, g, &list);
		monitors_free(list, n);
		if (!n)		/* else it has a monitor of its own beside libvirt's */
			rc = virt_may_pass(s->config.virt, g->domain->uuid, err);
		g->passed = !n && !rc;
		if (g->passed && g->asking != ASK_UNDER_WAY)
			g->asking = ASK_NEVER;
	}
	pthread_mutex_unlock(&s->lock);
	return rc;
}

char **sampler_remarks(struct sampler *s, size_t *n)
{
	char **list = NULL;
	size_t i;

	*n = 0;
	pthread_mutex_lock(&s->lock);
	for (i = 0; i < s->n_guests; i++)
		if (s->guests[i]->remark)
			*vec_push(list, *n) = take_ptr(s->guests[i]->remark);
	pthread_mutex_unlock(&s->lock);
	return list;
}
