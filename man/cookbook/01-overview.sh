#!/bin/sh
# The guests that use most CPU, as CSV
# Rates need two samples: the figures are those of two seconds.
kvmtop --batch -d 2 -o csv -s cpu_pct -F vm,cpu_pct,wait_pct,iops vms |
	head -n 6
