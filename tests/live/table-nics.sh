#!/bin/bash
# NICs of a QEMU in a network namespace of its own: traffic against the tap's counters there, drops, addresses, state.
# What needs bridges, VLANs, macvtap, Open vSwitch or VFIO is in the lab.
# qemus: all

. "$(dirname "$0")/../lib.sh"

# Both ways 5 %, and a little for what the guest says by itself.
cat >qemu-net <<END
#!/bin/sh
exec unshare -n sh -c 'ip tuntap add dev inner0 mode tap && ip link set inner0 mtu 1400 up && ip addr add 169.254.78.1/24 dev inner0 &&
	exec "\$0" "\$@"' $QEMU "\$@"
END
chmod +x qemu-net
if ! unshare -n ip tuntap add dev inner0 mode tap 2>/dev/null; then
	t_skip 'NICs in another network namespace' 'no tap can be made here'
	t_done
fi
QEMU=./qemu-net guest_start g -netdev tap,id=net1,ifname=inner0,script=no,downscript=no \
	-device virtio-net-pci,id=nic1,netdev=net1,romfile=,mac=52:54:00:aa:78:02 || exit 1
vm=$(vm g) pid=$(vm_pid g)
inside() { nsenter -t "$pid" -n "$@"; }
t_ok 'QEMU is in another namespace' [ "$(readlink "/proc/$pid/ns/net")" != "$(readlink /proc/self/ns/net)" ]
# Its monitor is in that namespace as well, where nobody can see who uses it: it is not asked, and the NIC is known by the
# descriptor only.
guest_cmd g 'ip addr add 169.254.78.2/24 dev eth1'
inside ip neigh replace 169.254.78.2 lladdr 52:54:00:aa:78:02 dev inner0
count() { inside awk -v f="$1" '$1 == "inner0:" { print $f }' /proc/net/dev; }

# All in ten seconds of kvmtop's. First the guest stands still and takes nothing: its packets are dropped at the tap. Then it
# goes on, and there is traffic both ways.
qmp_ask g '{"execute":"stop"}' >/dev/null
began=$EPOCHREALTIME
kt_start -o json -d 10 nics "$vm" >rows
looker=$!
columns=(10 2 11 3 13)	# of /proc/net/dev: bytes and packets to the guest, and from it, packets dropped on the way to it
for c in "${columns[@]}"; do count "$c"; done >before
kt_rests "$looker"
inside sh -c 'head -c 3000000 /dev/zero | socat -b 1000 -u - UDP-DATAGRAM:169.254.78.2:9 2>/dev/null'
qmp_ask g '{"execute":"cont"}' >/dev/null
# to the guest, whose kernel says that no process listens there
inside sh -c 'i=0; while [ $i -lt 4 ]; do head -c 100000 /dev/zero | socat -b 1000 -u - UDP-DATAGRAM:169.254.78.2:9 2>/dev/null; i=$((i + 1)); done'
guest_cmd g 'ping -c 100 -i 0.01 -s 1000 169.254.78.1' >/dev/null 2>&1
for c in "${columns[@]}"; do count "$c"; done >after
mapfile -t moved < <(paste before after | awk '{ print $2 - $1 }')
rx=${moved[0]} tx=${moved[1]} rxp=${moved[2]} txp=${moved[3]} drops=${moved[4]}
t_ok 'the traffic was over in time' kill -0 "$looker"
wait "$looker"
ran=$(since "$began")
row=$(jq -c 'select(.ifname == "inner0")' rows)
of() { jq ".$1" <<<"$row"; }
t_is 'the tap, by its name there' "$(jq -c '[.backend, .ifname, .bridge, .link]' <<<"$row")" '["tap","inner0",null,null]'
t_ok "the guest received what that tap sent: $rx bytes: $(of rx_bytes_per_s)" in_ten_seconds "$(of rx_bytes_per_s)" "$rx" "$ran" 2000
t_ok "in $rxp packets" in_ten_seconds "$(of rx_packets_per_s)" "$rxp" "$ran" 20
t_ok "and sent what it took in: $tx bytes: $(of tx_bytes_per_s)" in_ten_seconds "$(of tx_bytes_per_s)" "$tx" "$ran" 2000
t_ok "in $txp packets" in_ten_seconds "$(of tx_packets_per_s)" "$txp" "$ran" 20
t_ok 'it was traffic' [ "$rx" -gt 400000 ]
t_ok 'both ways' [ "$tx" -gt 100000 ]
t_is 'no errors' "$(jq -c '[.rx_errors_per_s, .tx_errors_per_s]' <<<"$row")" '[0,0]'
t_ok "its drops are the tap's: $drops" in_ten_seconds "$(of rx_drops_per_s)" "$drops" "$ran" 2
t_ok 'and there were some' [ "$drops" -gt 100 ]
t_is 'on that way only' "$(jq -c '[.rx_drops_per_s == .drops_per_s, .tx_drops_per_s]' <<<"$row")" '[true,0]'
t_ok 'vms counts it as well' jq -e '.rx_bytes_per_s >= 0' <<<"$(ktp -o json -d 0.5 -F rx_bytes_per_s vms "$vm")"

# In the same namespace the interface itself is known too.
inside "$KVMTOP_PLAIN" --batch --no-libvirt -o json -d 0 nics "$vm" >rows
t_is 'state, MTU and address, seen from there' "$(jq -c 'select(.id == "nic1") | [.link, .mtu, .ip]' rows)" '["up",1400,"169.254.78.2"]'
inside ip link set inner0 down
inside "$KVMTOP_PLAIN" --batch --no-libvirt -o json -d 0 -F id,link nics "$vm" >rows
t_is 'down when it is' "$(jq -r 'select(.id == "nic1") | .link' rows)" down
t_is 'nothing of the kind for user networking' "$(jq -r 'select(.id == "nic0") | .link' rows)" null
t_done
