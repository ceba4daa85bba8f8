/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The terminal: taken over, given back whatever happens, its keys and signals. */
#ifndef KT_TUI_TTY_H
#define KT_TUI_TTY_H

#include "draw.h"
#include "input.h"

struct tty {
	int signal_fd;			/* readable: a signal */
	int errors_fd;			/* readable: somebody wrote to standard error; the screen shows it */
	int saved_stderr;
	bool gone;			/* the terminal was hung up */
	struct input input;
	uint64_t input_ns;		/* when an unfinished sequence is given up */
	void *curses;
};

/*
 * Take the terminal over, with its mouse if that is wanted. Signals are blocked from here on, in threads begun later too: they arrive through signal_fd.
 * -ENOTTY, -ENODEV: there is none that can be used; the text says what to do.
 */
int tty_open(struct tty *t, bool mouse, struct err *err);
/* Give it back, as it was; what was written to standard error meanwhile and nobody read comes out now. */
void tty_close(struct tty *t);

/* Keys that have come, at most max. Never waits. */
size_t tty_keys(struct tty *t, int *keys, size_t max);
/* Milliseconds until tty_keys has to be called again even if nothing comes, -1: never. */
int tty_wait_ms(const struct tty *t);

enum tty_event { TTY_NOTHING, TTY_RESIZED, TTY_INTERRUPT, TTY_STOP, TTY_END };
/* The next signal. */
enum tty_event tty_signal(struct tty *t);
/* Do what ^Z asks for; returns after fg. */
void tty_suspend(void);
/* A line that was written to standard error, NULL if there is none. Yours. */
char *tty_error_line(struct tty *t);

#endif
