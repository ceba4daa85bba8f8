#!/bin/sh
# See the steps of a change, and run none
kvmtop --batch --dry-run disk add web-12 \
	file=/img/data.qcow2 format=qcow2
