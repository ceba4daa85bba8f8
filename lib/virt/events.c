// SPDX-License-Identifier: GPL-3.0-or-later
/* What libvirt tells by itself: kept for those who want to read it, and a reason to ask anew. */
#include "private.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>

const char *virt_event_name(enum virt_event_kind k)
{
	static const char *const names[VIRT_EVENT_KINDS] = {
		[VIRT_LIFECYCLE] = "lifecycle", [VIRT_REBOOT] = "reboot", [VIRT_DEVICE_ADDED] = "device-added",
		[VIRT_DEVICE_REMOVED] = "device-removed", [VIRT_DEVICE_REMOVAL_FAILED] = "device-removal-failed",
		[VIRT_IO_ERROR] = "io-error", [VIRT_WATCHDOG] = "watchdog", [VIRT_BLOCK_JOB] = "block-job",
		[VIRT_BLOCK_THRESHOLD] = "block-threshold", [VIRT_JOB_COMPLETED] = "job-completed",
		[VIRT_MIGRATION_ITERATION] = "migration-iteration", [VIRT_BALLOON] = "balloon",
		[VIRT_MEMORY_SIZE] = "memory-size", [VIRT_MEMORY_FAILURE] = "memory-failure", [VIRT_TRAY] = "tray",
		[VIRT_TUNABLE] = "tunable", [VIRT_CONNECTION] = "connection",
	};

	return names[k];
}

void event_done(struct virt_event *e)
{
	free(e->name);
	free(e->text);
	free(e->device);
	*e = (struct virt_event){0};
}

static char *bounded(const char *text)
{
	return text ? str_utf8(text, strlen(text), 1024) : NULL;
}

void event_push(struct virt *v, enum virt_event_kind kind, const char *uuid, const char *name, const char *device,
		const char *fmt, ...)
{
	struct virt_event *e = &v->events[++v->last_seq % EVENTS_KEPT];
	struct waiter *w;
	char text[512];
	va_list ap;

	event_done(e);
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	e->seq = v->last_seq;
	clock_gettime(CLOCK_REALTIME, &e->wall);
	e->kind = kind;
	snprintf(e->uuid, sizeof(e->uuid), "%s", uuid);
	e->name = bounded(name);
	e->device = bounded(device);
	e->text = bounded(text);
	for (w = v->waiters; w; w = w->next)
		eventfd_write(w->fd, 1);
}

size_t virt_events(struct virt *v, const char *uuid, uint64_t *seq, struct virt_event **list)
{
	uint64_t at = *seq;
	size_t n = 0;

	*list = NULL;
	pthread_mutex_lock(&v->lock);
	if (v->last_seq - at > EVENTS_KEPT && v->last_seq > EVENTS_KEPT)
		at = v->last_seq - EVENTS_KEPT;
	while (at < v->last_seq) {
		const struct virt_event *e = &v->events[++at % EVENTS_KEPT];
		struct virt_event *copy;

		if (uuid && strcmp(uuid, e->uuid))
			continue;
		copy = vec_push(*list, n);
		*copy = *e;
		copy->name = xstrdup(e->name);
		copy->text = xstrdup(e->text);
		copy->device = xstrdup(e->device);
	}
	*seq = v->last_seq;
	pthread_mutex_unlock(&v->lock);
	return n;
}

void virt_events_free(struct virt_event *list, size_t n)
{
	while (n)
		event_done(&list[--n]);
	free(list);
}

/* One of our callbacks has been called: lock, and who it is about. NULL: by a connection that is none any more. */
static struct conn *enter(void *arg, virConnectPtr handle, virDomainPtr dom, char uuid[VIRT_UUID_SIZE], struct dom **d)
{
	struct conn *c = arg;

	*d = NULL;
	pthread_mutex_lock(&c->v->lock);
	if (handle != c->handle || c->state != CONN_UP || virDomainGetUUIDString(dom, uuid)) {
		pthread_mutex_unlock(&c->v->lock);
		return NULL;
	}
	conn_heard(c);
	*d = conn_dom(c, uuid);
	return c;
}

static void leave(struct conn *c)
{
	pthread_cond_signal(&c->v->wake);
	pthread_mutex_unlock(&c->v->lock);
}

/* The plain ones: an event with a text; devices: they may be others now. */
__attribute__((format(printf, 7, 8)))
static void tell(void *arg, virConnectPtr handle, virDomainPtr dom, enum virt_event_kind kind, bool devices,
		 const char *device, const char *fmt, ...)
{
	char uuid[VIRT_UUID_SIZE], text[512];
	struct dom *d;
	struct conn *c;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	c = enter(arg, handle, dom, uuid, &d);
	if (!c)
		return;
	event_push(c->v, kind, uuid, virDomainGetName(dom), device, "%s", text);
	if (d && devices)
		d->ask_def = true;
	if (d && (kind == VIRT_JOB_COMPLETED || kind == VIRT_MIGRATION_ITERATION))
		d->ask_state = true;
	leave(c);
}

