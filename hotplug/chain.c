// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Following the chain of an image. Every name in it but the first may be an attacker's: a name is held, looked at, and
 * refused or accepted before anything is opened. What is accepted is given to QEMU as explicit nodes, so that it reads no
 * name out of a header itself.
 */
#include "image.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "qcow2.h"

#define CHAIN_MAX 64

struct follow {
	struct image_look *l;
	char *dir;			/* where the first image is */
	struct stat top;
	struct host_id {
		dev_t dev;
		ino_t ino;
	} seen[CHAIN_MAX];
};

void image_chain_done(struct image_chain *c)
{
	while (c->n) {
		free(c->images[--c->n].file);
		free(c->images[c->n].data);
	}
	free(c->images);
	*c = (struct image_chain){0};
}

void image_look_free(struct image_look *l)
{
	free(l->file);
	free(l->root);
	free(l->cwd);
	free(l->format);
	image_chain_done(&l->chain);
	buf_done(&l->text);
	free(l);
}

static char *path_for_us(const struct image_look *l, const char *file)
{
	return xasprintf("%s%s", file[0] == '/' ? l->root : l->cwd, file);
}

/* "json:{..}", "nbd://..", "fat:..": QEMU takes what is before a colon for a protocol, unless a slash comes first. */
static bool has_protocol(const char *name)
{
	return name[strcspn(name, ":/")] == ':';
}

/* Relative names are relative to the image that holds them. */
static char *resolve(const char *image, const char *name)
{
	const char *slash = strrchr(image, '/');

	if (name[0] == '/' || !slash)
		return xstrdup(name);
	return xasprintf("%.*s/%s", (int)(slash - image), image, name);
}

static char *directory_of(const struct image_look *l)
{
	const char *slash = strrchr(l->file, '/');
	auto_free char *part = slash ? xstrndup(l->file, (size_t)(slash - l->file) + 1) : xstrdup(".");
	auto_free char *path = path_for_us(l, part);
	struct stat st;
	auto_close int fd = file_hold(path, &st);

	return fd < 0 ? NULL : file_where(fd);
}

/* In the directory of the image, or below it; both as the kernel has them, so that ".." and links do not fool it. */
static bool is_inside(const char *dir, int fd)
{
	auto_free char *where = file_where(fd);
	size_t len = dir ? strlen(dir) : 0;

	return len && where && !strncmp(where, dir, len) && (where[len] == '/' || dir[len - 1] == '/');
}

/* A file that who made the image could read anyway. */
static bool is_theirs(const struct stat *top, const struct stat *st)
{
	if (st->st_uid == top->st_uid)
		return true;
	return st->st_uid == 0 && (st->st_mode & S_IROTH || (st->st_mode & S_IRGRP && st->st_gid == top->st_gid));
}

/* Hold what the header of an image names. */
static int hold_named(struct follow *f, const char *image, const char *file, int *out, struct stat *st)
{
	struct image_look *l = f->l;
	auto_free char *path = path_for_us(l, file);
	auto_close int fd = file_hold(path, st);

	if (fd == -ENOENT)
		return err_set(&l->err, -EINVAL, "image %s names %s: no such file (see: qemu-img info --backing-chain)", image, file);
	if (fd < 0)
		return err_set(&l->err, -EINVAL, "image %s names %s: %s (an image in its own directory is expected)", image, file,
			       strerror(-fd));
	if (!S_ISREG(st->st_mode))
		return err_set(&l->err, -EINVAL, "image %s names %s, which is not a regular file, and only the first image of a chain can "
			       "be a device (qemu-img convert makes one image of both)", image, file);
	if (!l->force && !is_inside(f->dir, fd))
		return err_set(&l->err, -EACCES, "image %s names %s, which is not in its directory: the author of the image would have "
			       "QEMU open it (force=on if that is meant)", image, file);
	if (!l->force && !is_theirs(&f->top, st))
		return err_set(&l->err, -EACCES, "image %s names %s, which belongs to another user (uid %u, the image's is %u): the author "
			       "of the image would have QEMU open it (force=on if that is meant)", image, file, (unsigned)st->st_uid,
			       (unsigned)f->top.st_uid);
	*out = take_fd(&fd);
	return 0;
}

