// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * What a disk's image is, whatever stands above it. A node whose parts were given one by one is called "json:{..}" after
 * them: the filters, the format, its backing nodes, and the protocol by which it is reached.
 */
#include "image.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 32

bool qmp_is_filter(const char *driver)
{
	static const char *const filters[] = {
		"throttle", "copy-on-read", "blkdebug", "blkverify", "blkreplay", "blklogwrites", "preallocate", "compress",
		"copy-before-write", "snapshot-access", "mirror_top", "commit_top", "backup-top", "cbw", NULL
	};

	return str_is_listed(driver, filters);
}

bool qmp_is_protocol(const char *driver)
{
	static const char *const protocols[] = {
		"file", "host_device", "host_cdrom", "nbd", "rbd", "iscsi", "http", "https", "ftp", "ftps", "ssh", "gluster", "nfs",
		"nvme", "nvme-io_uring", "virtio-blk-vfio-pci", "virtio-blk-vhost-user", "virtio-blk-vhost-vdpa", "null-co",
		"null-aio", "sheepdog", "vvfat", NULL
	};

	return str_is_listed(driver, protocols);
}

/* A member that QEMU writes as {"server": {"host": ..}} or as {"server.host": ..}. */
static const char *sub(struct json_object *node, const char *outer, const char *inner)
{
	char flat[64];

	snprintf(flat, sizeof(flat), "%s.%s", outer, inner);
	return json_str(node, flat) ? json_str(node, flat) : json_str(json_member(node, outer), inner);
}

/* The first server of gluster's list. */
static const char *first_server(struct json_object *node, const char *key)
{
	struct json_object *list = json_array(node, "server");
	char flat[64];

	snprintf(flat, sizeof(flat), "server.0.%s", key);
	if (json_str(node, flat))
		return json_str(node, flat);
	return list && json_object_array_length(list) ? json_str(json_object_array_get_idx(list, 0), key) : NULL;
}

static void put(struct buf *b, const char *before, const char *text)
{
	if (text && *text)
		buf_printf(b, "%s%s", before, text);
}

static void put_server(struct buf *b, const char *scheme, const char *host, const char *port)
{
	bool v6 = host && *host != '[' && strchr(host, ':') != strrchr(host, ':');

	buf_printf(b, "%s://%s%s%s", scheme, v6 ? "[" : "", host ? host : "", v6 ? "]" : "");
	put(b, ":", port);
}

static void put_nbd(struct buf *b, struct json_object *node)
{
	const char *path = sub(node, "server", "path"), *export = json_str(node, "export");

	if (path) {
		buf_printf(b, "nbd+unix:///%s?socket=%s", export ? export : "", path);
		return;
	}
	put_server(b, "nbd", sub(node, "server", "host"), sub(node, "server", "port"));
	put(b, "/", export);
}

static void put_rbd(struct buf *b, struct json_object *node)
{
	put(b, "rbd:", json_str(node, "pool"));
	put(b, "/", json_str(node, "namespace"));
	put(b, "/", json_str(node, "image"));
}

static void put_iscsi(struct buf *b, struct json_object *node)
{
	uint64_t lun = 0;

	put_server(b, "iscsi", json_str(node, "portal"), NULL);
	put(b, "/", json_str(node, "target"));
	json_u64(node, "lun", &lun);
	if (json_str(node, "lun"))
		put(b, "/", json_str(node, "lun"));
	else
		buf_printf(b, "/%llu", (unsigned long long)lun);
}

static void put_path(struct buf *b, const char *path)
{
	put(b, path && *path == '/' ? "" : "/", path);
}

static void put_ssh(struct buf *b, struct json_object *node)
{
	put_server(b, "ssh", sub(node, "server", "host"), sub(node, "server", "port"));
	put_path(b, json_str(node, "path"));
}

static void put_gluster(struct buf *b, struct json_object *node)
{
	put_server(b, "gluster", first_server(node, "host"), first_server(node, "port"));
	put(b, "/", json_str(node, "volume"));
	put_path(b, json_str(node, "path"));
}

static void put_nfs(struct buf *b, struct json_object *node)
{
	put_server(b, "nfs", sub(node, "server", "host"), NULL);
	put_path(b, json_str(node, "path"));
}

