// SPDX-License-Identifier: GPL-3.0-or-later
/* One guest by an operator's word, and lending its monitor. */
#include "private.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define GREET_MS 3000
/* A change can wait for another kvmtop, which asks its questions and leaves. */
#define CLIENT_MS 3000
#define QUIET_LOOK_MS 5
/* What libvirt knows of a guest that is not there. */
#define DEFINED_MS 2000

enum how { BY_ANY, BY_NAME, BY_UUID, BY_PID };

static const struct {
	const char *prefix;
	enum how how;
} prefixes[] = { { "name:", BY_NAME }, { "uuid:", BY_UUID }, { "pid:", BY_PID } };

/* pid:N or pid:N@START */
static bool pid_is(const struct guest *g, const char *word)
{
	const char *ref = g->ref + strlen("pid:");
	size_t pid_len = strcspn(ref, "@");

	return !strcmp(ref, word) || (strlen(word) == pid_len && !strncmp(ref, word, pid_len));
}

static bool is_meant(const struct guest *g, enum how how, const char *word)
{
	const char *uuid = guest_uuid(g);
	bool by_name = guest_is_called(g, word), by_uuid = uuid && !strcasecmp(uuid, word);

	if (g->gone)
		return false;
	switch (how) {
	case BY_ANY: return by_name || by_uuid;
	case BY_NAME: return by_name;
	case BY_UUID: return by_uuid;
	case BY_PID: return pid_is(g, word);
	}
	return false;
}

/* What a word means is not changed by a guest that is trusted less: the same name, chosen by another user. */
static enum trust most_trusted(const struct sampler *s, enum how how, const char *word)
{
	enum trust most = TRUST_STRANGER;
	size_t i;

	for (i = 0; i < s->n_guests; i++)
		if (is_meant(s->guests[i], how, word) && guest_trust(s->guests[i]) > most)
			most = guest_trust(s->guests[i]);
	return most;
}

static int nobody(struct sampler *s, const char *word, struct err *err)
{
	struct str_near near = { .word = word };
	size_t i;

	for (i = 0; i < s->n_guests; i++)
		if (guest_name(s->guests[i]))
			str_near_try(&near, guest_name(s->guests[i]));
	if (newcomers_are_stuck(s))
		return thread_err(err, "not all processes can be looked at");
	if (near.best)
		return err_set(err, -ENOENT, "no guest '%s', did you mean '%s'?", word, near.best);
	return err_set(err, -ENOENT, "no guest '%s' (see: kvmtop --batch vms)", word);
}

static void describe(const struct guest *g, struct sample_guest *out)
{
	struct virt *virt = g->sampler->config.virt;

	*out = (struct sample_guest){ .pid = g->pid, .ref = xstrdup(g->ref) };
	out->user = xstrdup(g->user);
	out->is_strangers = guest_trust(g) == TRUST_STRANGER;
	out->domain = g->domain ? xstrdup(g->domain->uuid) : NULL;
	out->awaited = g->cmdline.libvirt && !g->domain && virt && virt_is_awaited(virt);
	out->name = guest_name(g) ? xstrdup(guest_name(g)) : xasprintf("pid:%d", (int)g->pid);
}

static int find(struct sampler *s, const char *word, enum how how, const char *rest, struct sample_guest *out, struct err *err)
{
	auto_buf struct buf all = {0};
	struct guest *found = NULL;
	enum trust most;
	size_t i, n = 0;
	int rc = 0;

	pthread_mutex_lock(&s->lock);
	domains_join(s);
	most = most_trusted(s, how, rest);
	for (i = 0; i < s->n_guests; i++) {
		if (!is_meant(s->guests[i], how, rest) || guest_trust(s->guests[i]) < most)
			continue;
		found = s->guests[i];
		buf_printf(&all, "%s%s", n++ ? " " : "", found->ref);
	}
	if (n > 1)
		rc = err_set(err, -ENOTUNIQ, "'%s' is %zu guests, say which: %s", word, n, all.text);
	else if (!n)
		rc = nobody(s, word, err);
	else
		describe(found, out);
	if (!rc)
		out->by_pid = how == BY_PID;
	pthread_mutex_unlock(&s->lock);
	return rc;
}

