#!/bin/bash
# Each fuzz target for a minute, or FUZZ_SECONDS, from where the last soak ended.

cd "$(dirname "$0")/../.." || exit 1
exec tests/fuzz/run -k "${FUZZ_SECONDS:-60}"
