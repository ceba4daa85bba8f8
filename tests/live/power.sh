#!/bin/bash
# pause, resume, reset, powerdown of plain QEMU, as its own monitor has it. Guests of libvirt: tests/live/libvirt-power.sh.

. "$(dirname "$0")/../lib.sh"

status() { qmp_ask "$1" '{"execute":"query-status"}' | jq -r .status; }
is_status() { [ "$(status "$1")" = "$2" ]; }
# NAME QEMU-ARG..: one whose monitor kvmtop can have, and no guest to boot.
bare() { local name=$1; shift; qemu_start "$name" -machine q35,accel=tcg -m 64 -qmp "unix:$name.qmp,server=on,wait=off" "$@"; }
# NAME VERB..: of that guest
act() { local name=$1; shift; kt --no-scan -q "$name.qmp" -o json "$@" "$(vm "$name")" >record 2>said; echo "$? $(jq -r .status record)"; }

bare a
t_is 'a guest is paused' "$(act a pause) $(status a)" '0 ok paused'
t_is 'once' "$(act a pause) $(status a)" '0 unchanged paused'
kt --no-scan -q a.qmp -o json undo >record
t_is 'an undo resumes it' "$? $(jq -r .status record) $(status a)" '0 undone running'
act a pause >/dev/null
t_is 'resumed' "$(act a resume) $(status a)" '0 ok running'
t_is 'its undo pauses it' "$(kt --no-scan -q a.qmp -o json undo | jq -r .status) $(status a)" 'undone paused'
t_is 'a dry run does nothing' "$(act a --dry-run resume) $(jq -r '.steps[].text' record) $(status a)" '0 planned cont paused'
t_is 'read-only' "$(act a -r resume) $(status a)" '5 denied paused'
t_like 'a paused guest cannot heed its power button' "$(act a powerdown) $(cat said)" '^1 invalid .*does not run.*resume it'
act a resume >/dev/null
t_is 'reset' "$(act a reset) $(status a)" '0 ok running'
t_like 'that there is no undo is said before' "$(act a --dry-run reset) $(jq -r '.warnings[]' record)" '^0 planned .*there is no undo'
kt --no-scan -q a.qmp undo "$(kt -o json journal | jq -r 'select(.verb == "reset") | .id')" >/dev/null 2>said
t_like 'and when it is tried' "$? $(cat said)" '^1 .*reset of .* has no way back'
t_is 'a guest that does not heed its power button' "$(act a --timeout 1 powerdown) $(status a)" '4 timeout running'
t_like 'what to look at is said' "$(jq -r .error record)" 'has not shut down .does it run, does it heed its power button'
t_is 'no such guest' "$(kt --no-scan -q a.qmp pause nobody >/dev/null 2>&1; echo $?)" 3
vm_kill a

# A disk that fails: what reads it waits for the guest to go on.
guest_start g -device virtio-blk-pci,id=bad,drive=bad,rerror=stop \
	-blockdev '{"driver":"raw","node-name":"bad","file":{"driver":"blkdebug","image":{"driver":"null-co","size":1048576},"inject-error":[{"event":"read_aio","once":true}]}}'
t_ok 'a guest stops at an I/O error, which its disk has while it boots or when it is read' eval 'is_status g io-error ||
	{ guest_cmd g "dd if=/dev/vdb of=/dev/null bs=4096 count=1 >/dev/null 2>&1 &"; wait_for 60 is_status g io-error; }'
t_is 'it is resumed' "$(act g resume)" '0 ok'
t_like 'the disk that failed is named' "$(jq -r '.warnings[]' record)" 'I/O error of bad'
t_ok 'and runs' wait_for 20 is_status g running
t_is 'a guest that heeds its power button' "$(act g --timeout 90 powerdown)" '0 ok'
t_is 'the plan waited for it' "$(jq -r '.steps[].status' record | paste -sd ' ')" 'ok ok'
t_ok 'QEMU has ended' wait_for 20 eval '! vm_alive g'
: >g.killed
t_done
