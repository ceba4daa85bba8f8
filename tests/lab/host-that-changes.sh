#!/bin/bash
# A host that changes for LAB_CHANGING seconds (60): CPUs and blocks of memory go off- and online, hugepages and swap come and
# go, debugfs, control groups and file systems are mounted and unmounted, the clock is set and all processes are frozen for
# some seconds, as before a sleep. kvmtop looks on every second. Each change is in the second sample after it at the latest, as /proc and /sys have it, and no figure of all
# samples is more than there can be.
# kernels: any

. "$(dirname "$0")/lib.sh"

sys=/sys/devices/system
# Of the clock that nothing sets; SECONDS follows the other one.
up() { local up; read -r up _ </proc/uptime; echo "${up%.*}"; }
wait_for() {
	local end=$(($(up) + $1 + 1))
	shift
	until "$@"; do
		[ "$(up)" -lt "$end" ] || return 1
		t_pause 0.2
	done
}
dice() { echo $((RANDOM % $1)); }
number_of() { sed -n "s/^$1: *\([0-9]*\) kB.*/\1/p" /proc/meminfo; }
kilobytes() { echo $(($(number_of "$1") * 1024)); }

# ---- the host by its own files, as the rows of a table have it

online() {
	local cpu
	for cpu in "$sys"/cpu/cpu[0-9]*; do
		[ "$(cat "$cpu/online" 2>/dev/null || echo 1)" = 0 ] || echo "${cpu##*cpu}"
	done | sort -n
}
pools() { cat "$1"/hugepages-2048kB/"$2"; }
host_is() {
	echo "$(online | wc -l),$(find "$sys/node" -maxdepth 1 -name 'node[0-9]*' | wc -l),$(kilobytes MemTotal),$(kilobytes SwapTotal),$(($(
		pools /sys/kernel/mm/hugepages nr_hugepages) << 21)),$(($(pools /sys/kernel/mm/hugepages free_hugepages) << 21))"
}
cpus_are() {
	local cpu node
	for cpu in $(online); do
		node=$(echo "$sys/cpu/cpu$cpu"/node*)
		echo "$cpu,${node##*node}"
	done
}
nodes_are() {
	local node
	for node in 0 1; do
		echo "$node,$(($(sed -n 's/.*MemTotal: *\([0-9]*\) kB/\1/p' "$sys/node/node$node/meminfo") * 1024)),$(($(
			pools "$sys/node/node$node/hugepages" nr_hugepages) << 21)),$(cat "$sys/node/node$node/cpulist")"
	done
}
hugepages_are() {
	local of=/sys/kernel/mm/hugepages node
	echo "2M,$(pools $of nr_hugepages),$(pools $of free_hugepages)"
	for node in 0 1; do
		of=$sys/node/node$node/hugepages
		echo "2M node $node,$(pools "$of" nr_hugepages),$(pools "$of" free_hugepages)"
	done
}
ksm_is() { case $(cat /sys/kernel/mm/ksm/run) in 0) echo off ;; 1) echo on ;; 2) echo undone ;; esac; }
exits_are() { if [ -d /sys/kernel/debug/kvm ]; then echo known; else echo unknown; fi; }

# ---- and as kvmtop has it

declare -A fields=(
	[host]=cpus,nodes,mem_total_bytes,swap_total_bytes,hugepages_total_bytes,hugepages_free_bytes
	[cpus]=cpu,node
	[nodes]=node,mem_total_bytes,hugepages_total_bytes,cpus
	[hugepages]=pool,total,free
	[ksm]=state
	[vms]=exits_per_s
)
tables='host cpus nodes hugepages ksm vms'

