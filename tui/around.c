// SPDX-License-Identifier: GPL-3.0-or-later
/* Guests that come and go, above the line that is being typed. */
#include "tui.h"
#include "around.h"

#include <stdio.h>
#include <time.h>

#include <readline/readline.h>

#define DISCOVER_MS 20

/* As they were last seen. Readline's functions have no argument of ours. */
static struct snapshot *seen;

static void tell(const char *name, const char *what)
{
	char at[16];
	time_t now = time(NULL);
	struct tm tm;

	strftime(at, sizeof(at), "%H:%M:%S", localtime_r(&now, &tm));
	rl_clear_visible_line();
	fprintf(rl_outstream, "%s ", at);
	out_text(rl_outstream, name);
	fprintf(rl_outstream, " %s\n", what);
	rl_forced_update_display();
}

static void tell_missing(const struct snapshot *from, const struct snapshot *in, const char *what)
{
	size_t i;

	for (i = 0; i < snapshot_count(from, TABLE_VMS); i++) {
		const struct row *row = snapshot_row(from, TABLE_VMS, i);

		if (!snapshot_find(in, TABLE_VMS, row->ref, ""))
			tell(row->vm, what);
	}
}

void around_begin(struct session *s)
{
	char *note;

	if (!seen && s->sampler)
		seen = sampler_peek(s->sampler, NULL, 0, 0, &note);
}

void around_tell(struct session *s)
{
	struct snapshot *now;
	char *note;

	if (!s->sampler)
		return;
	sampler_discover_for(s->sampler, DISCOVER_MS, NULL);
	now = sampler_peek(s->sampler, NULL, 0, 0, &note);
	if (seen) {
		tell_missing(seen, now, "has ended");
		tell_missing(now, seen, "has started");
	}
	snapshot_unref(seen);
	seen = now;
}

void around_end(void)
{
	snapshot_unref(seen);
	seen = NULL;
}
