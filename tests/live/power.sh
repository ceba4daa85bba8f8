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

guest_start g
# The guest has nothing that heeds the button: it is told to go otherwise, while kvmtop waits.
kt_start --no-scan -q g.qmp -o json --timeout 90 powerdown "$(vm g)" >record 2>said
waiting=$!
pressed() { qmp_ask g '{"execute":"query-status"}' >/dev/null && kt -o json journal | jq -e 'select(.verb == "powerdown" and .state == "running")' >/dev/null; }
t_ok 'the button is pressed, and kvmtop waits' wait_for 60 pressed
guest_cmd g 'poweroff -f >/dev/null 2>&1 &' >/dev/null 2>&1
wait "$waiting"
t_is 'until the guest has shut down' "$? $(jq -r '.status, .steps[].status' record | paste -sd ' ')" '0 ok ok ok'
vm_gone() { ! vm_alive g; }
t_ok 'QEMU has ended' wait_for 20 vm_gone
: >g.killed
t_done
