#!/bin/bash
# pause, resume and reset of a guest of libvirt's, by its own calls: virsh has the same state, and nothing is tainted.

. "$(dirname "$0")/../lib.sh"

why=$(libvirt_missing)
if [ -n "$why" ]; then
	t_skip 'power of libvirt guests' "$why"
	t_done
fi
t_ok 'a libvirtd of our own' libvirt_start || t_done
DOMAIN_MIB=64 t_ok 'a guest' domain_start d
act() { kv -o json "$@" "$(vm d)" >record 2>said; echo "$? $(jq -r .status record)"; }
state() { virsh_ domstate "$(vm d)" | head -n 1; }

t_is 'it is paused' "$(act pause) $(state)" '0 ok paused'
t_is 'by libvirt' "$(jq -r '.steps[].text' record)" virDomainSuspend
t_is 'once' "$(act pause) $(state)" '0 unchanged paused'
t_is 'an undo resumes it' "$(kv -o json undo | jq -r .status) $(state)" 'undone running'
t_is 'and the other way' "$(act pause) $(act resume) $(state)" '0 ok 0 ok running'
t_is 'its undo pauses it' "$(kv -o json undo | jq -r .status) $(state)" 'undone paused'
t_like 'a paused guest cannot heed its power button' "$(act powerdown) $(cat said)" '^1 invalid .*resume it'
act resume >/dev/null
t_is 'reset' "$(act reset) $(state)" '0 ok running'
t_is 'one that does not heed its power button' "$(act --timeout 1 powerdown) $(state)" '4 timeout running'
t_is 'no monitor command was passed: not tainted' "$(virsh_ dominfo "$(vm d)" | grep -c -i 'custom.monitor')" 0
t_done
