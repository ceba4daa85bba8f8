#!/bin/bash
# The definitions of domain-definitions.txt, as managers and libvirt's own tests have them, under the distribution's own
# configuration of libvirt, started paused: of each kvmtop knows state, memory, vCPUs, disks and NICs as virsh, QEMU, ip and /proc
# tell them, by libvirt's definition alone, and once more when it asks QEMU. Those that this machine cannot start are counted, and why; so is what cannot be known.

. "$(dirname "$0")/../net.sh"
. "$(dirname "$0")/../lib.sh"

why=$(libvirt_missing)
[ -z "$why" ] || { t_skip 'domain definitions' "$why"; t_done; }
"$ROOT/tests/guest/build" || t_done
[ "$KT_OWN_NET" = yes ] || t_skip 'those with a tap' 'no tap can be made here'
libvirt_start default || { t_fail 'a libvirtd of our own'; t_done; }
BATCH=15

# ---- what they find

images=/var/lib/libvirt/images
lv mkdir -p $images/proto/k $images/pool
proto=virt/lib/images/proto	# the same directory, from outside
truncate -s 4M $proto/a.raw $proto/b.raw "$proto/with, comma and =.raw"
truncate -s 64K $proto/c.iso
truncate -s 1440K $proto/f.img
truncate -s 64M $proto/n.img
qemu-img create -q -f qcow2 $proto/q.qcow2 4M
(cd $proto && qemu-img create -q -f qcow2 -b a.raw -F raw ov.qcow2)
cp "$ROOT/build/guest/vmlinuz" virt/lib/images/vmlinuz
# the user of QEMU reaches them
chmod -R a+rX virt/lib/images
truncate -s 8M nbd.raw back.img
setpriv --pdeathsig KILL nsenter -m -r -w -t "$T_LIBVIRT" -- qemu-nbd -k /run/kt/nbd.sock -x exp -e 10 -t -f raw "$T_DIR/nbd.raw" &
t_own $!
wait_for 10 lv test -S /run/kt/nbd.sock
lv chmod 777 /run/kt /run/kt/nbd.sock
(cd $proto && exec setpriv --pdeathsig KILL -- "$ROOT/build/guest/parts/busybox" httpd -f -p 127.0.0.1:8080) 9>&- &
t_own $!
virsh_ pool-define-as kt dir --target $images/pool >/dev/null && virsh_ pool-start kt >/dev/null
loop=$(losetup -f --show back.img 2>/dev/null)
if [ -n "$loop" ]; then
	lv mknod "$loop" b $((0x$(stat -c %t "$loop"))) $((0x$(stat -c %T "$loop")))
	t_leave() { losetup -d "$loop"; }	# it is gone when the last that has it open has closed it
fi
if [ "$KT_OWN_NET" = yes ]; then
	ip link set lo up
	ip link add br0 type bridge
	ip link set br0 up
	ip link add up0 type veth peer name up1
	ip link set up0 up
	ip tuntap add mode tap name premade vnet_hdr
	echo "<network><name>plain</name><forward mode='bridge'/><bridge name='br0'/></network>" >plain.xml
	virsh_ net-define plain.xml >/dev/null && virsh_ net-start plain >/dev/null
fi

# ---- one of them: its files are in gN

