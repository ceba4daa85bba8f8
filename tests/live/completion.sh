#!/bin/bash
# Completion in bash, zsh and fish: words, guests with odd names, what a guest has, with each shell's own way to split and quote.

. "$(dirname "$0")/../lib.sh"
. "$ROOT/tests/screen.sh"

mkdir bin img
ln -s "$KVMTOP" bin/kvmtop
export PATH=$T_DIR/bin:$PATH HOME=$T_DIR/home
touch "img/a b.raw" img/plain.raw
truncate -s 1M disk.img
qemu_start g -M q35 -S -qmp unix:g.qmp,server=on,wait=off -object iothread,id=io7 \
	-blockdev driver=file,node-name=n0,filename=disk.img -device virtio-blk-pci,id=root-disk,drive=n0 \
	-netdev user,id=net0 -device virtio-net-pci,id=uplink,netdev=net0,romfile=
g=$(vm g) p=$(vm_pid g)
qemu_alone odd -M q35 -name "an odd guest $$"

# ---- as bash calls it

# LINE: what bash would insert for its last word, a line each
in_bash() {
	bash --norc -c '
		. "$1/completions/kvmtop.bash"
		compopt() { echo "$*"; }
		COMP_LINE=$2 COMP_POINT=${#2} COMPREPLY=()
		_kvmtop kvmtop x x
		printf "%s\n" "${COMPREPLY[@]}"' bash "$ROOT" "$1"
}
t_is 'bash: a verb'			"$(in_bash 'kvmtop -b his')" histogram
t_is 'no verbs without --batch'		"$(in_bash 'kvmtop his')" ''
t_is 'the value of an option'		"$(in_bash 'kvmtop -b -o j')" json
t_is 'a value behind ='			"$(in_bash "kvmtop -b disk add $g format=q")" qcow2
t_is 'a key goes on'			"$(in_bash "kvmtop -b disk add $g form")" $'-o nospace\nformat='
t_is 'a field in a list'		"$(in_bash 'kvmtop -b vms -F vm,loca')" vm,local_pct
t_is 'a field in a filter, in quotes'	"$(in_bash "kvmtop --filter 'pid>1 && loca")" 'pid>1 && local_pct'
t_is 'a guest'				"$(in_bash "kvmtop -b disks $g")" "$g"
t_is 'a guest by its pid: what stands behind the :' "$(in_bash "kvmtop -b disks pid:$p" | sed 's/.*@//')" "$(cut -d ' ' -f 22 "/proc/$p/stat")"
t_is 'a name with blanks'		"$(in_bash "kvmtop -b disks an\\ odd\\ guest\\ $$")" "an\\ odd\\ guest\\ $$"
t_is 'the same in quotes'		"$(in_bash "kvmtop -b disks 'an odd guest $$")" "an odd guest $$"
t_is 'a disk of the guest'		"$(in_bash "kvmtop -b disk remove $g ")" root-disk
t_is 'its NIC'				"$(in_bash "kvmtop -b nic link $g ")" uplink
t_is 'its IOThread'			"$(in_bash "kvmtop -b disk add $g iothread=")" io7
t_is 'it has no DIMM'			"$(in_bash "kvmtop -b dimm remove $g ")" ''
t_is 'a path with a blank'		"$(in_bash "kvmtop -b disk add $g file=$PWD/img/a")" "$PWD/img/a\\ b.raw"
t_is 'hidden verbs are not offered'	"$(in_bash 'kvmtop -b gen')$(in_bash 'kvmtop -b comp')" ''

# A guest that does not answer: no candidates, and no waiting for ever. It is asked for 1.5 s.
qemu_start mute -M q35 -S -qmp unix:mute.qmp,server=on,wait=off
kill -STOP "$(vm_pid mute)"
t_is 'a stopped guest has nothing to offer' "$(timeout 60 bash -c "$(declare -f in_bash); ROOT=$ROOT in_bash 'kvmtop -b disk remove $(vm mute) '"; echo $?)" $'\n0'

# ---- in a terminal

screen b 100 24 "PS1='bash> ' bash --norc -i"
sees b '^bash> ' >/dev/null
typed b ". $ROOT/completions/kvmtop.bash"
keys b Enter
# SHELL NAME LINE REGEX: what Tab makes of a line
tab() {
	local t=$1
	typed "$t" "$2"
	keys "$t" Tab
	t_ok "$3" sees "$t" "$4"
	keys "$t" C-u
	keys "$t" C-l
}
tab b "kvmtop -b disk add $g format=q" 'bash: = splits words, and the value is whole' "^bash> kvmtop -b disk add $g format=qcow2 ?$"
tab b "kvmtop -b disk remove $g roo" 'an id, and a blank' "^bash> kvmtop -b disk remove $g root-disk ?$"
tab b "kvmtop -b disks pid:$p" 'a pid' "^bash> kvmtop -b disks pid:$p@[0-9]+ ?$"
tab b "kvmtop -b disks 'an odd guest $$" 'quotes are closed' "^bash> kvmtop -b disks 'an odd guest $$' ?$"
tab b "kvmtop -b disk add x file=$PWD/im" 'a directory goes on' "file=$PWD/img/$"

mkdir zsh
ln -s "$ROOT/completions/_kvmtop" zsh/
screen z 100 24 "PS1='zsh> ' zsh -f -i"
sees z '^zsh> ' >/dev/null
typed z "fpath=($PWD/zsh \$fpath); autoload -U compinit; compinit -u -D; setopt noautomenu; echo ready"
keys z Enter
sees z '^ready' >/dev/null
tab z "kvmtop -b disk add $g format=q" 'zsh: a value' "^zsh> kvmtop -b disk add $g format=qcow2 ?$"
tab z "kvmtop -b disk remove $g roo" 'zsh: an id' "^zsh> kvmtop -b disk remove $g root-disk ?$"
tab z "kvmtop -b disk add x file=$PWD/img/a" 'zsh: a path is quoted' "file=$PWD/img/a.*b.raw"
tab z "kvmtop -b disk rem" 'zsh: a verb' '^zsh> kvmtop -b disk remove ?$'
tab z "kvmtop -b disk re" 'zsh: a choice has its help' 'resize +Resize a disk'
tab z "kvmtop -b dimm remove $g " 'zsh: why there is nothing' "$g has no DIMMs"

# LINE: fish's own list of what it would offer, without the help
in_fish() { fish --no-config -c "source $ROOT/completions/kvmtop.fish; complete -C '$1'" 2>&1 | cut -f 1; }
t_is 'fish: a value'	"$(in_fish "kvmtop -b disk add $g format=q")" format=qcow2
t_is 'fish: an id'	"$(in_fish "kvmtop -b disk remove $g ")" root-disk
t_is 'fish: an option'	"$(in_fish 'kvmtop --outp')" --output
t_is 'fish: its value'	"$(in_fish 'kvmtop -b -o j')" json
t_like 'fish: the help'	"$(fish --no-config -c "source $ROOT/completions/kvmtop.fish; complete -C 'kvmtop -b disk re'")" $'resize\tResize a disk'

# ---- installed

make -C "$ROOT" -o all install DESTDIR="$PWD/root" PREFIX=/usr >make.log 2>&1 9>&-
t_is 'all three are installed' "$(cd root && find . -name '*kvmtop*' -path '*/share/*' ! -path '*/man/*' ! -path '*/metainfo/*' | sort)" './usr/share/bash-completion/completions/kvmtop
./usr/share/fish/vendor_completions.d/kvmtop.fish
./usr/share/zsh/site-functions/_kvmtop'
t_done
