#!/bin/bash
# The shape of the source: who may include whom, where ncurses, libvirt and json-c's
# parser may be used, how long a file and a function may be.
#
#	includes.sh		TAP, for tests/run: this tree, and that a breach is found
#	includes.sh ROOT	prints the breaches in a tree, one a line; status 1 if any

set -u
cd "$(dirname "$0")/../.." || exit 1

# A file includes its own directory's headers, and of directories with a lower number
# their one public header, DIR/NAME.h where NAME is the last part of DIR.
layers='
0 lib/base
1 qmp
1 lib/host
1 lib/model
2 lib/virt
2 lib/hostctl
3 lib/sample
3 lib/plan
4 hotplug
4 tuning
5 lib/cmd
6 tui
7 .
'

# The C files that make up the program: tests and what is built are not layered.
sources() {
	find . \( -path ./tests -o -path ./build -o -path ./debian -o -path ./.git \) -prune -o \
		-name '*.[ch]' -print | sed 's,^\./,,' | LC_ALL=C sort
}

breaches() (
	cd "$1" || exit 2
	mapfile -t files < <(sources)
	[ "${#files[@]}" != 0 ] || exit 0
	awk -v layers="$layers" '
	BEGIN {
		n = split(layers, word)
		for (i = 1; i < n; i += 2)
			layer[word[i + 1]] = word[i]
	}
	function dirname(path) { return sub(/\/[^\/]*$/, "", path) ? path : "." }
	function basename(path) { sub(/.*\//, "", path); return path }
	function bad(text) { print FILENAME ":" FNR ": " text; found = 1 }

	FNR == 1 {
		dir = dirname(FILENAME)
		if (!(dir in layer))
			bad("the directory " dir " has no layer")
		start = 0
	}

	/^[ \t]*#[ \t]*include[ \t]*"/ {
		split($0, part, "\"")
		path = part[2]
		to = dirname(path)
		# A bare name is a file beside this one, whatever -I says.
		if (to == "." || to == dir)
			next
		if (!(to in layer))
			bad("includes " path ", which is in no layer")
		else if (to == "lib/hostctl" && dir != "lib/plan")
			bad("includes " path ": only a plan changes the host")
		else if (basename(path) != basename(to) ".h")
			bad("includes " path ", not the public header " to "/" basename(to) ".h")
		else if (layer[to] >= layer[dir])
			bad("includes " path ": " dir " (" layer[dir] ") may not use " to \
				" (" layer[to] ")")
	}
	/^[ \t]*#[ \t]*include[ \t]*<(curses|ncurses|ncursesw|panel|form|menu)[.\/]/ && dir != "tui" {
		bad("ncurses is for tui/")
	}
	/^[ \t]*#[ \t]*include[ \t]*<libvirt\// && dir != "lib/virt" {
		bad("libvirt is for lib/virt/")
	}
	/json_tokener_|json_object_from_f/ && FILENAME != "lib/base/json.c" {
		bad("the JSON parser is for lib/base/json.c")
	}

	# Functions open with a brace of its own line; tables and structs do not.
	/^{/ { start = FNR }
	/^}/ {
		if (start && FNR - start + 1 > 80)
			bad("a function of " FNR - start + 1 " lines (80 at most)")
		start = 0
	}
	FNR == 701 { bad("more than 700 lines") }

	END { exit found }
	' "${files[@]}"
)

if [ $# != 0 ]; then
	breaches "$1"
	exit
fi

. tests/lib.sh

# The C files and no more, to break.
copy() { rm -rf copy && mkdir copy && (cd "$ROOT" && sources | cpio -pdm --quiet "$T_DIR/copy"); }

# NAME FILE LINE TEXT: with LINE added to FILE of a copy, TEXT is among the breaches.
t_breach() {
	local got status=0

	copy
	mkdir -p "copy/${2%/*}"
	printf '%s\n' "$3" >>"copy/$2"
	got=$(breaches copy) || status=$?
	if [ "$status" = 1 ] && [[ $got == "$2:"*"$4"* ]]; then
		t_pass "$1"
	else
		t_fail "$1" "status $status" "$got"
	fi
}
# A file of a directory, to put the breach in.
first() { (cd "$ROOT" && echo "$1"/*.c) | cut -d ' ' -f 1 | tr '*' x; }

t_is 'the layers hold' "$(breaches "$ROOT")" ''
t_breach 'a layer beside is seen' "$(first qmp)" '#include "lib/model/model.h"' \
	'includes lib/model/model.h'
t_breach 'a layer above is seen' "$(first lib/base)" '#include "qmp/qmp.h"' 'includes qmp/qmp.h'
t_breach 'a private header is seen' "$(first lib/cmd)" '#include "qmp/client.h"' \
	'not the public header'
t_breach 'sampling that could change the host is seen' "$(first lib/sample)" '#include "lib/hostctl/hostctl.h"' \
	'only a plan changes the host'
t_breach 'ncurses in lib/ is seen' "$(first lib/cmd)" '#include <ncursesw/curses.h>' 'ncurses'
t_breach 'libvirt elsewhere is seen' "$(first hotplug)" '#include <libvirt/libvirt.h>' 'libvirt'
t_breach 'the JSON parser elsewhere is seen' "$(first qmp)" \
	'int f(void) { return json_tokener_get_error(0); }' 'JSON parser'
t_breach 'a long function is seen' "$(first qmp)" \
	"$(printf 'void f(void)\n{\n'; seq -f '	g(%g);' 79; printf '}\n')" 'a function of 81 lines'
t_breach 'a long file is seen' "$(first qmp)" "$(seq -f '/* %g */' 701)" 'more than 700 lines'
t_done
