// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * What disks' images are stored in. Asking a file server that is gone takes for ever, so each image is asked about in a
 * thread that can be left behind; one that did not come back is waited for no more, and not asked again until it does.
 */
#include "private.h"

#include <stdlib.h>
#include <string.h>

#define SPACE_NS (10 * NS_PER_SEC)
#define HUNG_NS (2 * NS_PER_SEC)

/* Belongs to the thread while it is under way. */
struct probe {
	char *path;
	uint64_t pool;			/* that of a thin volume instead of the path */
	struct host_store store;
	int rc;
};

struct space {
	char *file;			/* as the disk's row has it */
	struct late *late;		/* NULL: nothing is under way */
	uint64_t begun_ns, taken_ns;	/* taken: 0 is never */
	bool hung, known, wanted;
	struct host_store store;
};

static void probe_run(void *arg)
{
	struct probe *p = arg;

	p->rc = p->pool ? host_thin_read(p->pool, &p->store.total_bytes, &p->store.free_bytes) :
		host_store_read(p->path, &p->store);
}

static void probe_free(void *arg)
{
	struct probe *p = arg;

	free(p->path);
	free(p);
}

/* path or pool; false: too many are under way. */
static bool start(struct sampler *s, struct space *sp, char *path, uint64_t pool)
{
	struct probe *p = xcalloc(1, sizeof(*p));

	p->path = path;
	p->pool = pool;
	sp->late = late_start(s->lates, probe_run, probe_free, p);
	sp->begun_ns = clock_now_ns();
	if (!sp->late)
		probe_free(p);
	return sp->late;
}

static struct space *find(const struct guest *g, const char *file)
{
	size_t i = names_find(&g->spaces_by_file, file, NULL);

	return i == NAMES_NONE ? NULL : &g->spaces[i];
}

/* disk: NULL, file is libvirt's. */
static void want(struct sampler *s, struct guest *g, const char *file, const struct qmp_disk *disk)
{
	struct space *sp = find(g, file);

	if (!opened_is_path(file))
		return;
	if (!sp) {
		sp = vec_push(g->spaces, g->n_spaces);
		sp->file = xstrdup(file);
		names_add(&g->spaces_by_file, sp->file, NULL, g->n_spaces - 1);
	}
	sp->wanted = true;
	/* a bare name is in the process's directory */
	if (!sp->late && (!sp->taken_ns || clock_now_ns() - sp->taken_ns > SPACE_NS))
		start(s, sp, disk ? opened_path(s->config.host, g->pid, disk) : host_proc_path(s->config.host, g->pid, file), 0);
}

/* What has come back; of a thin volume the pool is the next question. */
static void collect(struct sampler *s, struct space *sp)
{
	struct probe *p;
	uint64_t pool = 0;

	if (!sp->late)
		return;
	if (!late_is_over(sp->late)) {
		sp->hung |= clock_now_ns() - sp->begun_ns > HUNG_NS;
		return;
	}
	p = late_end(sp->late);
	sp->late = NULL;
	sp->hung = false;
	if (p->pool) {
		sp->store.has_free = !p->rc;
		sp->store.total_bytes = p->store.total_bytes;
		sp->store.free_bytes = p->store.free_bytes;
	} else {
		sp->known = !p->rc;
		sp->store = p->store;
		if (sp->known && sp->store.device)
			host_store_device(s->config.host, &sp->store);
		pool = sp->store.pool;
	}
	probe_free(p);
	if (!pool || !start(s, sp, NULL, pool))
		sp->taken_ns = clock_now_ns();
}

static void space_free(struct space *sp)
{
	struct probe *p = sp->late ? late_end(sp->late) : NULL;

	if (p)
		probe_free(p);
	free(sp->file);
}

/* The images of a guest, as far as they are known; f(arg, file, disk) for each. */
static void each_file(const struct guest *g, void (*f)(void *arg, const char *file, const struct qmp_disk *disk), void *arg)
{
	const struct virt_def *def = g->domain ? g->domain->def : NULL;
	size_t i;

	for (i = 0; i < g->disks.n_disks; i++)
		f(arg, g->disks.disks[i].file, &g->disks.disks[i]);
	for (i = 0; !(g->known & WANT_DISKS) && def && i < def->n_disks; i++)
		if (def->disks[i].path)
			f(arg, def->disks[i].path, NULL);
		else if (def->disks[i].type && (!strcmp(def->disks[i].type, "file") || !strcmp(def->disks[i].type, "block")))
			f(arg, def->disks[i].source, NULL);
}

struct each {
	struct sampler *s;
	struct guest *g;
	bool waits;
};

static void want_one(void *arg, const char *file, const struct qmp_disk *disk)
{
	struct each *e = arg;

	want(e->s, e->g, file, disk);
}

static void waits_one(void *arg, const char *file, const struct qmp_disk *disk)
{
	struct each *e = arg;
	const struct space *sp = find(e->g, file);

	(void)disk;
	e->waits |= sp && !sp->taken_ns && sp->late && !sp->hung;
}

void space_mind(struct sampler *s, struct guest *g)
{
	struct each e = { .s = s, .g = g };
	size_t i;

	if (!host_is_live(s->config.host))
		return;
	for (i = 0; i < g->n_spaces; i++)
		collect(s, &g->spaces[i]);
	for (i = 0; i < g->n_spaces; i++)
		g->spaces[i].wanted = false;
	each_file(g, want_one, &e);
	for (i = g->n_spaces; i-- > 0; ) {
		if (g->spaces[i].wanted)
			continue;
		names_clear(&g->spaces_by_file);
		space_free(&g->spaces[i]);
		g->spaces[i] = g->spaces[--g->n_spaces];
	}
	if (!g->spaces_by_file.n)	/* some went, and others stand elsewhere */
		for (i = 0; i < g->n_spaces; i++)
			names_add(&g->spaces_by_file, g->spaces[i].file, NULL, i);
}

bool space_is_settled(const struct guest *g)
{
	struct each e = { .g = (struct guest *)g };

	each_file(g, waits_one, &e);
	return !e.waits;
}

const struct host_store *space_of(const struct guest *g, const char *file, bool *hung)
{
	const struct space *sp = find(g, file);

	*hung = sp && sp->hung;
	return sp && sp->known ? &sp->store : NULL;
}

void space_done(struct guest *g)
{
	names_clear(&g->spaces_by_file);
	while (g->n_spaces)
		space_free(&g->spaces[--g->n_spaces]);
	free(take_ptr(g->spaces));
}
