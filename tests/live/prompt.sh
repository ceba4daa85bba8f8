#!/bin/bash
# The prompt: ^C ends what runs, lines are kept at once, lines of several, options of a line, Tab, events, a pager.

. "$(dirname "$0")/../lib.sh"
. "$ROOT/tests/screen.sh"

qemu_start g -M q35 -S -qmp unix:g.qmp,server=on,wait=off -netdev user,id=net0 -device virtio-net-pci,id=uplink,netdev=net0,romfile=
g=$(vm g)
history=$XDG_STATE_HOME/kvmtop/history

screen p 150 24 "PAGER='sed s/^/PAGED/' $KVMTOP --prompt --no-libvirt"
line() { tm send-keys -t p -l -- "$1"; keys p Enter; }
t_ok 'a prompt' sees p '^kvmtop>'
line "-o json -F pid vms $g"
t_ok 'options are of the line they stand in' sees p "\"pid\":$(vm_pid g)"
t_ok 'the line is kept' wait_for 10 grep -q -x -e "-o json -F pid vms $g" "$history"
keys p C-l
line "-F pid vms $g"
t_ok 'and of that line only' sees p '^ *PID *$'
line '--no-scan vms'
t_ok 'others are for the whole run' sees p 'an option of the whole run'

keys p C-l
line "wait $g cpu_pct>90000"
t_pause 1
pid=$(pid_of p)
keys p C-c
t_ok '^C ends the verb that runs' sees p 'interrupted'
keys p C-l
line "-n 1000 -d 0.2 -F pid vms $g"
t_ok 'a look-up that goes on' sees p "^ *$(vm_pid g)"
keys p C-c
t_ok '^C ends it, too' sees p 'interrupted'
t_is 'and not kvmtop' "$(pid_of p)" "$pid"
keys p C-l
line "-o csv -F pid vms $g"
t_ok 'the next verb is as ever' sees p ",$(vm_pid g)\$"

keys p C-l
line 'help \'
t_ok 'a line goes on behind a backslash' sees p '^ +> *$'
line 'vhost'
t_ok 'and is one' sees p 'Id of the vhost thread'
line "wait $g 'pid=1"
t_ok 'so does an open quote' sees p '^ +> *$'
keys p C-c
keys p C-l
t_ok '^C gives up all of it' sees p '^kvmtop> *$'
keys p Up
t_ok 'Up: the line before, whole' sees p '^kvmtop> help vhost *$'
keys p C-u
typed p "nic remove $g "
keys p Tab
t_ok 'Tab: an id of the guest' sees p "^kvmtop> nic remove $g uplink *$"
keys p C-u
typed p 'nic '
keys p Tab
t_ok 'Tab: a choice with its help' sees p "^remove +Unplug a NIC"
keys p C-u

keys p C-l
line 'columns jobs'
t_ok 'a table that fits is printed' sees p '^jobs +vm'
keys p C-l
line 'columns'
t_ok 'one that is longer goes through the pager' sees p '^PAGED'
keys p C-l
typed p 'disk rem'
vm_kill g
t_ok 'a guest that ends is told of' sees p "^[0-9:]+ $g has ended"
t_ok 'above what is typed' sees p '^kvmtop> disk rem$'
kill -KILL "$(pid_of p)"
t_is 'a killed prompt has lost no line' "$(tail -n 1 "$history")" columns
t_is 'which are for their user only' "$(stat -c %a "$history")" 600

screen r 80 10 "PAGER=env $KVMTOP --prompt --no-libvirt"
sees r '^kvmtop>' >/dev/null
typed r columns
keys r Enter
t_ok 'the pager of root starts nothing' wait_for 30 grep -q '^LESSSECURE=1' r.raw
keys r C-d
t_ok 'the end' ends r
t_is 'is well' "$(cat r.status)" 0
t_done
