/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Where a name stands in a list: what is joined by names that others chose is joined in linear time. The names are
 * borrowed and must stay as they are. The hash has a key of its own for each index, so no list of names is slow in all.
 */
#ifndef KT_BASE_NAMES_H
#define KT_BASE_NAMES_H

#include <stddef.h>
#include <stdint.h>

struct names {
	struct names_slot {
		const char *a, *b;
		uint64_t hash;
		size_t at;
	} *slots;
	size_t n, cap;
	uint64_t key;
};
#define NAMES_NONE SIZE_MAX

/* {0} is an empty index. b may be NULL: the name has one part. The first place of a name counts, a NULL a is nowhere. */
void names_add(struct names *x, const char *a, const char *b, size_t at);
size_t names_find(const struct names *x, const char *a, const char *b);	/* NAMES_NONE: there is no such name */
void names_clear(struct names *x);
#define auto_names __attribute__((cleanup(names_clear)))

#endif
