// SPDX-License-Identifier: GPL-3.0-or-later
/* Handing PCI devices of the host to a guest, and giving them back. */
#include "internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BIND_MS 10000		/* a driver that starts, or ends, its device */

static bool is_vfio(const struct qmp_device *d)
{
	return str_has_prefix(d->type, "vfio-pci");
}

static bool is_backed_by(const struct qmp_device *d, const char *address)
{
	char theirs[16];
	const char *base = d->backing ? strrchr(d->backing, '/') : NULL;

	return is_vfio(d) && d->backing && !host_pci_address(base ? base + 1 : d->backing, theirs) && !strcmp(theirs, address);
}

/* The id is taken, or the guest has the device under another one; the very same is UNCHANGED. */
static int check_devices(struct plan *p, struct qmp *q, const char *address, struct err *err)
{
	auto_free char *type = NULL;
	struct qmp_device *list = NULL;
	size_t n = 0, i;
	int rc = device_type(q, p->device, &type, err);

	if (!rc)
		rc = qmp_query_devices(q, &list, &n, err);
	for (i = 0; i < n && !rc; i++) {
		if (!is_backed_by(&list[i], address))
			continue;
		if (!strcmp(list[i].id, p->device))
			p->status = PLAN_UNCHANGED;
		else
			rc = err_set(err, -EEXIST, "host=%s: the guest has it already, as '%s' (vfio remove)", address, list[i].id);
	}
	qmp_devices_free(list, n);
	if (!rc && type && p->status != PLAN_UNCHANGED)
		rc = id_taken(p, type, err);
	return rc;
}

static void plan_add(struct plan *p, const struct vfio *v)
{
	const char *address = v->pci.address;
	struct json_object *args = json_put_str(named("driver", "vfio-pci"), "id", p->device);
	struct step *s;

	if (strcmp(v->was.driver, "vfio-pci")) {
		s = plan_pci_bind(p, address, "vfio-pci", "vfio-pci");
		s->at_least_ms = BIND_MS;
		step_undo_pci_bind(s, address, v->was.driver, v->was.override);
		step_leaves(s, "PCI device %s with vfio-pci instead of %s", address, *v->was.driver ? v->was.driver : "no driver");
	}
	plan_lock(p, &v->lock);
	json_put_str(args, "host", address);
	plan_device(p, p->device, json_put_str(args, "bus", v->port))->at_least_ms = v->pin_ms;
	p->guest = "unknown";		/* nothing tells whether the guest has a driver for it */
}

static int build_add(struct plan *p, const struct plan_env *env, struct vfio *v, struct err *err)
{
	int rc = check_not_stored(p, err);

	if (!rc)
		rc = check_guest(p, env->qmp, err);
	if (!rc)
		rc = choose_id(p, env->qmp, "kt-vfio", &p->device, err);
	if (!rc)
		rc = check_devices(p, env->qmp, v->pci.address, err);
	if (rc || p->status == PLAN_UNCHANGED)
		return rc;
	rc = check_type_known(env->qmp, "vfio-pci", err);
	if (!rc)
		rc = choose_port(env->qmp, NULL, &v->port, err);
	if (!rc)
		rc = check_pinning(p, env, v, err);
	if (!rc)
		plan_add(p, v);
	return rc;
}

int hotplug_vfio_add(struct plan *p, const struct plan_env *env, struct err *err)
{
	struct vfio v = {0};
	int rc = check_host_pci(p, env->host, &v, err);

	if (!rc)
		rc = p->domain ? virt_vfio_add(p, env, &v, err) : build_add(p, env, &v, err);
	free(v.port);
	return rc;
}

/* ---- removing */

static void ignore(void *arg, const struct err *err)
{
	(void)arg;
	(void)err;
}

