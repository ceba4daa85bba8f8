#!/bin/bash
# A block device that the host or another guest uses is not given to a guest: two kernels that write to one file system destroy
# it. Each row makes one use of a loop device that is real; what this kernel cannot make is in tests/unit/test_hotplug_use.c.
# qemus: all
. "$(dirname "$0")/../lib.sh"

[ "$(id -u)" = 0 ] || { t_skip 'block devices in use' 'not root'; t_done; }
LOOPS=() MOUNTS=() SWAPS=()
t_leave() {
	local m
	for m in "${SWAPS[@]+"${SWAPS[@]}"}"; do swapoff "$m"; done
	for m in "${MOUNTS[@]+"${MOUNTS[@]}"}"; do umount "$m" || umount -l "$m"; done
	for m in "${LOOPS[@]+"${LOOPS[@]}"}"; do partx -d "$m"; losetup -d "$m"; done
} 2>/dev/null
# [LOSETUP-ARG..] FILE: a loop device of it; its name is in $dev.
loop_new() {
	dev=$(losetup -f --show "$@") || return 1
	LOOPS=("$dev" "${LOOPS[@]+"${LOOPS[@]}"}")
}
file_new() { truncate -s "${2:-8M}" "$1.file"; }
disk_new() { file_new "$1" "${2:-}" && loop_new "$1.file"; }
fs_new() { disk_new "$1" && mkfs.ext4 -q "$dev"; }
mount_new() {
	mkdir -p "${*: -1}" && mount "$@" && MOUNTS=("$PWD/${*: -1}" "${MOUNTS[@]+"${MOUNTS[@]}"}")
}

qemu_start g -S -machine q35 -qmp unix:g.qmp,server=on,wait=off \
	-device pcie-root-port,id=rp1,chassis=1,slot=1 -device pcie-root-port,id=rp2,chassis=2,slot=2

# What each row makes: $dev is in use. The kernel's own word for it is asked for.
make_nothing() { disk_new nothing; }
make_filesystem() { fs_new filesystem; }
make_mounted() { fs_new mounted && mount_new "$dev" m1 && findmnt -S "$dev" >/dev/null; }
make_bind() { fs_new bind && mkdir m2 && mount "$dev" m2 && mkdir m2/sub && mount_new --bind m2/sub m2b && umount m2; }
make_namespace() {
	fs_new namespace && mkdir m3 || return
	setpriv --pdeathsig KILL unshare -m --propagation private sh -c "mount $dev m3 && : >m3.on && exec sleep 600" &
	t_own "$!"
	wait_for 10 test -e m3.on && ! findmnt -S "$dev" >/dev/null
}
make_overlay() {
	fs_new overlay && mkdir m4 && mount "$dev" m4 && mkdir m4/low up work || return
	mount -t tmpfs tmpfs work && MOUNTS+=("$PWD/work") && mkdir work/u work/w
	mount_new -t overlay -o "lowerdir=$PWD/m4/low,upperdir=$PWD/work/u,workdir=$PWD/work/w" overlay m4o && umount -l m4
}
make_swap() { disk_new swap && mkswap -q "$dev" && swapon -p -9 "$dev" && SWAPS+=("$dev") && grep -q "^$dev " /proc/swaps; }
make_btrfs() {
	local first
	disk_new btrfs1 128M && first=$dev && disk_new btrfs2 128M && mkfs.btrfs -q -f -d raid0 "$first" "$dev" &&
		mount_new "$first" m5 && ! grep -q " - btrfs $dev " /proc/self/mountinfo
}
make_partition() {
	local disk
	# a partition of 4 MiB at 1 MiB; one of an earlier user of this loop device may be there still
	file_new part 16M && printf '\0\0\0\0\203\0\0\0\0\10\0\0\0\40\0\0' | dd of=part.file bs=1 seek=446 conv=notrunc status=none &&
		printf '\125\252' | dd of=part.file bs=1 seek=510 conv=notrunc status=none && loop_new part.file &&
		disk=$dev && wait_for 10 partx -u "$disk" && wait_for 10 test -b "${disk}p1" && mkfs.ext4 -q "${disk}p1" && mount_new "${disk}p1" m6
}
make_loop() {
	local lower
	disk_new lower && lower=$dev && loop_new "$lower" && mkfs.ext4 -q "$dev" && mount_new "$dev" m7 && dev=$lower
}
make_upper() {
	local lower
	disk_new under && lower=$dev && mkfs.ext4 -q "$lower" && mount_new "$lower" m8 && loop_new "$lower"
}
make_image() { fs_new image && mount_new "$dev" m9 && dev=$PWD/image.file; }
make_guest() {
	disk_new guest || return
	qemu_start other -S -machine q35 -blockdev "driver=host_device,node-name=n,filename=$dev" -device virtio-blk-pci,drive=n
}
make_server() {
	disk_new server || return
	setpriv --pdeathsig KILL qemu-nbd -f raw -t -k "$PWD/nbd" "$dev" &
	t_own "$!"
	wait_for 10 test -S nbd
}
# NAME REDIRECTION: a program has it open so
open_new() {
	disk_new "$1" || return
	setpriv --pdeathsig KILL sh -c "exec sleep 600 3$2$dev" &
	t_own "$!"
	wait_for 10 test -e "/proc/$!/fd/3"
}
make_program() { open_new program '<>'; }
make_reader() { open_new reader '<'; }

