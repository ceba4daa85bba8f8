// SPDX-License-Identifier: GPL-3.0-or-later
/* Handing USB devices of the host to a guest, and taking them back. */
#include "internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int not_found(const struct host_usb *list, size_t n, const char *word, struct err *err)
{
	auto_buf struct buf all = {0};
	size_t i;

	for (i = 0; i < n; i++)
		if (!list[i].hub)
			buf_printf(&all, "%s%s (%04x:%04x%s%s)", all.len ? ", " : "", list[i].port,
			       list[i].vendor, list[i].product,
				   list[i].name ? " " : "", list[i].name ? list[i].name : "");
	return err_set(err, -EINVAL, "host=%s: the host has no such USB device (there is: %s)", word,
			all.len ? all.text : "none");
}

static int several(const struct host_usb *list, size_t n, const struct host_usb *like, const char *word,
		   struct err *err)
{
	auto_buf struct buf all = {0};
	size_t i;

	for (i = 0; i < n; i++)
		if (list[i].vendor == like->vendor && list[i].product == like->product)
			buf_printf(&all, "%shost=%s", all.len ? ", " : "", list[i].port);
	return err_set(err, -EINVAL, "host=%s: several devices are such (say which: %s)", word, all.text);
}

/* BUS-PORT or VENDOR:PRODUCT */
static int find(struct host_usb *list, size_t n, const char *word, struct host_usb **out, struct err *err)
{
	unsigned vendor, product;
	size_t i;
	int end = 0;
	bool by_id = sscanf(word, "%4x:%4x%n", &vendor, &product, &end) == 2 && !word[end];

	if (!by_id && (strspn(word, "0123456789-.") != strlen(word) || !strchr(word, '-')))
		return err_set(err, -EINVAL, "host=%s: BUS-PORT as 1-2.3, or VENDOR:PRODUCT as 0781:5567 is "
				"expected", word);
	*out = NULL;
	for (i = 0; i < n; i++) {
		if (by_id ? list[i].vendor != vendor || list[i].product != product : strcmp(list[i].port, word))
			continue;
		if (*out)
			return several(list, n, *out, word, err);
		*out = &list[i];
	}
	return *out ? 0 : not_found(list, n, word, err);
}

static int check_usb_use(struct plan *p, const struct host *h, const struct host_usb *u, struct err *err)
{
	auto_free char *what = xasprintf("host=%s (%s)", plan_arg(p, "host"), u->name ? u->name : "no name");

	if (u->use && !is_on(p, "force"))
		return err_set(err, -EBUSY, "%s: %s (the host would lose it; force=on if that is meant)", what, u->use);
	if (u->use)
		plan_warn(p, "%s: %s", what, u->use);
	return check_device_use(p, h, u->port, what, err);
}

int check_host_usb(struct plan *p, const struct host *h, struct host_usb *out, struct err *err)
{
	const char *word = plan_arg(p, "host");
	struct host_usb *list = NULL, *found = NULL;
	size_t n = 0;
	int rc = host_usb_list(h, &list, &n);

	if (rc)
		return err_set(err, -EINVAL, "host=%s: the host has no USB", word);
	rc = find(list, n, word, &found, err);
	if (!rc && found->hub)
		rc = err_set(err, -EINVAL, "host=%s is a hub: hand over what is plugged into it", word);
	if (!rc)
		rc = check_usb_use(p, h, found, err);
	if (!rc) {
		*out = *found;
		found->name = found->use = NULL;
	}
	host_usb_free(list, n);
	return rc;
}

/* *bus: a USB 3 controller's; *port: the PCI bus for a new one, NULL: there is one. */
static int choose_bus(struct plan *p, struct qmp *q, char **bus, char **controller, char **port, struct err *err)
{
	int rc = qmp_query_usb_bus(q, bus, err);

	if (rc || *bus)
		return rc;
	rc = choose_port(q, NULL, port, err);
	if (rc)
		return err_prefix(err, rc, "the guest has no USB 3 controller, and none can be added");
	rc = choose_free_id(q, "kt-xhci", controller, err);
	if (rc)
		return rc;
	*bus = xasprintf("%s.0", *controller);
	plan_warn(p, "the guest gets a USB controller, %s, which stays", *controller);
	return 0;
}

