// SPDX-License-Identifier: GPL-3.0-or-later
/* The file of the screen's settings. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/plan/plan.h"

#define FILE_MAX_BYTES 65536
#define LINES_MAX 2000
#define HINT "move it away, or use another place: XDG_CONFIG_HOME=DIR"

static char *config_dir(void)
{
	return state_place("XDG_CONFIG_HOME", "/etc/kvmtop", ".config");
}

/* Who can write it can name columns, no more; but a file that is another user's may change at any time, or never end. */
static int check(int fd, const char *path, bool dir, struct err *err)
{
	struct stat st;

	if (fstat(fd, &st))
		return err_sys(err, -errno, "%s", path);
	if (dir ? !S_ISDIR(st.st_mode) : !S_ISREG(st.st_mode))
		return err_set(err, -EPERM, "%s is not a %s (" HINT ")", path, dir ? "directory" : "file");
	if (st.st_uid != geteuid() || st.st_mode & 022)
		return err_set(err, -EPERM, "%s belongs to uid %u and has mode %04o: it must be ours, and no other user may write it (" HINT ")",
			       path, (unsigned)st.st_uid, (unsigned)st.st_mode & 07777);
	if (!dir && st.st_size > FILE_MAX_BYTES)
		return err_set(err, -EPERM, "%s is longer than 64 KiB (" HINT ")", path);
	return 0;
}

static int open_dir(const char *path, struct err *err)
{
	auto_close int dir = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int rc;

	if (dir < 0 && (errno == ELOOP || errno == ENOTDIR))
		return err_set(err, -EPERM, "%s is not a directory itself (" HINT ")", path);
	if (dir < 0)
		return err_sys(err, -errno, "%s", path);
	rc = check(dir, path, true, err);
	return rc ? rc : take_fd(&dir);
}

static int read_text(int fd, char text[FILE_MAX_BYTES + 1])
{
	size_t len = 0;
	ssize_t n;

	while (len < FILE_MAX_BYTES && (n = read(fd, text + len, FILE_MAX_BYTES - len)) != 0) {
		if (n < 0 && errno != EINTR)
			return -errno;
		len += n > 0 ? (size_t)n : 0;
	}
	text[len] = '\0';
	return strlen(text) == len ? 0 : -EBADMSG;
}

int config_read(struct config *c, struct err *err)
{
	auto_free char *dir_path = config_dir(), *path = xasprintf("%s/config", dir_path), *text = NULL;
	auto_close int dir = open_dir(dir_path, err), fd = -1;
	char *line, *rest;
	int rc;

	*c = (struct config){0};
	if (dir < 0)
		return dir;
	fd = openat(dir, "config", O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return errno == ELOOP ? err_set(err, -EPERM, "%s is a symbolic link (" HINT ")", path) : err_sys(err, -errno, "%s", path);
	rc = check(fd, path, false, err);
	if (rc)
		return rc;
	rest = text = xmalloc(FILE_MAX_BYTES + 1);
	rc = read_text(fd, text);
	if (rc)
		return err_set(err, -EPERM, "%s is no text (" HINT ")", path);
	while ((line = strsep(&rest, "\n")) && c->n < LINES_MAX)
		if (rest || *line)
			*vec_push(c->lines, c->n) = xstrdup(line);
	return 0;
}

void config_done(struct config *c)
{
	while (c->n)
		free(c->lines[--c->n]);
	free(c->lines);
	*c = (struct config){0};
}

/* What stands behind "key =" in a line; NULL: it is another line. */
static const char *value_of(const char *line, const char *key)
{
	size_t len = strlen(key);

	line += strspn(line, " \t");
	if (strncmp(line, key, len))
		return NULL;
	line += len + strspn(line + len, " \t");
	return *line == '=' ? line + 1 + strspn(line + 1, " \t") : NULL;
}

const char *config_get(const struct config *c, const char *key)
{
	const char *value = NULL;
	size_t i;

	for (i = c->n; i-- > 0 && !value; )
		value = value_of(c->lines[i], key);
	return value;
}

void config_set(struct config *c, const char *key, const char *value)
{
	size_t i, kept = 0;
	bool there = !value;

	for (i = 0; i < c->n; i++) {
		char *line = c->lines[i];

		if (value_of(line, key)) {
			free(line);
			if (there)
				continue;
			line = xasprintf("%s = %s", key, value);
			there = true;
		}
		c->lines[kept++] = line;
	}
	c->n = kept;
	if (!there)
		*vec_push(c->lines, c->n) = xasprintf("%s = %s", key, value);
}

static int write_text(int dir, const char *text)
{
	auto_free char *name = xasprintf(".config.%ld", (long)getpid());
	auto_close int fd = -1;
	int rc = 0;

	unlinkat(dir, name, 0);
	fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	while (*text && !rc) {
		ssize_t n = write(fd, text, strlen(text));

		if (n >= 0)
			text += n;
		else if (errno != EINTR)
			rc = -errno;
	}
	if (!rc && (fsync(fd) || renameat(dir, name, dir, "config")))
		rc = -errno;
	if (rc)
		unlinkat(dir, name, 0);
	return rc;
}

int config_write(const struct config *c, struct err *err)
{
	auto_free char *path = config_dir();
	auto_buf struct buf text = {0};
	auto_close int dir = -1;
	size_t i;
	int rc = state_make(path);

	if (rc)
		return err_sys(err, rc, "%s cannot be made", path);
	dir = open_dir(path, err);
	if (dir < 0)
		return dir;
	buf_puts(&text, "");
	for (i = 0; i < c->n; i++)
		buf_printf(&text, "%s\n", c->lines[i]);
	rc = write_text(dir, text.text);
	return rc ? err_sys(err, rc, "%s/config", path) : 0;
}
