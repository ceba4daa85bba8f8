#!/bin/bash
# The journal on the screen: its page, undo of the guest that is looked at, changes that are pending and come to their end.

. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/screen.sh
. "$ROOT/tests/screen.sh"

export TERM=screen
guest_shared
vm=$(vm shared)
qemu_start aa -machine q35,accel=tcg -S -m 32 -device pcie-root-port,id=rp1,chassis=1,slot=1 \
	-qmp unix:aa.qmp,server=on,wait=off
other=$(vm aa)
truncate -s 1M a.img b.img
T_ONLY=(--no-scan -q shared.qmp)
top="$KVMTOP --no-libvirt -d 0.5 --filter 'pid=$(vm_pid shared)||pid=$(vm_pid aa)'"
selected() { tm capture-pane -e -p -t "$1" | sed -n -E $'s/.*\e\\[[0-9;]*(7|46)m([^\e]*).*/\\2/p'; }
selects() { wait_for 30 selected_has "$1" "$2" || { selected "$1"; return 1; }; }
selected_has() { selected "$1" | grep -q -E -e "$2"; }

screen j 80 24 "$top"
sees j "^$vm .*running" >/dev/null
keys j J
t_ok 'an empty journal says so' sees j '^Nothing was ever changed'
keys j Escape

kt "${T_ONLY[@]}" -o json disk add "$vm" file="$PWD/a.img" format=raw id=j1 >record
first=$(jq -r .journal record)
kt --no-scan -q aa.qmp --timeout 1 -o json disk add "$other" file="$PWD/b.img" format=raw id=o1 >record
t_is 'two guests have a disk each' "$(jq -r .status record)" ok
keys j J
t_ok 'J is the journal: when, whose, what, its state, what can be done' \
	sees j "^[0-9:]{8} +$other +disk add o1 .* ok +undo"
# the row that was on top when the page opened stays selected
keys j Home
t_ok 'the newest is on top' selects j 'disk add o1'
keys j End
t_ok 'the older one below' selects j 'disk add j1'
t_ok 'its id is there' sees j "^$first"
keys j u
t_ok 'u proposes that one by name, time and id' sees j "^ undo disk add j1 of [0-9:]{8} \($first\) +$vm"
t_ok 'with its steps' sees j '^ +1  device_del'
t_ok 'and its line for batch' sees j "^kvmtop --batch undo $first"
keys j Escape
t_ok 'Esc goes back to the journal' sees j '^WHEN'
t_ok 'and nothing is done' vm_has_device shared j1

# ---- of this guest

keys j Escape /
typed j "$vm"
keys j Enter u
t_ok "u on the list is this guest's last change, not the last of all" sees j "^ undo disk add j1 of .* \($first\)"
keys j y
t_ok 'it is undone' sees j '^ undone  j1'
t_ok 'QEMU has let it go' wait_for 60 vm_lacks_device shared j1
keys j x
t_ok 'a key goes back to the list' sees j '^NAME'
t_ok "the other guest's disk is untouched" vm_has_device aa o1
keys j u
t_ok 'there is nothing more to undo, which is said' sees j "no change of $vm in the journal can be undone"
keys j x
sees j '^NAME' >/dev/null

# ---- what cannot be undone is named

kt "${T_ONLY[@]}" -o json disk add "$vm" file="$PWD/a.img" format=raw id=j2 >record
added=$(jq -r .journal record)
kt "${T_ONLY[@]}" -o json disk remove "$vm" j2 >record
removed=$(jq -r .journal record)
t_is 'a disk comes and goes' "$(jq -r .status record)" ok
keys j 2
sees j '^DEVICE' >/dev/null
keys j u
t_ok "u on a guest's page names the removal" sees j "^ undo disk remove j2 of .*\($removed\)"
t_ok 'and why it cannot be undone' sees j 'cannot be undone: the guest has released j2'
keys j x
t_ok 'a key goes back to the page' sees j '^DEVICE'
keys j J
t_ok 'the journal has two entries of it' sees j 'disk remove j2 +ok +-'
keys j Home Down
t_ok 'the addition' selects j 'disk add j2'
t_ok 'says that its device has gone, and by what' sees j "cannot be undone: j2 was"
keys j u
t_ok 'u says so too' sees j "^disk add of [0-9:]{8} cannot be undone"
kt "${T_ONLY[@]}" -o json undo "$added" >record 2>err
t_is 'batch refuses it' "$? $(jq -r .status record)" '1 invalid'
t_like 'with the reason' "$(cat err)" 'j2 was removed since'
t_is 'batch: what can be done with them' "$(ktp -o json journal | jq -r --arg a "$added" --arg r "$removed" --arg vm "$vm" \
	'select(.id == $a or .id == $r) | [.vm == $vm, .can, .verb] | map(tostring) | join(" ")')" 'true null disk add
true null disk remove'
kt --no-scan -q aa.qmp -o json --dry-run undo vm="$other" >record
t_is 'batch: undo vm= is that of one guest' "$(jq -r '[.status, .id] | join(" ")' record)" 'planned o1'
kt "${T_ONLY[@]}" undo vm=nosuch 2>err
t_is 'batch: of no guest: exit 1' "$?" 1
t_like 'which is said' "$(cat err)" 'no change of nosuch'
keys j Escape Escape
sees j '^NAME' >/dev/null

# ---- pending

kt "${T_ONLY[@]}" -o json disk add "$vm" file="$PWD/a.img" format=raw id=j3 >record
qmp_ask shared '{"execute":"stop"}' >/dev/null
kt "${T_ONLY[@]}" --timeout 1 -o json disk remove "$vm" j3 >record 2>/dev/null
t_is 'a guest that stands still keeps its disk' "$(jq -r .status record)" timeout
t_ok 'a badge on the list' sees j '^kvmtop .* 1 pending  ?[0-9:]{8}'
keys j 4
t_ok "on a guest's page" sees j "^kvmtop  $vm .* 1 pending "
keys j H
t_ok 'on the pages of the host' sees j '^kvmtop .*host .* 1 pending '
keys j J
t_ok 'on the journal' sees j '^kvmtop .*journal .* 1 pending '
t_ok 'which says what it waits for' sees j "disk remove j3 +pending +finish"
keys j f
t_ok 'f tries to finish it, and says that it is still pending' sees j 'disk remove of [0-9:]{8} is still pending: the guest has not'
qmp_ask shared '{"execute":"cont"}' >/dev/null
t_ok 'the guest releases it' wait_for 60 vm_lacks_device shared j3
t_ok 'the running screen finishes it, and says so' sees j "disk remove j3 of [0-9a-f-]*: the guest has"
t_ok 'the journal has it' sees j 'disk remove j3 +ok'
t_ok 'the badge goes' gone j ' 1 pending '
t_is 'no node is left' "$(vm_block_nodes shared | grep -c j3)" 0
keys j q q q F10
ends j
t_is 'exit 0' "$(cat j.status)" 0

screen r 80 24 "$top --read-only"
sees r "^$vm .*running" >/dev/null
keys r J
t_ok 'read-only: the journal is shown' sees r 'disk remove j3 +ok'
keys r Escape u
t_ok 'read-only: u is refused' sees r 'undo: changes are refused in read-only'
keys r F10
ends r
tm kill-server
t_done
