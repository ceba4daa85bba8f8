// SPDX-License-Identifier: GPL-3.0-or-later
/* disk add with create=: an image that is not there yet, and is made as a step of the change. */
#include "internal.h"

#include <errno.h>
#include <string.h>

#define LOOK_MS 3000
#define SECTOR 512

static int check_free(const char *file, const char *path, const struct host_owner *owner, struct err *err)
{
	int rc = host_image_exists(path, owner, LOOK_MS);

	switch (rc) {
	case 0: return 0;
	case 1: return err_set(err, -EEXIST, "file=%s: there is a file of that name already (leave out create= to plug it, or another file=)", file);
	case -ETIMEDOUT: return err_set(err, rc, "file=%s: its file system does not answer", file);
	}
	if (rc == -ENOTDIR)
		return err_set(err, -EINVAL, "file=%s: there is no such directory", file);
	return err_sys(err, rc, "file=%s", file);
}

int check_new_image(struct plan *p, const struct host *h, const char *file, struct new_image *new, struct image_chain *chain,
		    struct err *err)
{
	const char *format = plan_arg(p, "format"), *size = plan_arg(p, "create");
	int rc;

	if (units_size_parse(size, &new->bytes) || !new->bytes || new->bytes % SECTOR)
		return err_set(err, -EINVAL, "create=%s: a size is expected, a multiple of %d bytes, such as 20G", size, SECTOR);
	if (!file || file[0] != '/')
		return err_set(err, -EINVAL, "create= makes a file, and wants file= with its whole path");
	if (!format)
		return err_set(err, -EINVAL, "format= is missing: raw or qcow2, as the image is to be made");
	if (is_on(p, "readonly") || is_on(p, "passthrough"))
		return err_set(err, -EINVAL, "create= makes an empty image, and %s=on is of no use with one", is_on(p, "readonly") ?
			       "readonly" : "passthrough");
	new->qcow2 = !strcmp(format, "qcow2");
	if (new->qcow2 && !host_qemu_img())
		return err_set(err, -EINVAL, "format=qcow2: qemu-img is not installed, and makes these (qemu-utils, or format=raw)");
	if (host_owner_read(h, plan_guest_pid(p), &new->owner))
		new->owner = (struct host_owner){ 0, 0 };
	new->path = guest_path(p, h, file);
	rc = check_free(file, new->path, &new->owner, err);
	if (rc)
		return rc;
	*vec_push(chain->images, chain->n) = (struct image){ .file = xstrdup(file), .qcow2 = new->qcow2 };
	return 0;
}

void plan_new_image(struct plan *p, const struct new_image *new)
{
	if (new->path)
		plan_image(p, new->path, new->qcow2, new->bytes, &new->owner);
}
