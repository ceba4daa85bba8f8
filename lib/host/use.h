/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the host itself needs a device for, before it is given away. */
#ifndef KT_HOST_USE_H
#define KT_HOST_USE_H

#include "root.h"

/*
 * Why the host would miss a device, by the last part of its path in /sys ("1-2", "0000:00:1f.2"): "disk sda is mounted, or
 * part of something that is", "network interface eth0 is up"; yours. NULL: nothing known.
 */
char *host_use_of(const struct host *h, const char *device);

#endif
