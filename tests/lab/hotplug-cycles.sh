#!/bin/bash
# Twenty of what `make soak` does a hundred of.

CYCLES=20 exec "$(dirname "$0")/../soak/20-lab-vcpus.sh"
