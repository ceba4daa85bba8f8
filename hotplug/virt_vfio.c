// SPDX-License-Identifier: GPL-3.0-or-later
/* PCI devices of the host for libvirt's guests: libvirt itself binds them, and gives them back. */
#include "internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int plan_add(struct plan *p, const struct plan_env *env, const struct virt_def *def, const void *arg, struct err *err)
{
	bool stored = false;
	const struct vfio *v = arg;
	struct virt_pci pci = {0};
	auto_free char *xml = NULL;
	size_t i;
	int rc = virt_choose_alias(p, def, "kt-vfio", err);

	(void)env;
	for (i = 0; i < def->n_pci && !rc; i++) {
		if (strcmp(def->pci[i].address, v->pci.address))
			continue;
		if (!virt_is_alias(def->pci[i].alias, p->device))
			return err_set(err, -EEXIST, "host=%s: the guest has it already, as '%s'", v->pci.address,
				       def->pci[i].alias ? def->pci[i].alias : "?");
		p->status = PLAN_UNCHANGED;
		return 0;
	}
	if (!rc && virt_def_has_alias(def, p->device))
		rc = id_taken(p, NULL, err);
	if (rc)
		return rc;
	pci.alias = p->device;
	strcpy(pci.address, v->pci.address);
	rc = virt_check_stored(p, def, &(struct virt_device){ .pci = &pci }, &stored, err);
	if (rc)
		return rc;
	xml = virt_pci_xml(&pci);
	plan_warn(p, "all memory of the guest gets pinned: its balloon, KSM and swapping end for it");
	virt_plan_attach(p, p->device, xml, stored);
	p->guest = "unknown";
	return 0;
}

int virt_vfio_add(struct plan *p, const struct plan_env *env, const struct vfio *v, struct err *err)
{
	return virt_build(p, env, plan_add, v, err);
}

static int plan_remove(struct plan *p, const struct plan_env *env, const struct virt_def *def, const void *arg, struct err *err)
{
	struct virt_named *list = xcalloc(def->n_pci + 1, sizeof(*list));
	size_t i, at = 0;
	int rc;

	(void)env;
	(void)arg;
	for (i = 0; i < def->n_pci; i++)
		list[i] = (struct virt_named){ def->pci[i].alias, { def->pci[i].address } };
	rc = virt_find(list, def->n_pci, "PCI device of the host", plan_arg(p, "ID"), &at, err);
	free(list);
	if (!rc)
		virt_plan_detach(p, def, def->pci[at].alias);
	return rc;
}

int virt_vfio_remove(struct plan *p, const struct plan_env *env, struct err *err)
{
	return virt_build(p, env, plan_remove, NULL, err);
}
