// SPDX-License-Identifier: GPL-3.0-or-later
/* The table of keys. */
#include "keys.h"
#include "tui.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define IN_PAGES (IN_GUEST | IN_HOST)
#define IN_ROWS (IN_LIST | IN_PAGES | IN_JOURNAL)
#define IN_PLAN (IN_READY | IN_RUN | IN_DONE)
#define IN_MOVES (IN_ROWS | IN_TEXT | IN_MENU)
#define IN_ALL (IN_MOVES | IN_LINE | IN_FORM | IN_PLAN)

/*
 * Name, label on the key bar, help, where, action, codes. The bar shows them in this order. X are the ones that help
 * and man page list; Y are the same keys where they mean something else, and single keys of a pair.
 */
#define KEYS(X, Y) \
	X("F1 h ?", "Help", "Help: keys, and the columns with their sources.", IN_ROWS, ACT_HELP, K_F(1), 'h', '?') \
	X("Enter", "Guest", "On the list: the page of the selected guest.", IN_LIST, ACT_ENTER, K_ENTER) \
	X("!", "Trouble", "On the list: the next guest in trouble, the worst first; the line below it says why.", IN_LIST, ACT_TROUBLE, '!') \
	X("Enter", "Row", "On a page: all about the selected row, its texts whole, its histogram, its past, what a thread waits for.", \
	  IN_PAGES | IN_JOURNAL, ACT_ENTER, K_ENTER) \
	X("F3 /", "Find", "Find by name while typing: F3 or Down the next one, Enter stays, Esc goes back. What no row " \
	  "has, as a MAC or IP address, an image, a tap or a PCI address, Enter looks for in all guests, as the verb find.", IN_ROWS, \
	  ACT_FIND, K_F(3), '/') \
	X("n", NULL, "Find the next one.", IN_ROWS, ACT_FIND_NEXT, 'n') \
	X("[ ]", NULL, "On a guest's page: the same page of the guest before or after it in the list.", 0, ACT_NONE, K_NONE) \
	Y("[", NULL, IN_GUEST, ACT_GUEST_PREVIOUS, '[') \
	Y("]", "Guest", IN_GUEST, ACT_GUEST_NEXT, ']') \
	X("F4 \\", "Filter", "Keep the rows for which an expression holds, as with --filter; an empty one keeps all.", \
	  IN_ROWS, ACT_FILTER, K_F(4), '\\') \
	X("F6", "Sort", "Choose the column to sort by.", IN_ROWS, ACT_SORT, K_F(6)) \
	X("u", "Undo", "On the journal: take this change back. Elsewhere: the last change of the guest.", IN_JOURNAL, ACT_UNDO, 'u') \
	X("f", "Finish", "On the journal: try to finish a change that is pending.", IN_JOURNAL, ACT_FINISH, 'f') \
	X("J", "Journal", "The changes kvmtop made, and what can be done with them.", IN_LIST | IN_PAGES, ACT_JOURNAL, 'J') \
	Y("J", NULL, IN_JOURNAL, ACT_JOURNAL, 'J') \
	X("H", "Host", "The pages of the host, with H and their key, or on them the key alone.", IN_LIST | IN_GUEST | IN_JOURNAL, ACT_HOST, 'H') \
	X("f", "Fields", "Choose the columns to show, as with --fields.", IN_ROWS & ~IN_JOURNAL, ACT_FIELDS, 'f') \
	X("Left Right", NULL, "Columns further to the left or right; the first one stays.", 0, ACT_NONE, K_NONE) \
	Y("Left", NULL, IN_ROWS, ACT_LEFT, K_LEFT) \
	Y("Right", NULL, IN_ROWS, ACT_RIGHT, K_RIGHT) \
	X("< >", NULL, "Sort by the column to the left or right.", 0, ACT_NONE, K_NONE) \
	Y("<", NULL, IN_ROWS, ACT_SORT_LEFT, '<', ',') \
	Y(">", NULL, IN_ROWS, ACT_SORT_RIGHT, '>', '.') \
	X("I", NULL, "Turn the order round.", IN_ROWS, ACT_INVERT, 'I') \
	X("Up Down k j", NULL, "Move.", 0, ACT_NONE, K_NONE) \
	Y("Up", NULL, IN_MOVES | IN_PLAN, ACT_UP, K_UP, 'k', K_CTRL('P')) \
	Y("Down", NULL, IN_MOVES | IN_PLAN, ACT_DOWN, K_DOWN, 'j', K_CTRL('N')) \
	X("PgUp PgDn", NULL, "Move by a page.", 0, ACT_NONE, K_NONE) \
	Y("PgUp", NULL, IN_MOVES | IN_PLAN, ACT_PGUP, K_PGUP, K_CTRL('B')) \
	Y("PgDn", NULL, IN_MOVES | IN_PLAN, ACT_PGDN, K_PGDN, K_CTRL('F')) \
	X("Home End g G", NULL, "First and last row.", 0, ACT_NONE, K_NONE) \
	Y("Home", NULL, IN_MOVES, ACT_HOME, K_HOME, 'g') \
	Y("End", NULL, IN_MOVES, ACT_END, K_END, 'G') \
	X("Tab Shift-Tab", NULL, "Next and previous page of a guest or the host, or field of a form.", 0, ACT_NONE, K_NONE) \
	Y("Tab", "Page", IN_PAGES, ACT_NEXT, K_TAB) \
	Y("Shift-Tab", NULL, IN_PAGES, ACT_PREVIOUS, K_BACKTAB) \
	X("s d", "Delay", "Change the time between samples.", IN_ROWS, ACT_DELAY, 's', 'd') \
	X(":", "Verb", "Type a verb, as in batch, about the selected guest unless another is named: Tab completes, Up is the line before.", \
	  IN_ROWS, ACT_COMMAND, ':') \
	X("W", NULL, "Keep delay, columns and order for the next start.", IN_ROWS, ACT_KEEP, 'W') \
	X("z", "Freeze", "Stop showing new samples, or go on. While it is frozen, Left and Right walk back through the last five minutes.", IN_ROWS, ACT_FREEZE, 'z', 'Z') \
	X("Space", NULL, "On the list: tag the guest, or no more. A change is then for all that are tagged: their steps are shown together, " \
	  "and run one after another up to the first that fails. On pages: sample now, as Ctrl-L does everywhere.", IN_LIST, ACT_TAG, ' ') \
	X("U", NULL, "Take all tags off.", IN_LIST, ACT_UNTAG, 'U') \
	Y("Space", NULL, IN_ROWS & ~IN_LIST, ACT_REFRESH, ' ') \
	X("Ctrl-L", NULL, "Sample now, and draw the whole screen anew.", IN_ALL, ACT_REDRAW, K_CTRL('L')) \
	X("mouse", NULL, "A click selects a row, opens the selected one, sorts by a heading, goes to a page, is a key of the bar; " \
	  "the wheel moves. With Shift, or --no-mouse, the mouse is the terminal's.", 0, ACT_NONE, K_NONE) \
	Y("Space", NULL, IN_MENU, ACT_TOGGLE, ' ') \
	Y("Enter", "Choose", IN_MENU, ACT_ENTER, K_ENTER, K_F(6)) \
	X("Enter", "Steps", "In a form: check, and show the steps. Nothing is changed yet.", IN_FORM, ACT_ENTER, K_ENTER) \
	X("Tab", NULL, "In a form: complete what is typed, then step through what may stand there; where nothing is known the next field.", \
	  0, ACT_NONE, K_NONE) \
	Y("Tab", "Complete", IN_FORM, ACT_COMPLETE, K_TAB) \
	Y("Down", NULL, IN_FORM, ACT_NEXT, K_DOWN) \
	Y("Shift-Tab", NULL, IN_FORM, ACT_PREVIOUS, K_BACKTAB, K_UP) \
	X("Left Right", NULL, "In a form: one of several choices; Space lists them.", 0, ACT_NONE, K_NONE) \
	Y("Left", NULL, IN_FORM, ACT_LEFT, K_LEFT) \
	Y("Right", "Choice", IN_FORM, ACT_RIGHT, K_RIGHT) \
	Y("F1", "Help", IN_FORM, ACT_HELP, K_F(1)) \
	X("Ctrl-Y c", NULL, "In a form and under the steps of a change: copy the line for batch to the terminal's clipboard (OSC 52).", \
	  0, ACT_NONE, K_NONE) \
	Y("Ctrl-Y", "Copy", IN_FORM, ACT_COPY, K_CTRL('Y')) \
	Y("c", "Copy", IN_READY, ACT_COPY, 'c', K_CTRL('Y')) \
	Y("y", "Copy", IN_DONE, ACT_COPY, 'y', 'c', K_CTRL('Y')) \
	X("Enter y", "Run", "Under the steps of a change: run them.", IN_READY, ACT_YES, K_ENTER, 'y') \
	Y("Esc n", "Cancel", IN_READY, ACT_BACK, K_ESC, 'n', 'q', K_CTRL('C')) \
	X("Esc Ctrl-C", "Stop", "While a change runs: stop, and take back what was done.", IN_RUN, \
	  ACT_BACK, K_ESC, K_CTRL('C')) \
	Y("Tab", "Complete", IN_COMMAND, ACT_NEXT, K_TAB) \
	Y("Up", "Earlier", IN_COMMAND, ACT_PREVIOUS, K_UP) \
	Y("Enter", "Accept", IN_LINE, ACT_ENTER, K_ENTER) \
	Y("F3", NULL, IN_LINE, ACT_NEXT, K_F(3), K_DOWN) \
	Y("Up", NULL, IN_LINE, ACT_PREVIOUS, K_UP) \
	Y("Esc", "Cancel", IN_LINE | IN_FORM | IN_MENU, ACT_BACK, K_ESC, K_CTRL('C')) \
	X("Ctrl-U", "Clear", "In a form or a line: empty it.", IN_FORM | IN_LINE, ACT_CLEAR, K_CTRL('U')) \
	X("Esc q", "Back", "Back to where it was called from.", IN_PAGES | IN_TEXT | IN_JOURNAL, \
	  ACT_BACK, K_ESC, 'q', K_CTRL('C')) \
	X("F10 q", "Quit", "Leave. Behind Esc a digit is a function key, where those do not get through: Esc 0 is F10.", \
	  IN_LIST, ACT_QUIT, K_F(10), 'q', K_CTRL('C')) \
	Y("F10", NULL, IN_ALL & ~IN_LIST, ACT_QUIT, K_F(10))

