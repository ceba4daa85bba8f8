// SPDX-License-Identifier: GPL-3.0-or-later
/* Paths. A directory of a file server that is gone may never answer: it is read in a thread that can be left behind. */
#include "completing.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* The names that are looked at, at most: a spool of a million files would take seconds. */
#define NAMES_MAX 20000

struct listing {
	char *dir, *base;		/* "" is here; how the names begin */
	int rc;
	bool cut;
	struct entry {
		char *name, *help;
		bool is_dir;
	} *entries;
	size_t n;
};

static void listing_free(void *arg)
{
	struct listing *l = arg;

	while (l->n) {
		free(l->entries[--l->n].name);
		free(l->entries[l->n].help);
	}
	free(l->entries);
	free(l->dir);
	free(l->base);
	free(l);
}

static char *kind_of(const struct stat *st)
{
	char size[16];

	if (S_ISBLK(st->st_mode))
		return xstrdup("block device");
	if (S_ISSOCK(st->st_mode))
		return xstrdup("socket");
	if (!S_ISREG(st->st_mode))
		return NULL;
	units_scaled((double)st->st_size, 1024, size, sizeof(size));
	return xstrdup(size);
}

static void take(struct listing *l, int dir, const char *name)
{
	struct entry *e;
	struct stat st;

	if (!str_has_prefix(name, l->base) || !str_is_clean(name) || (name[0] == '.' && l->base[0] != '.') || !strcmp(name, ".") ||
	    !strcmp(name, ".."))
		return;
	if (l->n == CANDIDATES_MAX) {
		l->cut = true;
		return;
	}
	e = vec_push(l->entries, l->n);
	e->name = xstrdup(name);
	if (fstatat(dir, name, &st, 0))
		return;
	e->is_dir = S_ISDIR(st.st_mode);
	e->help = kind_of(&st);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct entry *)a)->name, ((const struct entry *)b)->name);
}

static void list_run(void *arg)
{
	struct listing *l = arg;
	int fd = open(*l->dir ? l->dir : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *d;
	size_t seen = 0;

	if (!dir) {
		l->rc = -errno;
		return;
	}
	while (seen++ < NAMES_MAX && (d = readdir(dir)))
		take(l, fd, d->d_name);
	l->cut |= seen > NAMES_MAX;
	closedir(dir);
	if (l->n)
		qsort(l->entries, l->n, sizeof(*l->entries), by_name);
}

/* "~/x": where nothing else would expand it. Yours; NULL: it is no such path. */
static char *from_home(const char *typed)
{
	const char *home = getenv("HOME");

	if (typed[0] != '~' || (typed[1] && typed[1] != '/') || !home || home[0] != '/')
		return NULL;
	return xasprintf("%s/%s", strcmp(home, "/") ? home : "", typed[1] ? typed + 2 : "");
}

static void add_entries(struct completing *c, const struct listing *l)
{
	size_t i;

	for (i = 0; i < l->n; i++) {
		auto_free char *path = xasprintf("%s%s%s", l->dir, l->entries[i].name, l->entries[i].is_dir ? "/" : "");

		complete_put(c, path, l->entries[i].help);
	}
	c->out->cut |= l->cut;
}

void complete_paths(struct completing *c)
{
	auto_free char *home = from_home(c->typed), *dir = NULL;
	const char *path = home ? home : c->typed, *slash = strrchr(path, '/');
	struct listing *l = xcalloc(1, sizeof(*l));
	struct late *late;

	dir = xstrndup(path, slash ? (size_t)(slash - path) + 1 : 0);
	l->dir = xstrdup(dir);
	l->base = xstrdup(slash ? slash + 1 : path);
	late = late_start(c->session->lates, list_run, listing_free, l);
	if (!late) {
		listing_free(l);
		complete_note(c, "too many directories do not answer");
		return;
	}
	late_wait(late, complete_left_ms(c));
	l = late_end(late);
	if (!l) {
		complete_note(c, "%s: its file system does not answer", *dir ? dir : "this directory");
		return;
	}
	if (l->rc)
		complete_note(c, "%s: %s", *dir ? dir : "this directory", strerror(-l->rc));
	else
		add_entries(c, l);
	listing_free(l);
}
