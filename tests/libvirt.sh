# shellcheck shell=bash
# A libvirtd of the test's own, sourced by lib.sh. It lives in a mount namespace in which
# all of libvirt's directories are the test's: nothing of the machine's own libvirt is
# read or written, and nothing is left. What is to see it runs inside, by lv:
#
#	libvirt_start
#	domain_start d
#	virsh_ list
#	kv -o json vms "$(vm d)"
#	libvirt_daemon KILL; libvirt_daemon_start
#
# `libvirt_start default` starts it with the distribution's own configuration instead of
# a bare one: guests run as a user of their own, in mount namespaces and control groups of
# their own, and virtlogd keeps their logs. They cannot read the test's directory.
#
# LIBVIRT_POLKIT=yes: with polkit on a system bus of its own, which libvirt asks who may do what. libvirt_user makes users that
# are in the namespace only.
#
# A domain has NAME.name, NAME.pid, NAME.uuid like a QEMU of qemu_start.

T_LIBVIRT=''	# the process that holds the namespace
T_LIBVIRTD=''	# the daemon
T_LIBVIRTD_LOST=''	# one whose end was told, or meant
T_LIBVIRT_KIND=bare	# or default
T_EMULATOR=''	# QEMU, as the guests' user finds it

# CMD..: inside the namespace, in the same directory; the root is asked for too, as that of
# the namespace is not ours in a chroot.
lv() { nsenter -m -r -w -t "$T_LIBVIRT" -- "$@"; }
virsh_() { lv virsh -q -c qemu:///system "$@"; }
# kvmtop with libvirt: the build with the sanitizers, and the plain one.
T_KV=(--batch --connect qemu:///system)
kv() { lv "$KVMTOP" "${T_KV[@]}" "$@"; }
kvp() { lv "$KVMTOP_PLAIN" "${T_KV[@]}" "$@"; }

# FILE ARG..: kvmtop in the background, its output into FILE and FILE.err; its pid is in $!.
kv_watch() {
	local file=$1
	shift
	setpriv --pdeathsig KILL nsenter -m -r -w -t "$T_LIBVIRT" -- "$KVMTOP_PLAIN" "${T_KV[@]}" \
		"$@" >"$file" 2>"$file.err" 9>&- &
	t_own $!
}

# Nothing, or why there can be no libvirtd of our own, in words.
libvirt_missing() {
	[ "$(id -u)" = 0 ] || { echo 'not root: no mount namespace'; return; }
	command -v libvirtd >/dev/null && command -v virsh >/dev/null || echo 'no libvirtd, no virsh'
}

# What an earlier daemon found out about each emulator of the machine, which takes a second for each. libvirt looks itself
# whether it is still true: of this program, this libvirt, this kernel, this /dev/kvm.
T_LIBVIRT_KNOWN=$ROOT/build/libvirt
libvirt_known_take() {
	[ ! -d "$T_LIBVIRT_KNOWN/$T_LIBVIRT_KIND" ] || cp -r "$T_LIBVIRT_KNOWN/$T_LIBVIRT_KIND/." virt/cache/qemu/capabilities
}
# Whole files only, as others take them meanwhile.
libvirt_known_keep() {
	local f new to=$T_LIBVIRT_KNOWN/$T_LIBVIRT_KIND

	mkdir -p "$to"
	for f in virt/cache/qemu/capabilities/*.xml; do
		[ -e "$f" ] && ! cmp -s "$f" "$to/${f##*/}" || continue
		new=$(mktemp "$to/.XXXXXX") && cp "$f" "$new" && mv "$new" "$to/${f##*/}"
	done
}

libvirt_config() {
	mkdir -p virt/etc virt/run/libvirt virt/run/kt virt/lib virt/cache/qemu/capabilities virt/log virt/dev && libvirt_known_take || return 1
	if [ "$T_LIBVIRT_KIND" = default ]; then
		cp -r /etc/libvirt/. virt/etc
		# the machine's networks are bridges with addresses, for its own libvirtd
		rm -f virt/etc/qemu/networks/autostart/*
		# other users look without polkit, which would want a system bus
		echo 'auth_unix_ro = "none"' >>virt/etc/libvirtd.conf
		return
	fi
	# root, and no security driver: else a KVM that cannot be used is probed at each start.
	cat >virt/etc/qemu.conf <<-'END'
		user = "root"
		group = "root"
		security_driver = "none"
		stdio_handler = "file"
		namespaces = []
		cgroup_controllers = []
		remember_owner = 0
		seccomp_sandbox = 0
	END
	printf '%s\n' 'auth_unix_rw = "none"' 'auth_unix_ro = "none"' >virt/etc/libvirtd.conf
}

# Runs inside: the test's directories over libvirt's, then waits. Whatever ends the test,
# a signal from the kernel too, ends the guests: they are nobody's children.
# shellcheck disable=SC2016
T_LIBVIRT_HOLDER='
	over() { mount --bind "virt/$1" "$2" || exit 1; }
	guests() {
		for f in virt/run/libvirt/qemu/*.pid virt/run/kt/*/run/libvirt/qemu/run/*.pid; do
			read -r pid <"$f"	# no newline ends it
			kill -KILL "$pid"
		done 2>/dev/null
	}
	# A KVM that is there and cannot be used is probed by libvirt at each start of a guest, for a minute.
	devices() {
		mount -t tmpfs -o mode=755 tmpfs virt/dev || exit 1
		for f in null zero full random urandom tty ptmx; do cp -a "/dev/$f" virt/dev; done
		for f in pts shm net vfio; do
			[ ! -d "/dev/$f" ] || { mkdir "virt/dev/$f" && mount --rbind "/dev/$f" "virt/dev/$f"; }
		done
		mount --rbind virt/dev /dev || exit 1
	}
	trap "guests; exit 0" TERM
	over etc /etc/libvirt && over lib /var/lib/libvirt && over cache /var/cache/libvirt
	over log /var/log/libvirt && over run /run
	if [ "$1" = default ]; then devices; fi
	: >virt/ready
	while :; do sleep 3600 & wait; done
'

# In a chroot "/" is no mount point, and its propagation cannot be changed; then see whether
# what we mount is seen outside, where it must not be.
libvirt_namespace() {
	local how=private
	unshare -m --propagation private true 2>/dev/null || how=unchanged
	setpriv --pdeathsig TERM unshare -m --propagation "$how" bash -c "$T_LIBVIRT_HOLDER" - "$T_LIBVIRT_KIND" \
		9>&- >virt/holder.log 2>&1 &
	T_LIBVIRT=$!
	wait_for 10 libvirt_is_held && [ -e virt/ready ] && ! grep -q -F "$T_DIR/virt" /proc/self/mountinfo &&
		libvirt_is_ours
}
# Never a daemon on the machine's own directories.
libvirt_is_ours() {
	lv test -d /run/kt && lv test /etc/libvirt/qemu.conf -ef virt/etc/qemu.conf && [ ! -d /run/kt ]
}
libvirt_is_held() { [ -e virt/ready ] || ! kill -0 "$T_LIBVIRT" 2>/dev/null; }

# The user of the guests cannot enter every checkout, where a QEMU of ours is.
libvirt_emulator() {
	T_EMULATOR=$(command -v "$QEMU") || return
	[[ $T_LIBVIRT_KIND = default && $T_EMULATOR = "$ROOT"/* ]] || return 0
	mkdir -p virt/run/kt/qemu && lv mount --bind "${T_EMULATOR%/*}" /run/kt/qemu || return
	T_EMULATOR=/run/kt/qemu/${T_EMULATOR##*/}
}

