#!/bin/bash
# The command lines of command-lines.txt, as documentation, other managers and their test data have them, started without running:
# each is found, with its monitor, its memory, vCPUs, disks and NICs as QEMU tells them over a monitor of the test's own. What kvmtop
# cannot know of one is told at the end, and why.
# qemus: all
. "$(dirname "$0")/../net.sh"
. "$(dirname "$0")/../lib.sh"

lines=$ROOT/tests/field/command-lines.txt
BATCH=17
declare -a unknown=()

[ "$KT_OWN_NET" = yes ] || t_skip 'those with a tap' 'no tap can be made here'

# What each guest finds in its directory.
mkdir proto proto/empty
truncate -s 4M proto/a.raw proto/b.raw
truncate -s 8M proto/n.img
truncate -s 64K proto/c.iso
qemu-img create -q -f qcow2 proto/q.qcow2 4M
(cd proto && qemu-img create -q -f qcow2 -b a.raw -F raw ov.qcow2)
printf '[chardev "ask"]\nbackend = "socket"\npath = "x.ask"\nserver = "on"\nwait = "off"\n[mon "ask"]\nmode = "control"\nchardev = "ask"\n' >proto/ask.conf
printf '[chardev "m"]\nbackend = "socket"\npath = "m"\nserver = "on"\nwait = "off"\n[mon "m"]\nmode = "control"\nchardev = "m"\n' >proto/mon.conf
{ cat proto/mon.conf; printf '[machine]\ntype = "q35"\n[memory]\nsize = "64M"\n[smp-opts]\ncpus = "2"\nmaxcpus = "4"\n'; } >proto/all.conf
printf '[drive "d"]\nfile = "a.raw"\nformat = "raw"\nif = "none"\n[device "v"]\ndriver = "virtio-blk-pci"\ndrive = "d"\n[netdev "n"]\ntype = "user"\n[device "e"]\ndriver = "e1000e"\nnetdev = "n"\nmac = "52:54:00:aa:0a:01"\n[memory]\nsize = "96M"\n' >proto/more.conf

# NUMBER OPTIONS: starts one in gNUMBER.
start() {
	local N args
	printf -v N %02x "$1"
	eval "args=($2)"
	cp -r --sparse=always proto "g$1"
	(cd "g$1" && exec setpriv --pdeathsig KILL -- setsid -- "$QEMU" -display none -S -readconfig <(cat ask.conf) "${args[@]}") </dev/null \
		>"g$1/err" 2>&1 9>&- &
	t_own "$!"
	printf '%s\n' "$!" >"g$1/x.pid"
}
is_up() { qemu_answers "g$1/x"; }

# Facts of QEMU, one a line, and the same of kvmtop's rows; files by their last part, as they may be relative to QEMU's directory.
LEAF='def leaf: if type == "object" then (if .filename then .filename elif .file then (.file | leaf) else .driver end) elif type == "string" and startswith("json:") then
	(ltrimstr("json:") | fromjson | leaf) else . end;'
facts() {
	local x=g$1/x
	printf 'state %s\n' "$(qmp_ask "$x" '{"execute":"query-status"}' | jq -r .status)"
	printf 'memory %s\n' "$(qmp_ask "$x" '{"execute":"query-memory-size-summary"}' | jq '."base-memory" + (."plugged-memory" // 0)')"
	printf 'vcpus %s\n' "$(qmp_ask "$x" '{"execute":"query-cpus-fast"}' | jq length)"
	printf 'disks %s\n' "$(qmp_ask "$x" '{"execute":"query-block"}' |
		jq -r "$LEAF"' [.[] | select(.inserted) | .inserted.file | leaf | sub(".*/"; "")] | sort | join(",")')"
	printf 'nics %s\n' "$(qmp_ask "$x" '{"execute":"human-monitor-command","arguments":{"command-line":"info network"}}' |
		grep -o 'macaddr=[0-9a-f:]*' | sort | cut -d= -f2 | paste -sd ,)"
}
told() {
	local pid
	read -r pid <"g$1/x.pid"
	printf 'state %s\n' "$(jq -r "select(.pid == $pid) | .state" vms)"
	printf 'memory %s\n' "$(jq -r "select(.pid == $pid) | .mem_bytes" vms)"
	jq -r --arg ref "pid:$pid@" -n '[inputs | select(.ref | startswith($ref))] | "vcpus \(length)"' vcpus
	jq -r --arg ref "pid:$pid@" -n '[inputs | select(.ref | startswith($ref)) | .file // empty | sub(".*/"; "")] | "disks " + (sort | join(","))' disks
	jq -r --arg ref "pid:$pid@" -n '[inputs | select(.ref | startswith($ref)) | .mac // empty] | "nics " + (sort | join(","))' nics
}

