#!/bin/sh
# Plug a disk, and wait until the guest has it
# Without wait=guest, a guest that does not take the disk is no error.
kvmtop --batch disk add web-12 \
	file=/img/data.qcow2 format=qcow2 id=data serial=data wait=guest
