#!/bin/bash
# CPUs, threads and limits: against /proc and the control groups, read by others in the same
# ten seconds.

. "$(dirname "$0")/../lib.sh"

tap=ktc$$
cg=''
t_leave() {
	ip link del "$tap" 2>/dev/null
	if [ -n "$cg" ]; then
		t_kill "$pid"
		rmdir "$cg"
	fi
}

# A guest whose vCPU is always busy: a BIOS that is one jump to itself. It shares CPU 0 with a
# loop of ours, so it waits as much as it runs.
net=()
if ip tuntap add dev "$tap" mode tap 2>/dev/null; then
	ip link set "$tap" up
	net=(-netdev "tap,id=n,ifname=$tap,script=no,downscript=no" -device virtio-net-pci,netdev=n,romfile=)
fi
{ head -c 65520 /dev/zero && printf '\xeb\xfe' && head -c 14 /dev/zero; } >bios.bin
qemu_start g -machine q35,accel=tcg -m 32 -name "g-$$,debug-threads=on" -qmp unix:g.qmp,server=on,wait=off \
	-bios bios.bin -drive if=none,id=d0,driver=null-co,size=1M,throttling.iops-total=100 -device virtio-blk-pci,id=disk0,drive=d0 \
	"${net[@]+"${net[@]}"}"
pid=$(vm_pid g) vm="pid:$(vm_pid g)"
vcpu=$(qmp_ask g '{"execute":"query-cpus-fast"}' | jq '.[0]."thread-id"')
busy() { [ "$(cut -d ' ' -f 1 "/proc/$pid/task/$vcpu/schedstat")" -gt 500000000 ]; }
t_ok 'the vCPU runs' wait_for 60 busy
taskset -p -c 0 "$vcpu" >/dev/null
setpriv --pdeathsig KILL -- taskset -c 0 sh -c 'while :; do :; done' &
t_own "$!"

# ---- its control group, with a fifth of a CPU where one can be made

limits() { kt -d "${1:-1}" -o json -F limits,throttled_pct,psi_cpu_pct,cpu_pct vms "$vm"; }
group() {
	local dir
	for dir in /sys/fs/cgroup/cpu /sys/fs/cgroup; do
		if mkdir "$dir/kvmtop-test-$$" 2>/dev/null; then
			cg=$dir/kvmtop-test-$$
			[ -e "$cg/cpu.max" ] || [ -e "$cg/cpu.cfs_quota_us" ] && return 0
			rmdir "$cg"
			cg=''
		fi
	done
	return 1
}
throttled() { sed -n 's/^throttled_usec \(.*\)/\1000/p; s/^throttled_time //p' "$cg/cpu.stat"; }
if group; then
	echo "$pid" >"$cg/cgroup.procs"
	t_is 'a group without a limit' "$(limits 0 | jq -c '[.limits, .throttled_pct]')" '["",null]'
	if [ -e "$cg/cpu.max" ]; then echo '20000 100000' >"$cg/cpu.max"; else echo 20000 >"$cg/cpu.cfs_quota_us"; fi
fi

# ---- the readings: kvmtop's ten seconds lie within ours

stat() { awk -v f="$1" '{ sub(/.*\) /, ""); print $(f - 2) }' "/proc/$pid/task/$vcpu/stat"; }
host() { awk '/^cpu0 / { print $2 + $3 - $10 - $11, $4, $8, $6, $9, $7 }' /proc/stat; }
sched() { cut -d ' ' -f "$1" "/proc/$pid/task/$vcpu/schedstat"; }
read_all() { printf '%s\n' "$(date +%s%N)" "$(sched 1)" "$(sched 2)" "$(stat 15)0000000" "$(stat 43)0000000" "$(host)" "$([ -z "$cg" ] || throttled)"; }
read_all >before
kt_start -d 10 -o json vcpus "$vm" >vcpus
kt_start -d 10 -o json -F limits,throttled_pct vms "$vm" >vms
kt_start -d 10 -o json cpus >cpus
for file in vcpus vms cpus; do
	wait_for 60 test -s "$file"
done
read_all >after

