#!/bin/bash
# Guests of libvirt beside others: each once, whatever becomes of libvirtd; a daemon that
# hangs holds nobody up; no monitor command goes through libvirt unless it was asked for.

. "$(dirname "$0")/../lib.sh"

why=$(libvirt_missing)
if [ -n "$why" ]; then
	t_skip 'guests of libvirt' "$why"
	t_done
fi
bare=(-machine q35,accel=tcg -m 16 -S)
ours() { jq -c --arg mine "-$$" 'select(.vm | endswith($mine))'; }
record() { ours <"$1" | jq -c --arg vm "$2" 'select(.vm == $vm)'; }
# FILE VM: its last record, among those of a sample of whatever guests this machine has besides.
last() { tail -n 500 "$1" | record /dev/stdin "$2" | tail -n 1; }
last_is() { last "$1" "$2" | jq -e "$3" >/dev/null; }
ages() { tail -n "+$((mark + 1))" watch | record /dev/stdin "lv-$$" | jq .stale_seconds; }

t_ok 'a libvirtd of our own' libvirt_start || t_done
GUEST_APPEND=kt.load=disk domain_boot lv
qemu_start a "${bare[@]}" -uuid "$(cat /proc/sys/kernel/random/uuid)" -qmp unix:a.qmp,server=on,wait=off
qemu_start b "${bare[@]}" -qmp unix:b.qmp,server=on,wait=off

# ---- one guest of libvirt's, two others

kv -d 0 -o json vms >rows 2>err
t_is 'vms succeeds' "$?" 0
t_is 'and complains of nothing' "$(cat err)" ''
t_is 'three guests, each once, with their source' "$(ours <rows | jq -r '.vm + " " + .source' | sort)" \
	"$(printf '%s\n' "a-$$ proc" "b-$$ proc" "lv-$$ libvirt")"
t_is 'the domain: pid, UUID and state as virsh has them' "$(record rows "lv-$$" | jq -c '[.pid, .uuid, .state, .note]')" \
	"[$(vm_pid lv),\"$(virsh_ domuuid "lv-$$")\",\"$(virsh_ domstate "lv-$$")\",null]"
t_is 'without libvirt it is there too' "$(lv "$KVMTOP" -b --no-libvirt -d 0 -o json vms | ours | wc -l)" 3
kv --no-scan -d 0 -o json vms >rows
t_is 'without a scan there are only libvirts' "$(ours <rows | jq -r .vm)" "lv-$$"
t_is 'by UUID' "$(kv -d 0 -o json vms "uuid:$(cat lv.uuid)" | jq -r .vm)" "lv-$$"

# ---- a UUID proves nothing: a process that libvirt has not started is not libvirt's

qemu_start twin "${bare[@]}" -uuid "$(cat lv.uuid)" -qmp unix:twin.qmp,server=on,wait=off
kv -d 0 -o json vms >rows
t_is 'a process with the same UUID stays its own' "$(ours <rows | jq -r '.vm + " " + .source' | grep -E '^(lv|twin)' | sort)" \
	"$(printf '%s\n' "lv-$$ libvirt" "twin-$$ proc")"
vm_kill twin

# ---- events; a daemon that is killed and comes again

kv_watch watch -d 0.2 -n 100000 -o json vms
watcher=$!
state_is() { last_is watch "lv-$$" ".state == \"$1\" and .source == \"libvirt\""; }
t_ok 'an overview runs' wait_for 20 state_is running
# Those of one that knows of libvirt's guests only: the scan's own become more where others' guests keep it waiting.
kv_watch counted --no-scan -d 0.2 -n 100000 -o json vms
counted=$!
t_ok 'another one without a scan' wait_for 20 last_is counted "lv-$$" '.state == "running"'
threads() { find "/proc/$counted/task" -mindepth 1 -maxdepth 1 | wc -l; }
threads=$(threads)
virsh_ suspend "lv-$$" >/dev/null
t_ok 'virsh suspend is seen' wait_for 10 state_is paused
virsh_ resume "lv-$$" >/dev/null
t_ok 'virsh resume too' wait_for 10 state_is running
kv -d 0.2 -n 2 -o json events "lv-$$" >rows 2>err
t_is "its events, beside those of libvirt's connection, which belong to no guest" "$? $(cat err)" '0 '
kv -d 0.2 -o json events >rows
t_ok 'which are among the events of all' jq -e -s 'any(.ref == null and .event == "libvirt connection")' rows

libvirt_daemon KILL
t_ok 'a daemon that died leaves its guest stale' wait_for 20 last_is watch "lv-$$" '.stale_seconds > 1 and .state == "running"'
t_like 'and says why' "$(last watch "lv-$$" | jq -r .note)" 'qemu:///system'
t_ok 'with its CPU all the same' last_is watch "lv-$$" '.cpu_pct >= 0'
t_ok 'libvirtd starts again' libvirt_daemon_start
t_ok 'the guest is fresh again' wait_for 60 last_is watch "lv-$$" '.stale_seconds == 0 and .note == null and .source == "libvirt"'
virsh_ suspend "lv-$$" >/dev/null
t_ok 'and events flow again' wait_for 10 state_is paused
virsh_ resume "lv-$$" >/dev/null
t_ok 'both ways' wait_for 10 state_is running
# the last sample may still be on its way into the file
last=$(ours <watch | tail -n 1 | jq -r .time)
ours <watch | jq -c --arg last "$last" 'select(.time != $last)' >past
t_is 'never more than one row of it' "$(jq -r "select(.vm == \"lv-$$\") | .time" past | uniq -c | awk '$1 != 1')" ''
t_is 'and never none' "$(jq -r "select(.vm == \"lv-$$\") | .time" past | sort)" "$(jq -r .time past | sort -u)"

