#!/bin/bash
# The prompt of root writes and reads nothing in the home of another user, which sudo may leave it; a history that
# another user can write is not read.

. "$(dirname "$0")/lib.sh"

# [VAR=VALUE..] LINE: a prompt, with these lines.
prompt() { local line=${*: -1}; printf '%s\n' "$line" | env -u XDG_STATE_HOME "${@:1:$#-1}" "$KVMTOP" --prompt --no-libvirt; }

printf 'of root\n' >"$T_DIR/victim"
attacker_do mkdir -p .local/state/kvmtop
attacker_do ln -s "$T_DIR/victim" .local/state/kvmtop/history
prompt HOME="$EVIL" columns >out 2>err
t_is 'a link in the home of another user: its target is as before' "$(cat "$T_DIR/victim")" 'of root'
attacker_do rm -r .local/state/kvmtop
prompt HOME="$EVIL" columns >out 2>err
prompt HOME="$EVIL" XDG_STATE_HOME="$EVIL/.local/state" columns >out 2>err
t_is 'nothing of root is left in that home' "$(find "$EVIL" ! -user nobody)" ''
t_is 'the line is in the history of root' "$(tail -n 1 /var/lib/kvmtop/history)" columns
t_is 'which is for root only' "$(stat -c '%U %a' /var/lib/kvmtop/history)" 'root 600'

# A key that types something else.
printf '"x": "mischief"\n' >/tmp/inputrc
attacker_do cp /tmp/inputrc .inputrc
typed() { (t_pause 1; printf 'x\r'; t_pause 1; printf 'quit\r'; t_pause 1) |
	TERM=xterm timeout 20 script -qec "env -u XDG_STATE_HOME $* $KVMTOP --prompt --no-libvirt" /dev/null; }
t_like 'keys of another user are not those of root' "$(typed HOME="$EVIL")" "no verb 'x'"
t_like 'nor by INPUTRC' "$(typed INPUTRC="$EVIL/.inputrc")" "no verb 'x'"

chown nobody /var/lib/kvmtop/history
prompt columns >out 2>err
t_like 'a history of another user is left alone, which is said' "$(cat err)" 'history is not to be trusted.* belongs to uid'
rm /var/lib/kvmtop/history
ln -s "$T_DIR/victim" /var/lib/kvmtop/history
prompt columns >out 2>err
t_like 'so is a link' "$(cat err)" 'is a symbolic link'
t_is 'its target is as before' "$(cat "$T_DIR/victim")" 'of root'
rm /var/lib/kvmtop/history

cp "$KVMTOP_PLAIN" /tmp/kvmtop
printf 'columns\n' | attacker_do env -u XDG_STATE_HOME /tmp/kvmtop --prompt --no-libvirt >out 2>err
t_is 'another user has one of his own' "$? $(cat err "$EVIL/.local/state/kvmtop/history")" '0 columns'
t_done
