#!/bin/bash
# Moving on the screen: to the neighbour guest, into a row, to who has an address or an image; what follows the selection.

. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/screen.sh
. "$ROOT/tests/screen.sh"

export TERM=screen
guest_shared
vm=$(vm shared)
truncate -s 1M mine.img
mac=52:54:00:ab:cd:01
qemu_start aa -machine pc,accel=tcg -S -m 512 -qmp unix:aa.qmp,server=on,wait=off \
	-netdev user,id=n0 -device "virtio-net-pci,netdev=n0,mac=$mac,id=nic-aa"
qemu_start bb -machine pc,accel=tcg -S -m 64 -qmp unix:bb.qmp,server=on,wait=off \
	-drive "if=none,id=d0,file=$PWD/mine.img,format=raw" -device virtio-blk-pci,drive=d0,id=blk-bb
aa=$(vm aa) bb=$(vm bb)
top="$KVMTOP --no-libvirt -d 0.5 --filter 'pid=$(vm_pid shared)||pid=$(vm_pid aa)||pid=$(vm_pid bb)'"
selected() { tm capture-pane -e -p -t "$1" | sed -n -E $'s/.*\e\\[[0-9;]*(7|46)m([a-z]+-[0-9]+) .*/\\2/p'; }
selected_is() { [ "$(selected "$1")" = "$2" ]; }
rows() { shown "$1" | sed -n '/^NAME/,$p' | sed '1d' | grep -o -E "^[a-z]+-[0-9]+ " | tr -d '\n' | sed 's/ $//'; }
rows_are() { [ "$(rows "$1")" = "$2" ]; }

# ---- the selection is a guest, whatever the order

screen m 80 24 "$top -s mem_bytes"
t_ok 'by memory' wait_for 30 rows_are m "$aa $vm $bb"
# which was the first before their memory was known is selected
keys m Home
t_ok 'the first one is selected' wait_for 30 selected_is m "$aa"
keys m I
t_ok 'turned round' wait_for 30 rows_are m "$bb $vm $aa"
t_ok 'the selection stays with the guest that was the first' wait_for 30 selected_is m "$aa"
keys m I
t_ok 'and back' wait_for 30 rows_are m "$aa $vm $bb"

# ---- the neighbour, with the page kept

keys m 4
t_ok "the first guest's disks" sees m "^kvmtop  $aa "
keys m ']'
t_ok '] is the next guest of the list' sees m "^kvmtop  $vm "
t_ok 'on the same page' sees m '^disk0 '
keys m ']'
t_ok 'and the next' sees m "^kvmtop  $bb "
keys m ']'
t_ok 'behind the last there is no other' sees m "^$bb is the last of the list"
t_ok 'with its disk' sees m '^blk-bb '
keys m '[' 
sees m "^kvmtop  $vm " >/dev/null
keys m Escape
t_ok 'the list has the guest selected that was looked at' wait_for 30 selected_is m "$vm"

# ---- into a row

keys m 2
sees m '^disk0 +0 request' >/dev/null
keys m /
typed m disk0
keys m Enter Enter
t_ok 'Enter on a queue: all of it' sees m "^$vm / queues / disk0/0"
t_ok 'a histogram of its depths' sees m '^ +[0-9-]+ \|#+ +[0-9]+$'
t_ok 'its past' sees m '^disk0/0  DEPTH|^0/disk0  DEPTH|DEPTH [0-9]+ +min'
keys m PageDown
t_ok 'each figure with what it means' sees m '^DEPTH +[0-9]+ +Entries the guest made available'
keys m Escape
t_ok 'Esc goes back to the page' sees m '^DEVICE'
keys m t
sees m 'TID +ROLE' >/dev/null
keys m / 
typed m 'CPU 0/'
keys m Escape
gone m '^Find: ' >/dev/null
keys m Enter
t_ok 'Enter on a thread: what it waits for' sees m '^waits (in |for nothing|\(its stack)'
keys m Escape
sees m 'TID +ROLE' >/dev/null
keys m 5
sees m '^nic0 ' >/dev/null
keys m Enter
t_ok 'Enter on a NIC: its path' sees m '^nic0 > '
keys m Escape
sees m '^ID ' >/dev/null
keys m Escape
t_ok 'back on the list' sees m '^NAME'

# ---- who has it

keys m /
typed m "$mac"
keys m Enter
t_ok 'a MAC address: who has it, three keys and a paste' sees m "^$aa +nic-aa has .*$mac"
t_ok 'and that guest is selected' wait_for 30 selected_is m "$aa"
keys m /
typed m "$PWD/mine.img"
keys m Enter
t_ok 'an image' sees m "^$bb +blk-bb has "
t_ok 'and its guest' wait_for 30 selected_is m "$bb"
keys m /
typed m 52:54:00:99:99:99
keys m Enter
t_ok 'what no guest has is said' sees m "no guest .*52:54:00:99:99:99|52:54:00:99:99:99.*no guest"
keys m / Home
typed m "-"
keys m Enter Home n
t_ok 'n is the next one' wait_for 30 selected_is m "$vm"
keys m n
t_ok 'and the next' wait_for 30 selected_is m "$bb"
keys m n
t_ok 'and round' wait_for 30 selected_is m "$aa"

# ---- tags, and a change for all of them

keys m U
picked() { keys m /; typed m "$1"; keys m Enter; wait_for 30 selected_is m "$1"; }
picked "$aa"
keys m Space
t_ok 'Space tags' sees m "^[*]$aa "
picked "$bb"
keys m Space
t_ok 'and another' sees m '2 tagged'
truncate -s 1M both.raw
picked "$aa"
keys m F7
sees m '^ d  disk add' >/dev/null
keys m d
sees m '^ file: ' >/dev/null
typed m "$PWD/both.raw"
keys m Down r
field m id
typed m kt-both
keys m Enter
t_ok 'a change is for both, their steps together' sees m '^ 2 tagged guests   run one after another'
t_ok 'the first' sees m "^disk add $aa: these steps will be run|^disk add $bb: these steps will be run"
t_ok 'nothing has happened yet' vm_lacks_device aa kt-both
keys m y
t_ok 'one is run, the other refused, as the image is in use: it stops there' sees m '^disk add .*: (invalid|failed)'
both() { { vm_has_device aa kt-both && ! vm_has_device bb kt-both; } || { vm_has_device bb kt-both && ! vm_has_device aa kt-both; }; }
t_ok 'one guest has the disk' wait_for 30 both
keys m x
sees m '^ file ' >/dev/null
keys m Escape
sees m '^NAME' >/dev/null
keys m U
t_ok 'U takes the tags off' gone m '^[*]'
keys m F10
t_ok 'it ends' ends m
t_is 'exit 0' "$(cat m.status)" 0
tm kill-server
t_done
