// SPDX-License-Identifier: GPL-3.0-or-later
/* The table of operations. */
#include "private.h"

#include <string.h>

static const struct op *const ops[STEP_OP_COUNT] = {
	[STEP_QMP] = &op_qmp,
	[STEP_AWAIT_GONE] = &op_await_gone,
	[STEP_AWAIT_DRIVER] = &op_await_driver,
	[STEP_PASS_FD] = &op_pass_fd,
	[STEP_LINK_SET] = &op_link_set,
	[STEP_LINK_ADD] = &op_link_add,
	[STEP_LINK_DEL] = &op_link_del,
	[STEP_AWAIT_TAKEN] = &op_await_taken,
	[STEP_AWAIT_SIZE] = &op_await_size,
	[STEP_AWAIT_USB] = &op_await_usb,
	[STEP_VIRT_ATTACH] = &op_virt_attach,
	[STEP_VIRT_DETACH] = &op_virt_detach,
	[STEP_VIRT_CONFIG] = &op_virt_config,
	[STEP_VIRT_RESIZE] = &op_virt_resize,
	[STEP_OVS_ADD] = &op_ovs_add,
	[STEP_OVS_DEL] = &op_ovs_del,
	[STEP_VIRT_LINK] = &op_virt_link,
	[STEP_VIRT_UPDATE] = &op_virt_update,
	[STEP_VIRT_VCPUS] = &op_virt_vcpus,
	[STEP_PCI_BIND] = &op_pci_bind,
	[STEP_SRIOV] = &op_sriov,
	[STEP_VF_SET] = &op_vf_set,
	[STEP_MEMLOCK] = &op_memlock,
	[STEP_IMAGE_MAKE] = &op_image_make,
	[STEP_IMAGE_NAME] = &op_image_name,
	[STEP_IMAGE_DEL] = &op_image_del,
	[STEP_BRIDGE_KEEP] = &op_bridge_keep,
	[STEP_PORT_VLAN] = &op_port_vlan,
	[STEP_POWER] = &op_power,
	[STEP_AWAIT_OFF] = &op_await_off,
	[STEP_FILE] = &op_file,
	[STEP_HUGE_POOL] = &op_huge_pool,
	[STEP_HUGE_DEMOTE] = &op_huge_demote,
};

const struct op *op_get(enum step_op op)
{
	return ops[op];
}

int op_find(const char *name)
{
	int i;

	for (i = 0; name && i < STEP_OP_COUNT; i++)
		if (!strcmp(ops[i]->name, name))
			return i;
	return -1;
}

bool op_takes_back(const struct step *s, const struct step *of)
{
	return ops[s->op]->takes_back && ops[s->op]->takes_back(s, of);
}

bool takes_back_always(const struct step *s, const struct step *of)
{
	(void)s;
	(void)of;
	return true;
}

bool takes_back_same(const struct step *s, const struct step *of)
{
	return of && of->op == s->op && !strcmp(of->what, s->what);
}

char *step_text(const struct step *s, unsigned timeout_ms)
{
	auto_free char *text = ops[s->op]->text(s, step_ms(s, timeout_ms));

	return s->note ? xasprintf("%s: %s", text, s->note) : take_ptr(text);
}

char *step_file(const struct step *s)
{
	if (s->op == STEP_FILE)
		return xstrdup(s->what);
	return s->op == STEP_HUGE_POOL ? xasprintf("%s/nr_hugepages", s->what) : NULL;
}

bool step_waits(const struct step *s)
{
	return ops[s->op]->asks_guest || ops[s->op]->is_there;
}
