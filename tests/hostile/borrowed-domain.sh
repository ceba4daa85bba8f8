#!/bin/bash
# A process that writes the UUID, the name and the options of a libvirt guest on its own command line is not that guest:
# libvirt's configuration is the distribution's.

. "$(dirname "$0")/lib.sh"

why=$(libvirt_missing)
if [ -n "$why" ]; then
	t_skip 'guests of libvirt' "$why"
	t_done
fi
record() { jq -c "select(.pid == $1)" vms; }

t_ok 'a libvirtd with its default configuration' libvirt_start default || t_done
t_ok 'a guest of libvirt' domain_start d || t_done
t_is 'runs as a user of its own' "$(stat -c %U "/proc/$(vm_pid d)")" libvirt-qemu
cp "$(readlink -f /bin/bash)" "$EVIL/qemu-system-x86_64"
attacker_run "$EVIL/qemu-system-x86_64" -c 'sleep 1000; :' -name "guest=$(vm d),debug-threads=on" -uuid "$(cat d.uuid)" \
	-object '{"qom-type":"secret","id":"masterKey0","file":"/var/lib/libvirt/qemu/domain-1-d/master-key.aes"}'
twin=$!
t_ok 'a process with its name and UUID' wait_for 5 eval 'readlink "/proc/$twin/exe" | grep -q "^$EVIL"'

kv -o json -d 0 vms >vms
t_is 'the guest is libvirt'"'"'s' "$(record "$(vm_pid d)" | jq -r .source)" libvirt
t_is 'and has no note' "$(record "$(vm_pid d)" | jq -r .note)" null
t_is 'the other process is not' "$(record "$twin" | jq -r .source)" proc
t_like 'and says whose UUID it has' "$(record "$twin" | jq -r .note)" "process $(vm_pid d)"
kv -o json --no-scan -d 0 vms >vms
t_is 'without a scan, the guest alone is there' "$(jq -r .pid vms)" "$(vm_pid d)"

disk() { kv -o json --timeout 2 disk add "$1" file=/tmp/d.img format=raw readonly=on "id=$2" force=on >record 2>err; }
truncate -s 1M /tmp/d.img
disk "pid:$twin" stolen
t_is 'a change of the other process is refused' "$(jq -r .status record)" denied
t_ok 'and changes no domain' eval '! domain_has_alias d ua-stolen'
t_ok 'a change of the guest by its name works' eval 'disk "$(vm d)" own; cat record err; domain_has_alias d ua-own'

# Whoever may not read the pid files knows the guest by its control group.
chmod 700 virt/run/libvirt/qemu
lv setpriv --reuid daemon --regid daemon --clear-groups "$KVMTOP" "${T_KV[@]}" -r -o json -d 0 vms >vms
t_is 'without the right to read pid files: the guest' "$(record "$(vm_pid d)" | jq -r .source)" libvirt
t_is 'and the other process' "$(record "$twin" | jq -r .source)" proc
chmod 755 virt/run/libvirt/qemu

# The session daemon of another user, which root looks at by its socket.
mkdir -m 700 /tmp/session && chown daemon:daemon /tmp/session
session=(setpriv --reuid daemon --regid daemon --clear-groups env HOME=/tmp/session XDG_RUNTIME_DIR=/tmp/session
	XDG_CONFIG_HOME=/tmp/session XDG_CACHE_HOME=/tmp/session)
setpriv --pdeathsig KILL nsenter -m -r -w -t "$T_LIBVIRT" -- sh -c 'cd /; exec "$@"' - "${session[@]}" \
	setpriv --pdeathsig KILL libvirtd </dev/null >session.log 2>&1 9>&- &
t_own "$!"
sed "s/<name>.*<.name>/<name>s<\/name>/; s/<uuid>.*<.uuid>//" d.xml >/tmp/s.xml
in_session() { lv "${session[@]}" "$@"; }
t_ok 'a session daemon of another user' wait_for 30 eval 'in_session virsh -q -c qemu:///session create /tmp/s.xml'
s=$(cat /tmp/session/libvirt/qemu/run/s.pid)
lv "$KVMTOP" --batch --connect "qemu+unix:///session?socket=/tmp/session/libvirt/libvirt-sock" -o json -d 0 vms >vms
t_is 'its guest is joined, and is that user'"'"'s' "$(record "$s" | jq -r '[.source, .vm] | @tsv')" $'libvirt\ts@daemon'
t_is 'the others are not' "$(jq -r .source vms | grep -c libvirt)" 1
cp "$KVMTOP_PLAIN" /tmp/kvmtop
in_session /tmp/kvmtop --batch -r -o json -d 0 vms >vms
t_is 'that user sees both daemons, and its own name' "$(record "$s" | jq -r '[.source, .vm] | @tsv')" $'libvirt\ts'
t_is 'with the guest of the system' "$(record "$(vm_pid d)" | jq -r .source)" libvirt
kill -KILL "$s"

# The owner of a domain that has ended: nothing is joined to it.
t_ok 'the guest ends' eval 'virsh_ destroy "$(vm d)" && : >d.killed'
kv -o json -d 0 vms >vms
t_is 'and the other process does not take its place' "$(jq -r '[.pid, .source] | @tsv' vms)" "$twin"$'\t'proc
t_done
