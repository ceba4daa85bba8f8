// SPDX-License-Identifier: GPL-3.0-or-later
/* The terminal's states and signals. */
#include "tty.h"

#include <curses.h>
#include <term.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

/* How long an Esc may be the beginning of something. */
#define ESC_NS (300 * NS_PER_MS)

static const int crashes[] = { SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL };

/* For a crash: where standard error really goes, -1 while the screen is not on. The one flag of the signal handler. */
static volatile sig_atomic_t crash_stderr = -1;
/* What it writes and sets, made while all is well: no function of curses may be called from a handler. */
static struct {
	struct termios modes;
	size_t len;
	char text[256];
} before;

/* The terminal first, then the end that was due: its message and core are the kernel's and libc's. */
static void on_crash(int number)
{
	if (write(STDOUT_FILENO, before.text, before.len) > 0)
		tcsetattr(STDIN_FILENO, TCSANOW, &before.modes);
	if (crash_stderr >= 0)
		dup2(crash_stderr, STDERR_FILENO);
	raise(number);
}

static int note_byte(int c)
{
	if (before.len < sizeof(before.text))
		before.text[before.len++] = (char)c;
	return c;
}

/* What endwin would write: plain letters, the cursor, the keypad's keys and the other screen back, no mouse. */
static void note_end(bool mouse)
{
	static const char *const names[] = { "sgr0", "op", "cnorm", "rmkx", "rmcup" };
	const char *s = mouse ? "\033[?1006l\033[?1000l" : "";
	size_t i;

	before.len = 0;
	while (*s)
		note_byte((unsigned char)*s++);
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		char *text = tigetstr(names[i]);

		if (text && text != (char *)-1)
			tputs(text, 1, note_byte);
	}
}

static void signals_of_ours(sigset_t *set)
{
	static const int ours[] = { SIGWINCH, SIGTERM, SIGHUP, SIGINT, SIGQUIT, SIGTSTP, SIGCONT };
	size_t i;

	sigemptyset(set);
	for (i = 0; i < ARRAY_SIZE(ours); i++)
		sigaddset(set, ours[i]);
}

static void catch_crashes(bool on)
{
	struct sigaction ours = { .sa_handler = on_crash, .sa_flags = (int)SA_RESETHAND | SA_NODEFER };
	struct sigaction other = { .sa_handler = SIG_DFL }, old;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(crashes); i++) {
		sigaction(crashes[i], NULL, &old);
		if (on && old.sa_handler == SIG_DFL)	/* else a debugger's or a sanitizer's */
			sigaction(crashes[i], &ours, NULL);
		else if (!on && old.sa_handler == on_crash)
			sigaction(crashes[i], &other, NULL);
	}
}

/*
 * Whoever writes to standard error would write across the screen: it ends in a pipe that the screen reads. A full pipe
 * loses what comes; nobody may wait for the screen.
 */
static void divert_stderr(struct tty *t)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC | O_NONBLOCK))
		return;
	t->saved_stderr = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	if (t->saved_stderr < 0) {
		close(fds[0]);
		close(fds[1]);
		return;
	}
	fflush(stderr);
	dup2(fds[1], STDERR_FILENO);
	close(fds[1]);
	t->errors_fd = fds[0];
	crash_stderr = t->saved_stderr;
}

static void restore_stderr(struct tty *t)
{
	char text[4096];
	ssize_t n;

	if (t->errors_fd < 0)
		return;
	fflush(stderr);
	crash_stderr = -1;
	dup2(t->saved_stderr, STDERR_FILENO);
	close(t->saved_stderr);
	while ((n = read(t->errors_fd, text, sizeof(text))) > 0)
		if (write(STDERR_FILENO, text, (size_t)n) < 0)
			break;
	close(t->errors_fd);
	t->errors_fd = t->saved_stderr = -1;
}

