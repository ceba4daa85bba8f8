#!/bin/bash
# Another user's process names files of options that it may not read, or that are none: a FIFO, a device, root's own, long ones, links
# out of its root, a file system that does not answer. None of them is opened, nothing of what is in them is shown, and nothing waits.

. "$(dirname "$0")/lib.sh"

cp /bin/bash "$EVIL/qemu-system-x86_64"
mkfifo -m 644 "$EVIL/never"
exec {HOLD}<>"$EVIL/never"
# FILE..: a process that counts as QEMU by its name
evil_start() {
	local words=() f
	for f in "$@"; do words+=(-readconfig "$f"); done
	attacker_run ./qemu-system-x86_64 -c 'read -r x <never' "${words[@]}" -S
}

conf='[memory]\nsize = "64M"\n[name]\nguest = "SECRET"\n[smp-opts]\ncpus = "2"\n'
mkdir -m 755 /tmp/root
mkdir -m 700 /tmp/root/closed
for f in own public link closed/public; do printf "$conf" >"/tmp/root/$f"; done
chmod 600 /tmp/root/own /tmp/root/link
mkfifo -m 666 "$EVIL/fifo"
{ printf "$conf"; head -c 300000 /dev/zero | tr '\0' '#'; } >"$EVIL/huge"
truncate -s 1T "$EVIL/sparse"
ln -s /tmp/root/link "$EVIL/link"
mkdir "$EVIL/dir"
ln -s /proc/1/root/tmp/root "$EVIL/over"
printf "$conf" >"$EVIL/mine"
printf "$conf" >"$EVIL/hers"
chown -h nobody:nogroup "$EVIL/huge" "$EVIL/sparse" "$EVIL/mine"
chown daemon "$EVIL/hers"
chmod 644 "$EVIL"/{huge,sparse,mine,hers}
t_pause 1.1	# so that the files are older than the processes by more than the grain of their times

declare -A refused=(
	[/tmp/root/own]='nobody, as whom the process runs, may not read it'
	[/etc/shadow]='nobody, as whom the process runs, may not read it'
	[$EVIL/link]='nobody, as whom the process runs, may not read it'
	[$EVIL/fifo]='it is no regular file'
	[/dev/kmsg]='it is no regular file'
	[/dev/watchdog]='it is no regular file|No such file'
	[$EVIL/dir]='it is no regular file'
	[$EVIL/huge]='it has more than 256 KiB'
	[$EVIL/sparse]='it has more than 256 KiB'
	[$EVIL/hers]='it belongs to another user than the process'
	[/dev/fd/0]='it was passed to the process as a descriptor'
	[/proc/self/mem]='it is no regular file'
	[/proc/1/environ]='it is no regular file'
	[/proc/1/root/tmp/root/public]='it is no regular file'
	[//proc/1/root/tmp/root/public]='Too many levels of symbolic links'
	[/tmp/root/closed/public]='nobody, as whom the process runs, may not read it'
	[$EVIL/over/public]='Too many levels of symbolic links'
)
for f in "${!refused[@]}"; do
	evil_start "$f"
	printf '%s %s\n' "$!" "$f" >>pids
done
evil_start "$EVIL/mine"
mine=$!
honest_start h

overview() { strace -f -qq -s 200 -o calls -e trace=open,openat,openat2,read,pread64 timeout 20 "$KVMTOP_PLAIN" --batch --no-libvirt -o json -d 0 vms >vms 2>err; }
t_ok 'the overview is there' overview
t_is 'with the honest guest' "$(jq -r --argjson p "$(vm_pid h)" 'select(.pid == $p) | .state' vms)" prelaunch
while read -r pid f; do
	t_like "of $f nothing is known" "$(jq -r --argjson p "$pid" 'select(.pid == $p) | "\(.mem_bytes) \(.note)"' vms)" \
		"^null .*; memory is not known, -readconfig $f: (${refused[$f]})"
done <pids
t_is "the attacker's own file is read" "$(jq -r --argjson p "$mine" 'select(.pid == $p) | "\(.mem_bytes) \(.vm)"' vms)" "$((64 << 20)) SECRET@nobody"
# held (O_PATH) they may be; a file that is held is opened through its descriptor
opened() { grep -v O_PATH calls | grep -E "\"($1)\"|$2"; }
t_is 'none of them was opened' "$(opened '/tmp/root/.*|/etc/shadow|.*/fifo|/dev/kmsg|/dev/watchdog|.*/huge|.*/sparse|.*/hers|/proc/self/mem' 'never a name')" ''
t_is 'and of what was held only the one that may be read' "$(grep -c 'open.*"/proc/self/fd/[0-9]*", O_RDONLY.* = [0-9]' calls)" 1
t_is 'nothing of root'"'"'s file was read' "$(grep -c 'read.*SECRET' calls)" 1
t_is 'or shown' "$(grep -c SECRET vms)" 1
t_done