/* It may be one that was not read in time: a busy host. */
static bool is_early(struct sampler *s)
{
	bool early;

	pthread_mutex_lock(&s->lock);
	early = s->config.scan && newcomers_wait(s);
	pthread_mutex_unlock(&s->lock);
	return early;
}

static enum how how_of(const char *word, const char **rest)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(prefixes); i++) {
		if (str_has_prefix(word, prefixes[i].prefix)) {
			*rest = word + strlen(prefixes[i].prefix);
			return prefixes[i].how;
		}
	}
	*rest = word;
	return BY_ANY;
}

int sampler_find_known(struct sampler *s, const char *word, struct sample_guest *out, struct err *err)
{
	const char *rest;
	enum how how = how_of(word, &rest);

	return find(s, word, how, rest, out, err);
}

int sampler_find(struct sampler *s, const char *word, struct sample_guest *out, struct err *err)
{
	auto_free char *uri = NULL;
	const char *rest;
	enum how how = how_of(word, &rest);
	int rc = find(s, word, how, rest, out, err);

	if ((rc == -ENOENT || rc == -EAGAIN) && is_early(s)) {
		sampler_discover(s, NULL);
		rc = find(s, word, how, rest, out, err);
	}
	if (rc != -ENOENT || how == BY_PID || !s->config.virt)
		return rc;
	sampler_settle(s, 0, DEFINED_MS);
	uri = virt_shut_off(s->config.virt, rest, DEFINED_MS);
	return uri ? err_set(err, rc, "the domain '%s' of %s is shut off (virsh -c '%s' start '%s')", rest, uri, uri, rest) : rc;
}

void sample_guest_done(struct sample_guest *g)
{
	free(g->name);
	free(g->ref);
	free(g->domain);
	free(g->user);
	*g = (struct sample_guest){0};
}

/* How long a borrower may wait, and what ends it before. */
struct patience {
	uint64_t deadline_ns;
	int interrupt;
};

/*
 * An asking under way has the connection, or the socket's one place: it is bounded, so wait for it. One that waits for a
 * worker has nothing yet, and steps back.
 */
static int when_quiet(struct sampler *s, const char *ref, const struct patience *p, struct guest **out, struct err *err)
{
	struct pollfd stop = { .fd = p->interrupt, .events = POLLIN };

	while ((*out = guest_by_ref(s, ref)) && (*out)->asking == ASK_UNDER_WAY && (*out)->begun) {
		int left = clock_left_ms(p->deadline_ns), n;

		if (!left)
			return err_set(err, -ETIMEDOUT, "its monitor is in use: kvmtop's own questions are not answered");
		pool_mind(s->pool);
		pthread_mutex_unlock(&s->lock);
		n = poll(&stop, 1, left < QUIET_LOOK_MS ? left : QUIET_LOOK_MS);
		pthread_mutex_lock(&s->lock);
		if (n > 0)
			return err_set(err, -ECANCELED, "interrupted");
	}
	return *out ? 0 : err_set(err, -ENOENT, "the guest has ended");
}

/* The guest is marked as lent; *q is set where a connection was held, else list has those to try. */
static int lend(struct sampler *s, const char *ref, const struct patience *p, struct qmp **q, struct monitor **list, size_t *n,
		struct owner *owner, struct err *err)
{
	auto_free char *none = NULL;
	struct guest *g;
	int rc = when_quiet(s, ref, p, &g, err);

