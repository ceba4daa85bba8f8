# shellcheck shell=bash
# Starting and ending a nested host, for tests/run and tests/lab/shell.

LAB_PID=''
LAB_BOOT=${LAB_BOOT:-120}	# it is up in 6 to 10 s

# own|newer SHARE: waits until it is up. Once in a while, on a busy machine, the emulator goes on with code that the
# kernel has just patched (an int3 nobody knows of), and the kernel panics: then once more.
lab_start() { lab_try "$@" || lab_try "$@"; }
# It fails, and says why, when it ends or takes too long.
lab_try() {
	local end=$((SECONDS + LAB_BOOT))

	LAB_GUESTS=build/lab/$1/guests LAB_SHARE=$2
	tests/lab/host "$1" "$2" &
	LAB_PID=$!
	mkdir -p "$2/lab"
	echo "$LAB_PID" >"$2/lab.pid"
	until [ -e "$2/lab/up" ]; do
		if [ "$SECONDS" -ge "$end" ] || ! kill -0 "$LAB_PID" 2>/dev/null; then
			printf 'the nested host does not boot:\n'
			tail -n 30 "$2/lab/console" "$2/lab/qemu.err"
			lab_stop
			return 1
		fi >&2
		sleep 0.1
	done
}

lab_alive() { [ -n "$LAB_PID" ] && kill -0 "$LAB_PID" 2>/dev/null; }

lab_stop() {
	[ -n "$LAB_PID" ] || return 0
	kill -KILL "$LAB_PID" 2>/dev/null
	wait "$LAB_PID" 2>/dev/null
	LAB_PID=''
	lab_keep
}

# Guests as they stood after their boot (tests/lab/lib.sh, l2_start): new ones instead of the old.
lab_keep() {
	local new=$LAB_SHARE/lab/guests

	rm -f "$new"/*.new
	compgen -G "$new/*" >/dev/null || return 0
	mkdir -p "$LAB_GUESTS"
	# of another image, or another QEMU; not those used by a host beside us
	find "$LAB_GUESTS" -type f -amin +1440 -delete
	mv "$new"/* "$LAB_GUESTS"
}
