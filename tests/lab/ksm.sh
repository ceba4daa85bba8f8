#!/bin/bash
# Pages that the kernel merges: what kvmtop says against what it has given back. The flag of such a page is not to be believed
# on every kernel.
# kernels: all

. "$(dirname "$0")/lib.sh"

l2_shared_end	# all there is to merge is to be ours
echo 0 >/proc/sys/kernel/numa_balancing	# pages that it has taken for a hint do not merge
ksm=/sys/kernel/mm/ksm
json ksm >row
t_is 'it is off' "$(jq -r .state row)" off
t_like 'which is why' "$(jq -r .advice row)" '^it is off'
echo never >/sys/kernel/mm/transparent_hugepage/enabled
echo 2000 >$ksm/pages_to_scan
echo 10 >$ksm/sleep_millisecs
qemu_idle not -m 64 -machine mem-merge=off -object memory-backend-ram,id=k1,size=64M,merge=off,prealloc=on -machine memory-backend=k1
echo 1 >$ksm/run
json ksm >row
t_like 'no guest wants it' "$(jq -r .advice row)" 'no guest has memory that may be merged'
echo 0 >$ksm/run
# all of its pages are equal: never written to but for being there
qemu_idle same -m 256 -object memory-backend-ram,id=k0,size=256M,prealloc=on -machine memory-backend=k0
anon_bytes() { awk '/^AnonPages/ { printf "%.0f", $2 * 1024 }' /proc/meminfo; }
anon0=$(anon_bytes) sharing0=$(cat $ksm/pages_sharing)
echo 1 >$ksm/run
merged() { [ "$(cat $ksm/pages_sharing)" -gt 60000 ]; }
t_ok 'its pages are merged' wait_for 300 merged
t_is 'one guest wants it' "$(json ksm | jq .guests)" 1
kt -o json -d 3 ksm >row
anon1=$(anon_bytes) sharing1=$(cat $ksm/pages_sharing)
echo 0 >$ksm/run
json ksm >still
t_ok "what is saved, by the memory of processes that went: $((anon0 - anon1)) while $sharing0 became $sharing1" \
	awk -v d="$((anon0 - anon1))" -v s="$(((sharing1 - sharing0) * 4096))" 'BEGIN { exit !(s > 2e8 && d > s * 0.95 && d < s * 1.05) }'
t_ok 'the figure is that, less the book-keeping' awk -v g="$(jq .saved_bytes still)" -v s="$(($(cat $ksm/pages_sharing) * 4096))" 'BEGIN { exit !(g <= s && g > s * 0.95) }'
t_ok 'ksmd had to work for it' jq -e '.ksmd_pct > 0' row
merging=$(($(cat "/proc/$(vm_pid same)/ksm_merging_pages") * 4096))
json memory "$(vm same)" >row
t_is 'of the guest, as the kernel has it' "$(jq .ksm_bytes row)" "$merging"
t_ok "its pages' flags agree, or are not believed: $(jq -c '[.ksm_pct, .error_pct]' row)" \
	jq -e --argjson m "$merging" '.ksm_pct == null or ((.ksm_pct - 100 * $m / .present_bytes) | fabs) < 2 + .error_pct' row
json memory "$(vm not)" >row
t_ok 'of the other nothing is merged, and none of its pages says so' jq -e '.ksm_bytes == 0 and (.ksm_pct == null or .ksm_pct == 0)' row
t_ok "this kernel's flag: $(jq -c .ksm_pct row) on $(uname -r)" true
echo 2 >$ksm/run
t_is 'undone is told' "$(json ksm | jq -r .state)" undone
vm_kill same
vm_kill not
echo 0 >$ksm/run
echo madvise >/sys/kernel/mm/transparent_hugepage/enabled
t_done