static int check_name(struct image_look *l, const char *image, const char *name)
{
	auto_free char *valid = str_utf8(name, strlen(name), SIZE_MAX);

	if (*name && !has_protocol(name) && !strcmp(name, valid))
		return 0;
	if (has_protocol(name))
		return err_set(&l->err, -EINVAL, "image %s names %s: a URL or options, where only files are followed (qemu-img convert makes "
			       "one image of both)", image, name);
	return err_set(&l->err, -EINVAL, "image %s names a file whose name is empty or not UTF-8 (qemu-img rebase -u gives it another)",
		       image);
}

static int check_format(struct image_look *l, const char *image, const struct qcow2 *q)
{
	if (!q->format)
		return err_set(&l->err, -EINVAL, "image %s names its backing file %s without its format, which is never guessed (write it down: "
			       "qemu-img rebase -u -b FILE -F raw|qcow2 IMAGE)", image, q->backing);
	if (!strcmp(q->format, "raw") || !strcmp(q->format, "qcow2"))
		return 0;
	return err_set(&l->err, -EINVAL, "image %s has the backing file %s of the format %s, which may name more files: only raw and qcow2 "
		       "are followed (qemu-img convert -O qcow2, then qemu-img rebase)", image, q->backing, q->format);
}

static int take_data(struct follow *f, struct image *image, const char *name)
{
	auto_close int fd = -1;
	struct stat st = {0};
	int rc = check_name(f->l, image->file, name);

	if (rc)
		return rc;
	image->data = resolve(image->file, name);
	buf_printf(&f->l->text, " + %s", image->data);
	rc = hold_named(f, image->file, image->data, &fd, &st);
	image->data_id = host_file_from(&st);
	return rc;
}

/* What the header says, of a file that is held. */
static int read_head(struct image_look *l, const char *image, int held, struct qcow2 *q)
{
	auto_free char *head = xmalloc(QCOW2_HEAD_BYTES);
	auto_close int fd = file_read_held(held);
	ssize_t len = fd < 0 ? fd : pread(fd, head, QCOW2_HEAD_BYTES, 0);
	const char *why;

	if (len < 0)
		return err_set(&l->err, -EINVAL, "image %s cannot be read: %s", image, strerror(fd < 0 ? -fd : errno));
	if (!qcow2_is(head, (size_t)len))
		return err_set(&l->err, -EINVAL, "image %s is not qcow2 (say format=raw if it is a plain disk image)", image);
	why = qcow2_parse(head, (size_t)len, q);
	return why ? err_set(&l->err, -EINVAL, "image %s: %s (see: qemu-img check)", image, why) : 0;
}

static int note_seen(struct follow *f, const char *image, const struct stat *st)
{
	size_t n = f->l->chain.n - 1, i;

	for (i = 0; i < n; i++)
		if (f->seen[i].dev == st->st_dev && f->seen[i].ino == st->st_ino)
			break;
	if (i == n && n < CHAIN_MAX) {
		f->seen[n] = (struct host_id){ st->st_dev, st->st_ino };
		return 0;
	}
	return err_set(&f->l->err, -ELOOP, "image %s: its backing chain has more than %d files, or goes in a circle (see: qemu-img info "
		       "--backing-chain)", image, CHAIN_MAX);
}

