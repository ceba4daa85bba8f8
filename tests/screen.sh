# shellcheck shell=bash
# The screen in a terminal of tmux: for live tests, after lib.sh. Sourcing it starts the server.

# The server stays in the foreground, so that it dies with the test.
tm() { tmux -S tmux -f /dev/null "$@"; }
setpriv --pdeathsig KILL -- tmux -S tmux -f /dev/null -D </dev/null >tmux.log 2>&1 9>&- &
t_own $!
wait_for 10 test -S tmux

# NAME WIDTH HEIGHT COMMAND: runs it in a terminal of its own. What it wrote is in NAME.raw,
# its exit status in NAME.status, the terminal's modes before and after in NAME.before and NAME.after.
screen() {
	local name=$1
	tm kill-session -t "$name" 2>/dev/null
	rm -f "$name".*
	tm new-session -d -s "$name" -x "$2" -y "$3" \
		"read -r _; stty -g >$name.before; echo \$\$ >$name.shell; $4; echo \$? >$name.status
		stty -g >$name.after; exec cat"
	tm set-option -t "$name" status off >/dev/null
	tm resize-window -t "$name" -x "$2" -y "$3"
	tm pipe-pane -t "$name" "cat >$name.raw"
	tm send-keys -t "$name" Enter
}
shown() { tm capture-pane -p -t "$1"; }
keys() { local name=$1; shift; tm send-keys -t "$name" "$@"; }
typed() { tm send-keys -t "$1" -l "$2"; }
has() { shown "$1" | grep -q -E -e "$2"; }
lacks() { ! has "$@"; }
# NAME REGEX: a line that matches comes, or goes. What there is instead is shown when it does not.
sees() { wait_for 30 has "$1" "$2" || { shown "$1"; return 1; }; }
gone() { wait_for 30 lacks "$1" "$2" || { shown "$1"; return 1; }; }
ends() { wait_for 30 test -s "$1.after"; }
pid_of() { pgrep -P "$(cat "$1.shell")" kvmtop; }
size() { tm resize-window -t "$1" -x "$2" -y "$3"; }

# NAME FIELD: goes to a field of the form, down from where it is, and opens what is folded. The field's name stands before its help.
form_at() { shown "$1" | sed -n -E 's/^ ([A-Za-z0-9_-]+): .*/\1/p' | tail -n 1; }
form_moved() { [ "$(form_at "$1")" != "$2" ]; }
field() {
	local was _
	for _ in {1..45}; do
		was=$(form_at "$1")
		[ "$was" != "$2" ] || return 0
		if [ "$was" = more ]; then keys "$1" Space; else keys "$1" Down; fi
		wait_for 10 form_moved "$1" "$was" || return
	done
	return 1
}
