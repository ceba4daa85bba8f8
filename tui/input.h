/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Keys out of what a terminal sends. Curses knows the sequences of the terminal that TERM names; this knows those that
 * nearly all terminals send whatever TERM says, so that an unknown one is never taken for the letters it is made of.
 */
#ifndef KT_TUI_INPUT_H
#define KT_TUI_INPUT_H

#include <stdbool.h>
#include <stddef.h>

/* Characters are their code points; what is no character stands above them. */
enum {
	K_NONE = 0,
	K_TAB = '\t', K_ENTER = '\n', K_ESC = 27,
	K_UP = 0x110000, K_DOWN, K_LEFT, K_RIGHT, K_PGUP, K_PGDN, K_HOME, K_END, K_INSERT, K_DELETE, K_BACKSPACE,
	K_BACKTAB, K_F0,		/* K_F0 + n is Fn */
	K_LAST = K_F0 + 64,
};
#define K_F(n) (K_F0 + (n))
#define K_CTRL(c) ((c) & 0x1f)

/* A mouse event is a key too, with its place in it. */
enum mouse { MOUSE_CLICK, MOUSE_WHEEL_UP, MOUSE_WHEEL_DOWN };
#define K_MOUSE(button, y, x) (1 << 24 | (button) << 22 | ((y) & 0x3ff) << 12 | ((x) & 0xfff))
static inline bool key_is_mouse(int key)
{
	return key >= 1 << 24;
}
static inline enum mouse mouse_button(int key)
{
	return (enum mouse)(key >> 22 & 3);
}
static inline int mouse_y(int key)
{
	return key >> 12 & 0x3ff;
}
static inline int mouse_x(int key)
{
	return key & 0xfff;
}

static inline bool key_is_text(int key)
{
	return key >= ' ' && key < 0x110000 && !(key >= 0x7f && key < 0xa0);
}

struct input {
	enum { INPUT_PLAIN, INPUT_ESC, INPUT_CSI, INPUT_CSI_OTHER, INPUT_SS3, INPUT_LINUX } state;
	unsigned number;
};

#define INPUT_KEYS_MAX 2
/* One character, or a K_ that was known already: how many keys it makes with those before it. */
size_t input_feed(struct input *in, int key, int out[INPUT_KEYS_MAX]);
/* Nothing came for a while: an Esc stands for itself. */
size_t input_flush(struct input *in, int out[INPUT_KEYS_MAX]);
static inline bool input_is_waiting(const struct input *in)
{
	return in->state != INPUT_PLAIN;
}

#endif
