// SPDX-License-Identifier: GPL-3.0-or-later
/* Unplugging and resizing disks, whoever plugged them. */
#include "internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static int no_such_disk(const struct qmp_disk *disks, size_t n, const char *id, struct err *err)
{
	auto_buf struct buf all = {0};
	struct str_near near = { .word = id };
	size_t i;

	for (i = 0; i < n; i++) {
		str_near_try(&near, disks[i].id);
		buf_printf(&all, "%s%s", i ? ", " : "", disks[i].id);
	}
	if (near.best)
		return err_set(err, -ENODEV, "no disk '%s', did you mean '%s'?", id, near.best);
	return err_set(err, -ENODEV, "no disk '%s' (there is: %s)", id, all.len ? all.text : "none");
}

static int plan_remove(struct plan *p, struct qmp *q, const struct qmp_disk *disk, struct err *err)
{
	char **chain = NULL;
	size_t n = 0, i;
	struct step *s;
	int rc;

	/* a node made by -drive goes with its device; one made by blockdev-add is its maker's to delete */
	if (disk->node && !disk->device) {
		rc = qmp_query_chain(q, disk->node, &chain, &n, err);
		if (rc)
			return rc;
	}
	plan_qmp(p, "device_del", named("id", disk->id));
	s = plan_await_gone(p, disk->id);
	step_leaves(s, "device %s, which the guest has not released", disk->id);
	for (i = 0; i < n; i++) {
		s = i ? plan_drop_node(p, chain[i]) : plan_qmp(p, "blockdev-del", named("node-name", chain[i]));
		step_leaves(s, "block node %s (%s)", chain[i], disk->file ? disk->file : "?");
	}
	qmp_strings_free(chain, n);
	return 0;
}

static struct json_object *resize_json(const char *node, uint64_t size)
{
	return json_put(named("node-name", node), "size", json_object_new_uint64(size));
}

/* The block device that a path leads to. */
struct device_look {
	struct host *h;
	char *path;
	uint64_t bytes;			/* 0: not a block device, or not known */
};

static void device_look(void *arg)
{
	struct device_look *l = arg;
	struct host_store store = { .device = true };
	struct stat st;
	auto_close int fd = file_hold(l->path, &st);

	if (fd < 0 || !S_ISBLK(st.st_mode))
		return;
	store.dev = st.st_rdev;
	host_store_device(l->h, &store);
	l->bytes = store.total_bytes;
}

static void device_drop(void *arg)
{
	struct device_look *l = arg;

	host_free(l->h);
	free(l->path);
	free(l);
}

static int check_device(const struct plan *p, const struct host *h, const struct disk_now *disk, uint64_t size, struct err *err)
{
	struct device_look *l;
	uint64_t bytes;
	char text[16];
	int rc;

	/* another format, and a part of a device, which QEMU names by JSON, have a size of their own */
	if (!disk->file || disk->file[0] != '/' || !disk->format || strcmp(disk->format, "raw"))
		return 0;
	l = xcalloc(1, sizeof(*l));
	l->h = host_keep(h);
	l->path = guest_path(p, h, disk->file);
	l = look_late(device_look, device_drop, l, &rc);
	if (!l)
		return err_set(err, rc, "disk '%s': how large %s is cannot be found out: the file system it is on does not answer", disk->id,
			       disk->file);
	bytes = l->bytes;
	device_drop(l);
	if (!bytes || bytes == size)
		return 0;
	units_scaled((double)bytes, 1024, text, sizeof(text));
	return err_set(err, -EINVAL, "disk '%s' is the block device %s, which holds %s: a guest gets the whole of it, no more and no less "
		       "(make the device %s, or size=%llu)", disk->id, disk->file, text, size > bytes ? "larger first" : "smaller first",
		       (unsigned long long)bytes);
}

int check_disk_size(struct plan *p, const struct host *h, const struct disk_now *disk, uint64_t *size, struct err *err)
{
	int rc;

	if (units_size_parse(plan_arg(p, "size"), size) || !*size || *size % 512)
		return err_set(err, -EINVAL, "size=%s: a disk is a multiple of 512 bytes", plan_arg(p, "size"));
	rc = check_device(p, h, disk, *size, err);
	if (rc)
		return rc;
	if (*size == disk->bytes)
		p->status = PLAN_UNCHANGED;
	if (*size >= disk->bytes || is_on(p, "force"))
		return 0;
	return err_set(err, -EINVAL, "disk '%s' holds %llu bytes: making it smaller cuts data off (force=on if that is meant)", disk->id,
		       (unsigned long long)disk->bytes);
}

static int plan_resize(struct plan *p, const struct host *h, const struct qmp_disk *disk, struct err *err)
{
	uint64_t size, now = disk->size_bytes;
	struct step *s;
	int rc;

	if (!disk->node || now == UINT64_MAX)
		return err_set(err, -EINVAL, "disk '%s' has no medium (it is a drive without a disk in it)", disk->id);
	rc = check_disk_size(p, h, &(struct disk_now){ disk->id, disk->file, disk->format, now }, &size, err);
	if (rc || p->status == PLAN_UNCHANGED)
		return rc;
	s = plan_qmp(p, "block_resize", resize_json(disk->node, size));
	if (size > now)		/* what was cut off does not come back with the size */
		step_undo_qmp(s, "block_resize", resize_json(disk->node, now));
	step_leaves(s, "disk %s with %llu bytes", disk->id, (unsigned long long)size);
	return 0;
}

static int change(struct plan *p, const struct plan_env *env, bool resize, struct err *err)
{
	const char *id = plan_arg(p, "ID");
	struct qmp_disk *disks = NULL, *found = NULL;
	struct qmp *q = env->qmp;
	size_t n = 0, i;
	int rc;

	rc = check_guest(p, q, err);
	if (!rc)
		rc = qmp_query_disks(q, &disks, &n, err);
	if (rc)
		return rc;
	for (i = 0; i < n; i++)
		if (!strcmp(disks[i].id, id))
			found = &disks[i];
	if (found)
		p->device = xstrdup(id);
	if (!found)
		rc = no_such_disk(disks, n, id, err);
	else
		rc = resize ? plan_resize(p, env->host, found, err) : plan_remove(p, q, found, err);
	qmp_disks_free(disks, n);
	return rc;
}

int hotplug_disk_remove(struct plan *p, const struct plan_env *env, struct err *err)
{
	return p->domain ? virt_disk_build(p, env, DISK_REMOVE, err) : change(p, env, false, err);
}

int hotplug_disk_resize(struct plan *p, const struct plan_env *env, struct err *err)
{
	return p->domain ? virt_disk_build(p, env, DISK_RESIZE, err) : change(p, env, true, err);
}
