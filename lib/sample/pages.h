/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What guests' memory consists of, by looking at a random sample of its pages: the cost is that of the sample, whatever
 * the guest's size. In a thread of its own, as a process's memory map may be locked for long; a thread that is held up
 * is left behind, and another goes on with the other guests.
 */
#ifndef KT_SAMPLE_PAGES_H
#define KT_SAMPLE_PAGES_H

#include "sample.h"

/* A part of the guest's memory, as far as it is known beforehand. */
struct page_part {
	enum qmp_backend_kind kind;
	bool shared;
	char *id, *path;
	uint64_t address, bytes;	/* address 0: to be found among the process's mappings */
};

struct page_block {
	uint64_t start, end;
	uint64_t page_bytes;		/* of its mapping, 0: not known */
};

/*
 * Where the parts are mapped. One whose address is not known must be told by its file, or by its size, beyond doubt:
 * *why (yours) says why it could not, and there are no blocks then. The list is yours.
 */
int pages_match(const struct host_map *maps, size_t n_maps, const struct page_part *parts, size_t n_parts,
		struct page_block **list, size_t *n, char **why);
/*
 * One page out of each of `want` equal stretches of the blocks, or all of them where they are no more; addresses has
 * room for want. How many there are.
 */
size_t pages_pick(const struct page_block *list, size_t n, uint64_t page, size_t want, uint64_t *seed, uint64_t *addresses);
/* Half the width of Wilson's 95 % interval, seen from the share itself, in percent points; NAN without samples. */
double pages_error_pct(double share, uint64_t samples);

struct page_cell {			/* memory that is there */
	int node;			/* -1: not known */
	uint64_t page_bytes;		/* hugetlb pages of that size; 0: others */
	uint64_t bytes;
};

struct page_view {
	bool exact;			/* the kernel counted: no error */
	uint64_t taken_ns;
	uint64_t samples, present;	/* pages looked at, of them there; 0, 0 where exact */
	bool all;			/* the sample is all there is */
	uint64_t total_bytes, present_bytes, swapped_bytes, hugetlb_bytes, thp_bytes;
	uint64_t ksm_bytes;		/* HOST_UNKNOWN: this kernel's bit cannot be believed */
	struct page_cell *cells;
	size_t n_cells;
};
void page_view_done(struct page_view *v);
uint64_t page_view_node(const struct page_view *v, int node);	/* bytes there */
/* The error of a share of the memory that is there, or of all of it. */
double page_view_error(const struct page_view *v, double share, bool of_all);
/* Counts into a view. */
void page_view_count(struct page_view *v, const struct host_page *pages, const uint64_t *addresses, size_t n,
		     const struct page_block *blocks, size_t n_blocks, bool ksm);

struct walk {
	char *ref;
	pid_t pid;
	uid_t uid;			/* its user's */
	struct page_part *parts;
	size_t n_parts, samples;
	bool exact;
	/* when it is done */
	bool hung;			/* it was given up */
	char *why;			/* why there is no view, NULL: there is one */
	struct page_view view;
};
void walk_free(struct walk *w);

struct walker;
struct walker *walker_new(const struct host *h);	/* NULL: the system allows no more threads */
void walker_free(struct walker *w);			/* waits a second at most; NULL is fine */
void walker_add(struct walker *w, struct walk *walk);	/* takes it over */
struct walk *walker_take(struct walker *w);		/* one that is done, yours; NULL: none */
/*
 * Why the pages of that guest may not be looked at now, NULL: they may. Its memory, or that of others of its user, keeps
 * a thread that was left behind in it; when that comes to its end, or the process does, it may again.
 */
const char *walker_bars(struct walker *w, const char *ref, uid_t uid);
/* One that hangs for so long is given up, and returned as done with why set. NULL: none hangs. */
struct walk *walker_give_up(struct walker *w, uint64_t after_ns, uint64_t exact_ns);

#endif
