# shellcheck shell=bash
# For tests/run: what the kernel says of kvmtop during the run fails it: a message that netlink cannot parse whole, a crash,
# a use of what is deprecated. Of any kvmtop, as the log does not tell whose it is; the nested hosts' logs, too. Needs LOG,
# failed.
#
# A test of this writes a line of its own with "made up for DIRECTORY": it counts in the run of that KT_TESTS only, and
# that run counts no other.

KERNEL_LOG=/dev/kmsg
kernel_log_from=''	# the last record that was there before us; empty: the log cannot be read
kernel_log_reader=''

# A record of KERNEL_LOG is "LEVEL,NUMBER,TIME,FLAGS;TEXT", and one read gives one record.
kernel_log_read() { dd if="$KERNEL_LOG" iflag=nonblock bs=16k status=none 2>/dev/null; }

# Its buffer is small, so what comes is kept as it comes, in LOG/kernel.
kernel_log_begin() {
	kernel_log_from=$(kernel_log_read | tail -n 1 | cut -d , -f 2)
	if ! [[ $kernel_log_from =~ ^[0-9]+$ ]]; then
		kernel_log_from=''
		printf "the kernel's log cannot be read here: no look at what it says of kvmtop\n"
		return
	fi
	setpriv --pdeathsig KILL cat "$KERNEL_LOG" >"$LOG/kernel" 2>/dev/null &
	kernel_log_reader=$!
	disown "$kernel_log_reader"	# nothing that waits for all waits for this
}

# LINE.. on stdin -> those that name a kvmtop, or a unit test, as a process; not the path of a checkout.
kernel_log_names() {
	grep -a -E "(^|[^[:alnum:]/_.-])(kvmtop|test_[a-z]+_[a-z_]*)($|[^[:alnum:]/_-])" |
		if [ -n "${KT_TESTS:-}" ]; then grep -a -F "made up for $KT_TESTS."; else grep -a -v -F 'made up for '; fi
}

kernel_log_end() {
	local told

	: >"$LOG/kernel.new"
	if [ -n "$kernel_log_from" ]; then
		kill "$kernel_log_reader" 2>/dev/null
		kernel_log_read >>"$LOG/kernel"
		grep -a '^[0-9]*,' "$LOG/kernel" | sort -t , -k 2,2n -u |
			awk -F , -v from="$kernel_log_from" '$2 > from {
				if ($2 != last + 1 && last)
					print "the kernel wrote more than could be read in time: " $2 - last - 1 " lines are lost" >"/dev/stderr"
				last = $2
				print
			}' >"$LOG/kernel.new"
	fi
	told=$(cat "$LOG/kernel.new" "$LOG"/lab*/kernel 2>/dev/null | kernel_log_names | head -n 20 | cut -c 1-200)
	[ -n "$told" ] || return
	failed=$((failed + 1))
	printf "failed: the kernel's log names kvmtop\n%s\n" "    | ${told//$'\n'/$'\n'    | }" >>"$LOG/failed"
}
