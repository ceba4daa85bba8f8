#!/bin/bash
# -o prometheus: valid for promtool, counters that go on between two runs, labels that stay.

. "$(dirname "$0")/../lib.sh"

"$ROOT/tests/promtool/build" >promtool.log 2>&1
case $? in
0) promtool=$ROOT/build/promtool/promtool ;;
77) promtool='' ;;
*) t_fail 'promtool is there' "$(cat promtool.log)"; t_done ;;
esac
guest_shared
vm=$(vm shared)
# Other guests of this machine are none of ours, and may not answer.
ours=(--no-scan -q shared.qmp)

# What the format says, of which promtool's "check metrics" says nothing: no series twice.
twice() { grep -v '^#' "$1" | sed 's/ [^ ]*$//' | sort | uniq -d; }
value() { sed -n -E "s/^$2\{[^}]*$3[^}]*\} //p" "$1" | head -n 1; }
not_less() { awk -v a="$1" -v b="$2" 'BEGIN { exit !(a != "" && b + 0 >= a + 0) }'; }
more() { awk -v a="$1" -v b="$2" 'BEGIN { exit !(a != "" && b + 0 > a + 0) }'; }

# ---- every table

tables=$(ktp help | awk '/^look:/ { on = 1; next } /^[a-z]+:/ { on = 0 } on && $1 ~ /^[a-z]+$/ { print $1 }' |
	grep -v -x -E 'find|wait|columns|journal|events')
t_like 'the look-ups are found' "$tables" 'vms.*queues.*host'
check() {
	if [ -n "$promtool" ]; then
		"$promtool" check metrics <"$1" >check.log 2>&1 && [ ! -s check.log ]
	fi
}
for table in $tables; do
	# As a scraper asks: no guest is named.
	kt "${ours[@]}" -d 0 -o prometheus "$table" >"$table.prom" 2>"$table.errors"
	t_is "$table: exit 0" "$? $(cat "$table.errors")" '0 '
	if [ -n "$promtool" ]; then
		t_ok "$table: promtool has nothing to say" check "$table.prom" || cat check.log
	else
		t_skip "$table: promtool has nothing to say" 'no promtool'
	fi
	t_is "$table: no series twice" "$(twice "$table.prom")" ''
done
t_is 'the guest is in it' "$(value vms.prom kvmtop_vms_pid "vm=\"$vm\"")" "$(vm_pid shared)"
t_is 'what is unknown is left out' "$(grep -v '^#' vms.prom | grep -c -i -E ' (nan|-|)$')" 0

# One exposition of several tables is one, too.
printf '%s\n' vms vcpus host >script
kt "${ours[@]}" -d 0 -o prometheus -f script >all.prom
t_is 'a script of look-ups: exit 0' "$?" 0
[ -z "$promtool" ] || t_ok 'is one exposition' check all.prom
t_like 'with all of them' "$(grep '^# TYPE' all.prom | tr '\n' ' ')" 'kvmtop_vms_.*kvmtop_vcpus_.*kvmtop_host_'

# ---- counters

# Two runs of kvmtop are two scrapes: nothing is counted from the begin of one. The guest reads its disk without a pause.
printf '%s\n' vms threads vcpus nics host "disks '$vm'" >script
scrape() { ktp "${ours[@]}" -d 0 -o prometheus -f script >"$1" 2>scrape.err || return; }
# Counters, and the sums and counts of summaries: series and value, a tab between.
counters() {
	awk '/^# TYPE/ { on = $4 == "counter" || $4 == "summary" } !/^#/ && on' "$1" | sed 's/ \([^ ]*\)$/\t\1/' | sort
}
labels() { grep -v '^#' "$1" | sed 's/ [^ ]*$//' | grep -v _info | grep -F "vm=\"$vm\"" | grep -v threads | sort; }
scrape one.prom
moved() {
	scrape two.prom &&
		more "$(value one.prom kvmtop_disks_rd_io_total disk0)" "$(value two.prom kvmtop_disks_rd_io_total disk0)" &&
		more "$(value one.prom kvmtop_disks_rd_lat_seconds_sum disk0)" "$(value two.prom kvmtop_disks_rd_lat_seconds_sum disk0)" &&
		more "$(value one.prom kvmtop_vms_cpu_seconds_total "$vm")" "$(value two.prom kvmtop_vms_cpu_seconds_total "$vm")"
}
t_ok 'counters move from run to run' wait_for 30 moved || diff one.prom two.prom
counters one.prom >one.counters
counters two.prom >two.counters
t_ok 'there are many' test "$(wc -l <one.counters)" -gt 20
t_is 'none goes down' "$(join -t $'\t' one.counters two.counters | awk -F '\t' '$3 + 0 < $2 + 0')" ''
t_is 'the labels stay' "$(labels one.prom)" "$(labels two.prom)"

# The kernel's own sum, read between two scrapes; its clock ticks 100 times a second.
cpu() { awk '{ sub(/.*\) /, ""); print ($12 + $13) / 100 }' "/proc/$(vm_pid shared)/stat"; }
scrape one.prom
between=$(cpu)
scrape two.prom
t_ok 'CPU seconds are those of the process' not_less "$(value one.prom kvmtop_vms_cpu_seconds_total "$vm")" "$between"
t_ok 'and not less' not_less "$between" "$(value two.prom kvmtop_vms_cpu_seconds_total "$vm")"
ops() { qmp_ask shared '{"execute":"query-blockstats"}' | jq '[.[] | select(.qdev | test("disk0"))][0].stats.rd_operations'; }
between=$(ops)
scrape one.prom
t_ok 'reads are those QEMU counts' not_less "$between" "$(value one.prom kvmtop_disks_rd_io_total disk0)"
t_ok 'and not more' not_less "$(value one.prom kvmtop_disks_rd_io_total disk0)" "$(ops)"

# ---- several samples, fields, what it cannot do

ktp "${ours[@]}" -n 2 -d 0.1 -F pid,rss_bytes -o prometheus vms >two.prom
t_is 'a sample is an exposition' "$(grep -c '^# TYPE kvmtop_vms_pid gauge$' two.prom)" 2
t_is 'of the fields that were chosen' "$(sed -n 's/^# TYPE \([^ ]*\) .*/\1/p' two.prom | sort -u | tr '\n' ' ')" \
	'kvmtop_vms_pid kvmtop_vms_rss_bytes '
# Ring indices mean nothing to the next run: what is counted on them is a rate, over a delay.
ring() {
	ktp "${ours[@]}" -d 0.2 -o prometheus -F req_per_s queues "$vm" >ring.prom 2>ring.err
	more 0 "$(value ring.prom kvmtop_queues_req_per_second disk0)"
}
t_ok 'a rate of the rings is one' wait_for 20 ring
kt -o prometheus disk remove "$vm" disk0 >out 2>err
t_is 'a change: exit 2' "$?" 2
t_like 'a change says why not' "$(cat err)" 'prometheus is for look-ups'
t_ok 'and changes nothing' vm_has_device shared disk0
t_done
