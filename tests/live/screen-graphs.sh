#!/bin/bash
# What the screen draws beside numbers: graphs, bars, marks; the pages of guest and host; columns; the mouse.

. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/screen.sh
. "$ROOT/tests/screen.sh"

guest_shared
vm=$(vm shared)
top="$KVMTOP --no-libvirt -d 0.2 --filter 'pid=$(vm_pid shared)'"
# By bytes: grep's ranges are not those of Unicode everywhere.
braille=$'\xe2[\xa0-\xa3]'
has_dots() { shown "$1" | LC_ALL=C grep -a -q -P "$2" || { shown "$1"; return 1; }; }
# NAME: no line is wider than the terminal.
widths_are() { [ "$(shown "$1" | wc -L)" -le "$2" ]; }

for term in xterm-256color screen linux vt100; do
	for size in '80 24' '200 50'; do
		case $term$size in screen*50 | linux*24) continue ;; esac
		width=${size% *}
		# shellcheck disable=SC2086 # two words
		screen g $size "TERM=$term $top"
		t_ok "$term $size: the list" sees g "^$vm .*running"
		keys g Enter 2
		t_ok "$term $size: the queues, with a graph of the first" sees g '^disk0/0  DEPTH [0-9]+ |^nic0/0  DEPTH [0-9]+ '
		t_ok "$term $size: its scale" sees g '^ +[0-9.]+ .* *$'
		case $term in
		linux | vt100)
			t_ok "$term $size: dots of ASCII" sees g '^ +0 +[.:#]+'
			t_is "$term $size: no braille" "$(LC_ALL=C grep -a -c -P "$braille" g.raw)" 0 ;;
		*) t_ok "$term $size: dots of braille" wait_for 20 has_dots g "^ +0 .*$braille" ;;
		esac
		t_ok "$term $size: no line is too long" widths_are g "$width"
		[ "$width" = 80 ] || t_ok "$term $size: bars" sees g '^nic0 +0 supply +256 +[0-9]+ \[#+\.*\]'
		keys g F10
		t_ok "$term $size: it ends" ends g
		t_is "$term $size: the terminal is as before" "$(cat g.after)" "$(cat g.before)"
	done
done
screen g 80 24 "TERM=xterm-256color $top --ascii"
sees g "^$vm .*running" >/dev/null
keys g Enter 2
t_ok '--ascii: dots of ASCII' sees g '^ +0 +[.:#]+'
keys g F10
t_ok '--ascii: it ends' ends g
t_is '--ascii: nothing else' "$(LC_ALL=C grep -a -c -P '[\x80-\xff]' g.raw)" 0

# ---- a graph goes on

export TERM=xterm-256color
screen g 200 50 "$top"
t_ok 'a wide list has the past beside a guest' sees g "^NAME .*CPU% over time"
t_ok 'in dots' wait_for 20 has_dots g "^$vm .*$braille"
t_ok 'and graphs below' sees g "^$vm  CPU% [0-9.]+.* WAIT% .* IOPS "
dots() { shown g | grep "^$vm .*running" | LC_ALL=C grep -a -o -P "$braille" | wc -l; }
many() { [ "$(dots)" -ge 6 ]; }
t_ok 'that grow' wait_for 20 many
keys g M
t_ok 'what has no past leaves the CPU' sees g 'MEMv.*CPU% over time'
keys g F10
ends g
screen g 200 50 "$top -s iops"
t_ok 'another order has another past' sees g 'IOPS over time'
sees g "^$vm .*running" >/dev/null

# ---- pages

keys g 4
t_ok 'a digit is a page of the selected guest' sees g '^ID +.*RLAT'
keys g t
t_ok 't are its threads' sees g 'TID +ROLE'
keys g Tab
t_ok 'Tab is the next page' gone g 'TID +ROLE'
keys g BTab
t_ok 'Shift-Tab the one before' sees g 'TID +ROLE'
keys g H
t_ok 'H are the pages of the host' sees g '^1host '
t_ok 'one row is written downwards' sees g '^CPU% +[0-9.]+ .*Time the CPUs were busy'
keys g End
t_ok 'to its end' sees g '^UP +[0-9]+'
keys g 7
t_ok '7 are its PCI devices' sees g '^ADDRESS'
keys g Escape
t_ok 'Esc goes back to the guest' sees g 'TID +ROLE'
keys g F1
t_ok 'help names the pages' sees g 'Page of a guest'
keys g Escape Escape
t_ok 'and back to the list' sees g '^NAME'