static int check_terminal(struct err *err)
{
	const char *name = getenv("TERM");
	int status;

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		return err_set(err, -ENOTTY,
			       "the screen wants a terminal (use: kvmtop --batch VERB, see kvmtop --help)");
	if (!name || !*name)
		return err_set(err, -ENODEV, "TERM is not set (try TERM=xterm, or use: kvmtop --batch VERB)");
	if (setupterm(NULL, STDOUT_FILENO, &status) == ERR || !tigetstr("cup") || tigetstr("cup") == (char *)-1)
		return err_set(err, -ENODEV, "the terminal type TERM=%s is unknown here or cannot place text "
			       "(try TERM=xterm or TERM=vt100, or use: kvmtop --batch VERB)", name);
	return 0;
}

/* There curses would ask a daemon for the mouse, on a descriptor nobody polls. */
static bool on_console(void)
{
	const char *term = getenv("TERM");

	return term && str_has_prefix(term, "linux");
}

int tty_open(struct tty *t, bool mouse, struct err *err)
{
	sigset_t set;
	int rc = check_terminal(err);

	*t = (struct tty){ .signal_fd = -1, .errors_fd = -1, .saved_stderr = -1 };
	if (rc)
		return rc;
	del_curterm(cur_term);
	signals_of_ours(&set);
	sigprocmask(SIG_BLOCK, &set, NULL);
	t->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (t->signal_fd < 0)
		return err_sys(err, -errno, "signalfd");
	tcgetattr(STDIN_FILENO, &before.modes);
	t->curses = newterm(NULL, stdout, stdin);
	if (!t->curses)
		return err_set(err, -ENODEV,
			       "the terminal cannot be used (try TERM=xterm, or use: kvmtop --batch VERB)");
	mouse = mouse && !on_console();
	note_end(mouse);
	divert_stderr(t);
	catch_crashes(true);
	set_escdelay(20);
	cbreak();
	noecho();
	nonl();
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	intrflush(stdscr, FALSE);
	curs_set(0);
	if (mouse) {		/* 0: a press is one at once, and none is held back to be a click or two */
		mouseinterval(0);
		mousemask(BUTTON1_PRESSED | BUTTON4_PRESSED | BUTTON5_PRESSED, NULL);
	}
	return 0;
}

/* Curses has put handlers of its own where there were none. */
static void uncatch(void)
{
	static const int caught[] = { SIGINT, SIGTERM, SIGTSTP, SIGWINCH };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(caught); i++)
		if (signal(caught[i], SIG_DFL) == SIG_IGN)
			signal(caught[i], SIG_IGN);
}

void tty_close(struct tty *t)
{
	sigset_t set;

	if (t->curses) {
		endwin();
		catch_crashes(false);
		restore_stderr(t);
		delscreen(t->curses);
	}
	if (t->signal_fd >= 0) {
		close(t->signal_fd);
		uncatch();
		signals_of_ours(&set);
		sigprocmask(SIG_UNBLOCK, &set, NULL);
	}
}

static int key_of_mouse(void)
{
	MEVENT e;

	if (getmouse(&e) != OK || e.y < 0 || e.x < 0 || e.y > 0x3ff || e.x > 0xfff)
		return K_NONE;
	if (e.bstate & BUTTON4_PRESSED)
		return K_MOUSE(MOUSE_WHEEL_UP, e.y, e.x);
	if (e.bstate & BUTTON5_PRESSED)
		return K_MOUSE(MOUSE_WHEEL_DOWN, e.y, e.x);
	return e.bstate & BUTTON1_PRESSED ? K_MOUSE(MOUSE_CLICK, e.y, e.x) : K_NONE;
}

