#!/bin/bash
# A guest runs in a control group that may have so much memory, as systemd, Nova and KubeVirt set it. What the group has left is
# the room for more, however much the host has: what is beyond it is paid for by the OOM killer, with the guest.
# qemus: all
. "$(dirname "$0")/../lib.sh"

top=/sys/fs/cgroup
if [ -e "$top/cgroup.controllers" ]; then
	group=$top/kt-$$ limit=memory.max usage=memory.current
	echo +memory >"$top/cgroup.subtree_control" 2>/dev/null
else
	group=$top/memory/kt-$$ limit=memory.limit_in_bytes usage=memory.usage_in_bytes
fi
t_leave() {
	local p
	for p in "$group"/inner "$group"; do
		while read -r pid; do kill -KILL "$pid"; done <"$p/cgroup.procs"
		wait_for 10 rmdir "$p"
	done
} 2>/dev/null
mkdir "$group" "$group/inner" 2>/dev/null && [ -e "$group/$limit" ] || { t_skip 'a limit of memory' 'no control group of memory can be made here'; t_done; }
echo 400M >"$group/$limit"

qemu_start g -S -machine q35 -m 128,slots=4,maxmem=4G -qmp unix:g.qmp,server=on,wait=off -device pcie-root-port,id=rp1,chassis=1,slot=1 \
	-object memory-backend-ram,id=vm0,size=1G,reserve=off -device virtio-mem-pci,id=vmem0,memdev=vm0,bus=rp1
vm=$(vm g)
echo "$(vm_pid g)" >"$group/inner/cgroup.procs"
t_is 'the guest is in a group below the one with the limit' "$(cat "$group/inner/cgroup.procs")" "$(vm_pid g)"

# WHAT ARG..: refused, the group named
refused() {
	local what=$1 room
	shift
	room=$((419430400 - $(cat "$group/$usage")))
	kt -o json --timeout 2 "$@" >record 2>err
	t_is "$what: refused" "$? $(jq -r .status record)" '1 invalid'
	t_like "$what: the group and its room are named" "$(cat err)" "control group kt-$$ .*$limit.* has room for [0-9]+ MiB"
	# what it has read of files can be dropped
	room=$(((room / 1048576) - $(sed -n 's/.*room for \([0-9]*\) MiB.*/\1/p' err)))
	t_ok "$what: the room is what it has left" [ "$room" -le 0 ] && [ "$room" -ge -40 ]
}
refused 'a DIMM, at once' dimm add "$vm" size=512M prealloc=on
refused 'a DIMM, as it is used' dimm add "$vm" size=512M
refused 'virtio-mem' vmem set "$vm" vmem0 size=512M
t_ok 'the guest is there' qmp_ask g '{"execute":"query-status"}'
kt -o json --dry-run dimm add "$vm" size=512M force=on >record
t_is 'force=on promises it' "$? $(jq -r .status record)" '0 planned'
t_like 'with a warning' "$(jq -r '.warnings[]' record)" "control group kt-$$"
kt -o json --dry-run dimm add "$vm" size=512M prealloc=on force=on >record 2>err
t_is 'but what is taken at once would kill it' "$? $(jq -r .status record)" '1 invalid'
kt -o json --dry-run dimm add "$vm" size=128M prealloc=on >record 2>err
t_is 'what it has room for is taken' "$? $(jq -r .status record) $(cat err)" '0 planned '
t_done
