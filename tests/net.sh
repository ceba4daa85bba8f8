# shellcheck shell=bash
# A network namespace for the test: the machine's interfaces are not touched, and what is left goes with it. Sourced before
# lib.sh: it starts the test again inside. KT_OWN_NET=no afterwards: there can be none, or no /dev/net/tun.
# sysfs shows the namespace it was mounted in; the control groups below it, which a libvirtd wants, are those of the machine.
if [ -z "${KT_OWN_NET:-}" ]; then
	export KT_OWN_NET=no
	if unshare -n -m sh -c 'mount -t sysfs sysfs /sys && ip tuntap add mode tap name probe' 2>/dev/null; then
		KT_OWN_NET=yes exec unshare -n -m sh -c 'exec 5</sys/fs/cgroup
			mount -t sysfs sysfs /sys || exit
			mount -c --rbind /proc/self/fd/5 /sys/fs/cgroup
			exec "$0" 5<&-' "$0"
	fi
fi

# Waits until this test is the only one with macvtaps, to its end: the node /dev/tapN of one is by its index, which counts in each
# namespace from the beginning.
macvtap_alone() { exec {T_MACVTAP}</dev/net && flock "$T_MACVTAP"; }

# RUN WORDS ARG..: RUN (kt, kv) plugs no such NIC into $vm and says these words; the host, as host() prints it, stays as it is.
nic_refused() {
	local run=$1 words=$2 before
	shift 2
	before=$(host)
	"$run" -o json nic add "$vm" "$@" >record 2>err
	t_is "refused: $*" "$? $(jq -r .status record)" '1 invalid'
	t_like "with words: $words" "$(cat err)" "$words"
	t_is 'and nothing is changed' "$(host)" "$before"
}
