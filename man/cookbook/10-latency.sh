#!/bin/sh
# The 99th percentile of a disk's latencies
# QEMU counts latencies from then on, until histogram off.
kvmtop --batch histogram web-12 data on >/dev/null &&
	kvmtop --batch -d 2 -F id,rd_p50_us,rd_p99_us,wr_p50_us,wr_p99_us \
		disks web-12
