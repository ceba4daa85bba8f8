// SPDX-License-Identifier: GPL-3.0-or-later
/* USB devices of the host for libvirt's guests. */
#include "internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int plan_add(struct plan *p, const struct plan_env *env, const struct virt_def *def, const void *arg, struct err *err)
{
	const struct host_usb *u = arg;
	struct virt_usb usb = {0};
	bool stored = false;
	auto_free char *xml = NULL;
	int rc = virt_choose_alias(p, def, "kt-usb", err);

	(void)env;
	if (!rc && virt_def_has_alias(def, p->device))
		rc = id_taken(p, NULL, err);
	if (!rc)
		rc = virt_check_wait(p, err);
	if (rc)
		return rc;
	usb.alias = p->device;
	/* a port libvirt does not know; what is in it now it knows by the number it has as long as it is there */
	if (strchr(plan_arg(p, "host"), ':')) {
		usb.vendor = u->vendor;
		usb.product = u->product;
	} else if (is_on(p, "persist")) {
		return err_set(err, -EINVAL, "host=%s and persist=on exclude each other: libvirt stores a "
				"device by VENDOR:PRODUCT (host=%04x:%04x)",
			       plan_arg(p, "host"), u->vendor, u->product);
	} else {
		usb.bus = u->bus;
		usb.device = u->address;
	}
	rc = virt_check_stored(p, def, &(struct virt_device){ .usb = &usb }, &stored, err);
	if (rc)
		return rc;
	xml = virt_usb_xml(&usb);
	virt_plan_attach(p, p->device, xml, stored);
	p->guest = "unknown";
	return 0;
}

int virt_usb_add(struct plan *p, const struct plan_env *env, const struct host_usb *u, struct err *err)
{
	return virt_build(p, env, plan_add, u, err);
}

static int plan_remove(struct plan *p, const struct plan_env *env, const struct virt_def *def, const void *arg, struct err *err)
{
	struct virt_named *list = xcalloc(def->n_usb + 1, sizeof(*list));
	size_t i, at = 0;
	int rc;

	(void)env;
	(void)arg;
	for (i = 0; i < def->n_usb; i++)
		list[i] = (struct virt_named){ .alias = def->usb[i].alias };
	rc = virt_find(list, def->n_usb, "USB device", plan_arg(p, "ID"), &at, err);
	free(list);
	if (rc)
		return rc;
	plan_warn(p, USB_PULLED);
	virt_plan_detach(p, def, def->usb[at].alias);
	return 0;
}

int virt_usb_remove(struct plan *p, const struct plan_env *env, struct err *err)
{
	return virt_build(p, env, plan_remove, NULL, err);
}
