#!/bin/sh
# A script for monitoring that must not change anything
# With --read-only a changing verb is refused before anything is opened for writing, with exit code 5.
kvmtop --batch --read-only -d 0 -o json vms |
	jq -s 'map(.state // "unknown") | group_by(.) |
		map({(.[0]): length}) | add'
