// SPDX-License-Identifier: GPL-3.0-or-later
/* Messages of sock_diag: who uses a unix socket. */
#include "fuzz.h"

#include "lib/host/host.h"

void fuzz_one(const uint8_t *data, size_t size)
{
	struct host_sock sock;

	host_sock_take(data, size, "/run/a.sock", 77, 5, &sock);
}
