/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * lib/base: what every directory may use. Nothing here knows QEMU, libvirt or a screen.
 */
#ifndef KT_BASE_H
#define KT_BASE_H

#include "address.h"
#include "bounds.h"
#include "err.h"
#include "mem.h"
#include "names.h"
#include "str.h"
#include "units.h"
#include "clock.h"
#include "budget.h"
#include "json.h"
#include "thread.h"
#include "pool.h"
#include "late.h"
#include "file.h"

#endif
