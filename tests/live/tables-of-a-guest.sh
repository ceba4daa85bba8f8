#!/bin/bash
# Each look-up of a guest against somebody else's word: QEMU's, the kernel's, the guest's.
# qemus: all

. "$(dirname "$0")/../lib.sh"

json() { kt -o json "$@"; }
blockstat() {	# NAME QDEV-PATTERN FIELD
	qmp_ask "$1" '{"execute":"query-blockstats"}' |
		jq --arg q "$2" --arg f "$3" '.[] | select((.qdev // "") | test($q)) | .stats[$f]'
}

# ---- the guest: two disks, one of which fails; three NICs; threads without names

# Nobody else's, also where this test runs twice at a time: by the pid, in the range that is kept for measurements.
n=$(($$ % 32768))
mac=$(printf '52:54:00:%02x:%02x' $((n / 256)) $((n % 256)))
address() { echo "198.$((18 + n / 16384)).$((n / 64 % 256)).$((n % 64 * 4 + $1))"; }
ip=$(address 2)
tap=kt$$
net=0
if ip tuntap add dev "$tap" mode tap 2>/dev/null; then
	ip link set "$tap" up && ip addr add "$(address 1)/30" dev "$tap" && net=1
fi
# the tap goes with the test, whatever happens
t_leave() { ip link del "$tap" 2>/dev/null; }
nics=()
[ "$net" = 0 ] || nics=(-netdev "tap,id=net1,ifname=$tap,script=no,downscript=no" -device
	"virtio-net-pci,netdev=net1,romfile=,mac=$mac:01")
truncate -s 8M base.raw back.img bad.img
"${QEMU_IMG:-qemu-img}" create -q -f qcow2 -b "$PWD/back.img" -F raw over.qcow2
guest_start g -device virtio-scsi-pci,id=scsi0 \
	-blockdev driver=file,node-name=over-file,filename=over.qcow2 \
	-blockdev driver=qcow2,node-name=over,file=over-file -device scsi-hd,id=sd0,drive=over,lun=3 \
	-blockdev driver=file,node-name=bad-file,filename=bad.img \
	-blockdev 'driver=blkdebug,node-name=bad-debug,image=bad-file,inject-error.0.event=pwritev,inject-error.0.errno=28' \
	-blockdev driver=raw,node-name=bad,file=bad-debug -device virtio-blk-pci,id=full,drive=bad \
	-netdev user,id=net2 -device e1000e,id=nic2,netdev=net2,romfile=,mac="$mac:02" \
	"${nics[@]+"${nics[@]}"}" || exit 1
vm=$(vm g) pid=$(vm_pid g)

# ---- threads and vCPUs

