// SPDX-License-Identifier: GPL-3.0-or-later
/* Guest memory: where its blocks are, what is plugged, what the balloon says. */
#include "memory.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

#define UNKNOWN UINT64_MAX
#define FOUR_G (1ull << 32)
#define STEP (1ull << 20)		/* the gap below 4 GiB begins at a multiple of it */
#define BLOCKS_MAX 256
#define HMP_LINE_MAX 1024

static bool hex_parse(const char *s, uint64_t *n)
{
	char *end;

	if (!str_has_prefix(s, "0x"))
		return false;
	errno = 0;
	*n = strtoull(s, &end, 16);
	return !errno && end > s + 2 && !end[strspn(end, "\r\n")];
}

/* "Host virtual address for 0x0 (pc.ram) is 0x7f..": only HMP knows. */
int qmp_gpa2hva(struct qmp *q, uint64_t gpa, uint64_t *hva, char **name, struct err *err)
{
	auto_free char *line = xasprintf("gpa2hva 0x%llx", (unsigned long long)gpa);
	auto_free char *text = NULL;
	const char *is = NULL, *next, *open;
	int rc = qmp_ask_hmp(q, line, HMP_LINE_MAX, &text, err);

	*hva = 0;
	if (name)
		*name = NULL;
	if (rc)
		return qmp_is_refusal(rc) ? 0 : rc;
	if (!str_has_prefix(text, "Host virtual address for 0x"))
		return 0;
	for (next = text; (next = strstr(next, " is ")); next += 4)
		is = next + 4;
	if (!is || !hex_parse(is, hva))
		*hva = 0;
	open = strchr(text, '(');
	if (*hva && name && open && is - 5 > open + 1)
		*name = str_utf8(open + 1, (size_t)(is - 5 - (open + 1)), QMP_IDENT_MAX);
	return 0;
}

void qmp_ram_free(struct qmp_ram *list, size_t n)
{
	while (n--)
		free(list[n].id);
	free(list);
}

/* A backend's id, of its QOM path too. */
static const char *plain_id(const char *path)
{
	return str_has_prefix(path, "/objects/") ? path + strlen("/objects/") : path;
}

static struct qmp_ram *find(struct qmp_ram *list, size_t n, const char *name)
{
	size_t i;

	for (i = 0; name && i < n; i++)
		if (!strcmp(list[i].id, plain_id(name)))
			return &list[i];
	return NULL;
}

static int read_backends(struct qmp *q, struct qmp_ram **list, size_t *n, struct err *err)
{
	auto_json struct json_object *ret = NULL;
	size_t i;
	int rc = qmp_ask(q, "query-memdev", NULL, json_type_array, &ret, err);

	if (rc)
		return qmp_is_refusal(rc) ? 0 : rc;
	for (i = 0; i < json_object_array_length(ret) && *n < BLOCKS_MAX; i++) {
		struct json_object *one = json_object_array_get_idx(ret, i);
		struct qmp_ram ram = { .id = qmp_ident(one, "id") };

		if (ram.id && json_u64(one, "size", &ram.bytes) && ram.bytes && ram.bytes < INT64_MAX)
			*vec_push(*list, *n) = ram;
		else
			free(ram.id);
	}
	return 0;
}

static int is_main(struct qmp *q, struct qmp_ram *list, size_t n, uint64_t gpa, bool *is, struct err *err)
{
	auto_free char *name = NULL;
	uint64_t hva;
	int rc = qmp_gpa2hva(q, gpa, &hva, &name, err);

	*is = hva && find(list, n, name);
	return rc;
}

/*
 * Where the main memory's part below 4 GiB ends: what is mapped there are backends up to it, and none behind. Counted in
 * steps, of which there are 4,096: the two ends meet after 12 questions, whatever the answers are.
 */
