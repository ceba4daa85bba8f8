/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Completion: what may stand at the cursor. One engine for the forms and the line of the screen, the prompt, and the
 * shells; it knows nothing but the tables of options, verbs and columns, and what it reads of guests and host.
 */
#ifndef KT_CMD_COMPLETE_H
#define KT_CMD_COMPLETE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct buf;
struct call;
struct session;

/* Where the values of an argument come from, for completion, where its type does not say that. */
enum complete_kind {
	COMPLETE_BY_TYPE,		/* guests, paths, choices, tables, verbs; of other types nothing is known */
	/* devices of the guest that was given, by their id */
	COMPLETE_DISKS, COMPLETE_NICS, COMPLETE_DIMMS, COMPLETE_VMEM, COMPLETE_USB, COMPLETE_VFIO, COMPLETE_IOTHREADS, COMPLETE_JOBS,
	COMPLETE_VCPUS,
	/* of the host; CPUs and nodes are lists, as 0-3,8 */
	COMPLETE_BRIDGES, COMPLETE_TAPS, COMPLETE_IFACES, COMPLETE_VDPA, COMPLETE_NODES, COMPLETE_CPUS, COMPLETE_PCI, COMPLETE_PFS,
	COMPLETE_VFS, COMPLETE_HOST_USB, COMPLETE_PATHS,
	/* of libvirt */
	COMPLETE_NETWORKS, COMPLETE_VOLUMES, COMPLETE_URIS,
	/* columns of the verb's table: a list of them, one with - before it, one in an expression; changes of the journal */
	COMPLETE_FIELDS, COMPLETE_SORT, COMPLETE_FILTER, COMPLETE_CHANGES,
	COMPLETE_KINDS
};

/* Another argument decides: where it has this value, it is that kind. */
struct complete_by {
	const char *value;		/* NULL: the end of a list */
	enum complete_kind kind;
};

#define CANDIDATES_MAX 400

struct candidate {
	char *text;			/* the whole word, and nothing a terminal would act on; "=", "/", ":" or "," at its end: it goes on */
	char *help;			/* what it is, not cleaned; NULL: nothing to say */
};

struct completion {
	struct candidate *list;		/* in the order in which they are best shown */
	size_t n;
	bool cut;			/* there are more than CANDIDATES_MAX */
	char *note;			/* why nothing is known, or not all; NULL */
};

/*
 * Values of an argument. so_far: its verb, and values of the other arguments; typed: what there is of this one. Waits for
 * files, libvirt and the one guest until the deadline, so it is for no thread that draws; it changes nothing, opens
 * nothing that a guest names, and asks no guest through libvirt. out is yours: completion_done.
 */
void complete_arg(struct session *s, const struct call *so_far, size_t arg, const char *typed, unsigned deadline_ms,
		  struct completion *out);
/*
 * The last of some words, which is not finished, may be "" and is there always. options: those of the command line may
 * stand among them, and verbs need --batch or --prompt, as the session's options have it.
 */
void complete_words(struct session *s, char *const *words, size_t n, bool options, unsigned deadline_ms,
		    struct completion *out);
void completion_done(struct completion *c);
/* How long the beginning is that all candidates share, cut at a character; 0: there are none. */
size_t completion_same(const struct completion *c);

/* A line cut off by the cursor, in words as words_parse and shells split them: the last one unfinished, perhaps "". */
struct line_words {
	char **words;
	size_t n;			/* 1 at least */
	size_t at;			/* where the last one begins in the line */
	char quote;			/* that is open in it; 0: none */
};
void line_split(const char *line, size_t len, struct line_words *out);
void line_words_done(struct line_words *w);
/* A word behind an open quote, or (0) with \ before whatever words_parse and shells would not take as it is. */
void word_escape(const char *word, char quote, struct buf *out);
bool candidate_goes_on(const char *text);	/* no blank belongs behind it */

/* complete_words for a line that is being typed, with what is to become of it. */
struct line_completion {
	struct completion candidates;
	size_t from;			/* in the line: what stands from there to the cursor .. */
	char *text;			/* .. is replaced by this; NULL: it stays */
};
void complete_line(struct session *s, const char *line, size_t len, bool options, unsigned deadline_ms,
		   struct line_completion *out);
void line_completion_done(struct line_completion *l);

/* The hidden verb of completions/: bash LINE COMP_WORDBREAKS, zsh WORD.., fish WORD.. RAW. An exit code. */
int complete_shell(FILE *f, char *const *args, size_t n);


#endif