#define ROW(name, bar, text, places, act, ...) \
	{ .key = (name), .label = (bar), .help = (text), .where = (places), .action = (act), .codes = { __VA_ARGS__ } },
#define ROW_MORE(name, bar, places, act, ...) ROW(name, bar, NULL, places, act, __VA_ARGS__)
#define HELP(name, bar, text, ...) { .key = (name), .help = (text) },
#define NO_HELP(...)

static const struct key_row table[] = { KEYS(ROW, ROW_MORE) };

const struct key_help *tui_keys(size_t *n)
{
	static const struct key_help help[] = { KEYS(HELP, NO_HELP) };

	*n = ARRAY_SIZE(help);
	return help;
}

const struct key_row *keys_table(size_t *n)
{
	*n = ARRAY_SIZE(table);
	return table;
}

enum action keys_action(unsigned where, int key)
{
	size_t i, k;

	for (i = 0; i < ARRAY_SIZE(table); i++)
		for (k = 0; k < KEY_CODES_MAX && table[i].where & where && key != K_NONE; k++)
			if (table[i].codes[k] == key)
				return table[i].action;
	return ACT_NONE;
}

const struct verb *keys_verb(const char *key, size_t *i)
{
	size_t n;
	const struct verb *const *all = verbs(&n);

	while (*key && *i < n) {
		const struct verb *v = all[(*i)++];

		if (v->key && !v->hidden && !strcmp(v->key, key))
			return v;
	}
	return NULL;
}

