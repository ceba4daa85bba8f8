// SPDX-License-Identifier: GPL-3.0-or-later
/* A domain's XML: what is understood of it can be written again. And a volume's, of which only the format is wanted. */
#include "fuzz.h"

#include <stdlib.h>

#include "lib/virt/private.h"

void fuzz_one(const uint8_t *data, size_t size)
{
	auto_free char *link = NULL, *format = NULL;
	struct virt_def *def = NULL;
	struct err err = {0};
	size_t i;

	if (!virt_def_parse((const char *)data, size, &def, &err)) {
		for (i = 0; i < def->n_memory; i++)
			free(virt_memory_xml(&def->memory[i]));
		for (i = 0; i < def->n_usb; i++)
			free(virt_usb_xml(&def->usb[i]));
		for (i = 0; i < def->n_pci; i++)
			free(virt_pci_xml(&def->pci[i]));
		for (i = 0; i < def->n_controllers; i++)
			if (def->controllers[i].type && def->controllers[i].alias)
				free(virt_controller_xml(&def->controllers[i]));
		virt_def_has_alias(def, "ua-disk0");
		virt_def_free(def);
	}
	virt_nic_link_xml((const char *)data, size, "net0", true, &link, &err);
	virt_vol_format((const char *)data, size, &format);
}
