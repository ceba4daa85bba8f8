# shellcheck shell=bash
# Devices in and out of a guest, again and again: what QEMU has, holds open and occupies is in the end what it was in the
# beginning. Sourced after tests/lib.sh or tests/lab/lib.sh:
#
#	cycles_run GUEST KIND..
#
# CYCLES of each KIND, a row of cycle_of. One kvmtop does a tenth of them, and may hold few descriptors. SOAK_FIND: how it
# finds the guest.

CYCLES=${CYCLES:-500}
T_CYCLE=60		# a change takes 1 s at most
# Of its own memory QEMU may keep so much for each cycle of all kinds: its allocator's holes, not a leak (a device is 100 KiB and more).
KEEPS_BYTES=4096
KEEPS_KIB=2048		# and so much whatever there were
KT_FILES=64

# KIND GUEST: the two lines of it.
cycle_of() {
	local vm
	vm=$(vm "$2")
	case $1 in
	disk) printf '%s\n' "disk add $vm file=$PWD/cycles.img format=raw id=soak" "disk remove $vm soak" ;;
	nic) printf '%s\n' "nic add $vm type=$SOAK_NIC id=soak" "nic remove $vm soak" ;;
	dimm) printf '%s\n' "dimm add $vm size=128M id=soak" "dimm remove $vm soak" ;;
	vcpu) printf '%s\n' "vcpu add $vm count=2" "vcpu remove $vm count=2" ;;
	*) return 1 ;;
	esac
}

# What the host has of it: interfaces, kvmtop's lock, children nobody has waited for.
host_things() {
	printf 'interface %s\n' "$(ls /sys/class/net | paste -sd ' ')"
	find /run/kvmtop "${XDG_RUNTIME_DIR:-/nowhere}/kvmtop" -name "*$(vm_pid "$1")*" 2>/dev/null
	ps -o stat=,comm= --ppid "$(vm_pid "$1"),$$" | grep '^Z'
	cat /sys/devices/system/node/node*/hugepages/hugepages-*/free_hugepages 2>/dev/null
}

# GUEST -> KiB in RAM of QEMU's own, that is neither the guest's memory nor its code translated: heap and stacks.
own_kib() {
	awk '/^[0-9a-f]+-[0-9a-f]+ / { mine = $2 == "rw-p" && (NF == 5 || $6 ~ /^\[(heap|stack)/) } /^Size:/ { size = $2 }
		/^Rss:/ && mine && size < 131072 { sum += $2 } END { print sum }' "/proc/$(vm_pid "$1")/smaps"
}
same_descriptors() { diff <(printf '%s\n' "$2") <(vm_descriptors "$1"); }

# GUEST PIECE: the lines of its script, once each; then what came of it as one line of figures.
cycles_piece() {
	# shellcheck disable=SC2086 # options
	prlimit --nofile="$KT_FILES:$KT_FILES" "${SOAK_KVMTOP:-$KVMTOP_PLAIN}" --batch --no-libvirt ${SOAK_FIND---no-scan -q "$1.qmp"} \
		--timeout "$T_CYCLE" -o json -f script >>records 2>>script.err || return 1
	printf '# %5d cycles: QEMU has %d KiB of its own, %s descriptors\n' $((done_so_far += piece)) "$(own_kib "$1")" \
		"$(vm_descriptors "$1" | awk '{ n += $1 } END { print n }')"
}

cycles_run() {
	local g=$1 kind i done_so_far=0 piece=$(((CYCLES + 9) / 10)) things host files kib=()
	shift
	truncate -s 8M cycles.img
	for ((i = 0; i < piece; i++)); do
		for kind; do cycle_of "$kind" "$g"; done
	done >script
	things=$(vm_things "$g") host=$(host_things "$g") files=$(vm_descriptors "$g")
	: >records
	for ((i = 0; i < 10; i++)); do
		cycles_piece "$g" || break
		kib+=("$(own_kib "$g")")
	done
	t_is "$g: $((piece * 10)) cycles of $*, each change is ok" \
		"$(jq -r .status records | sort | uniq -c | tr -s ' ') $(tail -n 3 script.err)" " $((piece * 20 * $#)) ok " || return
	t_is "$g: what QEMU has is what it had" "$(diff <(printf '%s\n' "$things") <(vm_things "$g"))" ''
	t_ok "$g: so is what it holds open" wait_for 20 same_descriptors "$g" "$files"
	t_is "$g: and what the host has" "$(host_things "$g")" "$host"
	t_ok "$g: from the middle (${kib[4]} KiB) to the end (${kib[9]} KiB) it keeps $KEEPS_BYTES bytes a cycle and $KEEPS_KIB KiB at most" \
		[ $((kib[9] - kib[4])) -le $((KEEPS_KIB + piece * 5 * KEEPS_BYTES / 1024)) ]
}
