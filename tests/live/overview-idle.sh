#!/bin/bash
# An overview of 200 guests and one of libvirt's: once they are known it speaks to nobody and starts nothing.

. "$(dirname "$0")/../lib.sh"

GUESTS=200 TICKS=10
why=$(libvirt_missing)
if [ -n "$why" ]; then
	t_skip 'guests of libvirt, too' "$why"
	t_done
fi
t_ok 'a libvirtd of our own' libvirt_start || t_done
for ((i = 0; i < GUESTS; i++)); do
	setpriv --pdeathsig KILL -- setsid -- "$QEMU" -name "quiet$i-$$" -nodefaults -display none -machine microvm,accel=tcg -m 4 -S \
		-qmp "unix:quiet$i.qmp,server=on,wait=off" </dev/null >/dev/null 2>>quiet.err 9>&- &
	t_own "$!"
done
cat >domain.xml <<-END
	<domain type='qemu'><name>quiet$GUESTS-$$</name><memory unit='MiB'>16</memory>
	<os><type machine='pc'>hvm</type></os><devices><emulator>$(command -v "$QEMU")</emulator></devices></domain>
END
t_ok 'a domain' virsh_ create domain.xml --paused
are_up() { [ "$(find . -maxdepth 1 -name 'quiet*.qmp' | wc -l)" = "$GUESTS" ]; }
t_ok "$GUESTS guests" wait_for 200 are_up

setpriv --pdeathsig KILL nsenter -m -r -w -t "$T_LIBVIRT" -- "${T_SPEAKING[@]}" -o "$T_DIR/calls" \
	"$KVMTOP_PLAIN" --batch --connect qemu:///system -d 0.3 -n 1000 -o json -F vm,state,iops vms >samples 2>err 9>&- &
t_own "$!"
# All are known in the last sample that is whole.
all_known() {
	local all=$((GUESTS + 1))
	[ "$(grep -F -e "-$$\"" samples | head -n -$all | tail -n $all | grep -v '"state":null' | grep -o "quiet[0-9]*-$$" | sort -u | wc -l)" = $all ]
}
t_ok 'all are known' wait_for 120 all_known
ticks() { grep -c "\"vm\":\"quiet$GUESTS-$$\",\"ref" samples; }
first=$(ticks) since=$EPOCHREALTIME
more() { [ "$(ticks)" -gt $((first + TICKS)) ]; }
t_ok "$TICKS ticks more" wait_for 60 more
until=$EPOCHREALTIME
t_kill "$!"

trace_speaking calls '/quiet[0-9]*[.]qmp"|/libvirt-sock' >all
t_ok 'each was asked in the beginning' [ "$(grep -c 'connect(.*quiet' all)" -ge "$GUESTS" ]
t_ok 'libvirt too' [ "$(grep -c -e 'connect(.*libvirt-sock' -e 'write(' all)" -gt 3 ]
# libvirtd may ask whether we are there, and is told so: the PONG of its keepalive
t_is "nobody in $TICKS ticks" "$(awk -v a="$since" -v b="$until" '$2 > a && $2 < b' all | grep -v -F 'keep\0\0\0\1\0\0\0\2')" ''

t_done
