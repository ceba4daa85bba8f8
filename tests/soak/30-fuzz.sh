#!/bin/bash
# Each fuzzer of tests/fuzz for FUZZ_SECONDS, by libFuzzer with the sanitizers: nothing from outside makes kvmtop crash, leak
# or read what is not its own. The corpus it grows from is what the tests have recorded; what it finds stays in build/fuzz.

set -u
cd "$(dirname "$0")/../.." || exit 1
SECONDS_EACH=${FUZZ_SECONDS:-60}
if ! echo 'int LLVMFuzzerTestOneInput(const char *d, unsigned long n) { return !d && n; }' |
	clang -fsanitize=fuzzer,address,undefined -x c - -o /dev/null 2>/dev/null; then
	echo 'not ok 1 - a clang with libFuzzer (apt install clang libclang-rt-dev)'
	echo '1..1'
	exit 1
fi
make -s -j"$(nproc)" CC=clang BUILD=build/fuzz CFLAGS='-O1 -g -fno-omit-frame-pointer -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all' \
	fuzzers || exit 1
n=0 bad=0
for fuzzer in build/fuzz/fuzzers/*; do
	name=${fuzzer##*/}
	n=$((n + 1))
	corpus=build/fuzz/corpus/$name
	mkdir -p "$corpus"
	if "$fuzzer" -max_total_time="$SECONDS_EACH" -timeout=10 -rss_limit_mb=2048 -max_len=65536 -print_final_stats=1 \
		-artifact_prefix="build/fuzz/$name." "$corpus" "tests/fuzz/seeds/$name" >"build/fuzz/$name.log" 2>&1; then
		printf 'ok %d - %s: %s inputs, %s kept\n' "$n" "$name" \
			"$(sed -n 's/stat::number_of_executed_units: *//p' "build/fuzz/$name.log")" "$(ls "$corpus" | wc -l)"
	else
		printf 'not ok %d - %s\n' "$n" "$name"
		tail -n 40 "build/fuzz/$name.log" | sed 's/^/# /'
		bad=1
	fi
done
printf '1..%d\n' "$n"
exit "$bad"
