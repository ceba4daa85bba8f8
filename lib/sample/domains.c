// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * libvirt's view of guests. They are found in /proc like any other; what libvirt says is joined to them by UUID, and
 * only to processes that libvirt has started: a UUID can be given to any QEMU.
 */
#include "private.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

void domains_join(struct sampler *s)
{
	struct virt_list *list;
	size_t i;

	if (!s->config.virt)
		return;
	list = virt_list(s->config.virt);
	for (i = 0; i < s->n_guests && (list != s->domains || s->joined != s->n_added); i++) {
		struct guest *g = s->guests[i];

		g->domain = g->cmdline.libvirt ? virt_list_find(list, g->cmdline.uuid) : NULL;
	}
	virt_list_unref(s->domains);
	s->domains = list;
	s->joined = s->n_added;
}

bool domains_are_settled(struct sampler *s)
{
	return !s->config.virt || virt_is_settled(s->config.virt);
}

bool domains_has(const struct virt_list *list, const struct qmp_cmdline *cmdline)
{
	return list && cmdline->libvirt && virt_list_find(list, cmdline->uuid);
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

	if (!d && g->cmdline.libvirt && problem)
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
	char **paths;
	size_t n;
	int rc = 0;

	pthread_mutex_lock(&s->lock);
	domains_join(s);
	g = guest_by_ref(s, ref);
	if (g && g->domain && !g->passed) {
		n = attach_paths(s->config.host, g, &paths);
		qmp_strings_free(paths, n);
		if (!n)		/* else it has a monitor of its own beside libvirt's */
			rc = virt_may_pass(s->config.virt, err);
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
