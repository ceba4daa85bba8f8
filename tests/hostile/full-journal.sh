#!/bin/bash
# A disk that fills up, or cannot be written, ends no change that has begun, and begins none that cannot be written down.
# Whoever can write to the same file system can fill it at any time.

. "$(dirname "$0")/lib.sh"

honest_start h
vm=$(vm h)
truncate -s 1M a.img b.img c.img d.img
export XDG_STATE_HOME=/run/state
mkdir -p /run/state/kvmtop
mount -t tmpfs -o size=128k,mode=777 tmpfs /run/state/kvmtop || { t_skip 'a full disk' 'no tmpfs'; t_done; }
chmod 755 /run/state/kvmtop
mkdir -m 777 /run/state/kvmtop/others

fill() { attacker_do dd if=/dev/zero of="/run/state/kvmtop/others/fill" bs=4k 2>/dev/null; [ "$(stat -f -c %f /run/state/kvmtop)" = 0 ]; }
empty() { rm -f /run/state/kvmtop/others/fill; }
add() { kt -o json --timeout "$3" disk add "$vm" file="$PWD/$1.img" format=raw id="$1" bus=virtio ${4:+"$4"} >"$2" 2>err; }
status() { jq -r '[.status, (.left | length), .journal] | map(tostring) | join(" ")' "$1"; }
runs() { grep -l '"status":"running"' /run/state/kvmtop/journal/*.json 2>/dev/null; }
waits() { [ -n "$(runs)" ] && vm_has_device h "$1"; }
things=$(vm_things h)

# ---- full before it begins

fill
add a record 1
t_is 'a full disk: no change' "$? $(status record)" '1 failed 0 null'
t_like 'and why' "$(cat err)" 'journal .*No space left on device.*XDG_STATE_HOME'
t_is 'the guest is as before' "$(vm_things h)" "$things"
empty
mkdir -p /run/state/kvmtop/journal
chmod 700 /run/state/kvmtop/journal
fill
add a record 1
t_is 'a full disk with a journal: no change' "$? $(status record)" '1 failed 0 null'
t_is 'nothing of an entry is left' "$(find /run/state/kvmtop/journal -type f)" ''
t_is 'the guest is as before' "$(vm_things h)" "$things"
empty

# ---- filled while it runs

add a record 3 &
t_own $!
t_ok 'a change waits for its guest' wait_for 20 waits a
t_ok 'meanwhile the disk fills up' fill
wait $!
t_like 'it is done, and named' "$? $(status record)" '^0 ok 0 [0-9]'
t_is 'without a word' "$(grep -v 'not running' err)" ''
t_is 'the journal says so' "$(ktp -o json journal 2>&1 | jq -r .state)" ok
kt -d 0 vms >/dev/null 2>told
t_is 'nothing was killed, says the next one' "$(cat told)" ''

# An undo needs room for what may be left of it.
kt -o json undo >record 2>err
t_is 'a full disk: nothing is undone' "$? $(jq -r .status record)" '1 failed'
t_ok 'the guest has it still' vm_has_device h a
t_is 'and the entry is as it was' "$(ktp -o json journal 2>&1 | jq -r .state)" ok
empty
kt -o json --timeout 1 undo >record 2>err
t_like 'with room it is begun' "$? $(jq -r .status record)" '^[04] (undone|timeout)'
vm_kill h
honest_start h

# ---- one that cannot be written

mount -o remount,ro /run/state/kvmtop
add b record 1
t_is 'read-only: no change' "$? $(status record)" '1 failed 0 null'
t_like 'and why' "$(cat err)" 'journal .*Read-only file system'
t_ok 'the guest has not got it' vm_lacks_device h b
mount -o remount,rw /run/state/kvmtop
add b record 1
t_like 'written again, it works' "$? $(status record)" '^0 ok 0 [0-9]'
t_is 'no spare file is left' "$(find /run/state/kvmtop/journal -name '.*' -type f)" ''

# ---- a directory above that others can write

chmod 777 /run/state/kvmtop
add c record 1
t_is 'others may put a journal there: no change' "$? $(status record)" '5 denied 0 null'
t_like 'and why' "$(cat err)" 'kvmtop has mode 0777: others may write it'
t_ok 'the guest has not got it' vm_lacks_device h c
t_done
