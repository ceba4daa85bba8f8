// SPDX-License-Identifier: GPL-3.0-or-later
/* A peer on a socket that says any bytes at all. It has said them before it is asked, and then closes. */
#include "fuzz.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "qmp/qmp.h"

#define ANSWER_MS 1000

static void ask(struct qmp *q)
{
	struct qmp_prop *props = NULL;
	struct qmp_disk *disks = NULL;
	struct qmp_port *ports = NULL;
	struct qmp_vcpu_slot *slots = NULL;
	struct qmp_memory *memory = NULL;
	struct err err = {0};
	bool migrating;
	size_t n;

	qmp_query_migrating(q, &migrating, &err);
	if (!qmp_query_peripherals(q, &props, &n, &err))
		qmp_props_free(props, n);
	if (!qmp_query_disks(q, &disks, &n, &err))
		qmp_disks_free(disks, n);
	if (!qmp_query_ports(q, NULL, NULL, &ports, &n, &err))
		qmp_ports_free(ports, n);
	if (!qmp_query_vcpu_slots(q, &slots, &n, &err))
		qmp_vcpu_slots_free(slots, n);
	if (!qmp_query_memory(q, &memory, &n, &err))
		qmp_memory_free(memory, n);
}

void fuzz_one(const uint8_t *data, size_t size)
{
	struct err err = {0};
	struct qmp *q;
	int ends[2];

	if (size > 65536 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
		return;
	if (write(ends[0], data, size) != (ssize_t)size)
		abort();
	shutdown(ends[0], SHUT_WR);
	q = qmp_open_fd(ends[1]);
	if (!qmp_greet(q, ANSWER_MS, &err))
		ask(q);
	qmp_close(q);
	close(ends[0]);
}
