#!/bin/bash
# Seven guests with one trouble each and three that are well: the first screen has the seven on top, each with its reason.

# shellcheck source=tests/net.sh
. "$(dirname "$0")/../net.sh"
. "$(dirname "$0")/../lib.sh"
. "$ROOT/tests/screen.sh"

tap=ktt$$
machine=(-machine q35,accel=tcg -m 32)
# A boot sector that reads the disk again and again through the BIOS: xor ax,ax; mov es,ax; mov bx,8000; again: mov ax,201;
# mov cx,1; mov dh,0; mov dl,80; int 13; jmp again
{ printf '\x31\xc0\x8e\xc0\xbb\x00\x80\xb8\x01\x02\xb9\x01\x00\xb6\x00\xb2\x80\xcd\x13\xeb\xf2'; head -c 489 /dev/zero; printf '\x55\xaa'; } >reader.img
truncate -s 1M reader.img
cp reader.img fails.img
cp reader.img nbd.img
# A BIOS that is one jump to itself.
{ head -c 65520 /dev/zero && printf '\xeb\xfe' && head -c 14 /dev/zero; } >busy.bin

# ---- the guests

for name in well1 well2 well3 paused stopped; do
	qemu_start "$name" "${machine[@]}" -qmp "unix:$name.qmp,server=on,wait=off"
done
qemu_start ioerror "${machine[@]}" -S -qmp unix:ioerror.qmp,server=on,wait=off \
	-drive "if=none,id=d,format=raw,rerror=stop,werror=stop,file.driver=blkdebug,file.image.driver=file,file.image.filename=fails.img,file.inject-error.0.event=read_aio" -device virtio-blk-pci,id=disk0,drive=d,bootindex=1
qemu_start throttled "${machine[@]}" -qmp unix:throttled.qmp,server=on,wait=off \
	-drive "if=none,id=d,format=raw,throttling.iops-total=4,file=reader.img" -device virtio-blk-pci,id=disk0,drive=d,bootindex=1
qemu_start waiting "${machine[@]}" -bios busy.bin -qmp unix:waiting.qmp,server=on,wait=off
taskset -a -p -c 0 "$(vm_pid waiting)" >/dev/null
for _ in 1 2; do
	setpriv --pdeathsig KILL -- taskset -c 0 sh -c 'while :; do :; done' &
	t_own "$!"
done
setpriv --pdeathsig KILL -- qemu-nbd -f raw -t -k "$PWD/nbd.sock" nbd.img >nbd.err 2>&1 9>&- &
nbd=$!
t_own "$nbd"
wait_for 20 test -S nbd.sock
qemu_start stalled "${machine[@]}" -S -qmp unix:stalled.qmp,server=on,wait=off \
	-drive "if=none,id=d,format=raw,file=nbd+unix:///?socket=$PWD/nbd.sock" -device virtio-blk-pci,id=disk0,drive=d,bootindex=1
# A tap through which less fits than is sent to the guest.
shaped=()
if [ "$KT_OWN_NET" = yes ] && ip tuntap add dev "$tap" mode tap && tc qdisc add dev "$tap" root tbf rate 64kbit burst 2kb latency 50ms; then
	shaped=(shaped)
	ip link set "$tap" up
	ip addr add 192.0.2.1/24 dev "$tap"
	ip neigh add 192.0.2.2 lladdr 52:54:00:12:34:56 dev "$tap"
	qemu_start shaped "${machine[@]}" -qmp unix:shaped.qmp,server=on,wait=off \
		-netdev "tap,id=n,ifname=$tap,script=no,downscript=no" -device virtio-net-pci,netdev=n,romfile=
	setpriv --pdeathsig KILL -- bash -c 'exec 3>/dev/udp/192.0.2.2/9; while sleep 0.05; do head -c 1200 /dev/zero >&3; head -c 1200 /dev/zero >&3; done' 9>&- &
	t_own "$!"
