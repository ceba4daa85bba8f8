// SPDX-License-Identifier: GPL-3.0-or-later
/* query-stats and its schemas. */
#include "internal.h"
#include "kvm_stats.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define STATS_MAX 1024			/* of one vCPU */
#define SETS_MAX 4097			/* QEMU's most vCPUs, and the machine */

void qmp_kvm_stats_free(struct qmp_kvm_set *list, size_t n)
{
	while (n--) {
		while (list[n].n)
			free(list[n].stats[--list[n].n].name);
		free(list[n].stats);
	}
	free(list);
}

void qmp_kvm_names_free(struct qmp_kvm_name *list, size_t n)
{
	while (n)
		free(list[--n].name);
	free(list);
}

/* The number of the vCPU at a QOM path, out of query-cpus-fast; -1: it is none of them. */
static int index_of(struct json_object *cpus, const char *path)
{
	size_t i;

	for (i = 0; path && i < json_object_array_length(cpus); i++) {
		struct json_object *one = json_object_array_get_idx(cpus, i);
		const char *at = json_str(one, "qom-path");
		uint64_t index;

		if (at && !strcmp(at, path) && json_u64(one, "cpu-index", &index) && index <= INT_MAX)
			return (int)index;
	}
	return -1;
}

/* Numbers; flags and histograms are left out. */
static void take_stats(struct json_object *stats, struct qmp_kvm_set *set)
{
	size_t i;

	for (i = 0; stats && i < json_object_array_length(stats) && set->n < STATS_MAX; i++) {
		struct json_object *one = json_object_array_get_idx(stats, i);
		uint64_t value;
		char *name;

		if (!json_u64(one, "value", &value))
			continue;
		name = qmp_ident(one, "name");
		if (name)
			*vec_push(set->stats, set->n) = (struct qmp_kvm_stat){ .name = name, .value = value };
	}
}

static int ask_target(struct qmp *q, const char *target, struct json_object *cpus, struct qmp_kvm_set **list, size_t *n,
		      struct err *err)
{
	auto_json struct json_object *ret = NULL;
	struct json_object *args = json_put_str(json_object_new_object(), "target", target);
	struct json_object *providers = json_object_new_array();
	size_t i;
	int rc;

	json_object_array_add(providers, json_put_str(json_object_new_object(), "provider", "kvm"));
	json_put(args, "providers", providers);
	rc = qmp_ask(q, "query-stats", args, json_type_array, &ret, err);
	for (i = 0; !rc && i < json_object_array_length(ret) && *n < SETS_MAX; i++) {
		struct json_object *one = json_object_array_get_idx(ret, i);
		struct qmp_kvm_set set = { .vcpu = -1 };

		if (cpus)
			set.vcpu = index_of(cpus, json_str(one, "qom-path"));
		if (cpus && set.vcpu < 0)
			continue;
		take_stats(json_array(one, "stats"), &set);
		*vec_push(*list, *n) = set;
	}
	return rc;
}

int qmp_query_kvm_stats(struct qmp *q, struct qmp_kvm_set **list, size_t *n, struct err *err)
{
	auto_json struct json_object *cpus = NULL;
	struct qmp_kvm_set *sets = NULL;
	size_t found = 0;
	int rc = qmp_ask(q, "query-cpus-fast", NULL, json_type_array, &cpus, err);

	if (!rc)
		rc = ask_target(q, "vm", NULL, &sets, &found, err);
	if (!rc)
		rc = ask_target(q, "vcpu", cpus, &sets, &found, err);
	if (qmp_is_refusal(rc)) {	/* before 7.1 */
		*err = (struct err){0};
		rc = 0;
	}
	if (rc) {
		qmp_kvm_stats_free(sets, found);
		return rc;
	}
	*list = sets;
	*n = found;
	return 0;
}

int qmp_query_kvm_names(struct qmp *q, struct qmp_kvm_name **list, size_t *n, struct err *err)
{
	auto_json struct json_object *ret = NULL;
	struct qmp_kvm_name *names = NULL;
	size_t found = 0, i, k;
	int rc = qmp_ask(q, "query-stats-schemas", json_put_str(json_object_new_object(), "provider", "kvm"), json_type_array,
			 &ret, err);

	if (qmp_is_refusal(rc)) {
		*err = (struct err){0};
		rc = 0;
	}
	if (rc)
		return rc;
	for (i = 0; ret && i < json_object_array_length(ret); i++) {
		struct json_object *stats = json_array(json_object_array_get_idx(ret, i), "stats");

		for (k = 0; stats && k < json_object_array_length(stats) && found < 2 * STATS_MAX; k++) {
			struct json_object *one = json_object_array_get_idx(stats, k);
			const char *type = json_str(one, "type");
			char *name = type ? qmp_ident(one, "name") : NULL;

			if (name)
				*vec_push(names, found) = (struct qmp_kvm_name){
					.name = name, .count = !strcmp(type, "cumulative"),
				};
		}
	}
	*list = names;
	*n = found;
	return 0;
}
