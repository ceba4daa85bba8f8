// SPDX-License-Identifier: GPL-3.0-or-later
/* The key bar. */
#include "app.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct entry {
	char key[16], *label;
	int order;			/* function keys by number, the others behind them as the table has them */
};

static int entry_cmp(const void *a, const void *b)
{
	return ((const struct entry *)a)->order - ((const struct entry *)b)->order;
}

static void add(struct entry **list, size_t *n, const char *key, char *label)
{
	struct entry *e = vec_push(*list, *n);
	size_t i, len = strcspn(key, " ");

	snprintf(e->key, sizeof(e->key), "%.*s", (int)len, key);
	e->label = label;
	e->order = key[0] == 'F' && isdigit((unsigned char)key[1]) ? atoi(key + 1) : 1000 + (int)*n;
	for (i = 0; i + 1 < *n; i++) {		/* several verbs share a key: the menu tells them apart */
		if (!strcmp((*list)[i].key, e->key)) {
			free(e->label);
			(*n)--;
			return;
		}
	}
}

static struct entry *entries(unsigned where, size_t *n)
{
	struct entry *list = NULL;
	size_t count, i;
	const struct key_row *rows = keys_table(&count);
	const struct verb *const *all;

	*n = 0;
	for (i = 0; i < count; i++)
		if (rows[i].label && rows[i].where & where)
			add(&list, n, rows[i].key, xstrdup(rows[i].label));
	all = verbs(&count);
	for (i = 0; i < count && where & (IN_LIST | IN_GUEST | IN_HOST); i++)
		if (all[i]->key && !all[i]->hidden && keys_page(all[i]) == PAGE_NONE)
			add(&list, n, all[i]->key, keys_verb_label(all[i]));
	if (*n)
		qsort(list, *n, sizeof(*list), entry_cmp);
	return list;
}

int bar_key(const struct draw *d, int at, unsigned where)
{
	size_t n, i;
	struct entry *list = entries(where, &n);
	int x = 0, found = K_NONE;

	for (i = 0; i < n; i++) {
		int width = (int)strlen(list[i].key) + (int)strlen(list[i].label);

		if (x + width <= d->width) {
			if (at >= x && at < x + width)
				found = keys_code(list[i].key);
			x += width + 1;
		}
		free(list[i].label);
	}
	free(list);
	return found;
}

/* A key that does not fit in whole is left out, so that none is half there. */
void bar_draw(const struct draw *d, int y, unsigned where)
{
	size_t n, i;
	struct entry *list = entries(where, &n);
	int x = 0;

	draw_fill(d, y, PAINT_PLAIN);
	for (i = 0; i < n; i++) {
		int key = (int)strlen(list[i].key), label = (int)strlen(list[i].label);

		if (x + key + label <= d->width) {
			draw_text(d, y, x, key, PAINT_KEY, list[i].key);
			draw_text(d, y, x + key, label, PAINT_KEY_LABEL, list[i].label);
			x += key + label + 1;
		}
		free(list[i].label);
	}
	free(list);
}
