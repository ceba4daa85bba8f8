#!/bin/bash
# A guest has its monitors where its operator wanted them: on TCP, on a descriptor that a manager passed, on abstract
# sockets, several of them. The one that can be used is used, whichever place it has; else the note names what there is.
# qemus: all

. "$(dirname "$0")/../lib.sh"

bare=(-machine pc,accel=tcg -m 16 -S)
truncate -s 1M d.raw

# FIELD NAME -> of kvmtop's row
of() { kt -o json -d 0 "${@:3}" vms "$(vm "$2")" | jq -r ".$1"; }
# NAME: starts QEMU with the rest, and compares the state with what QEMU says itself.
usable() {
	local name=$1
	shift
	qemu_start "$name" "${bare[@]}" "$@" || return
	t_is "$name: QEMU is asked" "$(of state "$name") $(of note "$name")" "$(qmp_ask "$name" '{"execute":"query-status"}' | jq -r .status) null"
	kt -o json --timeout 2 disk add "$(vm "$name")" file="$PWD/d.raw" format=raw readonly=on id=d >record 2>err
	t_is "$name: and does what it is told" "$? $(jq -r .status record) $(cat err)" '0 ok '
	t_ok "$name: QEMU has it" vm_has_device "$name" d
}
# NAME WHY: starts QEMU with the rest; its note says WHY and what to do.
unusable() {
	local name=$1 why=$2
	shift 2
	qemu_start "$name" "${bare[@]}" "$@" || return
	t_is "$name: no state" "$(of state "$name")" null
	t_like "$name: why" "$(of note "$name")" "$why.*-qmp unix:PATH"
	kt --timeout 2 disk add "$(vm "$name")" file="$PWD/d.raw" format=raw readonly=on id=d >out 2>err
	t_like "$name: a change is told the same" "$? $(cat err)" "^1 .*$why"
}

# ---- a unix socket among others

tcp='tcp:127.0.0.1:0,server=on,wait=off'
usable second -qmp "$tcp" -qmp unix:second.qmp,server=on,wait=off
usable third -monitor unix:third.hmp,server=on,wait=off -qmp "$tcp" -qmp unix:third.qmp,server=on,wait=off

# The first one is in use: the second is taken.
qemu_start two "${bare[@]}" -qmp unix:two-a.qmp,server=on,wait=off -qmp unix:two-b.qmp,server=on,wait=off
setpriv --pdeathsig KILL socat -u UNIX-CONNECT:two-a.qmp CREATE:greeting 2>/dev/null 9>&- &
t_own $!
t_ok 'another client is in at the first' wait_for 10 grep -q QMP greeting
t_is 'the second is asked' "$(of state two)" prelaunch

# ---- a descriptor

# A manager that starts QEMU with a socket that listens at $KT_PASS, or at a name that the kernel chooses, as descriptor 3.
cat >manager <<END
#!/usr/bin/perl
use Socket; use POSIX;
\$^F = 9;
socket(my \$s, AF_UNIX, SOCK_STREAM, 0) or die;
bind(\$s, pack_sockaddr_un(\$ENV{KT_PASS})) or die "bind: \$!";
listen(\$s, 5) or die;
POSIX::dup2(fileno(\$s), 3);
exec '$QEMU', @ARGV or die;
END
chmod +x manager
OWN=$QEMU QEMU=$PWD/manager
export KT_PASS
KT_PASS=$PWD/fd.qmp usable fd -qmp unix:fd=3,server=on,wait=off
KT_PASS=fd2.qmp usable fd2 -chardev socket,id=m,fd=3,server=on,wait=off -mon chardev=m,mode=control
KT_PASS='' usable unnamed -chardev socket,id=m,fd=3,server=on,wait=off -mon m,mode=control
QEMU=$OWN

# ---- abstract

usable tight -chardev "socket,id=m,path=kt-tight-$$,abstract=on,server=on,wait=off" -mon chardev=m,mode=control
usable loose -chardev "socket,id=m,path=kt-loose-$$,abstract=on,tight=off,server=on,wait=off" -mon chardev=m,mode=control

# ---- none that can be used

unusable tcp 'tcp:127.0.0.1:.*no unix socket' -qmp "$tcp"
unusable tcp2 'tcp:127.0.0.1:.*no unix socket' -chardev socket,id=m,host=127.0.0.1,port=0,server=on,wait=off -mon m,mode=control
unusable human 'human.hmp.*for people' -chardev socket,id=m,path=human.hmp,server=on,wait=off -mon chardev=m,mode=readline
unusable human2 'human2.hmp.*for people' -monitor unix:human2.hmp,server=on,wait=off
mkfifo pipe.in pipe.out
unusable pipe 'pipe .no unix socket' -chardev "pipe,id=m,path=$PWD/pipe" -mon chardev=m,mode=control
unusable stdio stdio -qmp stdio
unusable several 'tcp:127.0.0.1.*several.hmp' -qmp "$tcp" -monitor unix:several.hmp,server=on,wait=off
t_done
