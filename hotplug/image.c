// SPDX-License-Identifier: GPL-3.0-or-later
/* Checking a disk's image before it is plugged, and the block nodes that QEMU gets of it. */
#include "internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool is_utf8(const char *s)
{
	auto_free char *valid = str_utf8(s, strlen(s), SIZE_MAX);

	return !strcmp(s, valid);
}

static void run(void *look)
{
	image_look(look);
}

static void drop(void *look)
{
	image_look_free(look);
}

static int done(struct plan *p, struct image_look *l, struct image_chain *out, struct err *err)
{
	if (l->rc) {
		if (err)
			*err = l->err;
		return l->rc;
	}
	if (l->chain.unchecked)
		plan_warn(p, "image %s cannot be read here: which files it names is not known", l->file);
	if (l->text.len)
		plan_warn(p, "the image has a chain: %s%s", l->file, l->text.text);
	*out = l->chain;
	l->chain = (struct image_chain){0};
	return 0;
}

int check_image(struct plan *p, const struct host *h, const char *file, struct image_chain *out, struct err *err)
{
	auto_free char *root = guest_path(p, h, "/");
	struct image_look *l;
	int rc;

	if (!is_utf8(file))
		return err_set(err, -EINVAL, "image %s: its name is not UTF-8, and QEMU's monitor takes no other (a link to it with a "
			       "plain name)", file);
	l = xcalloc(1, sizeof(*l));
	*l = (struct image_look){
		.file = xstrdup(file), .root = xstrndup(root, strlen(root) - 1), .cwd = guest_path(p, h, ""),
		.format = xstrdup(plan_arg(p, "format")), .force = is_on(p, "force"),
	};
	l = look_late(run, drop, l, &rc);
	if (!l)
		return err_set(err, rc, rc == -EAGAIN ? "image %s: no thread can be started to look at it" :
			       "image %s: the file system it or its chain is on does not answer", file);
	rc = done(p, l, out, err);
	image_look_free(l);
	return rc;
}

static struct json_object *file_node(const struct image *image, const char *file)
{
	struct json_object *node = named("driver", image->block_device && file == image->file ? "host_device" : "file");

	return json_put_str(node, "filename", file);
}

/* Without names of their own, so that they go with the node they are in. */
static struct json_object *below(const struct image_chain *c, size_t i)
{
	struct json_object *node;

	if (i == c->n)
		return NULL;
	node = named("driver", c->images[i].qcow2 ? "qcow2" : "raw");
	json_put(node, "file", file_node(&c->images[i], c->images[i].file));
	image_put_rest(c, i, node);
	return node;
}

void image_put_rest(const struct image_chain *c, size_t i, struct json_object *node)
{
	if (!c->images[i].qcow2 || c->unchecked)
		return;
	if (c->images[i].data)
		json_put(node, "data-file", file_node(&c->images[i], c->images[i].data));
	json_put(node, "backing", below(c, i + 1));
}
