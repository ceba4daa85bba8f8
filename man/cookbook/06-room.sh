#!/bin/sh
# What can still be plugged into a guest
kvmtop --batch --filter 'free>0' -F kind,bus,free,free_bytes slots web-12