	if (rc)
		return rc;
	if (g->lent)
		return err_set(err, -EBUSY, "another change is under way on this guest");
	if (attach_is_hopeless(g))
		return err_set(err, -ETIMEDOUT, "the QEMU process is stopped (kill -CONT %d makes it go on)", (int)g->pid);
	*q = g->held;
	if (!*q)
		*n = attach_monitors(s->config.host, g, list);
	if (!*q && !*n) {
		none = attach_none(g);
		return err_set(err, attach_is_denied(g) ? -EPERM : -ENOTCONN, "%s", none);
	}
	g->held = NULL;
	g->lent = true;
	*owner = guest_owner(g);
	return 0;
}

/* One that was held for long may be served by another process by now. */
static int borrow_held(struct sampler *s, const char *ref, const struct owner *owner, struct qmp **out, struct err *err)
{
	int rc = owner_serves(s->config.host, owner, qmp_fd(*out), err);

	if (!rc)
		return 0;
	sampler_return(s, ref, NULL);
	qmp_close(*out);
	*out = NULL;
	return rc;
}

int sampler_still_owns(struct sampler *s, const char *ref, const struct qmp *q, struct err *err)
{
	struct guest *g;
	struct owner owner = {0};

	pthread_mutex_lock(&s->lock);
	g = guest_by_ref(s, ref);
	if (g)
		owner = guest_owner(g);
	pthread_mutex_unlock(&s->lock);
	if (!g)
		return err_set(err, -ESRCH, "the guest has ended");
	return owner_serves(s->config.host, &owner, qmp_fd(q), err);
}

static unsigned left_ms(const struct patience *p, unsigned most)
{
	unsigned left = (unsigned)clock_left_ms(p->deadline_ns);

	return left < most ? left : most;
}

int sampler_borrow(struct sampler *s, const char *ref, unsigned timeout_ms, int interrupt, struct qmp **out, struct err *err)
{
	const struct patience p = { clock_now_ns() + timeout_ms * NS_PER_MS, interrupt };
	struct monitor *list = NULL;
	size_t n = 0, picked;
	struct owner owner = {0};
	int rc;

	pthread_mutex_lock(&s->lock);
	rc = lend(s, ref, &p, out, &list, &n, &owner, err);
	pthread_mutex_unlock(&s->lock);
	if (rc)
		return rc;
	if (*out) {
		qmp_set_interrupt(*out, interrupt);
		return borrow_held(s, ref, &owner, out, err);
	}
	rc = monitors_pick(s->config.host, &owner, list, n, left_ms(&p, CLIENT_MS) * NS_PER_MS, interrupt, &picked, err);
	if (!rc)
		rc = monitor_open(s->config.host, s->lates, &list[picked], &owner, left_ms(&p, GREET_MS), interrupt, out, err);
	if (!rc)
		qmp_set_budget(*out, s->budget);
	monitors_free(list, n);
	if (rc)
		sampler_return(s, ref, NULL);
	return rc;
}

/* Also one that has ended meanwhile: nothing else lets go of it. */
static struct guest *lent_guest(struct sampler *s, const char *ref)
{
	size_t i;

	for (i = 0; i < s->n_guests; i++)
		if (!strcmp(s->guests[i]->ref, ref))
			return s->guests[i];
	return NULL;
}

void sampler_return(struct sampler *s, const char *ref, struct qmp *q)
{
	struct guest *g;

	if (q) {
		qmp_set_interrupt(q, -1);
		qmp_set_deadline(q, 0);
		qmp_on_event(q, NULL, NULL);
	}
	pthread_mutex_lock(&s->lock);
	g = lent_guest(s, ref);
	if (g) {
		g->lent = false;
		if (!g->gone && g->given && q && qmp_is_open(q)) {
			attach_hold(g, take_ptr(q));
		} else {
			monitor_done(&g->held_at);
		}
		/* its devices may have changed */
		if (g->asking != ASK_NEVER)
			g->ask_again_ns = clock_now_ns();
		g->netifs_read = false;
	}
	pthread_mutex_unlock(&s->lock);
	qmp_close(q);
}
