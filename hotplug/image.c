// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Disk images: is it there, is it what it is said to be, and which other files does it name. A qcow2 header names its
 * backing file and its data file; whoever wrote the image wrote those names, a guest perhaps, and QEMU opens them with
 * its own rights. So the whole chain is shown, and one that leaves the image's directory wants force=on.
 */
#include "internal.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHAIN_MAX 64
#define NAME_MAX_BYTES 1023		/* of a backing file, by the qcow2 specification */
#define EXT_DATA_FILE 0x44415441u	/* header extension: name of the external data file */
#define INCOMPAT_DATA_FILE (1ull << 2)

/* The beginning of a qcow2 image, big endian; a version 3 header goes on to header_length. */
struct qcow2_head {
	uint32_t magic, version;
	uint64_t backing_offset;
	uint32_t backing_size, cluster_bits;
	uint64_t size;
	uint32_t crypt_method, l1_size;
	uint64_t l1_offset, refcount_offset;
	uint32_t refcount_clusters, n_snapshots;
	uint64_t snapshots_offset, incompatible, compatible, autoclear;
	uint32_t refcount_order, header_length;
};

#define QCOW2_MAGIC 0x514649fbu

static bool is_qcow2(int fd, struct qcow2_head *head)
{
	memset(head, 0, sizeof(*head));
	return pread(fd, head, sizeof(*head), 0) >= 72 && be32toh(head->magic) == QCOW2_MAGIC;
}

/* A name that stands in the file; NULL if there is none or it is not to be believed. */
static char *name_at(int fd, uint64_t offset, uint32_t len)
{
	auto_free char *name = xcalloc(1, NAME_MAX_BYTES + 1);

	if (!len || len > NAME_MAX_BYTES || offset > INT64_MAX || pread(fd, name, len, (off_t)offset) != (ssize_t)len)
		return NULL;
	return take_ptr(name);
}

static char *data_file(int fd, const struct qcow2_head *head)
{
	uint64_t at = be32toh(head->header_length);
	unsigned i;

	if (be32toh(head->version) < 3 || !(be64toh(head->incompatible) & INCOMPAT_DATA_FILE))
		return NULL;
	for (i = 0; i < 32; i++) {
		uint32_t ext[2];

		if (pread(fd, ext, sizeof(ext), (off_t)at) != sizeof(ext) || !ext[0])
			break;
		if (be32toh(ext[0]) == EXT_DATA_FILE)
			return name_at(fd, at + 8, be32toh(ext[1]));
		at += 8 + ((be32toh(ext[1]) + 7ull) & ~7ull);
	}
	return xstrdup("(an external data file without a name)");
}

/* Relative names are relative to the image that holds them; "json:" and "nbd://" are no files. */
static char *resolve(const char *image, const char *name)
{
	const char *slash = strrchr(image, '/');

	if (name[0] == '/' || !slash || name[strcspn(name, ":/")] == ':')
		return xstrdup(name);
	return xasprintf("%.*s/%s", (int)(slash - image), image, name);
}

static char *directory_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	auto_free char *dir = xstrndup(path, slash ? (size_t)(slash - path) + 1 : 0);
	char *real = realpath(dir, NULL);

	return real ? real : take_ptr(dir);
}

/* In the directory of the image, or below it; both resolved, so that ".." and links do not fool it. */
static bool is_inside(const struct plan *p, const struct host *h, const char *dir, const char *path)
{
	auto_free char *there = guest_path(p, h, path), *real = NULL;
	size_t len = strlen(dir);

	if (path[0] != '/')
		return false;
	real = realpath(there, NULL);
	return real && !strncmp(real, dir, len) && (real[len] == '/' || dir[len - 1] == '/');
}

struct chain {
	const struct plan *plan;
	const struct host *host;
	char *dir;			/* of the first image, resolved as the guest sees it */
	struct buf text;		/* "a <- b <- c" */
	char *stray;			/* the first file that lies elsewhere */
	unsigned n;
};

