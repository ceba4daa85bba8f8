// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Where the rings are in QEMU's memory, found without the queries that stop a vhost-user ring or
 * abort QEMU.
 */
#include "rings.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define RING_MAX 32768		/* virtio: "Queue Size .. maximum 32768, a power of two" */
#define HMP_NETWORK_MAX (1u << 20)

static bool size_is_sane(uint64_t size)
{
	return size && size <= RING_MAX && !(size & (size - 1));
}

static const char *unreadable(const struct qmp_virtio *v)
{
	if (v->packed)
		return "packed rings cannot be read from outside";
	if (v->iommu)
		return "the rings are behind a virtual IOMMU";
	if (v->big_endian)
		return "the rings are big-endian";
	return NULL;
}

/* A ring that QEMU itself serves. */
static int read_own(struct qmp *q, const struct qmp_virtio *v, struct qmp_ring *r, struct err *err)
{
	struct json_object *args = json_put(qmp_path_args(v->path, NULL), "queue",
					    json_object_new_int((int)r->queue));
	auto_json struct json_object *ret = NULL;
	uint64_t size = 0, avail = 0, used = 0, avail_hva, used_hva;
	int rc = qmp_ask(q, "x-query-virtio-queue-status", args, json_type_object, &ret, err);

	if (rc)
		return qmp_is_refusal(rc) ? 0 : rc;
	json_u64(ret, "vring-num", &size);
	json_u64(ret, "vring-avail", &avail);
	json_u64(ret, "vring-used", &used);
	if (!size_is_sane(size) || !avail || !used)
		return 0;
	r->size = (unsigned)size;
	if (unreadable(v))
		return 0;
	rc = qmp_gpa2hva(q, avail, &avail_hva, NULL, err);
	if (!rc)
		rc = qmp_gpa2hva(q, used, &used_hva, NULL, err);
	if (!rc && avail_hva && used_hva) {
		r->avail = avail_hva;
		r->used = used_hva;
	}
	return rc;
}

/*
 * A ring that vhost serves: QEMU knows where it mapped it. Of a NIC with several queue pairs it
 * tells that of the first pair only and refuses the others, and the control queue that stays with
 * QEMU. Exactly those are the queues for which queue-status asks nothing of the back end (both
 * compare with the range of the first pair's vhost_dev), so it may be asked for them, and what it
 * says of where the ring is holds; of a vhost-user NIC it is not, whatever the code says.
 */
static int read_vhost(struct qmp *q, const struct qmp_virtio *v, bool kernel_nic, struct qmp_ring *r,
		      struct err *err)
{
	struct json_object *args = json_put(qmp_path_args(v->path, NULL), "queue",
					    json_object_new_int((int)r->queue));
	auto_json struct json_object *ret = NULL;
	uint64_t size = 0, avail = 0, used = 0;
	int rc = qmp_ask(q, "x-query-virtio-vhost-queue-status", args, json_type_object, &ret, err);

	if (qmp_is_refusal(rc) && kernel_nic)
		return read_own(q, v, r, err);
	if (rc)
		return qmp_is_refusal(rc) ? 0 : rc;
	json_u64(ret, "num", &size);
	json_u64(ret, "avail", &avail);
	json_u64(ret, "used", &used);
	if (!size_is_sane(size) || !avail || !used)
		return 0;
	r->size = (unsigned)size;
	if (!unreadable(v)) {
		r->avail = avail;
		r->used = used;
	}
	return 0;
}

/*
 * Whether "info network" shows a vhost-user back end for this NIC: a line "ID: .." and behind it
 * its peers as " \ PEER: index=0,type=..". A NIC that cannot be told from the others counts as
 * one as soon as there is any.
 */
static bool nic_is_vhost_user(const char *text, const char *id)
{
	size_t len = strlen(id);
	bool found = false, ours = false, result = false;
	const char *line, *end;

	if (!strstr(text, "type=vhost-user"))
		return false;
	for (line = text; *line; line = *end ? end + 1 : end) {
		const char *what;

		end = line + strcspn(line, "\n");
		if (!str_has_prefix(line, " \\ ")) {
			ours = !strncmp(line, id, len) && line[len] == ':';
			found |= ours;
			continue;
		}
		what = strstr(line, "type=vhost-user");
		result |= ours && what && what < end;
	}
	return found ? result : true;
}

static int check_netdev(struct qmp *q, struct qmp_nics *nics, struct qmp_virtio *v, struct err *err)
{
	int rc = 0;

	if (!nics->text)
		rc = qmp_ask_hmp(q, "info network", HMP_NETWORK_MAX, &nics->text, err);
	if (qmp_is_refusal(rc) || (!rc && strlen(nics->text) > HMP_NETWORK_MAX - 8)) {
		v->vhost_user = true;	/* not known: take the worse */
		return 0;
	}
	if (!rc && nic_is_vhost_user(nics->text, v->id))
		v->vhost_user = true;
	return rc;
}

/* All rings while QEMU serves them; stops when vhost takes them over. */
static int read_own_rings(struct qmp *q, const struct qmp_virtio_class *class, struct qmp_virtio *v,
			  struct err *err)
{
	unsigned queues;
	size_t i;
	int rc = 0;

	for (i = 0; !rc && i < v->n_rings; i++) {
		if (class->netdev)
			rc = qmp_virtio_status(q, v, &queues, err);
		if (!rc && (v->vhost || v->vhost_user))
			break;
		if (!rc)
			rc = read_own(q, v, &v->rings[i], err);
	}
	return rc;
}

static const char *find_why(const struct qmp_virtio *v)
{
	const char *why = unreadable(v);
	size_t i;

	if (why)
		return why;
	if (!v->driver_ok)
		return "the guest's driver is not up";
	for (i = 0; i < v->n_rings; i++)
		if (v->rings[i].avail)
			return NULL;
	if (v->vhost)
		return "vhost does not say where its rings are";
	return v->vhost_user ? "the vhost-user back end does not run" :
			       "QEMU does not say where the rings are";
}

int qmp_rings_read(struct qmp *q, const struct qmp_virtio_class *class, struct qmp_nics *nics,
		   struct qmp_virtio *v, unsigned queues, struct err *err)
{
	const char *why;
	size_t i;
	int rc = 0;

	for (i = 0; i < queues; i++)
		vec_push(v->rings, v->n_rings)->queue = (unsigned)i;
	if (class->netdev)
		rc = check_netdev(q, nics, v, err);
	/* before its driver is up a device has no rings to speak of */
	if (!rc && v->driver_ok && !v->vhost && !v->vhost_user && class->queue_status)
		rc = read_own_rings(q, class, v, err);
	/* vhost may have started while the first rings were read */
	for (i = 0; !rc && v->vhost && i < v->n_rings; i++)
		rc = read_vhost(q, v, class->netdev && !v->vhost_user, &v->rings[i], err);
	if (rc)
		return rc;
	why = find_why(v);
	v->why = xstrdup(why);
	return 0;
}