static int on_lifecycle(virConnectPtr handle, virDomainPtr dom, int event, int detail, void *arg)
{
	char uuid[VIRT_UUID_SIZE];
	struct dom *d;
	struct conn *c = enter(arg, handle, dom, uuid, &d);

	if (!c)
		return 0;
	event_push(c->v, VIRT_LIFECYCLE, uuid, virDomainGetName(dom), NULL, "%s", words_lifecycle(event, detail));
	if (event == VIR_DOMAIN_EVENT_STARTED)
		d = conn_dom_add(c, uuid, virDomainGetName(dom), (int)virDomainGetID(dom));
	if (d && event == VIR_DOMAIN_EVENT_RESUMED) {
		free(d->io_error);
		d->io_error = NULL;
	}
	if (d && event == VIR_DOMAIN_EVENT_STOPPED) {
		conn_dom_drop(c, d);
	} else if (d) {
		d->ask_state = true;
		d->ask_def |= event == VIR_DOMAIN_EVENT_STARTED || event == VIR_DOMAIN_EVENT_DEFINED ||
			      event == VIR_DOMAIN_EVENT_UNDEFINED;
	}
	leave(c);
	return 0;
}

/* The disk by its target, where its XML has been read. */
static const char *target_of(const struct dom *d, const char *alias)
{
	const struct virt_def *def = d && d->def ? d->def->def : NULL;
	size_t i;

	for (i = 0; def && i < def->n_disks; i++)
		if (def->disks[i].alias && def->disks[i].target && !strcmp(def->disks[i].alias, alias))
			return def->disks[i].target;
	return alias;
}

static void on_io_error(virConnectPtr handle, virDomainPtr dom, const char *path, const char *alias, int action,
			const char *reason, void *arg)
{
	static const char *const then[] = { "told to the guest", "guest paused", "told to the guest" };
	char uuid[VIRT_UUID_SIZE];
	struct dom *d;
	struct conn *c = enter(arg, handle, dom, uuid, &d);
	const char *disk;

	if (!c)
		return;
	disk = target_of(d, alias ? alias : "");
	event_push(c->v, VIRT_IO_ERROR, uuid, virDomainGetName(dom), disk, "%s on %s: %s", words_io_error(reason),
		   path && *path ? path : disk, (size_t)action < ARRAY_SIZE(then) ? then[action] : "");
	if (d) {
		free(d->io_error);
		d->io_error = xasprintf("%.200s: %s", disk, words_io_error(reason));
		d->ask_state = true;
	}
	leave(c);
}

static void on_reboot(virConnectPtr h, virDomainPtr dom, void *arg)
{
	tell(arg, h, dom, VIRT_REBOOT, false, NULL, "rebooted");
}

static void on_added(virConnectPtr h, virDomainPtr dom, const char *alias, void *arg)
{
	tell(arg, h, dom, VIRT_DEVICE_ADDED, true, alias, "%s added", alias);
}

static void on_removed(virConnectPtr h, virDomainPtr dom, const char *alias, void *arg)
{
	tell(arg, h, dom, VIRT_DEVICE_REMOVED, true, alias, "%s removed", alias);
}

static void on_removal_failed(virConnectPtr h, virDomainPtr dom, const char *alias, void *arg)
{
	tell(arg, h, dom, VIRT_DEVICE_REMOVAL_FAILED, false, alias, "the guest would not release %s", alias);
}

static void on_watchdog(virConnectPtr h, virDomainPtr dom, int action, void *arg)
{
	(void)action;
	tell(arg, h, dom, VIRT_WATCHDOG, false, NULL, "the watchdog has fired");
}

static void on_block_job(virConnectPtr h, virDomainPtr dom, const char *disk, int type, int status, void *arg)
{
	static const char *const types[] = { "job", "pull", "copy", "commit", "active commit", "backup" };
	static const char *const ends[] = { "completed", "failed", "cancelled", "ready" };

	tell(arg, h, dom, VIRT_BLOCK_JOB, true, disk, "block %s %s", (size_t)type < ARRAY_SIZE(types) ? types[type] : "job",
	     (size_t)status < ARRAY_SIZE(ends) ? ends[status] : "changed");
}

static void on_threshold(virConnectPtr h, virDomainPtr dom, const char *dev, const char *path,
			 unsigned long long threshold, unsigned long long excess, void *arg)
{
	(void)path;
	tell(arg, h, dom, VIRT_BLOCK_THRESHOLD, false, dev, "written %llu bytes beyond the threshold of %llu", excess,
	     threshold);
}

static void on_job(virConnectPtr h, virDomainPtr dom, virTypedParameterPtr params, int n, void *arg)
{
	(void)params;
	(void)n;
	tell(arg, h, dom, VIRT_JOB_COMPLETED, false, NULL, "job completed");
}

static void on_iteration(virConnectPtr h, virDomainPtr dom, int iteration, void *arg)
{
	tell(arg, h, dom, VIRT_MIGRATION_ITERATION, false, NULL, "migration: pass %d over memory", iteration);
}

