#!/bin/bash
# A process that says its NIC has the tap of another guest: removing that NIC leaves the other guest's port of Open vSwitch
# alone.

. "$(dirname "$0")/lib.sh"

mount -t sysfs sysfs /sys	# that of this network

for program in ovsdb-server ovsdb-tool ovs-vsctl perl; do
	command -v "$program" >/dev/null || { t_skip 'ports of Open vSwitch' "no $program"; t_done; }
done
mkdir -p /run/openvswitch
ovsdb-tool create "$T_DIR/conf.db" /usr/share/openvswitch/vswitch.ovsschema
ovsdb-server --remote=punix:/run/openvswitch/db.sock --unixctl="$T_DIR/ovs.ctl" "$T_DIR/conf.db" >ovs.out 2>&1 9>&- &
t_own "$!"
vsctl() { ovs-vsctl --no-wait --timeout=10 --db=unix:/run/openvswitch/db.sock "$@"; }
ports() { vsctl list-ports br0 | paste -sd ' '; }
t_ok 'a database' wait_for 20 vsctl init
vsctl add-br br0 -- add-port br0 kt-tap0 -- set port kt-tap0 external_ids:kvmtop=nic

ip tuntap add mode tap kt-tap0 && ip link set kt-tap0 up
honest_start h -device qemu-xhci -netdev tap,id=n0,ifname=kt-tap0,script=no,downscript=no -device usb-net,id=nic0,netdev=n0

# A monitor that knows one NIC, for which it needs no tap.
cat >"$EVIL/monitor.pl" <<'END'
use IO::Socket::UNIX;
my ($path) = map { /^unix:([^,]+)/ ? $1 : () } @ARGV;
my $server = IO::Socket::UNIX->new(Local => $path, Listen => 5) or die;
my %reply = (
	'query-status' => '{"running":true,"status":"running"}', 'qom-list' => '[]',
	'human-monitor-command' => '"nic0: index=0,type=nic,model=usb-net,macaddr=52:54:00:00:00:99\r\n' .
		' \\\\ n0: index=0,type=tap,ifname=kt-tap0,script=no,downscript=no\r\n"',
	map { $_ => '{}' } qw(qmp_capabilities query-migrate device_del netdev_del));
while (my $c = $server->accept) {
	$c->autoflush(1);
	print $c '{"QMP":{"version":{"qemu":{"micro":22,"minor":2,"major":7},"package":""},"capabilities":[]}}', "\r\n";
	while (<$c>) {
		my ($command) = /"execute": *"([^"]+)"/;
		my ($id) = /.*("id": *(?:"[^"]*"|[0-9]+))/;
		print $c '{', exists $reply{$command} ? "\"return\":$reply{$command}" :
			'"error":{"class":"CommandNotFound","desc":"no"}', $id ? ",$id" : '', "}\r\n";
	}
}
END
cp "$(command -v perl)" "$EVIL/qemu-system-x86_64"
attacker_run ./qemu-system-x86_64 monitor.pl -name evil-vm -qmp "unix:$EVIL/evil.qmp,server=on,wait=off"
evil=$!
t_ok 'the attacker listens' wait_for 20 test -S "$EVIL/evil.qmp"
kt -o json nic remove "pid:$evil" nic0 >record 2>err
t_is 'its NIC is removed' "$? $(jq -r .status record) $(cat err)" '0 ok '
t_is 'without a word of Open vSwitch' "$(jq -c '[.steps[].text | select(test("vSwitch"))]' record)" '[]'
t_is 'the honest guest has its port' "$(ports)" kt-tap0
kt -o json nic remove "$(vm h)" nic0 >record 2>err
t_is 'that of the honest guest is removed' "$? $(jq -r .status record)" '0 ok'
t_is 'with its port' "$(ports)" ''
t_done
