#!/bin/bash
# Each fuzz target for five seconds: enough to build them all, to run their seeds, and to see what breaks at once. make soak
# gives them a minute.

cd "$(dirname "$0")/../.." || exit 1
exec tests/fuzz/run "${FUZZ_SECONDS:-5}"
