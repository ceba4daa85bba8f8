// SPDX-License-Identifier: GPL-3.0-or-later
/* Typed calls about disks and block nodes. */
#include "image.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void free_disk(struct qmp_disk *d)
{
	free(d->id);
	free(d->qdev);
	free(d->device);
	free(d->node);
	free(d->file);
	free(d->where);
	free(d->format);
	free(d->io_status);
	free(d->throttle.group);
	free(d->iothread);
}

void qmp_disks_free(struct qmp_disk *list, size_t n)
{
	while (n)
		free_disk(&list[--n]);
	free(list);
}

static const char *cache_name(struct json_object *cache)
{
	bool direct = json_flag(cache, "direct", false), wb = json_flag(cache, "writeback", true);

	if (!json_object_is_type(cache, json_type_object))
		return NULL;
	if (json_flag(cache, "no-flush", false))
		return "unsafe";
	if (direct)
		return wb ? "none" : "directsync";
	return wb ? "writeback" : "writethrough";
}

static void read_throttle(struct json_object *in, struct qmp_throttle *t)
{
	const struct {
		const char *name, *max;
		uint64_t *value;
	} limits[] = {
		{ "bps", "bps_max", &t->bps }, { "bps_rd", "bps_rd_max", &t->bps_rd }, { "bps_wr", "bps_wr_max", &t->bps_wr },
		{ "iops", "iops_max", &t->iops }, { "iops_rd", "iops_rd_max", &t->iops_rd },
		{ "iops_wr", "iops_wr_max", &t->iops_wr },
	};
	uint64_t max;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(limits); i++) {
		json_u64(in, limits[i].name, limits[i].value);
		t->bursts |= json_u64(in, limits[i].max, &max) && max;
	}
	t->group = qmp_ident(in, "group");
}

/* *walk: what is below the top node is to be looked for in the graph. */
static void read_image(struct json_object *in, struct qmp_disk *d, struct qmp_image *image, bool *walk)
{
	const char *text = json_str(in, "file"), *driver = json_str(in, "drv");

	*walk = false;
	if (text && qmp_image_read(text, image)) {
		d->file = str_utf8(image->file, strlen(image->file), QMP_FILE_MAX);
		d->format = xstrdup(image->format);
		return;
	}
	*walk = driver && (qmp_is_filter(driver) || (text && str_has_prefix(text, "json:")));
	if (text && !str_has_prefix(text, "json:"))
		d->file = str_utf8(text, strlen(text), QMP_FILE_MAX);
	if (driver && !qmp_is_filter(driver))
		d->format = qmp_is_protocol(driver) ? xstrdup("raw") : qmp_ident(in, "drv");
}

static void read_disk(struct json_object *one, struct qmp_disk *d, struct qmp_image *image, bool *walk)
{
	struct json_object *in = json_member(one, "inserted");

	d->size_bytes = d->allocated_bytes = d->chain = UINT64_MAX;

	d->id = qmp_device_id(d->qdev);
	d->device = qmp_ident(one, "device");
	if (d->device && !*d->device) {
		free(d->device);
		d->device = NULL;
	}
	d->io_status = qmp_ident(one, "io-status");
	d->node = qmp_ident(in, "node-name");
	read_image(in, d, image, walk);
	d->read_only = json_flag(in, "ro", false);
	d->cache = cache_name(json_member(in, "cache"));
	read_throttle(in, &d->throttle);
	json_u64(in, "backing_file_depth", &d->chain);
	json_u64(json_member(in, "image"), "virtual-size", &d->size_bytes);
	json_u64(json_member(in, "image"), "actual-size", &d->allocated_bytes);
}

/* A list of disks while it is read, with what their images are. */
struct disks {
	struct qmp_disk *list;
	size_t n;
	struct qmp_image *images;
	size_t n_images;
	const char **tops;		/* nodes to begin at in the graph, NULL: it is known */
	size_t n_tops;
	bool walk;
};

static void disks_done(struct disks *d)
{
	while (d->n_images)
		qmp_image_done(&d->images[--d->n_images]);
	free(d->images);
	free(d->tops);
}

static void add_disk(struct disks *d, struct json_object *one)
{
	struct qmp_disk disk = { .qdev = qmp_ident(one, "qdev") };
	struct qmp_image *image;
	bool walk;

	if (!disk.qdev || d->n == GUEST_DISKS_MAX) {	/* a -drive that no device uses */
		free(disk.qdev);
		return;
	}
	image = vec_push(d->images, d->n_images);
	read_disk(one, &disk, image, &walk);
	d->walk |= walk;
	*vec_push(d->tops, d->n_tops) = walk ? disk.node : NULL;
	*vec_push(d->list, d->n) = disk;
}

