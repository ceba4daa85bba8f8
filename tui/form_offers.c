// SPDX-License-Identifier: GPL-3.0-or-later
/* Tab in a form: what may stand in the field is asked for by a thread, and chosen from below the field. */
#include "aside.h"
#include "form_private.h"

#include <stdlib.h>
#include <string.h>

const struct completion *form_values(const struct form *f)
{
	return f->offers && aside_is_over(f->offers) ? aside_values(f->offers) : NULL;
}

void form_forget_offers(struct form *f, struct app *a)
{
	aside_drop(take_ptr(f->offers), &a->asides);
	f->taken = false;
	f->n_ahead = 0;
}

static bool ask_offers(struct form *f, struct app *a)
{
	struct call so_far = { .verb = f->verb };
	size_t at = f->order[f->at], i;

	for (i = 0; i < f->n; i++)
		if (*f->fields[i].line.text)
			so_far.values[i] = xstrdup(field_value(&f->fields[i]));
	f->offers = aside_complete_arg(a->session, &so_far, at, f->fields[at].line.text);
	call_done(&so_far);
	f->taken = false;
	return f->offers != NULL;
}

/* The beginning they share is taken at once, one alone whole. False: there is nothing to be taken. */
static bool take_same(struct form *f, struct field *field, const struct completion *list)
{
	size_t len = completion_same(list);
	auto_free char *same = list->n ? xstrndup(list->list[0].text, len) : NULL;

	if (!same || len < strlen(field->line.text) || !strcmp(same, field->line.text))
		return false;
	line_set(&field->line, same);
	form_changed(f);
	return true;
}

static void pick_next(struct form *f, const struct completion *list, size_t by)
{
	struct field *field = form_field(f);

	f->pick = f->pick >= list->n ? (by == 1 ? 0 : list->n - 1) : (f->pick + by) % list->n;
	line_set(&field->line, list->list[f->pick].text);
	form_changed(f);
}

/* They have come: a single one is taken, and where nothing is known the cursor goes on. */
static void take_offers(struct form *f, struct app *a)
{
	const struct completion *list = form_values(f);
	struct field *field = form_field(f);

	if (!list)
		return;
	f->taken = true;
	f->pick = list->n;
	if (take_same(f, field, list) && list->n == 1)
		form_forget_offers(f, a);
	else if (list->n == 1 || (!list->n && !list->note)) {
		form_forget_offers(f, a);
		f->at = (f->at + 1) % form_shown(f);
	} else if (!list->n) {
		app_say(a, PAINT_WARN, "%s: %s", field->arg->name, list->note);
		form_forget_offers(f, a);
		f->at = (f->at + 1) % form_shown(f);
	}
}

void form_tab(struct form *f, struct app *a)
{
	struct field *field = form_field(f);

	if (f->offers && !f->taken)
		return;
	if (f->offers)
		pick_next(f, form_values(f), 1);
	else if (!field || field_is_choice(field) || !ask_offers(f, a))
		f->at = (f->at + 1) % form_shown(f);
}

bool form_offers_key(struct form *f, struct app *a, enum action action, int key)
{
	const struct completion *list = f->taken ? form_values(f) : NULL;
	bool is_picked;

	if (!f->taken && action != ACT_BACK) {
		if (f->n_ahead < AHEAD_MAX)
			f->ahead[f->n_ahead++] = key;
		return true;
	}
	if (action == ACT_COMPLETE) {
		form_tab(f, a);
		return true;
	}
	if (list && (key == K_DOWN || key == K_UP || key == K_BACKTAB)) {
		pick_next(f, list, key == K_DOWN ? 1 : list->n - 1);
		return true;
	}
	/* Enter takes what stands there, and Esc leaves it; where nothing was picked Enter is the form's */
	is_picked = list && f->pick < list->n;
	form_forget_offers(f, a);
	return list && ((action == ACT_ENTER && is_picked) || action == ACT_BACK);
}

void form_type_ahead(struct form *f, struct app *a)
{
	int keys[AHEAD_MAX];
	size_t n = f->n_ahead, i;

	memcpy(keys, f->ahead, n * sizeof(*keys));
	f->n_ahead = 0;
	take_offers(f, a);
	for (i = 0; i < n && !a->leave; i++)
		a->top->ops->key(a->top, a, keys[i]);
}
