// SPDX-License-Identifier: GPL-3.0-or-later
/* Texts of the human monitor: the first byte chooses the question, the rest is the answer to each that is put for it. */
#include "fuzz.h"

#include <stdlib.h>

#include "qmp/internal.h"
#include "qmp/qmp.h"

static void ask(struct qmp *q, unsigned which)
{
	auto_free char *name = NULL;
	struct err err = {0};
	enum qmp_usb_state state;
	struct qmp_nic *nics;
	uint64_t hva;
	char **names;
	unsigned n;
	size_t many;

	switch (which % 6) {
	case 0:
		if (!qmp_query_nics(q, &nics, &many, &err))
			qmp_nics_free(nics, many);
		break;
	case 1:
		if (!qmp_query_netdevs(q, &names, &many, &err))
			qmp_strings_free(names, many);
		break;
	case 2: qmp_query_nodes_of_guest(q, &n, &err); break;
	case 3: qmp_query_vcpus_made(q, &n, &err); break;
	case 4: qmp_query_usb(q, "u0", &state, &err); break;
	case 5: qmp_gpa2hva(q, 0, &hva, &name, &err); break;
	}
}

void fuzz_one(const uint8_t *data, size_t size)
{
	auto_buf struct buf parts = {0};
	struct qmp *q;

	if (!size)
		return;
	/* else the device is not asked for at all */
	buf_puts(&parts, "> qom-list\n[{\"name\":\"u0\",\"type\":\"child<usb-host>\"}]\n"
		 "> qom-get\n\"/machine/peripheral/u0\"\n> *\n");
	buf_add(&parts, data + 1, size - 1);
	q = fuzz_peer((const uint8_t *)parts.text, parts.len);
	ask(q, data[0]);
	qmp_close(q);
}
