#!/bin/bash
# A verb is a row: one that is added to a copy of the tree is in its menu, the prompt, bash, help and the man page, with no
# other edit.

. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/screen.sh
. "$ROOT/tests/screen.sh"

# The objects with their times, so that only what has changed is built.
mkdir -p tree/build
cp -a "$ROOT"/{Makefile,VERSION,main.c,lib,qmp,tui,hotplug,tuning,man,completions} tree/
cp -a "$ROOT"/build/{obj,flags,version.h} tree/build/ 2>/dev/null
row() {
	cat <<-END
	static const struct arg probe_args[] = {
		ARG_OF_GUEST,
		{ "ID", ARG_DEVICE, .complete = COMPLETE_DISKS, .positional = true, .required = true, .help = "The disk that is probed.", ID_OF_DISK },
		{ "how", ARG_CHOICE, .choices = "softly|loudly", .help = "How it is probed." },
	};
	static const struct verb probe_verb = {
		.name = "probe disk", CHANGE(hotplug_disk_remove), ARGS(probe_args), .key = "$1", .summary = "Probe a disk.",
		.doc = "A row of a test.",
	};
	END
}
# KEY: the tree with a verb of that key.
with_row() {
	row "$1" >row.c
	awk '/^static const struct verb [*]const table/ { while ((getline line <"row.c") > 0) print line; print; print "\t&probe_verb,"; next } 1' \
		"$ROOT/lib/cmd/verbs.c" >tree/lib/cmd/verbs.c
	make -C tree -j2 >make.log 2>&1 || { tail -n 20 make.log; return 1; }
}
qemu_start g -machine pc,accel=tcg -S -m 32 -qmp unix:g.qmp,server=on,wait=off
export TERM=screen

for key in F7 F8 F9; do
	t_ok "$key: built with the row alone" with_row "$key" || t_done
	probe=$PWD/tree/build/kvmtop
	t_is "$key: the tables are sound" "$("$probe" --batch self-test)" ''
	screen a 80 24 "$probe --no-libvirt -d 0.5 --filter 'pid=$(vm_pid g)'"
	sees a "^$(vm g) "
	keys a "$key"
	t_ok "$key: it is in the menu" sees a '^ [a-z]  probe disk '
	letter=$(shown a | sed -n 's/^ \([a-z]\)  probe disk .*/\1/p')
	t_is "$key: by a letter that no other has" "$(shown a | grep -c "^ $letter  ")" 1
	keys a Escape q
	ends a
done
t_like 'help lists it' "$("$probe" --batch help)" 'probe disk .*Probe a disk'
t_like 'and tells about it' "$("$probe" --batch help probe disk)" 'how=softly[|]loudly'
t_like 'the man page has it' "$(cat tree/man/kvmtop-batch.7)" 'probe disk'
t_like 'bash completes it' "$("$probe" complete bash 'kvmtop --batch prob' ' =:')" 'probe'
t_like 'and its values' "$("$probe" complete bash 'kvmtop --batch probe disk x y how=' ' ')" 'softly'
screen p 80 24 "$probe --prompt --no-libvirt"
sees p '^kvmtop>'
typed p 'probe disk x y ho'
keys p Tab
t_ok 'the prompt too' sees p 'probe disk x y how='
keys p C-u C-d
tm kill-server
t_done
