#!/bin/bash
# The attacker has no right beyond those of uid nobody, and nothing of the machine is in reach.

. "$(dirname "$0")/lib.sh"

honest_start h
attacker_run sleep 1000
t_ok 'the attacker is uid nobody' wait_for 5 eval '[ "$(stat -c %U "/proc/$!")" = nobody ]'
t_is 'and has no capability' "$(sed -n 's/^Cap\(Eff\|Prm\|Amb\):\t//p' "/proc/$!/status" | sort -u)" 0000000000000000
t_is 'kvmtop sees the guests of this test only' "$(kt -o json -d 0 -F pid vms | jq -s length)" 1
t_ok 'the attacker cannot read the directory of root' eval '! attacker_do cat "$T_DIR/h.pid"'
t_ok 'a change of the honest guest works' kt disk add "$(vm h)" file=h.conf format=raw readonly=on id=d
t_ok 'QEMU has it' vm_has_device h d
t_is 'only the loopback is there' "$(ip -br link | wc -l)" 1
t_done
