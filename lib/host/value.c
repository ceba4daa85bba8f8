// SPDX-License-Identifier: GPL-3.0-or-later
/* Settings of the kernel that are a small file each. */
#include "value.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "private.h"

int host_value_read(const struct host *h, const char *path, char buf[HOST_VALUE_MAX])
{
	char line[256];
	ssize_t len = host_read(h, line, sizeof(line), "%s", path);

	buf[0] = '\0';
	if (len < 0)
		return (int)len;
	host_choice_read(h, buf, HOST_VALUE_MAX, "%s", path);
	str_clean(buf);
	return 0;
}

void host_value_choices(const struct host *h, const char *path, char buf[HOST_VALUE_MAX])
{
	char line[256], *word[16];
	size_t len = 0, n, i;

	buf[0] = '\0';
	host_line_read(h, line, sizeof(line), "%s", path);
	if (!strchr(line, '['))
		return;
	n = host_words(line, word, ARRAY_SIZE(word));
	for (i = 0; i < n && len < HOST_VALUE_MAX; i++) {
		char *name = word[i] + (*word[i] == '[');

		name[strcspn(name, "]")] = '\0';
		len += (size_t)snprintf(buf + len, HOST_VALUE_MAX - len, "%s%s", i ? "|" : "", name);
	}
}

uint64_t host_value_number(const struct host *h, const char *path)
{
	return host_number_read(h, "%s", path);
}

/* ---- patterns */

struct find {
	const struct host *h;
	struct host_value_file *list;
	size_t n;
};

static void add(struct find *f, const char *path, int node, uint64_t page_bytes)
{
	if (host_value_number(f->h, path) == HOST_UNKNOWN) {
		char value[HOST_VALUE_MAX];

		if (host_value_read(f->h, path, value) || !value[0])
			return;
	}
	if (f->n < HOST_VALUES_MAX)
		*vec_push(f->list, f->n) = (struct host_value_file){ xstrdup(path), node, page_bytes };
}

/* "hugepages-64kB": 65536, 0: it is not one */
static uint64_t page_bytes_of(const char *name)
{
	const char *p = name + strlen("hugepages-");
	uint64_t kb;

	if (!str_has_prefix(name, "hugepages-") || !host_u64_next(&p, &kb) || strcmp(p, "kB") || !kb)
		return 0;
	kb = host_times(kb, 1024);
	return kb == HOST_UNKNOWN ? 0 : kb;
}

static int node_of(const char *name)
{
	const char *p = name + strlen("node");
	uint64_t n;

	return str_has_prefix(name, "node") && *p >= '0' && *p <= '9' && host_u64_next(&p, &n) && !*p && n < 65536 ? (int)n : -1;
}

/* The first open directory of the pattern, then the next. */
static void expand(struct find *f, const char *pattern, int node, uint64_t page_bytes)
{
	const char *star = strchr(pattern, '*'), *slash = star;
	auto_free char *dir = NULL;
	const struct dirent *d;
	DIR *list;

	if (!star) {
		add(f, pattern, node, page_bytes);
		return;
	}
	while (slash > pattern && slash[-1] != '/')
		slash--;
	dir = xstrndup(pattern, (size_t)(slash - pattern));
	list = host_dir_open(f->h, dir);
	while (list && f->n < HOST_VALUES_MAX && (d = readdir(list))) {
		int one_node = node_of(d->d_name);
		uint64_t bytes = page_bytes_of(d->d_name);
		auto_free char *path = NULL;

		if (*slash == 'n' ? one_node < 0 : !bytes)
			continue;
		path = xasprintf("%s%s%s", dir, d->d_name, star + strcspn(star, "/"));
		expand(f, path, *slash == 'n' ? one_node : node, *slash == 'n' ? page_bytes : bytes);
	}
	if (list)
		closedir(list);
}

static int file_cmp(const void *a, const void *b)
{
	const struct host_value_file *x = a, *y = b;

	if (x->node != y->node)
		return (x->node > y->node) - (x->node < y->node);
	return (x->page_bytes > y->page_bytes) - (x->page_bytes < y->page_bytes);
}

void host_values_find(const struct host *h, const char *pattern, struct host_value_file **list, size_t *n)
{
	struct find f = { .h = h };

	expand(&f, pattern, -1, 0);
	if (f.n)
		qsort(f.list, f.n, sizeof(*f.list), file_cmp);
	*list = f.list;
	*n = f.n;
}

void host_values_free(struct host_value_file *list, size_t n)
{
	while (n)
		free(list[--n].path);
	free(list);
}
