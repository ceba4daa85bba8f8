#!/bin/sh
# What happens to a guest in the next five seconds
# Its monitor is held meanwhile, so that QEMU's own events are seen.
kvmtop --batch -d 0.5 -n 10 -o json events web-12 |
	jq -r '[.at, .event, .detail] | @tsv'
