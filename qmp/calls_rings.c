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

static void add_spot(struct qmp_spots *spots, uint64_t gpa, uint64_t *hva)
{
	*vec_push(spots->list, spots->n) = (struct qmp_spot){ gpa, hva };
}

/* A ring that QEMU itself serves. */
static int read_own(struct qmp *q, const struct qmp_virtio *v, struct qmp_ring *r, struct qmp_spots *spots, struct err *err)
{
	struct json_object *args = json_put(qmp_path_args(v->path, NULL), "queue",
					    json_object_new_int((int)r->queue));
	auto_json struct json_object *ret = NULL;
	uint64_t size = 0, avail = 0, used = 0;
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
	add_spot(spots, avail, &r->avail);
	add_spot(spots, used, &r->used);
	return 0;
}

/*
 * A ring that vhost serves: QEMU knows where it mapped it. Of a NIC with several queue pairs it
 * tells that of the first pair only and refuses the others, and the control queue that stays with
 * QEMU. Exactly those are the queues for which queue-status asks nothing of the back end (both
 * compare with the range of the first pair's vhost_dev), so it may be asked for them, and what it
 * says of where the ring is holds; of a vhost-user NIC it is not, whatever the code says.
 */
static int read_vhost(struct qmp *q, const struct qmp_virtio *v, bool kernel_nic, struct qmp_ring *r,
		      struct qmp_spots *spots, struct err *err)
{
	struct json_object *args = json_put(qmp_path_args(v->path, NULL), "queue",
					    json_object_new_int((int)r->queue));
	auto_json struct json_object *ret = NULL;
	uint64_t size = 0, avail = 0, used = 0;
	int rc = qmp_ask(q, "x-query-virtio-vhost-queue-status", args, json_type_object, &ret, err);

	if (qmp_is_refusal(rc) && kernel_nic)
		return read_own(q, v, r, spots, err);
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
 * Whether "info network" shows a back end of this type for this NIC: a line "ID: .." and behind it its peers as
 * " \ PEER: index=0,type=..". A NIC that cannot be told from the others counts as one as soon as there is any.
 */
static bool nic_has(const char *text, const char *id, const char *type)
{
	size_t len = strlen(id);
	bool found = false, ours = false, result = false;
	const char *line, *end;

	if (!strstr(text, type))
		return false;
	for (line = text; *line; line = *end ? end + 1 : end) {
		const char *what;

		end = line + strcspn(line, "\n");
		if (!str_has_prefix(line, " \\ ")) {
			ours = !strncmp(line, id, len) && line[len] == ':';
			found |= ours;
			continue;
		}
		what = strstr(line, type);
		result |= ours && what && what < end;
	}
	return found ? result : true;
}

/* *vdpa: a back end of which QEMU's own rings are asked only while it is known not to run. */
static int check_netdev(struct qmp *q, struct qmp_view *view, struct qmp_virtio *v, bool *vdpa, struct err *err)
{
	int rc = qmp_view_network(q, view, err);

	if (qmp_is_refusal(rc) || (!rc && strlen(view->network) > HMP_NETWORK_MAX - 8)) {
		v->vhost_user = true;	/* not known: take the worse */
		return 0;
	}
	if (!rc && nic_has(view->network, v->id, "type=vhost-user"))
		v->vhost_user = true;
	*vdpa = !rc && nic_has(view->network, v->id, "type=vhost-vdpa");
	return rc;
}

/*
 * A driver that agreed to use an IOMMU (iommu_platform=on, as guests with encrypted memory must) has none to go through
 * where the machine has none: addresses in its rings are the guest's physical ones. Not known is taken as one.
 */
static int check_iommu(struct qmp *q, struct qmp_view *view, struct qmp_virtio *v, struct err *err)
{
	static const char *const types[] = {
		"intel-iommu", "amd-iommu", "virtio-iommu-pci", "virtio-iommu-device", "arm-smmuv3", "arm-smmu", "riscv-iommu-pci",
		"riscv-iommu-device", "sun4u-iommu",
	};
	bool is = false;
	size_t i, k;
	int rc = v->iommu ? qmp_view_tree(q, view, err) : 0;

	if (rc || !v->iommu)
		return qmp_is_refusal(rc) ? 0 : rc;
	for (i = 0; i < view->tree->n_devices && !is; i++)
		for (k = 0; k < ARRAY_SIZE(types); k++)
			is |= !strcmp(view->tree->devices[i].type, types[k]);
	v->iommu = is;
	return 0;
}

/* All rings while QEMU serves them; stops when the back end takes them over. */
static int read_own_rings(struct qmp *q, struct qmp_view *view, struct qmp_virtio *v, bool vdpa, struct qmp_spots *spots,
			  struct err *err)
{
	unsigned queues;
	size_t i;
	int rc = 0;

