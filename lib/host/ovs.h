/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Inside lib/host: one transaction with Open vSwitch's database. */
#ifndef KT_HOST_OVS_H
#define KT_HOST_OVS_H

#include "root.h"

/* params: ["Open_vSwitch", OPERATION, ..], taken over. *out: the whole answer, yours. */
int ovs_transact(const char *socket_path, struct json_object *params, unsigned timeout_ms, struct json_object **out,
		 struct err *err);

#endif
