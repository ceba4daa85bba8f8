#!/bin/bash
# A script is read up to its bounds, however long it is.

. "$(dirname "$0")/lib.sh"

# Memory of 256 MB and no more: a line that is read whole does not fit.
run() { (ulimit -v 400000; exec timeout 20 "$KVMTOP_BARE" --batch --no-libvirt -f -) >out 2>err; }

honest_start h
status=0
head -c 600000000 /dev/zero | tr '\0' x | run || status=$?
t_is 'a line of 600 MB is a wrong script' "$status" 2
t_like 'and the error says what a line holds' "$(<err)" 'line 1: a line holds at most 65536 bytes'
status=0
yes '# a comment' | run || status=$?
t_is 'so is one that has no end' "$status" 2
t_like 'and the error says so' "$(<err)" 'longer than 16 MiB'
status=0
printf 'vms\nvms\0\n' | run || status=$?
t_like 'a NUL byte is an error, and no line of it runs' "$status $(<out)$(<err)" '^2 kvmtop: script -: line 2: a NUL byte'
printf 'vms %s\n' "$(vm h)" | run
t_like 'an honest script works' "$(<out)" "$(vm h)"
t_done
