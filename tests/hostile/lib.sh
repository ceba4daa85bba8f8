# shellcheck shell=bash
# What the attacks share. Source it first instead of ../lib.sh, which it sources:
#
#	. "$(dirname "$0")/lib.sh"
#	attacker_run sleep 100		# as uid nobody, in $EVIL; its pid is in $!
#	t_ok 'kvmtop is not misled' ..
#	t_done
#
# A file runs as root in namespaces of its own: processes, mounts, IPC, and a network that has only the loopback. /tmp,
# /run and /var/lib/kvmtop are empty there, so an attack reaches neither the machine nor the guests of other tests, and
# kvmtop sees the guests of this test only. $EVIL is the directory of the attacker, who can write there and to /tmp and
# has no other right. $T_DIR belongs to root and is closed to the attacker.

if [ "$$" != 1 ]; then
	[ "$(id -u)" = 0 ] || { echo '1..0 # SKIP needs root'; exit 0; }
	exec unshare --mount --propagation private --pid --fork --kill-child --ipc --net --mount-proc "$0" "$@"
fi

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
mkdir -p "$ROOT/build/tmp" /var/lib/kvmtop
for T_MOUNT in /tmp /run /var/lib/kvmtop "$ROOT/build/tmp"; do
	mount -t tmpfs -o mode=755 tmpfs "$T_MOUNT" || exit 1
done
chmod 1777 /tmp
ip link set lo up
EVIL=/tmp/evil
ATTACKER=(setpriv --reuid nobody --regid nogroup --clear-groups --inh-caps=-all)
mkdir -m 755 "$EVIL" && chown nobody:nogroup "$EVIL"

# shellcheck source=tests/lib.sh
. "$ROOT/tests/lib.sh"

# CMD..: runs it as the attacker, in the attacker's directory.
attacker_do() { (cd "$EVIL" && exec "${ATTACKER[@]}" env HOME="$EVIL" TMPDIR="$EVIL" "$@"); }

# CMD..: starts it as the attacker in the background; killed at the end of the test. Its output is in $EVIL/out.
attacker_run() {
	(cd "$EVIL" && exec "${ATTACKER[@]}" env HOME="$EVIL" TMPDIR="$EVIL" setpriv --pdeathsig KILL "$@" \
		</dev/null >>"$T_DIR/attacker.out" 2>&1 9>&-) &
	t_own "$!"
}

# NAME QEMU-ARG..: an honest guest of root's, without an operating system: one free port, a monitor.
honest_start() {
	local name=$1
	shift
	qemu_start "$name" -machine q35,accel=tcg -m 32 -S -device pcie-root-port,id=rp1,chassis=1 \
		-device pcie-root-port,id=rp2,chassis=2 -qmp "unix:$name.qmp,server=on,wait=off" "$@"
}