cpu0=$(qmp_ask g '{"execute":"query-cpus-fast"}' | jq '.[0]."thread-id"')
io0=$(qmp_ask g '{"execute":"query-iothreads"}' | jq '.[] | select(.id == "io0") | ."thread-id"')
taskset -p -c 0 "$cpu0" >/dev/null
json -d 0 threads "$vm" >rows
t_is 'the main thread is the process' "$(jq -r 'select(.role == "main") | .tid' rows)" "$pid"
t_is 'the vCPU is the one QEMU says' "$(jq -r 'select(.role == "vcpu 0") | .tid' rows)" "$cpu0"
t_is 'the IOThread is the one QEMU says' "$(jq -r 'select(.role == "iothread io0") | .tid' rows)" "$io0"
t_is 'RCU is told by its age' "$(jq -r 'select(.role == "rcu") | .tid' rows)" \
	"$(for t in "/proc/$pid"/task/*; do [ "${t##*/}" = "$pid" ] || awk '{ print $22, $1 }' "$t/stat"; done | sort -n | awk 'NR == 1 { print $2 }')"
comm=$(cat "/proc/$pid/comm")
t_is 'names are the kernels' "$(jq -r --argjson t "$cpu0" 'select(.tid == $t) | .name' rows)" "$comm"
same_threads() {
	json -d 0 -F tid -s tid threads "$vm" | jq -r .tid >got
	ps -L -o tid= -p "$pid" | tr -d ' ' | sort -n | cmp -s - got
}
t_ok 'the threads are those ps lists' wait_for 20 same_threads
t_is 'where it may run, as set' "$(jq -r 'select(.role == "vcpu 0") | .affinity' rows)" 0
t_is 'and another as ps has it' "$(jq -r 'select(.role == "main") | .affinity' rows)" \
	"$(awk '/^Cpus_allowed_list/ { print $2 }' "/proc/$pid/status")"
t_is 'where it ran' "$(json -d 0 vcpus "$vm" | jq -c '[.vcpu, .tid, .cpu, .affinity]')" "[0,$cpu0,0,\"0\"]"

# A busy vCPU: kvmtop's interval lies within ours, so what it counted is no more than what
# we count, and less by no more than the time that is ours alone.
guest_cmd g 'rm -f /run/load; (while [ ! -e /run/stop ]; do :; done) >/dev/null 2>&1 &'
sched() { cut -d ' ' -f "$1" "/proc/$pid/task/$cpu0/schedstat"; }
t0=$(date +%s%N) run0=$(sched 1) wait0=$(sched 2)
json -d 4 vcpus "$vm" >rows
run1=$(sched 1) wait1=$(sched 2) t1=$(date +%s%N)
guest_cmd g 'touch /run/stop; touch /run/load'
within() {	# PCT BEFORE AFTER
	awk -v p="$1" -v a="$2" -v b="$3" -v w="$((t1 - t0))" 'BEGIN {
		got = p / 100 * 4e9; exit !(got <= (b - a) * 1.03 && got >= (b - a) - (w - 4e9) * 1.05) }'
}
t_ok "the vCPU ran as the kernel counts: $(jq -c '[.run_pct, .wait_pct]' rows) of $((run1 - run0)) $((wait1 - wait0)) ns" \
	within "$(jq .run_pct rows)" "$run0" "$run1"
t_ok 'and waited so' within "$(jq .wait_pct rows)" "$wait0" "$wait1"
t_ok 'it was busy' jq -s -e '.[0] | .run_pct + .wait_pct > 50' rows

# Threads that come and go.
json -d 1 -n 3 threads "$vm" >rows
t_is 'no thread twice in a sample' "$(jq -r '[.time, .tid] | @tsv' rows | sort | uniq -d)" ''
qemu_start named -machine q35,accel=tcg -m 16 -S -name debug-threads=on -qmp unix:named.qmp,server=on,wait=off -smp 2
t_is 'with names: the vCPUs' "$(json -d 0 -s vcpu vcpus "$(vm named)" | jq -c .tid)" \
	"$(qmp_ask named '{"execute":"query-cpus-fast"}' | jq '.[]."thread-id"')"
