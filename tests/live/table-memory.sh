#!/bin/bash
# Memory: what kvmtop says of guests and host against the kernel's, QEMU's and the guest's own word.
# qemus: all

. "$(dirname "$0")/../lib.sh"

json() { kt -o json -d 0 "$@"; }
field() { jq -r --arg f "$1" '.[$f]' "$2"; }
# GOT WANT POINTS WHOLE: .. by no more points of the whole, and two huge pages that come and go.
within() { awk -v a="$1" -v b="$2" -v p="$3" -v w="$4" 'BEGIN { d = a > b ? a - b : b - a; exit !(d <= w * p / 100 + 4194304) }'; }
status_kb() { awk -v k="$2:" '$1 == k { print $2 * 1024 }' "/proc/$1/status"; }

# NAME GPA: start of the mapping that this address of the guest is in, as smaps and numa_maps have it
mapping() {
	local hva
	hva=$(hmp_ask "$1" "gpa2hva $2" | sed 's/.* is 0x\([0-9a-f]*\).*/\1/')
	awk -v h="$hva" '{ split($1, a, "-"); if (length(a[1]) == length(h) && a[1] <= h && h < a[2]) print a[1] }' "/proc/$(vm_pid "$1")/maps"
}
numa_bytes() { awk -v m="$2" '$1 == m { for (i = 3; i <= NF; i++) if ($i ~ /^N[0-9]+=/) { split($i, a, "="); n += a[2] } } END { print n * 4096 + 0 }' "/proc/$1/numa_maps"; }
# numa_maps counts a transparent huge page as so many small ones: who has how many of them smaps tells alone.
smaps_bytes() { awk -v m="$2" -v k="$3:" '$1 ~ /^[0-9a-f]+-[0-9a-f]+$/ { on = index($1, m "-") == 1 } on && $1 == k { print $2 * 1024 }' "/proc/$1/smaps"; }

guest_start g -device virtio-balloon-pci,id=bal0 || exit 1
vm=$(vm g) pid=$(vm_pid g)

# ---- the balloon, and the guest's own figures

guest_cmd g 'modprobe virtio_balloon 2>/dev/null; true'
json memory "$vm" >row
t_is 'what it was started with' "$(field assigned_bytes row)" $((256 << 20))
t_is 'nothing is plugged' "$(field plugged_bytes row)" 0
t_is 'the balloon as QEMU has it' "$(field balloon_bytes row)" "$(qmp_ask g '{"execute":"query-balloon"}' | jq .actual)"
t_is 'the guest is not asked: its figures are unknown' "$(jq -c '[.guest_total_bytes, .guest_free_bytes, .guest_stats_age_seconds]' row)" '[null,null,null]'
t_like 'and it says why' "$(field note row)" 'guest-stats-polling-interval'
qmp_ask g '{"execute":"qom-set","arguments":{"path":"/machine/peripheral/bal0","property":"guest-stats-polling-interval","value":1}}' >/dev/null
guest_tells() { json memory "$vm" >row && jq -e '.guest_total_bytes != null' row >/dev/null; }
t_ok 'asked, it tells' wait_for 60 guest_tells
total_kb=$(guest_cmd g 'sed -n "s/^MemTotal: *\([0-9]*\) kB/\1/p" /proc/meminfo')
t_is 'as much as it counts itself' "$(field guest_total_bytes row)" $((total_kb * 1024))
t_ok 'free and available are less than that' jq -e '.guest_free_bytes > 0 and .guest_free_bytes < .guest_total_bytes and .guest_available_bytes < .guest_total_bytes' row
t_ok 'and are of now' jq -e '.guest_stats_age_seconds >= 0 and .guest_stats_age_seconds < 30' row
qmp_ask g '{"execute":"balloon","arguments":{"value":209715200}}' >/dev/null
balloon_is() { [ "$(json -F balloon_bytes memory "$vm" | jq .balloon_bytes)" = "$1" ] && [ "$(qmp_ask g '{"execute":"query-balloon"}' | jq .actual)" = "$1" ]; }
t_ok 'it follows the balloon' wait_for 60 balloon_is 209715200

