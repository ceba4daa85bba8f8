/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Verbs. One row is all there is to say about one: its words, arguments, help, key and what it does. A call is a verb
 * with its arguments, checked.
 */
#ifndef KT_CMD_VERB_H
#define KT_CMD_VERB_H

#include "options.h"

enum arg_type {
	ARG_VM,				/* a guest: name, UUID, ref */
	ARG_DEVICE,			/* id of a device of that guest */
	ARG_FILE,			/* a path, made absolute */
	ARG_TEXT,
	ARG_CHOICE,			/* one of choices */
	ARG_SIZE,			/* bytes with K M G T */
	ARG_UINT,
	ARG_TABLE, ARG_VERB,
};

/* Rows of a look-up that tell what an argument may be: a row one stands on fills it in, all of them are a list. */
struct arg_source {
	enum table_id table;
	const char *column;		/* its text is the argument; NULL: the end of the list */
	const char *only;		/* a filter: of these rows, NULL: of all */
	const char *about;		/* the column that says more about it, NULL: none */
};

#define ARG_SOURCES_MAX 3

struct arg {
	const char *name;
	enum arg_type type;
	bool positional, required;
	bool left_to_build;		/* required, but the builder tells: it knows what to write */
	const char *instead;		/* required, unless the argument of this name is given */
	const char *choices;		/* "raw|qcow2" */
	const char *help;
	enum complete_kind complete;
	const char *by;			/* name of the argument that decides, by this list; NULL: complete does */
	const struct complete_by *by_value;
	const char *usual;		/* what is taken where nothing is given, for a form; NULL: nothing, or it depends */
	const char *made_by;		/* of a file: the argument that has it made, which a + behind it asks for; NULL */
	bool front;			/* a form shows it with what is required; the others are folded */
	struct arg_source from[ARG_SOURCES_MAX];
};

#define VERB_ARGS_MAX 20

/* What a change wants a free place of, for its menu to say how many there are. */
enum verb_room { ROOM_NONE, ROOM_PORT, ROOM_DISK, ROOM_USB, ROOM_DIMM, ROOM_VCPU, ROOM_VCPU_OUT };

struct session;
struct call;

struct verb {
	const char *name;		/* one or two words */
	const char *group;		/* "look", "change", "help" */
	const char *summary, *doc;	/* one line; the man page's paragraph */
	const char *rights;		/* what it needs without root, for help and man page; NULL: none */
	const struct arg *args;
	size_t n_args;
	const char *key;		/* on the screen, NULL: none; changes that share one are the menu of that key */
	char letter;			/* chooses it there; 0: a letter of its name that is free */
	const char *part;		/* of the menu, NULL: the first one */
	enum verb_room room;
	bool hidden;			/* for scripts of ours, not in help */

	bool undoes;			/* changes, by an entry of the journal */
	/* exactly one of the three, or none if it undoes */
	enum table_id table;		/* look: prints this table; TABLE_COUNT: it does not look */
	int (*build)(struct plan *p, const struct plan_env *env, struct err *err);
	int (*run)(struct session *s, const struct call *c, struct err *err);	/* exit code */
};

const struct verb *const *verbs(size_t *n);
/* By name ("disk add"), NULL if there is none. */
const struct verb *verb_find(const char *name);
bool verb_has_guest(const struct verb *v);	/* its first argument is one; else it is about the host */
/* "disk add VM file=PATH format=raw|qcow2 [id=TEXT]" into out */
void verb_synopsis(const struct verb *v, struct buf *out);

struct call {
	const struct verb *verb;
	char *values[VERB_ARGS_MAX];	/* in the order of verb->args; NULL: not given */
	unsigned line;			/* of a script, 0: none */
	uint64_t seed;			/* of a plan that is built twice and must come out the same; 0: none */
};

/* From words: -EINVAL with a text that names the nearest match. */
int call_parse(char *const *words, size_t n, struct call *out, struct err *err);
const char *call_value(const struct call *c, const char *arg);	/* NULL: not given */
/* The argument that "key=value" is of, *value what stands behind the =; -1: a bare word, which is positional. */
int call_key(const struct verb *v, const char *word, const char **value);
void call_copy(struct call *to, const struct call *from);
void call_done(struct call *c);

/*
 * One line into words: blanks separate, '..' is literal, ".." knows \" and \\, \ escapes outside of quotes, # begins
 * a comment where a word would begin. Nothing is expanded. The words are yours, one by one.
 */
#define LINE_MAX_BYTES 65536
/* A script is parsed whole before its first line runs: so much of it, in memory 50 MB at most. */
#define SCRIPT_MAX_BYTES (16 << 20)
#define SCRIPT_MAX_CALLS 65536
int words_parse(const char *line, char ***words, size_t *n, struct err *err);
void words_free(char **words, size_t n);
/* More belongs to it: a quote or a { is open, or its end is a \, which *joined says: the next line follows without it. */
bool line_is_open(const char *line, bool *joined);

#endif
