#!/bin/bash
# The header of a qcow2 image names other files, and who wrote the image wrote those names. kvmtop follows them no further
# than they are fit for a guest, opens none that it refuses, and gives QEMU each file by name: QEMU follows no header.
# qemus: all

. "$(dirname "$0")/lib.sh"

honest_start h
vm=$(vm h)
before=$(vm_block_nodes h)
same=$EVIL/same other=$EVIL/other
attacker_do mkdir same other
mkdir secret && cp /etc/passwd secret/root.raw && chmod 700 secret
kinds=(raw qcow2 vmdk luks)

# ---- the files behind: each kind in both directories, a device, a FIFO, none, a server

attacker_do truncate -s 1M same/base.raw
attacker_do qemu-img create -q -f qcow2 same/base.qcow2 1M
attacker_do qemu-img create -q -f vmdk same/base.vmdk 1M
attacker_do qemu-img create -q -f luks --object secret,id=s,data=x -o key-secret=s,iter-time=10 same/base.luks 1M
for kind in "${kinds[@]}"; do
	attacker_do cp "same/base.$kind" "other/base.$kind"
	attacker_do mkfifo "same/fifo.$kind"
done
name_of() {	# PLACE KIND: what the header says
	case $1 in
	same) echo "base.$2" ;;
	other) echo "../other/base.$2" ;;
	device) echo /dev/kmsg ;;
	fifo) echo "fifo.$2" ;;
	missing) echo "none.$2" ;;
	http) echo "http://127.0.0.1:1/base.$2" ;;
	esac
}
# NAME BACKING FORMAT: an image of the attacker's
image() { attacker_do qemu-img create -q -u -f qcow2 -b "$2" -F "$3" "same/$1" 1M; }
# NAME: makes the extension that has the format one that has no meaning
unformat() {
	local at
	at=$(LC_ALL=C grep -obUaP '\xe2\x79\x2a\xca' "$same/$1" | head -n 1)
	printf '\x11' | dd of="$same/$1" bs=1 seek="${at%%:*}" conv=notrunc status=none
}

# PLACE KIND GIVEN FORCE: what is to be said of it
want() {
	case $1.$2.$3.$4 in
	*.http.*|http.*) echo 'a URL or options' ;;
	*.no.*) echo 'without its format.*qemu-img rebase' ;;
	*.vmdk.*|*.luks.*) echo "$2.*qemu-img convert" ;;
	device.*|fifo.*) echo 'not a regular file' ;;
	missing.*) echo 'no such file' ;;
	other.*.off) echo 'not in its directory.*force=on' ;;
	*) echo planned ;;
	esac
}
cases=()
for place in same other device fifo missing http; do
	for kind in "${kinds[@]}"; do
		for given in yes no; do
			name=$place-$kind-$given.qcow2
			image "$name" "$(name_of "$place" "$kind")" "$kind"
			[ "$given" = yes ] || unformat "$name"
			cases+=("$place $kind $given")
		done
	done
done

# FORCE: the table, as one script of dry runs. What is opened otherwise than with O_PATH is in ./opened, each file once.
run_table() {
	local c
	for c in "${cases[@]}"; do
		echo "disk add $vm file=$same/${c// /-}.qcow2 format=qcow2 force=$1"
	done >script
	strace -f -qq -y -e trace=open,openat,openat2 -o calls timeout 60 "$KVMTOP_BARE" --batch --no-libvirt --dry-run -o json \
		--on-error continue -f script >records 2>err
	grep -v O_PATH calls | sed -n 's/.* = [0-9]*<\(.*\)>$/\1/p' | grep -e "^$EVIL" -e "^$T_DIR" -e ^/dev/kmsg | sort -u >opened
}
for force in off on; do
	run_table "$force"
	n=0
	: >may
	for c in "${cases[@]}"; do
		n=$((n + 1))
		read -r place kind given <<<"$c"
		said=$(jq -r --argjson n "$n" 'select(.line == $n) | "\(.status) \(.error // "")"' records)
		t_like "force=$force: $place, $kind, format given: $given" "$said" "$(want "$place" "$kind" "$given" "$force")"
		echo "$same/${c// /-}.qcow2" >>may
		# of an accepted chain the qcow2 files are read; a raw one has no header
		case "$said.$kind" in planned*.qcow2) [ "$place" = same ] && echo "$same/base.qcow2" || echo "$other/base.qcow2" ;; esac >>may
	done
	t_is "force=$force: no file is opened but those that were accepted" \
		"$(grep -v -x -F -f may opened | grep -v "/state/\|/script$" | paste -sd " ")" ""
done
t_is 'nothing was changed' "$(vm_block_nodes h)" "$before"

# ---- accepted chains on the real QEMU, all of them as explicit nodes