qemu_start mute -machine q35,accel=tcg,usb=off -m 16 -S -name debug-threads=on -smp 2
t_is 'and those of a guest without a monitor' "$(json -d 0 -s vcpu -F vcpu,tid vcpus "pid:$(vm_pid mute)" | jq -r '[.vcpu, .tid] | @tsv')" \
	"$(for t in "/proc/$(vm_pid mute)"/task/*; do sed -n "s|^CPU \([01]\)/.*|\1\t${t##*/}|p" "$t/comm"; done | sort -n)"

# ---- disks

qmp_ask g '{"execute":"query-block"}' >block
json -d 0 -s id disks "$vm" >rows
t_is 'disks: ids' "$(jq -r .id rows | tr '\n' ' ')" 'disk0 full sd0 '
for id in disk0 sd0; do
	t_is "$id: file, format and size as QEMU has them" \
		"$(jq -c --arg id "$id" 'select(.id == $id) | [.file, .format, .size_bytes, .block_node]' rows)" \
		"$(jq -c --arg id "$id" '.[] | select((.qdev // "") | test("(^|/)" + $id + "($|/)")) |
			.inserted | [.file, .drv, .image."virtual-size", ."node-name"]' block)"
done
t_is 'buses' "$(jq -c '[.id, .bus]' rows | tr '\n' ' ')" '["disk0","virtio"] ["full","virtio"] ["sd0","scsi"] '

# Traffic to the tap, and ten seconds of nics around it, beside those of disks. What came of it is looked at below.
count() { cat "/sys/class/net/$tap/statistics/$1"; }
traffic_begin() {
	ip neigh replace "$ip" lladdr "$mac:01" dev "$tap"
	tx0=$(count tx_bytes) pk0=$(count tx_packets)
	nics_began=$EPOCHREALTIME
	kt_start -o json -d 10 nics "$vm" >traffic
	nics_looker=$!
	kt_rests "$nics_looker"
}
traffic() {
	head -c 400000 /dev/zero | socat -b 1000 -u - "UDP-DATAGRAM:$ip:9" 2>/dev/null
	t_ok 'the traffic was over in time' kill -0 "$nics_looker"
}
traffic_end() {
	wait "$nics_looker"
	nics_ran=$(since "$nics_began")
	sent=$(($(count tx_bytes) - tx0)) packets=$(($(count tx_packets) - pk0))
}

# A load that begins and ends within kvmtop's interval.
guest_cmd g 'rm -f /run/load; sleep 1'
reads0=$(blockstat g /disk0/ rd_operations) bytes0=$(blockstat g /disk0/ rd_bytes) ns0=$(blockstat g /disk0/ rd_total_time_ns)
began=$EPOCHREALTIME
kt_start -o json -d 10 disks "$vm" >rows
looker=$!
[ "$net" = 0 ] || traffic_begin
kt_rests "$looker"
guest_cmd g 'dd if=/dev/vda of=/dev/null bs=4k count=1500 iflag=direct' >/dev/null 2>&1
t_ok 'the load was over in time' kill -0 "$looker"
[ "$net" = 0 ] || traffic
wait "$looker"
ran=$(since "$began")
[ "$net" = 0 ] || traffic_end
reads=$(($(blockstat g /disk0/ rd_operations) - reads0)) bytes=$(($(blockstat g /disk0/ rd_bytes) - bytes0))
ns=$(($(blockstat g /disk0/ rd_total_time_ns) - ns0))
row=$(jq -c 'select(.id == "disk0")' rows)
t_ok "disk0: rd_iops is QEMU's count: $reads in 10 s: $row" in_ten_seconds "$(jq .rd_iops <<<"$row")" "$reads" "$ran"
t_ok 'rd_bytes_per_s too' in_ten_seconds "$(jq .rd_bytes_per_s <<<"$row")" "$bytes" "$ran"
t_ok 'rd_lat_us is QEMUs time by its count' near "$(jq .rd_lat_us <<<"$row")" "$(awk -v t="$ns" -v n="$reads" 'BEGIN { printf "%.3f", t / n / 1000 }')" 5
t_is 'no writes: no rate, and no latency' "$(jq -c '[.wr_iops, .wr_lat_us]' <<<"$row")" '[0,null]'
t_is 'nothing in flight now' "$(jq .inflight <<<"$row")" 0

# ---- devices and slots

t_is 'devices: those of the object tree' "$(json -d 0 devices "$vm" | jq -r .id | grep -v '^/' | sort)" \
	"$(qmp_ask g '{"execute":"qom-list","arguments":{"path":"/machine/peripheral"}}' | jq -r '.[] | select(.type | test("^child<")) | .name' | sort)"
json -d 0 devices "$vm" >rows
prop() { qmp_ask g "{\"execute\":\"qom-get\",\"arguments\":{\"path\":\"/machine/peripheral/$1\",\"property\":\"$2\"}}" | jq -r .; }
for id in disk0 nic2 scsi0; do
	t_is "$id: where it is" "$(jq -r --arg id "$id" 'select(.id == $id) | .address' rows)" "$(prop "$id" legacy-addr)"
done
t_is 'sd0: bus, address, what backs it' "$(jq -c 'select(.id == "sd0") | [.type, .bus, .address, .hotpluggable, .backing]' rows)" \
	'["scsi-hd","scsi0.0","0:0:3","on","drive over over.qcow2"]'
t_is 'a device on pcie.0 stays' "$(jq -r 'select(.id == "disk0") | .hotpluggable' rows)" off

slots() { json -d 0 slots "$vm" | jq -s -c --arg k "$1" 'map(select(.kind == $k)) | [(map(.total) | add), (map(.free) | add)]'; }
t_is 'slots: four free ports' "$(slots pcie-root-port)" '[4,4]'
t_is 'four DIMM slots' "$(slots dimm)" '[4,4]'
t_is 'vCPUs as QEMU lists them' "$(slots vcpu)" \
	"$(qmp_ask g '{"execute":"query-hotpluggable-cpus"}' | jq -c '[length, (map(select(has("qom-path") | not)) | length)]')"
t_is 'room for memory' "$(json -d 0 slots "$vm" | jq 'select(.kind == "dimm") | .free_bytes')" $(((2048 - 256) << 20))
qmp_ask g '{"execute":"object-add","arguments":{"qom-type":"memory-backend-ram","id":"m0","size":134217728}}' >/dev/null
qmp_ask g '{"execute":"device_add","arguments":{"driver":"pc-dimm","id":"dimm0","memdev":"m0"}}' >/dev/null
t_is 'a DIMM takes one' "$(slots dimm)" '[4,3]'
t_is 'and its room' "$(json -d 0 slots "$vm" | jq 'select(.kind == "dimm") | .free_bytes')" $(((2048 - 256 - 128) << 20))
kt disk add "$vm" file=base.raw format=raw id=plugged >/dev/null
t_is 'a disk takes a port' "$(slots pcie-root-port)" '[4,3]'
t_is 'and is on it' "$(json -d 0 devices "$vm" | jq -c 'select(.id == "plugged") | [.type, .hotpluggable]')" '["virtio-blk-pci","on"]'
kt disk remove "$vm" plugged >/dev/null
t_is 'which is free again' "$(slots pcie-root-port)" '[4,4]'

# ---- NICs

json -d 0 -s id nics "$vm" >rows
t_is 'nic2 as it was given' "$(jq -c 'select(.id == "nic2") | [.mac, .model, .backend, .ifname, .netdev, .rx_bytes_per_s]' rows)" \
	"[\"$mac:02\",\"e1000e\",\"user\",null,\"net2\",null]"
if [ "$net" = 1 ]; then
	t_is 'the tap of the one without an id' \
		"$(jq -c --arg mac "$mac:01" 'select(.mac == $mac) | [.model, .backend, .ifname, .vhost, (.id | test("^/machine/peripheral-anon/"))]' rows)" \
		"[\"virtio-net-pci\",\"tap\",\"$tap\",\"off\",true]"
	row=$(jq -c --arg mac "$mac:01" 'select(.mac == $mac)' traffic)
	t_ok "the guest received what the tap sent: $sent bytes, $packets packets in 10 s: $row" \
		in_ten_seconds "$(jq .rx_bytes_per_s <<<"$row")" "$sent" "$nics_ran"
	t_ok 'packets too' in_ten_seconds "$(jq .rx_packets_per_s <<<"$row")" "$packets" "$nics_ran"
	t_ok 'it was traffic' [ "$sent" -gt 300000 ]
	t_is 'vms has the same' "$(json -d 0.5 -F rx_bytes_per_s vms "$vm" | jq '.rx_bytes_per_s >= 0')" true
else
	t_skip 'NICs on a tap' 'no tap can be made here'
fi

# ---- find

t_is 'find by MAC' "$(json find "${mac^^}:02" | jq -c '[.vm, .kind, .device]')" "[\"$vm\",\"mac\",\"nic2\"]"
mkdir links
ln -s "$PWD/g.img" links/one
ln -s one links/two
ln g.img hard.img
for path in g.img "$PWD/g.img" links/two hard.img; do
	t_is "find by image: $path" "$(json find "$path" | jq -c '[.vm, .kind, .device]')" "[\"$vm\",\"image\",\"disk0\"]"
done
t_is 'find by the image below another' "$(json find ./back.img | jq -c '[.vm, .kind]')" "[\"$vm\",\"image\"]"
if [ "$net" = 1 ]; then
	t_is 'find by tap' "$(json find "$tap" | jq -c '[.vm, .kind]')" "[\"$vm\",\"tap\"]"
	t_is 'find by IP address' "$(json find "$ip" | jq -c '[.vm, .kind, .what]')" \
		"[\"$vm\",\"ip\",\"$ip $mac:01\"]"
fi
kt disk add "$vm" file=base.raw format=raw id=late >/dev/null
t_is 'find an image that was plugged in' "$(json find base.raw | jq -c '[.vm, .device]')" "[\"$vm\",\"late\"]"
qmp_ask g '{"execute":"netdev_add","arguments":{"type":"user","id":"net3"}}' >/dev/null
qmp_ask g '{"execute":"device_add","arguments":{"driver":"virtio-net-pci","id":"nic3","netdev":"net3","mac":"'"$mac"':03","bus":"rp4"}}' >/dev/null
t_is 'find a NIC that was plugged in, by its MAC' "$(json find "$mac:03" | jq -c '[.vm, .device]')" "[\"$vm\",\"nic3\"]"
for what in 52:54:00:ff:ff:fe nosuchtap$$ 203.0.113.200; do
	kt find "$what" >out 2>err
	t_is "nobody has $what: exit 3" "$?" 3
done
address=$(ls /sys/bus/pci/devices 2>/dev/null | head -n 1)
if [ -n "$address" ]; then
	kt find "$address" >out 2>err
	t_is 'nor a PCI device of the host: exit 3' "$?" 3
	t_like 'and says so' "$(cat err)" "no guest has pci $address"
fi

# ---- the host

json -d 0 host >rows
t_is 'host: CPUs and kernel' "$(jq -c '[.cpus, .kernel]' rows)" "[$(getconf _NPROCESSORS_ONLN),\"$(uname -r)\"]"
meminfo() { awk -v k="$1:" '$1 == k { printf "%.0f", $2 * 1024 }' /proc/meminfo; }
host_says() { json -d 0 -F "$1" host | jq ".$1"; }
t_ok 'memory' wait_for 30 between 'meminfo MemTotal' 'host_says mem_total_bytes'
t_ok 'free memory, give or take' wait_for 30 between 'meminfo MemAvailable' 'host_says mem_available_bytes' $((16 << 20))
t_ok 'our guests are among those counted' jq -s -e '.[0].guests >= 3' rows
busy() { awk -v t="$(getconf CLK_TCK)" '/^cpu / { printf "%.0f", ($2 + $3 + $4 + $7 + $8 + $9) * 1000000000 / t }' /proc/stat; }
t0=$(date +%s%N) busy0=$(busy)
json -d 3 host >rows
busy1=$(busy) t1=$(date +%s%N)
t_ok "CPU as /proc/stat counts: $(jq .cpu_pct rows)" awk -v p="$(jq .cpu_pct rows)" -v b="$((busy1 - busy0))" -v w="$((t1 - t0))" \
	-v n="$(getconf _NPROCESSORS_ONLN)" 'BEGIN { got = p / 100 * 3e9; exit !(got <= b * 1.03 + 4e7 && got >= b - n * (w - 3e9) * 1.05 - 4e7) }'
t_is 'pci: the devices of sysfs' "$(json -d 0 pci | jq -r .address)" "$(ls /sys/bus/pci/devices 2>/dev/null)"
t_is 'with their drivers' "$(json -d 0 pci | jq -r '[.address, .driver // "-", .id] | join(" ")')" \
	"$(for d in /sys/bus/pci/devices/*; do [ -e "$d" ] || continue
		printf '%s %s %s:%s\n' "${d##*/}" "$(basename "$(readlink "$d/driver" || echo -)")" \
			"$(sed s/0x// "$d/vendor")" "$(sed s/0x// "$d/device")"; done)"