# ---- what the process has; it stands still meanwhile

qmp_ask g '{"execute":"stop"}' >/dev/null
json memory "$vm" >row
json --exact memory "$vm" >exact
t_ok 'resident' near "$(field rss_bytes row)" "$(awk '{ print $2 * 4096 }' "/proc/$pid/statm")" 2
t_ok 'of that anonymous' near "$(field anon_bytes row)" "$(status_kb "$pid" RssAnon)" 2
t_ok 'of files' near "$(field file_bytes row)" "$(status_kb "$pid" RssFile)" 5
t_is 'swapped, locked, on hugetlb pages' "$(jq -c '[.swap_bytes, .locked_bytes, .hugetlb_bytes]' row)" \
	"[$(status_kb "$pid" VmSwap),$(status_kb "$pid" VmLck),$(status_kb "$pid" HugetlbPages)]"
ram=$(mapping g 0)
t_is 'the kernel counts: all that is there' "$(jq -c '[.present_bytes, .how, .error_pct]' exact)" "[$(numa_bytes "$pid" "$ram"),\"exact\",0]"
t_is 'and what is on huge pages' "$(field thp_bytes exact)" "$(smaps_bytes "$pid" "$ram" AnonHugePages)"
t_is 'a sample is as large as it says' "$(jq -c '[.samples, .how]' row)" '[4096,"sampled"]'
error=$(field error_pct row)
t_ok "its error is small: $error" awk -v e="$error" 'BEGIN { exit !(e > 0 && e < 3) }'
t_ok "what is there, within it: $(field present_bytes row)" within "$(field present_bytes row)" "$(field present_bytes exact)" "$error" $((256 << 20))
t_ok "what is on huge pages too: $(field thp_bytes row)" within "$(field thp_bytes row)" "$(field thp_bytes exact)" "$error" $((256 << 20))

json numa "$vm" >numa
t_is 'on one node all is local' "$(jq -c '[.node, .share_pct, .local_pct, .vcpus, .iothreads, .home, .mismatch]' numa)" '[0,100,100,1,1,"home",null]'
t_is 'by node, exact' "$(json --exact numa "$vm" | jq .bytes)" "$(numa_bytes "$pid" "$ram")"
qmp_ask g '{"execute":"cont"}' >/dev/null

# ---- several blocks, and guests whose monitor is not ours

qemu_start many -machine q35,accel=tcg -S -smp 2 -m 192,slots=2,maxmem=1G -qmp unix:many.qmp,server=on,wait=off \
	-object memory-backend-ram,id=m0,size=64M,share=on,prealloc=on -object memory-backend-memfd,id=m1,size=128M \
	-numa node,memdev=m0,cpus=0 -numa node,memdev=m1,cpus=1 -object memory-backend-ram,id=d0,size=128M,prealloc=on \
	-device pc-dimm,id=dimm0,memdev=d0
json memory "$(vm many)" >row
json --exact memory "$(vm many)" >exact
t_is 'a DIMM is plugged' "$(field plugged_bytes row)" $((128 << 20))
sum=$(($(numa_bytes "$(vm_pid many)" "$(mapping many 0)") + $(numa_bytes "$(vm_pid many)" "$(mapping many 0x4000000)") +
	$(numa_bytes "$(vm_pid many)" "$(mapping many 0x100000000)")))
t_is 'all blocks together, exact' "$(field present_bytes exact)" "$sum"
t_ok 'and sampled' within "$(field present_bytes row)" "$sum" "$(field error_pct row)" $((320 << 20))
t_ok 'shared memory is told apart' jq -e '.shared_bytes >= 67108864' row
qemu_start mute -machine q35,accel=tcg -S -m 96
json memory "pid:$(vm_pid mute)" >row
t_is 'without a monitor its mapping is found by its size' \
	"$(json --exact memory "pid:$(vm_pid mute)" | jq -c '[.present_bytes, .balloon_bytes]')" "[$(numa_bytes "$(vm_pid mute)" "$(mapping mute 0)"),null]"