# TABLE -> its rows since from[TABLE], a place in the file; not the rest of a line.
declare -A from=()
rows() { tail -c "+$((${from[$1]:-0} + 1))" "$1.rows" | sed '1 { /^{/!d }'; }
samples_are() { [ "$(rows "$1" | grep -o '"time":"[^"]*"' | uniq | wc -l)" -ge "$2" ]; }
# TABLE N -> the fields of the N-th sample of these.
sample() {
	rows "$1" | jq -nrR --argjson n "$2" --arg fields "${fields[$1]}" '
		($fields | split(",")) as $names
		| foreach (inputs | fromjson? // empty) as $row ({n: 0}; (if .time == $row.time then . else {n: (.n + 1), time: $row.time} end) | .row = $row;
			select(.n == $n) | .row)
		| . as $row | $names | map($row[.] // "" | tostring) | join(",")'
}
told() {
	case $1 in
	vms) if [ -n "$(sample "$1" "$2")" ]; then echo known; else echo unknown; fi ;;
	hugepages) sample "$1" "$2" | grep '^2M' ;;
	cpus | nodes) sample "$1" "$2" | sort -n ;;
	*) sample "$1" "$2" ;;
	esac
}
is() { case $1 in host | ksm) "$1_is" ;; vms) exits_are ;; *) "$1_are" ;; esac; }

# WHAT: it has been done. The first sample that is written from now on may have begun before, the second has not; it is whole
# when there is a third. A rate is there with the second sample of its source: one more of those.
changed() {
	local table late=0 n got want
	for table in $tables; do from[$table]=$(stat -c %s "$table.rows"); done
	for table in $tables; do
		n=2
		[ "$table" != vms ] || n=3
		wait_for 120 samples_are "$table" $((n + 1)) || { t_fail "$1: $table goes on" "$(tail -n 3 "$table.err")"; late=1; continue; }
		got=$(told "$table" "$n") want=$(is "$table")
		[ "$got" = "$want" ] || { t_fail "$1: $table" "got:  $got" "want: $want"; late=1; }
	done
	[ "$late" = 0 ] && followed=$((followed + 1))
}

# ---- what happens; each says what it did, and fails where it cannot be done

# One block after another, until one can be freed or none is left to try.
memory_off() {
	local block
	for block in $(grep -l -x online "$sys"/memory/memory*/state | shuf | head -n 4); do
		# the write comes back when the pages have moved, or could not be
		timeout 30 bash -c "echo offline >$block" 2>/dev/null && echo "$block" >>blocks && echo "memory ${block%/state} off" && return
	done
	return 1
}
memory_on() {
	local block
	block=$(tail -n 1 blocks 2>/dev/null) && [ -n "$block" ] && echo online >"$block" && sed -i '$d' blocks && echo "memory ${block%/state} on"
}
cpu_flip() {
	local cpu=$((1 + $(dice 3))) to
	to=$((1 - $(cat "$sys/cpu/cpu$cpu/online")))
	echo "$to" >"$sys/cpu/cpu$cpu/online" && echo "CPU $cpu to $to"
}
pool_resize() {
	local node n
	node=$(dice 2) n=$((100 + $(dice 44)))
	echo "$n" >"$sys/node/node$node/hugepages/hugepages-2048kB/nr_hugepages" && echo "$n hugepages on node $node"
}
swap_flip() {
	[ -e /dev/zram0 ] || return
	if grep -q zram0 /proc/swaps; then swapoff /dev/zram0 && echo 'swap off'; else swapon /dev/zram0 && echo 'swap on'; fi
}
debugfs_flip() {
	if [ -d /sys/kernel/debug/kvm ]; then
		umount -l /sys/kernel/debug && echo 'debugfs unmounted'
	else
		mount -t debugfs debug /sys/kernel/debug && echo 'debugfs mounted'
	fi
}
groups_flip() {
	if [ -e /sys/fs/cgroup/cgroup.procs ]; then
		umount -l /sys/fs/cgroup && echo 'control groups unmounted'
	else
		mount -t cgroup2 cgroup /sys/fs/cgroup && echo 'control groups mounted'
	fi
}
mount_flip() {
	mkdir -p mnt
	if mountpoint -q mnt; then umount mnt && echo 'a file system unmounted'; else mount -t tmpfs kt mnt && echo 'a file system mounted'; fi
}
ksm_flip() { local to; to=$(dice 3); echo "$to" >/sys/kernel/mm/ksm/run && echo "KSM to $to"; }
clock_step() {
	local by=$(($(dice 7200) - 3600))
	echo "$by" >>stepped
	date -s "@$(($(date +%s) + by))" >/dev/null && echo "the clock set by $by s"
}
freeze() {
	[ -e /sys/power/pm_test ] || return
	echo freezer >/sys/power/pm_test && echo freeze >/sys/power/state && echo 'all was frozen'
}