# [default]
libvirt_start() {
	T_LIBVIRT_KIND=${1:-bare}
	libvirt_config && libvirt_namespace && libvirt_emulator && libvirt_daemon_start && return 0
	printf 'libvirt did not start: %s\n' "$(tail -n 20 virt/*.log virt/log/* 2>/dev/null)" >&2
	return 1
}

libvirt_polkit() {
	lv mkdir -p /run/dbus
	setpriv --pdeathsig KILL nsenter -m -r -w -t "$T_LIBVIRT" -- dbus-daemon --system --nofork --nopidfile </dev/null \
		>virt/dbus.log 2>&1 9>&- &
	t_own "$!"
	wait_for 10 test -S virt/run/dbus/system_bus_socket || return 1
	setpriv --pdeathsig KILL nsenter -m -r -w -t "$T_LIBVIRT" -- /usr/lib/polkit-1/polkitd --no-debug </dev/null >virt/polkit.log 2>&1 9>&- &
	t_own "$!"
	wait_for 20 lv dbus-send --system --print-reply --dest=org.freedesktop.PolicyKit1 /org/freedesktop/PolicyKit1/Authority \
		org.freedesktop.DBus.Peer.Ping >/dev/null 2>&1
}

# NAME UID [libvirt]: a user, of that group; lv_as NAME CMD.. runs what is in /run/kt as it.
libvirt_user() {
	local name=$1 uid=$2 f
	for f in passwd group; do
		[ -e "virt/$f" ] || { cp "/etc/$f" virt && lv mount --bind "virt/$f" "/etc/$f"; } || return 1
	done
	printf '%s:x:%s:%s::/run/kt/%s:/bin/sh\n' "$name" "$uid" "$uid" "$name" >>virt/passwd
	printf '%s:x:%s:\n' "$name" "$uid" >>virt/group
	if [ -n "${3:-}" ]; then
		f=$(sed "s/^$3:.*/&,$name/; s/:,/:/" virt/group)
		printf '%s\n' "$f" >virt/group	# the same file, as it is mounted
	fi
	lv mkdir -m 700 "/run/kt/$name" && lv mkdir -m 700 "/run/kt/$name/run" && lv chown -R "$uid:$uid" "/run/kt/$name"
	chmod 755 virt/run virt/run/kt
}
lv_as() {
	local name=$1 uid
	shift
	uid=$(awk -F: -v name="$name" '$1 == name { print $3 }' virt/passwd)
	# shellcheck disable=SC2016
	lv sh -c 'cd /run/kt && exec "$@"' - setpriv --reuid "$uid" --regid "$uid" --init-groups --inh-caps=-all --bounding-set=-all \
		env -u XDG_STATE_HOME -u XDG_CONFIG_HOME -u XDG_CACHE_HOME HOME="/run/kt/$name" TMPDIR="/run/kt/$name" \
		XDG_RUNTIME_DIR="/run/kt/$name/run" "$@"
}

