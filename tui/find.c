// SPDX-License-Identifier: GPL-3.0-or-later
/* Find what the rows on the screen do not tell: who has a MAC or IP address, an image, a tap, a PCI device, as the verb find. */
#include "app.h"
#include "errand.h"

#include <stdlib.h>
#include <string.h>

static void say_hit(struct app *a, const struct find_row *hit)
{
	bool shown = list_select(a, hit->head.ref);

	app_say(a, shown ? PAINT_GOOD : PAINT_WARN, "%s%s%s has %s%s%s%s", hit->head.vm, hit->device ? "  " : "", hit->device ? hit->device : "",
		hit->what ? hit->what : "it", hit->how ? ", by " : "", hit->how ? hit->how : "", shown ? "" : "  (the filter hides this guest)");
}

static void find_work(struct errand *e)
{
	sampler_lookup(e->session->sampler, e->what, &e->snap, &e->err);
}

static void find_done(struct errand *e, struct app *a)
{
	if (e->serial != a->found.asked)
		return;
	a->found.asked = 0;
	if (!e->snap || !snapshot_count(e->snap, TABLE_FIND)) {
		app_say(a, PAINT_BAD, "%s", e->err.code ? e->err.text : "not found");
		return;
	}
	snapshot_unref(a->found.hits);
	a->found.hits = take_ptr(e->snap);
	a->found.at = 0;
	say_hit(a, snapshot_row(a->found.hits, TABLE_FIND, 0));
}

static const struct errand_kind find_errand = { .work = find_work, .done = find_done };

void find_said(struct app *a, const char *text)
{
	free(a->found.text);
	a->found.text = xstrdup(text);
	a->found.asked = 0;
	snapshot_unref(take_ptr(a->found.hits));
}

void find_elsewhere(struct app *a, const char *text)
{
	find_said(a, text);
	a->found.asked = errand_start(a, &find_errand, text);
	if (a->found.asked)
		app_say(a, PAINT_PLAIN, "asking which guest has %s ..", text);
}

void find_next(struct app *a, struct grid *g)
{
	size_t n = a->found.hits ? snapshot_count(a->found.hits, TABLE_FIND) : 0;

	if (!a->found.text) {
		app_say(a, PAINT_WARN, "nothing was looked for yet (/)");
	} else if (n) {
		a->found.at = (a->found.at + 1) % n;
		say_hit(a, snapshot_row(a->found.hits, TABLE_FIND, a->found.at));
	} else if (!grid_find(g, a->found.text, 1)) {
		app_say(a, PAINT_BAD, "%s: not found", a->found.text);
	}
}

void find_forget(struct app *a)
{
	find_said(a, NULL);
}