# NUMBER FAMILY MARKS OPTIONS: compares.
check() {
	local name="$2: ${4:0:110}" pid mark what
	read -r pid <"g$1/x.pid"
	if ! is_up "$1" || ! vm_alive "g$1/x"; then
		if grep -q 'invalid option\|does not support\|unsupported machine\|is not a valid device'  "g$1/err"; then
			printf '# this QEMU does not take it: %s: %s\n' "$name" "$(head -n 1 "g$1/err")"
		else
			t_fail "$name" "it did not start: $(cat "g$1/err")"
		fi
		return
	fi
	told "$1" >"g$1/told"
	what=$(diff "g$1/facts" "g$1/told" | sed -n 's/^[<>]/&/p')
	mark=${3%%:*}
	case $what in
	'') t_pass "$name"; return ;;
	esac
	unknown+=("$2: $(jq -r "select(.pid == $pid) | .note // \"-\"" vms)")
	case $mark in
	-) t_fail "$name" "$what" ;;
	monitor)	# that cannot be asked; what is told of memory all the same must not be untrue, and why it is not asked is said
		if ! grep -qx 'memory null' "g$1/told" && [ "$(grep ^memory "g$1/told")" != "$(grep ^memory "g$1/facts")" ]; then
			t_fail "$name" "$what"
		elif [ -z "$(jq -r "select(.pid == $pid) | .note // empty" vms)" ]; then
			t_fail "$name" "no note says why: $what"
		else
			t_pass "$name, but for the $3"
		fi ;;
	wrong) printf '# known to be wrong (%s): %s\n' "${3#*: }" "$name" ;;
	*)
		if [ "$(diff <(grep -v "^$mark " "g$1/facts") <(grep -v "^$mark " "g$1/told"))" = '' ]; then
			t_pass "$name, but for the $3"
		else
			t_fail "$name" "$what"
		fi ;;
	esac
}

# FIRST..: those of one batch, whose lines are in the arrays; each table is asked for once.
family=() marks=() options=()
batch() {
	local i table
	for i in "$@"; do start "$i" "${options[i]}"; done
	for i in "$@"; do wait_for "$T_BOOT" is_up "$i"; done
	for i in "$@"; do facts "$i" >"g$i/facts" 2>/dev/null & done
	for table in vms vcpus disks nics; do ktp -o json -d 0 --timeout 20 "$table" >"$table"; done
	for i in "$@"; do wait_for 30 have_facts "$i"; done
	for i in "$@"; do check "$i" "${family[i]}" "${marks[i]}" "${options[i]}"; done
	for i in "$@"; do t_kill "$(cat "g$i/x.pid")"; rm -r "g$i"; done
}
have_facts() { grep -q '^nics' "g$1/facts" || ! vm_alive "g$1/x"; }

n=0
while IFS=$'\t' read -r f m o; do
	case $f in '#'* | '') continue ;; esac
	[ "$KT_OWN_NET" = yes ] || case $o in *tap*) continue ;; esac
	family[n]=$f marks[n]=$m options[n]=$o
	n=$((n + 1))
done <"$lines"
for ((i = 0; i < n; i += BATCH)); do
	# shellcheck disable=SC2046
	batch $(seq "$i" $((i + BATCH < n ? i + BATCH - 1 : n - 1)))
done
printf '# not all is known of:\n'
[ "${#unknown[@]}" = 0 ] || printf '#   %s\n' "${unknown[@]}" | sort | uniq -c | sed 's/^/#/'
t_done
