#!/bin/bash
# Guests are found however their monitor is written, each once; whoever else uses a
# monitor is left alone; no name does anything to the terminal or the JSON.
# qemus: all

. "$(dirname "$0")/../lib.sh"

bare=(-machine q35,accel=tcg -m 16 -S)

# The vms records of our guests: kvmtop sees those of other runs too.
ours() { jq -c --arg mine "-$$" 'select(.vm | endswith($mine))'; }
record() { jq -c --arg vm "$1" 'select(.vm == $vm)' <<<"$rows"; }

# ---- three ways to have a monitor

qemu_start a "${bare[@]}" -qmp unix:a.qmp,server=on,wait=off
qemu_start b "${bare[@]}" -chardev socket,id=m,path=b.qmp,server=on,wait=off -mon chardev=m,mode=control
qemu_start c "${bare[@]}"

kt -d 0.5 -o json vms >rows 2>err
t_is 'vms succeeds' "$?" 0
t_is 'and complains of nothing' "$(cat err)" ''
rows=$(ours <rows)
t_is 'three guests, each once' "$(jq -r .vm <<<"$rows" | sort)" "$(printf '%s\n' "a-$$" "b-$$" "c-$$")"
for name in a b; do
	t_is "$name: QEMU was asked for its state" "$(record "$name-$$" | jq -r .state)" prelaunch
	t_is "$name: nothing to note" "$(record "$name-$$" | jq -c .note)" null
done
t_like 'c: no monitor, and how to have one' "$(record "c-$$" | jq -r .note)" 'none.*-qmp'
t_ok 'c: a CPU figure all the same' jq -e '.cpu_pct >= 0' <<<"$(record "c-$$")"
t_is 'c: but no state' "$(record "c-$$" | jq -c .state)" null
t_is 'the pid is QEMUs' "$(record "a-$$" | jq .pid)" "$(vm_pid a)"
t_is 'the memory it was given' "$(record "a-$$" | jq .mem_bytes)" $((16 << 20))

kt -d 0 -o json queues "a-$$" >rows 2>err
t_is 'without a virtio device: no queues, and no error' "$? $(cat rows err)" '0 '

kt --no-scan -q a.qmp -d 0 -o json vms >rows
t_is 'a socket given by hand is one guest' "$(jq -c '[.vm, .source, .state]' rows)" "[\"a-$$\",\"qmp\",\"prelaunch\"]"
kt -q a.qmp -d 0 -o json vms | ours >rows
t_is 'and once beside the scan' "$(jq -r .vm rows | sort)" "$(printf '%s\n' "a-$$" "b-$$" "c-$$")"

# libvirt asks such a QEMU what it can do, and would find us in its place at the monitor.
qemu_start p -machine none -S -qmp unix:p.qmp,server=on,wait=off
t_is 'a QEMU without a machine is no guest' "$(kt -d 0 -o json vms "$(vm p)" 2>err; echo $?)" 3
vm_kill p

# ---- who is meant

ref=$(record "a-$$" | jq -r .ref)
t_is 'by ref' "$(kt -d 0 -o json vms "$ref" | jq -r .vm)" "a-$$"
t_is 'by pid' "$(kt -d 0 -o json vms "pid:$(vm_pid b)" | jq -r .vm)" "b-$$"
t_is 'by name:' "$(kt -d 0 -o json vms "name:b-$$" | jq -r .vm)" "b-$$"
kt -d 0 vms "a-${$}x" 2>err
t_is 'an unknown guest is exit 3' "$?" 3
t_like 'with the nearest match' "$(cat err)" "did you mean '[abc]-$$'"

# ---- somebody else is in

# NAME: a client on NAME.qmp that stays until it is killed; its pid is $client.
client() {
	setpriv --pdeathsig KILL socat -u "UNIX-CONNECT:$1.qmp" "CREATE:greeting" 2>/dev/null 9>&- &
	client=$!
	t_own "$client"
}

client a
t_ok 'another client has its greeting' wait_for 10 grep -q QMP greeting
rows=$(kt -d 0.3 -o json vms | ours)
t_like 'the note says so' "$(record "a-$$" | jq -r .note)" 'another client'
t_ok 'CPU still shows' jq -e '.cpu_pct >= 0' <<<"$(record "a-$$")"
t_is 'the others are as before' "$(record "b-$$" | jq -r .state)" prelaunch
t_is 'nobody was queued behind it' "$(ss -xl 2>/dev/null | awk '/ a.qmp /{ print $3 }' | sort -u)" 0
kt disk add "a-$$" file=/dev/null format=raw >out 2>err
t_is 'a change has to wait for it: exit 1' "$?" 1
t_like 'and says why' "$(cat err)" 'another client holds'
t_kill "$client"

