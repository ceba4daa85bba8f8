// SPDX-License-Identifier: GPL-3.0-or-later
/* The sequences behind an Esc. */
#include "input.h"

/* CSI number ~ */
static int key_of_number(unsigned n)
{
	switch (n) {
	case 1: case 7: return K_HOME;
	case 2: return K_INSERT;
	case 3: return K_DELETE;
	case 4: case 8: return K_END;
	case 5: return K_PGUP;
	case 6: return K_PGDN;
	case 11: case 12: case 13: case 14: case 15: return K_F(n - 10);
	case 17: case 18: case 19: case 20: case 21: return K_F(n - 11);
	case 23: case 24: return K_F(n - 12);
	}
	return K_NONE;
}

/* CSI letter and SS3 letter; t to x are F5 to F10 of a vt100. */
static int key_of_letter(int c)
{
	switch (c) {
	case 'A': return K_UP;
	case 'B': return K_DOWN;
	case 'C': return K_RIGHT;
	case 'D': return K_LEFT;
	case 'F': return K_END;
	case 'H': return K_HOME;
	case 'M': return K_ENTER;
	case 'P': case 'Q': case 'R': case 'S': return K_F(c - 'P' + 1);
	case 'Z': return K_BACKTAB;
	case 't': case 'u': case 'v': return K_F(c - 't' + 5);
	case 'l': return K_F(8);
	case 'w': case 'x': return K_F(c - 'w' + 9);
	}
	return K_NONE;
}

static size_t emit(struct input *in, int key, int out[INPUT_KEYS_MAX])
{
	in->state = INPUT_PLAIN;
	out[0] = key;
	return key != K_NONE;
}

static size_t after_esc(struct input *in, int key, int out[INPUT_KEYS_MAX])
{
	if (key == K_ESC) {
		out[0] = K_ESC;
		return 1;
	}
	if (key == '[' || key == 'O') {
		in->state = key == '[' ? INPUT_CSI : INPUT_SS3;
		in->number = 0;
		return 0;
	}
	if (key >= '0' && key <= '9')		/* as in mc and htop, where function keys do not get through */
		return emit(in, K_F(key == '0' ? 10 : key - '0'), out);
	emit(in, K_ESC, out);
	out[1] = key;
	return 2;
}

static size_t in_csi(struct input *in, int key, int out[INPUT_KEYS_MAX])
{
	if (key == '[' && in->state == INPUT_CSI && !in->number) {
		in->state = INPUT_LINUX;
		return 0;
	}
	if (key >= '0' && key <= '9') {
		if (in->state == INPUT_CSI && in->number < 1000)
			in->number = in->number * 10 + (unsigned)(key - '0');
		return 0;
	}
	if (key >= 0x20 && key < 0x40) {	/* modifiers and private marks: the number is complete */
		in->state = INPUT_CSI_OTHER;
		return 0;
	}
	if (key == '~')
		return emit(in, key_of_number(in->number), out);
	return emit(in, key_of_letter(key), out);
}

size_t input_feed(struct input *in, int key, int out[INPUT_KEYS_MAX])
{
	if (key == '\r')
		key = K_ENTER;
	else if (key == 0x7f || key == K_CTRL('H'))
		key = K_BACKSPACE;
	if (key >= K_UP && in->state != INPUT_PLAIN) {
		bool bare = in->state == INPUT_ESC;

		in->state = INPUT_PLAIN;
		out[0] = K_ESC;
		out[bare] = key;
		return bare ? 2 : 1;
	}
	switch (in->state) {
	case INPUT_PLAIN:
		if (key == K_ESC) {
			in->state = INPUT_ESC;
			return 0;
		}
		return emit(in, key, out);
	case INPUT_ESC:
		return after_esc(in, key, out);
	case INPUT_CSI:
	case INPUT_CSI_OTHER:
		return in_csi(in, key, out);
	case INPUT_SS3:
		return emit(in, key_of_letter(key), out);
	case INPUT_LINUX:
		return emit(in, key >= 'A' && key <= 'E' ? K_F(key - 'A' + 1) : K_NONE, out);
	}
	return 0;
}

size_t input_flush(struct input *in, int out[INPUT_KEYS_MAX])
{
	return emit(in, in->state == INPUT_PLAIN ? K_NONE : K_ESC, out);
}