static int follow(struct chain *c, const char *image, struct err *err)
{
	auto_free char *path = guest_path(c->plan, c->host, image), *backing = NULL, *data = NULL, *next = NULL;
	auto_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct qcow2_head head;

	if (fd < 0 || !is_qcow2(fd, &head))
		return 0;
	if (++c->n > CHAIN_MAX)
		return err_set(err, -ELOOP, "image %s: its backing chain has more than %d files, or goes in a circle (see: qemu-img info "
			       "--backing-chain)", image, CHAIN_MAX);
	data = data_file(fd, &head);
	if (data) {
		auto_free char *file = resolve(image, data);

		buf_printf(&c->text, " + %s", file);
		if (!c->stray && !is_inside(c->plan, c->host, c->dir, file))
			c->stray = xstrdup(file);
	}
	if (!be64toh(head.backing_offset))
		return 0;
	backing = name_at(fd, be64toh(head.backing_offset), be32toh(head.backing_size));
	if (!backing)
		return err_set(err, -EINVAL, "image %s: its header names a backing file that cannot be read (see: qemu-img check)", image);
	next = resolve(image, backing);
	buf_printf(&c->text, " <- %s", next);
	if (!c->stray && !is_inside(c->plan, c->host, c->dir, next))
		c->stray = xstrdup(next);
	return follow(c, next, err);
}

static int check_chain(struct plan *p, const struct host *h, struct err *err)
{
	const char *file = plan_arg(p, "file");
	auto_free char *path = guest_path(p, h, file);
	struct chain c = { .plan = p, .host = h, .dir = directory_of(path) };
	int rc = follow(&c, file, err);

	if (!rc && c.stray && !is_on(p, "force"))
		rc = err_set(err, -EACCES, "image %s names %s, which is not in its directory: whoever wrote the image would have QEMU "
			     "open it (force=on if that is meant)", file, c.stray);
	if (!rc && c.text.len)
		plan_warn(p, "the image has a chain: %s%s", file, c.text.text);
	free(c.dir);
	free(c.stray);
	buf_done(&c.text);
	return rc;
}

static int check_format(const struct plan *p, bool qcow2, struct err *err)
{
	const char *file = plan_arg(p, "file"), *format = plan_arg(p, "format");

	if (!format)
		return err_set(err, -EINVAL, "format= is missing, and never guessed: image %s looks like %s, say format=%s", file,
			       qcow2 ? "qcow2" : "a raw disk", qcow2 ? "qcow2" : "raw");
	if (!strcmp(format, "qcow2") && !qcow2)
		return err_set(err, -EINVAL, "image %s is not qcow2 (say format=raw if it is a plain disk image)", file);
	if (!strcmp(format, "raw") && qcow2 && !is_on(p, "force"))
		return err_set(err, -EINVAL, "image %s has a qcow2 header, the guest would see the container instead of the disk "
			       "(say format=qcow2, or force=on if the header is the guest's own)", file);
	return 0;
}

static bool is_utf8(const char *s)
{
	auto_free char *valid = str_utf8(s, strlen(s), SIZE_MAX);

	return !strcmp(s, valid);
}

int check_image(struct plan *p, const struct host *h, bool *block_device, struct err *err)
{
	const char *file = plan_arg(p, "file"), *format = plan_arg(p, "format");
	auto_free char *path = guest_path(p, h, file);
	auto_close int fd = -1;
	struct qcow2_head head;
	struct stat st;
	int rc;

	if (!is_utf8(file))
		return err_set(err, -EINVAL, "image %s: its name is not UTF-8, and QEMU's monitor takes no other (a link to it with a "
			       "plain name)", file);
	if (stat(path, &st)) {
		if (errno == ENOENT)	/* not -ENOENT: that is said of guests and devices */
			return err_set(err, -EINVAL, "image %s: no such file (make one with: qemu-img create)", file);
		return err_set(err, -EINVAL, "image %s: %s (the path of a file or a block device is expected)", file, strerror(errno));
	}
	if (S_ISDIR(st.st_mode))
		return err_set(err, -EINVAL, "image %s is a directory (a file or a block device is expected)", file);
	if (!S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode))
		return err_set(err, -EINVAL, "image %s is neither a file nor a block device, one of which is expected", file);
	*block_device = S_ISBLK(st.st_mode);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0 && format)		/* QEMU's rights count, not ours: let it try */
		return 0;
	rc = check_format(p, fd >= 0 && is_qcow2(fd, &head), err);
	if (rc || strcmp(format, "qcow2"))
		return rc;
	return check_chain(p, h, err);
}
