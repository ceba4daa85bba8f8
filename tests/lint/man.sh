#!/bin/bash
# The man page is what the tables say: it is committed, and made by the program. Also
# proves that the comparison can fail, with a program that has one column more.

. "$(dirname "$0")/../lib.sh"

# PROGRAM: is the committed man page the one that PROGRAM makes?
man_is_fresh() {
	"$1" --batch gen-man <"$ROOT/man/kvmtop.1.in" >made && diff "$ROOT/man/kvmtop.1" made
}
man_is_stale() { ! man_is_fresh "$1"; }

# A copy of the tree with the objects already there, so that little is compiled anew.
copy() {
	local part

	mkdir -p copy/build
	for part in Makefile VERSION main.c lib qmp hotplug tuning tui man build/obj build/flags; do
		[ ! -e "$ROOT/$part" ] || cp -a "$ROOT/$part" "copy/${part%"${part##*/}"}"
	done
}

# Doubles the first row of a column table that stands on one line, under a new name.
add_column() {
	awk '{ print }
		!done && /^\t{ "[a-z_]+", "[A-Z]+", ".*},$/ {
			sub(/"[a-z_]+"/, "\"one_more\"")
			print
			done = 1
		}
		END { exit !done }' copy/lib/model/column.c >column.c &&
		cp column.c copy/lib/model/column.c
}

t_ok 'the man page is up to date' man_is_fresh "$KVMTOP_PLAIN"
t_ok 'and without a complaint of mandoc' mandoc -T lint -W warning "$ROOT/man/kvmtop.1"
copy
t_ok 'with a column more' add_column
t_ok 'the program builds' make -C copy -s WERROR=1 build/kvmtop
t_ok 'and finds the man page out of date' man_is_stale copy/build/kvmtop
t_like 'for that column' "$(grep one_more made)" one_more
t_done