# N: defines and starts it.
start() {
	local n=$1 hex text name=''
	printf -v hex %02x "$n"
	text=${body[n]//@D2/$(printf '%03d' "$n")}
	text=${text//@D/$images/g$n}
	text=${text//@N/$hex}
	text=${text//@V/$images/vmlinuz}
	text=${text//@L/${loop:-/dev/none}}
	mkdir -p "g$n"
	cp -r --sparse=always $proto "virt/lib/images/g$n"
	chmod -R a+rwX "virt/lib/images/g$n"
	case $text in *vol-$hex*) truncate -s 4M "virt/lib/images/pool/vol-$hex" ;; esac
	case $text in '<name>'*) ;; *) name="<name>g$n-$$</name>" ;; esac
	printf "<domain type='qemu' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>%s<uuid>%s</uuid>%s</domain>\n" "$name" \
		"00000000-0000-4000-8000-0000000000$hex" "$text" >"g$n/xml"
	uuid[n]=00000000-0000-4000-8000-0000000000$hex
}
# Defined, started, and asked for by one virsh each.
run() { { virsh_ "define g$1/xml; start --paused ${uuid[$1]}" && echo yes >"g$1/started"; } >"g$1/out" 2>&1; echo over >"g$1/over"; }

# Questions to virsh about those that are up, one process for all: the answers stand between lines "@N WHAT".
questions() {
	local n ask
	for n in "$@"; do
		printf "echo '\n@%s state\n'; domstate %s; echo '\n@%s xml\n'; dumpxml %s; echo '\n@%s blocks\n'; domblklist --details %s; echo '\n@%s nics\n'; domiflist %s; " \
			"$n" "${uuid[n]}" "$n" "${uuid[n]}" "$n" "${uuid[n]}" "$n" "${uuid[n]}"
		printf "echo '\n@%s count\n'; vcpucount --live --current %s; echo '\n@%s name\n'; domname %s; " "$n" "${uuid[n]}" "$n" "${uuid[n]}"
		for ask in query-memory-size-summary query-cpus-fast; do
			printf "echo '\n@%s %s\n'; qemu-monitor-command %s '{\"execute\":\"%s\"}'; " "$n" "$ask" "${uuid[n]}" "$ask"
		done
	done
}
answer() { awk -v head="@$1 $2" '/^@[0-9]+ / { mine = $0 == head; next } mine && NF' answers; }

# What libvirt's live XML says of its disks, one a line: target, bus, format, readonly, IOThread (of the disk, or of its
# controller), cache, aio; "-" is what it does not say.
xml_disks() {
	awk -F"'" '
		function attribute(name) { return match($0, " " name "='"'"'[^'"'"']*") ? substr($0, RSTART + length(name) + 3, RLENGTH - length(name) - 3) : "-" }
		/<controller type=.scsi/ { scsi = attribute("index") }
		/<\/controller>/ { scsi = "" }
		/<driver .*iothread=/ && scsi != "" { thread_of[scsi] = attribute("iothread") }
		/<disk / { n++; format[n] = thread[n] = cache[n] = aio[n] = "-"; ro[n] = /device=.cdrom./ ? "on" : "off"; on = 1; below = 0; empty = 1 }
		!on { next }
		/<(backingStore|mirror)[ >]/ && !/\/>/ { below++ }
		/<\/(backingStore|mirror)>/ { below-- }
		below { next }
		/<source / { empty = 0 }
		/<driver / { format[n] = attribute("type"); thread[n] = attribute("iothread"); cache[n] = attribute("cache"); aio[n] = attribute("io") }
		/<target / { dev[n] = $2; bus[n] = $4 }
		/<readonly\/>/ { ro[n] = "on" }
		/<address type=.drive/ { at[n] = attribute("controller") }
		/<\/disk>/ { if (empty) format[n] = "-"; on = 0 }
		END {
			for (i = 1; i <= n; i++) {
				if (bus[i] == "scsi" && at[i] in thread_of)
					thread[i] = thread_of[at[i]]
				print dev[i], bus[i] == "fdc" ? "floppy" : bus[i], format[i], ro[i], thread[i] == "-" ? "-" : "iothread" thread[i], cache[i], aio[i]
			}
		}' | sort
}

# Of a tap, its bridge and MTU by ip; the MAC, the tap and the model before it.
nic() {
	local link
	[ "$2" != none ] || { echo "nic $1 none $3 - -"; return; }
	link=$(ip -j link show "$2" | jq -r '.[0] | "\(.master // "-") \(.mtu)"')
	echo "nic $1 $2 $3 $link"
}

# Facts, one a line, of virsh, QEMU, ip and /proc.
facts() {
	local n=$1 ifname model mac id tid
	printf 'name %s\n' "$(answer "$n" name)"
	printf 'state %s\n' "$(answer "$n" state)"
	printf 'memory %s\n' "$(answer "$n" query-memory-size-summary | jq '.return | ."base-memory" + (."plugged-memory" // 0)')"
	answer "$n" query-cpus-fast | jq -r '.return[] | "\(."cpu-index") \(."thread-id")"' | while read -r id tid; do
		echo "vcpu $id $tid $(sed -n 's/^Cpus_allowed_list:\t//p' "/proc/$tid/status")"
	done
	answer "$n" xml | xml_disks | sed 's/^/disk /'
	# what lies on the network has no path, a volume is named by its pool's
	answer "$n" blocks | awk -v pool="$images/pool" '{ file = $0; sub(/^ *[^ ]+ +[^ ]+ +[^ ]+ +/, "", file) }
		$1 == "network" { file = "network" } $1 == "volume" { file = pool "/" file } { print "file", $3, file }'
	answer "$n" nics | while read -r ifname _ _ model mac; do nic "$mac" "${ifname/#-/none}" "$model"; done
}
# FILE REF: the same of kvmtop's rows in the file.
told() {
	jq -r --arg ref "$2" 'select(.ref == $ref) |
		if .table == "vms" then "name \(.vm)", "state \(.state)", "memory \(.mem_bytes)"
		elif .table == "vcpus" then "vcpu \(.vcpu) \(.tid) \(.affinity)"
		elif .table == "disks" then
			"disk \(.device) \(.bus) \(.format // "-") \(.readonly) \(.iothread // "-") \(.cache // "-") \(.aio // "-")",
			"file \(.device) \(if (.file // "") | test("^[a-z+]+:") then "network" else .file // "-" end)"
		else "nic \(.mac) \(.ifname // "none") \(.model) \(.bridge // "-") \(.mtu // "-")" end' "$1" | sort
}

plain() { sed -E 's/^(disk .*) [^ ]+ [^ ]+$/\1/; s/^(nic .* virtio)-net(-pci|-ccw|-device)/\1/'; }

# N: compares.
check() {
	local n=$1 ref what mark name
	name="${family[n]} $n: $(tr -d '\n' <<<"${body[n]#*<os>}" | cut -c 1-90)"
	ref=$(jq -r --arg uuid "${uuid[n]}" 'select(.uuid == $uuid) | .ref' listed)
	[ -n "$ref" ] || { t_fail "$name" 'it is not found'; return; }
	facts "$n" | sort >"g$n/facts"
	[ "$(answer "$n" count)" = "$(grep -c '^vcpu ' "g$n/facts")" ] || t_fail "$name" 'virsh and QEMU are of two minds'
	what=$(diff "g$n/facts" <(told listed "$ref") | grep '^[<>]')
	case ${marks[n]%%:*} in
	disks | nics | memory | vcpus)
		mark=${marks[n]%%:*}
		unknown+=("$mark: ${marks[n]#*: }")
		case $mark in disks) mark='disk|file' ;; *) mark=${mark%s} ;; esac
		what=$(grep -v -E "^[<>] ($mark) " <<<"$what") ;;
	esac
	if [ -z "$what" ]; then t_pass "$name"; else t_fail "$name" "$what"; fi
	# QEMU says, too, what the definition leaves to it, and has names of its own for the models of virtio
	what=$(diff <(plain <"g$n/facts") <(told asked "$ref" | plain) | grep '^[<>]')
	case ${marks[n]} in
	disks:*) what=$(grep -v '^> .* own' <<<"$what") ;;
	asked:*)
		unknown+=("${marks[n]#asked: }")
		what=$(grep -v -E '^[<>] (disk|file) ' <<<"$what") ;;
	esac
	if [ -z "$what" ]; then t_pass "$name: QEMU asked"; else t_fail "$name: QEMU asked" "$what"; fi
}

