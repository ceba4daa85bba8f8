# shellcheck shell=bash
# What the live tests share: TAP, waiting, a scratch directory, QEMU processes and
# booted guests, questions to them. Source it first, and end the test with t_done:
#
#	. "$(dirname "$0")/../lib.sh"
#	guest_start g
#	t_ok 'the disk is there' wait_for 20 guest_has_block g vda
#	t_done
#
# A test runs in a scratch directory of its own, and everything of a guest NAME is
# there under a short relative name (a socket's path holds 107 bytes, however deep the
# checkout is): NAME.qmp for kvmtop, NAME.ask for qmp_ask, NAME.cmd for guest_cmd,
# NAME.log its console, NAME.err QEMU's stderr, NAME.img the disk, NAME.pid, NAME.name.
#
# Whatever is started dies with the test: by the trap, or by the kernel when the test
# itself is killed. So start things in the test's own shell, never in $(..) or a pipe.

set -u
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
QEMU=${QEMU:-qemu-system-x86_64}
KVMTOP=${KVMTOP:-$ROOT/build/asan/kvmtop}	# kt
KVMTOP_PLAIN=${KVMTOP_PLAIN:-$ROOT/build/kvmtop}	# ktp
KVMTOP_BARE=${KVMTOP_BARE:-$ROOT/build/kvmtop}	# never with a sanitizer: where files, memory or threads are counted
T_BOOT=${T_BOOT:-90}	# a guest boots in 5 to 9 s under TCG
T_ASK=10		# a QMP answer takes 10 ms, or as long as the command does