# The daemon, again after libvirt_daemon KILL.
libvirt_daemon_start() {
	if [ "$T_LIBVIRT_KIND" = default ] && [ -z "$T_LIBVIRTD" ]; then
		setpriv --pdeathsig KILL nsenter -m -r -w -t "$T_LIBVIRT" -- virtlogd </dev/null >>virt/virtlogd.log 2>&1 9>&- &
		t_own "$!"
		wait_for 10 test -S virt/run/libvirt/virtlogd-sock || return 1
		[ -z "${LIBVIRT_POLKIT:-}" ] || libvirt_polkit || return 1
	fi
	setpriv --pdeathsig KILL nsenter -m -r -w -t "$T_LIBVIRT" -- libvirtd </dev/null >>virt/libvirtd.log 2>&1 9>&- &
	T_LIBVIRTD=$!
	t_own "$T_LIBVIRTD"
	wait_for 60 virsh_ list >/dev/null 2>&1
}

# SIGNAL: to the daemon; KILL also waits for its end.
libvirt_daemon() {
	kill -"$1" "$T_LIBVIRTD" || return 1
	[ "$1" != KILL ] || { wait "$T_LIBVIRTD" 2>/dev/null; T_LIBVIRTD_LOST=$T_LIBVIRTD; }
	return 0
}

# A daemon that ended, and not by libvirt_daemon: how, and what it said, once.
libvirt_lost() {
	local status=0
	[ -n "$T_LIBVIRTD" ] && ! kill -0 "$T_LIBVIRTD" 2>/dev/null && [ "$T_LIBVIRTD" != "$T_LIBVIRTD_LOST" ] || return 0
	T_LIBVIRTD_LOST=$T_LIBVIRTD
	wait "$T_LIBVIRTD" 2>/dev/null || status=$?
	printf 'libvirtd is gone, status %d. %s\n' "$status" "$(tail -n 5 virt/libvirtd.log)"
}

