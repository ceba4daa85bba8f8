// SPDX-License-Identifier: GPL-3.0-or-later
/* What builders for libvirt's guests share. */
#include "internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int check_migration(const struct plan *p, const struct plan_env *env, struct err *err)
{
	enum virt_migration migration;
	int rc = virt_migration_read(env->virt, p->domain, VIRT_ASK_MS, &migration, err);

	return rc || migration == VIRT_STAYS ? rc : is_migrating(err);
}

int virt_build(struct plan *p, const struct plan_env *env, virt_build_fn *fn, const void *arg, struct err *err)
{
	struct virt_def *def;
	int rc = check_migration(p, env, err);

	if (!rc)
		rc = virt_domain_read(env->virt, p->domain, virt_affect_of(p), VIRT_ASK_MS, &def, err);
	if (rc)
		return rc;
	if (is_on(p, "persist") && !def->stored)
		rc = err_set(err, -EINVAL, "persist=on: this domain is transient, libvirt stores no definition of it (leave it out)");
	else
		rc = fn(p, env, def, arg, err);
	virt_def_free(def);
	return rc;
}

int virt_check_wait(const struct plan *p, struct err *err)
{
	if (!plan_arg(p, "wait"))
		return 0;
	return err_set(err, -EINVAL, "wait=guest: of a libvirt guest that could only be told by its monitor, which taints it (leave it "
		       "out)");
}

unsigned virt_affect_of(const struct plan *p)
{
	return VIRT_LIVE | (is_on(p, "persist") ? VIRT_CONFIG : 0);
}

bool virt_is_alias(const char *alias, const char *id)
{
	return alias && (!strcmp(alias, id) || (str_has_prefix(alias, "ua-") && !strcmp(alias + strlen("ua-"), id)));
}

int virt_choose_alias(struct plan *p, const struct virt_def *def, const char *prefix, struct err *err)
{
	const char *id = plan_arg(p, "id");
	unsigned number = 0;
	int rc;

	if (id) {
		rc = check_id(id, err);
		if (!rc)
			p->device = str_has_prefix(id, "ua-") ? xstrdup(id) : xasprintf("ua-%s", id);
		return rc;
	}
	do {
		free(p->device);
		p->device = xasprintf("ua-%s%u", prefix, number++);
	} while (virt_def_has_alias(def, p->device));
	return 0;
}

int virt_check_port(const struct virt_def *def, struct err *err)
{
	struct virt_ports ports = virt_def_ports(def);

	/* a machine of slots, not of ports: libvirt counts them */
	if (ports.empty || !def->machine || !strstr(def->machine, "q35"))
		return 0;
	return no_free_port(ports.hotplug, ports.all, "<controller type='pci' model='pcie-root-port'/>", err);
}

void virt_plan_attach(struct plan *p, const char *alias, const char *xml, bool stored)
{
	unsigned affect = stored ? VIRT_LIVE : virt_affect_of(p);
	struct step *s = plan_virt(p, STEP_VIRT_ATTACH, alias, xml, affect);

	step_undo_virt(s, STEP_VIRT_DETACH, alias, NULL, 0);
	if (affect & VIRT_CONFIG)
		step_undo_virt(s, STEP_VIRT_CONFIG, alias, xml, 0);
	step_leaves(s, "device %s", alias);
}

void virt_plan_detach(struct plan *p, const struct virt_def *def, const char *alias)
{
	struct step *s = plan_virt(p, STEP_VIRT_DETACH, alias, NULL, 0);

	p->device = xstrdup(alias);
	step_leaves(s, "device %s, which the guest has not released", alias);
	if (is_on(p, "persist"))
		virt_plan_detach_stored(p, def, alias);
}