t_like 'and why the balloon is unknown' "$(field note row)" 'monitor: none'
printf '[object "x"]\nqom-type = "memory-backend-ram"\nsize = "67108864"\n' >more.conf
qemu_start twin -machine q35,accel=tcg -S -readconfig <(cat more.conf) -m 64
json memory "pid:$(vm_pid twin)" >row
t_like 'where another mapping may be meant nothing is claimed, and it says so' "$(jq -c '[.present_bytes, .note]' row)" \
	'^\[null,".* is not certain: 2 mappings could be it"\]$'

# ---- rights, costs

t_ok 'who may not look gets no figure' eval 'setpriv --reuid 65534 --regid 65534 --clear-groups -- "$KVMTOP_PLAIN" --batch --no-libvirt -o json -d 0 memory >other; [ "$(jq -s "map(select(.present_bytes != null)) | length" other)" = 0 ]'
t_like 'but why' "$(jq -r --arg v "$vm" 'select(.vm == $v) | .note' other)" 'CAP_SYS_ADMIN'
kt --exact memory 2>err
t_is 'exact is for one guest' "$?" 2
t_like 'it says so' "$(cat err)" 'memory VM'
qemu_start big -machine q35,accel=tcg -S -m 1G -object memory-backend-ram,id=pc.ram,size=1G,prealloc=on -machine memory-backend=pc.ram
reads() { strace -f -qq -c -e trace=pread64 -o calls "$KVMTOP_PLAIN" --batch --no-libvirt -d 0 -F present_bytes memory "$1" >/dev/null && awk '$NF == "pread64" { print $4 }' calls; }
small=$(reads "$vm") large=$(reads "pid:$(vm_pid big)")
t_ok "four times the memory costs no more: $small $large reads" awk -v s="$small" -v l="$large" 'BEGIN { exit !(s > 4096 && l < 2 * s) }'
json memory "pid:$(vm_pid big)" >row
t_is 'memory that is all there' "$(jq -c '[.present_bytes, .thp_pct != null]' row)" "[$((1 << 30)),true]"
strace -f -qq -e trace=openat -o opened "$KVMTOP_PLAIN" --batch --no-libvirt -d 0.2 -n 3 vms >/dev/null
t_is 'the overview looks at no pages' "$(grep -c -E 'pagemap|kpageflags|numa_maps|smaps|/maps"|numa_stat' opened)" 0

# ---- the host

