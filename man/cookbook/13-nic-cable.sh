#!/bin/sh
# Pull the cable of a NIC for five seconds
kvmtop --batch nic link web-12 lan down && sleep 5
kvmtop --batch nic link web-12 lan up
