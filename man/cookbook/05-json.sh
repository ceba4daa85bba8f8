#!/bin/sh
# Which guest has which image below a directory
kvmtop --batch -d 0 -o json disks |
	jq -r 'select(.file // "" | startswith("/img/")) | [.vm, .id, .file] | @tsv'