static int plan_add(struct plan *p, struct qmp *q, const struct host_usb *u, struct err *err)
{
	auto_free char *bus = NULL, *controller = NULL, *port = NULL;
	struct json_object *args;
	int rc = choose_bus(p, q, &bus, &controller, &port, err);

	if (rc)
		return rc;
	if (port) {
		args = json_put_str(named("driver", "qemu-xhci"), "id", controller);
		plan_device(p, controller, json_put_str(args, "bus", port));
	}
	args = json_put_str(named("driver", "usb-host"), "id", p->device);
	json_put_str(args, "bus", bus);
	if (strchr(plan_arg(p, "host"), ':')) {
		json_put(args, "vendorid", json_object_new_int64(u->vendor));
		json_put(args, "productid", json_object_new_int64(u->product));
	} else {
		json_put(args, "hostbus", json_object_new_int64(u->bus));
		json_put_str(args, "hostport", strchr(u->port, '-') + 1);
	}
	plan_device(p, p->device, args);
	plan_await_usb(p, p->device, plan_arg(p, "wait") != NULL);
	return 0;
}

static int build_add(struct plan *p, const struct plan_env *env, const struct host_usb *u, struct err *err)
{
	auto_free char *type = NULL;
	int rc = check_not_stored(p, err);

	if (!rc)
		rc = check_guest(p, env->qmp, err);
	if (!rc)
		rc = choose_id(p, env->qmp, "kt-usb", &p->device, err);
	if (!rc)
		rc = device_type(env->qmp, p->device, &type, err);
	if (!rc && type)
		rc = id_taken(p, type, err);
	if (!rc)
		rc = check_type_known(env->qmp, "usb-host", err);
	return rc ? rc : plan_add(p, env->qmp, u, err);
}

int hotplug_usb_add(struct plan *p, const struct plan_env *env, struct err *err)
{
	struct host_usb usb = {0};
	int rc = check_host_usb(p, env->host, &usb, err);

	if (!rc)
		rc = p->domain ? virt_usb_add(p, env, &usb, err) : build_add(p, env, &usb, err);
	free(usb.name);
	free(usb.use);
	return rc;
}

/* A disk has a block node of its own, which disk remove knows of. */
static int check_no_disk(struct qmp *q, const char *id, struct err *err)
{
	struct qmp_disk *disks = NULL;
	size_t n = 0, i;
	int rc = qmp_query_disks(q, &disks, &n, err);

	if (rc)
		return rc;
	for (i = 0; i < n; i++)
		if (!strcmp(disks[i].id, id))
			rc = err_set(err, -EINVAL, "'%s' is a disk (disk remove)", id);
	qmp_disks_free(disks, n);
	return rc;
}

static int no_such_device(struct qmp *q, const char *id, struct err *err)
{
	auto_buf struct buf all = {0};
	struct qmp_prop *list = NULL;
	size_t n = 0, i;
	int rc = qmp_query_peripherals(q, &list, &n, err);

	if (rc)
		return rc;
	for (i = 0; i < n; i++) {
		auto_free char *path = xasprintf("/machine/peripheral/%s", list[i].name);
		bool is = false;

		if (!qmp_is_usb_device(q, path, &is, NULL) && is)
			buf_printf(&all, "%s%s", all.len ? ", " : "", list[i].name);
	}
	qmp_props_free(list, n);
	return err_set(err, -ENODEV, "no USB device '%s' (there is: %s)", id, all.len ? all.text : "none");
}

int hotplug_usb_remove(struct plan *p, const struct plan_env *env, struct err *err)
{
	const char *id = plan_arg(p, "ID");
	auto_free char *path = *id == '/' ? xstrdup(id) : xasprintf("/machine/peripheral/%s", id);
	bool is = false;
	struct step *s;
	int rc;

	if (p->domain)
		return virt_usb_remove(p, env, err);
	rc = check_not_stored(p, err);
	if (!rc)
		rc = check_guest(p, env->qmp, err);
	if (!rc)
		rc = qmp_is_usb_device(env->qmp, path, &is, err);
	if (rc && rc != -ENODEV)
		return rc;
	if (rc || !is)
		return no_such_device(env->qmp, id, err);
	rc = check_no_disk(env->qmp, id, err);
	if (rc)
		return rc;
	p->device = xstrdup(id);
	plan_warn(p, USB_PULLED);
	plan_qmp(p, "device_del", named("id", id));
	s = plan_await_gone(p, id);
	step_leaves(s, "device %s, which is still there", id);
	return 0;
}
