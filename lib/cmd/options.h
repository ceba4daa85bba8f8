/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Command line options, and the exit codes a script can count on. */
#ifndef KT_CMD_OPTIONS_H
#define KT_CMD_OPTIONS_H

#include "complete.h"
#include "lib/plan/plan.h"
#include "lib/sample/sample.h"

enum exit_code {
	EXIT_DONE = 0,			/* or unchanged, or planned */
	EXIT_FAILED = 1,		/* failed or invalid, nothing left behind */
	EXIT_USAGE = 2,
	EXIT_NOT_FOUND = 3,		/* no such guest or device */
	EXIT_GUEST = 4,			/* the guest refused or did not answer */
	EXIT_DENIED = 5,
	EXIT_PARTLY = 6,
};

enum mode { MODE_SCREEN, MODE_BATCH, MODE_PROMPT, MODE_HELP, MODE_VERSION };
enum format { FORMAT_TABLE, FORMAT_JSON, FORMAT_CSV, FORMAT_PROMETHEUS };

struct options {
	enum mode mode;
	bool help_asked;
	const char **sockets, **uris;	/* vecs of borrowed words */
	size_t n_sockets, n_uris;
	bool exact;
	bool no_libvirt, no_scan, no_passthrough, read_only, dry_run, go_on;
	bool verbose, no_color, ascii, no_mouse;
	double delay_s;			/* < 0: not given, the mode's default */
	uint64_t count;			/* 0: not given */
	uint64_t ring_hz;		/* 0: not given */
	enum format format;
	const char *fields, *sort, *filter, *script;
	const char *root;		/* where /proc and /sys are found: a recorded host, for tests */
	unsigned timeout_ms;		/* of a changing verb; its default where none was given */
	unsigned answer_ms;		/* of a look-up; 0: not given */
	char **words;			/* what is no option, borrowed from argv */
	size_t n_words;
};

struct option_row {
	char letter;			/* 0: none */
	const char *name, *value;	/* value: what its argument is called, NULL: none */
	const char *help;
	int id;				/* as getopt knows it */
	bool hidden;			/* for tests of ours, not in help */
	const char *choices;		/* "table|json": its value is one of these; NULL: any */
	enum complete_kind complete;	/* of its value */
	bool in_line;			/* may stand in a line of the prompt, for that line */
};
const struct option_row *options_table(size_t *n);

/* argv may be reordered. -EINVAL with a text: exit 2. */
int options_parse(int argc, char **argv, struct options *out, struct err *err);
/*
 * Those of one line of the prompt, on top of base: what it borrows of it, and of words, lasts as long. words is reordered:
 * those that are no options are out->words. -EINVAL with a text.
 */
int options_parse_line(char **words, size_t n, const struct options *base, struct options *out, struct err *err);
void options_done(struct options *o);

#endif