/* Where QEMU's name for a node does not tell it all: long ones are cut off, and some filters are called like their image. */
static int find_images(struct qmp *q, struct disks *d, struct err *err)
{
	size_t i;
	int rc = qmp_query_images(q, d->tops, d->n, d->images, err);

	for (i = 0; !rc && i < d->n; i++) {
		if (!d->tops[i])
			continue;
		free(d->list[i].file);
		free(d->list[i].format);
		d->list[i].file = xstrdup(d->images[i].file);
		d->list[i].format = xstrdup(d->images[i].format);
	}
	return qmp_is_refusal(rc) || rc == -EMSGSIZE ? 0 : rc;
}

static void limit(uint64_t *value, struct json_object *limits, const char *key)
{
	uint64_t n;

	if (json_u64(limits, key, &n) && n && (!*value || n < *value))
		*value = n;
}

/* What a throttle group lets through: the lowest limit of all that are above an image holds. */
static void add_limits(struct qmp_throttle *t, struct json_object *limits)
{
	static const char *const bursts[] = { "iops-total-max", "iops-read-max", "iops-write-max", "bps-total-max", "bps-read-max",
					      "bps-write-max" };
	uint64_t n;
	size_t i;

	limit(&t->iops, limits, "iops-total");
	limit(&t->iops_rd, limits, "iops-read");
	limit(&t->iops_wr, limits, "iops-write");
	limit(&t->bps, limits, "bps-total");
	limit(&t->bps_rd, limits, "bps-read");
	limit(&t->bps_wr, limits, "bps-write");
	for (i = 0; i < ARRAY_SIZE(bursts); i++)
		t->bursts |= json_u64(limits, bursts[i], &n) && n;
}

/* Groups of throttle filters, each asked for once. */
static int read_groups(struct qmp *q, struct disks *d, struct err *err)
{
	struct json_object **limits = NULL;
	auto_names struct names asked = {0};
	size_t n = 0, i, k, at;
	int rc = 0;

	for (i = 0; !rc && i < d->n; i++) {
		struct qmp_throttle *t = &d->list[i].throttle;

		for (k = 0; !rc && k < d->images[i].n_groups; k++) {
			const char *name = d->images[i].groups[k];
			auto_free char *path = xasprintf("/objects/%s", name);

			at = names_find(&asked, name, NULL);
			if (at == NAMES_NONE) {
				at = n;
				names_add(&asked, name, NULL, at);
				rc = qmp_qom_get(q, path, "limits", vec_push(limits, n), err);
			}
			if (!limits[at])
				t->unknown = true;
			else
				add_limits(t, limits[at]);
			if (!t->group)
				t->group = xstrdup(name);
			rc = qmp_is_refusal(rc) ? 0 : rc;
		}
		t->unknown |= d->images[i].throttled;
	}
	while (n)
		json_object_put(limits[--n]);
	free(limits);
	return rc;
}

/* The answer is freed before the next question: two long ones may be more than there is room for. */
static int read_disks(struct qmp *q, struct disks *d, struct err *err)
{
	auto_json struct json_object *ret = NULL;
	size_t i;
	int rc = qmp_ask(q, "query-block", NULL, json_type_array, &ret, err);

	for (i = 0; !rc && i < json_object_array_length(ret) && d->n < QMP_LIST_MAX; i++)
		add_disk(d, json_object_array_get_idx(ret, i));
	return rc;
}

int qmp_query_disks(struct qmp *q, struct qmp_disk **list, size_t *n, struct err *err)
{
	struct disks d = {0};
	int rc = read_disks(q, &d, err);

	if (!rc && d.walk)
		rc = find_images(q, &d, err);
	if (!rc)
		rc = read_groups(q, &d, err);
	disks_done(&d);
	if (rc) {
		qmp_disks_free(d.list, d.n);
		return rc;
	}
	*list = d.list;
	*n = d.n;
	return 0;
}

int qmp_query_nodes(struct qmp *q, char ***names, size_t *n, struct err *err)
{
	struct json_object *args = json_put(json_object_new_object(), "flat",
					    json_object_new_boolean(true));
	auto_json struct json_object *ret = NULL;
	char **list = NULL;
	size_t i, found = 0;
	int rc = qmp_ask(q, "query-named-block-nodes", args, json_type_array, &ret, err);

	if (rc)
		return rc;
	for (i = 0; i < json_object_array_length(ret); i++) {
		char *name = qmp_ident(json_object_array_get_idx(ret, i), "node-name");

		if (name && found < GUEST_NODES_MAX)
			*vec_push(list, found) = name;
		else
			free(name);
	}
	*names = list;
	*n = found;
	return 0;
}