mkdir -p "$ROOT/build/tmp"
# What a killed test left behind: the names begin with the pid.
for T_DEAD in "$ROOT"/build/tmp/[0-9]*.*; do
	T_OWNER=${T_DEAD##*/}
	[ -e "/proc/${T_OWNER%%.*}" ] || rm -rf "$T_DEAD"
done
T_DIR=${T_DIR:-$(mktemp -d "$ROOT/build/tmp/$$.XXX")}
T_PIDS=()
T_N=0
T_BAD=0
# The test's own files and those of the programs it runs stay in there too.
export TMPDIR=$T_DIR HOME=$T_DIR/home XDG_STATE_HOME=$T_DIR/state XDG_CONFIG_HOME=$T_DIR/config
export LC_ALL=C.UTF-8
mkdir "$HOME" "$XDG_STATE_HOME" "$XDG_CONFIG_HOME"
# Reading from it is a sleep that needs no process: in the nested host one costs more than what is waited for.
exec {T_NEVER}<> <(:)
cd "$T_DIR" || exit 1

# ---- the end

# Kills what was started and waits for it, so that nothing of a test outlives it.
# SIGKILL: a stopped or hung QEMU hears nothing else, and its files go away anyway.
t_cleanup() {
	local status=$? own

	trap - EXIT INT TERM HUP
	! declare -F t_leave >/dev/null || t_leave	# a test's own, which takes back what it did to the host
	libvirt_stop
	for own in "${T_PIDS[@]+"${T_PIDS[@]}"}"; do
		kill -KILL "$own" 2>/dev/null
		wait "$own" 2>/dev/null
	done
	cd "$ROOT" && rm -rf "$T_DIR"
	exit "$status"
}
# shellcheck source=tests/libvirt.sh
. "$ROOT/tests/libvirt.sh"
# shellcheck source=tests/numbers.sh
. "$ROOT/tests/numbers.sh"
trap t_cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
trap 'exit 129' HUP

# Remembers a process for the end: t_own "$!".
t_own() { T_PIDS+=("$1"); }

# Kills a process of ours now, and waits until it is gone.
t_kill() {
	kill -KILL "$1" 2>/dev/null
	wait "$1" 2>/dev/null
	return 0
}

# ---- TAP

# Prints the verdict on NAME; the lines after it are why.
t_pass() { T_N=$((T_N + 1)); printf 'ok %d - %s\n' "$T_N" "$1"; }
t_fail() {
	T_N=$((T_N + 1))
	T_BAD=$((T_BAD + 1))
	printf 'not ok %d - %s\n' "$T_N" "$1"
	shift
	[ $# = 0 ] || printf '%s\n' "$@" | sed 's/^/# /'
	vm_lost >"$T_DIR/lost"	# in this shell, which alone can wait for its children
	sed 's/^/# /' "$T_DIR/lost"
}
t_skip() { T_N=$((T_N + 1)); printf 'ok %d - %s # SKIP %s\n' "$T_N" "$1" "$2"; }

# NAME CMD..: the command succeeds. What it printed is shown when it does not.
t_ok() {
	local name=$1 status=0
	shift
	"$@" >"$T_DIR/t_ok.out" 2>&1 || status=$?
	if [ "$status" = 0 ]; then
		t_pass "$name"
	else
		t_fail "$name" "status $status: $*" "$(tail -n 40 "$T_DIR/t_ok.out")"
		return 1
	fi
}

# NAME GOT WANT: the same text.
t_is() {
	if [ "$2" = "$3" ]; then
		t_pass "$1"
	else
		t_fail "$1" "got:  $2" "want: $3"
		return 1
	fi
}

# NAME GOT REGEX: an extended regular expression, anywhere in the text.
t_like() {
	if [[ $2 =~ $3 ]]; then
		t_pass "$1"
	else
		t_fail "$1" "got:  $2" "want: /$3/"
		return 1
	fi
}

# The plan and the exit status. A test that ends without it counts as failed.
t_done() {
	printf '1..%d\n' "$T_N"
	[ "$T_BAD" = 0 ]
	exit
}

# jq 1.6 takes no input at all for a yes: with -e first, a question wants an answer.
jq() {
	local out status=0

	[ "${1:-}" = -e ] || { command jq "$@"; return; }
	out=$(command jq "$@") || status=$?
	[ -n "$out" ] || return 4
	printf '%s\n' "$out"
	return "$status"
}

# ---- waiting

# SECONDS CMD..: runs CMD until it succeeds, or fails after SECONDS.
wait_for() {
	local end=$((SECONDS + $1 + 1))
	shift
	until "$@"; do
		[ "$SECONDS" -lt "$end" ] || return 1
		t_pause 0.05
	done
}

t_pause() { ! read -r -t "$1" -u "$T_NEVER"; }

# ---- QEMU

# NAME -> the name QEMU was given. It holds our pid: two runs of the tests may share a
# host, and kvmtop sees the guests of both.
vm() { local name; read -r name <"$1.name" && echo "$name"; }

# NAME -> the pid of its QEMU.
vm_pid() { local pid; read -r pid <"$1.pid" && echo "$pid"; }

# NAME: is its QEMU alive?
vm_alive() { local pid; read -r pid <"$1.pid" && kill -0 "$pid" 2>/dev/null; }

# NAME: kills its QEMU the hard way.
vm_kill() { : >"$1.killed"; t_kill "$(vm_pid "$1")"; }

# QEMUs that have died, and not by vm_kill: what they said, once.
vm_lost() {
	local f name
	for f in *.pid; do
		name=${f%.pid}
		[ -e "$name.err" ] && ! vm_alive "$name" && [ ! -e "$name.killed" ] || continue
		printf 'the QEMU of %s is gone. %s\n' "$name" "$(tail -n 5 "$name.err")"
		: >"$name.killed"
	done
	libvirt_lost
}

# NAME QEMU-ARG..: starts QEMU with these and nothing else but a name, no default
# devices, no display, and the monitor NAME.ask. That one comes through a pipe, which no
# other process can read again: kvmtop is not to find the test's own monitor.
qemu_start() {
	local name=$1 pid
	shift
	rm -f "$name.ask" "$name.qmp" "$name.cmd" "$name.killed"
	printf '[chardev "ask"]\nbackend = "socket"\npath = "%s.ask"\nserver = "on"\nwait = "off"\n' \
		"$name" >"$name.conf"
	printf '[mon "ask"]\nmode = "control"\nchardev = "ask"\n' >>"$name.conf"
	# The kernel kills QEMU when this shell is gone, even by SIGKILL. In a session of its
	# own, no key typed at our terminal is a signal to it.
	setpriv --pdeathsig KILL -- setsid -- "$QEMU" -name "$name-$$" -nodefaults -display none \
		-readconfig <(cat "$name.conf") "$@" </dev/null >"$name.err" 2>&1 9>&- &
	pid=$!
	t_own "$pid"
	printf '%s\n' "$name-$$" >"$name.name"
	printf '%s\n' "$pid" >"$name.pid"
	if ! wait_for "$T_ASK" qemu_answers "$name"; then
		printf 'QEMU %s did not start: %s\n' "$name" "$(cat "$name.err")" >&2
		return 1
	fi
}
# NAME QEMU-ARG..: one that is not run, without NAME.ask: the file that has it cannot be read again, so of the guests of
# qemu_start kvmtop cannot know all from the command line.
qemu_alone() {
	local name=$1
	shift
	setpriv --pdeathsig KILL -- "$QEMU" -name "$name-$$" -nodefaults -display none -S -pidfile "$name.up" "$@" \
		</dev/null >"$name.err" 2>&1 9>&- &
	t_own "$!"
	printf '%s\n' "$!" >"$name.pid"
	printf '%s\n' "$name-$$" >"$name.name"
	wait_for "$T_ASK" test -s "$name.up"
}
qemu_answers() {
	vm_alive "$1" || return 0	# dead: no use waiting
	[ -S "$1.ask" ] && qmp_ask "$1" '{"execute":"query-status"}' >/dev/null 2>&1
}

# NAME COMMAND -> the return value, as JSON on one line; an error goes to stderr, exit 1.
# Each question is a connection of its own: monitor state (capabilities, fds) is not kept.
qmp_ask() (
	coproc SOCK { exec socat - "UNIX-CONNECT:$1.ask" 2>/dev/null; }
	exec 7<&"${SOCK[0]}" 8>&"${SOCK[1]}"
	trap '' PIPE
	pid=$SOCK_PID
	# SIGKILL: of a SIGTERM that comes at the wrong time socat takes no notice
	trap 'kill -KILL "$pid" 2>/dev/null; wait "$pid" 2>/dev/null' EXIT
	printf '{"execute":"qmp_capabilities"}\n%s, "id": "kt"}\n' "${2%\}}" >&8
	end=$((SECONDS + T_ASK))
	while [ "$SECONDS" -le "$end" ] && read -r -t "$T_ASK" line <&7; do
		line=${line%$'\r'}
		case $line in
		'{"return": '*', "id": "kt"}')
			line=${line#'{"return": '}
			printf '%s\n' "${line%', "id": "kt"}'}"
			exit 0 ;;
		*'"id": "kt"'*)
			printf '%s\n' "$line" >&2
			exit 1 ;;
		esac
	done
	printf 'qmp_ask %s: no answer to %s\n' "$1" "$2" >&2
	exit 1
)

# NAME LINE -> the output of an HMP command.
hmp_ask() {
	qmp_ask "$1" "$(jq -n -c --arg l "$2" \
		'{execute: "human-monitor-command", arguments: {"command-line": $l}}')" | jq -r .
}

# NAME ID: has QEMU a device of this id?
vm_has_device() {
	qmp_ask "$1" '{"execute":"qom-list","arguments":{"path":"/machine/peripheral"}}' |
		jq -e --arg id "$2" 'any(.[]; .name == $id)' >/dev/null
}
vm_lacks_device() { ! vm_has_device "$@"; }

# NAME -> the sorted names of its block nodes, one a line.
vm_block_nodes() {
	qmp_ask "$1" '{"execute":"query-named-block-nodes"}' | jq -r '.[]."node-name"' | sort
}

# NAME -> everything that can be added to it and left behind, one a line: devices, objects, block nodes, netdevs, chardevs,
# sets of descriptors, memory devices, places for vCPUs.
vm_things() {
	local path
	for path in /machine/peripheral /objects; do
		qmp_ask "$1" "{\"execute\":\"qom-list\",\"arguments\":{\"path\":\"$path\"}}" | jq -r --arg p "$path" '.[] | "\($p)/\(.name)"'
	done | sort
	qmp_ask "$1" '{"execute":"query-named-block-nodes","arguments":{"flat":true}}' | jq -r '.[] | "node \(."node-name")"' | sort
	hmp_ask "$1" 'info network' | tr -d '\r' | sed -n 's/^\( \\ \)\{0,1\}\([^:]*\): index=0,.*/netdev \2/p' | sort
	qmp_ask "$1" '{"execute":"query-chardev"}' | jq -r '.[] | "chardev \(.label)"' | sort
	qmp_ask "$1" '{"execute":"query-fdsets"}' | jq -c .
	qmp_ask "$1" '{"execute":"query-memory-devices"}'
	qmp_ask "$1" '{"execute":"query-hotpluggable-cpus"}' 2>/dev/null | jq -c '.[] | {props, "qom-path"}'
}

# NAME -> what its QEMU holds open: how many of each, one kind a line.
vm_descriptors() {
	find "/proc/$(vm_pid "$1")/fd" -type l -printf '%l\n' | sed 's/:\[[0-9]*\]$//' | sort | uniq -c
}

# ---- booted guests

# kvm where an ordinary guest can run on it, else tcg. /dev/kvm alone proves nothing:
# a host without the CPU flag may offer one that aborts QEMU.
guest_accel() {
	if [ -z "${T_ACCEL:-}" ]; then
		T_ACCEL=tcg
		if grep -q -w -E -m 1 'vmx|svm' /proc/cpuinfo && [ -r /dev/kvm ] && [ -w /dev/kvm ]; then
			T_ACCEL=kvm
		fi
	fi
}

# The kernel tests neither its ciphers nor its page tables nor whether there is a timer: without KVM that takes a second.
T_CMDLINE='console=ttyS0 quiet panic=1 nokaslr mitigations=off cryptomgr.notests rodata=off no_timer_check'

# NAME QEMU-ARG..: starts the Linux guest, does not wait for it. One CPU of 4, 256 MiB of
# 2 GiB, free ports rp1..rp4, the disk vda with IOThread io0, the NIC nic0. What its kernel
# is told besides: GUEST_APPEND, such as kt.load=disk. GUEST_MACHINE=pc is an i440fx, on
# which every slot of pci.0 takes a device, and there are no ports.
guest_boot() {
	local name=$1 i guest_ports
	shift
	guest_accel
	"$ROOT/tests/guest/build" || return 1
	[ -e "$name.img" ] || truncate -s 64M "$name.img"
	rm -f "$name.log"
	guest_ports=()
	for i in 1 2 3 4; do
		[ "${GUEST_MACHINE:-q35}" != q35 ] || guest_ports+=(-device "pcie-root-port,id=rp$i,chassis=$i,slot=$i")
	done
	qemu_start "$name" -machine "${GUEST_MACHINE:-q35},accel=$T_ACCEL" -smp 1,maxcpus=4 -m 256,slots=4,maxmem=2G \
		-kernel "$ROOT/build/guest/vmlinuz" -initrd "$ROOT/build/guest/initrd.gz" \
		-append "$T_CMDLINE ${GUEST_APPEND:-}" \
		-chardev "file,id=log,path=$name.log" -serial chardev:log \
		-chardev "socket,id=cmd,path=$name.cmd,server=on,wait=off" -serial chardev:cmd \
		-qmp "unix:$name.qmp,server=on,wait=off" \
		"${guest_ports[@]+"${guest_ports[@]}"}" \
		-object iothread,id=io0 \
		-blockdev "driver=file,node-name=vda-file,filename=$name.img" \
		-blockdev driver=raw,node-name=vda,file=vda-file \
		-device virtio-blk-pci,id=disk0,drive=vda,iothread=io0,serial=kt-vda \
		-netdev user,id=net0 -device virtio-net-pci,id=nic0,netdev=net0,romfile= \
		"$@"
}

# NAME: waits until the guest is up, that is, has said its first GUEST line.
guest_up() {
	wait_for "$T_BOOT" guest_said_something "$1" && vm_alive "$1" && [ -n "$(guest_line "$1")" ]
}
guest_said_something() { ! vm_alive "$1" || [ -n "$(guest_line "$1")" ]; }

# NAME QEMU-ARG..: boots the guest and waits until it is up.
guest_start() {
	guest_boot "$@" && guest_up "$1" && return 0
	vm_kill "$1"
	if [ "$T_ACCEL" = kvm ]; then
		printf 'the guest does not run on KVM here: trying TCG\n' >&2
		export T_ACCEL=tcg
		guest_boot "$@" && guest_up "$1" && return 0
	fi
	printf 'the guest %s did not boot: %s\n' "$1" "$(tail -n 20 "$1.log" "$1.err")" >&2
	return 1
}

# One guest, by the name of "shared", for all tests that leave it as they found it.
# tests/run boots it and kills it; a test that is run alone boots its own.
guest_shared() {
	local f
	if [ -z "${KT_SHARED:-}" ]; then
		GUEST_APPEND=kt.load=disk guest_start shared
		return
	fi
	for f in qmp ask cmd cmdlock log err img pid name; do
		ln -sf "../${KT_SHARED##*/}/shared.$f" .
	done
	wait_for "$T_BOOT" test -s shared.pid && guest_up shared
}

# NAME -> the last whole GUEST line on its console.
guest_line() {
	local lines i
	mapfile -t lines 2>/dev/null <"$1.log" || return
	for ((i = ${#lines[@]} - 1; i >= 0; i--)); do
		case ${lines[i]} in
		'GUEST '*' net='*$'\r') printf '%s\n' "${lines[i]%?}"; return ;;
		esac
	done
}

# NAME KEY -> a value of the last GUEST line: cpus, mem_kb, block, disk, net, n.
guest_get() {
	local line
	line=" $(guest_line "$1") "
	case $line in *" $2="*) ;; *) return ;; esac
	line=${line#*" $2="}
	printf '%s\n' "${line%%' '*}"
}

# NAME DISK, NAME NIC: does the guest see it?
guest_has_block() { case ,$(guest_get "$1" block), in *",$2,"*) ;; *) return 1 ;; esac; }
guest_lacks_block() { ! guest_has_block "$@"; }
guest_has_nic() { case ,$(guest_get "$1" net), in *",$2,"*) ;; *) return 1 ;; esac; }
guest_has_serial() { case "$(guest_get "$1" disk)," in *":$2,"*) ;; *) return 1 ;; esac; }
guest_has_cpus() { [ "$(guest_get "$1" cpus)" = "$2" ]; }

