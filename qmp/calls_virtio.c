// SPDX-License-Identifier: GPL-3.0-or-later
/* Virtio devices: what they are and how they stand. Their rings: calls_rings.c. */
#include "rings.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/*
 * Classes that answer x-query-virtio-status in every QEMU from 7.2 to 10.0. Another one may abort
 * QEMU: hw/virtio/virtio-qmp.c asserts on a virtio id it does not know, and a class that runs
 * vhost without a get_vhost method is called through NULL.
 */
static const struct qmp_virtio_class classes[] = {
	{ "virtio-blk-device", .iothread = true, .queue_status = true },
	{ "virtio-scsi-device", .iothread = true, .queue_status = true },
	{ "virtio-net-device", .queue_status = true, .netdev = true },
	{ "virtio-balloon-device", .iothread = true, .queue_status = true },
	{ "virtio-serial-device", .queue_status = true },
	{ "virtio-rng-device", .queue_status = true },
	{ "virtio-gpu-device", .queue_status = true },
	{ "virtio-keyboard-device", .queue_status = true },
	{ "virtio-mouse-device", .queue_status = true },
	{ "virtio-tablet-device", .queue_status = true },
	{ "virtio-iommu-device", .queue_status = true },
	{ "virtio-9p-device", .queue_status = true },
	{ "virtio-mem", .queue_status = true },
	{ "virtio-pmem", .queue_status = true },
	{ "virtio-crypto-device" },	/* its back end may be vhost-user */
	{ "vhost-user-blk" },
	{ "vhost-user-fs-device" },
	{ "vhost-scsi" },
	{ "vhost-vsock-device" },
};

/* Of all devices together: a hundred disks with a ring for each of 128 vCPUs. */
#define RINGS_MAX 16384

static const struct qmp_virtio_class *find_class(const char *type)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(classes); i++)
		if (!strcmp(type, classes[i].type))
			return &classes[i];
	return NULL;
}

/* QEMU lists "VIRTIO_RING_F_EVENT_IDX: explanation": the name is what counts. */
static bool has_token(struct json_object *array, const char *token)
{
	size_t i, len = strlen(token);

	if (!json_object_is_type(array, json_type_array))
		return false;
	for (i = 0; i < json_object_array_length(array); i++) {
		struct json_object *one = json_object_array_get_idx(array, i);
		const char *s = json_object_is_type(one, json_type_string) ?
				json_object_get_string(one) : "";

		if (!strncmp(s, token, len) && (s[len] == ':' || !s[len]))
			return true;
	}
	return false;
}

/* What decides how the rings work; the rest of a device's features is not about them. */
static char *ring_features(struct json_object *transports, struct json_object *device)
{
	static const struct {
		const char *token, *name;
	} known[] = {
		{ "VIRTIO_RING_F_EVENT_IDX", "event_idx" }, { "VIRTIO_RING_F_INDIRECT_DESC", "indirect" },
		{ "VIRTIO_F_RING_PACKED", "packed" }, { "VIRTIO_F_IN_ORDER", "in_order" },
		{ "VIRTIO_F_IOMMU_PLATFORM", "iommu" }, { "VIRTIO_F_ACCESS_PLATFORM", "iommu" },
		{ "VIRTIO_NET_F_MQ", "mq" }, { "VIRTIO_BLK_F_MQ", "mq" }, { "VIRTIO_NET_F_MRG_RXBUF", "mrg_rxbuf" },
	};
	auto_buf struct buf text = {0};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(known); i++)
		if (has_token(transports, known[i].token) || has_token(device, known[i].token))
			buf_printf(&text, "%s%s", text.len ? "," : "", known[i].name);
	if (!has_token(transports, "VIRTIO_F_VERSION_1"))
		buf_printf(&text, "%slegacy", text.len ? "," : "");
	return text.len ? buf_take(&text) : xstrdup("none");
}

