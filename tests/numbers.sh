# shellcheck shell=bash
# For tests/lib.sh: what kvmtop says of things that move, against the word of others.

# GOT WANT PERCENT [SLACK]: two numbers that differ by no more.
near() {
	awk -v a="$1" -v b="$2" -v p="$3" -v s="${4:-0}" 'BEGIN { d = a > b ? a - b : b - a; m = a > b ? a : b
		exit !(a != "null" && a != "" && b != "" && d <= m * p / 100 + s) }'
}

# GOT COUNT RAN [SLACK]: is GOT the rate of COUNT things by a kvmtop -d 10 that ran for RAN seconds? Its interval is ten
# seconds; on a busy machine it is longer, but not as long as kvmtop ran.
in_ten_seconds() {
	awk -v got="$1" -v n="$2" -v ran="$3" -v s="${4:-0}" 'BEGIN {
		printf "%s a second, %s in 10 to %s s\n", got, n, ran
		exit !(got ~ /^[0-9]/ && got * 10 <= n * 1.05 + s && got * ran >= n * 0.95 - s) }'
}

# BEGAN: seconds since that $EPOCHREALTIME.
since() { awk -v a="$1" -v b="$EPOCHREALTIME" 'BEGIN { print b - a }'; }

# OTHERS KVMTOP [SLACK]: two commands that print a number of the same thing. Is what KVMTOP prints between what OTHERS
# print before and after it, give or take SLACK? While it moves up and down that may be missed: see wait_for.
between() {
	local before told after
	before=$($1) && told=$($2) && after=$($1) || return
	awk -v a="$before" -v x="$told" -v b="$after" -v s="${3:-0}" 'BEGIN { low = a < b ? a : b; high = a > b ? a : b
		printf "%s, then %s, then %s\n", a, x, b
		exit !(x ~ /^[0-9]/ && x >= low - s && x <= high + s) }'
}

# ---- some seconds of kvmtop's against the kernel's own counters in the same time

# FILE PATH..: from now on, four times a second, a line with the time and what each of the paths holds. Nobody else is
# disturbed: it starts no process. Until record_end.
record() {
	local to=$1 path lines line
	shift
	while :; do
		line=$EPOCHREALTIME
		for path in "$@"; do
			mapfile -t lines 2>/dev/null <"$path" || lines=()
			line+="|${lines[*]##*) }"	# of /proc/TID/stat: what follows the name
		done
		printf '%s\n' "$line"
		t_pause 0.25
	done >"$to"
}
record_start() { record "$@" & T_RECORD=$!; t_own "$T_RECORD"; }
record_end() { t_kill "$T_RECORD"; }

# ROWS: into ROWS.times, unless it is there: when kvmtop took its samples, the first of which only begins the first
# interval that is compared.
sampled() { [ "$1.times" -nt "$1" ] || sed -n 's/^.*"time":"\([^"]*\)".*/\1/p' "$1" | uniq | date -f - +%s.%N >"$1.times"; }
# ROWS FILTER: the mean of a rate, between its first sample and the last, of the rows that the filter tells: one a sample.
told() {
	sampled "$1"
	paste "$1.times" <(jq "$2" "$1") | awk 'NF != 2 || NR > 1 && $2 == "null" { bad = 1 } NR > 1 { sum += $2 * ($1 - last) } NR == 1 { first = $1 }
		{ last = $1 } END { if (bad || last == first) print "null"; else printf "%.3f\n", sum / (last - first) }'
}
# ROWS FILE N FIELD[+FIELD]: how fast fields of the Nth path grew, per second, in the same time.
recorded() {
	local times
	sampled "$1"
	mapfile -t times <"$1.times"
	awk -F '|' -v start="${times[0]}" -v end="${times[-1]}" -v n="$3" -v fields="$4" '
		function value(word, i, d) { split($(n + 1), word, " "); d = 0; for (i in want) d += word[want[i]]; return d }
		# between two lines, by the time
		function at(t) { return v0 + (v - v0) * (t - t0) / ($1 - t0) }
		BEGIN { split(fields, want, "+") }
		{ v = value() }
		t0 && t0 <= start && $1 > start { a = at(start); begun = 1 }
		t0 && t0 <= end && $1 > end && begun { printf "%.3f\n", (at(end) - a) / (end - start); exit }
		{ t0 = $1; v0 = v }' "$2"
}

# FILE ARG..: kvmtop in the background, three samples in ten seconds, and others beside it; beside_end waits for them all.
# Two that ask QEMU would wait for each other.
T_BESIDE=()
beside() { local to=$1; shift; kt_start -d 5 -n 3 -o json "$@" >"$to"; T_BESIDE+=("${T_PIDS[-1]}"); }
beside_end() { wait "${T_BESIDE[@]}"; T_BESIDE=(); t_pause 0.6; }
