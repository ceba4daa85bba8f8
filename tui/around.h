/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What happens to guests while a line is typed at the prompt: told above it. */
#ifndef KT_TUI_AROUND_H
#define KT_TUI_AROUND_H

#define AROUND_MS 2000

struct session;

void around_begin(struct session *s);	/* after a verb: what there is, unless that is known already */
/* Guests that have come or gone since the last time; only once a verb has looked for them. Cheap: one look at /proc. */
void around_tell(struct session *s);
void around_end(void);

#endif
