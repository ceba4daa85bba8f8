#!/bin/bash
# The manual pages are what the tables and the cookbook say: they are committed, and made by the program; and each column
# says where it comes from and how it is computed. Also proves that both can fail, with a program that has one column more
# and whose columns hide something.

. "$(dirname "$0")/../lib.sh"

# PROGRAM PAGE: is the committed page the one that PROGRAM makes?
man_is_fresh() {
	(cd "$ROOT" && "$1" --batch gen-man <"man/$2.in") >made && diff "$ROOT/man/$2" made
}
man_is_stale() { ! man_is_fresh "$@"; }

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

# What `self-test` is to find: a rate without its formula, a name without its unit, no source, a heading twice.
hide() {
	sed -i 's|\(run-queue wait in [^;"]*\); delta over elapsed time|\1|; s|"mem_bytes"|"mem_size"|; s|"RSS"|"MEM"|
		s|"-uuid on the command line, else query-uuid"|""|' copy/lib/model/column.c
}

t_is 'every column has a source, a formula, its unit' "$("$KVMTOP_PLAIN" --batch self-test)" ''
for page in "$ROOT"/man/*.[1-8]; do
	page=${page##*/}
	[ ! -e "$ROOT/man/$page.in" ] || t_ok "$page is up to date" man_is_fresh "$KVMTOP_PLAIN" "$page"
	t_ok "mandoc has nothing to say about $page" mandoc -T lint -W warning "$ROOT/man/$page"
done
# What a page refers to of ours is there.
t_is 'no page of ours is missing' "$(sed -n 's/.*\(kvmtop[a-z\\-]*\) *(\([1-8]\)).*/\1.\2/p' "$ROOT"/man/*.[1-8] | tr -d '\\' | sort -u |
	while read -r page; do [ -e "$ROOT/man/$page" ] || echo "$page"; done)" ''
printf '%s\n' '.\" @NOTHING@' >wrong
t_is 'a template that asks for what there is not is an error' "$("$KVMTOP_PLAIN" --batch gen-man <wrong 2>&1; echo "$?")" \
	"kvmtop: gen-man: the template says 'NOTHING', which stands for nothing
1"
copy
t_ok 'with a column more' add_column
t_ok 'and some that hide something' hide
t_ok 'the program builds' make -C copy -s WERROR=1 build/kvmtop
t_ok 'and finds the page of columns out of date' man_is_stale "$PWD/copy/build/kvmtop" kvmtop-metrics.7
t_like 'for that column' "$(grep one_more made)" one_more
copy/build/kvmtop --batch self-test >said
t_is 'and what is hidden' "$? $(sort said)" '1 columns.one_more: its name or heading is there twice
vms.mem_size: its name does not end in its unit
vms.rss_bytes: its name or heading is there twice
vms.uuid: a field of its row is missing
vms.wait_pct: its source does not say how it is computed'
t_done
