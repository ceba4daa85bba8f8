// SPDX-License-Identifier: GPL-3.0-or-later
/* Reading what is active and what each domain is like: after connecting, and whatever an event has made doubtful. */
#include "private.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define STEP_MS 5000

static bool uuid_of(virDomainPtr dom, char uuid[VIRT_UUID_SIZE])
{
	return !virDomainGetUUIDString(dom, uuid);
}

static void take_list(struct conn *c, virDomainPtr *list, int n)
{
	char uuid[VIRT_UUID_SIZE];
	size_t k;
	int i;

	for (k = 0; k < c->n_doms; k++)
		c->doms[k]->listed = false;
	for (i = 0; i < n; i++) {
		struct dom *d;

		if (!uuid_of(list[i], uuid))
			continue;
		d = conn_dom_add(c, uuid, virDomainGetName(list[i]), (int)virDomainGetID(list[i]));
		d->listed = true;
		d->ask_def = true;
	}
	for (k = c->n_doms; k-- > 0; )
		if (!c->doms[k]->listed)
			conn_dom_drop(c, c->doms[k]);
}

static int relist(struct call *call)
{
	struct conn *c = call->conn;
	virDomainPtr *list = NULL;
	int n, i;

	n = virConnectListAllDomains(call->handle, &list, VIR_CONNECT_LIST_DOMAINS_ACTIVE);
	if (n < 0)
		return virt_error(&call->err, "listing domains");
	pthread_mutex_lock(&c->v->lock);
	if (c->handle == call->handle)
		take_list(c, list, n);
	pthread_mutex_unlock(&c->v->lock);
	for (i = 0; i < n; i++)
		virDomainFree(list[i]);
	free(list);
	return 0;
}

/* What is asked of one domain, and the answers. */
struct asked {
	bool state, def;
	int is, why;
	enum virt_migration migration;
	bool persistent, gone;
	char *io_error;
	struct virt_def *parsed;
};

/* The next one that is in doubt; call->uuid says to the keeper which. */
static bool next_dom(struct call *call, struct asked *a)
{
	struct conn *c = call->conn;
	uint64_t now = clock_now_ns();
	bool found = false;
	size_t i;

	pthread_mutex_lock(&c->v->lock);
	free(call->uuid);
	call->uuid = NULL;
	for (i = 0; i < c->n_doms && !found && !call->given_up && c->handle == call->handle; i++) {
		struct dom *d = c->doms[i];

		found = (d->ask_state || d->ask_def) && now >= d->again_ns;
		if (!found)
			continue;
		call->uuid = xstrdup(d->uuid);
		*a = (struct asked){ .state = true, .def = d->ask_def };
		d->ask_state = d->ask_def = false;	/* an event that comes now asks once more */
		a->io_error = xstrdup(d->io_error);
	}
	pthread_mutex_unlock(&c->v->lock);
	return found;
}

/* It stands for an I/O error nobody told us about: we came later. */
static char *disk_errors(virDomainPtr dom)
{
	virDomainDiskError errors[64];
	auto_buf struct buf text = {0};
	int n = virDomainGetDiskErrors(dom, errors, ARRAY_SIZE(errors), 0), i;

	for (i = 0; i < n; i++) {
		buf_printf(&text, "%s%s: %s", text.len ? ", " : "", errors[i].disk,
			   words_io_error(errors[i].error == VIR_DOMAIN_DISK_ERROR_NO_SPACE ? "enospc" : NULL));
		free(errors[i].disk);
	}
	return text.len ? buf_take(&text) : NULL;
}

/* Where the volumes of its disks are: the definition names them by pool and name only. */
static void find_volumes(virDomainPtr dom, struct virt_def *def)
{
	size_t i;

	for (i = 0; i < def->n_disks; i++) {
		struct virt_disk *d = &def->disks[i];
		const char *slash = d->type && d->source && !strcmp(d->type, "volume") ? strchr(d->source, '/') : NULL;
		auto_free char *name = slash ? xstrndup(d->source, (size_t)(slash - d->source)) : NULL;
		virStoragePoolPtr pool = name ? virStoragePoolLookupByName(virDomainGetConnect(dom), name) : NULL;
		virStorageVolPtr vol = pool ? virStorageVolLookupByName(pool, slash + 1) : NULL;
		char *path = vol ? virStorageVolGetPath(vol) : NULL;

		d->path = path ? str_utf8(path, strlen(path), PATH_MAX) : NULL;
		free(path);
		if (vol)
			virStorageVolFree(vol);
		if (pool)
			virStoragePoolFree(pool);
	}
}

