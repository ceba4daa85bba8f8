// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The balloon of a guest whose monitor libvirt holds: libvirt is asked, which taints nothing, by a worker, and only for
 * a guest that was named, as libvirt asks QEMU for it.
 */
#include "private.h"

#include <pthread.h>
#include <stdlib.h>

#define ANSWER_MS 2000
#define LATE_NS (2 * NS_PER_SEC)

struct job {
	struct sampler *s;
	char *ref, *uuid;
};

static void job_free(void *arg)
{
	struct job *j = arg;

	free(j->ref);
	free(j->uuid);
	free(j);
}

static void take(struct balloon_answers *a, const struct virt_memory_stats *m)
{
	a->balloon = (struct qmp_balloon){
		.actual = m->actual, .interval_s = UNKNOWN_UINT, .updated = m->updated ? m->updated : UNKNOWN_UINT,
		.total = m->total, .free = m->free, .available = m->available, .caches = m->caches,
		.swap_in = m->swap_in, .swap_out = m->swap_out,
		.major_faults = m->major_faults, .minor_faults = m->minor_faults, .oom_kills = UNKNOWN_UINT,
	};
	a->never = !m->updated;
	a->taken_ns = clock_now_ns();
	clock_gettime(CLOCK_REALTIME, &a->wall);
}

static void job_run(void *arg)
{
	struct job *j = arg;
	struct virt_memory_stats m;
	struct err err;
	struct guest *g;
	int rc = virt_memory_read(j->s->config.virt, j->uuid, ANSWER_MS, &m, &err);

	pthread_mutex_lock(&j->s->lock);
	g = guest_by_ref(j->s, j->ref);
	if (g) {
		g->balloon_asked = false;
		if (rc)
			g->balloon.taken_ns = 0;	/* unknown, not as it was */
		else
			take(&g->balloon, &m);
	}
	pthread_mutex_unlock(&j->s->lock);
	job_free(j);
}

void balloon_begin(struct sampler *s, struct guest *g, unsigned needs)
{
	struct job *j;

	if (!(needs & NEED_MEMORY) || !s->focus || !s->config.virt || !g->domain || g->gone || g->balloon_asked ||
	    (g->known & WANT_RAM))
		return;
	j = xcalloc(1, sizeof(*j));
	j->s = s;
	j->ref = xstrdup(g->ref);
	j->uuid = xstrdup(g->domain->uuid);
	g->balloon_asked = true;
	g->balloon_asked_ns = clock_now_ns();
	pool_add(s->pool, 0, job_run, job_free, j);
}

bool balloon_is_settled(const struct guest *g)
{
	return !g->balloon_asked || clock_now_ns() - g->balloon_asked_ns > LATE_NS;
}