fi
bad=(ioerror stopped stalled throttled "${shaped[@]+"${shaped[@]}"}" waiting paused)
filter=$(for name in well1 well2 well3 "${bad[@]}"; do printf '||pid=%s' "$(vm_pid "$name")"; done)
filter=${filter#||}

# ---- they get into trouble while they are watched

screen a 80 24 "$KVMTOP --no-libvirt -d 1 --filter '$filter'"
t_ok 'guests that run are on the screen' sees a "^$(vm well1) .*running"
t_ok 'one that was started with -S is not in trouble' sees a "^$(vm stalled) +prelaunch"
kill -STOP "$nbd"
qmp_ask stalled '{"execute":"cont"}' >/dev/null
qmp_ask ioerror '{"execute":"cont"}' >/dev/null
kill -STOP "$(vm_pid stopped)"
qmp_ask paused '{"execute":"stop"}' >/dev/null
told=$EPOCHREALTIME
t_ok 'one that is paused behind its back shows' sees a "^$(vm paused) +[1-9]! paused"
took=$(awk -v a="$told" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.1f", b - a }')
echo "# it took $took s"

says() { sees a "$@"; }
t_ok 'io-error' says "^  \`- io-error: disk0: I/O error \\(EIO\\)"
t_ok 'SIGSTOP, and what makes it go on' says "^  \`- stopped: QEMU was sent SIGSTOP; kill -CONT $(vm_pid stopped) makes it go on"
t_ok 'a backend that stands still' says "^  \`- queue stalled: disk0/0 for [0-9.]+ s, 1 requests wait"
t_ok 'a throttled disk' says "^  \`- at its limit: disk0 iops 4"
if [ ${#shaped[@]} = 1 ]; then
	t_ok 'a shaped tap' says "^  \`- at its limit: $tap 64kbit"
else
	t_skip 'a shaped tap' 'no network namespace, no /dev/net/tun'
fi
t_ok 'one that waits for a CPU' says "^  \`- waits for a CPU: [0-9]+ %"
t_ok 'paused, and since when' says "^  \`- paused: by a monitor command, for [0-9]+s"

# The rows of guests: all seven before any other, the worst first.
# Four letters of a name are there in any case, beside the age of one that stands still.
names() { shown a | sed -n -E 's/^([a-z]{4})[a-z0-9]*(-|…).*/\1/p'; }
four() { cut -c 1-4 | sort | paste -sd ' '; }
top_names() { names | head -n "${#bad[@]}" | four; }
want=$(printf '%s\n' "${bad[@]}" | four)
t_ok 'they are on top, all of them' wait_for 30 eval '[ "$(top_names)" = "$want" ]' || shown a
t_is 'the worst is the first' "$(names | head -n 1)" ioer
t_ok 'counted by state in the head' says '^kvmtop .* [0-9]+ (io-error|stopped)!.* [0-9]+ (io-error|stopped)! .*paused'
t_ok 'what happened is at the foot' says '^[0-9:]{8} [a-z]+-[0-9]+ state '

# ---- the key, and batch

selected_says() { tm capture-pane -e -p -t a | grep -q -E $'\e\\[[0-9;]*(7|46)m'"$1"; }
keys a Home '!'
t_ok '! goes to the next one in trouble' wait_for 30 selected_says stop
# a tap is looked at every two seconds
kt -d 3 -o json -F vm,trouble,trouble_text,state_seconds -s trouble --filter "$filter" vms >vms
t_is 'batch has them in the same order' "$(jq -r .vm vms | head -n "${#bad[@]}" | four)" "$want"
t_like 'with the reason' "$(jq -r --arg vm "$(vm throttled)" 'select(.vm == $vm).trouble_text' vms)" 'at its limit: disk0 iops 4'
t_is 'a filter takes it' "$(kt -d 1 -o json -F vm --filter "trouble>=8&&($filter)" vms | jq -r .vm | four)" 'ioer stop'

# ---- and out of it

kill -CONT "$nbd" "$(vm_pid stopped)"
qmp_ask paused '{"execute":"cont"}' >/dev/null
t_ok 'what goes on is in trouble no more' gone a "^  \`- (stopped|queue stalled|paused)"
keys a q
t_ok 'q ends it' ends a

t_done
