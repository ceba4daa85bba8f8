/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Open vSwitch's database with one bridge, in a process of its own that ends with us: ports can be put into it and taken
 * out, and the switch behind it takes each at once. It knows the transactions kvmtop makes and no others.
 */
#ifndef KT_FAKE_OVS_H
#define KT_FAKE_OVS_H

/* It listens when this returns; -1: it does not. */
int fake_ovs_start(const char *socket_path, const char *bridge);

#endif