static void on_balloon(virConnectPtr h, virDomainPtr dom, unsigned long long kib, void *arg)
{
	tell(arg, h, dom, VIRT_BALLOON, false, NULL, "the balloon leaves %llu MiB", kib >> 10);
}

static void on_memory_size(virConnectPtr h, virDomainPtr dom, const char *alias, unsigned long long kib, void *arg)
{
	tell(arg, h, dom, VIRT_MEMORY_SIZE, true, alias, "%s is %llu MiB now", alias, kib >> 10);
}

static void on_memory_failure(virConnectPtr h, virDomainPtr dom, int recipient, int action, unsigned flags, void *arg)
{
	(void)action;
	(void)flags;
	tell(arg, h, dom, VIRT_MEMORY_FAILURE, false, NULL, "memory failure in %s",
	     recipient == VIR_DOMAIN_EVENT_MEMORY_FAILURE_RECIPIENT_GUEST ? "the guest" : "QEMU");
}

static void on_tray(virConnectPtr h, virDomainPtr dom, const char *alias, int reason, void *arg)
{
	tell(arg, h, dom, VIRT_TRAY, true, alias, "tray %s",
	     reason == VIR_DOMAIN_EVENT_TRAY_CHANGE_OPEN ? "opened" : "closed");
}

static void on_tunable(virConnectPtr h, virDomainPtr dom, virTypedParameterPtr params, int n, void *arg)
{
	tell(arg, h, dom, VIRT_TUNABLE, false, NULL, "%s changed", n > 0 ? params[0].field : "a tunable");
}

static void on_disk_change(virConnectPtr h, virDomainPtr dom, const char *old, const char *new, const char *alias,
			   int reason, void *arg)
{
	(void)old;
	(void)reason;
	tell(arg, h, dom, VIRT_TRAY, true, alias, "medium is %s", new ? new : "none");
}

void events_register(struct call *call, virConnectPtr h, int *ids, size_t *n)
{
	static const struct {
		int id;
		virConnectDomainEventGenericCallback run;
	} table[] = {
		{ VIR_DOMAIN_EVENT_ID_LIFECYCLE, VIR_DOMAIN_EVENT_CALLBACK(on_lifecycle) },
		{ VIR_DOMAIN_EVENT_ID_REBOOT, VIR_DOMAIN_EVENT_CALLBACK(on_reboot) },
		{ VIR_DOMAIN_EVENT_ID_IO_ERROR_REASON, VIR_DOMAIN_EVENT_CALLBACK(on_io_error) },
		{ VIR_DOMAIN_EVENT_ID_DEVICE_ADDED, VIR_DOMAIN_EVENT_CALLBACK(on_added) },
		{ VIR_DOMAIN_EVENT_ID_DEVICE_REMOVED, VIR_DOMAIN_EVENT_CALLBACK(on_removed) },
		{ VIR_DOMAIN_EVENT_ID_DEVICE_REMOVAL_FAILED, VIR_DOMAIN_EVENT_CALLBACK(on_removal_failed) },
		{ VIR_DOMAIN_EVENT_ID_WATCHDOG, VIR_DOMAIN_EVENT_CALLBACK(on_watchdog) },
		{ VIR_DOMAIN_EVENT_ID_BLOCK_JOB_2, VIR_DOMAIN_EVENT_CALLBACK(on_block_job) },
		{ VIR_DOMAIN_EVENT_ID_BLOCK_THRESHOLD, VIR_DOMAIN_EVENT_CALLBACK(on_threshold) },
		{ VIR_DOMAIN_EVENT_ID_JOB_COMPLETED, VIR_DOMAIN_EVENT_CALLBACK(on_job) },
		{ VIR_DOMAIN_EVENT_ID_MIGRATION_ITERATION, VIR_DOMAIN_EVENT_CALLBACK(on_iteration) },
		{ VIR_DOMAIN_EVENT_ID_BALLOON_CHANGE, VIR_DOMAIN_EVENT_CALLBACK(on_balloon) },
		{ VIR_DOMAIN_EVENT_ID_MEMORY_DEVICE_SIZE_CHANGE, VIR_DOMAIN_EVENT_CALLBACK(on_memory_size) },
		{ VIR_DOMAIN_EVENT_ID_MEMORY_FAILURE, VIR_DOMAIN_EVENT_CALLBACK(on_memory_failure) },
		{ VIR_DOMAIN_EVENT_ID_TRAY_CHANGE, VIR_DOMAIN_EVENT_CALLBACK(on_tray) },
		{ VIR_DOMAIN_EVENT_ID_DISK_CHANGE, VIR_DOMAIN_EVENT_CALLBACK(on_disk_change) },
		{ VIR_DOMAIN_EVENT_ID_TUNABLE, VIR_DOMAIN_EVENT_CALLBACK(on_tunable) },
	};
	struct conn *c = call->conn;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(table) && *n < CALLBACKS_MAX; i++) {
		int id;

		virt_hold(c);
		id = virConnectDomainEventRegisterAny(h, NULL, table[i].id, table[i].run, c, virt_release);
		if (id >= 0)
			ids[(*n)++] = id;
		else
			virt_release(c);
	}
}
