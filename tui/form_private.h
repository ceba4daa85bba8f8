/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A form in its parts: form.c has the fields and keys, form_draw.c draws, form_offers.c completes. Private to them. */
#ifndef KT_TUI_FORM_PRIVATE_H
#define KT_TUI_FORM_PRIVATE_H

#include "app.h"
#include "line.h"

struct completion;

#define AHEAD_MAX 256

struct field {
	const struct arg *arg;
	struct line line;		/* of a choice: the one that is on, "" for none */
	char *ref, *ref_text;		/* ref is meant as long as the text is this; NULL: the text is */
};

struct form {
	struct layer layer;
	const struct verb *verb;
	struct field fields[VERB_ARGS_MAX];	/* in the verb's order .. */
	size_t order[VERB_ARGS_MAX];		/* .. and as they are shown */
	size_t n, n_front;		/* n_front: those that are always shown */
	size_t at, top;			/* in order; at n_front, folded: the line for the rest */
	bool open;			/* the rest is shown */
	bool at_once;			/* to be submitted before it is seen */
	struct err err;
	int blamed;			/* the field that err is about, -1: none */
	struct aside *offers;		/* what may stand in the field with the cursor; NULL: it was not asked for */
	bool taken;			/* the list has been looked at, and is shown where there is more than one */
	size_t pick;			/* in the list, n: none yet */
	int ahead[AHEAD_MAX];		/* keys that were typed while it was waited for */
	size_t n_ahead;
};

static inline bool field_is_choice(const struct field *f)
{
	return f->arg->type == ARG_CHOICE;
}

/* form.c */
size_t form_shown(const struct form *f);		/* how many lines of fields there are, with the one for the rest */
struct field *form_field(struct form *f);		/* the one with the cursor; NULL: it is on the line for the rest */
const char *field_value(const struct field *f);		/* as it is meant, borrowed */
char *form_line(const struct form *f);			/* the same in batch; yours */
void form_changed(struct form *f);			/* what was wrong is no longer known to be */

/* form_draw.c */
void form_draw(struct layer *layer, struct app *a, int y, int height);

/* form_offers.c */
/* What may stand in the field; NULL: it is not known yet. */
const struct completion *form_values(const struct form *f);
void form_forget_offers(struct form *f, struct app *a);
/* Complete, then the next of several; where there is nothing to complete the next field. */
void form_tab(struct form *f, struct app *a);
/* While a list is shown or awaited. False: the key is the field's, and the list is gone. */
bool form_offers_key(struct form *f, struct app *a, enum action action, int key);
/* The list has come: take it, and then the keys that came while it was waited for. */
void form_type_ahead(struct form *f, struct app *a);

#endif
