// SPDX-License-Identifier: GPL-3.0-or-later
/* A domain's XML: what is understood of it can be written again, and be understood. */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "lib/virt/virt.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct virt_def *def = NULL;
	auto_free char *link = NULL;
	struct err err = {0};
	size_t i;

	if (!virt_def_parse((const char *)data, size, &def, &err)) {
		for (i = 0; i < def->n_memory; i++)
			free(virt_memory_xml(&def->memory[i]));
		for (i = 0; i < def->n_usb; i++)
			free(virt_usb_xml(&def->usb[i]));
		virt_def_free(def);
	}
	virt_nic_link_xml((const char *)data, size, "net0", true, &link, &err);
	return 0;
}
