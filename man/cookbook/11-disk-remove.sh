#!/bin/sh
# Unplug a disk, and wait until the guest has released it
# Exit code 4 when it has not: the removal is then pending, and the next kvmtop finishes it.
kvmtop --batch --timeout 1min disk remove web-12 data