# ---- columns

size g 80 24
t_ok 'a narrow list leaves columns out' gone g 'SOURCE'
keys g Right Right
t_ok 'Right brings them' sees g '^NAME +<.*SOURCE|^NAME +<'
t_ok 'the guest stays' sees g "^$vm "
keys g Left Left
t_ok 'Left takes them away' gone g '^NAME +<'
keys g f
t_ok 'f chooses columns' sees g '^ \[x\] CPU%'
for _ in {1..40}; do keys g Up; done
on() { has g '^ \[x\] PID'; }
keys g Down Down Down Down Space
t_ok 'Space turns one on' wait_for 20 on
keys g Enter
t_ok 'and it is shown' sees g '^NAME .*PID'
keys g 2
sees g '^DEVICE' >/dev/null
keys g Escape
t_ok 'and stays' sees g '^NAME .*PID'
keys g f
sees g '^ \[x\] PID' >/dev/null
keys g Escape
keys g F10
ends g

# ---- the mouse, as xterm tells of it: button, column, row, counted from 1

mouse() { tm send-keys -t "$1" -l "$(printf '\033[<%d;%d;%dM\033[<%d;%d;%dm' "$2" "$3" "$4" "$2" "$3" "$4")"; }
line_of() { shown "$1" | grep -n -E -e "$2" | head -n 1 | cut -d : -f 1; }
column_of() { shown "$1" | grep -m 1 "$2" | awk -v s="$3" '{ print index($0, s) }'; }
qemu_start aa -machine pc,accel=tcg -S -m 512 -qmp unix:aa.qmp,server=on,wait=off
screen m 80 24 "TERM=xterm-256color $KVMTOP --no-libvirt -d 0.5 --filter 'pid=$(vm_pid shared)||pid=$(vm_pid aa)'"
# with their memory, which only QEMU tells: the order by it must not change between a look and a click
sees m "^$(vm aa) .* 512M" >/dev/null && sees m "^$vm .* 256M" >/dev/null
t_ok 'the mouse is asked for' grep -a -q -F $'1000h' m.raw
mouse m 0 "$(column_of m '^NAME' MEM)" "$(line_of m '^NAME')"
t_ok 'a click on a heading sorts' sees m 'MEMv'
picked() { tm capture-pane -e -p -t m | sed -n -E $'s/.*\e\\[[0-9;]*(7|46)m([a-z]+-[0-9]+) .*/\\2/p'; }
picked_is() { [ "$(picked)" = "$1" ]; }
mouse m 0 3 "$(line_of m "^$vm ")"
t_ok 'on a row selects it' wait_for 20 picked_is "$vm"
mouse m 64 3 10
t_ok 'the wheel goes up' wait_for 20 picked_is "$(vm aa)"
mouse m 65 3 10
t_ok 'and down' wait_for 20 picked_is "$vm"
mouse m 0 3 "$(line_of m "^$vm ")"
t_ok 'a click on the selected row opens it' sees m "kvmtop  $vm  pid"
mouse m 0 "$(column_of m '^1vcpus' 4disks)" 3
t_ok 'on a tab changes the page' sees m '^ID +.*RLAT'
mouse m 0 2 24
t_ok 'on the key bar is the key' sees m '^Keys'
keys m Escape F10
t_ok 'F10 ends it' ends m
t_ok 'and lets the mouse go' grep -a -q -F $'1000l' m.raw
screen m 80 24 "TERM=xterm-256color $top --no-mouse"
sees m "^$vm " >/dev/null
keys m F10
ends m
t_is '--no-mouse does not ask for it' "$(grep -a -c -F $'1000h' m.raw)" 0
tm kill-server
t_done
