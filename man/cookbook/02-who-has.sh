#!/bin/sh
# The guest that has a MAC address
# An IP address, a tap, an image or a PCI device is found in the same way; exit code 3 when no guest has it.
kvmtop --batch -F vm,device,what find 52:54:00:12:34:56