# ROW READONLY WORDS: how the disk add answers, plainly, with readonly=on, with force=on. READONLY: planned or invalid.
row() {
	local row=$1 readonly=$2 words=$3 want=invalid dev=''
	if ! "make_$row" >make.log 2>&1; then
		t_fail "$row: the use is made" "$(cat make.log)"
		return
	fi
	[ -n "$words" ] || want=planned
	kt -o json --dry-run disk add "$(vm g)" file="$dev" format=raw >record 2>err
	t_is "$row" "$(jq -r .status record)" "$want" || cat err record
	[ -z "$words" ] || t_like "$row: by name" "$(cat err)" "$words.*force=on"
	ktp -o json --dry-run disk add "$(vm g)" file="$dev" format=raw readonly=on >record 2>err
	t_is "$row: readonly=on" "$(jq -r .status record)" "$readonly" || cat err record
	[ -z "$words" ] || t_like "$row: is told" "$(cat err) $(jq -r '.warnings[]' record)" "$words"
	ktp -o json --dry-run disk add "$(vm g)" file="$dev" format=raw force=on >record 2>err
	t_is "$row: force=on" "$(jq -r .status record)" planned || cat err record
}
row nothing planned ''
row filesystem planned ''
row reader planned ''
row mounted planned "disk loop[0-9]+ is mounted on $PWD/m1"
row bind planned "disk loop[0-9]+ is mounted on $PWD/m2b"
row namespace planned 'disk loop[0-9]+ is mounted on .*m3 \(as process [0-9]+ sees it\)'
row overlay planned 'disk loop[0-9]+ is claimed by the kernel'
row swap planned 'disk loop[0-9]+ is swap space'
row btrfs planned 'disk loop[0-9]+ is a device of the btrfs file system'
row partition planned "partition loop[0-9]+p1 is mounted on $PWD/m6"
row loop planned "disk loop[0-9]+, which has the same data, is mounted on $PWD/m7"
row upper planned "disk loop[0-9]+, which has the same data, is mounted on $PWD/m8"
row image planned "disk loop[0-9]+, which has the same data, is mounted on $PWD/m9"
row guest invalid 'disk loop[0-9]+ is open for writing in guest other-[0-9]+ \(process [0-9]+\)'
row server invalid 'disk loop[0-9]+ is open for writing in process [0-9]+ \(qemu-nbd\)'
row program planned 'disk loop[0-9]+ is open for writing in process [0-9]+ \(sleep\)'

dev=$(losetup -j mounted.file -n -O NAME)
kt -o json --timeout 2 disk add "$(vm g)" file="$dev" format=raw id=ro readonly=on >record 2>err
t_is 'one that is mounted, readonly=on' "$(jq -r .status record)" ok || cat err record
t_is 'is read-only in QEMU' "$(qmp_ask g '{"execute":"query-block"}' | jq -c '[.[].inserted.ro]')" '[true]'
kt -o json --timeout 2 disk add "$(vm g)" file="$dev" format=raw id=ro readonly=on >record 2>err
t_is 'the same again is no change' "$(jq -r .status record)" unchanged || cat err record
t_done
