#!/bin/bash
# QEMU is called by other names on hosts of vendors and behind wrappers, and other programs are called like it.

. "$(dirname "$0")/../lib.sh"

bare=(-machine pc,accel=tcg -m 16 -S)
OWN=$(readlink -f "$(command -v "$QEMU")")
# a copy looks for its files beside it
files=(-L /usr/share/qemu -L /usr/share/seabios)
QEMU_MODULE_DIR=$(dirname "$(find /usr/lib -name 'accel-tcg-x86_64.so' | head -n 1)")
export QEMU_MODULE_DIR
# of the processes of this test, as others start guests meanwhile
pids() { kt -o json -d 0 -F pid vms | jq .pid | grep -xF -f <(printf '%s\n' "${T_PIDS[@]}") | sort; }

n=0 started=()
for name in .qemu-system-x86_64-wrapped qemu-virtiofs-system-x86_64 qemu-kiwi qemu-kvm .kvm-wrapped kvm-spice; do
	mkdir -p libexec bin
	cp "$OWN" "libexec/$name"
	n=$((n + 1))
	QEMU=$PWD/libexec/$name
	qemu_start "v$n" "${bare[@]}" -qmp "unix:v$n.qmp,server=on,wait=off" "${files[@]}"
	kt -o json -d 0 vms "$(vm "v$n")" >row 2>err
	t_is "$name: found, and asked" "$(jq -r '"\(.pid) \(.state)"' row) $(cat err)" "$(vm_pid "v$n") prelaunch "
	started+=("$(vm_pid "v$n")")
done
QEMU=$OWN

# A wrapper that becomes QEMU.
printf '#!/bin/bash\nexec "%s" "$@"\n' "$PWD/libexec/qemu-kiwi" >bin/qemu-system-x86_64
chmod +x bin/qemu-system-x86_64
QEMU=$PWD/bin/qemu-system-x86_64 qemu_start w "${bare[@]}" -qmp unix:w.qmp,server=on,wait=off "${files[@]}"
t_is 'behind a wrapper' "$(kt -o json -d 0 vms "$(vm w)" | jq -r .state)" prelaunch
started+=("$(vm_pid w)")

# ---- none of them is a guest

run() { setpriv --pdeathsig KILL "$@" </dev/null >/dev/null 2>&1 9>&- & t_own "$!"; last=$!; }
sleep=$(readlink -f "$(command -v sleep)")
socat=$(readlink -f "$(command -v socat)")
for name in qemu-system-x86_64 qemu-x kvm qemu-kvm; do
	mkdir -p "fake/$name"
	cp "$sleep" "fake/$name/$name"
	run "fake/$name/$name" 1000
done
cp "$socat" fake/qemu-aarch64-static
run fake/qemu-aarch64-static -u PIPE:none PIPE:more
truncate -s 1M disk.raw
tools=()
command -v qemu-nbd >/dev/null && { run qemu-nbd -t -f raw -k "$PWD/nbd.sock" disk.raw; tools+=("$last"); }
if command -v qemu-storage-daemon >/dev/null; then
	run qemu-storage-daemon --chardev socket,id=m,path=qsd.sock,server=on,wait=off --monitor chardev=m \
		--blockdev file,node-name=f,filename=disk.raw --object iothread,id=i
	wait_for 10 test -S qsd.sock
fi
# what libvirt starts to ask a QEMU what it can do
QEMU=$OWN qemu_start probe -S -no-user-config -machine none,accel=tcg -qmp unix:probe.qmp,server=on,wait=off
t_is 'as many guests as there are' "$(pids)" "$(printf '%s\n' "${started[@]}" | sort)"
t_is 'a probe is none' "$(kt -d 0 vms "$(vm probe)" 2>/dev/null; echo $?)" 3
kt --no-scan -q probe.qmp -o json -d 0 vms >row
t_is 'unless it was given by hand' "$(jq -r .source row)" qmp
t_done
