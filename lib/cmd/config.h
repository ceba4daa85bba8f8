/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What is kept of the screen: lines "key = value" in $XDG_CONFIG_HOME/kvmtop/config; without that, /etc/kvmtop/config for
 * root, ~/.config/kvmtop/config for others. Other lines, and keys this kvmtop does not know, stay as they are.
 */
#ifndef KT_CMD_CONFIG_H
#define KT_CMD_CONFIG_H

#include "lib/base/base.h"

struct config {
	char **lines;			/* a vec */
	size_t n;
};

/*
 * -ENOENT: no such file, *c is empty. -EPERM: it cannot be believed: it or its directory is a link, belongs to another user
 * or others may write it, or it is longer than a configuration can be; err says why, *c is empty.
 */
int config_read(struct config *c, struct err *err);
void config_done(struct config *c);
const char *config_get(const struct config *c, const char *key);	/* the last one of that key; NULL: not there. Borrowed */
void config_set(struct config *c, const char *key, const char *value);	/* NULL: without it */
int config_write(const struct config *c, struct err *err);		/* whole or not at all */

#endif
