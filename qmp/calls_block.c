// SPDX-License-Identifier: GPL-3.0-or-later
/* Typed calls about disks and block nodes. */
#include "internal.h"

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
	free(d->format);
	free(d->io_status);
	free(d->throttle.group);
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

static void read_disk(struct json_object *one, struct qmp_disk *d)
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
	d->file = qmp_text(in, "file", QMP_FILE_MAX);
	d->format = qmp_ident(in, "drv");
	d->read_only = json_flag(in, "ro", false);
	d->cache = cache_name(json_member(in, "cache"));
	read_throttle(in, &d->throttle);
	json_u64(in, "backing_file_depth", &d->chain);
	json_u64(json_member(in, "image"), "virtual-size", &d->size_bytes);
	json_u64(json_member(in, "image"), "actual-size", &d->allocated_bytes);
}

int qmp_query_disks(struct qmp *q, struct qmp_disk **list, size_t *n, struct err *err)
{
	auto_json struct json_object *ret = NULL;
	struct qmp_disk *disks = NULL;
	size_t i, found = 0;
	int rc = qmp_ask(q, "query-block", NULL, json_type_array, &ret, err);

	if (rc)
		return rc;
	for (i = 0; i < json_object_array_length(ret); i++) {
		struct json_object *one = json_object_array_get_idx(ret, i);
		struct qmp_disk d = { .qdev = qmp_ident(one, "qdev") };

		if (!d.qdev)		/* a -drive that no device uses */
			continue;
		read_disk(one, &d);
		*vec_push(disks, found) = d;
	}
	*list = disks;
	*n = found;
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

		if (name)
			*vec_push(list, found) = name;
	}
	*names = list;
	*n = found;
	return 0;
}

struct graph_node {
	uint64_t id;
	char *name;
	bool driver;		/* a node, neither a device's end nor a job */
	bool taken;
};
struct graph_edge {
	uint64_t parent, child;
};
struct graph {
	struct graph_node *nodes;
	struct graph_edge *edges;
	size_t n_nodes, n_edges;
};

static void graph_done(struct graph *g)
{
	while (g->n_nodes)
		free(g->nodes[--g->n_nodes].name);
	free(g->nodes);
	free(g->edges);
}

static void graph_read(struct json_object *ret, struct graph *g)
{
	struct json_object *nodes = json_array(ret, "nodes"), *edges = json_array(ret, "edges");
	size_t i;

	for (i = 0; nodes && i < json_object_array_length(nodes); i++) {
		struct json_object *one = json_object_array_get_idx(nodes, i);
		const char *type = json_str(one, "type");
		struct graph_node node = { .driver = type && !strcmp(type, "block-driver") };

		if (!json_u64(one, "id", &node.id))
			continue;
		node.name = qmp_ident(one, "name");
		*vec_push(g->nodes, g->n_nodes) = node;
	}
	for (i = 0; edges && i < json_object_array_length(edges); i++) {
		struct json_object *one = json_object_array_get_idx(edges, i);
		struct graph_edge edge;

		if (json_u64(one, "parent", &edge.parent) && json_u64(one, "child", &edge.child))
			*vec_push(g->edges, g->n_edges) = edge;
	}
}

static struct graph_node *graph_find(const struct graph *g, uint64_t id)
{
	size_t i;

	for (i = 0; i < g->n_nodes; i++)
		if (g->nodes[i].id == id)
			return &g->nodes[i];
	return NULL;
}

/* Taken nodes hold it, and nobody else does. */
static bool graph_is_freed(const struct graph *g, const struct graph_node *node)
{
	bool held = false;
	size_t i;

	for (i = 0; i < g->n_edges; i++) {
		const struct graph_node *parent;

		if (g->edges[i].child != node->id)
			continue;
		parent = graph_find(g, g->edges[i].parent);
		if (!parent || !parent->taken)
			return false;
		held = true;
	}
	return held;
}

static void take_node(struct graph_node *node, char ***names, size_t *n)
{
	node->taken = true;
	/* QEMU's own names, which nobody can use in blockdev-del, start with '#' */
	if (node->name && *node->name && *node->name != '#')
		*vec_push(*names, *n) = xstrdup(node->name);
}

int qmp_query_chain(struct qmp *q, const char *node, char ***names, size_t *n, struct err *err)
{
	auto_json struct json_object *ret = NULL;
	struct graph g = {0};
	struct graph_node *top = NULL;
	char **list = NULL;
	size_t i, found = 0;
	bool more = true;
	int rc = qmp_ask(q, "x-debug-query-block-graph", NULL, json_type_object, &ret, err);

	if (rc)
		return rc;
	graph_read(ret, &g);
	for (i = 0; i < g.n_nodes && !top; i++)
		if (g.nodes[i].driver && g.nodes[i].name && !strcmp(g.nodes[i].name, node))
			top = &g.nodes[i];
	if (!top) {
		graph_done(&g);
		return err_set(err, -ENODEV, "there is no block node '%s'", node);
	}
	take_node(top, &list, &found);
	/* what somebody outside the chain uses too cannot be deleted, nor what is below it */
	while (more) {
		more = false;
		for (i = 0; i < g.n_nodes; i++) {
			struct graph_node *one = &g.nodes[i];

			if (one->taken || !one->driver || !graph_is_freed(&g, one))
				continue;
			take_node(one, &list, &found);
			more = true;
		}
	}
	graph_done(&g);
	*names = list;
	*n = found;
	return 0;
}
