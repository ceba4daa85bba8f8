# shellcheck shell=bash
# Neighbours on the host's network, for tests that plug NICs: network namespaces that ping every 10 ms, and what there is on
# the host besides kvmtop's ports. Source it after lib.sh:
#
#	neighbour_start near
#	ip link add v0 type veth peer name v1 netns "$(neighbour near)"
#	near ip addr add 10.99.0.2/24 dev v1		# and what else takes a cable
#	pings_begin near 10.99.0.1
#	..						# what must not disturb it
#	pings_end near 'a port comes and goes'

# NAME -> the process that holds its namespace.
neighbour() { cat "$1.neighbour"; }
# NAME: a namespace with nothing in it; NAME CMD.. runs a command there.
neighbour_start() {
	unshare -n sleep infinity 9>&- &
	t_own "$!"
	echo "$!" >"$1.neighbour"
	wait_for 20 neighbour_is_apart "$1" && eval "$1() { nsenter -t $! -n -- \"\$@\"; }" && "$1" ip link set lo up
}
neighbour_is_apart() { [ "$(readlink "/proc/$(neighbour "$1")/ns/net")" != "$(readlink /proc/self/ns/net)" ]; }

# NAME ADDRESS: waits until it answers, then asks it every 10 ms until pings_end; one series at a time for each name.
pings_begin() {
	"$ROOT/tests/guest/build" || return 1	# that has a ping
	t_ok "neighbour $1 reaches $2" wait_for 60 "$1" "$ROOT/build/guest/parts/busybox" ping -c 1 -W 1 "$2" || return
	: >"$1.pings"
	setpriv --pdeathsig KILL nsenter -t "$(neighbour "$1")" -n -- "$ROOT/build/guest/parts/busybox" ping -i 0.01 "$2" \
		>"$1.pings" 2>&1 9>&- &
	echo "$!" >"$1.pinging"
	t_own "$!"
	wait_for 60 pings_are "$1" 10
}
# NAME -> how many were answered, and how many were not, of those asked before the last that was; not those still under way.
pings_told() {
	awk 'match($0, /seq=[0-9]+/) { seq = substr($0, RSTART + 4, RLENGTH - 4) + 0; if (!(seq in seen)) n++; seen[seq]; if (seq > last) last = seq }
		END { printf "%d %d\n", n, n ? last + 1 - n : 0 }' "$1.pings"
}
pings_are() { [ "$(pings_told "$1" | cut -d ' ' -f 1)" -ge "$2" ]; }
# NAME WHAT: none was lost, and they go on.
pings_end() {
	local n
	n=$(pings_told "$1")
	t_ok "$2: neighbour $1 is answered on" wait_for 60 pings_are "$1" $((${n% *} + 10))
	kill -INT "$(cat "$1.pinging")"
	wait "$(cat "$1.pinging")"
	n=$(pings_told "$1")
	t_is "$2: of ${n% *} pings of neighbour $1 none was lost" "${n#* }" 0
}

# All that the host has, a line each, but ports that kvmtop made: links with address, MTU, what they are a port of, and
# whether they are up; addresses; VLANs of ports.
host_links() {
	ip -j addr | jq -c '.[] | select(.ifname // "" | startswith("kt-") | not) | [.ifname, .address, .mtu, .master,
		(.flags | index("UP") != null), [.addr_info[] | select(.scope == "global") | "\(.local)/\(.prefixlen)"]]'
	bridge -j vlan 2>/dev/null | jq -c '.[] | select(.ifname | startswith("kt-") | not)'
}
