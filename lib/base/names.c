// SPDX-License-Identifier: GPL-3.0-or-later
/* An index of names: a table that is at most half full, with the next free slot for those that collide. */
#include "base.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

static uint64_t mix(uint64_t h)
{
	h = (h ^ h >> 32) * 0xd6e8feb86659fd93ull;
	return h ^ h >> 29;
}

/* Keyed at each step: which names collide is not known beforehand. */
static uint64_t hash_part(uint64_t key, uint64_t h, const char *s)
{
	uint64_t word;
	size_t len = strlen(s), n;

	for (; len; s += n, len -= n) {
		n = len < sizeof(word) ? len : sizeof(word);
		word = 0;
		memcpy(&word, s, n);
		h = mix(h ^ word) + key;
	}
	return mix(h + key);
}

static uint64_t hash_of(const struct names *x, const char *a, const char *b)
{
	uint64_t h = hash_part(x->key, x->key, a);

	return b ? hash_part(x->key, h, b) : h;
}

static bool is_it(const struct names_slot *s, uint64_t hash, const char *a, const char *b)
{
	if (s->hash != hash || strcmp(s->a, a))
		return false;
	return b ? s->b && !strcmp(s->b, b) : !s->b;
}

/* Where the name is, or would be. */
static struct names_slot *slot_of(const struct names *x, uint64_t hash, const char *a, const char *b)
{
	size_t i = hash & (x->cap - 1);

	while (x->slots[i].a && !is_it(&x->slots[i], hash, a, b))
		i = (i + 1) & (x->cap - 1);
	return &x->slots[i];
}

static void grow(struct names *x)
{
	struct names_slot *old = x->slots;
	size_t cap = x->cap, i;

	if (!cap && getrandom(&x->key, sizeof(x->key), GRND_NONBLOCK) != sizeof(x->key))
		x->key = clock_now_ns();
	x->cap = cap ? 2 * cap : 16;
	x->slots = xcalloc(x->cap, sizeof(*x->slots));
	for (i = 0; i < cap; i++)
		if (old[i].a)
			*slot_of(x, old[i].hash, old[i].a, old[i].b) = old[i];
	free(old);
}

void names_add(struct names *x, const char *a, const char *b, size_t at)
{
	struct names_slot *s;
	uint64_t hash;

	if (!a)
		return;
	if (2 * x->n >= x->cap)
		grow(x);
	hash = hash_of(x, a, b);
	s = slot_of(x, hash, a, b);
	if (s->a)
		return;
	*s = (struct names_slot){ a, b, hash, at };
	x->n++;
}

size_t names_find(const struct names *x, const char *a, const char *b)
{
	struct names_slot *s;

	if (!a || !x->n)
		return NAMES_NONE;
	s = slot_of(x, hash_of(x, a, b), a, b);
	return s->a ? s->at : NAMES_NONE;
}

void names_clear(struct names *x)
{
	free(x->slots);
	*x = (struct names){0};
}