# NAME LINE: runs LINE in the guest's shell; its output and exit status. Waits T_BOOT
# seconds at most. A line that is to go on by itself ends in " >/dev/null 2>&1 &".
guest_cmd() (
	token=$$.$BASHPID.$RANDOM
	exec 6>>"$1.cmdlock"
	flock 6
	coproc SOCK { exec socat - "UNIX-CONNECT:$1.cmd" 2>/dev/null 6>&-; }
	exec 7<&"${SOCK[0]}" 8>&"${SOCK[1]}"
	pid=$SOCK_PID
	# SIGKILL: of a SIGTERM that comes at the wrong time socat takes no notice
	trap 'kill -KILL "$pid" 2>/dev/null; wait "$pid" 2>/dev/null' EXIT
	trap '' PIPE
	printf '%s %s\n' "$token" "$2" >&8
	end=$((SECONDS + T_BOOT)) mine=
	while [ "$SECONDS" -le "$end" ] && IFS= read -r -t "$T_BOOT" line <&7; do
		line=${line%$'\r'}
		case $line in
		*"KT-BEGIN $token") mine=1 ;;
		*"KT-END $token "*)
			# Output that ends without a newline stands before the mark.
			printf '%s' "${line%%KT-END "$token" *}"
			exit "${line##*KT-END "$token" }" ;;
		*) [ -z "$mine" ] || printf '%s\n' "$line" ;;
		esac
	done
	printf 'guest_cmd %s: no answer to %s\n' "$1" "$2" >&2
	exit 124
)