# A screen stays attached to nothing: who comes while it runs has the place at once.
# SIGINT to the whole loop ends it; it samples ten times a second.
kt_start -d 0.1 -n 100000 -o json vms "b-$$" >watch.json
watcher=$!
t_ok 'kvmtop samples' wait_for 20 grep -q prelaunch watch.json
rm greeting
start=$EPOCHREALTIME
client b
t_ok 'a client that connects meanwhile gets its greeting' wait_for 10 grep -q QMP greeting
t_ok 'within a second' awk -v a="$start" -v b="$EPOCHREALTIME" 'BEGIN { exit !(b - a < 1) }'
t_kill "$client"
t_kill "$watcher"

# The same for a socket that is held because it was given by hand.
kt_start --no-scan -q b.qmp -d 0.1 -n 100000 -o json vms >watch.json
watcher=$!
t_ok 'kvmtop holds a socket given by hand' wait_for 20 grep -q prelaunch watch.json
rm greeting
start=$EPOCHREALTIME
client b
t_ok 'it leaves to a client that waits' wait_for 10 grep -q QMP greeting
t_ok 'within a second' awk -v a="$start" -v b="$EPOCHREALTIME" 'BEGIN { exit !(b - a < 1) }'
t_ok 'and says so' wait_for 10 grep -q 'left to another client' watch.json
t_kill "$client"
t_kill "$watcher"

# ---- sockets that are no monitors

setpriv --pdeathsig KILL socat UNIX-LISTEN:garbage.sock,fork SYSTEM:'echo nonsense; sleep 30' 9>&- &
t_own $!
setpriv --pdeathsig KILL socat UNIX-LISTEN:silent.sock,fork SYSTEM:'sleep 30' 9>&- &
t_own $!
setpriv --pdeathsig KILL socat UNIX-LISTEN:closing.sock,fork SYSTEM:'true' 9>&- &
t_own $!
wait_for 10 test -S garbage.sock -a -S silent.sock -a -S closing.sock
touch file.sock
for s in garbage silent closing file missing; do
	kt -q "$s.sock" -d 0 -o json vms >rows 2>err
	t_is "$s: exit 1" "$?" 1
	t_like "$s: named" "$(cat err)" "$s.sock: "
	t_is "$s: the guests are there" "$(ours <rows | wc -l)" 3
done

# ---- names

hostile=$(printf 'e\033[31m\033]0;x\007\302\233 \377\376,,=k v')
shown=$(printf 'e\033[31m\033]0;x\007\302\233 \357\277\275\357\277\275,=k v')
controls() { tr -d '\n' | LC_ALL=C grep -c -P '[\x00-\x1f\x7f]|\xc2[\x80-\x9f]'; }
qemu_start h "${bare[@]}" -name "$hostile" -qmp unix:h.qmp,server=on,wait=off
kt -d 0 -o json vms "pid:$(vm_pid h)" >row
t_ok 'a hostile name is valid JSON' jq -e . row
t_is 'and whole in it' "$(jq -r .vm row)" "$shown"
t_is 'the JSON holds no control character' "$(controls <row)" 0
ref=$(jq -r .ref row)
t_is 'ref selects it' "$(kt -d 0 -o json vms "$ref" | jq -r .pid)" "$(vm_pid h)"
t_is 'its name selects it' "$(kt -d 0 -o json vms "$shown" | jq -r .pid)" "$(vm_pid h)"
for format in table csv; do
	kt -d 0 -o "$format" vms >out
	t_is "$format: no control character" "$(controls <out)" 0
	t_ok "$format: valid UTF-8" iconv -f UTF-8 -t UTF-16 -o /dev/null out
done
kt disk remove "$ref" nodisk >out 2>err
t_is 'an error about it: exit 3' "$?" 3
t_is 'holds no control character' "$(cat out err | controls)" 0

# ---- options, fields, filters

kt -d 0 vmz 2>err
t_is 'an unknown verb is exit 2' "$?" 2
t_like 'with the nearest match' "$(cat err)" "did you mean 'vms'"
kt -d 0 -F cpu_pc vms 2>err
t_is 'an unknown field is exit 2' "$?" 2
t_like 'with the nearest match' "$(cat err)" "did you mean 'cpu_pct'"
kt --filter 'pid=' vms 2>err
t_is 'a bad filter is exit 2' "$?" 2
kt --fliter x vms 2>err
t_is 'an unknown option is exit 2' "$?" 2
t_like 'with the nearest match' "$(cat err)" "did you mean '--filter'"
t_is 'a filter keeps what it says' "$(kt -d 0 -o json --filter "vm ~ -$$\$ && state=null && note ~ -qmp" vms | jq -r .vm)" "c-$$"
t_is 'sorted, the other way round' 	"$(kt -d 0 -o csv -s -vm --filter "vm ~ ^[abc]-$$\$" -F vm vms | tail -n +2 | cut -d, -f2 | tr '
' ' ')" 	"c-$$ b-$$ a-$$ "
t_is 'rates without a wait are unknown' "$(kt -d 0 -o json -F cpu_pct vms "a-$$" | jq -c .cpu_pct)" null
t_is 'as many samples as asked for' "$(kt -d 0.1 -n 3 -o json vms "a-$$" | wc -l)" 3
t_is 'the tables agree with themselves' "$(kt self-test)" ''

t_done
