#!/bin/sh
# Wait until a guest runs
# Exit code 4 when it does not within two minutes.
kvmtop --batch --timeout 2min -o json wait web-12 'state=running' |
	jq -r .state