# ---- kvmtop

# The batch mode, without libvirt: the build with the sanitizers, and the plain one.
T_KT=(--batch --no-libvirt)
kt() { "$KVMTOP" "${T_KT[@]}" "$@"; }
ktp() { "$KVMTOP_PLAIN" "${T_KT[@]}" "$@"; }

# N [OPTION..] VERB ..: strace kills kvmtop at the N-th sync of its journal: before an entry is renamed, when what was
# done is not in it, or after, when what is in it is not done. Its record is in ./record. Fails when it was not killed.
kt_killed() {
	local n=$1
	shift
	strace -f -qq -o /dev/null -e trace=fsync -e inject=fsync:signal=KILL:when="$n" "$KVMTOP_PLAIN" --batch --no-libvirt \
		-o json "$@" >record 2>/dev/null
	[ $? = 137 ]	# the shell tells of it on standard error
}
# [OPTION..]: what the next kvmtop says of that into ./told; prints the id of the entry, nothing when it was over.
kt_unfinished() { ktp "$@" -d 0 vms 2>told >/dev/null; sed -n 's/.*killed (undo \([0-9a-f-]*\) .*/\1/p' told; }

# WHAT SAID STATE VERB ..: kvmtop is killed at every sync of its journal, one after another, until it gets to its end.
# Each time the next one says what may be left, in words that SAID matches, and after an undo what the function STATE
# prints is what it was. T_ONLY: options for all of them.
T_ONLY=()
kt_killed_at_each_sync() {
	local what=$1 said=$2 state=$3 before id n=1
	shift 3
	before=$("$state")
	# shellcheck disable=SC2317 # called by wait_for
	as_before() { [ "$("$state")" = "$before" ]; }
	while kt_killed "$n" "${T_ONLY[@]+"${T_ONLY[@]}"}" "$@" 2>/dev/null; do
		id=$(kt_unfinished "${T_ONLY[@]+"${T_ONLY[@]}"}")
		if [ -n "$id" ]; then
			t_like "$what, killed at sync $n: what may be left is said" "$(paste -sd ' ' told)" "$said"
		fi
		if [ -n "$id" ] || ! as_before; then	# or all was done and written down
			kt "${T_ONLY[@]+"${T_ONLY[@]}"}" -o json undo ${id:+"$id"} >record 2>err
			t_like "$what, killed at sync $n: undone" "$? $(jq -r .status record) $(cat err)" '^0 (undone|unchanged) $'
		fi
		t_ok "$what, killed at sync $n: as before" wait_for 20 as_before
		n=$((n + 1))
	done
	# each write syncs twice: the file, then, under its name, the directory
	t_ok "$what: killed at $((n - 1)) syncs" [ "$n" -gt 4 ]
}

