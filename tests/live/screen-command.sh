#!/bin/bash
# The line at the foot of the screen: verbs with the selected guest filled in, Tab, what Enter opens, lines before.

. "$(dirname "$0")/../lib.sh"
. "$ROOT/tests/screen.sh"

mkdir img
truncate -s 1M "img/a b.raw"
guest_ports=(-device pcie-root-port,id=rp1,chassis=1,slot=1 -device pcie-root-port,id=rp2,chassis=2,slot=2)
qemu_start g -M q35 -S -qmp unix:g.qmp,server=on,wait=off "${guest_ports[@]}" -netdev user,id=net0 \
	-device virtio-net-pci,id=uplink,netdev=net0,romfile=
qemu_start other -M q35 -S -qmp unix:other.qmp,server=on,wait=off "${guest_ports[@]}"
g=$(vm g) other=$(vm other)

screen s 100 30 "$KVMTOP --no-libvirt --filter 'vm~-$$\$' -s vm"
t_ok 'the list' sees s "^ *[0-9! ]*$g "
keys s :
t_ok ': opens a line' sees s '^: *$'
typed s 'disk re'
keys s Tab
t_ok 'a choice is shown with its help' sees s 'remove +Unplug a disk'
t_ok 'and what it shares is filled in' sees s '^: disk re *$'
keys s C-u
typed s 'disk add '
t_ok 'behind the verb comes the selected guest' sees s "^: disk add $g *$"
typed s fi
keys s Tab
t_ok 'a key' sees s "^: disk add $g file= *$"
typed s "$PWD/im"
keys s Tab
t_ok 'a directory' sees s "img/ *$"
keys s Tab
t_ok 'a file in it, quoted' sees s 'img/a\\ b\.raw *$'
typed s 'format=r'
keys s Tab
t_ok 'a value' sees s 'format=raw *$'
keys s Enter
t_ok 'Enter shows the steps' sees s 'these steps will be run'
t_ok 'and the same in batch' sees s "kvmtop --batch disk add $g file="
t_ok 'nothing is done so far' vm_lacks_device g kt-disk0
t_pause 0.5
keys s Enter
t_ok 'Enter again runs them' sees s '^ ok +kt-disk0'
t_ok 'QEMU has the disk' vm_has_device g kt-disk0
keys s Space
t_ok 'then there is the list again' gone s '^ ok '

keys s :
typed s "disk add $other f"
t_ok 'a guest that is named takes the place of the selected one' sees s "^: disk add $other f *$"
keys s Up
t_ok 'Up is the line before' sees s "^: disk add $g file=.*format=raw *$"
keys s Down
t_ok 'Down is this one' sees s "^: disk add $other f *$"
keys s C-u
typed s 'disk remove '
keys s Tab
t_ok 'an id of that guest' sees s "^: disk remove $g kt-disk0 *$"
keys s C-u
typed s "nic link $g nosuch up"
keys s Enter
t_ok 'what is refused' sees s "nosuch"
keys s Escape
t_ok 'can be mended' sees s "^: nic link $g nosuch up *$"
keys s C-u
typed s 'frobnicate'
keys s Enter
t_ok 'a word that is no verb' sees s "no verb 'frobnicate'"
keys s C-u
typed s 'nics'
keys s Enter
t_ok 'a look-up that has a page opens it' sees s '^uplink '
keys s :
typed s 'columns jobs'
keys s Enter
t_ok 'another one is text' sees s 'downtime_seconds'
keys s Escape
keys s Escape
t_ok 'back to the list' sees s "$other "

# A guest that does not answer: the screen goes on.
kill -STOP "$(vm_pid other)"
keys s :
typed s "nic remove $other "
keys s Tab
typed s x
t_ok 'keys are taken while it is asked' sees s "^: nic remove $other x *$"
keys s BSpace
keys s Tab
t_ok 'why there is nothing' sees s "stopped|not answered"
keys s Escape
keys s q
t_ok 'it ends' ends s
t_is 'well' "$(cat s.status)" 0
t_done