# N..: a batch.
batch() {
	local n tried=() up=() table
	for n in "$@"; do
		case ${marks[n]} in
		never:*) absent+=("${family[n]}: ${marks[n]#never: }") ;;
		*) tried+=("$n"); start "$n" ;;
		esac
	done
	virsh_ pool-refresh kt >/dev/null
	for n in "${tried[@]}"; do run "$n" & done
	for n in "${tried[@]}"; do wait_for 120 test -e "g$n/over" || t_fail "${family[n]} $n: libvirt comes to an end with it"; done
	for n in "${tried[@]}"; do
		if [ -e "g$n/started" ]; then
			up+=("$n")
			continue
		fi
		case ${marks[n]} in
		absent:*) absent+=("${family[n]}: ${marks[n]#absent: } ($(grep -m 1 '^error: [^F]' "g$n/out" | cut -c 8-120))") ;;
		*) t_fail "${family[n]} $n does not start" "$(cat "g$n/out")" ;;
		esac
	done
	for table in vms vcpus disks nics; do kv --no-passthrough -o json -d 0 "$table"; done >listed
	for n in "${up[@]}"; do
		for table in vms vcpus disks nics; do echo "$table uuid:${uuid[n]}"; done
	done >script
	kv -o json -d 0 --on-error continue -f script >asked 2>asked.err
	virsh_ "$(questions "${up[@]}")" >answers 2>&1
	for n in "${up[@]}"; do check "$n"; done
	virsh_ "$(for n in "${tried[@]}"; do printf 'destroy %s; undefine --nvram %s; ' "${uuid[n]}" "${uuid[n]}"; done)" >/dev/null 2>&1
	for n in "${tried[@]}"; do rm -rf "virt/lib/images/g$n"; done
}

# ---- all of them

family=() marks=() body=() uuid=() unknown=() absent=()
n=-1
while IFS= read -r line; do
	case $line in
	'#'* | '') ;;
	'== '*)
		read -r _ f m <<<"$line"
		case $m in tap*)
			left_out=$([ "$KT_OWN_NET" = yes ] || echo yes)
			m=${m#tap} m=${m# }
			[ -n "$m" ] || m=- ;;
		*) left_out='' ;;
		esac
		[ -n "$left_out" ] || n=$((n + 1)) family[n]=$f marks[n]=$m body[n]='' ;;
	*) [ -n "$left_out" ] || body[n]+=$line$'\n' ;;
	esac
done <"$ROOT/tests/field/domain-definitions.txt"
n=$((n + 1))
for ((i = 0; i < n; i += BATCH)); do
	# shellcheck disable=SC2046
	batch $(seq "$i" $((i + BATCH < n ? i + BATCH - 1 : n - 1)))
done
printf '# %d definitions; not started here: %d\n' "$n" "${#absent[@]}"
[ "${#absent[@]}" = 0 ] || printf '#   %s\n' "${absent[@]}" | sort
[ "${#unknown[@]}" = 0 ] || printf '# not known: %s\n' "${unknown[@]}" | sort | uniq -c
t_done