# strace as trace_speaking wants it; -yy tells sockets from other descriptors, which are written to as well.
T_SPEAKING=(strace -f -ttt -yy -qq --seccomp-bpf -e trace=openat2,ioctl,connect,sendto,sendmsg,write,fork,vfork,clone,clone3,execve)
# FILE SOCKETS: its calls that start a process (threads are one's own), that connect to sockets whose paths SOCKETS
# matches, or that speak on such a connection: others, too, may run guests here, whom kvmtop comes to know at any time.
trace_speaking() {
	awk -v mine="$2" '
		# a call during which another thread made one is in two lines
		/ <unfinished [.]+>$/ { sub(/ <unfinished [.]+>$/, ""); begun[$1] = $0; next }
		/<[.]+ [a-z0-9_]+ resumed>/ { rest = $0; sub(/.* resumed>/, "", rest); $0 = begun[$1] rest }
		/CLONE_THREAD/ { next }
		# a socket is held first, and connected to by the name of its descriptor
		/ioctl[(].*SIOC(PROTOPRIVATE|UNIXFILE)/ {
			# SIOCUNIXFILE: the file of a listening socket
			if (match($0, /= [0-9]+$/)) {
				fd = substr($0, RSTART + 2)
				path[fd] = match($0, /\[[0-9]+,"[^"]*"/) ? substr($0, RSTART, RLENGTH) : ""
				sub(/^[^"]*"\/?/, "/", path[fd])
				sub(/"$/, "", path[fd])
			}
			next
		}
		/ioctl[(]/ { next }
		/openat2/ { if (match($0, /= [0-9]+<.*>$/)) { split(substr($0, RSTART + 2), held, /[<>]/); path[held[1]] = held[2] }; next }
		$3 ~ /^(fork|vfork|clone|clone3|execve)[(]/ { print; next }
		match($3, /<UNIX-STREAM:\[[0-9]+/) { socket = substr($3, RSTART, RLENGTH) }
		$3 ~ /^connect[(]/ {
			if (match($0, /proc.self.fd.[0-9]+"/))
				$0 = $0 " \"" path[substr($0, RSTART + 13, RLENGTH - 14)] "\""
			ours[socket] = $0 ~ mine
		}
		$3 ~ /^(connect|send|write)/ && RSTART > 0 && ours[socket]' "$1"
}

# The plain build in the background: $! is kvmtop itself (a function put into the background with & is a shell around
# it, and killing that leaves kvmtop alone). Killed at the end of the test.
kt_start() {
	setpriv --pdeathsig KILL -- "$KVMTOP_PLAIN" "${T_KT[@]}" "$@" 9>&- &
	t_own "$!"
}

# PID: waits until a kvmtop that goes on looking has its first sample. Until then it looks every millisecond whether the
# answers are there; after that it sleeps.
kt_rests() { T_RESTED=0; wait_for 60 kt_rested "$1"; }
kt_switches() { awk '/_ctxt_switches/ { n += $2 } END { print n }' "/proc/$1/status"; }
kt_rested() {
	local before after state

	before=$(kt_switches "$1") || return
	t_pause 0.3
	after=$(kt_switches "$1") || return
	state=$(sed -n 's/^State:[^A-Z]*\([A-Z]\).*/\1/p' "/proc/$1/status")
	if [ "$state" = S ] && [ $((after - before)) -lt 15 ]; then T_RESTED=$((T_RESTED + 1)); else T_RESTED=0; fi
	[ "$T_RESTED" -ge 3 ]
}
