#!/bin/bash
# QEMU in a network namespace of its own, as in containers: the kernel tells of a socket only to who is in its namespace.
# qemus: all

. "$(dirname "$0")/../lib.sh"

shared=(-machine pc,accel=tcg,memory-backend=ram -object memory-backend-memfd,id=ram,size=32M,share=on -m 32 -S)
printf '#!/bin/sh\nexec unshare -n "%s" "$@"\n' "$QEMU" >elsewhere
chmod +x elsewhere
OWN=$QEMU
in_there() { QEMU=$PWD/elsewhere qemu_start "$@"; }
of() { kt -o json -d 0 "${@:3}" vms "$(vm "$2")" | jq -r ".$1"; }
net_of() { readlink "/proc/$1/ns/net"; }

in_there a "${shared[@]}" -qmp unix:a.qmp,server=on,wait=off
t_ok 'QEMU is in another network namespace' [ "$(net_of "$(vm_pid a)")" != "$(net_of self)" ]
t_is 'a unix socket: QEMU is asked' "$(of state a) $(of note a)" 'prelaunch null'
in_there b "${shared[@]}" -chardev "socket,id=m,path=kt-net-$$,abstract=on,server=on,wait=off" -mon chardev=m,mode=control
t_is 'an abstract one, which ours does not have: too' "$(of state b) $(of note b)" 'prelaunch null'
for name in a b; do
	kt -o json --timeout 2 disk add "$(vm "$name")" file="$PWD/a.conf" format=raw readonly=on id=d >record 2>err
	t_is "$name: a change" "$? $(jq -r .status record) $(cat err)" '0 ok '
	t_ok "$name: is done" vm_has_device "$name" d
done
kt --no-scan -q a.qmp -o json -d 0 vms >row 2>err
t_is 'given by hand' "$(jq -r '"\(.vm) \(.source) \(.state)"' row) $(cat err)" "$(vm a) qmp prelaunch "
kt --no-scan -q a.qmp -o json --timeout 2 disk remove "$(vm a)" nosuch >/dev/null 2>err
t_like 'a change by hand gets to it' "$? $(cat err)" '^3 .*nosuch'

setpriv --pdeathsig KILL socat -u UNIX-CONNECT:a.qmp CREATE:greeting 2>/dev/null 9>&- &
client=$!
t_own "$client"
t_ok 'another client is in' wait_for 10 grep -q QMP greeting
t_like 'which is seen, and left alone' "$(of note a)" 'another client'
t_kill "$client"

# ---- a switch for vhost-user

# NAME CMD..: a switch in the namespace that CMD enters
switch() {
	local name=$1
	shift
	setpriv --pdeathsig KILL "$@" socat -u "UNIX-LISTEN:$name.sock,fork" "CREATE:$name.said" 2>/dev/null 9>&- &
	t_own "$!"
	wait_for 10 test -S "$name.sock"
}
plan() {
	kt -o json --dry-run nic add "$(vm "$1")" type=vhost-user source="$PWD/$2.sock" >record 2>err
	printf '%s %s' "$?" "$(jq -r .status record) $(cat err)"
}
# QEMU 7.2 dies of one without KVM, which is looked at when all else is fine
fine='^(0 planned $|1 invalid .*plugging one kills a QEMU of this age)'
qemu_start here "${shared[@]}" -qmp unix:here.qmp,server=on,wait=off
switch ours env
switch guests nsenter -n -t "$(vm_pid a)"
switch third unshare -n
switch ended unshare -n
t_kill "$!"
for name in ours guests third; do
	t_like "a switch: $name, of a guest there" "$(plan a "$name")" "$fine"
	t_like "a switch: $name, of a guest here" "$(plan here "$name")" "$fine"
	t_ok "$name: was not called" [ ! -s "$name.said" ]
done
t_like 'one that has ended is refused' "$(plan a ended)" '^1 invalid .*ended.sock: no process listens there'

# ---- without root

mine=$(mktemp -d /tmp/kt.XXX)
t_leave() { rm -rf "$mine"; }
install -d -o nobody "$mine/state"
chown nobody "$mine"
install -m 755 "$KVMTOP_PLAIN" "$mine/kvmtop"
as_nobody=(setpriv --reuid nobody --regid nogroup --clear-groups --inh-caps=-all env HOME="$mine" XDG_STATE_HOME="$mine/state" TMPDIR="$mine")
"${as_nobody[@]}" test -x "$OWN" || OWN=qemu-system-x86_64	# the newer one may lie where only root gets to
printf '%s\n' "user-$$" >user.name
(cd "$mine" && exec unshare -n setpriv --pdeathsig KILL "${as_nobody[@]}" "$OWN" -name "user-$$" -nodefaults -display none "${shared[@]}" \
	-qmp unix:q.sock,server=on,wait=off) </dev/null 9>&- &
t_own "$!"
wait_for 10 test -S "$mine/q.sock"
"${as_nobody[@]}" "$mine/kvmtop" "${T_KT[@]}" -o json -d 0 vms "user-$$" >row 2>err
t_is 'its own user asks it' "$(jq -r '"\(.state) \(.note)"' row) $(cat err)" 'prelaunch null '
t_done
