#!/bin/bash
# Two kvmtops at one guest, and kvmtop interrupted in the middle of a change.

. "$(dirname "$0")/../lib.sh"

bare=(-machine q35,accel=tcg -m 32)
for i in 1 2 3 4; do bare+=(-device "pcie-root-port,id=rp$i,chassis=$i"); done
truncate -s 1M a.img b.img
qemu_start g "${bare[@]}" -qmp unix:g.qmp,server=on,wait=off
vm=$(vm g)
before=$(vm_block_nodes g)

# ---- two at once

kt_start -o json --timeout 3 disk add "$vm" file=a.img format=raw id=a >first
first=$!
t_ok 'the first has plugged its disk, and waits for the guest' wait_for 20 vm_has_device g a
kt -o json --timeout 0.2 disk add "$vm" file=b.img format=raw id=b >second 2>err
t_is 'a second one that cannot wait: exit 1' "$?" 1
t_like 'says who is at it' "$(cat err)" "another change is under way.*disk add by process [0-9]+"
t_is 'and has left nothing' "$(jq -c .left second) $(vm_block_nodes g | grep -c b-node)" '[] 0'
kt_start -o json --timeout 30 disk add "$vm" file=b.img format=raw id=b wait=guest >second 2>err
second=$!
wait "$first"
t_is 'the first ends as if it were alone' "$? $(jq -r .status first)" '0 ok'
t_ok 'the second has waited for its turn' wait_for 30 vm_has_device g b
kill -TERM "$second"
wait "$second"
t_is 'interrupted, it is partly done: the guest does not answer' "$? $(jq -r .status second)" '6 partial'
qmp_ask g '{"execute":"system_reset"}' >/dev/null
t_is 'no lock file is left behind' "$(find /run/kvmtop "${XDG_RUNTIME_DIR:-/nowhere}/kvmtop" -name "*$(vm_pid g)*" 2>/dev/null)" ''

# ---- interrupted in the middle

# The unit tests interrupt every step; here are the two that last: the guest is in firmware and answers nothing.
entry() { grep -l "\"verb\":\"disk $verb\".*\"device\":\"$1\"" "$XDG_STATE_HOME"/kvmtop/journal/*.json; }
verb=add
# ID STEP: the journal says that STEP is under way.
waits() { jq -e --argjson n "$2" '.status == "running" and ([.steps[] | select(.status == "ok")] | length) == $n' "$(entry "$1")"; }
vm_kill g
qemu_start s "${bare[@]}" -qmp unix:s.qmp,server=on,wait=off
nodes=$(vm_block_nodes s)
lets_go() {
	qmp_ask s '{"execute":"system_reset"}' >/dev/null
	wait_for 30 vm_lacks_device s "$1"
}
# By the next kvmtop, or one of those after it: where QEMU is too busy to answer, it is put off again.
finished() {
	kt -d 0 vms "$(vm s)" >/dev/null
	[ "$(vm_block_nodes s)" = "$nodes" ]
}
n=0
for signal in HUP INT TERM; do
	n=$((n + 1))
	kt_start -o json disk add "$(vm s)" file=a.img format=raw id="d$n" >record 2>err
	adding=$!
	t_ok "$signal: kvmtop waits for the driver" wait_for 20 waits "d$n" 2
	kill -TSTP "$adding"
	kill -"$signal" "$adding"
	t_ok "$signal: the change is told before the stop takes effect" wait_for 60 grep -q status record
	kill -CONT "$adding"
	wait "$adding"
	t_is "$signal: what could not be taken back makes it partly done" "$? $(jq -r .status record)" '6 partial'
	t_is "$signal: it is named" "$(jq -c '[.left[] | split(" ")[0:3] | join(" ")]' record)" "[\"device d$n\",\"block node d$n-node\"]"
	t_like "$signal: and said" "$(cat err)" 'interrupted'
	t_is "$signal: the journal has the rest" "$(jq -r '[.rest[].op] | join(" ")' "$(entry "d$n")")" 'await-gone qmp'
	lets_go "d$n"
	t_ok "$signal: the next kvmtop finishes it" wait_for 30 finished
done
kt --timeout 0.1 disk add "$(vm s)" file=a.img format=raw id=r >/dev/null
kt_start -o json disk remove "$(vm s)" r >record 2>err
removing=$!
verb=remove
t_ok 'a removal waits for the guest' wait_for 20 waits r 1
kill -HUP "$removing"
wait "$removing"
t_is 'interrupted, it is pending' "$? $(jq -r .status record)" '4 timeout'
t_like 'and says what is left' "$(jq -r '.left | join("; ")' record)" 'device r.*; block node r-node'

# ---- the terminal goes away under the screen, in the middle of a change

lets_go r
wait_for 30 finished
screen=(tmux -L "kt-$$")
shows() { "${screen[@]}" capture-pane -p | grep -q -e "$1"; }
"${screen[@]}" -f /dev/null new-session -d -x 100 -y 30 "exec '$KVMTOP_PLAIN' --no-libvirt --no-scan -q '$PWD/s.qmp'" 9>&-
wait_for 20 shows "$(vm s)"
"${screen[@]}" send-keys F7
wait_for 20 shows 'd  disk add'
"${screen[@]}" send-keys d
wait_for 20 shows 'file: The image'
"${screen[@]}" send-keys "$PWD/a.img" Tab r
wait_for 20 shows 'format=raw'
"${screen[@]}" send-keys Enter
wait_for 20 shows 'these steps will be run'
"${screen[@]}" send-keys y
t_ok 'the screen plugs a disk' wait_for 20 vm_has_device s kt-disk0
pid=$("${screen[@]}" display-message -p '#{pane_pid}')
"${screen[@]}" kill-server
ended() { ! kill -0 "$pid" 2>/dev/null; }
t_ok 'its terminal is gone: it ends' wait_for 60 ended
verb=add
t_is 'and the journal says what became of the change' "$(jq -r '[.status, .left[0], .rest[0].op] | join("; ")' "$(entry kt-disk0)")" \
	'partial; device kt-disk0; await-gone'
lets_go kt-disk0
t_ok 'the next kvmtop finishes it' wait_for 30 finished

t_is 'no lock file is left behind' "$(find /run/kvmtop "${XDG_RUNTIME_DIR:-/nowhere}/kvmtop" -name "*$(vm_pid s)*" 2>/dev/null)" ''

t_done
