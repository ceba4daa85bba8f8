#!/bin/bash
# Knobs of the host that are files, on a recorded host: what is written is read back by cat, what is undone is as it was, whatever is
# wrong changes nothing. On a kernel: tests/lab/knobs.sh.

. "$(dirname "$0")/../lib.sh"

put() { mkdir -p "host/${1%/*}"; printf '%s\n' "$2" >"host/$1"; }
mm=sys/kernel/mm
put proc/uptime '1.0 1.0'
put proc/meminfo "$(printf 'MemTotal: 4194304 kB\nMemAvailable: 1048576 kB')"
put $mm/ksm/run 1
put $mm/ksm/pages_to_scan 100
put $mm/ksm/merge_across_nodes 1
put $mm/ksm/advisor_mode '[none] scan-time'
put $mm/ksm/pages_sharing 1000
put $mm/ksm/pages_shared 10
put $mm/transparent_hugepage/enabled 'always [madvise] never'
put $mm/transparent_hugepage/hugepages-64kB/enabled 'always [inherit] madvise never'
put proc/sys/kernel/numa_balancing 0
put sys/devices/system/node/online 0
pool=sys/devices/system/node/node0/hugepages/hugepages-2048kB
put $pool/nr_hugepages 4
put $pool/free_hugepages 4
put sys/devices/system/node/node0/meminfo "$(printf 'Node 0 MemTotal: 4194304 kB\nNode 0 MemFree: 409600 kB')"
T_KT+=(--root "$T_DIR/host")
is() { cat "host/$1"; }
state() { grep -r . host/sys host/proc/sys | sort; }

# ---- set, read back, undone

begin=$(state)
kt -o json ksm set pages_to_scan=250 >record
t_is 'a knob is set' "$? $(jq -r .status record) $(is $mm/ksm/pages_to_scan)" '0 ok 250'
id=$(jq -r .journal record)
t_is 'what set it is shown' "$(kt -o json knobs | jq -r 'select(.knob == "ksm.pages_to_scan") | [.value, .default, .journal, .file] | join(" ")')" \
	"250 100 $id /$mm/ksm/pages_to_scan"
t_is 'the same once more is unchanged' "$(kt -o json ksm set pages_to_scan=250 | jq -r .status)" unchanged
t_is 'undone' "$(kt -o json undo | jq -r .status) $(is $mm/ksm/pages_to_scan)" 'undone 100'
t_is 'then no change has it' "$(kt -o json knobs | jq -r 'select(.knob == "ksm.pages_to_scan") | .journal')" null

t_is 'a dry run says its steps and does none' "$(kt -o json --dry-run ksm set merge_across_nodes=0 | jq -r '.status, .steps[].text')" \
	"planned
write 2 to /$mm/ksm/run
write 0 to /$mm/ksm/merge_across_nodes
write 1 to /$mm/ksm/run"
t_is 'nothing has changed' "$(state)" "$begin"
kt ksm set merge_across_nodes=0 >/dev/null 2>said
t_is 'three steps' "$? $(is $mm/ksm/merge_across_nodes) $(is $mm/ksm/run)" '0 0 1'
t_like 'what it takes is said' "$(cat said)" 'unmerging takes 4 MiB of memory, of 1024 MiB available'
kt undo >/dev/null
t_is 'and back' "$? $(is $mm/ksm/merge_across_nodes) $(is $mm/ksm/run)" '0 1 1'

kt thp set size=64K enabled=always >/dev/null && kt hugepages set size=2M count=9 >/dev/null && kt numa balancing on >/dev/null
t_is 'others' "$? $(is $mm/transparent_hugepage/hugepages-64kB/enabled) $(is $pool/nr_hugepages) $(is proc/sys/kernel/numa_balancing)" '0 always 9 1'
kt undo >/dev/null && kt undo >/dev/null && kt undo >/dev/null
t_is 'and back, last first' "$? $(is $mm/transparent_hugepage/hugepages-64kB/enabled) $(is $pool/nr_hugepages) $(is proc/sys/kernel/numa_balancing)" \
	'0 inherit 4 0'

# ---- others that set it too

