/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows of look-ups as arguments of verbs: struct arg_source of lib/cmd. Pure. */
#ifndef KT_TUI_SOURCES_H
#define KT_TUI_SOURCES_H

#include "lib/cmd/cmd.h"

/* What this argument is when it is about a row of table t; yours, NULL: the row is not among its sources. */
char *source_value(const struct arg *arg, enum table_id t, const void *row);
/* Fills in the arguments (not the guest) that a row tells, where values[i] is NULL. True: the row told one at least. */
bool source_fill(const struct verb *v, enum table_id t, const void *row, char *values[VERB_ARGS_MAX]);
/* The argument that is a device of the guest: its index, 0: the verb has none. */
size_t source_device(const struct verb *v);
/* NEED_* for the lists below. */
unsigned source_needs(const struct arg *arg);

/* All that an argument may be of one guest, max of them, as its first source tells that has any. How many. */
size_t source_list(const struct arg *arg, const struct snapshot *snap, const char *ref, size_t max,
		   void (*each)(void *data, const char *value, const char *about), void *data);

#endif