/* The step of this addition that took the device from its driver. */
static const struct step *bind_of(const struct plan *e, const char *address)
{
	size_t i;

	for (i = 0; i < e->n_steps; i++)
		if (e->steps[i].op == STEP_PCI_BIND && !strcmp(e->steps[i].what, address) && e->steps[i].n_undo)
			return &e->steps[i];
	return NULL;
}

static bool equal(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

static bool is_addition_of(const struct plan *e, const struct plan *removal)
{
	return e->status == PLAN_OK && !strcmp(e->verb, "vfio add") && equal(e->ref, removal->ref) && equal(e->device, removal->device);
}

/*
 * To the driver that it had, as the journal has it. One that was vfio-pci's before it was added stays so, and one that
 * kvmtop has not added: whoever did has bound it, too.
 */
static void plan_give_back(struct plan *p, const char *address)
{
	struct journal *journal = NULL;
	struct plan **entries = NULL;
	const struct plan *added = NULL;
	const struct step *bind = NULL;
	struct step *s = NULL;
	size_t n = 0, i;

	if (journal_open(false, &journal, NULL) || journal_read(journal, &entries, &n, ignore, NULL, NULL))
		n = 0;
	for (i = 0; i < n; i++)
		if (is_addition_of(entries[i], p))
			added = entries[i];
	bind = added ? bind_of(added, address) : NULL;
	if (bind)
		s = plan_pci_bind(p, address, json_str(bind->undo[0].args, "driver"), json_str(bind->undo[0].args, "override"));
	if (s) {
		s->at_least_ms = BIND_MS;
		step_leaves(s, "PCI device %s, still with vfio-pci", address);
	}
	if (!added)
		plan_warn(p, "the journal does not tell which driver %s had: it stays with vfio-pci (driverctl unset-override %s gives it to the "
			  "one that the kernel chooses)", address, address);
	for (i = 0; i < n; i++)
		plan_free(entries[i]);
	free(entries);
	journal_close(journal);
}

static int no_such_device(const struct qmp_device *list, size_t n, const char *id, struct err *err)
{
	auto_buf struct buf all = {0};
	size_t i;

	for (i = 0; i < n; i++)
		if (is_vfio(&list[i]))
			buf_printf(&all, "%s%s", all.len ? ", " : "", list[i].id);
	return err_set(err, -ENODEV, "no PCI device of the host '%s' (there is: %s)", id, all.len ? all.text : "none");
}

static int build_remove(struct plan *p, const struct qmp_device *d, struct err *err)
{
	const char *base = d->backing ? strrchr(d->backing, '/') : NULL;
	char address[16] = "";
	struct step *s;

	if (!d->hotpluggable)
		return err_set(err, -EINVAL, "'%s' cannot be unplugged while the guest runs (its bus lets nothing go: stop the guest)", d->id);
	if (d->backing)
		host_pci_address(base ? base + 1 : d->backing, address);
	p->device = xstrdup(d->id);
	plan_qmp(p, "device_del", named("id", d->id));
	s = plan_await_gone(p, d->id);
	step_leaves(s, "device %s, which the guest has not released", d->id);
	if (*address)
		plan_give_back(p, address);
	return 0;
}

int hotplug_vfio_remove(struct plan *p, const struct plan_env *env, struct err *err)
{
	const struct qmp_device *found = NULL;
	struct qmp_device *list = NULL;
	size_t n = 0, i;
	int rc;

	if (p->domain)
		return virt_vfio_remove(p, env, err);
	rc = check_not_stored(p, err);
	if (!rc)
		rc = check_guest(p, env->qmp, err);
	if (!rc)
		rc = qmp_query_devices(env->qmp, &list, &n, err);
	for (i = 0; i < n && !rc; i++)
		if (is_vfio(&list[i]) && !strcmp(list[i].id, plan_arg(p, "ID")))
			found = &list[i];
	if (!rc)
		rc = found ? build_remove(p, found, err) : no_such_device(list, n, plan_arg(p, "ID"), err);
	qmp_devices_free(list, n);
	return rc;
}