# ---- events, wait, states

"$KVMTOP_PLAIN" --batch --no-libvirt -o json -d 0.3 -n 100000 events "$vm" >events.json &
looker=$!
t_own "$looker"
held() { ss -xp 2>/dev/null | grep -q "g.qmp.*ESTAB\|ESTAB.*g.qmp"; }
t_ok 'the monitor of a guest named for its events is held' wait_for 20 held
told() { grep -q "$1" events.json; }
pause() { qmp_ask g '{"execute":"stop"}' >/dev/null; }
resume() { qmp_ask g '{"execute":"cont"}' >/dev/null; }
# once for kvmtop to know the state before
again() { pause; resume; told '"event":"RESUME"'; }
t_ok 'what QEMU sends is told' wait_for 20 again
all_told() { local size; size=$(stat -c %s events.json); t_pause 1.5; [ "$(stat -c %s events.json)" = "$size" ]; }
wait_for 20 all_told
: >events.json
pause
t_ok 'a change of state' wait_for 20 told 'running -> paused: by a monitor command'
resume
t_ok 'and back' wait_for 20 told 'paused -> running'
t_kill "$looker"
t_is 'in order' "$(tr -d '\0' <events.json | jq -r .event | tr '\n' ' ')" 'STOP state RESUME state '
t_is 'each once' "$(tr -d '\0' <events.json | jq -r .seq | sort | uniq -d)" ''
released() { ! held; }
t_ok 'the monitor is free again' wait_for 10 released

