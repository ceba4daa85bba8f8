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
	xml = virt_usb_xml(&usb);
	virt_plan_attach(p, p->device, xml);
	p->guest = "unknown";
	return 0;
}

int virt_usb_add(struct plan *p, const struct plan_env *env, const struct host_usb *u, struct err *err)
{
	return virt_build(p, env, plan_add, u, err);
}

static int plan_remove(struct plan *p, const struct plan_env *env, const struct virt_def *def, const void *arg, struct err *err)
{
	const char *id = plan_arg(p, "ID");
	auto_buf struct buf all = {0};
	size_t i;

	(void)env;
	(void)arg;
	for (i = 0; i < def->n_usb; i++) {
		const struct virt_usb *u = &def->usb[i];

		if (virt_is_alias(u->alias, id)) {
			plan_warn(p, USB_PULLED);
			virt_plan_detach(p, def, u->alias);
			return 0;
		}
		buf_printf(&all, "%s%s", i ? ", " : "", u->alias ? u->alias : "?");
	}
	return err_set(err, -ENODEV, "no USB device '%s' (there is: %s)", id, all.len ? all.text : "none");
}

int virt_usb_remove(struct plan *p, const struct plan_env *env, struct err *err)
{
	return virt_build(p, env, plan_remove, NULL, err);
}
