/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The screen while it is on. What is on it is a stack of layers: the list of guests, above it perhaps a guest's page,
 * a form, a line to type into. The one on top gets the keys.
 */
#ifndef KT_TUI_APP_H
#define KT_TUI_APP_H

#include "draw.h"
#include "grid.h"
#include "keys.h"
#include "past.h"
#include "tty.h"
#include "tui.h"

struct app;
struct aside;
struct errands;
struct job;
struct keeper;
struct layer;

struct layer_ops {
	bool covers;				/* nothing below it is seen */
	unsigned (*where)(const struct layer *l);	/* which keys work: for the key bar and keys_action */
	void (*draw)(struct layer *l, struct app *a, int y, int height);
	void (*key)(struct layer *l, struct app *a, int key);
	/* These may be NULL. */
	void (*click)(struct layer *l, struct app *a, int y, int x);
	void (*sampled)(struct layer *l, struct app *a);	/* a->snap is another one */
	unsigned (*needs)(const struct layer *l);	/* NEED_* that a sample has to have */
	int (*fd)(const struct layer *l);	/* readable: there is something new, for turn; -1: none now */
	void (*turn)(struct layer *l, struct app *a);	/* of the top one, each time round before the screen is drawn */
	void (*free)(struct layer *l, struct app *a);	/* what is behind the layer, not itself */
};

/* Every layer begins with this and is one allocation. */
struct layer {
	const struct layer_ops *ops;
	struct layer *below;
};

struct app {
	struct session *session;
	struct tty tty;
	struct theme theme;
	struct draw draw;
	struct feed *feed;
	struct history *history;	/* of what was sampled, shown or not */
	char *history_ref;		/* the guest whose parts are in it, NULL: none */
	struct {
		const struct column **columns;	/* vec; NULL: as many as fit */
		size_t n;
		struct view_order order;	/* .sort NULL: the table's own */
	} asked[TABLE_COUNT];		/* chosen on the screen, or kept from the run before */
	struct snapshot *snap;		/* what is shown, NULL before the first */
	char **tags;			/* vec of refs: guests that a change is for */
	size_t n_tags;
	struct past past;		/* of what was shown */
	struct layer *top;
	struct job *job;		/* the change that has the screen, NULL: none */
	struct aside *asides;		/* of the line at the foot, not wanted any more */
	char **commands;		/* lines that were typed there, a vec */
	size_t n_commands;
	struct keeper *keeper;
	struct snapshot *journal;	/* as the keeper has read it, NULL before the first time */
	struct err journal_err;		/* why it, or an entry of it, cannot be believed */
	struct errands *errands;	/* errand.c's, NULL: there was none */
	struct {
		char *text;		/* what was looked for last, NULL: nothing yet */
		struct snapshot *hits;	/* rows of find; NULL: it was found, or not, on the screen */
		size_t at;
		uint64_t asked;		/* the errand whose answer is waited for, 0: none */
	} found;
	struct job *given_up;		/* changes that were cancelled and have to come to their end */

	uint64_t delay_ns, samples;
	uint64_t noted_ns;		/* time of the sample the history took in last */
	uint64_t prime_ns;		/* when to sample once more for the first rates, 0: done */
	unsigned needs;			/* as told to the feed */
	bool frozen, redraw, leave;
	bool ending;			/* leave as soon as no change runs */
	char *message;			/* yours to read until then */
	enum paint message_paint;
	uint64_t message_until_ns;
};

