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

#define ROOM_UNIT 4096u
#define ID_TRIES 100
/* kvmtop itself never reaches this, as it forgets entries that are over. */
#define ENTRIES_MAX 10000
#define BAD_TOLD 10
#define SPARE_KEPT_S 86400

struct journal {
	int dir;
	char *path;
	char *id;			/* of the entry that room is kept for; NULL: none */
	size_t room, len;		/* bytes of that, and of its text now; 0: not written yet */
	unsigned spares;		/* files of that size, beside the entry */
};

int journal_open(bool create, struct journal **out, struct err *err)
{
	auto_free char *state = state_dir(), *path = xasprintf("%s/journal", state);
	auto_close int above = -1, dir = -1;
	int rc = 0;

	if (create)
		rc = state_make(path);
	if (rc)
		return err_sys(err, rc, "journal %s cannot be made (another place: XDG_STATE_HOME=DIR)", path);
	/* who can write the directory above can put another journal in the place of this one */
	above = state_open(AT_FDCWD, state, state, err);
	dir = above < 0 ? above : state_open(above, "journal", path, err);
	if (dir < 0)
		return err_prefix(err, dir, dir == -EPERM ? "the journal is not to be trusted" : "journal");
	*out = xcalloc(1, sizeof(**out));
	(*out)->dir = take_fd(&dir);
	(*out)->path = take_ptr(path);
	return 0;
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

static void unname(struct plan *p)
{
	free(take_ptr(p->id));
	free(take_ptr(p->begun));
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

/* ---- writing: always the room of the entry before, so that a disk that fills up stops no change that has begun */

/*
 * Where the next text of an entry is written, before it takes the entry's name: ".ID.a", and the one after that. Who
 * makes them has that id, or the lock of the entry's guest.
 */
static char *spare(const char *id, char which)
{
	return xasprintf(".%s.%c", id, which);
}

static int spare_make(struct journal *j, const char *id, char which)
{
	auto_free char *name = spare(id, which);
	auto_close int fd = openat(j->dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

	return fd < 0 ? -errno : -posix_fallocate(fd, 0, (off_t)j->room);
}

static void spares_drop(struct journal *j, const char *id)
{
	auto_free char *a = spare(id, 'a'), *b = spare(id, 'b');

	unlinkat(j->dir, a, 0);
	unlinkat(j->dir, b, 0);
}

/* The room is given back: what is behind the text are blanks. */
static void release(struct journal *j)
{
	auto_free char *id = take_ptr(j->id), *name = NULL;
	auto_close int fd = -1;

	if (!id)
		return;
	spares_drop(j, id);
	name = xasprintf("%s" SUFFIX, id);
	fd = j->len && j->len < j->room ? openat(j->dir, name, O_WRONLY | O_NOFOLLOW | O_CLOEXEC) : -1;
	if (fd >= 0 && ftruncate(fd, (off_t)j->len))
		err_set(NULL, 0, "-");		/* as blanks it is as good */
	j->spares = 0;
	j->len = 0;
}

/* An id that no entry has, nor another kvmtop is about to give: the first to make the spare has it. */
static int claim(struct journal *j, struct plan *p)
{
	auto_free char *name = NULL;
	int rc;

	name_entry(p);
	name = xasprintf("%s" SUFFIX, p->id);
	rc = spare_make(j, p->id, 'a');
	if (!rc && faccessat(j->dir, name, F_OK, AT_SYMLINK_NOFOLLOW))
		return 0;
	if (rc != -EEXIST)		/* then it is another one's */
		spares_drop(j, p->id);
	unname(p);
	return rc ? rc : -EEXIST;
}

static int reserve(struct journal *j, struct plan *p, size_t room, unsigned spares)
{
	bool named = p->id;
	int rc, tries = 0;

	release(j);
	j->room = room;
	if (named) {
		spares_drop(j, p->id);		/* of a kvmtop that was killed */
		rc = spare_make(j, p->id, 'a');
	} else {
		do
			rc = claim(j, p);
		while (rc == -EEXIST && ++tries < ID_TRIES);
	}
	if (!rc && spares > 1)
		rc = spare_make(j, p->id, 'b');
	if (!rc) {
		j->id = xstrdup(p->id);
		j->spares = spares;
		return 0;
	}
	if (p->id)
		spares_drop(j, p->id);
	if (!named)
		unname(p);
	return rc;
}

static int not_written(const struct journal *j, int rc, struct err *err)
{
	return err_set(err, rc, "the change could not be written to the journal %s: %s (another place: XDG_STATE_HOME=DIR)", j->path,
		       strerror(-rc));
}

static char *entry_text(const struct plan *p)
{
	auto_json struct json_object *obj = plan_json(p);

	return json_text(obj);
}

/* Of its inverses and what they leave, an entry has each twice at most; the bytes of an error, and of
 * what a step made, may each become six. */
static size_t greatest_size(const struct plan *p)
{
	auto_free char *text = entry_text(p);

	return (3 * strlen(text) + 6 * sizeof(p->err.text) + (64 + 6 * MADE_MAX) * p->n_steps + 2 * ROOM_UNIT) / ROOM_UNIT * ROOM_UNIT;
}

int journal_reserve(struct journal *j, struct plan *p, struct err *err)
{
	int rc = reserve(j, p, greatest_size(p), 2);

	return rc ? not_written(j, rc, err) : 0;
}

/* The first spare, written, becomes the entry; from then on the two change places. */
static int take_place(struct journal *j, const char *from, const char *name)
{
	auto_free char *other = spare(j->id, 'b');
	int rc = 0;

	if (j->spares == 1 && j->len && !renameat2(j->dir, from, j->dir, name, RENAME_EXCHANGE))
		return fsync(j->dir) ? -errno : 0;
	/* the first one, or a file system that does not know that: then the room is not kept */
	rc = renameat(j->dir, from, j->dir, name) ? -errno : 0;
	if (!rc && --j->spares)
		rc = renameat(j->dir, other, j->dir, from) ? -errno : 0;
	return rc ? rc : fsync(j->dir) ? -errno : 0;
}

static int write_reserved(struct journal *j, const char *text, size_t len)
{
	auto_free char *name = xasprintf("%s" SUFFIX, j->id), *from = spare(j->id, 'a'), *whole = xmalloc(j->room);
	auto_close int fd = openat(j->dir, from, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
	int rc = fd < 0 ? -errno : 0;

	memcpy(whole, text, len);
	memset(whole + len, ' ', j->room - len);
	if (!rc)
		rc = write_whole(fd, whole, j->room);
	if (!rc)
		rc = take_place(j, from, name);
	if (!rc)
		j->len = len;
	return rc;
}

int journal_write(struct journal *j, struct plan *p, struct err *err)
{
	bool named = p->id, kept = named && j->id && !strcmp(j->id, p->id) && j->spares;
	auto_free char *text = NULL;
	int rc = 0;

	/* an id is a part of the text */
	if (!named)
		rc = reserve(j, p, greatest_size(p), 1);
	text = entry_text(p);
	if (!rc && named && (!kept || strlen(text) > j->room)) {
		kept = false;
		rc = reserve(j, p, strlen(text), 1);
	}
	if (!rc)
		rc = write_reserved(j, text, strlen(text));
	if (!kept)
		release(j);
	if (rc && !named)
		unname(p);
	return rc ? not_written(j, rc, err) : 0;
}

void journal_close(struct journal *j)
{
	if (!j)
		return;
	release(j);
	close(j->dir);
	free(j->path);
	free(j);
}

/* ---- reading */

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
		return err_prefix(err, rc, "%s", name);
	if (strncmp(name, (*out)->id, ID_LEN) || strlen((*out)->id) != ID_LEN) {
		plan_free(*out);
		return err_set(err, -EPERM, "%s is the entry of another name", name);
	}
	return 0;
}

int journal_read_entry(struct journal *j, const char *id, struct plan **out, struct err *err)
{
	auto_free char *name = xasprintf("%s" SUFFIX, id);

	return entry_read(j, name, out, err);
}

/* An entry is written by giving it its name, so the directory's time tells. */
uint64_t journal_stamp(void)
{
	auto_free char *state = state_dir(), *path = xasprintf("%s/journal", state);
	struct stat st;

	if (lstat(path, &st))
		return 0;
	return (uint64_t)st.st_mtim.tv_sec * NS_PER_SEC + (uint64_t)st.st_mtim.tv_nsec;
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

static void tell_more(const struct journal *j, int n, const char *what, void (*bad)(void *arg, const struct err *err), void *arg)
{
	struct err why = {0};

	if (!n)
		return;
	err_set(&why, -EPERM, "%d %s (move them away from %s)", n, what, j->path);
	bad(arg, &why);
}

int journal_read(struct journal *j, struct plan ***plans, size_t *n, void (*bad)(void *arg, const struct err *err),
		 void *arg, struct err *err)
{
	struct dirent **names;
	int count, old, i, n_bad = 0;

	*plans = NULL;
	*n = 0;
	count = scandirat(j->dir, ".", &names, is_entry, alphasort);
	if (count < 0)
		return err_sys(err, -errno, "journal %s", j->path);
	old = count > ENTRIES_MAX ? count - ENTRIES_MAX : 0;
	for (i = 0; i < count; i++) {
		struct err why = {0};
		struct plan *p;

		if (i >= old && !entry_read(j, names[i]->d_name, &p, &why))
			*vec_push(*plans, *n) = p;
		else if (i >= old && bad && n_bad++ < BAD_TOLD)
			bad(arg, &why);
		free(names[i]);
	}
	free(names);
	tell_more(j, n_bad > BAD_TOLD ? n_bad - BAD_TOLD : 0, "more cannot be believed", bad, arg);
	tell_more(j, bad ? old : 0, "older ones are not looked at", bad, arg);
	if (*n)
		qsort(*plans, *n, sizeof(**plans), by_time);
	return 0;
}

static int is_spare(const struct dirent *d)
{
	return d->d_name[0] == '.' && strspn(d->d_name + 1, "0123456789-abcdef") == ID_LEN && d->d_name[1 + ID_LEN] == '.' &&
	       strchr("ab", d->d_name[2 + ID_LEN]) && strlen(d->d_name) == ID_LEN + 3;
}

/* Of kvmtops that were killed: one that runs writes its own all the time. */
static void prune_spares(struct journal *j)
{
	time_t oldest = time(NULL) - SPARE_KEPT_S;
	struct dirent **names;
	struct stat st;
	int count = scandirat(j->dir, ".", &names, is_spare, NULL), i;

	for (i = 0; i < count; i++) {
		if (!fstatat(j->dir, names[i]->d_name, &st, AT_SYMLINK_NOFOLLOW) && st.st_mtime < oldest)
			unlinkat(j->dir, names[i]->d_name, 0);
		free(names[i]);
	}
	if (count >= 0)
		free(names);
}

void journal_prune(struct journal *j, struct plan *const *plans, size_t n, size_t keep, unsigned days)
{
	time_t oldest = time(NULL) - (time_t)days * 24 * 3600;
	struct stat st;
	size_t i;

	prune_spares(j);
	for (i = 0; i < n; i++) {
		const struct plan *p = plans[i];
		auto_free char *name = xasprintf("%s" SUFFIX, p->id);

		if (p->status == PLAN_RUNNING || plan_is_pending(p) || p->n_left || fstatat(j->dir, name, &st, AT_SYMLINK_NOFOLLOW))
			continue;
		if (n - i > keep || st.st_mtime < oldest)
			unlinkat(j->dir, name, 0);
	}
}
