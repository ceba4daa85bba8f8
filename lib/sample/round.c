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

unsigned round_base(const struct sampler *s, const struct guest *g, unsigned needs)
{
	bool rings = needs & NEED_RINGS, alone = s->focus && !strcmp(s->focus, g->ref) && !(needs & NEED_STATE);
	unsigned what = 0;

	/* a question through libvirt is dear: its rings only where they are what was asked for; the rest libvirt knows */
	if (g->passed)
		what = rings && (needs & (NEED_DEPTHS | NEED_VHOST | NEED_NAMED)) ? WANT_VIRTIO : 0;
	else if (!alone)
		return needs & (NEED_RINGS | NEED_STATE) && (!s->focus || !*s->focus || (needs & NEED_STATE)) ? WANT_BASE : 0;
	else
		what = rings ? WANT_STATE | WANT_VIRTIO : 0;
	/* only who was started to receive may be receiving */
	if ((what & WANT_VIRTIO) && (g->cmdline.incoming || g->cmdline.cut))
		what |= WANT_STATE | WANT_MIGRATION;
	if (!g->cmdline.name && !g->domain && !(g->known & WANT_NAMES))
		what |= WANT_NAMES;
	return what;
}

unsigned round_plugged(const struct guest *g, unsigned needs, uint64_t since_ns)
{
	const struct {
		unsigned need, want;
		uint64_t taken_ns;
	} parts[] = {
		{ NEED_DEVICES | NEED_NICS, WANT_DEVICES, g->devices.taken_ns },
		{ NEED_DEVICES | NEED_DISKS, WANT_DISKS, g->disks.taken_ns },
		{ NEED_DEVICES | NEED_NICS, WANT_NICS, g->nics.taken_ns },
		{ NEED_SLOTS, WANT_SLOTS, g->slots.taken_ns },
	};
	unsigned what = 0;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(parts); i++)
		if ((needs & parts[i].need) && (!(g->known & parts[i].want) || parts[i].taken_ns < since_ns))
			what |= parts[i].want;
	return what;
}

uint64_t round_fresh_ns(uint64_t now)
{
	return now > DEVICES_NS ? now - DEVICES_NS : 0;
}

static unsigned wants(const struct sampler *s, struct guest *g, unsigned needs)
{
	uint64_t now = clock_now_ns(), fresh = s->focus ? round_fresh_ns(now) : 0;
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
	if (s->focus && (needs & NEED_STATE) && !g->passed)
		what |= WANT_STATE | WANT_MIGRATION;
	if (s->focus)
		what |= round_base(s, g, needs) & ~g->known;
	what |= round_plugged(g, needs, s->since_ns > fresh ? s->since_ns : fresh);
	if ((needs & NEED_VHOST) && !(g->known & WANT_NICS))
		what |= WANT_NICS;
	/* a guest that starts anew may leave its old rings in memory as they were: standing still */
	if (s->focus && (g->known & WANT_VIRTIO) && now - g->answers.taken_ns > DEVICES_NS)
		what |= (round_base(s, g, needs) & WANT_VIRTIO) | (needs & NEED_RINGS ? g->known & WANT_NICS : 0);
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
		g->due = what;
		/* who did not answer is asked again when its time has come */
		if (!what || g->gone || (g->asking == ASK_FAILED && g->ask_again_ns))
			continue;
		/* overdue: not asked twice, and waited for once more only where it was named */
		if (g->asking == ASK_UNDER_WAY && !(what & ~(g->under_way | g->wanted))) {
			if (s->focus && *s->focus)
				g->round = s->round;
			continue;
		}
		attach_start(s, g, what);
		g->round = s->round;
	}
}

/* What these columns have of QEMU alone, and libvirt's definition does not tell. */
static bool is_asked(const struct guest *g, unsigned needs)
{
	if (g->domain && !g->passed)
		return false;
	return needs & (NEED_DISKS | NEED_NICS | NEED_SLOTS | NEED_DEVICES | NEED_BLOCK | NEED_JOBS | NEED_DEPTHS);
}

char *sampler_missing(struct sampler *s, const char *ref, unsigned needs, bool *denied)
{
	static const struct {
		unsigned want;
		const char *name;
	} names[] = {
		{ WANT_STATE, "state" }, { WANT_VIRTIO, "queues" }, { WANT_DEVICES, "devices" }, { WANT_DISKS, "disks" },
		{ WANT_NICS, "NICs" }, { WANT_SLOTS, "free places" }, { WANT_BLOCK, "I/O counters" }, { WANT_JOBS, "jobs" },
		{ WANT_RAM | WANT_BALLOON, "memory" },
	};
	auto_buf struct buf text = {0};
	const struct guest *g;
	unsigned what;
	size_t i;

	pthread_mutex_lock(&s->lock);
	g = guest_by_ref(s, ref);
	*denied = g && attach_is_denied(g);
	what = g && is_asked(g, needs) ? g->due | (round_base(s, g, needs) & ~g->known) : 0;
	for (i = 0; i < ARRAY_SIZE(names); i++)
		if (what & names[i].want)
			buf_printf(&text, "%s%s", text.len ? ", " : "", names[i].name);
	if (text.len && g->asking == ASK_UNDER_WAY)
		buf_puts(&text, " not known: QEMU has not answered yet (--timeout SECONDS waits longer)");
	else if (text.len)
		buf_printf(&text, " not known: %s", g->note ? g->note : "QEMU did not answer");
	pthread_mutex_unlock(&s->lock);
	return text.len ? buf_take(&text) : NULL;
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
		if (s->focus && (s->needs & NEED_RINGS) && round_is_for(s, g) && g->rings && !rings_are_read(s->rings, g->rings))
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