/* layers */
void app_push(struct app *a, struct layer *l);
void app_pop(struct app *a);			/* the top one, never the last */
void app_say(struct app *a, enum paint p, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void app_refresh(struct app *a);		/* sample now */
void app_set_delay(struct app *a, uint64_t delay_ns);
/* What keys do wherever there are rows, whichever; row: the guest they are about, may be NULL. */
void app_key(struct app *a, enum action action, int key, struct grid *g, const struct row *row);

/* list.c, pages.c: the guests; one guest's pages, the host's */
void list_open(struct app *a, struct look *look);	/* takes what it needs of the look */
void guest_open(struct app *a, const struct row *row, const struct verb *page);	/* page NULL: the first */
void host_open_pages(struct app *a);
/* The guest this many rows further in the list's order, NULL: beyond its ends; make a guest the list's selected one, if it is shown. */
const struct row *list_neighbour(const struct app *a, const char *ref, int step);
bool list_select(struct app *a, const char *ref);
struct grid *list_grid(const struct app *a);
/* detail.c: one row of a page */
void detail_open(struct app *a, const struct grid *g, const struct row *row);
/* Where things stand between top and bottom: the heading's line, it and the rows below it, the note (-1: none). */
void rows_layout(int height, int *top, int *rows, int *note);
void header_clock(const struct app *a, int y);
/*
 * The figures of a row, as far as they go into some lines, in their table's order of rank; the first line ends before
 * keep columns that are somebody else's.
 */
void header_figures(const struct app *a, int y, int lines, int keep, enum table_id t, const struct row *row);
void header_state(const struct app *a, int y, const struct grid *g);	/* its filter */

/* journal.c: the page of the changes; undo one by its id, or, NULL, the last one of a guest */
void journal_page_open(struct app *a);
void undo_open(struct app *a, const char *id, const struct row *row);

/* Between samples, as it may be typed or kept. */
#define DELAY_MIN_S 0.1
#define DELAY_MAX_S 86400

/* ask.c: a line to type into */
void ask_find(struct app *a, struct grid *g);
void ask_filter(struct app *a, struct grid *g);
void ask_delay(struct app *a);

/* command.c: a verb to type; row: the guest that is meant where none is named, may be NULL */
void command_open(struct app *a, const struct row *row);
/* many.c: tagged guests; true: the change is for them, and shown */
bool tags_has(const struct app *a, const struct row *row);
void tags_toggle(struct app *a, const struct row *row);
void tags_clear(struct app *a);
bool many_open(struct app *a, const struct call *c);

/* settings.c: what is kept between runs; a grid as it was left; W */
void settings_load(struct app *a);
void settings_apply(const struct app *a, struct grid *g);
void settings_note_order(struct app *a, const struct grid *g);
void settings_keep(struct app *a);

/* find.c: what was looked for, for find_next; ask what no row tells */
void find_said(struct app *a, const char *text);
void find_elsewhere(struct app *a, const char *text);
void find_next(struct app *a, struct grid *g);
void find_forget(struct app *a);

/* bar.c: the keys that work here, on the lowest line */
void bar_draw(const struct draw *d, int y, unsigned where);
int bar_key(const struct draw *d, int x, unsigned where);	/* the key that stands there, K_NONE: none */

/* menu.c; menu_rows: of the lines a menu has, those for its items, and top so that item at is among them; the header stays */
size_t menu_rows(int *y, int *height, size_t at, size_t *top);
/* One of "a|b|c", the cursor on now. The layer below gets it, which may close the menu, but not itself, meanwhile. */
void menu_choice(struct app *a, const char *title, const char *choices, const char *now,
		 void (*chosen)(struct layer *below, struct app *a, const char *word));
void menu_sort(struct app *a, struct grid *g);
void menu_fields(struct app *a, struct grid *g);
/* verb_menu.c: the changes of a key; one alone opens its form. row: the guest, NULL: none; g: what is stood in */
void verb_menu_open(struct app *a, const char *key, const struct row *row, const struct grid *g);

/* pager.c: text to scroll through; texts in lines, wrapped by it */
struct pager;
void help_open(struct app *a, enum table_id t);
void help_verb(struct app *a, const struct verb *v);
void help_text(struct app *a, const char *title, const char *lines);	/* as they are */

/*
 * form.c, change.c: a verb's arguments; its steps, and running them. row: the guest that fills the first one in, NULL: none.
 * values: what fills in others, in their order, NULL: nothing. at_once: go on to the steps where nothing is missing.
 */
void form_open(struct app *a, const struct verb *v, const struct row *row, char *const values[VERB_ARGS_MAX], bool at_once);
void change_open(struct app *a, const struct call *c, const char *line);
/* A check of the plan failed: the form shows that beside the field it is about. False: the layer is no form. */
bool form_take_error(struct layer *l, const struct err *err);
/* The batch line onto the clipboard, and a word about it. */
void app_copy(struct app *a, const char *line);
void change_open_alone(struct app *a, const struct call *c, const char *line);

#endif