	for (i = 0; !rc && i < v->n_rings; i++) {
		if (vdpa)
			rc = qmp_virtio_status(q, v, &queues, err);
		if (!rc && vdpa)
			rc = check_iommu(q, view, v, err);
		if (!rc && (v->vhost || v->vhost_user))
			break;
		if (!rc)
			rc = read_own(q, v, &v->rings[i], spots, err);
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

int qmp_rings_read(struct qmp *q, const struct qmp_virtio_class *class, struct qmp_view *view,
		   struct qmp_virtio *v, unsigned queues, struct qmp_spots *spots, struct err *err)
{
	bool vdpa = false;
	size_t i;
	int rc = 0;

	for (i = 0; i < queues; i++)
		vec_push(v->rings, v->n_rings)->queue = (unsigned)i;
	rc = check_iommu(q, view, v, err);
	if (!rc && class->netdev)
		rc = check_netdev(q, view, v, &vdpa, err);
	/* before its driver is up a device has no rings to speak of */
	if (!rc && v->driver_ok && !v->vhost && !v->vhost_user && class->queue_status)
		rc = read_own_rings(q, view, v, vdpa, spots, err);
	/* vhost may have started while the first rings were read */
	for (i = 0; !rc && v->vhost && i < v->n_rings; i++)
		rc = read_vhost(q, v, class->netdev && !v->vhost_user, &v->rings[i], spots, err);
	return rc;
}

void qmp_rings_why(struct qmp_virtio *v)
{
	size_t i;

	for (i = 0; i < v->n_rings; i++)
		if (!v->rings[i].avail || !v->rings[i].used)
			v->rings[i].avail = v->rings[i].used = 0;
	v->why = xstrdup(find_why(v));
}

/* ---- addresses of many rings */

static int compare_spots(const void *a, const void *b)
{
	const struct qmp_spot *x = a, *y = b;

	return (x->gpa > y->gpa) - (x->gpa < y->gpa);
}

/* Where QEMU said that one is. */
struct place {
	uint64_t hva;
	char *name;			/* of the piece of memory */
};

static int ask_place(struct qmp *q, const struct qmp_spot *spot, struct place *p, struct err *err)
{
	int rc = qmp_gpa2hva(q, spot->gpa, &p->hva, &p->name, err);

	*spot->hva = rc ? 0 : p->hva;
	return rc;
}

/*
 * Both ends are asked for. Where they are in one piece of memory and as far from each other as the guest has them, so is
 * all that is between: a piece is in one place of QEMU's memory. Else one in the middle is asked for.
 */
static int find_between(struct qmp *q, const struct qmp_spot *list, size_t n, const struct place *first, const struct place *last,
			struct err *err)
{
	struct place mid = {0};
	size_t i;
	int rc;

	if (n <= 2)
		return 0;
	if (first->hva && last->hva && first->name && last->name && !strcmp(first->name, last->name) &&
	    last->hva - first->hva == list[n - 1].gpa - list[0].gpa) {
		for (i = 1; i < n - 1; i++)
			*list[i].hva = first->hva + (list[i].gpa - list[0].gpa);
		return 0;
	}
	rc = ask_place(q, &list[n / 2], &mid, err);
	if (!rc)
		rc = find_between(q, list, n / 2 + 1, first, &mid, err);
	if (!rc)
		rc = find_between(q, list + n / 2, n - n / 2, &mid, last, err);
	free(mid.name);
	return rc;
}

int qmp_spots_find(struct qmp *q, struct qmp_spots *spots, struct err *err)
{
	struct place first = {0}, last = {0};
	int rc = 0;

	if (!spots->n)
		return 0;
	qsort(spots->list, spots->n, sizeof(*spots->list), compare_spots);
	rc = ask_place(q, &spots->list[0], &first, err);
	if (!rc && spots->n > 1)
		rc = ask_place(q, &spots->list[spots->n - 1], &last, err);
	if (!rc)
		rc = find_between(q, spots->list, spots->n, &first, &last, err);
	free(first.name);
	free(last.name);
	return rc;
}