t_leave() {
	local cpu
	for cpu in 1 2 3; do echo 1 >"$sys/cpu/cpu$cpu/online"; done
	while memory_on; do :; done
	swapoff /dev/zram0
	modprobe -r zram
	umount mnt
	[ -d /sys/kernel/debug/kvm ] || mount -t debugfs debug /sys/kernel/debug
	[ -e /sys/fs/cgroup/cgroup.procs ] || mount -t cgroup2 cgroup /sys/fs/cgroup
	for cpu in 0 1; do echo 144 >"$sys/node/node$cpu/hugepages/hugepages-2048kB/nr_hugepages"; done
	echo 0 >/sys/kernel/mm/ksm/run
	date -s "@$(($(date +%s) - $(awk '{ n += $1 } END { print n + 0 }' stepped)))"
	echo none >/sys/power/pm_test
} >/dev/null 2>&1

t_ok 'a guest runs under KVM' l2_shared || t_done
modprobe zram num_devices=1 2>/dev/null && echo 256M >/sys/block/zram0/disksize && mkswap /dev/zram0 >/dev/null
for table in $tables; do
	only=()
	[ "$table" != vms ] || only=("$(vm shared)")
	kt_start -o json -d 1 -n 1000000 "$table" "${only[@]+"${only[@]}"}" >"$table.rows" 2>"$table.err"
done
for table in $tables; do
	t_ok "kvmtop looks: $table" wait_for 120 samples_are "$table" 2
done

followed=0 done=0
end=$(($(up) + ${LAB_CHANGING:-60}))
changes=(cpu_flip memory_off memory_on pool_resize swap_flip debugfs_flip groups_flip mount_flip ksm_flip clock_step freeze cpu_flip)
i=0
while [ "$(up)" -lt "$end" ] || [ "$done" -lt 3 ]; do
	change=${changes[i++ % ${#changes[@]}]}
	what=$("$change" 2>>not-done) || { echo "$change" >>not-done; continue; }
	done=$((done + 1))
	printf '# %s\n' "$what"
	changed "$what"
done
t_ok "of $done changes there were some" [ "$done" -ge 3 ]
printf '# not done: %s\n' "$(sort not-done 2>/dev/null | uniq -c | paste -sd ';')"
t_is 'each was in the second sample after it' "$followed" "$done"

# TABLE FILTER: no row of a table is one of these. A sample that was read while the machine had other things to do may be as
# long again as it says: absurd is what goes beyond.
never() {
	local rows
	rows=$(jq -cR "fromjson? // empty | select($2)" "$1.rows")
	t_is "$1: no row where $2" "$(head -n 3 <<<"$rows")" ''
}
much=1.5
for table in $tables; do
	never "$table" '[to_entries[] | select(.key | test("_(pct|bytes|seconds|us)$|_per_s$")) | .value | numbers] | any(. < 0)'
done
never host ".cpu_pct > 400 * $much"
never host '.mem_available_bytes > .mem_total_bytes or .swap_used_bytes > .swap_total_bytes or .hugepages_free_bytes > .hugepages_total_bytes'
never host '[.psi_cpu_pct, .psi_mem_pct, .psi_io_pct] | any(. > 100)'
never cpus "[.busy_pct, .guest_pct, .user_pct, .system_pct, .irq_pct, .softirq_pct, .iowait_pct, .steal_pct] | any(. > 100 * $much)"
never nodes '.mem_free_bytes > .mem_total_bytes or .hugepages_free_bytes > .hugepages_total_bytes'
never nodes ".cpu_pct > 200 * $much"
never hugepages '.free > .total'
never vms ".cpu_pct > 400 * $much or .rss_bytes > 6442450944 or .exits_per_s > 10000000"
never vms '.stale_seconds > 60'
t_is 'the host is up for longer each time' "$(jq -rR 'fromjson? // empty | .uptime_seconds' host.rows | sort -c -g 2>&1)" ''
t_is 'each table had no error' "$(for table in $tables; do head -n 2 "$table.err"; done)" ''
t_done