void keys_name(int key, char out[8])
{
	out[0] = '\0';
	if (key > K_F0 && key <= K_F(24))
		snprintf(out, 8, "F%d", key - K_F0);
	else if (key > ' ' && key < 0x7f)
		snprintf(out, 8, "%c", key);
}

enum page keys_page(const struct verb *v)
{
	if (v->table == TABLE_COUNT || !v->key || v->hidden)
		return PAGE_NONE;
	return verb_has_guest(v) ? PAGE_GUEST : PAGE_HOST;
}

char keys_page_key(const struct verb *v)
{
	return v->key[strlen(v->key) - 1];
}

int keys_code(const char *name)
{
	static const struct {
		const char *name;
		int code;
	} named[] = { { "Enter", K_ENTER }, { "Esc", K_ESC }, { "Tab", K_TAB }, { "Space", ' ' }, { "Right", K_RIGHT },
		      { "Left", K_LEFT } };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(named); i++)
		if (!strcmp(named[i].name, name))
			return named[i].code;
	if (name[0] == 'F' && name[1])
		return K_F(atoi(name + 1));
	return name[0] && !name[1] ? name[0] : K_NONE;
}

const struct key_menu *keys_menu(const char *key)
{
	static const struct key_menu menus[] = {
		{ "F7", "Plug", "Plug into or change", false }, { "F8", "Unplug", "Unplug from", true }, { "F9", "Tune", "Tune", false },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(menus); i++)
		if (!strcmp(menus[i].key, key))
			return &menus[i];
	return NULL;
}

char *keys_verb_label(const struct verb *v)
{
	const struct key_menu *menu = keys_menu(v->key);

	return menu ? xstrdup(menu->label) : xstrndup(v->summary, strcspn(v->summary, " ."));
}
