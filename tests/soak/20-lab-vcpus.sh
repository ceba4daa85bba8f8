#!/bin/bash
# vCPUs in and out of a guest under KVM, CYCLES times: in the nested host (tests/soak/run boots it).

. "$(dirname "$0")/../lab/lib.sh"
. "$ROOT/tests/soak/cycles.sh"

SOAK_FIND=''	# by the scan: on a slow host a monitor may need longer than the second that -q gives it
# Huge pages that the kernel makes of QEMU's heap in the background look like growth.
thp=/sys/kernel/mm/transparent_hugepage/enabled
was=$(sed 's/.*\[\(.*\)\].*/\1/' $thp)
echo madvise >$thp
l2_start soak || t_done
# KVM never takes back a vCPU: QEMU keeps its descriptor, for the next one in that place.
once() { kt vcpu add "$(vm soak)" count=2 && kt vcpu remove "$(vm soak)" count=2; }
t_ok 'two come and go' once || t_done
cycles_run soak vcpu
echo "$was" >$thp
t_done