json nodes >nodes
t_is 'nodes' "$(jq -r .node nodes)" "$(for n in /sys/devices/system/node/node[0-9]*; do echo "${n##*node}"; done | sort -n)"
# The machine's memory may grow meanwhile, and what is free or used moves: within 30 s both once tell the same.
node_kb() { awk -v k="$2:" '$3 == k { printf "%.0f", $4 * 1024 }' "/sys/devices/system/node/node$1/meminfo"; }
node_says() { json -F "node,$1" nodes | jq --arg f "$1" 'select(.node == 0) | .[$f]'; }
t_ok 'memory of node 0' wait_for 30 between 'node_kb 0 MemTotal' 'node_says mem_total_bytes'
t_ok 'free there' wait_for 30 between 'node_kb 0 MemFree' 'node_says mem_free_bytes' $((16 << 20))
t_ok 'guests have their home somewhere' jq -s -e 'map(.guests) | add >= 2' nodes
record_start stat /proc/stat
t_pause 0.5
kt -o json -d 2 -n 3 nodes >rows
t_pause 0.5
record_end
jq -s -c 'group_by(.time)[] | {time: .[0].time, cpu_pct: (map(.cpu_pct) | add)}' rows >busy
told=$(told busy .cpu_pct) stat=$(recorded busy stat 1 2+3+4+7+8+9)	# ticks of 10 ms
t_ok "how busy its CPUs are: $told %, $stat % by the kernel in the same time" near "$told" "$stat" 5 5
json hugepages >pools
for d in /sys/kernel/mm/hugepages/hugepages-*kB; do
	kb=${d##*-} kb=${kb%kB}
	t_is "pool of $kb kB pages" "$(jq -c --argjson b $((kb * 1024)) 'select(.page_bytes == $b and (.pool | test("node") | not)) | [.total, .free, .reserved, .surplus]' pools)" \
		"[$(cat "$d/nr_hugepages"),$(cat "$d/free_hugepages"),$(cat "$d/resv_hugepages"),$(cat "$d/surplus_hugepages")]"
done
json thp >thp
chosen() { sed 's/.*\[\(.*\)\].*/\1/' "/sys/kernel/mm/transparent_hugepage/$1"; }
t_is 'huge pages: settings' "$(jq -r '[.enabled, .defrag, .shmem] | @tsv' thp)" "$(chosen enabled)"$'\t'"$(chosen defrag)"$'\t'"$(chosen shmem_enabled)"
huge_bytes() { awk '/^AnonHugePages/ { printf "%.0f", $2 * 1024 }' /proc/meminfo; }
thp_says() { json -F anon_bytes thp | jq .anon_bytes; }
t_ok 'memory on them' wait_for 30 between huge_bytes thp_says $((16 << 20))
json ksm >ksm
t_is 'KSM as the kernel has it' "$(jq -c '[.state, .pages_to_scan, .merge_across_nodes]' ksm)" \
	"[\"$(sed 's/0/off/; s/1/on/; s/2/undone/' /sys/kernel/mm/ksm/run)\",$(cat /sys/kernel/mm/ksm/pages_to_scan /sys/kernel/mm/ksm/merge_across_nodes | paste -s -d ,)]"
[ "$(cat /sys/kernel/mm/ksm/run)" != 0 ] || t_like 'and why it merges nothing' "$(field advice ksm)" 'off'
# The kernel counts anew every two seconds: one of the readings there were while kvmtop looked is its own.
readings() { while :; do grep -H . /proc/pressure/*; t_pause 0.2; done; }
# some|full WHAT FIELD: is what kvmtop says of it among them?
same_pressure() {
	grep -q -F -e "/proc/pressure/$2:$1 avg10=$(printf '%.2f' "$(jq ".$3" host)") " readings
}
if [ -e /proc/pressure/cpu ]; then
	readings >readings 2>&1 9>&- &
	pid=$!
	t_own "$pid"
	wait_for 20 grep -q memory:full readings
	json host >host
	n=$(wc -l <readings)
	more_readings() { [ "$(wc -l <readings)" -gt $((n + 12)) ]; }
	wait_for 20 more_readings
	t_kill "$pid"
	for i in 'cpu psi_cpu_pct' 'io psi_io_pct' 'memory psi_mem_pct'; do
		t_ok "pressure as the kernel has it: ${i%% *}" same_pressure some "${i%% *}" "${i#* }"
	done
	for i in 'io psi_io_full_pct' 'memory psi_mem_full_pct'; do
		t_ok "and where all wait: ${i%% *}" same_pressure full "${i%% *}" "${i#* }"
	done
else
	t_skip 'pressure' 'this kernel does not tell'
fi
# that of those without a monitor is not known, nor of others that may run here: then the sum is not either
for i in mute twin big; do vm_kill "$i"; done
all_known() { json vms | jq -e -s 'all(.[]; .mem_bytes != null)' >/dev/null; }
json host >host
all_known || t_is 'what guests were promised is unknown while that of one is' "$(jq .guests_mem_bytes host)" null
! all_known || t_ok 'guests were promised so much' jq -e --argjson least $(((256 + 192 + 128) << 20)) '.guests_mem_bytes >= $least and .mem_overcommit_pct > 0 and .guests_vcpus >= 3' host
t_is 'is this a guest itself' "$(jq -r '.level | split(" ")[0]' host)" "$(grep -q -w hypervisor /proc/cpuinfo && echo guest || echo metal)"
t_done
