// SPDX-License-Identifier: GPL-3.0-or-later
/* Turns of users. */
#include "turn.h"

#include <stdlib.h>

#include "lib/base/base.h"

/* Who has the rights to be more users than that shares one turn with the last of them. */
#define USERS_MAX 256
#define FAILED_MAX 16

static struct turn *of(struct turns *t, uid_t uid)
{
	size_t i;

	for (i = 0; i < t->n; i++)
		if (t->list[i].uid == uid)
			return &t->list[i];
	if (t->n < USERS_MAX)
		vec_push(t->list, t->n)->uid = uid;
	return &t->list[t->n - 1];
}

uint64_t turn_begin(struct turns *t, uid_t uid, unsigned failed)
{
	return (uint64_t)(failed < FAILED_MAX ? failed : FAILED_MAX) << 32 | of(t, uid)->n++;
}

void turn_end(struct turns *t, uid_t uid)
{
	struct turn *turn = of(t, uid);

	if (turn->n)
		turn->n--;
}

void turns_done(struct turns *t)
{
	free(t->list);
	*t = (struct turns){0};
}
