#!/bin/bash
# Twenty processes that look like QEMU and answer at their monitors as they should not, beside twenty guests that do.

. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/screen.sh
. "$ROOT/tests/screen.sh"

GUESTS=20
# Ten of them would occupy a worker for good each: slow, greedy, lying.
KINDS=(slow greedy slow lying trickle slow flood huge string event hungry mute garbage full stopped slow)

# They begin first: a lower pid comes first in the list of guests.
cp "$ROOT/build/tools/hostile_peer" /tmp/qemu-system-x86_64
chmod 755 /tmp/qemu-system-x86_64
for ((i = 0; i < GUESTS; i++)); do
	kind=${KINDS[i % ${#KINDS[@]}]}
	attacker_run /tmp/qemu-system-x86_64 "$kind" -name "$kind-$i" -qmp "unix:$EVIL/$i.qmp,server=on,wait=off"
done
listening() { [ "$(find "$EVIL" -name '*.qmp' | wc -l)" = "$GUESTS" ]; }
t_ok 'twenty hostile peers listen' wait_for 10 listening
for ((i = 0; i < GUESTS; i++)); do
	honest_start "h$i" || exit 1
done

# CMD..: how long it took is in $T_MS.
timed() {
	local began status=0
	began=$(date +%s%3N)
	"$@" || status=$?
	T_MS=$(($(date +%s%3N) - began))
	return "$status"
}

T_HONEST="h[0-9]+-$$"
complete() { [ "$(jq -s "[.[] | select(.vm | test(\"^$T_HONEST\$\")) | select(.state == \"prelaunch\")] | length" <rows)" = "$GUESTS" ]; }
ended() { ! kill -0 "$1" 2>/dev/null; }
timed timeout 30 "$KVMTOP_PLAIN" --batch --no-libvirt -o json -d 0 vms >rows 2>err
t_is 'an overview ends' "$?" 0
echo "# an overview took $T_MS ms"
t_ok 'it has the state of each honest guest' complete
PEER="$(IFS='|'; echo "${KINDS[*]}")"
t_is 'a row for each peer' "$(jq -s "[.[] | select(.vm | test(\"^($PEER)-\"))] | length" rows)" "$GUESTS"

# The screen: looks without end, so all workers meet all peers.
screen s 100 50 "$KVMTOP_BARE --no-libvirt"
prelaunch() { [ "$(shown s | grep -c -E "$T_HONEST.*prelaunch")" = "$GUESTS" ]; }
t_ok 'the screen has all honest guests' wait_for 30 prelaunch
pid=$(pid_of s)
peak() { awk '/^VmHWM/ { print $2 }' "/proc/$pid/status"; }
t_pause 7	# the peers have had their 5 s, and the first of them come again
t_ok "kvmtop stays below 64 MiB: $(peak) KiB" [ "$(peak)" -lt 65536 ]

# A change in the midst of the questions of the look-up before it, and of the screen's.
printf 'vms\ndisk add %s file=h7.conf format=raw readonly=on id=d\n' "$(vm h7)" >script
timed timeout 30 "$KVMTOP_PLAIN" --batch --no-libvirt --timeout 5 -f script >out 2>err
t_is 'a change of an honest guest works' "$? $(grep -v ': warning: ' err)" '0 '
echo "# a look and a change took $T_MS ms"
t_ok 'QEMU has it' vm_has_device h7 d

began=$(date +%s%3N)
keys s q
t_ok 'q leaves' ends s
echo "# leaving took $(($(date +%s%3N) - began)) ms"
t_done
