#!/bin/bash
# Twenty of what `make soak` does hundreds of, by the program that looks for its own leaks.

export CYCLES=20
export SOAK_KVMTOP=${KVMTOP:-$(cd "$(dirname "$0")/../.." && pwd)/build/asan/kvmtop}
exec "$(dirname "$0")/../soak/10-cycles.sh"
