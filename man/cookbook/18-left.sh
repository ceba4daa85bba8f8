#!/bin/sh
# What is not finished, and what a failed change has left behind
kvmtop --batch -F id,vm,verb,device,state,left \
	--filter 'state=pending || state=partial || left~.' journal
