/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Output that is longer than the terminal, at the prompt. */
#ifndef KT_TUI_PAGER_H
#define KT_TUI_PAGER_H

#include "lib/cmd/cmd.h"

struct pager_hold {
	FILE *usual;			/* where it goes; NULL: nothing is held back */
	char *text;
	size_t size;
	unsigned rows;
};

/* What a verb prints is held back, but for what comes bit by bit. */
void pager_begin(struct pager_hold *h, struct session *s, const struct call *c);
/* Out with it: through $PAGER, else less(1) where it is installed, if it is too long for the terminal. */
void pager_end(struct pager_hold *h, struct session *s);

#endif
