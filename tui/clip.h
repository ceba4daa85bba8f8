/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The clipboard of the terminal one sits at. */
#ifndef KT_TUI_CLIP_H
#define KT_TUI_CLIP_H

#include "lib/base/base.h"

#define CLIP_BYTES_MAX 4096
/* The control string that has a terminal take text (OSC 52), nothing of it but base64; yours. NULL: the text is too long. */
char *clip_string(const char *text);
/* Write it to the terminal. -ENOTSUP: TERM is of one that has no clipboard; -E2BIG: the text is too long. */
int clip_copy(const char *text, struct err *err);

#endif
