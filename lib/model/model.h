/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * lib/model: what kvmtop knows at one moment, and what can be said about it: tables and their columns, rates, filter,
 * sort. Pure: no I/O, no clock, no curses.
 */
#ifndef KT_MODEL_H
#define KT_MODEL_H

#include "value.h"
#include "snapshot.h"
#include "rows.h"
#include "memory.h"
#include "column.h"
#include "filter.h"
#include "history.h"
#include "trouble.h"
#include "view.h"

#endif
