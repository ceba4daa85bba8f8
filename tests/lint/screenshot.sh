#!/bin/bash
# The picture of a screen: what tmux shows is in it, in its colours.

. "$(dirname "$0")/../lib.sh"
. "$ROOT/tests/screen.sh"

svg=$ROOT/build/tools/screen_svg
# FILE: its text, a line for each row.
text() {
	awk -F '[<>]' '
		function number(name,  at) { at = $2; sub(".* " name "=\"", "", at); return at + 0 }
		/^<text/ {
			row = int((number("y") - 25) / 17 + 0.5)
			col = int((number("x") - 12) / 8.4 + 0.5)
			for (; line < row; line++) { print ""; at = 0 }
			for (; at < col; at++) printf " "
			printf "%s", $3
			at += int(number("textLength") / 8.4 + 0.5)
		}
		END { print "" }' "$1" | sed 's/&lt;/</g; s/&gt;/>/g; s/&amp;/\&/g; s/ *$//'
}

printf 'a \033[1;31mred\033[0m \033[7mturned\033[27m b\n\033[38;5;196;48;2;1;2;3mx<&>\033[m\n' >in
t_ok 'colours become a picture' eval '"$svg" "a & b" <in >out.svg'
t_is 'each run of one style is a text of its own' "$(grep '^<text' out.svg)" \
'<text x="12.0" y="25.0" textLength="16.8" fill="#d4d4d4">a </text>
<text x="28.8" y="25.0" textLength="25.2" fill="#cc4b4b" font-weight="bold">red</text>
<text x="62.4" y="25.0" textLength="50.4" fill="#16181d">turned</text>
<text x="112.8" y="25.0" textLength="16.8" fill="#d4d4d4"> b</text>
<text x="12.0" y="42.0" textLength="33.6" fill="#ff0000">x&lt;&amp;&gt;</text>'
t_is 'a ground of its own is a box' "$(grep '^<rect x' out.svg)" \
'<rect x="62.4" y="12.0" width="50.4" height="17.0" fill="#d4d4d4"/>
<rect x="12.0" y="29.0" width="33.6" height="17.0" fill="#010203"/>'
t_is 'it has a title' "$(grep -o '<title>.*</title>' out.svg)" '<title>a &amp; b</title>'
printf '\033]8;;http://x\033\\link\033]8;;\033\\ \033[2Jgone\033[1\xff\xfe' >in
"$svg" <in >out.svg 2>err
t_is 'what is no colour, and what is no text, is dropped' "$?" "$([ -s err ] && echo 1 || echo 0)"
t_is 'nothing comes of nothing' "$("$svg" </dev/null 2>&1; echo "$?")" 'screen_svg: an empty screen
1'

# A real screen: what kvmtop shows of a recorded host.
screen k 100 24 "TERM=tmux-256color $KVMTOP_PLAIN --no-libvirt --root $ROOT/tests/fixtures/host/box1"
t_ok 'a screen of kvmtop' sees k 'F10'
keys k z
t_ok 'that stands' sees k FROZEN
tm capture-pane -e -p -t k >k.txt
shown k >k.shown
t_ok 'becomes a picture' eval '"$svg" <k.txt >k.svg'
t_is 'with all of its text' "$(text k.svg)" "$(sed 's/ *$//' k.shown)"
t_ok 'and more than one colour' test "$(grep -o 'fill="#[0-9a-f]*"' k.svg | sort -u | wc -l)" -gt 3
t_like 'the picture of README.md is there' "$(head -c 300 "$ROOT/docs/screen.svg")" '^<svg .*kvmtop'
t_ok 'and has a screen of kvmtop' grep -q F10 "$ROOT/docs/screen.svg"
t_done