static void put_nvme(struct buf *b, struct json_object *node)
{
	const char *space = json_str(node, "namespace");
	uint64_t n;

	buf_puts(b, "nvme://");
	put(b, "", json_str(node, "device"));
	if (space)
		put(b, "/", space);
	else if (json_u64(node, "namespace", &n))
		buf_printf(b, "/%llu", (unsigned long long)n);
}

static char *url_of(struct json_object *node, const char *driver)
{
	static const struct {
		const char *driver;
		void (*put)(struct buf *b, struct json_object *node);
	} protocols[] = {
		{ "nbd", put_nbd }, { "rbd", put_rbd }, { "iscsi", put_iscsi }, { "ssh", put_ssh }, { "gluster", put_gluster },
		{ "nfs", put_nfs }, { "nvme", put_nvme },
	};
	static const char *const where[] = { "url", "filename", "path", "device", "dir" };
	auto_buf struct buf b = {0};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(protocols); i++) {
		if (strcmp(driver, protocols[i].driver))
			continue;
		protocols[i].put(&b, node);
		return buf_take(&b);
	}
	for (i = 0; i < ARRAY_SIZE(where); i++)
		if (json_str(node, where[i])) {
			/* a path is one of the host, the rest says what it is */
			bool plain = !strcmp(driver, "file") || str_has_prefix(driver, "host_") || !strcmp(driver, "vvfat") ||
				!strcmp(where[i], "url");

			return plain ? xstrdup(json_str(node, where[i])) : xasprintf("%s:%s", driver, json_str(node, where[i]));
		}
	return xasprintf("%s:", driver);
}

/* The part below: of the filters of jobs it is the backing node. */
static struct json_object *below(struct json_object *node)
{
	static const char *const names[] = { "file", "image", "backing" };
	const char *driver = json_str(node, "driver");
	struct json_object *next = NULL;
	size_t i;

	for (i = 0; !next && i < (qmp_is_filter(driver) ? ARRAY_SIZE(names) : 1); i++)
		next = json_member(node, names[i]);
	return json_object_is_type(next, json_type_object) ? next : NULL;
}

void qmp_image_done(struct qmp_image *image)
{
	free(image->file);
	free(image->format);
	while (image->n_groups)
		free(image->groups[--image->n_groups]);
	*image = (struct qmp_image){0};
}

/* A directory that is shown as a file system is no raw image: as libvirt has it. */
static void name_directory(struct qmp_image *image, const char *driver)
{
	if (strcmp(driver, "vvfat"))
		return;
	free(image->format);
	image->format = xstrdup("fat");
}

bool qmp_image_read(const char *text, struct qmp_image *out)
{
	auto_json struct json_object *doc = NULL;
	struct json_object *node, *leaf = NULL;
	const char *driver;
	unsigned depth = 0;

	if (!str_has_prefix(text, "json:") || json_parse(text + 5, strlen(text + 5), &doc, NULL) ||
	    !json_str(doc, "driver"))
		return false;
	*out = (struct qmp_image){0};
	for (node = doc; node && depth < DEPTH_MAX; node = below(node), depth++) {
		driver = json_str(node, "driver");
		if (!driver)
			break;
		if (!strcmp(driver, "throttle") && json_str(node, "throttle-group") && out->n_groups < QMP_GROUPS_MAX)
			out->groups[out->n_groups++] = qmp_ident(node, "throttle-group");
		if (!out->format && !qmp_is_filter(driver))
			out->format = qmp_is_protocol(driver) ? xstrdup("raw") : qmp_ident(node, "driver");
		leaf = node;
	}
	driver = json_str(leaf, "driver");
	if (!qmp_is_protocol(driver) && json_member(leaf, "file")) {	/* a name of a node, which tells nothing here */
		qmp_image_done(out);
		return false;
	}
	name_directory(out, driver);
	out->file = url_of(leaf, driver);
	return true;
}

void qmp_image_of_node(const char *name, const char *driver, struct qmp_image *out)
{
	struct qmp_image whole = {0};

	if (!name || !driver)
		return;
	name_directory(out, driver);
	if (!str_has_prefix(name, "json:")) {
		out->file = str_utf8(name, strlen(name), QMP_FILE_MAX);
	} else if (qmp_image_read(name, &whole)) {
		out->file = take_ptr(whole.file);
		qmp_image_done(&whole);
	} else {
		out->file = xasprintf("%s:", driver);
	}
}
