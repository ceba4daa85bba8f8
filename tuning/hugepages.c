// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Pools of hugetlb pages, node by node: the kernel's own file for all nodes skips those without room and makes it up elsewhere. Pages
 * that are in use when a pool shrinks stay as surplus.
 */
#include "internal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATTERN "sys/devices/system/node/node*/hugepages/hugepages-*/nr_hugepages"
#define WHOLE "sys/kernel/mm/hugepages/hugepages-*/nr_hugepages"	/* a kernel without NUMA */
#define MIB (1024.0 * 1024)

struct pools {
	struct host_value_file *list;	/* of that size, of the nodes that are meant */
	size_t n, room;			/* room: in list, for freeing it */
	uint64_t page_bytes;
	char size[16];
};

/* The directory of a pool's file. Yours. */
static char *dir_of(const struct host_value_file *f)
{
	return xstrndup(f->path, strlen(f->path) - strlen("/nr_hugepages"));
}

static int count_of(const struct host *h, const char *dir, struct host_huge_count *out, struct err *err)
{
	int rc = host_huge_count(h, dir, out);

	return rc ? err_set(err, rc, "/%s cannot be read, so there would be no way back", dir) : 0;
}

static int no_such_pool(const struct plan *p, const struct pools *all, struct err *err)
{
	auto_buf struct buf sizes = {0}, nodes = {0};
	char name[16];
	bool has_size = false;
	size_t i;

	for (i = 0; i < all->room; i++) {
		units_scaled((double)all->list[i].page_bytes, 1024, name, sizeof(name));
		if (all->list[i].node == all->list[0].node)
			buf_printf(&sizes, "%s%s", sizes.len ? ", " : "", name);
		has_size |= all->list[i].page_bytes == all->page_bytes;
		if (all->list[i].page_bytes == all->page_bytes)
			buf_printf(&nodes, "%s%d", nodes.len ? ", " : "", all->list[i].node);
	}
	if (has_size)
		return err_set(err, -EINVAL, "node=%s: there are pools of %s on the nodes %s", plan_arg(p, "node"), all->size, nodes.text);
	return err_set(err, -EINVAL, "size=%s: this host has hugetlb pages of %s", plan_arg(p, "size"), sizes.len ? sizes.text : "no size");
}

/* Those that are not meant go to the end of the list. */
static int find_pools(const struct plan *p, const struct host *h, struct pools *out, struct err *err)
{
	const char *node = plan_arg(p, "node");
	uint64_t number = 0;
	size_t i;

	if (units_size_parse(plan_arg(p, "size"), &out->page_bytes))
		return err_set(err, -EINVAL, "size=%s: a size is expected, such as 2M or 1G", plan_arg(p, "size"));
	if (node && units_uint_parse(node, &number))
		return err_set(err, -EINVAL, "node=%s: a number is expected", node);
	units_scaled((double)out->page_bytes, 1024, out->size, sizeof(out->size));
	host_values_find(h, PATTERN, &out->list, &out->room);
	if (!out->room && !node)
		host_values_find(h, WHOLE, &out->list, &out->room);
	for (i = 0; i < out->room; i++) {
		struct host_value_file f = out->list[i];

		if (f.page_bytes != out->page_bytes || (node && f.node != (int)number))
			continue;
		out->list[i] = out->list[out->n];
		out->list[out->n++] = f;
	}
	return out->n ? 0 : no_such_pool(p, out, err);
}

/* What more pages take must be there, or the kernel swaps guests out for them. */
static int check_room(struct plan *p, const struct host *h, const struct pools *pools, size_t i, uint64_t more, struct err *err)
{
	struct host_system sys;
	uint64_t room = 0, fit;
	int rc = pools->list[i].node >= 0 ? host_node_room(h, (unsigned)pools->list[i].node, &room) : -ENOENT;

	if (rc) {
		host_system_read(h, &sys);
		room = sys.mem_available_bytes;
	}
	fit = room == HOST_UNKNOWN ? 0 : room / pools->page_bytes;
	if (more <= fit)
		return 0;
	if (!tuning_forced(p))
		return err_set(err, -ENOMEM, "%" PRIu64 " more pages of %s, and node %d has memory for %" PRIu64 " (fewer; or force=on: the kernel takes what "
			       "it finds, and swaps for it)", more, pools->size, pools->list[i].node < 0 ? 0 : pools->list[i].node, fit);
	plan_warn(p, "node %d has memory for %" PRIu64 " more pages of %s, not %" PRIu64, pools->list[i].node < 0 ? 0 : pools->list[i].node, fit,
		  pools->size, more);
	return 0;
}

