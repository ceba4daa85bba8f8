#!/bin/bash
# KVM's counters against debugfs, read by another in the same ten seconds.
# kernels: all

. "$(dirname "$0")/lib.sh"

debug=$T_DIR/debug	# ours, so that theirs can be closed
mkdir -p "$debug" && mount -t debugfs debug "$debug"
trap 'umount "$debug"; mountpoint -q /sys/kernel/debug || mount -t debugfs debug /sys/kernel/debug; t_cleanup' EXIT

t_ok 'a guest boots under KVM' l2_shared || t_done
json() { kt -o json "$@"; }
guest_cmd shared 'rm -f /run/stop; (while [ ! -e /run/stop ]; do dd if=/dev/vda of=/dev/null bs=512 count=50 iflag=direct; done) >/dev/null 2>&1 &'

# NAME SECONDS-BEFORE: kvmtop's ten seconds within ours: rows in file kvm, and our counters.
counters="exits io_exits mmio_exits halt_exits irq_injections irq_window_exits insn_emulation halt_attempted_poll halt_poll_fail_ns \
halt_wakeup tlb_flush"
read_ours() {
	date +%s%N
	for name in $counters; do cat "$debug"/kvm/"$pid"-*/"$name"; done
}
watch() {
	read_ours >before
	ktp -d 10 -n "${2:-1}" -o json kvm "$1" >kvm
	read_ours >after
}
# KEY FILTER SUM-OR-NOT: our rate of it, and theirs.
rates() {
	local i=1 name got
	for name in $counters; do
		i=$((i + 1))
		got=$(jq -s --arg c "$name" "[.[] | select(.counter == \$c and $1) | .per_s] | add" kvm)
		t_ok "$name: $got per second" compare "$i" "$got"
	done
}
# A counter moves unevenly: 5 %, and what it can do in the time that was ours alone.
compare() {
	paste before after | awk -v line="$1" -v got="$2" '
		NR == 1 { t = ($2 - $1) / 1e9 }
		NR == line { d = $2 - $1; printf "we saw %d in %.1f s: %.3f per second\n", d, t, d / t
			exit !(got != "null" && got * 10 <= d * 1.05 + 2 && got * 10 >= d * 0.95 - 2 * d * (t - 10) / t - 2) }'
}
# What was read at one moment lies between what we read before and after it.
between() {
	local i=1 name bad=''
	for name in $counters; do
		i=$((i + 1))
		jq -s -e --arg c "$name" --argjson a "$(sed -n "${i}p" before)" --argjson b "$(sed -n "${i}p" after)" \
			"[.[] | select(.counter == \$c and $1) | .total] | add | . >= \$a and . <= \$b" kvm >/dev/null || bad+=" $name"
	done
	[ -z "$bad" ] || { echo "not:$bad"; return 1; }
}

vm=$(vm shared) pid=$(vm_pid shared)
watch "$vm"
rates '.vcpu == "all"'
t_ok 'and their values' between '.vcpu == "all"'
t_is 'from debugfs' "$(jq -r 'select(.vcpu == "all") | .origin' kvm | sort -u)" debugfs
t_is 'every counter of this kernel, and nothing else' "$(jq -r 'select(.vcpu == "all") | .counter' kvm | sort | tr '\n' ' ')" \
	"$(cd "$debug/kvm/$pid"-* && find . -maxdepth 1 -type f ! -name '*_hist' ! -name mmu_rmaps_stat -printf '%f\n' | sort | tr '\n' ' ')"
t_is 'a state has no rate' "$(jq -c 'select(.vcpu == "all" and .counter == "pages_4k") | .per_s' kvm)" null
pages() { [ "$(ktp -d 0 -o json --filter 'counter=pages_2m' kvm "$vm" | jq .total)" = "$(cat "$debug/kvm/$pid"-*/pages_2m)" ]; }
t_ok 'but a value' wait_for 60 pages
t_ok 'time is a share, too' jq -s -e 'map(select(.counter == "halt_poll_fail_ns" and .vcpu == "all"))[0] |
	(.share_pct - .per_s / 1e7) | fabs < 0.01' kvm
t_is 'each vCPU is there, as QEMU says' "$(jq -r 'select(.counter == "exits") | .vcpu + " " + .origin' kvm | sort | tr '\n' ' ')" \
	'0 query-stats 1 query-stats all debugfs '
t_ok 'vCPUs add up' jq -s -e 'map(select(.counter == "exits" and .per_s)) | (map(select(.vcpu != "all").per_s) | add) as $sum |
	map(select(.vcpu == "all"))[0].per_s | . > 0 and ($sum / . - 1 | fabs) < 0.2' kvm
read_ours >before
exits=$(ktp -d 10 -o json -F exits_per_s vms "$vm" | jq .exits_per_s)
read_ours >after
t_ok "exits_per_s of the guest: $exits" compare 2 "$exits"
t_is 'none polls but for work: of two vCPUs the share is not known on this QEMU' \
	"$(ktp -d 0.5 -o json vcpus "$vm" | jq -c .poll_pct | sort -u)" null

# ---- debugfs closed: QEMU tells

umount /sys/kernel/debug
t_is 'debugfs is closed' "$(ktp -d 0.2 -o json -F exits_per_s vms "$vm" | jq -c .exits_per_s)" null
t_is 'and QEMU is not asked for all guests' "$(ktp -d 0 -o json kvm)" ''
watch "$vm"
t_is 'it is for the one that is named' "$(jq -r .origin kvm | sort -u)" query-stats
rates '.vcpu == "all"'
t_ok 'and their values' between '.vcpu == "all"'
t_ok 'of the vCPUs too' between '.vcpu != "all"'
t_is 'states are known as such' "$(jq -c 'select(.vcpu == "all" and .counter == "pages_4k") | .per_s' kvm)" null
ktp -d 0.5 -n 9 -o json --filter 'counter=exits && vcpu=all' kvm "$vm" >kvm
t_ok "at most every two seconds: $(jq -c .total kvm | tr '\n' ' ')" test "$(jq .total kvm | sort -u | wc -l)" -le 4
t_ok 'with the rate of then meanwhile' jq -s -e '.[3:] | all(.per_s != null)' kvm
mount -t debugfs debug /sys/kernel/debug

# ---- a QEMU that keeps descriptors of the statistics

newer=$ROOT/build/qemu10/qemu-system-x86_64
if [ "$QEMU" != "$newer" ] && [ -x "$newer" ]; then
	guest_cmd shared 'touch /run/stop' || true
	QEMU=$newer
	t_ok 'a guest of a newer QEMU boots' l2_start new -smp 3,sockets=1,cores=3,maxcpus=3 || t_done
	vm=$(vm new) pid=$(vm_pid new)
	watch "$vm"
	t_is 'each vCPU by its number, without asking QEMU' \
		"$(jq -r 'select(.counter == "exits") | .vcpu + " " + .origin' kvm | sort | tr '\n' ' ')" \
		'0 stats-fd 1 stats-fd 2 stats-fd all debugfs '
	rates '.vcpu != "all"'
	t_ok 'and their values' between '.vcpu != "all"'
	t_ok "time spent polling: $(ktp -d 2 -o json vcpus "$vm" | tee polls | jq -c .poll_pct | tr '\n' ' ')" \
		jq -s -e 'length == 3 and all(.poll_pct != null and .poll_pct >= 0 and .poll_pct <= 100)' polls
fi
t_done
