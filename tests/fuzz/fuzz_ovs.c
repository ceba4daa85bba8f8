// SPDX-License-Identifier: GPL-3.0-or-later
/* The answer of Open vSwitch's database. */
#include "fuzz.h"

#include <stdlib.h>

#include "lib/host/host.h"

void fuzz_one(const uint8_t *data, size_t size)
{
	auto_json struct json_object *answer = NULL;
	struct host_ovs_port *list = NULL;
	struct err err = {0};
	size_t n = 0, i;

	if (json_parse((const char *)data, size, &answer, &err))
		return;
	if (!host_ovs_parse(json_member(answer, "result"), &list, &n, &err))
		for (i = 0; i < n; i++)
			fuzz_must(list[i].name[0] && list[i].bridge[0] && list[i].tag < 4096);
	free(list);
}