# Guests, daemon and namespace.
libvirt_stop() {
	[ -n "$T_LIBVIRT" ] || return 0
	[ -z "$T_LIBVIRTD" ] || t_kill "$T_LIBVIRTD"
	[ ! -e virt/ready ] || libvirt_known_keep
	kill -TERM "$T_LIBVIRT" 2>/dev/null
	wait "$T_LIBVIRT" 2>/dev/null
	T_LIBVIRT='' T_LIBVIRTD=''
}

# NAME OS-XML DEVICE-XML: defines and starts it, with the ports rp1..rp4 of guest_boot. Instead of what stands there:
# DOMAIN_TYPE, DOMAIN_MIB, and the XML DOMAIN_VCPU, DOMAIN_MAXMEM, DOMAIN_NUMA, DOMAIN_CPU, DOMAIN_USB, DOMAIN_BALLOON.
domain_define() {
	local name=$1 os=$2 devices=$3 uuid ports='' i
	uuid=$(cat /proc/sys/kernel/random/uuid)
	printf '%s\n' "$name-$$" >"$name.name"
	printf '%s\n' "$uuid" >"$name.uuid"
	for i in 1 2 3 4; do
		ports+="<controller type='pci' model='pcie-root-port' index='$i'/>"
	done
	case $os in *q35*) ;; *) ports='' ;; esac
	cat >"$name.xml" <<-END
		<domain type='${DOMAIN_TYPE:-qemu}'>
		  <name>$name-$$</name><uuid>$uuid</uuid>
		  ${DOMAIN_MAXMEM:-}<memory unit='MiB'>${DOMAIN_MIB:-32}</memory>${DOMAIN_VCPU:-<vcpu>1</vcpu>}
		  <os>$os</os><features><acpi/></features>${DOMAIN_CPU:-<cpu mode='maximum'>${DOMAIN_NUMA:-}</cpu>}
		  <on_crash>preserve</on_crash>
		  <devices>
		    <emulator>$T_EMULATOR</emulator>
		    $ports
		    ${DOMAIN_USB:-<controller type='usb' model='none'/>}
		    ${DOMAIN_BALLOON:-<memballoon model='none'/>}
		    $devices
		  </devices>
		</domain>
	END
	virsh_ define "$name.xml" >/dev/null && domain_up "$name"
}
domain_up() {
	virsh_ start "$1-$$" >/dev/null && echo "$(cat "virt/run/libvirt/qemu/$1-$$.pid")" >"$1.pid"
}

# NAME [DEVICE-XML]: a domain without a system, up in a second.
domain_start() {
	domain_define "$1" "<type machine='q35'>hvm</type>" "${2:-}"
}

# NAME [DEVICE-XML]: one that boots our Linux guest; wait with guest_up NAME. guest_cmd and
# the rest work on it as on guest_boot's. The disk is vda, NAME.img.
domain_boot() {
	"$ROOT/tests/guest/build" || return 1
	[ -e "$1.img" ] || truncate -s 64M "$1.img"
	: >"$1.log"
	ln -sf "virt/run/kt/$1.cmd" "$1.cmd"
	DOMAIN_MIB=${DOMAIN_MIB:-256} domain_define "$1" "
		<type machine='${DOMAIN_MACHINE:-q35}'>hvm</type>
		<kernel>$ROOT/build/guest/vmlinuz</kernel><initrd>$ROOT/build/guest/initrd.gz</initrd>
		<cmdline>$T_CMDLINE ${GUEST_APPEND:-}</cmdline>" "
		<disk type='file' device='disk'><driver name='qemu' type='raw'/>
		  <source file='$T_DIR/$1.img'/><target dev='vda' bus='virtio'/><serial>kt-vda</serial></disk>
		<serial type='file'><source path='$T_DIR/$1.log'/><target port='0'/></serial>
		<serial type='unix'><source mode='bind' path='/run/kt/$1.cmd'/><target port='1'/></serial>
		${2:-}"
}

# NAME: does libvirt's live XML name a device by this alias?
domain_has_alias() { virsh_ dumpxml "$1-$$" | grep -q "<alias name='$2'/>"; }
