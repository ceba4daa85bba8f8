/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * qmp: everything that speaks QEMU's own languages: the monitor protocol, its typed calls, and
 * the options on a QEMU command line. Knows nothing of /proc, libvirt, plans or screens.
 */
#ifndef KT_QMP_H
#define KT_QMP_H

#include "client.h"
#include "calls.h"
#include "looks.h"
#include "memory.h"
#include "kvm_stats.h"
#include "slots.h"
#include "tree.h"
#include "cmdline.h"

#endif