static int set_pool(struct plan *p, const struct host *h, const struct pools *pools, size_t i, uint64_t want, struct err *err)
{
	auto_free char *dir = dir_of(&pools->list[i]);
	struct host_huge_count now = {0};
	uint64_t in_use;
	int rc = count_of(h, dir, &now, err);

	if (rc || want == now.pages)
		return rc;
	if (want > now.pages)
		rc = check_room(p, h, pools, i, want - now.pages, err);
	if (rc)
		return rc;
	in_use = now.free == HOST_UNKNOWN || now.free > now.pages ? 0 : now.pages - now.free;
	if (want < in_use)
		plan_warn(p, "%" PRIu64 " pages of %s on node %d are in use: %" PRIu64 " of them become surplus until they are freed", in_use,
			  pools->size, pools->list[i].node < 0 ? 0 : pools->list[i].node, in_use - want);
	plan_huge_pool(p, dir, want, now.pages);
	return 0;
}

/* Of all nodes together, in equal parts. */
static int set_count(struct plan *p, const struct host *h, const struct pools *pools, struct err *err)
{
	uint64_t count = 0;
	size_t i;
	int rc = 0;

	if (units_uint_parse(plan_arg(p, "count"), &count) || count > UINT32_MAX)
		return err_set(err, -EINVAL, "count=%s: a number of pages is expected", plan_arg(p, "count"));
	for (i = 0; i < pools->n && !rc; i++)
		rc = set_pool(p, h, pools, i, count / pools->n + (i < count % pools->n), err);
	if (!rc && !p->n_steps)
		p->status = PLAN_UNCHANGED;
	return rc;
}

static int demote(struct plan *p, const struct host *h, const struct pools *pools, struct err *err)
{
	auto_free char *dir = dir_of(&pools->list[0]), *to_file = xasprintf("%s/demote_size", dir);
	char to[HOST_VALUE_MAX];
	struct host_huge_count now = {0};
	uint64_t count = 0;

	if (pools->n > 1)
		return err_set(err, -EINVAL, "demote= is for one node: node= is missing");
	if (units_uint_parse(plan_arg(p, "demote"), &count) || !count || count > UINT32_MAX)
		return err_set(err, -EINVAL, "demote=%s: a number of pages, from 1, is expected", plan_arg(p, "demote"));
	if (host_value_read(h, to_file, to))
		return err_set(err, -EOPNOTSUPP, "pages of %s cannot be broken up on this kernel: there is no /%s", pools->size, to_file);
	if (!host_huge_count(h, dir, &now) && now.free != HOST_UNKNOWN && count > now.free)
		return err_set(err, -EINVAL, "demote=%" PRIu64 ": %" PRIu64 " pages of %s are free there", count, now.free, pools->size);
	plan_warn(p, "pages that are broken up into %s do not become %s again: there is no undo", to, pools->size);
	plan_huge_demote(p, dir, count);
	return 0;
}

int tuning_hugepages_set(struct plan *p, const struct plan_env *env, struct err *err)
{
	struct pools pools = {0};
	int rc = 0;

	if (plan_arg(p, "count") && plan_arg(p, "demote"))
		return err_set(err, -EINVAL, "count= and demote= exclude each other");
	if (!plan_arg(p, "count") && !plan_arg(p, "demote"))
		return err_set(err, -EINVAL, "count= is missing");
	rc = find_pools(p, env->host, &pools, err);
	if (!rc) {
		p->device = pools.n == 1 && pools.list[0].node >= 0 ? xasprintf("node%d %s", pools.list[0].node, pools.size) : xstrdup(pools.size);
		rc = plan_arg(p, "count") ? set_count(p, env->host, &pools, err) : demote(p, env->host, &pools, err);
	}
	if (rc)
		plan_forget_steps(p);
	host_values_free(pools.list, pools.room);
	return rc;
}
