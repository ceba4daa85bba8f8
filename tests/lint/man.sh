#!/bin/bash
# The man page is what the tables say: it is committed, and made by the program. Also
# proves that the comparison can fail, with a program whose table differs.

. "$(dirname "$0")/../lib.sh"

# PROGRAM: is the committed man page the one that PROGRAM makes?
man_is_fresh() {
	"$1" gen-man <"$ROOT/man/kvmtop.1.in" >made && diff "$ROOT/man/kvmtop.1" made
}

# The help of some column as it stands in the source: its first words in one literal.
column_help() {
	"$KVMTOP_PLAIN" --batch --no-libvirt -o json columns |
		jq -r '.help | select(length > 20) | .[:20]' | while IFS= read -r words; do
			grep -r -l -F -- "\"$words" "$ROOT/lib/model" >/dev/null && echo "$words"
		done | head -n 1
}

# A copy of the tree with the objects already there, so that little is compiled anew.
copy() {
	mkdir copy && (cd "$ROOT" && cp -a Makefile VERSION ./*.c lib qmp hotplug tuning tui man \
		"$T_DIR/copy") && mkdir copy/build && cp -a "$ROOT/build/obj" "$ROOT/build/flags" copy/build
}

t_ok 'the man page is up to date' man_is_fresh "$KVMTOP_PLAIN"
t_ok 'and without a complaint of mandoc' mandoc -T lint -W warning "$ROOT/man/kvmtop.1"

words=$(column_help)
t_like 'there is a column to change' "$words" .
copy
grep -r -l -F -- "\"$words" copy/lib/model | while IFS= read -r file; do
	# Its help gets another beginning; the words are taken literally.
	W="\"$words" awk 'i = index($0, ENVIRON["W"]) {
		$0 = substr($0, 1, i) "Changed: " substr($0, i + 1) } 1' "$file" >new && cat new >"$file"
done
t_ok 'a program with a changed column' make -C copy -s WERROR=1 build/kvmtop
stale() { ! man_is_fresh copy/build/kvmtop; }
t_ok 'finds the man page out of date' stale
t_done