/* The images below the first one, which is held. */
static int follow(struct follow *f, int top)
{
	struct image_look *l = f->l;
	auto_close int held = top;
	struct stat st = f->top;
	struct qcow2 q = {0};
	int rc = 0;

	while (!rc) {
		struct image *image = &l->chain.images[l->chain.n - 1], *next;
		int fd = -1;

		rc = note_seen(f, image->file, &st);
		if (!rc && !image->qcow2)
			break;
		if (!rc)
			rc = read_head(l, image->file, held, &q);
		if (!rc && q.data)
			rc = take_data(f, image, q.data);
		if (rc || !q.backing)
			break;
		rc = check_name(l, image->file, q.backing);
		if (!rc)
			rc = check_format(l, image->file, &q);
		if (rc)
			break;
		next = vec_push(l->chain.images, l->chain.n);
		image = next - 1;
		next->file = resolve(image->file, q.backing);
		next->qcow2 = !strcmp(q.format, "qcow2");
		buf_printf(&l->text, " <- %s", next->file);
		rc = hold_named(f, image->file, next->file, &fd, &st);
		next->id = host_file_from(&st);
		mem_close_ptr(&held);
		held = fd;
		qcow2_done(&q);
	}
	qcow2_done(&q);
	return rc;
}

static int check_kind(struct image_look *l, const struct stat *st)
{
	if (S_ISDIR(st->st_mode))
		return err_set(&l->err, -EINVAL, "image %s is a directory (a file or a block device is expected)", l->file);
	if (!S_ISREG(st->st_mode) && !S_ISBLK(st->st_mode))
		return err_set(&l->err, -EINVAL, "image %s is neither a file nor a block device, one of which is expected", l->file);
	return 0;
}

static int check_given(struct image_look *l, bool qcow2)
{
	if (!l->format)
		return err_set(&l->err, -EINVAL, "format= is missing, and never guessed: image %s looks like %s, say format=%s", l->file,
			       qcow2 ? "qcow2" : "a raw disk", qcow2 ? "qcow2" : "raw");
	if (!strcmp(l->format, "qcow2") && !qcow2)
		return err_set(&l->err, -EINVAL, "image %s is not qcow2 (say format=raw if it is a plain disk image)", l->file);
	if (!strcmp(l->format, "raw") && qcow2 && !l->force)
		return err_set(&l->err, -EINVAL, "image %s has a qcow2 header, the guest would see the container instead of the disk "
			       "(say format=qcow2, or force=on if the header is the guest's own)", l->file);
	return 0;
}

/* QEMU's rights count, not ours; but then nothing is known of what a qcow2 image names. */
static int cannot_read(struct image_look *l, int why)
{
	if (l->format && (!strcmp(l->format, "raw") || l->force)) {
		l->chain.unchecked = strcmp(l->format, "raw");
		return 0;
	}
	return err_set(&l->err, -EACCES, "image %s cannot be read here (%s), so which files it names is not known (run kvmtop as root, or "
		       "force=on to leave that to QEMU)", l->file, strerror(-why));
}

static int look(struct image_look *l, struct follow *f)
{
	auto_free char *path = path_for_us(l, l->file);
	auto_close int held = file_hold(path, &f->top), fd = -1;
	char head[512];
	ssize_t len;
	int rc;

	if (held == -ENOENT)		/* not -ENOENT: that is said of guests and devices */
		return err_set(&l->err, -EINVAL, "image %s: no such file (make one with: qemu-img create)", l->file);
	if (held < 0)
		return err_set(&l->err, -EINVAL, "image %s: %s (the path of a file or a block device is expected)", l->file, strerror(-held));
	rc = check_kind(l, &f->top);
	if (rc)
		return rc;
	*vec_push(l->chain.images, l->chain.n) = (struct image){
		.file = xstrdup(l->file), .qcow2 = l->format && !strcmp(l->format, "qcow2"), .block_device = S_ISBLK(f->top.st_mode), .id = host_file_from(&f->top),
	};
	fd = file_read_held(held);
	if (fd < 0)
		return cannot_read(l, fd);
	len = pread(fd, head, sizeof(head), 0);
	rc = check_given(l, len > 0 && qcow2_is(head, (size_t)len));
	if (rc || strcmp(l->format, "qcow2"))
		return rc;
	f->dir = directory_of(l);
	return follow(f, take_fd(&held));
}

void image_look(struct image_look *l)
{
	struct follow f = { .l = l };

	l->rc = look(l, &f);
	free(f.dir);
}
