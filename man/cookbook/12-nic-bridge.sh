#!/bin/sh
# Plug a NIC into a bridge
# The tap is made for it and goes with it; an address is made up where mac= does not give one.
kvmtop --batch nic add web-12 type=bridge source=br0 id=lan