static void take_status(struct json_object *ret, struct qmp_virtio *v)
{
	struct json_object *features_of = json_member(ret, "guest-features");
	struct json_object *guest = json_array(features_of, "transports");
	struct json_object *vhost = json_member(ret, "vhost-dev");
	struct json_object *features = json_member(vhost, "protocol-features");
	struct json_object *protocols = json_array(features, "protocols");
	const char *endian = json_str(ret, "device-endian");

	v->vhost = json_flag(ret, "vhost-started", false);
	v->vhost_user |= str_has_prefix(v->type, "vhost-user-") ||
			 (protocols && json_object_array_length(protocols));
	v->driver_ok = has_token(json_array(json_member(ret, "status"), "statuses"),
				 "VIRTIO_CONFIG_S_DRIVER_OK");
	free(v->features);
	v->features = v->driver_ok ? ring_features(guest, json_array(features_of, "dev-features")) : NULL;
	v->event_idx = has_token(guest, "VIRTIO_RING_F_EVENT_IDX");
	v->packed = has_token(guest, "VIRTIO_F_RING_PACKED");
	v->iommu = has_token(guest, "VIRTIO_F_IOMMU_PLATFORM") ||
		   has_token(guest, "VIRTIO_F_ACCESS_PLATFORM");
	/* with version 1 agreed upon the rings are little-endian whatever the guest is */
	v->big_endian = endian && !strcmp(endian, "big") && !has_token(guest, "VIRTIO_F_VERSION_1");
}

/* Ask once more: a driver that comes up meanwhile may have handed the rings to vhost. */
int qmp_virtio_status(struct qmp *q, struct qmp_virtio *v, unsigned *queues, struct err *err)
{
	auto_json struct json_object *ret = NULL;
	uint64_t n = 0;
	int rc = qmp_ask(q, "x-query-virtio-status", qmp_path_args(v->path, NULL), json_type_object,
			 &ret, err);

	if (rc)
		return rc;
	if (!json_member(ret, "vhost-started"))
		return qmp_bad(err, "x-query-virtio-status", "it does not say whether vhost runs");
	json_u64(ret, "num-vqs", &n);
	*queues = n > QMP_QUEUES_MAX ? QMP_QUEUES_MAX : (unsigned)n;
	take_status(ret, v);
	return 0;
}

static int read_iothread(struct qmp *q, struct qmp_virtio *v, struct err *err)
{
	auto_free char *path = NULL;
	const char *slash;
	int rc = qmp_qom_get_str(q, v->path, "iothread", &path, err);

	if (qmp_is_refusal(rc) || rc == -EBADMSG)
		return 0;
	if (rc)
		return rc;
	slash = strrchr(path, '/');
	if (slash && slash[1])
		v->iothread = xstrdup(slash + 1);
	return 0;
}

/* What reading all devices takes. */
struct reading {
	struct qmp *q;
	struct qmp_view *view;
	bool with_rings, iothreads;	/* iothreads: QEMU may have some, and is to say of which device */
	struct qmp_spots spots;
};

static int read_type(struct reading *r, struct qmp_virtio *v, const struct qmp_tree_device *in, struct err *err)
{
	if (!in)
		return qmp_qom_get_str(r->q, v->path, "type", &v->type, err);
	v->type = xstrdup(in->type);
	return 0;
}

/* in: its place in the tree, NULL: QEMU is asked for its type */
static int read_device(struct reading *r, struct qmp_virtio *v, const struct qmp_tree_device *in, struct err *err)
{
	const struct qmp_virtio_class *class;
	unsigned queues;
	int rc = read_type(r, v, in, err);

	if (rc)
		return rc;
	class = find_class(v->type);
	if (!class) {
		v->why = xstrdup("a device class that cannot be asked safely");
		return 0;
	}
	v->known = true;
	rc = qmp_virtio_status(r->q, v, &queues, err);
	if (!rc && class->iothread && r->iothreads)
		rc = read_iothread(r->q, v, err);
	if (!rc && r->with_rings)
		rc = qmp_rings_read(r->q, class, r->view, v, queues, &r->spots, err);
	return rc;
}

