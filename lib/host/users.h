/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names of users, as /etc/passwd has them: a directory service may not answer, and none is asked. */
#ifndef KT_HOST_USERS_H
#define KT_HOST_USERS_H

#include "root.h"

char *host_user_name(const struct host *h, uid_t uid);		/* the number where it has no name; yours */
bool host_user_find(const struct host *h, const char *name, uid_t *uid);

#endif
