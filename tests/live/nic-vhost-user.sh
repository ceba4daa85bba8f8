#!/bin/bash
# A NIC on a switch in user space: dpdk-testpmd, which answers pings.
# qemus: all

. "$(dirname "$0")/../lib.sh"

status=0
"$ROOT/tests/dpdk/build" || status=$?
case $status in
0) ;;
77) t_skip 'a NIC on a switch in user space' 'no dpdk-testpmd for this machine'; t_done ;;
*) t_fail 'no dpdk-testpmd'; t_done ;;
esac
guest_start g -object memory-backend-memfd,id=ram,size=256M,share=on -machine memory-backend=ram ||
	{ t_fail 'the guest boots'; t_done; }
vm=$(vm g)
descriptors() { vm_descriptors g | grep -v -E 'eventfd|pipe'; }
same_descriptors() { descriptors | diff before.fds -; }	# a monitor's socket is closed a moment later
nics_are() { [ "$(guest_get g net)" = "$1" ]; }

# The switch: it reads commands from a pipe, and says whom it talks to.
mkfifo commands
exec 8<>commands
"$ROOT/build/dpdk/testpmd" --no-huge --no-shconf --no-pci --no-telemetry -m 64 --lcores 0@0,1@0 --vdev net_vhost0,iface=switch -- \
	-i --total-num-mbufs=2048 --forward-mode=icmpecho <&8 >switch.log 2>&1 &
t_own "$!"
pings() { guest_cmd g 'ping -c 1 -W 2 10.8.0.9'; }
said() { grep -q "$1" switch.log; }
t_ok 'the switch listens' wait_for 100 said 'testpmd>' || t_done

kt -o json nic add "$vm" type=vhost-user source=nowhere >record 2>err
t_is 'no switch there: exit 1' "$? $(jq -r .status record)" '1 invalid'
vm_things g >before
descriptors >before.fds
if ! qmp_ask g '{"execute":"query-kvm"}' | jq -e .enabled >/dev/null &&
	! qmp_ask g '{"execute":"query-commands"}' | jq -e 'any(.[]; .name == "device-sync-config")' >/dev/null; then
	kt nic add "$vm" type=vhost-user source="$PWD/switch" >/dev/null 2>err
	t_is 'a QEMU that it would kill: exit 1' "$?" 1
	t_like 'and why' "$(cat err)" 'plugging one kills a QEMU of this age without KVM'
	t_ok 'it lives' vm_alive g
	vm_things g >after
	t_is 'and has what it had' "$(diff before after)" ''
	t_ok 'the switch saw nobody' test "$(grep -c 'new vhost user connection' switch.log)" = 0
	t_done
fi

for turn in 1 2; do
	kt -o json nic add "$vm" type=vhost-user source="$PWD/switch" >record 2>err
	t_is "turn $turn: added" "$? $(jq -r '[.status, .guest, .id] | join(" ")' record) $(cat err)" '0 ok ready kt-nic0 '
	t_ok "turn $turn: the guest sees it" wait_for 60 nics_are eth0,eth1
	t_ok "turn $turn: the switch was connected to" said 'new vhost user connection'
	t_ok "turn $turn: and works its rings" wait_for 60 said 'virtio is now ready for processing'
	if [ "$turn" = 1 ]; then
		echo start >&8
		guest_cmd g 'ip addr add 10.8.0.2/24 dev eth1; ip link set eth1 up'
		t_ok 'packets pass there and back' wait_for 60 pings
		kt -o json -d 0 nics "$vm" >nics
		t_is 'kvmtop shows what it is on' "$(jq -r 'select(.id == "kt-nic0") | [.backend, .vhost] | join(" ")' nics)" 'vhost-user on'
		kt -o json -d 0 queues "$vm" >queues
		t_is 'and who works its queues' "$(jq -r 'select(.device == "kt-nic0") | .backend' queues | paste -sd ' ')" 'vhost-user vhost-user QEMU'
		t_is 'with their depths' "$(jq -s 'map(select(.device == "kt-nic0" and .depth != null)) | length' queues)" 2
		t_ok 'which stops none of them' wait_for 60 pings
		echo stop >&8
	fi
	kt -o json nic remove "$vm" kt-nic0 >record 2>err
	t_is "turn $turn: removed" "$? $(jq -r .status record) $(cat err)" '0 ok '
	t_ok "turn $turn: the guest sees it no more" wait_for 60 nics_are eth0
	t_ok "turn $turn: the switch was left" wait_for 60 said 'vhost peer closed'
	vm_things g >after
	t_is "turn $turn: QEMU has what it had" "$(diff before after)" ''
	t_ok "turn $turn: and holds open what it did" wait_for 20 same_descriptors
	: >switch.log
done
t_done