static void free_device(struct qmp_virtio *v)
{
	free(v->path);
	free(v->id);
	free(v->type);
	free(v->iothread);
	free(v->features);
	free(v->why);
	free(v->rings);
}

void qmp_virtio_free(struct qmp_virtio *list, size_t n)
{
	while (n)
		free_device(&list[--n]);
	free(list);
}

/* QOM paths, a vec. */
static int list_paths(struct qmp *q, char ***paths, size_t *n, struct err *err)
{
	auto_json struct json_object *ret = NULL;
	struct err why = {0};
	int rc = qmp_ask(q, "x-query-virtio", NULL, json_type_array, &ret, &why);
	size_t i;

	/* newer than 7.2: an empty list is an error */
	if (rc == -EREMOTEIO && strstr(why.text, "No virtio devices"))
		return 0;
	if (rc == -ENOSYS)
		return err_set(err, rc, "QEMU before 7.2 cannot say where its virtio rings are");
	if (rc)
		return err_set(err, rc, "%s", why.text);
	for (i = 0; i < json_object_array_length(ret) && *n < QMP_LIST_MAX; i++) {
		char *path = qmp_ident(json_object_array_get_idx(ret, i), "path");

		if (path)
			*vec_push(*paths, *n) = path;
	}
	return 0;
}

/* Devices of a virtio transport; the path of one with an id is known. */
static const struct qmp_tree_device *virtio_in_tree(const struct qmp_tree *t, size_t i, char **path)
{
	const struct qmp_tree_device *d = &t->devices[i], *outer = qmp_tree_parent(t, d);
	const struct qmp_tree_bus *bus = qmp_tree_bus(t, d);
	bool inner = qmp_tree_is_inner(t, d);

	*path = NULL;
	if (!inner && (!bus || strcmp(bus->type, "virtio-mmio-bus")))
		return NULL;
	if (inner && outer && outer->id)
		*path = xasprintf("/machine/peripheral/%s/virtio-backend", outer->id);
	else if (!inner && d->id)
		*path = xasprintf("/machine/peripheral/%s", d->id);
	return d;
}

/* The paths and places of all of them; false: one has no id, so QEMU must be asked for its path. */
static bool list_tree(const struct qmp_tree *t, char ***paths, const struct qmp_tree_device ***in, size_t *n)
{
	bool whole = true;
	size_t i, n_in = 0;

	for (i = 0; i < t->n_devices && *n < QMP_LIST_MAX; i++) {
		char *path;
		const struct qmp_tree_device *d = virtio_in_tree(t, i, &path);

		whole &= !d || path;
		if (!path)
			continue;
		*vec_push(*paths, *n) = path;
		*vec_push(*in, n_in) = d;
	}
	return whole;
}

/* in: of those whose place is known, in the same order; the others are NULL. */
static int list_devices(struct qmp *q, struct qmp_view *view, char ***paths, const struct qmp_tree_device ***in, size_t *n,
			struct err *err)
{
	const struct qmp_tree_device **placed = NULL;
	auto_names struct names index = {0};
	char **named = NULL;
	size_t n_named = 0, i;
	int rc = 0;

	if (view->tree && list_tree(view->tree, paths, in, n))
		return 0;
	named = take_ptr(*paths);
	placed = take_ptr(*in);
	n_named = *n;
	*n = 0;
	for (i = 0; i < n_named; i++)
		names_add(&index, named[i], NULL, i);
	rc = list_paths(q, paths, n, err);
	*in = xcalloc(*n, sizeof(**in));
	for (i = 0; i < *n; i++) {
		size_t at = names_find(&index, (*paths)[i], NULL);

		(*in)[i] = at == NAMES_NONE ? NULL : placed[at];
	}
	qmp_strings_free(named, n_named);
	free(placed);
	return rc;
}