static int read_dom(struct call *call, virDomainPtr dom, struct asked *a)
{
	auto_free char *xml = NULL;
	int state, why;

	if (virDomainGetState(dom, &state, &why, 0))
		return virt_error(&call->err, "state");
	a->is = state;
	a->why = why;
	a->gone = state == VIR_DOMAIN_SHUTOFF;
	if (a->gone)
		return 0;
	a->migration = job_migration(dom, state, why);
	if (state == VIR_DOMAIN_PAUSED && why == VIR_DOMAIN_PAUSED_IOERROR && !a->io_error)
		a->io_error = disk_errors(dom);
	if (!a->def)
		return 0;
	a->persistent = virDomainIsPersistent(dom) == 1;
	xml = virDomainGetXMLDesc(dom, 0);
	if (!xml)
		return virt_error(&call->err, "XML");
	if (!virt_def_parse(xml, strlen(xml), &a->parsed, NULL))	/* one that makes no sense is as none */
		find_volumes(dom, a->parsed);
	return 0;
}

static int read_one(struct call *call, struct asked *a)
{
	virDomainPtr dom = virDomainLookupByUUIDString(call->handle, call->uuid);
	int rc;

	if (!dom) {
		rc = virt_error(&call->err, "looking it up");
		a->gone = rc == -ENOENT;
		return a->gone ? 0 : rc;
	}
	rc = read_dom(call, dom, a);
	virDomainFree(dom);
	return rc;
}

static void keep(struct conn *c, struct dom *d, struct asked *a)
{
	d->state = a->is;
	d->why = a->why;
	d->known_ns = clock_now_ns();
	d->late_since_ns = d->again_ns = 0;
	d->migration = a->migration;
	if (d->migration != VIRT_STAYS) {	/* not each end of one is told */
		d->ask_state = true;
		d->again_ns = d->known_ns + NS_PER_SEC;
	}
	free(d->io_error);
	d->io_error = take_ptr(a->io_error);
	if (a->def) {
		d->persistent = a->persistent;
		def_unref(d->def);
		d->def = NULL;
	}
	if (a->parsed) {
		d->def = xcalloc(1, sizeof(*d->def));
		d->def->refs = 1;
		d->def->def = take_ptr(a->parsed);
	}
	virt_changed(c->v);
}

static void store(struct call *call, struct asked *a, int rc)
{
	struct conn *c = call->conn;
	struct dom *d;

	pthread_mutex_lock(&c->v->lock);
	d = c->handle == call->handle ? conn_dom(c, call->uuid) : NULL;
	if (d && !rc && a->gone) {
		conn_dom_drop(c, d);
	} else if (d && !rc) {
		keep(c, d, a);
		if (!call->given_up)
			conn_heard(c);
	} else if (d) {			/* later, once more */
		d->ask_state = true;
		d->ask_def |= a->def;
		d->again_ns = clock_now_ns() + NS_PER_SEC;
	}
	pthread_mutex_unlock(&c->v->lock);
	free(a->io_error);
	virt_def_free(a->parsed);
}

void refresh_run(struct call *call)
{
	struct conn *c = call->conn;
	struct asked a;
	bool list;

	pthread_mutex_lock(&c->v->lock);
	list = c->relist;
	c->relist = false;
	pthread_mutex_unlock(&c->v->lock);
	if (!call->handle)
		call->rc = -ECONNRESET;
	else if (list)
		call->rc = relist(call);
	while (!call->rc && call_step(call, STEP_MS) && next_dom(call, &a)) {
		int rc = read_one(call, &a);

		store(call, &a, rc);
		if (rc == -ECONNRESET)
			call->rc = rc;
	}
	pthread_mutex_lock(&c->v->lock);
	free(call->uuid);
	call->uuid = NULL;
	if (call->rc)
		c->relist |= list;
	else if (list && c->handle == call->handle)
		c->listed = true;
	virt_changed(c->v);
	pthread_mutex_unlock(&c->v->lock);
}
