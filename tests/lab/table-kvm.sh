#!/bin/bash
# KVM's counters against debugfs, read by another in the same ten seconds.
# kernels: any

. "$(dirname "$0")/lib.sh"

debug=$T_DIR/debug	# ours, so that theirs can be closed
mkdir -p "$debug" && mount -t debugfs debug "$debug"
t_leave() { umount "$debug"; mountpoint -q /sys/kernel/debug || mount -t debugfs debug /sys/kernel/debug; }

t_ok 'a guest boots under KVM' l2_shared || t_done
guest_cmd shared 'rm -f /run/stop; (while [ ! -e /run/stop ]; do dd if=/dev/vda of=/dev/null bs=512 count=50 iflag=direct; done) >/dev/null 2>&1 &'

# VM: kvmtop's ten seconds within ours: its rows in file kvm, our counters before and after.
counters='exits io_exits halt_exits irq_injections insn_emulation halt_attempted_poll halt_poll_fail_ns halt_wakeup tlb_flush'
read_ours() {
	date +%s%N
	for name in $counters; do cat "$debug"/kvm/"$pid"-*/"$name"; done
}
watch() {
	read_ours >before
	ktp -d 10 -o json kvm "$1" >kvm
	read_ours >after
}
# FILTER: our rates, and theirs, each counter's rows added up. A counter moves unevenly: 5 %, and
# what it can do in the time that was ours alone; of a dozen events it is luck how many a window sees.
rates() {
	jq -n -r --slurpfile before before --slurpfile after after --slurpfile kvm kvm --arg names "$counters" "
		((\$after[0] - \$before[0]) / 1e9) as \$t | \$names | [splits(\" +\")] | to_entries[] |
		(\$after[.key + 1] - \$before[.key + 1]) as \$d | .value as \$name |
		([\$kvm[] | select(.counter == \$name and $1) | .per_s] | add) as \$got |
		((\$d | sqrt) * 3 + 2) as \$luck |
		(\$got != null and \$got * 10 <= \$d * 1.05 + \$luck and
			\$got * 10 >= \$d * 0.95 - 2 * \$d * (\$t - 10) / \$t - \$luck) as \$ok |
		\"\(\$ok) \(\$name) \(\$got) of \(\$d / \$t) in \(\$t) s\"" >rates
	cat rates
	[ "$(grep -c '^true' rates)" = "$(wc -w <<<"$counters")" ]
}
# What was read at one moment lies between what we read before and after it.
between() {
	jq -n -e --slurpfile before before --slurpfile after after --slurpfile kvm kvm --arg names "$counters" "
		[\$names | [splits(\" +\")] | to_entries[] | .key as \$i | .value as \$name |
		([\$kvm[] | select(.counter == \$name and $1) | .total] | add) as \$got |
		select((\$got >= \$before[\$i + 1] and \$got <= \$after[\$i + 1]) | not) | \$name] == []"
}

vm=$(vm shared) pid=$(vm_pid shared)
watch "$vm"
t_ok 'rates of the guest are those we saw' rates '.vcpu == "all"'
t_ok 'so are the values' between '.vcpu == "all"'
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
ktp -d 10 -o json -F exits_per_s vms "$vm" | jq -c '{vcpu: "all", counter: "exits", per_s: .exits_per_s}' >kvm
read_ours >after
all=$counters counters=exits
t_ok 'exits_per_s of the guest, too' rates true
counters=$all
t_is 'none polls but for work: of two vCPUs the share is not known on this QEMU' \
	"$(ktp -d 0.5 -o json vcpus "$vm" | jq -c .poll_pct | sort -u)" null

# ---- debugfs closed: QEMU tells

umount /sys/kernel/debug
t_is 'debugfs is closed' "$(ktp -d 0.2 -o json -F exits_per_s vms "$vm" | jq -c .exits_per_s)" null
t_is 'and QEMU is not asked for all guests' "$(ktp -d 0 -o json kvm)" ''
watch "$vm"
t_is 'it is for the one that is named' "$(jq -r .origin kvm | sort -u)" query-stats
t_ok 'rates of the guest are those we saw' rates '.vcpu == "all"'
t_ok 'so are the values' between '.vcpu == "all"'
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
	t_ok 'rates of the vCPUs add up to those we saw' rates '.vcpu != "all"'
	t_ok 'so are the values' between '.vcpu != "all"'
	t_ok "time spent polling: $(ktp -d 2 -o json vcpus "$vm" | tee polls | jq -c .poll_pct | tr '\n' ' ')" \
		jq -s -e 'length == 3 and all(.poll_pct != null and .poll_pct >= 0 and .poll_pct <= 100)' polls
fi
t_done
