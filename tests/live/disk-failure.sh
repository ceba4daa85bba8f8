#!/bin/bash
# What goes wrong in the middle: a guest that does not answer, a QEMU that dies or is
# stopped. What is left is named, and cleaned up when it can be.
# qemus: all

. "$(dirname "$0")/../lib.sh"

# A guest that sits in firmware: nobody there knows hotplug.
firmware=(-machine q35,accel=tcg -m 32 -device pcie-root-port,id=rp1,chassis=1
	-device pcie-root-port,id=rp2,chassis=2)
truncate -s 8M img
lock_is_free() { flock -n img true && qemu-img info img >/dev/null 2>&1; }

# ---- a removal the guest does not answer

qemu_start f "${firmware[@]}" -qmp unix:f.qmp,server=on,wait=off
before=$(vm_block_nodes f)
kt -o json --timeout 1 disk add "$(vm f)" file=img format=raw id=d1 >record
t_is 'added to a guest without a driver: exit 0' "$?" 0
t_is 'ok, and the guest has not been seen to take it' "$(jq -r '[.status, .guest] | join(" ")' record)" 'ok unseen'
t_ok 'QEMU has it' vm_has_device f d1
kt -o json --timeout 1 disk add "$(vm f)" file=img format=raw id=d1 wait=guest >record
t_is 'there already' "$(jq -r .status record)" unchanged

start=$EPOCHREALTIME
kt -o json --timeout 1 disk remove "$(vm f)" d1 >record 2>err
t_is 'a removal that nobody answers: exit 4' "$?" 4
t_ok 'about when the timeout was up' awk -v a="$start" -v b="$EPOCHREALTIME" 'BEGIN { exit !(b - a >= 1 && b - a < 11) }'
t_is 'timeout' "$(jq -r .status record)" timeout
t_like 'left: the device and its node' "$(jq -r '.left | join("; ")' record)" 'device d1.*; block node d1-node'
t_like 'said on standard error' "$(cat err)" 'has not released d1'
id=$(jq -r .journal record)
entry() { kt -o json journal | jq -r --arg id "$1" 'select(.id == $id) | .state'; }
t_is 'the journal has it as pending' "$(entry "$id")" pending
t_ok 'QEMU still has the device' vm_has_device f d1
kt -d 0 vms "$(vm f)" >/dev/null 2>err
t_is 'a kvmtop before the guest lets go changes nothing' "$(entry "$id") $(cat err)" 'pending '
kt -d 0 -r vms "$(vm f)" >/dev/null
kt -o json --timeout 1 disk remove "$(vm f)" d1 >record
t_is 'asked again: still no answer' "$(jq -r .status record)" timeout

qmp_ask f '{"execute":"system_reset"}' >/dev/null
t_ok 'a reset makes QEMU let go' wait_for 30 vm_lacks_device f d1
t_like 'but the node stays' "$(vm_block_nodes f)" 'd1-node'
kt -d 0 -r vms "$(vm f)" >/dev/null 2>&1
t_like 'a read-only kvmtop leaves it alone' "$(vm_block_nodes f)" 'd1-node'
kt -d 0 vms "$(vm f)" >/dev/null 2>err
t_is 'the next kvmtop succeeds' "$?" 0
t_like 'and says what it has finished' "$(cat err)" 'disk remove d1.*finished'
t_is 'no node is left' "$(vm_block_nodes f)" "$before"
t_ok 'and no lock' lock_is_free
t_is 'the journal is closed' "$(kt -o json journal | jq -r 'select(.state == "pending")')" ''

# ---- wait=guest

kt -o json --timeout 1 disk add "$(vm f)" file=img format=raw id=d2 wait=guest >record 2>err
t_is 'wait=guest that nobody answers: exit 4' "$?" 4
t_is 'timeout' "$(jq -r .status record)" timeout
t_like 'what is left is named' "$(jq -r '.left | join("; ")' record)" 'device d2'
qmp_ask f '{"execute":"system_reset"}' >/dev/null
t_ok 'after a reset' wait_for 30 vm_lacks_device f d2
kt -d 0 vms "$(vm f)" >/dev/null 2>&1
t_is 'the next kvmtop takes the rest away' "$(vm_block_nodes f)" "$before"

# ---- the guest ends while a removal is pending

kt -o json --timeout 1 disk add "$(vm f)" file=img format=raw id=d3 >/dev/null
kt -o json --timeout 1 disk remove "$(vm f)" d3 >record
id=$(jq -r .journal record)
vm_kill f
kt -d 0 vms >/dev/null 2>&1
t_is 'a removal whose guest has ended is over' "$(entry "$id")" ok

# ---- QEMU is killed between two steps

# kvmtop waits for the driver; then there is no QEMU any more.
qemu_start k "${firmware[@]}" -qmp unix:k.qmp,server=on,wait=off
qemu_start other "${firmware[@]}" -qmp unix:other.qmp,server=on,wait=off
kt_start -o json disk add "$(vm k)" file=img format=raw id=d1 >record 2>err
adding=$!
t_ok 'kvmtop has plugged the device' wait_for 20 vm_has_device k d1
vm_kill k
wait "$adding"
t_is 'QEMU was killed: exit 1' "$?" 1
t_is 'failed, and nothing is left' "$(jq -c '[.status, .left]' record)" '["failed",[]]'
t_like 'it says so' "$(cat err)" 'QEMU has ended'
t_is 'the other guest is as it was' "$(kt -d 0 -o json vms | jq -r --arg vm "$(vm other)" 'select(.vm == $vm).state')" running
t_ok 'the image is free' lock_is_free

# ---- QEMU is stopped

kill -STOP "$(vm_pid other)"
kt -o json --timeout 1 disk add "$(vm other)" file=img format=raw >record 2>err
t_is 'a QEMU that is stopped: exit 4' "$?" 4
t_is 'timeout, nothing left' "$(jq -c '[.status, .left]' record)" '["timeout",[]]'
kill -CONT "$(vm_pid other)"
t_ok 'it can be asked again when it goes on' wait_for 20 eval 'kt -d 0 -o json vms "$(vm other)" | grep -q running'

# Of three guests one is stopped: the others keep their pace, its row is stale and ages.
qemu_start one "${firmware[@]}" -qmp unix:one.qmp,server=on,wait=off
qemu_start two "${firmware[@]}" -qmp unix:two.qmp,server=on,wait=off
kt_start -d 0.2 -n 100000 -o json vms >watch
watcher=$!
row() { grep -a "\"vm\":\"$(vm "$1")\"" watch | tail -n 1; }
seen() { row "$1" | jq -e "$2" >/dev/null; }
t_ok 'three guests run' wait_for 20 eval 'seen one ".cpu_pct != null" && seen two ".cpu_pct != null" && seen other ".cpu_pct != null"'
kill -STOP "$(vm_pid other)"
t_ok 'the stopped one turns stale' wait_for 20 seen other '.stale_seconds > 1 and .state == "stopped"'
t_ok 'with its last values' wait_for 5 seen other '.cpu_pct != null and .rss_bytes > 0'
n=$(grep -a -c "\"vm\":\"$(vm one)\"" watch)
more() { [ "$(grep -a -c "\"vm\":\"$(vm one)\"" watch)" -ge $((n + 10)) ]; }
t_ok 'the others are sampled on and on' wait_for 30 more
t_ok 'and are fresh' wait_for 5 seen one '.stale_seconds == 0'
kill -CONT "$(vm_pid other)"
t_ok 'SIGCONT brings it back' wait_for 20 seen other '.stale_seconds == 0 and .state == "running"'
t_kill "$watcher"

t_done
