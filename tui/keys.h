/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The screen's keys: one table, of which what they do, the key bar, the help screen and the man page are made. */
#ifndef KT_TUI_KEYS_H
#define KT_TUI_KEYS_H

#include "lib/cmd/cmd.h"
#include "input.h"

enum action {
	ACT_NONE,
	ACT_UP, ACT_DOWN, ACT_PGUP, ACT_PGDN, ACT_HOME, ACT_END, ACT_LEFT, ACT_RIGHT, ACT_NEXT, ACT_PREVIOUS,
	ACT_ENTER, ACT_BACK, ACT_QUIT, ACT_HELP, ACT_FIND, ACT_FILTER, ACT_SORT, ACT_SORT_LEFT, ACT_SORT_RIGHT,
	ACT_INVERT, ACT_FIELDS, ACT_HOST, ACT_TOGGLE, ACT_DELAY, ACT_REFRESH, ACT_REDRAW, ACT_FREEZE, ACT_YES, ACT_CLEAR, ACT_COMMAND,
	ACT_COPY, ACT_COMPLETE, ACT_TROUBLE, ACT_TAG, ACT_UNTAG, ACT_KEEP, ACT_FIND_NEXT, ACT_GUEST_NEXT, ACT_GUEST_PREVIOUS,
	ACT_JOURNAL, ACT_UNDO, ACT_FINISH,
};

/* Where a key works. */
enum where {
	IN_LIST = 1 << 0, IN_GUEST = 1 << 1, IN_TEXT = 1 << 2, IN_MENU = 1 << 3, IN_LINE = 1 << 4, IN_FORM = 1 << 5,
	IN_READY = 1 << 6, IN_RUN = 1 << 7, IN_DONE = 1 << 8, IN_HOST = 1 << 9, IN_JOURNAL = 1 << 10,
	IN_COMMAND = 1 << 15,		/* besides IN_LINE: a line that takes verbs */
};

#define KEY_CODES_MAX 4
struct key_row {
	const char *key, *label, *help;	/* label: on the key bar, NULL: not there */
	unsigned where;
	enum action action;
	int codes[KEY_CODES_MAX];
};
const struct key_row *keys_table(size_t *n);

/* Where text is typed, characters are never keys: ask for others only. */
enum action keys_action(unsigned where, int key);

/* Verbs say their key themselves: the next one behind *i that has this key ("F7"), NULL: no more. *i begins at 0. */
const struct verb *keys_verb(const char *key, size_t *i);
/* The name by which verbs know a key, "" if they cannot: F1 to F12 and single characters. */
void keys_name(int key, char out[8]);
/*
 * A look-up verb with a key is a page of the screen: of a guest where it can look at one, and then its key is a single
 * character; of the host where it cannot, and then its key is "H" and a character.
 */
enum page { PAGE_NONE, PAGE_GUEST, PAGE_HOST };
enum page keys_page(const struct verb *v);
/* What is pressed on the pages themselves: the last character of its key. */
char keys_page_key(const struct verb *v);
/* The code of a key as tables name it: "F7", "x", "Enter"; K_NONE: there is none. */
int keys_code(const char *name);
/* What a verb's key is called on the key bar: as its menu, else the first word of its summary. Yours. */
char *keys_verb_label(const struct verb *v);
/* Changes that share a key are a menu. */
struct key_menu {
	const char *key, *label, *title;
	bool takes_out;			/* its items are devices of the guest */
};
const struct key_menu *keys_menu(const char *key);	/* NULL: no menu of that key has a title of its own */

#endif
