// SPDX-License-Identifier: GPL-3.0-or-later
/* What steps for libvirt make and set, and how libvirt tells it from another of that name. */
#include "private.h"

#include <stdlib.h>
#include <string.h>

char *virt_device_thing(const struct step *s)
{
	return xasprintf("device %s", s->what);
}

int virt_device_made(struct run *r, const struct step *s, char **words, struct err *err)
{
	struct virt_device device;
	struct virt_def *def;
	int rc = virt_domain_read(r->env->virt, r->p->domain, VIRT_LIVE, READ_MS, &def, err);

	if (rc)
		return rc;
	*words = virt_def_find(def, s->what, &device) ? virt_device_words(&device) : NULL;
	virt_def_free(def);
	return 0;
}

bool virt_is_same_device(const struct virt_def *def, const struct step *s)
{
	auto_free char *xml = xasprintf("<domain><devices>%s</devices></domain>", s->xml), *theirs = NULL, *mine = NULL;
	struct virt_device device;
	struct virt_def *step = NULL;

	if (virt_def_find(def, s->what, &device))
		theirs = virt_device_words(&device);
	if (!virt_def_parse(xml, strlen(xml), &step, NULL) && virt_def_find(step, s->what, &device))
		mine = virt_device_words(&device);
	virt_def_free(step);
	return theirs && mine && !strcmp(theirs, mine);
}

char *virt_size_thing(const struct step *s)
{
	return xasprintf("the size of disk %s", s->what);
}

int virt_size_made(struct run *r, const struct step *s, char **words, struct err *err)
{
	uint64_t bytes;
	int rc = virt_block_size(r->env->virt, r->p->domain, s->what, READ_MS, &bytes, err);

	if (!rc)
		*words = xasprintf("%llu bytes", (unsigned long long)bytes);
	return rc;
}

char *virt_vcpus_thing(const struct step *s)
{
	const char *vcpu = json_str(s->args, "vcpu");

	return vcpu ? xasprintf("vCPU %s", vcpu) : xstrdup("the number of vCPUs");
}

int virt_vcpus_made(struct run *r, const struct step *s, char **words, struct err *err)
{
	const char *vcpu = json_str(s->args, "vcpu");
	struct virt_def *def;
	size_t i;
	int rc = virt_domain_read(r->env->virt, r->p->domain, VIRT_LIVE, READ_MS, &def, err);

	if (rc)
		return rc;
	if (!vcpu)
		*words = xasprintf("%u", def->vcpus);
	for (i = 0; vcpu && i < def->n_cpus && !*words; i++)
		if (def->cpus[i].id == strtoul(vcpu, NULL, 10))
			*words = xstrdup(def->cpus[i].enabled ? "plugged" : "unplugged");
	virt_def_free(def);
	return 0;
}
