// SPDX-License-Identifier: GPL-3.0-or-later
/* The guest's control groups as a bound of what it can be given of memory. */
#include "internal.h"

#include <errno.h>
#include <string.h>

#define MIB (1ull << 20)

int check_group_room(struct plan *p, const struct host *h, uint64_t bytes, uint64_t page_bytes, bool at_once, struct err *err)
{
	struct host_group_room room;
	pid_t pid = plan_guest_pid(p);
	bool kills;

	if (!pid)
		return 0;
	host_group_room_read(h, pid, page_bytes, &room);
	if (room.bytes == HOST_UNKNOWN || room.bytes >= bytes)
		return 0;
	/* beyond memory.high the kernel makes the guest slow, beyond the others it ends it */
	kills = strcmp(room.limit, "memory.high");
	str_clean(room.group);
	if (!is_on(p, "force") || (at_once && kills))
		return err_set(err, -ENOMEM, "%llu MiB are wanted, and the guest's control group %s (%s) has room for %llu MiB (raise that limit%s)",
			       (unsigned long long)(bytes / MIB), room.group, room.limit, (unsigned long long)(room.bytes / MIB),
			       at_once && kills ? "; beyond it the kernel would end the guest at once" : ", or force=on to promise more than there is");
	plan_warn(p, "the guest's control group %s (%s) has room for %llu MiB of %llu: %s", room.group, room.limit,
		  (unsigned long long)(room.bytes / MIB), (unsigned long long)(bytes / MIB),
		  kills ? "what it uses beyond that ends it" : "what it uses beyond that makes it slow");
	return 0;
}