kt --timeout 20 wait "$vm" 'state=running && pid>1' >out 2>err
t_is 'wait for what holds' "$?" 0
kt --timeout 1 wait "$vm" 'state=paused' >out 2>err
t_is 'wait for what does not: exit 4' "$?" 4
t_like 'with the state that it has' "$(cat err)" 'did not hold within 1 s; its state: running'
kt -d 0.2 --timeout 60 wait "$vm" 'state=paused' >out 2>err &
waiter=$!
t_own "$waiter"
sleep 1
qmp_ask g '{"execute":"stop"}' >/dev/null
wait "$waiter"
t_is 'wait sees it come' "$?" 0
t_is 'state_detail says by whom' "$(json -d 0 vms "$vm" | jq -c '[.state, .state_detail]')" '["paused","by a monitor command"]'
qmp_ask g '{"execute":"cont"}' >/dev/null
kt wait "$vm" 'nosuch=1' >out 2>err
t_is 'an expression of no sense: exit 2' "$?" 2
kt --timeout 60 -d 0.2 wait "$(vm named)" 'state=running' >out 2>err &
waiter=$!
t_own "$waiter"
sleep 1
vm_kill named
wait "$waiter"
t_is 'the guest ends meanwhile: exit 3' "$?" 3

# a disk without space stops the guest, and is named; not before it has answered
guest_cmd g '(sleep 1; dd if=/dev/zero of=/dev/vdb bs=4k count=1 oflag=direct) >/dev/null 2>&1 &'
t_ok 'no space left' wait_for 20 eval '[ "$(qmp_ask g "{\"execute\":\"query-status\"}" | jq -r .status)" = io-error ]'
t_is 'the state names the disk and why' "$(json -d 0 vms "$vm" | jq -c '[.state, .state_detail]')" \
	'["io-error","full: no space left for its image (ENOSPC)"]'
