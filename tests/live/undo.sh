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
T_ONLY=(--no-scan -q shared.qmp)	# many calls: other guests of this host have no part in them
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

kt_killed_at_each_sync add 'perhaps left: (block node|device) k0' state disk add "$vm" file="$PWD/a.img" format=raw id=k0
n=1
while kt_killed "$n" "${T_ONLY[@]}" disk remove "$vm" k0 2>/dev/null; do
	id=$(kt_unfinished "${T_ONLY[@]}")
	if [ -n "$id" ]; then
		kt "${T_ONLY[@]}" --timeout 5 -o json undo "$id" >record 2>err
		t_like "remove, killed at sync $n: finished, or not asked for" "$? $(jq -r .status record)" '^(0 (ok|unchanged)|4 timeout)$'
		case $(jq -r .status record) in
		timeout) t_ok "remove, killed at sync $n: what was not asked for is there" vm_has_device shared k0 ;;
		*) t_ok "remove, killed at sync $n: the guest is as before" wait_for 20 at_rest ;;
		esac
	fi
	vm_has_device shared k0 || kt disk add "$vm" file="$PWD/a.img" format=raw id=k0 >/dev/null
	n=$((n + 1))
done
t_ok "remove: $n points were seen" [ "$n" -gt 4 ]
t_is 'and the guest is as before' "$(state)" "$before"
t_is 'nothing is unfinished any more' "$(kt_unfinished "${T_ONLY[@]}")" ''
t_is 'no lock file is left behind' "$(find /run/kvmtop "${XDG_RUNTIME_DIR:-/nowhere}/kvmtop" -name "*$(vm_pid shared)*" 2>/dev/null)" ''

# ---- a journal that somebody else had a hand in

kt -o json disk add "$vm" file="$PWD/a.img" format=raw id=j0 >record
id=$(entry)
journal=$XDG_STATE_HOME/kvmtop/journal file=$XDG_STATE_HOME/kvmtop/journal/$id.json
cp -p "$file" saved
with=$(state)
# WHAT REGEX: neither undo nor whatever is said next does anything. Then all is as it was.
distrusted() {
	kt "${T_ONLY[@]}" -o json undo "$id" >record 2>err
	t_is "$1: refused" "$? $(jq -r .status record)" '5 denied'
	t_like "$1: and why" "$(cat err)" "not to be trusted.*$2"
	kt "${T_ONLY[@]}" -o json undo >record 2>err
	t_is "$1: nor is any other undone in its place" "$? $(jq -r .status record)" '5 denied'
	kt "${T_ONLY[@]}" -d 0 vms >/dev/null 2>err
	t_like "$1: the next one says so" "$(cat err)" "$2"
	t_is "$1: nothing is done" "$(state)" "$with"
	rm -rf "$journal/$id".* "$journal/20200101-"*
	cp -p saved "$file"
}
# COMMAND..: as another user, in the journal, as far as he may.
as_another() { (cd "$journal" && setpriv --reuid 65534 --regid 65534 --clear-groups -- "$@" 2>/dev/null); }
if [ "$(id -u)" = 0 ]; then
	chmod 711 "$journal"
	chmod 666 "$file"
	t_ok 'another user edits an entry' as_another sh -c 'echo " " >>"$1"' - "$id.json"
	distrusted 'edited by another user' 'has mode 0666'
	chown 65534:65534 "$file"
	distrusted "another user's" 'belongs to uid 65534'
	chmod 777 "$journal"
	t_ok 'another user puts an entry in its place' as_another sh -c 'echo "{}" >mine && mv -f mine "$1"' - "$id.json"
	distrusted "another user's directory" 'has mode 0777: others may write it'
	chmod 700 "$journal"
else
	t_skip 'entries of another user' 'needs root'
fi
rm "$file"
ln -s "$PWD/saved" "$file"
distrusted 'a symbolic link' "$id.json is a symbolic link"
ln "$file" hard
distrusted 'a second name' 'has a second name'
rm hard
mv "$journal" aside
ln -s "$PWD/aside" "$journal"
distrusted 'a directory that is a link' 'not a directory itself'
rm "$journal"
mv aside "$journal"
cp -p "$file" "$journal/20200101-000000-0000.json"
id=20200101-000000-0000
distrusted 'an entry under another name' 'is the entry of another name'
id=$(jq -r .id saved)
# FILTER: an entry that is ours, with steps that kvmtop does not write.
edited() {
	jq -c "$1" saved >"$file"
	distrusted "edited: $1" "$id.json"
}
edited '.steps[0].undo[0] = {"op": "qmp", "what": "quit"}'
edited '.steps[0].undo[0] = {"op": "qmp", "what": "human-monitor-command", "args": {"command-line": "quit"}}'
edited '.steps[0] = {"op": "exec", "what": "/bin/true"}'
edited '.steps[0].undo[0] = {"op": "pci-bind", "what": "../../x", "args": {"driver": "x"}}'
edited '.steps[0].undo[0] = {"op": "link-del", "what": "lo"}'
edited '.rest = [{"op": "pass-fd", "what": "x", "args": {"open": "dev", "name": "vhost-net"}}]'
edited '.steps = "none"| .verb = 1'
printf '[%.0s' {1..5000} >"$file"
distrusted 'not JSON' "$id.json"
kt "${T_ONLY[@]}" -o json undo "$id" >record 2>err
t_is 'as it was, it is believed' "$? $(jq -r .status record) $(cat err)" '0 undone '
t_is 'and the guest is as before' "$(state)" "$before"

t_done
