#!/bin/bash
# Taking changes back: one that is over, and one whose kvmtop was killed at any of its steps.

. "$(dirname "$0")/../lib.sh"

guest_shared
vm=$(vm shared)
truncate -s 1M a.img
state() {
	vm_block_nodes shared
	qmp_ask shared '{"execute":"qom-list","arguments":{"path":"/machine/peripheral"}}' | jq -r '.[].name' | sort
}
before=$(state)
only=(--no-scan -q shared.qmp)	# many calls: other guests of this host have no part in them
at_rest() { [ "$(state)" = "$before" ]; }
entry() { jq -r .journal record; }

# ---- over

kt -o json disk add "$vm" file="$PWD/a.img" format=raw id=u0 >record
t_is 'a disk is plugged' "$? $(jq -r .status record)" '0 ok'
id=$(entry)
kt --dry-run -o json undo "$id" >dry
t_is 'its undo is told' "$? $(jq -r '[.status, (.steps | length)] | join(" ")' dry)" '0 planned 3'
t_ok 'and nothing is done' vm_has_device shared u0
kt -o json undo >record
t_is 'the last change is undone' "$? $(jq -r '[.status, .journal, .id] | join(" ")' record)" "0 undone $id u0"
t_is 'the guest is as before' "$(state)" "$before"
t_is 'the journal says so' "$(ktp -o json journal | jq -r --arg id "$id" 'select(.id == $id).state')" undone
kt -o json undo "$id" >record
t_is 'once is enough' "$? $(jq -r .status record)" '0 unchanged'
kt undo 20000101-000000-0000 2>err
t_is 'no such change' "$?" 3
t_like 'is named' "$(cat err)" "no change '20000101-000000-0000'"
kt -r undo "$id" 2>/dev/null
t_is 'read-only: refused' "$?" 5

# ---- killed

# Each write syncs twice: the file, then, under its name, the directory.
n=1
while kt_killed "$n" "${only[@]}" disk add "$vm" file="$PWD/a.img" format=raw id=k0 2>/dev/null; do
	id=$(kt_unfinished "${only[@]}")
	if [ -n "$id" ]; then
		t_like "add, killed at sync $n: what is left is said" "$(cat told)" 'perhaps left: (block node|device) k0'
		kt "${only[@]}" -o json undo "$id" >record
		t_is "add, killed at sync $n: undone" "$? $(jq -r .status record)" '0 undone'
	elif vm_has_device shared k0; then	# all was done and written down
		kt -o json undo >record
		t_is "add, killed at sync $n: it was over, and is undone" "$? $(jq -r .id record)" '0 k0'
	fi
	t_ok "add, killed at sync $n: the guest is as before" wait_for 20 at_rest
	n=$((n + 1))
done
t_ok "add: $n points were seen, the last is the end" [ "$n" -gt 4 ]
n=1
while kt_killed "$n" "${only[@]}" disk remove "$vm" k0 2>/dev/null; do
	id=$(kt_unfinished "${only[@]}")
	if [ -n "$id" ]; then
		kt "${only[@]}" -o json undo "$id" >record
		t_like "remove, killed at sync $n: finished" "$? $(jq -r .status record)" '0 (undone|unchanged)'
		t_ok "remove, killed at sync $n: the guest is as before" wait_for 20 at_rest
	fi
	vm_has_device shared k0 || kt disk add "$vm" file="$PWD/a.img" format=raw id=k0 >/dev/null
	n=$((n + 1))
done
t_ok "remove: $n points were seen" [ "$n" -gt 4 ]
t_is 'and the guest is as before' "$(state)" "$before"
t_is 'nothing is unfinished any more' "$(kt_unfinished "${only[@]}")" ''
t_is 'no lock file is left behind' "$(find /run/kvmtop "${XDG_RUNTIME_DIR:-/nowhere}/kvmtop" -name "*$(vm_pid shared)*" 2>/dev/null)" ''

t_done
