#!/bin/bash
# What a plan warns of is said in every form of output.

. "$(dirname "$0")/../lib.sh"

qemu_start g -machine q35,accel=tcg -m 32 -S -device pcie-root-port,id=rp1,chassis=1 -qmp unix:g.qmp,server=on,wait=off
vm=$(vm g)
truncate -s 1M a.img
said="kvmtop: $vm: warning: the guest is not running (prelaunch): it will see the change when it does"
for form in table csv; do
	kt -o "$form" --dry-run disk add "$vm" file="$PWD/a.img" format=raw >out 2>err
	t_is "$form: on standard error" "$? $(cat err)" "0 $said"
	t_is "$form: and not among the rows" "$(grep -c 'not running' out)" 0
done
kt -o json --dry-run disk add "$vm" file="$PWD/a.img" format=raw >out 2>err
t_is 'json: in the record' "$? $(jq -r '.warnings[0]' out) $(cat err)" "0 ${said#*warning: } "
kt --timeout 1 disk add "$vm" file="$PWD/a.img" format=raw >out 2>err
t_is 'also of one that is run' "$? $(cat err)" "0 $said"
t_done