kt ksm set pages_to_scan=300 >/dev/null
first=$(kt -o json journal | jq -r .id | tail -n 1)
kt ksm set pages_to_scan=400 >/dev/null
second=$(kt -o json journal | jq -r .id | tail -n 1)
kt -o json undo "$first" >record 2>said
t_like 'an older change is not undone below a newer one' "$? $(jq -r .status record) $(cat said)" "^1 invalid .*changed again by $second"
put $mm/ksm/pages_to_scan 777
kt -o json undo "$second" >record 2>said
t_like 'nor one that another program has overruled' "$? $(jq -r .status record) $(cat said)" '^1 overruled .*is 777 by now, not 400'
t_is 'whose value stays' "$(is $mm/ksm/pages_to_scan)" 777
put $mm/ksm/pages_to_scan 400
t_is 'as it was set, it is undone' "$(kt -o json undo "$second" | jq -r .status) $(is $mm/ksm/pages_to_scan)" 'undone 300'
t_is 'and the older one' "$(kt -o json undo "$first" | jq -r .status) $(is $mm/ksm/pages_to_scan)" 'undone 100'

# ---- killed

put $mm/transparent_hugepage/enabled 'always [madvise] never'
put $mm/transparent_hugepage/hugepages-64kB/enabled 'always [inherit] madvise never'
put $mm/ksm/advisor_mode '[none] scan-time'
T_ONLY=(--root "$T_DIR/host")
kt_killed_at_each_sync 'three steps' 'ksm set .* was not finished|ksm/run, which was|^$' state ksm set merge_across_nodes=0

# ---- what is wrong

before=$(state)
# WANT-CODE WANT-TEXT WORD..
wrong() {
	local code=$1 text=$2
	shift 2
	kt "$@" >/dev/null 2>said
	t_like "$*" "$? $(paste -sd ' ' said)" "^$code .*$text"
}
wrong 2 "did you mean 'run='" ksm set runn=1
wrong 2 'one of 0.1.2 is expected' ksm set run=3
wrong 2 'a whole number is expected' ksm set pages_to_scan=-1
wrong 1 'out of range' ksm set pages_to_scan=4294967296
wrong 1 'this kernel has no such knob' ksm set smart_scan=1
wrong 1 'nothing to set is given' ksm set
wrong 1 'always.madvise.never' thp set enabled=inherit
wrong 1 'pages of 64K' thp set size=1M enabled=never
wrong 1 'this kernel has no such knob' halt-poll set 0
wrong 1 'pages of 2M' hugepages set size=1G count=1
wrong 1 'on the nodes 0' hugepages set size=2M count=1 node=7
wrong 1 '996 more pages .* memory for 200 .*force=on' hugepages set size=2M count=1000
wrong 2 'count= is missing' hugepages set size=2M
wrong 5 'leave out --read-only' --read-only ksm set run=0
put $mm/ksm/pages_sharing 1000000
wrong 1 'unmerging takes 3906 MiB, and 1024 MiB are available' ksm set run=2
put $mm/ksm/pages_sharing 1000
t_is 'nothing of that changed anything' "$(state)" "$before"

if [ "$(id -u)" = 0 ]; then
	chmod 444 host/$mm/ksm/run	# root's, and root without capabilities may not write it
	setpriv --bounding-set=-all --inh-caps=-all -- "$KVMTOP_PLAIN" "${T_KT[@]}" ksm set run=0 >out 2>said
	t_like 'without the right to write' "$? $(cat said)" '^5 .*/sys/kernel/mm/ksm/run: no right to write'
	t_is 'it stays as it is' "$(is $mm/ksm/run)" 1
else
	t_skip 'without the right to write' 'not root'
fi

# ---- what the rows give

t_like 'help has the keys, and why' "$(kt help ksm set)" 'pages_to_scan *Pages that ksmd looks at .*more finds equal pages sooner'
t_like 'completion too' "$("$KVMTOP_PLAIN" complete bash 'kvmtop -b ksm set adv' ' =:' | paste -sd ' ')" '^advisor_mode= advisor_max_cpu= advisor_target'
t_done
