// SPDX-License-Identifier: GPL-3.0-or-later
/* What drives did: counters and latencies. */
#include "internal.h"

#include <stdlib.h>
#include <string.h>

/* As query-blockstats names them; NULL: this kind does not have it. */
static const struct {
	const char *ops, *bytes, *ns, *failed, *invalid, *latency;
} names[QMP_IOS] = {
	[QMP_READ] = { "rd_operations", "rd_bytes", "rd_total_time_ns", "failed_rd_operations", "invalid_rd_operations",
		       "rd_latency_histogram" },
	[QMP_WRITE] = { "wr_operations", "wr_bytes", "wr_total_time_ns", "failed_wr_operations", "invalid_wr_operations",
			"wr_latency_histogram" },
	[QMP_FLUSH] = { "flush_operations", NULL, "flush_total_time_ns", "failed_flush_operations",
			"invalid_flush_operations", "flush_latency_histogram" },
	[QMP_DISCARD] = { "unmap_operations", "unmap_bytes", "unmap_total_time_ns", "failed_unmap_operations",
			  "invalid_unmap_operations", NULL },
};

static uint64_t count_of(struct json_object *stats, const char *key)
{
	uint64_t n;

	return key && json_u64(stats, key, &n) ? n : QMP_UNKNOWN;
}

static void histogram_done(struct qmp_histogram *h)
{
	free(h->bounds);
	free(h->bins);
	*h = (struct qmp_histogram){0};
}

void qmp_blockstats_free(struct qmp_blockstat *list, size_t n)
{
	size_t k;

	while (n--) {
		for (k = 0; k < QMP_IOS; k++)
			histogram_done(&list[n].io[k].latency);
		free(list[n].qdev);
		free(list[n].file_node);
	}
	free(list);
}

/* Numbers of an array into a new one; NULL where one is none. */
static uint64_t *numbers(struct json_object *array, size_t n)
{
	uint64_t *list = xcalloc(n, sizeof(*list));
	size_t i;

	for (i = 0; i < n; i++) {
		struct json_object *one = json_object_array_get_idx(array, i);

		if (!json_object_is_type(one, json_type_int) || json_object_get_int64(one) < 0) {
			free(list);
			return NULL;
		}
		list[i] = json_object_get_uint64(one);
	}
	return list;
}

static bool is_ascending(const uint64_t *list, size_t n)
{
	size_t i;

	for (i = 1; i < n; i++)
		if (list[i] <= list[i - 1])
			return false;
	return true;
}

static void read_histogram(struct json_object *obj, struct qmp_histogram *h)
{
	struct json_object *bounds = json_array(obj, "boundaries"), *bins = json_array(obj, "bins");
	size_t n = bounds ? json_object_array_length(bounds) : 0;

	if (!n || n > QMP_BOUNDS_MAX || !bins || json_object_array_length(bins) != n + 1)
		return;
	h->n_bounds = n;
	h->bounds = numbers(bounds, n);
	h->bins = numbers(bins, n + 1);
	if (!h->bounds || !h->bins || !is_ascending(h->bounds, n))
		histogram_done(h);
}

static void read_stat(struct json_object *one, struct qmp_blockstat *st)
{
	struct json_object *s = json_member(one, "stats"), *file = json_member(one, "parent");
	struct json_object *driver = json_member(file ? file : one, "driver-specific");
	size_t k;

	for (k = 0; k < QMP_IOS; k++) {
		st->io[k] = (struct qmp_iostat){
			.ops = count_of(s, names[k].ops), .bytes = count_of(s, names[k].bytes),
			.ns = count_of(s, names[k].ns), .failed = count_of(s, names[k].failed),
			.invalid = count_of(s, names[k].invalid),
		};
		if (names[k].latency)
			read_histogram(json_member(s, names[k].latency), &st->io[k].latency);
	}
	/* QEMU calls "parent" what is below */
	st->file_node = qmp_ident(file, "node-name");
	st->file_discards = count_of(driver, "discard-nb-ok");
	st->file_discard_bytes = count_of(driver, "discard-bytes-ok");
	st->file_end = count_of(json_member(file, "stats"), "wr_highest_offset");
}

int qmp_query_blockstats(struct qmp *q, struct qmp_blockstat **list, size_t *n, struct err *err)
{
	auto_json struct json_object *ret = NULL;
	struct qmp_blockstat *stats = NULL;
	size_t i, found = 0;
	int rc = qmp_ask(q, "query-blockstats", NULL, json_type_array, &ret, err);

	if (rc)
		return rc;
	for (i = 0; i < json_object_array_length(ret) && found < QMP_LIST_MAX; i++) {
		struct json_object *one = json_object_array_get_idx(ret, i);
		struct qmp_blockstat st = { .qdev = qmp_ident(one, "qdev") };

		if (!st.qdev || found == GUEST_DISKS_MAX) {	/* a -drive that no device uses */
			free(st.qdev);
			continue;
		}
		read_stat(one, &st);
		*vec_push(stats, found) = st;
	}
	*list = stats;
	*n = found;
	return 0;
}