static int has_iothreads(struct qmp *q, bool *has, struct err *err)
{
	struct qmp_thread *list;
	size_t n;
	int rc = qmp_query_iothreads(q, &list, &n, err);

	if (rc)
		return rc;
	*has = n;
	qmp_threads_free(list, n);
	return 0;
}

static int read_all(struct reading *r, char **paths, const struct qmp_tree_device **in, size_t n, struct qmp_virtio **list,
		    size_t *found, struct err *err)
{
	size_t i, rings = 0;
	int rc = 0;

	for (i = 0; !rc && i < n && rings < RINGS_MAX; i++) {
		struct qmp_virtio v = { .path = take_ptr(paths[i]) };

		v.id = qmp_device_id(v.path);
		rc = read_device(r, &v, in[i], err);
		if (!rc) {
			rings += v.n_rings;
			*vec_push(*list, *found) = v;
			continue;
		}
		if (rc == -ENOSYS && v.type && find_class(v.type)) {
			free_device(&v);
			return err_set(err, rc, "QEMU before 7.2 cannot say where its virtio rings are");
		}
		free_device(&v);
		if (qmp_is_refusal(rc))		/* it was unplugged between the questions */
			rc = 0;
	}
	return rc ? rc : qmp_spots_find(r->q, &r->spots, err);
}

int qmp_virtio_read(struct qmp *q, bool with_rings, struct qmp_view *view, struct qmp_virtio **list, size_t *n,
		    struct err *err)
{
	struct qmp_view own = {0};
	struct reading r = { .q = q, .view = view ? view : &own, .with_rings = with_rings, .iothreads = true };
	const struct qmp_tree_device **in = NULL;
	struct qmp_virtio *devices = NULL;
	char **paths = NULL;
	size_t i, n_paths = 0, found = 0;
	int rc = list_devices(q, r.view, &paths, &in, &n_paths, err);

	r.iothreads = !r.view->no_iothreads;
	if (!rc && n_paths && r.view->tree && r.iothreads)
		rc = has_iothreads(q, &r.iothreads, err);
	if (!rc)
		rc = read_all(&r, paths, in, n_paths, &devices, &found, err);
	for (i = 0; !rc && i < found; i++)
		if (with_rings && devices[i].known)
			qmp_rings_why(&devices[i]);
	free(r.spots.list);
	free(in);
	qmp_view_done(&own);
	qmp_strings_free(paths, n_paths);
	if (rc) {
		qmp_virtio_free(devices, found);
		return rc;
	}
	*list = devices;
	*n = found;
	return 0;
}

/* The virtio device behind a qdev id or path: on PCI a child of it, on virtio-mmio itself. */
static int find_backend(struct qmp *q, const char *id, struct qmp_virtio *v, struct err *err)
{
	auto_free char *own = *id == '/' ? xstrdup(id) : xasprintf("/machine/peripheral/%s", id);
	auto_free char *child = xasprintf("%s/virtio-backend", own);
	int rc = qmp_qom_get_str(q, child, "type", &v->type, err);

	if (!rc) {
		v->path = take_ptr(child);
		return 0;
	}
	if (!qmp_is_refusal(rc))
		return rc;
	rc = qmp_qom_get_str(q, own, "type", &v->type, err);
	v->path = take_ptr(own);
	/* a device that is there but no virtio one has no business here either */
	if (qmp_is_refusal(rc) || (!rc && !find_class(v->type)))
		return err_set(err, -ENODEV, "there is no virtio device '%s'", id);
	return rc;
}

int qmp_virtio_driver_ok(struct qmp *q, const char *id, bool *ok, struct err *err)
{
	struct qmp_virtio v = {0};
	unsigned queues;
	int rc = find_backend(q, id, &v, err);

	if (!rc && !find_class(v.type))
		rc = err_set(err, -EOPNOTSUPP, "%s: QEMU cannot be asked safely about a %s", id,
			     v.type);
	if (!rc)
		rc = qmp_virtio_status(q, &v, &queues, err);
	if (!rc)
		*ok = v.driver_ok;
	free_device(&v);
	return rc;
}
