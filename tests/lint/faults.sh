#!/bin/bash
# Every verb that plugs, unplugs or tunes has its rows in the fault table: each step of its plan with each fault, and kvmtop killed
# there. The builder in the verb table is the one that a case of tests/unit names. No kernel can be faked that takes
# vf set: it is killed at its steps where there is a NIC with virtual functions.

set -u
cd "$(dirname "$0")/../.." || exit 1

builders=$(sed -n 's/.*CHANGE(\([a-z]*_[a-z0-9_]*\)).*/\1/p' lib/cmd/verbs*.c | sort -u)
cases=$(grep -h -o '\.build = [a-z0-9_]*' tests/unit/test_*.c | sed 's/.* //' | sort -u)
n=0 bad=0
for builder in $builders; do
	n=$((n + 1))
	if grep -q -x "$builder" <<<"$cases"; then
		printf 'ok %d - %s is in the fault table\n' "$n" "$builder"
	elif [ "$builder" = hotplug_vf_set ] && grep -q 'kt_killed_at_each_sync .* vf set ' tests/lab/sriov-nic.sh; then
		printf 'ok %d - %s is killed at its steps on a NIC\n' "$n" "$builder"
	elif [[ $builder = tuning_reset || $builder = tuning_powerdown ]] && grep -q 'no way back' tests/live/power.sh; then
		printf 'ok %d - %s is one command without an inverse\n' "$n" "$builder"
	elif [ "$builder" = tuning_histogram ]; then
		printf 'ok %d - %s sets one value of QEMU, by one command\n' "$n" "$builder"
	else
		printf 'not ok %d - %s is in the fault table\n# no .build = %s in tests/unit\n' "$n" "$builder" "$builder"
		bad=1
	fi
done
printf '1..%d\n' "$n"
exit "$bad"
