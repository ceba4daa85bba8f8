#!/bin/bash
# A guest that arrives by post-copy migration: it runs, but its memory is not all there, and whoever reads a page that is
# missing sleeps until it comes. Its queues are unknown, and say why; others' go on; afterwards its are known.

. "$(dirname "$0")/../lib.sh"

guest_shared
other=$(vm shared)
guest_start src
rings_of() { qmp_ask "$1" '{"execute":"x-query-virtio-status","arguments":{"path":"/machine/peripheral/disk0/virtio-backend"}}' >/dev/null; }
t_ok 'the guest runs, and has rings' rings_of src
cp src.img dst.img
guest_boot dst -incoming defer
capabilities='{"execute":"migrate-set-capabilities","arguments":{"capabilities":[{"capability":"postcopy-ram","state":true}]}}'
bandwidth() {
	qmp_ask src '{"execute":"migrate-set-parameters","arguments":{"max-bandwidth":'"$1"',"max-postcopy-bandwidth":'"$1"'}}' >/dev/null
}
for end in src dst; do
	t_ok "$end can do post-copy" qmp_ask "$end" "$capabilities"
done
kt_start -d 0.5 -n 100000 -o json -F device,queue,depth,req_per_s,note queues >watch
watcher=$!
told() { grep "\"vm\":\"$1\"" watch | grep "\"device\":\"$2\",\"queue\":0" | tail -n 1; }
known() { told "$1" disk0 | jq -e '.depth != null' >/dev/null; }
t_ok 'the one that is to be sent is known' wait_for 60 known "$(vm src)"
t_ok 'and the other one' wait_for 60 known "$other"

# ---- on its way: slow enough to look at

bandwidth 2000000
qmp_ask dst '{"execute":"migrate-incoming","arguments":{"uri":"unix:'"$PWD"'/mig"}}' >/dev/null
qmp_ask src '{"execute":"migrate","arguments":{"uri":"unix:'"$PWD"'/mig"}}' >/dev/null
phase() { qmp_ask "$1" '{"execute":"query-migrate"}' | jq -r .status; }
phase_is() { [ "$(phase "$1")" = "$2" ]; }
t_ok 'the migration is on' wait_for 30 phase_is src active
qmp_ask src '{"execute":"migrate-start-postcopy"}' >/dev/null
t_ok 'it is in post-copy' wait_for 60 phase_is src postcopy-active
runs() { qmp_ask dst '{"execute":"query-status"}' | jq -e .running >/dev/null; }
t_ok 'the guest runs where it arrives' wait_for 60 runs
says_why() { told "$(vm dst)" disk0 | jq -e '.depth == null and (.note | test("migration"))' >/dev/null; }
t_ok 'its rings are unknown there, and say why' wait_for 60 says_why
moves() { told "$other" disk0 | jq -e '.req_per_s > 0' >/dev/null; }
t_ok 'the other guest is known, and moves' wait_for 60 moves
# QEMU answers late while it waits for a page itself.
state() { kt --timeout 30 -d 0 -o json -F state,state_detail vms "$(vm dst)" | jq -c '[.state, .state_detail]'; }
t_is 'its state says so, too' "$(state)" '["running","runs here while its memory is still arriving (post-copy)"]'
asleep() { grep -l '^State:.D' "/proc/$watcher/task"/*/status; }
t_is 'no thread of kvmtop sleeps in its memory' "$(asleep)" ''
t_is 'it is still arriving' "$(phase dst)" postcopy-active

# ---- arrived

bandwidth 10000000000
t_ok 'it has arrived' wait_for 120 phase_is dst completed
t_ok 'its rings are known there' wait_for 120 known "$(vm dst)"
t_kill "$watcher"
sed -i '$d' watch
t_is 'and never were before' "$(grep "\"vm\":\"$(vm dst)\"" watch | jq -s -c 'map(.note != null and (.note | test("migration"))) as $why |
	.[0:($why | rindex(true)) // 0][] | select(.depth != null)')" ''
t_is 'never a rate beyond reason' "$(jq -c 'select((.req_per_s // 0) < 0 or (.req_per_s // 0) > 100000)' watch)" ''
vm_kill src
vm_kill dst
t_done
