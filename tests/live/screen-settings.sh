#!/bin/bash
# What the screen keeps between its runs, whom a file of settings is believed of; a frozen screen and its past.

. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/screen.sh
. "$ROOT/tests/screen.sh"

export TERM=screen XDG_CONFIG_HOME=$PWD/config
qemu_start aa -machine pc,accel=tcg -S -m 64 -qmp unix:aa.qmp,server=on,wait=off
aa=$(vm aa)
top="XDG_CONFIG_HOME=$XDG_CONFIG_HOME $KVMTOP --no-libvirt --filter 'pid=$(vm_pid aa)'"
file=$XDG_CONFIG_HOME/kvmtop/config

screen s 80 24 "$top"
sees s "^$aa " >/dev/null
keys s d C-u
typed s 0.7
keys s Enter M I
t_ok 'a delay and an order are chosen' sees s 'MEM\^'
keys s W
t_ok 'W keeps them' sees s '^delay, columns and order are kept'
t_is 'in a file' "$(grep -c -x -e 'delay = 0.7' -e 'sort.vms = -mem_bytes' "$file")" 2
t_is 'that only we can read' "$(stat -c '%a %u' "$file")" "600 $(id -u)"
keys s F10
ends s
printf 'colour = green\n# mine\ncolumns.vms = vm,nonsense,pid,state\ncolumns.nosuch = x\n' >>"$file"

screen s 80 24 "$top"
t_ok 'the next start has the delay' sees s 'delay 0.7 s'
t_ok 'the columns, without those there are not' sees s '^NAME +PID STATE'
keys s d C-u
typed s 0.9
keys s Enter
sees s 'delay 0.9 s' >/dev/null
keys s W
t_ok 'W again' wait_for 30 grep -q -x 'delay = 0.9' "$file"
t_is 'what it does not know stays' "$(grep -c -x -e 'colour = green' -e '# mine' -e 'columns.nosuch = x' "$file")" 3
t_is 'and its own are there once' "$(grep -c -e '^delay' "$file")" 1
keys s F10
ends s
screen s 80 24 "$top -d 0.4 -F vm,mem_bytes -s -vm"
t_ok 'options win: the delay' sees s 'delay 0.4 s'
t_ok 'the columns' sees s '^NAME *v? +MEM *$'
keys s F10
ends s

# ---- whom it is believed of

# NAME REGEX: a message, wrapped or not, says it.
says() { wait_for 30 said "$1" "$2" || { shown "$1"; return 1; }; }
said() { shown "$1" | tr -s '\n ' ' ' | grep -q -E -e "$2"; }

# WHAT REGEX: nothing is taken from it, and the screen says why.
distrusted() {
	screen s 80 24 "$top"
	t_ok "$1: said" says s "settings are not taken up: .*$2"
	t_ok "$1: the guests are there" sees s "^$aa "
	t_ok "$1: nothing is taken from it" has s 'delay 1.5 s'
	keys s F10
	ends s
}
cp "$file" saved
chmod 666 "$file"
distrusted 'others may write it' 'has mode 0666'
rm "$file"
ln -s "$PWD/saved" "$file"
distrusted 'a symbolic link' 'is a symbolic link'
rm "$file"
mkfifo "$file"
distrusted 'a pipe' 'is not a file'
rm "$file"
head -c 70000 /dev/zero | tr '\0' x >"$file"
distrusted 'too long' 'longer than 64 KiB'
printf 'delay = 0.7\n\0\0' >"$file"
distrusted 'no text' 'is no text'
if [ "$(id -u)" = 0 ]; then
	cp saved "$file"
	chown 65534 "$file"
	distrusted "another user's" 'belongs to uid 65534'
else
	t_skip "another user's" 'needs root'
fi
rm -f "$file"
{ printf 'delay = 1e99\ncolumns.vms = '; head -c 9000 /dev/urandom | tr -d '\0\n'; printf '\nsort.vms = \33[31m\n'; } >"$file"
screen s 80 24 "$top"
t_ok 'nonsense does no harm' sees s "^$aa "
t_ok 'and gives no delay' has s 'delay 1.5 s'
keys s F10
ends s
t_is 'nothing of it gets through' "$(LC_ALL=C grep -a -c -F $'\e[31mx' s.raw)" 0
rm -f "$file"
screen s 80 24 "$top --read-only"
sees s "^$aa " >/dev/null
keys s W
t_ok 'read-only: nothing is kept' sees s 'not kept in read-only'
t_ok 'no file' test ! -e "$file"
keys s F10
ends s

# ---- frozen

clock() { shown "$1" | head -n 1 | grep -o -E '[0-9]{2}:[0-9]{2}:[0-9]{2} *$'; }
screen z 80 24 "$top -d 0.3"
sees z "^$aa " >/dev/null
first=$(clock z)
moved() { [ "$(clock z)" != "$first" ]; }
wait_for 30 moved
keys z z
t_ok 'z freezes' sees z ' FROZEN '
frozen=$(clock z)
for _ in {1..40}; do keys z Left; done
t_ok 'Left goes back, and the head says how far' sees z ' FROZEN [0-9]+ s ago '
back() { [[ "$(clock z)" < "$frozen" ]]; }
t_ok 'to an earlier time' wait_for 30 back
t_ok 'to the oldest that is kept' sees z 'oldest sample'
keys z 1
t_ok 'a page of a guest is frozen too' sees z "^kvmtop  $aa .* FROZEN [0-9]+ s ago"
for _ in {1..60}; do keys z Right; done
t_ok 'Right comes on again' gone z 's ago'
t_ok 'to where it was frozen' sees z "FROZEN +$frozen"
keys z 4
t_ok 'a page that was not looked at then says so' sees z '^The frozen sample has no disks'
keys z z
t_ok 'and z goes on' gone z ' FROZEN '
keys z F10
ends z
tm kill-server
t_done