# ---- a daemon that hangs

libvirt_daemon STOP
mark=$(wc -l <watch)
t_ok 'a daemon that hangs: its guest is stale' wait_for 90 last_is watch "lv-$$" '.stale_seconds > 40'	# 30 s until it is asked
t_ok 'which it was half a minute after its last answer, when it was asked and said nothing' \
	[ "$(ages | awk '$1 > 0 { print int($1); exit }')" -lt 60 ]
after=$(tail -n "+$((mark + 1))" watch)
t_is 'the others are as before' "$(jq -r "select(.vm == \"a-$$\" or .vm == \"b-$$\") | [.state, .stale_seconds, .note] | tostring" <<<"$after" | sort -u)" \
	'["prelaunch",0,null]'
t_ok 'its age grows' jq -s -e "[.[] | select(.vm == \"lv-$$\") | .stale_seconds] | .[-1] > .[0] and (. == sort)" <<<"$after"
t_ok 'its CPU figures move on' jq -s -e "[.[] | select(.vm == \"lv-$$\") | .cpu_pct] | unique | length > 3" <<<"$after"
# As many samples as the clock wants, with a wide margin for a busy machine.
t_ok 'samples keep their pace' jq -s -e "[.[] | select(.vm == \"a-$$\")] | length > 15" <<<"$after"

begin=$SECONDS
kv -d 0 -o json vms >rows 2>err
status=$?
t_is 'a kvmtop that starts now says that libvirt does not answer: exit 1' "$status" 1
t_like 'by its URI' "$(cat err)" 'qemu:///system'
t_is 'and shows all guests' "$(ours <rows | wc -l)" 3
t_like 'the one it should know with why it does not' "$(record rows "lv-$$" | jq -r .note)" 'libvirt.*qemu:///system'
t_ok 'without waiting for it' [ $((SECONDS - begin)) -le 20 ]
now=$(threads)
t_ok "threads do not pile up: $threads, now $now" [ "$now" -le $((threads + 3)) ]
libvirt_daemon CONT
t_ok 'the daemon goes on: the guest is fresh again' wait_for 90 last_is watch "lv-$$" '.stale_seconds == 0 and .note == null'
virsh_ suspend "lv-$$" >/dev/null
t_ok 'and events flow' wait_for 20 state_is paused
virsh_ resume "lv-$$" >/dev/null
wait_for 20 state_is running
as_before() { [ "$(threads)" -le $((threads + 2)) ]; }	# those that were left behind end when libvirt has answered them
t_ok "threads are as they were: $threads" wait_for 60 as_before
t_kill "$watcher"
t_kill "$counted"
t_is 'nothing of all that was written over a screen' "$(cat watch.err counted.err)" ''

# ---- an overview taints nobody

tainted() { grep -h -c custom-monitor "virt/run/libvirt/qemu/lv-$$.xml" "virt/log/qemu/lv-$$.log"; }
t_ok 'the guest is up' guest_up lv
kvp -d 0.1 -n 240 -o json vms >/dev/null
kv -d 0.1 -n 2 -o json queues >rows
kv -d 0 vms "lv-$$" >/dev/null
t_is 'status XML and domain log know of no monitor command' "$(tainted)" "$(printf '0\n0')"
t_is 'rings of a guest that was not named are unknown' "$(record rows "lv-$$")" ''
kv --no-passthrough -d 0 queues "lv-$$" >out 2>err
t_is 'queues VM --no-passthrough is exit 5' "$?" 5
t_like 'and says why' "$(cat err)" 'no-passthrough'
kv -r -d 0 queues "lv-$$" >out 2>err
t_is 'queues VM -r is exit 5' "$?" 5
t_is 'nothing was sent for either' "$(tainted)" "$(printf '0\n0')"

# ---- but it may be asked

kv -d 3 -o json queues "lv-$$" >rows 2>err
t_is 'queues VM succeeds' "$?" 0
t_like 'and says that it taints' "$(cat err)" "lv-$$.*taint"
t_ok 'its disk moves' jq -s -e '.[] | select(.device == "virtio-disk0") | .req_per_s > 20 and .size == 256' rows
t_is 'now it is tainted' "$(tainted)" "$(printf '1\n1')"
kv -d 0 -o json queues "lv-$$" >rows 2>err
t_is 'the second time there is nothing to say' "$(cat err)" ''

# ---- why it stands

lv mkdir /run/kt/small && lv mount -t tmpfs -o size=1m none /run/kt/small && lv truncate -s 64M /run/kt/small/full.img
kv_watch watch -d 0.2 -n 100000 -o json vms
printf '%s\n' "<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='/run/kt/small/full.img'/>
	<target dev='vdb' bus='virtio'/></disk>" >disk.xml
t_ok 'a disk on a file system that is nearly full' virsh_ attach-device "lv-$$" disk.xml
t_ok 'the guest sees it' wait_for "$T_BOOT" guest_has_block lv vdb
guest_cmd lv '(sleep 1; dd if=/dev/zero of=/dev/vdb bs=64k) >/dev/null 2>&1 &'	# it stands before it can answer, else
t_ok 'no space left: io-error' wait_for 60 state_is io-error
t_is 'which virsh calls' "$(virsh_ domstate --reason "lv-$$")" 'paused (I/O error)'
kv -d 0 -o json vms "lv-$$" >row
t_is 'who comes later sees it too, with the disk and why' "$(jq -c '[.state, .state_detail]' row)" \
	'["io-error","vdb: no space left for its image (ENOSPC)"]'
virsh_ destroy "lv-$$" >/dev/null
t_is 'a domain that was destroyed is gone' "$(kv -d 0 -o json vms | ours | jq -r .vm | grep -c '^lv')" 0

t_done
