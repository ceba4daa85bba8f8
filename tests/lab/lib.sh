# shellcheck shell=bash
# What the lab tests share. They run as root in a nested host (tests/lab/host) that is theirs
# to change: /dev/kvm, two NUMA nodes, an IOMMU, hugepages, modules, network, KSM. Source it
# first instead of tests/lib.sh, all of which is there too:
#
#	. "$(dirname "$0")/lib.sh"
#	l2_shared
#	t_ok 'vCPUs run' ...
#	t_done
#
# Everything there runs some 10 times slower than outside; deadlines are made for that.

[ -n "${KT_LAB:-}" ] || { echo 'a lab test runs in the nested host: tests/run lab/NAME' >&2; exit 1; }
T_BOOT=${T_BOOT:-400}	# a guest boots in 20 to 45 s
# shellcheck source=tests/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
T_ASK=60
T_KT+=(--timeout 90) T_KV+=(--timeout 90)

# The host's USB stick: waits for it, by its port STICK, and as a disk, whose name stick_disk prints while it is the host's.
stick_await() {
	modprobe -a xhci_pci usb_storage sd_mod && wait_for 60 stick_has_port && wait_for 60 stick_is_host
}
stick_has_port() {
	STICK=$(grep -l -x kt-usb /sys/bus/usb/devices/*/serial 2>/dev/null) && STICK=${STICK%/serial} && STICK=${STICK##*/}
}
stick_disk() { for d in /sys/block/sd*; do case $(readlink "$d") in */"$STICK"/*) basename "$d" ;; esac; done; }
stick_is_host() { [ -n "$(stick_disk)" ]; }
stick_is_away() { ! stick_is_host; }

# NAME QEMU-ARG..: a QEMU that never runs its guest, for what it has of memory.
qemu_idle() { local name=$1; shift; qemu_start "$name" -machine q35,accel=kvm -S -qmp "unix:$name.qmp,server=on,wait=off" "$@"; }

# ARG..: what kvmtop says at this moment, a record a line.
json() { kt -o json -d 0 "$@"; }

# TAP [PAIRS] [ADDRESS/BITS]: a tap device that is up, with its queues; QEMU opens it with
# script=no,downscript=no.
tap_add() {
	local multi=''
	[ "${2:-1}" = 1 ] || multi=multi_queue
	# shellcheck disable=SC2086 # one word or none
	ip tuntap add dev "$1" mode tap vnet_hdr $multi && sysctl -q -w "net.ipv6.conf.$1.disable_ipv6=1" &&
		ip link set "$1" up && { [ -z "${3:-}" ] || ip addr add "$3" dev "$1"; }
}

# What a guest's kernel is told here, so that it boots sooner.
L2_APPEND='tsc=reliable pci=noearly cryptomgr.notests nowatchdog'

# NAME QEMU-ARG..: a guest like that of guest_start, with two vCPUs, on KVM and nothing else, and with one more
# port, vp1. An exit to QEMU is what costs most here, so there is less of what a boot looks for: most of 117000 exits
# were early PCI scans. l2_boot does not wait for it.
l2_boot() {
	local more=()
	[ "${GUEST_MACHINE:-q35}" != q35 ] ||
		more=(-machine sata=off,smbus=off,i8042=off -device pcie-root-port,id=vp1,chassis=21,slot=21)
	T_ACCEL=kvm
	GUEST_APPEND="$L2_APPEND ${GUEST_APPEND:-}" \
		guest_boot "$1" -smp 2 "${more[@]+"${more[@]}"}" "${@:2}"
}

# A boot takes longer than many a test, so it is done once: what is running then is written to a file, and guests of
# the same make begin as it stood there, as if they had been migrated. tests/lab/boot.sh keeps the files in the checkout.
l2_start() {
	local state
	state=$(l2_state "${@:2}") || return
	if [ -s "$state" ]; then
		l2_boot "$@" -incoming "exec:exec cat $state" && guest_up "$1" && return
		printf 'the guest %s does not begin as it stood: %s\n' "$1" "$(tail -n 20 "$1.err")" >&2
		vm_kill "$1"
	fi
	l2_save "${state##*/}" "${@:2}" && l2_boot "$@" -incoming "exec:exec cat $KT_SHARE/lab/guests/${state##*/}" && guest_up "$1" && return
	printf 'the guest %s did not boot: %s\n' "$1" "$(tail -n 20 "$1.log"; tail -n 20 "$1.err")" >&2
	vm_kill "$1"
	return 1
}
# QEMU-ARG..: the file of guests of this make, whether it is there or not: its name is that of QEMU, of the guest's
# image and of the options.
l2_state() {
	local name
	# shellcheck disable=SC2317 # called by guest_boot
	name=$(qemu_start() { printf '%s\n' "$@"; } && l2_boot l2 "$@" && cat "$ROOT/build/guest/stamp" &&
		stat -L -c '%s %Y' "$(command -v "$QEMU")") || return
	name=$(printf '%s\n' "$name" | sha256sum)
	name=${name%% *}
	if [ -e "$KT_SHARE/lab/guests/$name" ]; then
		echo "$KT_SHARE/lab/guests/$name"
	else
		echo "$ROOT/build/lab/$KT_KERNEL/guests/$name"
	fi
}
# FILE QEMU-ARG..: boots one and writes it to the file, in the directory we share with the outer machine.
l2_save() {
	local to=$KT_SHARE/lab/guests/$1
	l2_boot l2 "${@:2}" && guest_up l2 && mkdir -p "${to%/*}" &&
		qmp_ask l2 '{"execute":"migrate","arguments":{"uri":"exec:exec cat >'"$to"'.new"}}' >/dev/null &&
		wait_for "$T_BOOT" l2_saved && vm_kill l2 && mv "$to.new" "$to" && return
	printf 'a guest was not saved: %s\n' "$(tail -n 20 l2.log; tail -n 20 l2.err)" >&2
	vm_kill l2
	return 1
}
# All is sent, and the child that writes it has ended.
l2_saved() {
	qmp_ask l2 '{"execute":"query-migrate"}' | jq -e '.status == "completed"' >/dev/null &&
		[ -z "$(cat "/proc/$(vm_pid l2)"/task/*/children)" ]
}

