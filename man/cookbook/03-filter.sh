#!/bin/sh
# Guests that do not run, or do not answer
kvmtop --batch -F vm,state,stale_seconds \
	--filter 'state!=running || stale_seconds>5' vms
