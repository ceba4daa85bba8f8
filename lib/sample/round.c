// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Which questions are due. What is asked for each sample goes to the guest that was named, or to all where a verb
 * named none; an overview asks nothing of that kind. A guest that does not answer is not waited for by the others.
 */
#include "private.h"

#include <string.h>

/* Devices may be plugged by others: how old what we know of a guest that is looked at may be. */
#define DEVICES_NS (10 * NS_PER_SEC)

bool round_is_for(const struct sampler *s, const struct guest *g)
{
	return !s->focus || !strcmp(s->focus, g->ref);
}

static unsigned wants(const struct sampler *s, struct guest *g, unsigned needs)
{
	uint64_t now = clock_now_ns();
	bool old = s->focus && now - g->devices.taken_ns > DEVICES_NS;
	unsigned what = 0;

	if (needs & NEED_BLOCK)
		what |= WANT_BLOCK;
	if (needs & NEED_JOBS)
		what |= WANT_JOBS;
	if (needs & (NEED_MEMORY | NEED_PAGES) && (!(g->known & WANT_RAM) || (s->focus && clock_now_ns() - g->ram.taken_ns > DEVICES_NS)))
		what |= WANT_RAM;
	if ((needs & NEED_MEMORY) && (g->ram.balloon || (what & WANT_RAM)))
		what |= WANT_BALLOON;
	if ((needs & NEED_KVM_STATS) && rows_kvm_must_ask(s, g))
		what |= WANT_KVM;
	if (s->focus && (needs & NEED_STATE))
		what |= WANT_STATE;
	if ((needs & NEED_DEVICES) && (!(g->known & WANT_DEVICES) || old))
		what |= WANT_DEVICES;
	if ((needs & NEED_VHOST) && !(g->known & WANT_NICS))
		what |= WANT_NICS;
	/* a guest that starts anew may leave its old rings in memory as they were: standing still */
	if (s->focus && (needs & NEED_RINGS) && (g->known & WANT_BASE) && now - g->answers.taken_ns > DEVICES_NS)
		what |= WANT_BASE | (g->known & WANT_NICS);
	return what;
}

void round_begin(struct sampler *s, unsigned needs)
{
	size_t i;

	s->round++;
	s->needs = needs;
	for (i = 0; i < s->n_guests; i++) {
		struct guest *g = s->guests[i];
		unsigned what = round_is_for(s, g) ? wants(s, g, needs) : 0;

		if (round_is_for(s, g) && !g->gone) {
			look_begin(s, g, needs);
			balloon_begin(s, g, needs);
		}
		/* who did not answer is asked again when its time has come */
		if (!what || g->gone || (g->asking == ASK_FAILED && g->ask_again_ns))
			continue;
		/* overdue: not asked twice, and not waited for once more */
		if (g->asking == ASK_UNDER_WAY && !(what & ~(g->under_way | g->wanted)))
			continue;
		attach_start(s, g, what);
		g->round = s->round;
	}
}

bool round_is_over(const struct sampler *s)
{
	size_t i;

	if ((s->needs & NEED_LINKS) && !links_are_settled(s))
		return false;
	for (i = 0; i < s->n_guests; i++) {
		const struct guest *g = s->guests[i];

		if (g->round == s->round && !g->lent && (g->asking == ASK_UNDER_WAY || g->wanted))
			return false;
		if (round_is_for(s, g) && !g->gone && !balloon_is_settled(g))
			return false;
		if ((s->needs & NEED_SPACE) && round_is_for(s, g) && !g->gone && !space_is_settled(g))
			return false;
		if ((s->needs & NEED_ADDRESSES) && s->focus && round_is_for(s, g) && !addresses_are_settled(g))
			return false;
	}
	return look_is_over(s);
}

void round_mind(struct sampler *s)
{
	size_t i;

	pool_mind(s->pool);
	/* an answer may be long in coming: rings are read meanwhile */
	if (s->ring_needs & NEED_RINGS)
		rings_watch(s->rings);
	if (s->needs & NEED_LINKS)
		links_mind(s);
	for (i = 0; i < s->n_guests; i++) {
		struct guest *g = s->guests[i];

		if (g->gone)
			continue;
		if (g->wanted)
			attach_start(s, g, 0);
		if ((s->needs & NEED_SPACE) && round_is_for(s, g))
			space_mind(s, g);
		if ((s->needs & NEED_ADDRESSES) && s->focus && round_is_for(s, g))
			addresses_mind(s, g);
	}
	look_mind(s);
}