/* What curses calls a key, as we do. */
static int key_of_curses(wint_t code)
{
	static const struct {
		wint_t code;
		int key;
	} names[] = {
		{ KEY_UP, K_UP }, { KEY_DOWN, K_DOWN }, { KEY_LEFT, K_LEFT }, { KEY_RIGHT, K_RIGHT },
		{ KEY_PPAGE, K_PGUP }, { KEY_NPAGE, K_PGDN }, { KEY_HOME, K_HOME }, { KEY_END, K_END },
		{ KEY_A1, K_HOME }, { KEY_C1, K_END }, { KEY_A3, K_PGUP }, { KEY_C3, K_PGDN },
		{ KEY_IC, K_INSERT }, { KEY_DC, K_DELETE }, { KEY_BACKSPACE, K_BACKSPACE }, { KEY_BTAB, K_BACKTAB },
		{ KEY_ENTER, K_ENTER }, { KEY_FIND, K_HOME }, { KEY_SELECT, K_END },
	};
	size_t i;

	if (code == KEY_MOUSE)
		return key_of_mouse();
	if (code >= KEY_F(1) && code <= KEY_F(24))
		return K_F((int)(code - KEY_F(0)));
	for (i = 0; i < ARRAY_SIZE(names); i++)
		if (names[i].code == code)
			return names[i].key;
	return K_NONE;
}

size_t tty_keys(struct tty *t, int *keys, size_t max)
{
	size_t n = 0;
	wint_t c;
	int kind;

	while (n + INPUT_KEYS_MAX <= max && (kind = get_wch(&c)) != ERR) {
		int key = kind == KEY_CODE_YES ? key_of_curses(c) : (int)c;

		if (key == K_NONE)
			continue;
		n += input_feed(&t->input, key, keys + n);
		t->input_ns = clock_now_ns() + ESC_NS;
	}
	if (n + INPUT_KEYS_MAX <= max && input_is_waiting(&t->input) && clock_now_ns() >= t->input_ns)
		n += input_flush(&t->input, keys + n);
	return n;
}

int tty_wait_ms(const struct tty *t)
{
	return input_is_waiting(&t->input) ? clock_left_ms(t->input_ns) : -1;
}

static void resize(void)
{
	struct winsize ws;

	if (!ioctl(STDOUT_FILENO, TIOCGWINSZ, &ws) && ws.ws_row && ws.ws_col)
		resizeterm(ws.ws_row, ws.ws_col);
}

/* The shell has had the terminal, and its modes are the shell's. */
static void take_again(void)
{
	reset_prog_mode();
	clearok(curscr, TRUE);
	refresh();
	resize();
}

void tty_suspend(void)
{
	sigset_t set;

	endwin();
	sigemptyset(&set);
	sigaddset(&set, SIGTSTP);
	signal(SIGTSTP, SIG_DFL);
	raise(SIGTSTP);
	sigprocmask(SIG_UNBLOCK, &set, NULL);	/* stops here */
	sigprocmask(SIG_BLOCK, &set, NULL);
	take_again();
}

enum tty_event tty_signal(struct tty *t)
{
	struct signalfd_siginfo info;

	if (read(t->signal_fd, &info, sizeof(info)) != sizeof(info))
		return TTY_NOTHING;
	switch (info.ssi_signo) {
	case SIGWINCH:
		resize();
		return TTY_RESIZED;
	case SIGCONT:		/* after a SIGSTOP, of which nobody is told */
		take_again();
		return TTY_RESIZED;
	case SIGTSTP:
		return TTY_STOP;
	case SIGINT:
		return TTY_INTERRUPT;
	case SIGHUP:
		t->gone = true;
		return TTY_END;
	}
	return TTY_END;
}

char *tty_error_line(struct tty *t)
{
	char text[4096];
	ssize_t n = t->errors_fd < 0 ? -1 : read(t->errors_fd, text, sizeof(text));
	char *last;

	if (n <= 0)
		return NULL;
	while (n && (text[n - 1] == '\n' || text[n - 1] == '\0'))
		n--;
	if (!n)
		return NULL;
	last = memrchr(text, '\n', (size_t)n);
	return last ? xstrndup(last + 1, (size_t)(text + n - last - 1)) : xstrndup(text, (size_t)n);
}
