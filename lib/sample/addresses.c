// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Addresses that libvirt knows: leases of its networks, and what the guest's agent says. Asked by a worker, and only for
 * a guest that was named: the agent is a program in the guest.
 */
#include "private.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define ASK_NS (10 * NS_PER_SEC)
#define LATE_NS NS_PER_SEC
#define LEASE_MS 2000
#define AGENT_MS 3000
/* An agent that hangs holds up whoever else wants it: it is left alone for a while. */
#define NO_AGENT_NS (300 * NS_PER_SEC)

struct job {
	struct sampler *s;
	char *ref, *uuid;
	bool agent;
	struct host_address *list;
	size_t n;
};

static void job_free(void *arg)
{
	struct job *j = arg;

	free(j->ref);
	free(j->uuid);
	free(j->list);
	free(j);
}

static void take_lines(struct job *j, char *text)
{
	char *line, *save = NULL;

	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char *ip = strchr(line, ' ');

		if (!ip)
			continue;
		*ip++ = '\0';
		host_addresses_add(&j->list, &j->n, line, ip);
	}
}

/* False: libvirt did not tell. */
static bool ask(struct job *j, bool agent, unsigned timeout_ms)
{
	auto_free char *lines = NULL;
	struct err err;

	if (virt_addresses(j->s->config.virt, j->uuid, agent, timeout_ms, &lines, &err))
		return false;
	take_lines(j, lines);
	return true;
}

static void job_run(void *arg)
{
	struct job *j = arg;
	bool answered;
	struct guest *g;

	ask(j, false, LEASE_MS);
	answered = j->agent && ask(j, true, AGENT_MS);
	host_addresses_sort(j->list, &j->n);
	pthread_mutex_lock(&j->s->lock);
	g = guest_by_ref(j->s, j->ref);
	if (g) {
		free(g->addresses);
		g->addresses = take_ptr(j->list);
		g->n_addresses = j->n;
		g->addresses_asked = false;
		g->addresses_ns = clock_now_ns();
		if (j->agent)
			g->no_agent_ns = answered ? 0 : g->addresses_ns;
	}
	pthread_mutex_unlock(&j->s->lock);
	job_free(j);
}

void addresses_mind(struct sampler *s, struct guest *g)
{
	uint64_t now = clock_now_ns();
	struct job *j;

	if (!s->config.virt || !g->domain || g->gone || g->addresses_asked ||
	    (g->addresses_asked_ns && now - g->addresses_asked_ns < ASK_NS))
		return;
	j = xcalloc(1, sizeof(*j));
	j->s = s;
	j->ref = xstrdup(g->ref);
	j->uuid = xstrdup(g->domain->uuid);
	j->agent = !g->no_agent_ns || now - g->no_agent_ns > NO_AGENT_NS;
	g->addresses_asked = true;
	g->addresses_asked_ns = now;
	pool_add(s->pool, 0, job_run, job_free, j);
}

bool addresses_are_settled(const struct guest *g)
{
	return !g->addresses_asked || g->addresses_ns || clock_now_ns() - g->addresses_asked_ns > LATE_NS;
}