t_is 'so does the disk' "$(json -d 0 disks "$vm" | jq -r 'select(.id == "full") | .io_status')" nospace

kill -STOP "$(vm_pid mute)"
t_is 'a stopped process' "$(json -d 0 vms "pid:$(vm_pid mute)" | jq -c '[.state, .state_detail]')" \
	'["stopped","the QEMU process was sent SIGSTOP"]'
kill -CONT "$(vm_pid mute)"

# ---- jobs

# Memory that is not empty, or a migration is over before it is looked at.
head -c 16M /dev/urandom >noise
qemu_start from -machine q35,accel=tcg -m 64 -S -device loader,file=noise,addr=0x1000000,force-raw=on -qmp unix:from.qmp,server=on,wait=off \
	-blockdev driver=null-co,node-name=src,size=1073741824,read-zeroes=on -blockdev driver=null-co,node-name=dst,size=1073741824 || exit 1
t_is 'no job: no row' "$(json -d 0 jobs "$(vm from)")" ''
qmp_ask from '{"execute":"blockdev-mirror","arguments":{"job-id":"copy","device":"src","target":"dst","sync":"full","speed":1048576}}' >/dev/null
json -d 2 jobs "$(vm from)" >rows
qmp_ask from '{"execute":"query-jobs"}' >jobs
t_is 'one block job' "$(jq length jobs)" 1
t_is 'as QEMU has it' "$(jq -c '[.job, .kind, .phase, .total_bytes]' rows)" \
	"$(jq -c '.[0] | [.id, .type, .status, ."total-progress"]' jobs)"
