#!/bin/sh
# Make a disk larger while the guest uses it
kvmtop --batch disk resize web-12 data size=128M
