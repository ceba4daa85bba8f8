// SPDX-License-Identifier: GPL-3.0-or-later
/* KVM's statistics as a descriptor gives them: a header, descriptors, and numbers where these say. */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/host/private.h"

void fuzz_one(const uint8_t *data, size_t size)
{
	static int fd = -1;
	struct host_kvm_binary b;
	size_t i;

	if (fd < 0)
		fd = memfd_create("kvm-stats", MFD_CLOEXEC);
	if (ftruncate(fd, 0) || pwrite(fd, data, size, 0) != (ssize_t)size)
		abort();
	if (host_kvm_binary_open(fd, &b))
		return;
	host_kvm_binary_read(fd, &b);
	for (i = 0; i < b.n; i++)
		fuzz_must(b.offsets[i] + 8 <= b.data_size && strlen(b.stats[i].name));
	host_kvm_binary_done(&b);
}