# NAME: what is to be known of a guest that does nothing any more: where its vCPUs stand, what they wait for, and whether
# the timers of our own CPUs go on.
l2_stands() {
	local cpu
	hmp_ask "$1" 'info registers -a' | grep -E '^CPU#|RIP'
	for cpu in 0 1; do hmp_ask "$1" "info lapic $cpu" | grep -E 'LVTT|Timer|ISR|IRR|PPR'; done
	for cpu in 0 1; do
		grep LOC: /proc/interrupts
		grep -H . /sys/kernel/debug/kvm/"$(vm_pid "$1")"-*/{exits,halt_exits,irq_injections}
		t_pause 1
	done
}

# One such guest, by the name of "shared", for all tests that leave it as they found it. It
# has, besides disk0 and nic0 of guest_boot, two vhost NICs:
#	vnic1	tap kt1, 10.7.1.1/24; in the guest 10.7.1.2
#	vnic2	tap kt2, 10.7.2.1/24, 2 queue pairs; in the guest 10.7.2.2
# The first test that asks for it boots it; it stays.
l2_shared() {
	export KT_SHARED=$ROOT/build/tmp/shared
	if ! { [ -e "$KT_SHARED/shared.pid" ] && kill -0 "$(cat "$KT_SHARED/shared.pid")"; } 2>/dev/null; then
		rm -rf "$KT_SHARED"
		mkdir -p "$KT_SHARED"
		T_DIR=$KT_SHARED setsid "$ROOT/tests/lab/shared" </dev/null >"$ROOT/build/tmp/shared.out" 2>&1 &
	fi
	wait_for "$T_BOOT" test -e "$KT_SHARED/ready" -o -e "$KT_SHARED/failed" && [ ! -e "$KT_SHARED/failed" ] &&
		guest_shared && return 0
	printf 'no shared guest: %s\n' "$(tail -n 20 "$ROOT/build/tmp/shared.out")" >&2
	return 1
}
# Who needs none, or the host for himself.
l2_shared_end() {
	local pid
	read -r pid 2>/dev/null <"$ROOT/build/tmp/shared/shared.pid" || return 0
	kill -KILL "$pid" 2>/dev/null
	wait_for 60 test ! -e "$ROOT/build/tmp/shared"
}
