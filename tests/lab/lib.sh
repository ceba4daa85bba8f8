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

# TAP [PAIRS] [ADDRESS/BITS]: a tap device that is up, with its queues; QEMU opens it with
# script=no,downscript=no.
tap_add() {
	local multi=''
	[ "${2:-1}" = 1 ] || multi=multi_queue
	# shellcheck disable=SC2086 # one word or none
	ip tuntap add dev "$1" mode tap vnet_hdr $multi && sysctl -q -w "net.ipv6.conf.$1.disable_ipv6=1" &&
		ip link set "$1" up && { [ -z "${3:-}" ] || ip addr add "$3" dev "$1"; }
}

# NAME QEMU-ARG..: a guest like that of guest_start, with two vCPUs, on KVM and nothing else.
# l2_boot does not wait for it. An exit to QEMU is what costs most here, so there is less of
# what a boot looks for: most of 117000 exits were early PCI scans.
l2_boot() {
	local machine=()
	[ "${GUEST_MACHINE:-q35}" != q35 ] || machine=(-machine sata=off,smbus=off,i8042=off)
	T_ACCEL=kvm
	GUEST_APPEND="tsc=reliable pci=noearly cryptomgr.notests nowatchdog ${GUEST_APPEND:-}" \
		guest_boot "$1" -smp 2 "${machine[@]+"${machine[@]}"}" "${@:2}"
}
l2_start() {
	l2_boot "$@" && guest_up "$1" && return 0
	printf 'the guest %s did not boot: %s\n' "$1" "$(tail -n 20 "$1.log"; tail -n 20 "$1.err")" >&2
	vm_kill "$1"
	return 1
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
