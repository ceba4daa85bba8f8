/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The files of -readconfig. Private to qmp. */
#ifndef KT_QMP_CONFIG_H
#define KT_QMP_CONFIG_H

#include <stdbool.h>

/*
 * Each section as an option: its name without the dash, and its value, "id=x,key=value", which is the receiver's. False: QEMU
 * would not have started with such a file, or it has more than CONFIG_SECTIONS_MAX sections; what was read may have been told.
 */
bool qmp_config_read(const char *text, void (*take)(void *arg, const char *option, char *value), void *arg);

#endif