static int find_gap(struct qmp *q, struct qmp_ram *list, size_t n, uint64_t base, uint64_t *gap, struct err *err)
{
	uint64_t end = base < FOUR_G ? base : FOUR_G, low = 1, high = end / STEP;
	bool is;
	int rc = is_main(q, list, n, FOUR_G, &is, err);

	*gap = end;
	if (rc || !is || high <= low)
		return rc;
	while (!rc && high - low > 1) {
		uint64_t mid = low + (high - low) / 2;

		rc = is_main(q, list, n, mid * STEP, &is, err);
		if (is)
			low = mid;
		else
			high = mid;
	}
	if (high < end / STEP)
		*gap = high * STEP;
	return rc;
}

/* The backends of the main memory, one behind the other. */
static int place_base(struct qmp *q, struct qmp_ram *list, size_t n, uint64_t base, struct err *err)
{
	uint64_t at = 0, gap = UNKNOWN, hva;

	while (at < base) {
		auto_free char *name = NULL;
		struct qmp_ram *ram;
		int rc = 0;

		if (at && gap == UNKNOWN)
			rc = find_gap(q, list, n, base, &gap, err);
		if (!rc)
			rc = qmp_gpa2hva(q, at < gap ? at : FOUR_G + (at - gap), &hva, &name, err);
		if (rc)
			return rc;
		ram = hva ? find(list, n, name) : NULL;
		if (!ram || ram->address)
			return 0;
		ram->address = hva;
		at += ram->bytes;
	}
	return 0;
}

static int place_devices(struct qmp *q, struct qmp_ram *list, size_t n, struct err *err)
{
	auto_json struct json_object *ret = NULL;
	size_t i;
	int rc = qmp_ask(q, "query-memory-devices", NULL, json_type_array, &ret, err);

	if (rc)
		return qmp_is_refusal(rc) ? 0 : rc;
	for (i = 0; i < json_object_array_length(ret); i++) {
		struct json_object *data = json_member(json_object_array_get_idx(ret, i), "data");
		const char *memdev = json_str(data, "memdev");
		struct qmp_ram *ram = memdev ? find(list, n, memdev) : NULL;
		auto_free char *name = NULL;
		uint64_t addr, hva;

		if (!ram || ram->address || (!json_u64(data, "addr", &addr) && !json_u64(data, "memaddr", &addr)))
			continue;
		rc = qmp_gpa2hva(q, addr, &hva, &name, err);
		if (rc)
			return rc;
		if (hva && find(ram, 1, name))
			ram->address = hva;
	}
	return 0;
}

int qmp_query_ram(struct qmp *q, struct qmp_ram **list, size_t *n, struct err *err)
{
	auto_json struct json_object *ret = NULL;
	struct qmp_ram *all = NULL;
	uint64_t base = 0;
	size_t count = 0, i, kept = 0;
	int rc = read_backends(q, &all, &count, err);

	if (!rc)
		rc = qmp_ask(q, "query-memory-size-summary", NULL, json_type_object, &ret, err);
	if (qmp_is_refusal(rc))
		rc = 0;
	else if (!rc && json_u64(ret, "base-memory", &base))
		rc = place_base(q, all, count, base, err);
	if (!rc)
		rc = place_devices(q, all, count, err);
	if (rc) {
		qmp_ram_free(all, count);
		return rc;
	}
	for (i = 0; i < count; i++) {	/* one that nothing uses, or whose place is not known */
		if (all[i].address)
			all[kept++] = all[i];
		else
			free(all[i].id);
	}
	*list = all;
	*n = kept;
	return 0;
}

int qmp_query_memory_size(struct qmp *q, struct qmp_memory_size *out, struct err *err)
{
	auto_json struct json_object *ret = NULL;
	struct qmp_memory_size size = { UNKNOWN, UNKNOWN };
	int rc = qmp_ask(q, "query-memory-size-summary", NULL, json_type_object, &ret, err);

	if (rc && !qmp_is_refusal(rc))
		return rc;
	if (!rc && json_u64(ret, "base-memory", &size.base_bytes))
		size.plugged_bytes = 0;		/* of a machine that takes no memory devices */
	if (!rc)
		json_u64(ret, "plugged-memory", &size.plugged_bytes);
	*out = size;
	return 0;
}

