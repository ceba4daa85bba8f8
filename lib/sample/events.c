// SPDX-License-Identifier: GPL-3.0-or-later
/* What happened to guests, the last few hundred things. */
#include "private.h"

#include <stdlib.h>
#include <string.h>


static void event_free(struct event *e)
{
	free(e->vm);
	free(e->ref);
	free(e->event);
	free(e->detail);
	*e = (struct event){0};
}

static struct event *event_new(struct sampler *s)
{
	struct event *e = &s->events[s->n_events++ % EVENTS_MAX];

	event_free(e);
	e->ns = clock_now_ns();
	return e;
}

void events_add(struct sampler *s, const struct guest *g, const char *event, const char *detail)
{
	struct event *e = event_new(s);
	const char *name = guest_name(g);

	clock_gettime(CLOCK_REALTIME, &e->wall);
	e->vm = name ? xstrdup(name) : xasprintf("pid:%d", (int)g->pid);
	e->ref = xstrdup(g->ref);
	e->event = str_utf8(event, strlen(event), EVENT_NAME_MAX);
	e->detail = detail ? str_utf8(detail, strlen(detail), EVENT_DETAIL_MAX) : NULL;
}

void events_pull(struct sampler *s)
{
	struct virt_event *list;
	size_t n, i, k;

	if (!s->config.virt)
		return;
	n = virt_events(s->config.virt, NULL, &s->virt_seq, &list);
	for (i = 0; i < n; i++) {
		struct event *e = event_new(s);

		e->wall = list[i].wall;
		e->vm = xstrdup(list[i].name);
		for (k = 0; k < s->n_guests && !e->ref && list[i].uuid[0]; k++)
			if (s->guests[k]->domain && !strcmp(s->guests[k]->domain->uuid, list[i].uuid))
				e->ref = xstrdup(s->guests[k]->ref);
		e->event = xasprintf("libvirt %s", virt_event_name(list[i].kind));
		e->detail = xasprintf("%s%s%s", list[i].device ? list[i].device : "", list[i].device ? " " : "",
				      list[i].text ? list[i].text : "");
	}
	virt_events_free(list, n);
}

void events_done(struct sampler *s)
{
	size_t i;

	for (i = 0; i < EVENTS_MAX; i++)
		event_free(&s->events[i]);
}

void rows_events(const struct sampler *s, struct snapshot *snap, uint64_t most)
{
	uint64_t n = s->n_events > most ? s->n_events - most : 0;

	for (; n < s->n_events; n++) {
		const struct event *e = &s->events[n % EVENTS_MAX];
		struct event_row *row = snapshot_add(snap, TABLE_EVENTS);
		char at[40];

		clock_rfc3339(e->wall, at);
		row->head.vm = snapshot_str(snap, e->vm);
		row->head.ref = snapshot_str(snap, e->ref);
		row->head.key = snapshot_printf(snap, "%llu", (unsigned long long)n + 1);
		row->head.taken_ns = e->ns;
		row->seq = n + 1;
		row->at = snapshot_str(snap, at);
		row->event = snapshot_str(snap, e->event);
		row->detail = snapshot_str(snap, e->detail);
	}
}
