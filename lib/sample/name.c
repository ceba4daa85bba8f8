// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * What a guest is called. The command line and QEMU's answers are the word of the process, so who runs it decides what
 * that is worth: a name that a stranger's process gives itself carries that user, and is never another guest's.
 */
#include "private.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What libvirt runs QEMU as on the distributions there are. */
static const char *const qemu_users[] = { "libvirt-qemu", "qemu" };

void trusted_users(struct sampler *s)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(qemu_users); i++) {
		uid_t uid;

		if (host_user_find(s->config.host, qemu_users[i], &uid))
			*vec_push(s->qemu_uids, s->n_qemu_uids) = uid;
	}
}

static enum trust trust_of(const struct sampler *s, uid_t uid)
{
	size_t i;

	if (uid == 0 || uid == geteuid())
		return TRUST_KNOWN;
	for (i = 0; i < s->n_qemu_uids; i++)
		if (s->qemu_uids[i] == uid)
			return TRUST_QEMU;
	return TRUST_STRANGER;
}

enum trust guest_trust(const struct guest *g)
{
	/* a program with the set-user-ID bit is told what to do by who has started it */
	enum trust real = trust_of(g->sampler, g->real_uid), effective = trust_of(g->sampler, g->uid);

	if (g->domain && trust_of(g->sampler, g->domain->home.owner) == TRUST_KNOWN)
		return TRUST_KNOWN;
	return real < effective ? real : effective;
}

/* Without the user. */
static const char *own_name(const struct guest *g)
{
	if (g->domain)
		return g->domain->name;
	return g->cmdline.name ? g->cmdline.name : g->answers.name;
}

void guest_rename(struct guest *g)
{
	const char *name = own_name(g);

	free(g->name);
	g->name = name && guest_trust(g) == TRUST_STRANGER ? xasprintf("%s@%s", name, g->user) : xstrdup(name);
}

const char *guest_name(const struct guest *g)
{
	return g->name;
}

bool guest_is_called(const struct guest *g, const char *word)
{
	const char *own = own_name(g);

	return (g->name && !strcmp(g->name, word)) || (own && !strcmp(own, word));
}

const char *guest_uuid(const struct guest *g)
{
	if (g->domain)
		return g->domain->uuid;
	return g->cmdline.uuid ? g->cmdline.uuid : g->answers.uuid;
}

bool name_is_of_session(const struct guest *g)
{
	return g->cmdline.libvirt && !g->domain && g->user && guest_trust(g) == TRUST_STRANGER;
}
