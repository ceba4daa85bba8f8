#!/bin/bash
# A knob more is a row of tuning/knob_rows.h and no other edit: a program with one more has it in its verb, help, completion, man page and
# among the knobs.

. "$(dirname "$0")/../lib.sh"

copy() {
	local part

	mkdir -p copy/build
	for part in Makefile VERSION main.c lib qmp hotplug tuning tui man build/obj build/flags; do
		[ ! -e "$ROOT/$part" ] || cp -a "$ROOT/$part" "copy/${part%"${part##*/}"}"
	done
}
# Behind the first row of KSM's.
add_row() {
	awk '{ print }
		/^#define KNOBS_KSM/ {
			print "\tKNOB(\"ksm.one_more\", \"one_more\", UINT, KSM_DIR \"one_more\", 0, 3, 9, \"pages\", \"4\", \"Why one would.\") \\"
			done = 1
		}
		END { exit !done }' copy/tuning/knob_rows.h >rows.h && cp rows.h copy/tuning/knob_rows.h
}

copy
t_ok 'a row more' add_row
t_ok 'the program builds' make -C copy -s WERROR=1 build/kvmtop
mkdir -p host/proc host/sys/kernel/mm/ksm
echo '1.0 1.0' >host/proc/uptime
echo 4 >host/sys/kernel/mm/ksm/one_more
new() { copy/build/kvmtop --batch --no-libvirt --root "$T_DIR/host" "$@"; }
t_is 'it is among the knobs' "$(new -o json knobs | jq -r '[.knob, .value, .range, .default] | join(" ")')" 'ksm.one_more 4 3..9 4'
t_like 'in help' "$(new help ksm set)" 'one_more *Why one would[.]'
t_is 'in completion' "$(copy/build/kvmtop complete bash 'kvmtop --batch ksm set one' ' =:')" 'one_more='
t_ok 'in the man page' grep -q -x 'Why one would.' <(copy/build/kvmtop --batch gen-man <"$ROOT/man/kvmtop-batch.7.in")
new ksm set one_more=7 >/dev/null
t_is 'it is set' "$? $(cat host/sys/kernel/mm/ksm/one_more)" '0 7'
new undo >/dev/null
t_is 'and undone' "$? $(cat host/sys/kernel/mm/ksm/one_more)" '0 4'
new ksm set one_more=10 >/dev/null 2>said
t_like 'within its range' "$? $(cat said)" '^1 .*one_more=10: out of range, 3..9 pages'
t_done
