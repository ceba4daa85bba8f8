#!/bin/bash
# The balloon of a libvirt guest: asked through libvirt's own call, which taints nothing.
# qemus: all

. "$(dirname "$0")/../lib.sh"

why=$(libvirt_missing)
if [ -n "$why" ]; then
	t_skip 'the balloon of libvirt guests' "$why"
	t_done
fi
t_ok 'a libvirtd of our own' libvirt_start || t_done
DOMAIN_BALLOON="<memballoon model='virtio'/>" DOMAIN_MIB=64 t_ok 'a guest with a balloon' domain_start with
t_ok 'one without' domain_start without
tell() { kv -n 1 -d 0 -o json memory "$(vm "$1")" 2>err | jq -r "$2"; }
told() { [ "$(tell "$1" "$2")" = "$3" ]; }

kib=$(virsh_ dommemstat "$(vm with)" | sed -n 's/^actual //p')
t_is 'virsh tells of it' "$kib" 65536
t_ok 'so does memory' wait_for 20 told with .balloon_bytes $((kib * 1024)) || tell with .
t_is 'what the guest itself would have to tell is unknown' "$(tell with '[.guest_free_bytes, .guest_total_bytes, .guest_stats_age_seconds] | map(tostring) | join(" ")')" \
	'null null null'
t_like 'and it is said why' "$(tell with .note)" 'never gave figures of its own'
t_is 'without a balloon it is unknown' "$(tell without .balloon_bytes)" null
t_is 'no monitor command was passed: not tainted' "$(virsh_ dominfo "$(vm with)" | grep -c -i 'custom.monitor')" 0
t_done
