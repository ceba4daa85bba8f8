/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * lib/host: every access to /proc, /sys, cgroups, sock_diag and other processes' memory, under a root directory that
 * tests can replace. Knows processes and threads, not guests: what a QEMU command line means is qmp's to say.
 */
#ifndef KT_HOST_H
#define KT_HOST_H

#include "root.h"
#include "scan.h"
#include "task.h"
#include "mem.h"
#include "sock.h"
#include "listen.h"
#include "netns.h"
#include "path.h"
#include "net.h"
#include "iface.h"
#include "pci.h"
#include "system.h"
#include "files.h"
#include "config.h"
#include "daemon.h"
#include "nodes.h"
#include "huge.h"
#include "merge.h"
#include "hyper.h"
#include "footprint.h"
#include "maps.h"
#include "pages.h"
#include "store.h"
#include "links.h"
#include "cgroup.h"
#include "cpus.h"
#include "kvm.h"
#include "qdisc.h"
#include "room.h"
#include "bind.h"
#include "sriov.h"
#include "vf.h"
#include "usb.h"
#include "use.h"
#include "users.h"
#include "image_file.h"
#include "write.h"
#include "value.h"

#endif
