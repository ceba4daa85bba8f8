#!/bin/bash
# QEMU that has changed its root, its user and its directory since it opened its sockets and files: what it was told they
# are called leads nowhere any more, and what it has open is the same as before. (Ganeti, Incus, scripts of one's own)
# qemus: all

. "$(dirname "$0")/../lib.sh"

mkdir jail shop other
chmod 711 . # for QEMU's new user
bare=(-machine pc,accel=tcg -m 16 -S)
# both options are gone in QEMU 10; the other came with 9.0
if "$QEMU" --help | grep -q '^-chroot'; then
	in_jail=(-chroot "$PWD/jail") confined=(-chroot "$PWD/jail" -runas nobody)
else
	in_jail=(-run-with "chroot=$PWD/jail") confined=(-run-with "chroot=$PWD/jail,user=nobody")
fi

# NAME: what kvmtop says of it, against QEMU and the file itself
found() {
	local name=$1 disk=$2
	kt -o json -d 0 vms "$(vm "$name")" >row 2>err
	t_is "$name: QEMU is asked" "$(jq -r '"\(.state) \(.note)"' row) $(cat err)" 'prelaunch null '
	kt -o json -d 0 -F id,file,size_bytes,storage,free_bytes disks "$(vm "$name")" >row 2>err
	t_is "$name: its disk, as QEMU calls it" "$(jq -r .file row)" "$3"
	t_is "$name: and its size" "$(jq -r .size_bytes row)" "$(stat -c %s "$disk")"
	# what is free on its file system moves: to a tenth
	t_ok "$name: and the file system it is on" awk -v a="$(jq -r .free_bytes row)" \
		-v b="$(($(stat -f -c '%a * %S' "$disk")))" 'BEGIN { exit !(b > 0 && a > b * 0.9 && a < b * 1.1) }'
	t_is "$name: found by its disk" "$(kt -o json find "$PWD/$disk" | jq -r '"\(.vm) \(.device)"')" \
		"$(jq -r '"\(.vm) \(.id)"' row)"
	kt -o json --timeout 2 disk remove "pid:$(vm_pid "$name")" nosuch >record 2>err
	t_like "$name: a change gets to it" "$? $(cat err)" "^3 .*nosuch"
}

# NAME DIR QEMU-ARG..: as qemu_start, but QEMU becomes a daemon, in DIR.
daemon_start() {
	local name=$1 dir=$2
	shift 2
	printf '%s\n' "$name-$$" >"$name.name"
	(cd "$dir" && exec "$QEMU" -name "$name-$$" -nodefaults -display none -daemonize -pidfile "$OLDPWD/$name.pid" "${bare[@]}" "$@") \
		</dev/null >"$name.err" 2>&1 9>&- || { cat "$name.err" >&2; return 1; }
	t_own "$(vm_pid "$name")"
}

truncate -s 3M a.raw
truncate -s 4M shop/b.raw
truncate -s 5M other/b.raw
truncate -s 6M c.raw
truncate -s 7M shop/d.raw
chmod 666 ./*.raw ./*/*.raw

qemu_start rooted "${bare[@]}" "${in_jail[@]}" -qmp "unix:$PWD/rooted.qmp,server=on,wait=off" \
	-drive "file=$PWD/a.raw,if=virtio,format=raw"
t_is 'QEMU has another root' "$(readlink "/proc/$(vm_pid rooted)/root")" "$PWD/jail"
found rooted a.raw "$PWD/a.raw"

qemu_start both "${bare[@]}" "${confined[@]}" -qmp "unix:both.qmp,server=on,wait=off" \
	-drive "file=c.raw,if=virtio,format=raw"
t_is 'and another user' "$(stat -c %U "/proc/$(vm_pid both)")" nobody
found both c.raw c.raw

daemon_start daemon shop -qmp unix:d.sock,server=on,wait=off -drive file=b.raw,if=virtio,format=raw
t_is 'QEMU is in another directory' "$(readlink "/proc/$(vm_pid daemon)/cwd")" /
found daemon shop/b.raw b.raw

daemon_start all other "${confined[@]}" -qmp unix:./d.sock,server=on,wait=off \
	-drive file=../other/b.raw,if=virtio,format=raw
found all other/b.raw ../other/b.raw

# ---- without root, of one's own guest

mine=$(mktemp -d /tmp/kt.XXX)
t_leave() { rm -rf "$mine"; }
install -d -o nobody "$mine/state"
chown nobody "$mine"
install -m 755 "$KVMTOP_PLAIN" "$mine/kvmtop"
install -o nobody -m 600 other/b.raw "$mine/e.raw"
as_nobody=(setpriv --reuid nobody --regid nogroup --clear-groups --inh-caps=-all env HOME="$mine" XDG_STATE_HOME="$mine/state" TMPDIR="$mine")
"${as_nobody[@]}" test -x "$QEMU" || QEMU=qemu-system-x86_64	# the newer one may lie where only root gets to
printf '%s\n' "user-$$" >user.name
(cd "$mine" && exec "${as_nobody[@]}" "$QEMU" -name "user-$$" -nodefaults -display none -daemonize -pidfile pid "${bare[@]}" \
	-qmp unix:q.sock,server=on,wait=off -drive file=e.raw,if=virtio,format=raw) </dev/null 9>&-
cp "$mine/pid" user.pid
t_own "$(vm_pid user)"
"${as_nobody[@]}" "$mine/kvmtop" "${T_KT[@]}" -o json -d 0 vms "$(vm user)" >row 2>err
t_is 'its own user finds it, too' "$(jq -r '"\(.state) \(.note)"' row) $(cat err)" 'prelaunch null '
t_done