t_ok 'what is left' jq -s -e '.[0] | .remaining_bytes <= .total_bytes and .done_pct >= 0 and .done_pct < 100' rows
qmp_ask from '{"execute":"job-cancel","arguments":{"id":"copy"}}' >/dev/null
gone() { [ "$(qmp_ask from '{"execute":"query-jobs"}')" = '[]' ]; }
t_ok 'it is cancelled' wait_for 20 gone
qmp_ask from '{"execute":"cont"}' >/dev/null
qmp_ask from '{"execute":"migrate-set-parameters","arguments":{"max-bandwidth":65536}}' >/dev/null
qmp_ask from '{"execute":"migrate","arguments":{"uri":"exec:cat >/dev/null"}}' >/dev/null
active() { json -d 0 jobs "$(vm from)" | jq -s -e 'any(.[]; .kind == "migration" and .phase == "active" and .total_bytes > 0)'; }
t_ok 'a migration' wait_for 20 active
t_is 'with the total QEMU has' "$(json -d 0 jobs "$(vm from)" | jq .total_bytes)" \
	"$(qmp_ask from '{"execute":"query-migrate"}' | jq .ram.total)"
t_is 'and the state says so' "$(json -d 0 vms "$(vm from)" | jq -r .state)" migrating
qmp_ask from '{"execute":"migrate_cancel"}' >/dev/null
cancelled() { json -d 0 jobs "$(vm from)" | jq -s -e 'any(.[]; .phase == "cancelled")'; }
t_ok 'until it is cancelled' wait_for 20 cancelled

# ---- nobody is asked who was not named

kt_start -o json -d 0.2 -n 100000 events >events.json
looker=$!
kt_rests "$looker"
vm_kill mute
ended() { grep -q "\"vm\":\"$(vm mute)\"" events.json; }
t_ok 'the end of a guest is told' wait_for 20 ended
t_kill "$looker"
t_is 'by one event' "$(jq -r --arg vm "$(vm mute)" 'select(.vm == $vm) | .event' events.json)" ended
t_done
