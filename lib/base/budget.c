// SPDX-License-Identifier: GPL-3.0-or-later
/* Shared room, counted. */
#include "base.h"

#include <pthread.h>
#include <stdlib.h>

struct budget {
	pthread_mutex_t lock;
	size_t left, taken;
	bool owned;
};

struct budget *budget_new(size_t bytes)
{
	struct budget *b = xcalloc(1, sizeof(*b));

	pthread_mutex_init(&b->lock, NULL);
	b->left = bytes;
	b->owned = true;
	return b;
}

/* Unlocks. */
static void done(struct budget *b)
{
	bool last = !b->owned && !b->taken;

	pthread_mutex_unlock(&b->lock);
	if (!last)
		return;
	pthread_mutex_destroy(&b->lock);
	free(b);
}

void budget_free(struct budget *b)
{
	if (!b)
		return;
	pthread_mutex_lock(&b->lock);
	b->owned = false;
	done(b);
}

bool budget_take(struct budget *b, size_t bytes)
{
	bool fits;

	pthread_mutex_lock(&b->lock);
	fits = bytes <= b->left;
	if (fits) {
		b->left -= bytes;
		b->taken += bytes;
	}
	pthread_mutex_unlock(&b->lock);
	return fits;
}

void budget_give(struct budget *b, size_t bytes)
{
	pthread_mutex_lock(&b->lock);
	b->left += bytes;
	b->taken -= bytes;
	done(b);
}
