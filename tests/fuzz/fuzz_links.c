// SPDX-License-Identifier: GPL-3.0-or-later
/* Messages of rtnetlink: interfaces, ports of bridges, virtual functions. */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "lib/host/host.h"

void fuzz_one(const uint8_t *data, size_t size)
{
	struct host_link *links = NULL;
	struct host_vf *vfs = NULL;
	size_t n = 0, n_vfs = 0, i;
	enum host_vf_key key;
	int rc = 0;

	host_links_take(data, size, &links, &n, &rc);
	for (i = 0; i < n; i++)
		fuzz_must(links[i].state && strlen(links[i].name) < sizeof(links[i].name));
	free(links);
	host_vfs_take(data, size, &vfs, &n_vfs, &rc);
	for (i = 0; i < n_vfs; i++)
		for (key = 0; key < HOST_VF_KEYS; key++)
			free(host_vf_text(&vfs[i], key));
	free(vfs);
}
