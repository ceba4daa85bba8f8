#!/bin/bash
# Disks, NICs and DIMMs in and out of a booted guest, CYCLES times each.

. "$(dirname "$0")/../net.sh"
. "$(dirname "$0")/../lib.sh"
. "$ROOT/tests/soak/cycles.sh"

SOAK_NIC=tap
[ "$KT_OWN_NET" = yes ] || SOAK_NIC=user
guest_start soak || t_done
cycles_run soak disk nic dimm
t_done
