// SPDX-License-Identifier: GPL-3.0-or-later
/* Programs that set knobs of the host by themselves. */
#include "internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const programs[KNOB_WRITERS] = { "ksmtuned", "momd", "pvestatd", "numad", "tuned" };
/* How soon they do it again. */
static const char *const paces[KNOB_WRITERS] = {
	"within 60 s", "within 10 s", "within 10 s", "within 15 s", "when its profile is applied next",
};

void knob_writers_find(const struct host *h, struct knob_writers *out)
{
	host_daemons_find(h, programs, KNOB_WRITERS, out->pids);
}

/* Is it a word of the list? */
static bool is_among(const char *names, const char *name)
{
	size_t len = strlen(name);
	const char *at;

	for (at = names; at && (at = strstr(at, name)); at += len)
		if ((at == names || at[-1] == ' ') && (!at[len] || at[len] == ' '))
			return true;
	return false;
}

char *knob_writers_text(const struct knob_writers *w, const char *names)
{
	auto_buf struct buf all = {0};
	size_t i;

	for (i = 0; i < KNOB_WRITERS; i++)
		if (w->pids[i] && is_among(names, programs[i]))
			buf_printf(&all, "%s%s (process %d)", all.len ? ", " : "", programs[i], (int)w->pids[i]);
	return all.len ? buf_take(&all) : NULL;
}

void tuning_warn_writers(struct plan *p, const struct knob_writers *w, const struct knob *k)
{
	size_t i;

	for (i = 0; i < KNOB_WRITERS; i++)
		if (w->pids[i] && is_among(k->writers, programs[i]))
			plan_warn(p, "%s (process %d) sets %s too, and may put it back %s (stop it first)", programs[i], (int)w->pids[i],
				  k->id, paces[i]);
}
