#!/bin/sh
# A file for the textfile collector of the Prometheus node exporter
# The file is renamed when it is whole. The timer kvmtop-prometheus.timer does the same.
printf '%s\n' vms vcpus host |
	kvmtop --batch -d 0 -o prometheus -f - >/img/kvmtop.prom.new &&
	mv /img/kvmtop.prom.new /img/kvmtop.prom