# PCT LINE [FIELD [UNIT]]: what kvmtop says is no more than we saw, and less by no more than
# the time that was ours alone; both with a hundredth of the time, for the ticks of 10 ms.
agrees() {
	paste before after | awk -v p="$1" -v line="$2" -v f="${3:-1}" -v unit="${4:-1}" '
		{ n = NF / 2 }
		NR == 1 { ours = $2 - $1 }
		NR == line { d = ($(n + f) - $f) * unit }
		END { got = p / 100 * 1e10; slack = ours * 0.01; printf "%s %% of 10 s; we saw %.3f s of %.3f\n", p, d / 1e9, ours / 1e9
			exit !(p != "null" && got <= d * 1.05 + slack && got >= d * 0.95 - (ours - 1e10) - slack) }'
}
of() { jq ".$1" "$2"; }
t_ok "run time: $(of run_pct vcpus)" agrees "$(of run_pct vcpus)" 2
t_ok "wait: $(of wait_pct vcpus)" agrees "$(of wait_pct vcpus)" 3
t_ok 'it did wait' jq -e '.wait_pct > 10 and .run_pct > 10' vcpus
t_ok "kernel time: $(of sys_pct vcpus)" agrees "$(of sys_pct vcpus)" 4
t_ok "guest time: $(of guest_pct vcpus)" agrees "$(of guest_pct vcpus)" 5
t_is 'where it may run' "$(jq -c '[.cpu, .affinity, .allowed]' vcpus)" '[0,"0","0"]'
jq -c 'select(.cpu == 0)' cpus >cpu0
i=0
for field in user_pct system_pct softirq_pct iowait_pct steal_pct irq_pct; do
	i=$((i + 1))
	t_ok "CPU 0: $field $(of "$field" cpu0)" agrees "$(of "$field" cpu0)" 6 "$i" 1e7
done
t_is 'each CPU has its row' "$(jq -s -c 'map(.cpu)' cpus)" "$(awk '/^cpu[0-9]/ { print substr($1, 4) }' /proc/stat | jq -s -c .)"
t_like 'the vCPU runs on CPU 0' "$(jq -r .runs cpu0)" 'g.*vcpu 0 [0-9]*%'
t_like 'and waits there' "$(jq -r .waits cpu0)" 'g.*vcpu 0 [0-9]*%'
t_ok 'and is counted' jq -e '.vcpus >= 1 and .wait_pct > 10' cpu0
t_is 'no KVM, no counters' "$(kt -d 0 -o json kvm "$vm")" ''
t_is 'nor time spent polling' "$(kt -d 0.2 -o json vcpus "$vm" | jq .poll_pct)" null

# ---- limits

if [ -n "$cg" ]; then
	t_is 'a quota of a fifth of a CPU, used up' "$(jq -r .limits vms)" 'cpu 20%!'
	t_ok "throttled: $(of throttled_pct vms)" agrees "$(of throttled_pct vms)" 7
	t_ok 'for some time' jq -e '.throttled_pct > 1' vms
	qmp_ask g '{"execute":"stop"}' >/dev/null
	wait_for 20 test "$(limits 1 | jq -r .limits)" = 'cpu 20%'
	t_is 'a quota that is not used up is not marked' "$(limits 1 | jq -c '[.limits, .throttled_pct]')" '["cpu 20%",0]'
else
	t_skip 'a quota of CPU time' 'no control group can be made here'
fi
t_like 'the throttle of a disk, once somebody looked at its disks' "$(printf 'disks %s\nvms %s\n' "$vm" "$vm" |
	kt -d 0 -o json -f - | jq -r 'select(.table == "vms") | .limits')" '(^| )disk0 io$'
if [ ${#net[@]} != 0 ] && tc qdisc add dev "$tap" root tbf rate 10mbit burst 32k latency 50ms 2>/dev/null; then
	t_like 'a rate of its tap' "$(limits 0 | jq -r .limits)" "$tap 10Mbit"'$'
	# more than that: the packets go on to a guest that does not take them
	ip addr add 169.254.79.1/24 dev "$tap" && ip neigh replace 169.254.79.9 lladdr 52:54:00:aa:79:09 dev "$tap"
	setpriv --pdeathsig KILL -- socat -b 1000 -u /dev/zero UDP-DATAGRAM:169.254.79.9:9 2>/dev/null &
	flood=$!
	t_own "$flood"
	held() { limits 3 | jq -r .limits | grep -q "$tap 10Mbit!\$"; }
	t_ok 'it holds traffic back, and is marked' wait_for 30 held
	t_kill "$flood"
	free() { limits 3 | jq -r .limits | grep -q "$tap 10Mbit\$"; }
	t_ok 'not without traffic' wait_for 30 free
	tc qdisc del dev "$tap" root
	tc qdisc add dev "$tap" root handle 1: htb default 1 && tc class add dev "$tap" parent 1: classid 1:1 htb rate 1mbit ceil 2mbit
	t_like 'of the other kind' "$(limits 0 | jq -r .limits)" "$tap 2Mbit"'$'
	tc qdisc del dev "$tap" root
	case $(limits 0 | jq -r .limits) in *"$tap"*) t_fail 'and gone' ;; *) t_pass 'and gone' ;; esac
else
	t_skip 'the rate of a tap' 'no taps or no tc here'
fi
t_done
