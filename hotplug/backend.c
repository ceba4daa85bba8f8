// SPDX-License-Identifier: GPL-3.0-or-later
/* What host memory a DIMM is made of: the arguments that say so, and whether the host has it. */
#include "internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MIB (1ull << 20)
#define SPARE_BYTES (256 * MIB)		/* for everybody else on the host */
#define NODES_MAX 128			/* QEMU's MAX_NODES */

/* "1", or "0,1" for several */
static int read_nodes(const char *arg, struct dimm_backend *b, struct err *err)
{
	auto_free char *copy = xstrdup(arg);
	char *rest = copy, *word;

	while ((word = strsep(&rest, ","))) {
		uint64_t node;

		if (units_uint_parse(word, &node) || node >= NODES_MAX)
			return err_set(err, -EINVAL, "host-node=%s: the number of a NUMA node of the host is "
					"expected, or several with commas",
				       arg);
		*vec_push(b->nodes, b->n_nodes) = (unsigned)node;
	}
	return 0;
}

int read_backend(const struct plan *p, struct dimm_backend *b, struct err *err)
{
	const char *size = plan_arg(p, "size"), *huge = plan_arg(p, "hugepages"), *nodes = plan_arg(p, "host-node");
	const char *policy = plan_arg(p, "policy"), *prealloc = plan_arg(p, "prealloc");

	if (!size || units_size_parse(size, &b->bytes) || !b->bytes)
		return err_set(err, -EINVAL, "size=%s: a size is expected, as 1G", size ? size : "");
	if (huge && units_size_parse(huge, &b->page_bytes))
		return err_set(err, -EINVAL, "hugepages=%s: 2M or 1G is expected", huge);
	if (b->page_bytes && b->bytes % b->page_bytes)
		return err_set(err, -EINVAL, "size=%s is not a multiple of hugepages=%s (another size=, or smaller pages)", size, huge);
	if (b->page_bytes && prealloc && !strcmp(prealloc, "off"))
		return err_set(err, -EINVAL, "prealloc=off: a huge page that is missing later kills the "
				"guest, they are all taken at once");
	if (policy && !nodes)
		return err_set(err, -EINVAL, "policy=%s is about nodes of the host: host-node= is missing", policy);
	b->prealloc = b->page_bytes || is_on(p, "prealloc");
	b->policy = policy ? policy : "bind";
	return nodes ? read_nodes(nodes, b, err) : 0;
}

static int no_pages(const struct plan *p, const struct dimm_backend *b, uint64_t pages, struct err *err)
{
	const char *size = plan_arg(p, "hugepages"), *nodes = b->n_nodes ? plan_arg(p, "host-node") : NULL;
	auto_free char *node = nodes && !strpbrk(nodes, ",-") ? xasprintf("devices/system/node/node%s", nodes) : xstrdup("kernel/mm");

	return err_set(err, -ENOMEM, "hugepages=%s: %llu pages are wanted and %llu are free%s%s (enlarge the pool: write their "
		       "number to /sys/%s/hugepages/hugepages-%llukB/nr_hugepages)", size,
		       (unsigned long long)(b->bytes / b->page_bytes), (unsigned long long)pages,
		       nodes ? " on host node " : "", nodes ? nodes : "", node, (unsigned long long)b->page_bytes / 1024);
}

static bool is_strict(const struct dimm_backend *b)
{
	return b->n_nodes && strcmp(b->policy, "preferred");
}

static int check_pages(const struct plan *p, const struct host *h, const struct dimm_backend *b, struct err *err)
{
	uint64_t all = 0, there = 0, pages;
	size_t i;
	int rc = host_huge_free(h, b->page_bytes, -1, &all);

	if (rc)
		return err_set(err, -EINVAL, "hugepages=%s: the host has no such pages (see: kvmtop --batch hugepages)",
			       plan_arg(p, "hugepages"));
	for (i = 0; is_strict(b) && i < b->n_nodes; i++)
		if (!host_huge_free(h, b->page_bytes, (int)b->nodes[i], &pages))
			there += pages;
	if (!is_strict(b) || there > all)
		there = all;
	return there * b->page_bytes < b->bytes ? no_pages(p, b, there, err) : 0;
}

/* Memory that is there only on paper is fine (KSM, balloons), if that is what is meant. */
static int check_memory(struct plan *p, const struct host *h, const struct dimm_backend *b, uint64_t on_nodes,
			struct err *err)
{
	struct host_system sys;
	uint64_t there;

	host_system_read(h, &sys);
	there = sys.mem_available_bytes;
	if (is_strict(b) && on_nodes < there)
		there = on_nodes;
	if (there == HOST_UNKNOWN || there >= b->bytes + SPARE_BYTES)
		return 0;
	/* bound to nodes and taken at once, what is missing is got by killing */
	if (!is_on(p, "force") || (b->prealloc && is_strict(b)))
		return err_set(err, -ENOMEM, "%llu MiB are wanted and the host has %llu MiB available%s%s%s",
				(unsigned long long)(b->bytes / MIB),
			       (unsigned long long)(there / MIB), is_strict(b) ? " on node " : "",
			       is_strict(b) ? plan_arg(p, "host-node") : "",
			       b->prealloc && is_strict(b) ? "" : " (force=on to promise more than there is)");
	plan_warn(p, "the host has %llu MiB available for %llu MiB more", (unsigned long long)(there / MIB),
		  (unsigned long long)(b->bytes / MIB));
	return 0;
}

int check_backend(struct plan *p, const struct host *h, const struct dimm_backend *b, struct err *err)
{
	uint64_t room = 0, on_nodes = 0;
	size_t i;
	int rc;

	for (i = 0; i < b->n_nodes; i++) {
		rc = host_node_room(h, b->nodes[i], &room);
		if (rc)
			return err_set(err, -EINVAL, "host-node=%u: the host has no such NUMA node (see: kvmtop --batch nodes)", b->nodes[i]);
		on_nodes += room;
	}
	rc = b->page_bytes ? check_pages(p, h, b, err) : check_memory(p, h, b, on_nodes, err);
	return rc ? rc : check_group_room(p, h, b->bytes, b->page_bytes, b->prealloc, err);
}
