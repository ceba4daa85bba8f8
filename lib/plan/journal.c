// SPDX-License-Identifier: GPL-3.0-or-later
/* The journal's files: who may have written them, and writing them whole. */
#include "plan.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define ENTRY_MAX (1 << 20)
#define ID_LEN (sizeof("20261121-140327-3fa1") - 1)
#define SUFFIX ".json"

struct journal {
	int dir;
	char *path;
};

int journal_open(bool create, struct journal **out, struct err *err)
{
	auto_free char *state = state_dir(), *path = xasprintf("%s/journal", state);
	auto_close int dir = -1;
	int rc = 0;

	if (create)
		rc = state_make(path);
	if (rc)
		return err_sys(err, rc, "journal %s cannot be made (another place: XDG_STATE_HOME=DIR)", path);
	dir = state_open(path, err);
	if (dir < 0)
		return dir == -EPERM ? err_prefix(err, "the journal is not to be trusted") : err_prefix(err, "journal");
	*out = xcalloc(1, sizeof(**out));
	(*out)->dir = take_fd(&dir);
	(*out)->path = take_ptr(path);
	return 0;
}

void journal_close(struct journal *j)
{
	if (!j)
		return;
	close(j->dir);
	free(j->path);
	free(j);
}

static void name_entry(struct plan *p)
{
	struct timespec wall;
	char day[32], text[40];
	uint16_t salt = 0;
	struct tm tm;

	clock_gettime(CLOCK_REALTIME, &wall);
	clock_rfc3339(wall, text);
	localtime_r(&wall.tv_sec, &tm);
	strftime(day, sizeof(day), "%Y%m%d-%H%M%S", &tm);
	if (getrandom(&salt, sizeof(salt), 0) < 0)
		salt = (uint16_t)wall.tv_nsec;
	p->begun = xstrdup(text);
	p->id = xasprintf("%s-%04x", day, salt);
}

static int write_whole(int fd, const char *text, size_t len)
{
	while (len) {
		ssize_t n = write(fd, text, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		text += n;
		len -= (size_t)n;
	}
	return fsync(fd) ? -errno : 0;
}

int journal_write(struct journal *j, struct plan *p, struct err *err)
{
	auto_free char *text = NULL, *name = NULL, *tmp = NULL;
	auto_json struct json_object *obj = NULL;
	auto_close int fd = -1;
	int rc;

	if (!p->id)
		name_entry(p);
	name = xasprintf("%s" SUFFIX, p->id);
	tmp = xasprintf(".%s.%d", p->id, (int)getpid());
	obj = plan_json(p);
	text = json_text(obj);
	unlinkat(j->dir, tmp, 0);
	fd = openat(j->dir, tmp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	rc = fd < 0 ? -errno : write_whole(fd, text, strlen(text));
	if (!rc && renameat(j->dir, tmp, j->dir, name))
		rc = -errno;
	if (!rc && fsync(j->dir))
		rc = -errno;
	if (!rc)
		return 0;
	unlinkat(j->dir, tmp, 0);
	return err_sys(err, rc, "the change could not be written to the journal %s (another place: XDG_STATE_HOME=DIR)",
		       j->path);
}

static int entry_read(struct journal *j, const char *name, struct plan **out, struct err *err)
{
	auto_json struct json_object *obj = NULL;
	auto_free char *text = NULL;
	auto_close int fd = -1;
	ssize_t len;
	int rc;

	fd = openat(j->dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return errno == ELOOP ? err_set(err, -EPERM, "%s is a symbolic link", name) : err_sys(err, -errno, "%s", name);
	rc = state_check_owner(fd, S_IFREG, name, err);
	if (rc)
		return rc;
	text = xmalloc(ENTRY_MAX);
	len = read(fd, text, ENTRY_MAX);
	if (len < 0 || len == ENTRY_MAX)
		return err_set(err, -EPERM, "%s is too long", name);
	rc = json_parse(text, (size_t)len, &obj, err);
	if (!rc)
		rc = plan_parse(obj, out, err);
	if (rc)
		return err_prefix(err, "%s", name);
	if (strncmp(name, (*out)->id, ID_LEN) || strlen((*out)->id) != ID_LEN) {
		plan_free(*out);
		return err_set(err, -EPERM, "%s is the entry of another name", name);
	}
	return 0;
}

static int is_entry(const struct dirent *d)
{
	return strlen(d->d_name) == ID_LEN + strlen(SUFFIX) && strspn(d->d_name, "0123456789-abcdef") == ID_LEN &&
	       !strcmp(d->d_name + ID_LEN, SUFFIX);
}

/* Ids of one second are in no order; the times in the entries are. */
static int by_time(const void *a, const void *b)
{
	return strcmp((*(struct plan *const *)a)->begun, (*(struct plan *const *)b)->begun);
}

int journal_read(struct journal *j, struct plan ***plans, size_t *n, void (*bad)(void *arg, const struct err *err),
		 void *arg, struct err *err)
{
	struct dirent **names;
	int count, i;

	*plans = NULL;
	*n = 0;
	count = scandirat(j->dir, ".", &names, is_entry, alphasort);
	if (count < 0)
		return err_sys(err, -errno, "journal %s", j->path);
	for (i = 0; i < count; i++) {
		struct err why = {0};
		struct plan *p;

		if (!entry_read(j, names[i]->d_name, &p, &why))
			*vec_push(*plans, *n) = p;
		else if (bad)
			bad(arg, &why);
		free(names[i]);
	}
	free(names);
	if (*n)
		qsort(*plans, *n, sizeof(**plans), by_time);
	return 0;
}

void journal_prune(struct journal *j, struct plan *const *plans, size_t n, size_t keep, unsigned days)
{
	time_t oldest = time(NULL) - (time_t)days * 24 * 3600;
	struct stat st;
	size_t i;

	for (i = 0; i < n; i++) {
		const struct plan *p = plans[i];
		auto_free char *name = xasprintf("%s" SUFFIX, p->id);

		if (p->status == PLAN_RUNNING || p->n_rest || p->n_left || fstatat(j->dir, name, &st, AT_SYMLINK_NOFOLLOW))
			continue;
		if (n - i > keep || st.st_mtime < oldest)
			unlinkat(j->dir, name, 0);
	}
}
