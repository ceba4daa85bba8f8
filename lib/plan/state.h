/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The directory of what kvmtop keeps between its runs, and whom a file there is believed of. */
#ifndef KT_PLAN_STATE_H
#define KT_PLAN_STATE_H

#include <sys/types.h>

#include "lib/base/base.h"

/* $VARIABLE/kvmtop; without that, roots for root and who has no HOME, else ~/below/kvmtop. Yours. */
char *state_place(const char *variable, const char *roots, const char *below);
/* Root's: /var/lib/kvmtop; $XDG_STATE_HOME/kvmtop if that is set; else ~/.local/state/kvmtop. Yours. */
char *state_dir(void);
/* path with all above it, for oneself only. 0 or -errno. */
int state_make(char *path);
/*
 * A directory that is one itself and belongs to us alone: its descriptor. name is below at (AT_FDCWD), path is what err
 * calls it. -ENOENT; -EPERM: not to be trusted, err says why.
 */
int state_open(int at, const char *name, const char *path, struct err *err);
/* 0: the file or directory (S_IFREG, S_IFDIR) is ours, has one name, and no other user may write it, nor read a file. -EPERM */
int state_check_owner(int fd, mode_t type, const char *name, struct err *err);

#endif
