// SPDX-License-Identifier: GPL-3.0-or-later
/* What happened to guests, the last few hundred things. */
#include "guest.h"

#include <stdlib.h>
#include <string.h>

#define DETAIL_MAX 400

static void event_free(struct event *e)
{
	free(e->vm);
	free(e->ref);
	free(e->event);
	free(e->detail);
	*e = (struct event){0};
}

void events_add(struct sampler *s, const struct guest *g, const char *event, const char *detail)
{
	struct event *e = &s->events[s->n_events++ % EVENTS_MAX];
	const char *name = guest_name(g);

	event_free(e);
	clock_gettime(CLOCK_REALTIME, &e->wall);
	e->ns = clock_now_ns();
	e->vm = name ? xstrdup(name) : xasprintf("pid:%d", (int)g->pid);
	e->ref = xstrdup(g->ref);
	e->event = xstrdup(event);
	e->detail = detail ? str_utf8(detail, strlen(detail), DETAIL_MAX) : NULL;
}

void events_done(struct sampler *s)
{
	size_t i;

	for (i = 0; i < EVENTS_MAX; i++)
		event_free(&s->events[i]);
}

void rows_events(const struct sampler *s, struct snapshot *snap)
{
	uint64_t n = s->n_events > EVENTS_MAX ? s->n_events - EVENTS_MAX : 0;

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
