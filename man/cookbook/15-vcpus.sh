#!/bin/sh
# Give a guest with one vCPU a second one
kvmtop --batch vcpu set web-12 count=2