static int find_in(struct qmp *q, const char *container, char **path, struct err *err)
{
	struct qmp_prop *list;
	size_t n, i;
	int rc = qmp_qom_list(q, container, &list, &n, err);

	if (rc)
		return qmp_is_refusal(rc) ? 0 : rc;
	for (i = 0; i < n && !*path; i++)
		if (str_has_prefix(list[i].type, "child<virtio-balloon-"))
			*path = xasprintf("%s/%s", container, list[i].name);
	qmp_props_free(list, n);
	return 0;
}

int qmp_find_balloon(struct qmp *q, char **path, struct err *err)
{
	int rc;

	*path = NULL;
	rc = find_in(q, "/machine/peripheral", path, err);
	if (!rc && !*path)
		rc = find_in(q, "/machine/peripheral-anon", path, err);
	return rc;
}

static const struct {
	const char *key;
	size_t offset;
} stats[] = {
	{ "stat-total-memory", offsetof(struct qmp_balloon, total) },
	{ "stat-free-memory", offsetof(struct qmp_balloon, free) },
	{ "stat-available-memory", offsetof(struct qmp_balloon, available) },
	{ "stat-disk-caches", offsetof(struct qmp_balloon, caches) },
	{ "stat-swap-in", offsetof(struct qmp_balloon, swap_in) },
	{ "stat-swap-out", offsetof(struct qmp_balloon, swap_out) },
	{ "stat-major-faults", offsetof(struct qmp_balloon, major_faults) },
	{ "stat-minor-faults", offsetof(struct qmp_balloon, minor_faults) },
	{ "stat-oom-kills", offsetof(struct qmp_balloon, oom_kills) },
};

/* What the guest never set is all ones, which is our unknown as well. */
static void take_stats(struct json_object *ret, struct qmp_balloon *out)
{
	struct json_object *list = json_member(ret, "stats");
	uint64_t updated;
	size_t i;

	if (!json_u64(ret, "last-update", &updated) || !updated)
		return;
	out->updated = updated;
	for (i = 0; i < ARRAY_SIZE(stats); i++)
		json_u64(list, stats[i].key, (uint64_t *)((char *)out + stats[i].offset));
}

int qmp_query_balloon(struct qmp *q, const char *path, struct qmp_balloon *out, struct err *err)
{
	auto_json struct json_object *balloon = NULL, *interval = NULL, *guest = NULL;
	struct qmp_balloon b = {
		.actual = UNKNOWN, .interval_s = UNKNOWN, .updated = UNKNOWN, .total = UNKNOWN, .free = UNKNOWN,
		.available = UNKNOWN, .caches = UNKNOWN, .swap_in = UNKNOWN, .swap_out = UNKNOWN,
		.major_faults = UNKNOWN, .minor_faults = UNKNOWN, .oom_kills = UNKNOWN,
	};
	int rc = qmp_ask(q, "query-balloon", NULL, json_type_object, &balloon, err);

	if (!rc)
		json_u64(balloon, "actual", &b.actual);
	if (!rc || qmp_is_refusal(rc))
		rc = qmp_ask(q, "qom-get", qmp_path_args(path, "guest-stats-polling-interval"), json_type_int, &interval, err);
	if (!rc && json_object_get_int64(interval) >= 0)
		b.interval_s = (uint64_t)json_object_get_int64(interval);
	/* what a guest said before polling ended is of a time long past */
	if (!rc && b.interval_s && b.interval_s != UNKNOWN) {
		rc = qmp_ask(q, "qom-get", qmp_path_args(path, "guest-stats"), json_type_object, &guest, err);
		if (!rc)
			take_stats(guest, &b);
	}
	if (rc && !qmp_is_refusal(rc))
		return rc;
	*out = b;
	return 0;
}
