/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Strings: a growing buffer, UTF-8 from strangers made harmless, the nearest match of a typo.
 */
#ifndef KT_BASE_STR_H
#define KT_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A growing string; `{0}` is an empty one. text is NULL until something was added. */
struct buf {
	char *text;
	size_t len, cap;
};
void buf_add(struct buf *b, const void *text, size_t len);
void buf_puts(struct buf *b, const char *text);
void buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void buf_fill(struct buf *b, char c, size_t n);
void buf_reset(struct buf *b);			/* empty, memory kept */
void buf_done(struct buf *b);
char *buf_take(struct buf *b);			/* the string is yours, "" if nothing was added */
#define auto_buf __attribute__((cleanup(buf_done)))

/*
 * A copy with every byte that is not valid UTF-8 replaced by U+FFFD and at most max bytes long,
 * cut at a character. Control characters stay: they are data until somebody draws them.
 */
char *str_utf8(const char *s, size_t len, size_t max);

/*
 * The same for a terminal: control characters (C0, DEL, C1), invalid bytes, line separators and
 * bidirectional overrides become '?'; what has no shape of its own (zero width, joiners, selectors,
 * tags) is left out. In place; the string never gets longer.
 */
char *str_clean(char *s);
bool str_is_clean(const char *s);

/* Length of the valid UTF-8 sequence at s (limit bytes left), 0 if there is none; *cp is its value. */
size_t str_char(const char *s, size_t limit, uint32_t *cp);
bool str_is_drawable(uint32_t cp);		/* what str_clean leaves as it is */

/* Columns of a terminal that a clean UTF-8 string takes in the current locale. */
size_t str_width(const char *s);
/* Bytes of s that fit into width columns; *used gets the columns they take. */
size_t str_fit(const char *s, size_t width, size_t *used);

/* The candidate nearest to word (at most a third of its letters wrong), or NULL. */
struct str_near {
	const char *word, *best;
	size_t distance;
};
void str_near_try(struct str_near *near, const char *candidate);

bool str_has_prefix(const char *s, const char *prefix);
bool str_has_suffix(const char *s, const char *suffix);
bool str_is_listed(const char *word, const char *const *list);	/* list ends with NULL; word may be NULL */

#endif