# NAME -> driver and file of the disk's nodes, from the top
chain_of() {
	qmp_ask h '{"execute":"query-named-block-nodes"}' | jq -r --arg node "$1-node" \
		'.[] | select(."node-name" == $node) | .image | [recurse(."backing-image" // empty)] | .[] |
			"\(.format) \(.filename | if startswith("json:") then .[5:] | fromjson | .file.filename else . end)"' | paste -sd ' '
}
image deep.qcow2 same-raw-yes.qcow2 qcow2
(cd "$same" && "${ATTACKER[@]}" qemu-img create -q -f qcow2 -o data_file=data.raw data.qcow2 1M)
for name in same-raw-yes same-qcow2-yes deep data base; do
	kt -o json --timeout 2 disk add "$vm" file="$same/$name.qcow2" format=qcow2 bus=scsi id=d >record 2>err
	t_is "$name: added" "$? $(jq -r .status record)" '0 ok'
	case $name in
	same-raw-yes) want="qcow2 $same/$name.qcow2 raw $same/base.raw" ;;
	same-qcow2-yes) want="qcow2 $same/$name.qcow2 qcow2 $same/base.qcow2" ;;
	deep) want="qcow2 $same/deep.qcow2 qcow2 $same/same-raw-yes.qcow2 raw $same/base.raw" ;;
	*) want="qcow2 $same/$name.qcow2" ;;
	esac
	t_is "$name: QEMU has these" "$(chain_of d)" "$want"
	kt -o json --timeout 2 disk add "$vm" file="$same/$name.qcow2" format=qcow2 bus=scsi id=d >record
	t_is "$name: once more is no change" "$? $(jq -r .status record)" '0 unchanged'
	kt --timeout 5 disk remove "$vm" d >/dev/null 2>err
	t_is "$name: removed, and no node is left" "$? $(vm_block_nodes h)" "0 $before"
done
# What QEMU is told names all of them: an image that is written between the check and the adding leads nowhere else.
ktp -o json --dry-run disk add "$vm" file="$same/base.qcow2" format=qcow2 id=d >dry
attacker_do qemu-img rebase -u -b "$T_DIR/secret/root.raw" -F raw same/base.qcow2
args=$(jq -r '.steps[0].text' dry)
qmp_ask h "{\"execute\":\"blockdev-add\",\"arguments\":${args#blockdev-add }}" >/dev/null
t_is 'a header written after the check is not followed' "$(chain_of d)" "qcow2 $same/base.qcow2"
t_is 'by no descriptor either' "$(find "/proc/$(vm_pid h)/fd" -lname '*/root.raw' | wc -l)" 0
qmp_ask h '{"execute":"blockdev-del","arguments":{"node-name":"d-node"}}' >/dev/null

# ---- other ways to a file of root's

# WHAT REGEX ARG..: refused
refused() {
	local what=$1 regex=$2
	shift 2
	timeout 20 "$KVMTOP" --batch --no-libvirt -o json --dry-run disk add "$vm" format=qcow2 "$@" >record 2>err
	t_is "$what: refused" "$? $(jq -r .status record)" '1 invalid'
	t_like "$what: with these words" "$(cat err)" "$regex"
}
cp secret/root.raw "$same/of-root.raw" && chmod 600 "$same/of-root.raw"
cp secret/root.raw "$same/tenant.raw" && chown daemon "$same/tenant.raw" && chmod 644 "$same/tenant.raw"
cp secret/root.raw "$same/golden.raw" && chmod 644 "$same/golden.raw"
for name in of-root tenant golden; do image "$name.qcow2" "$name.raw" raw; done
refused 'a file that only root reads' 'belongs to.*force=on' file="$same/of-root.qcow2"
refused 'an image of another user' 'belongs to.*force=on' file="$same/tenant.qcow2"
t_ok 'an image of root that all may read is fine' kt --dry-run disk add "$vm" format=qcow2 file="$same/golden.qcow2"
t_ok 'and the other with force=on' kt --dry-run disk add "$vm" format=qcow2 file="$same/tenant.qcow2" force=on
printf '# Disk DescriptorFile\nversion=1\nCID=1\nparentCID=ffffffff\ncreateType="monolithicFlat"\nRW 2 FLAT "%s" 0\n' \
	"$T_DIR/secret/root.raw" >"$same/b.vmdk"
chown nobody "$same/b.vmdk"
image vmdk.qcow2 b.vmdk vmdk
refused 'a vmdk that names one of root' 'vmdk.*qemu-img convert' file="$same/vmdk.qcow2" force=on
attacker_do ln -s "$T_DIR/secret/root.raw" same/link.raw
image link.qcow2 link.raw raw
refused 'a link to one of root' 'not in its directory' file="$same/link.qcow2"
image magic.qcow2 /proc/self/fd/0 raw
refused 'a link of /proc' 'magic|symbolic links' file="$same/magic.qcow2" force=on
attacker_do cp same/data.qcow2 same/baddata.qcow2
sed -i 's,data\.raw,/dev/tty,' "$same/baddata.qcow2"
refused 'a data file that is a device' 'not a regular file' file="$same/baddata.qcow2" force=on
image circle.qcow2 circle2.qcow2 qcow2
image circle2.qcow2 circle.qcow2 qcow2
refused 'a circle' 'circle' file="$same/circle.qcow2"

# ---- a file system that does not answer

attacker_do mkdir same/gone
image hung.qcow2 gone/base.raw raw
if exec 5<>/dev/fuse && mount -i -t fuse -o fd=5,rootmode=40000,user_id=0,group_id=0 none "$same/gone"; then
	timeout 20 "$KVMTOP_PLAIN" --batch --no-libvirt -o json --dry-run disk add "$vm" format=qcow2 file="$same/hung.qcow2" >record 2>err 5>&-
	t_is 'a server that is silent: timeout' "$? $(jq -r .status record)" '4 timeout'
	t_like 'which is said' "$(cat err)" 'does not answer'
	exec 5>&-
	umount -l "$same/gone"
else
	t_skip 'a server that is silent' 'no FUSE here'
fi
t_ok 'the honest guest takes a disk all the same' kt --timeout 2 disk add "$vm" file=h.conf format=raw readonly=on id=e
t_done
