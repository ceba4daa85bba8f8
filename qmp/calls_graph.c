// SPDX-License-Identifier: GPL-3.0-or-later
/* The graph of block nodes: which of them go with one. */
#include "internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct graph_node {
	uint64_t id;
	char *name;
	bool driver;		/* a node, neither a device's end nor a job */
	bool taken;
	size_t place;		/* in QEMU's list */
	size_t holders, taken_holders;	/* edges that lead here */
};
struct graph_edge {
	uint64_t parent, child;
};
struct graph {
	struct graph_node *nodes;	/* sorted by id */
	struct graph_edge *edges;	/* sorted by parent */
	size_t n_nodes, n_edges;
	struct graph_node **queue;	/* taken ones, whose children are to be looked at */
	size_t n_queue;
};

static void graph_done(struct graph *g)
{
	while (g->n_nodes)
		free(g->nodes[--g->n_nodes].name);
	free(g->nodes);
	free(g->edges);
	free(g->queue);
}

static int node_cmp(const void *a, const void *b)
{
	const struct graph_node *x = a, *y = b;

	if (x->id != y->id)
		return x->id < y->id ? -1 : 1;
	return (x->place > y->place) - (x->place < y->place);
}

static int edge_cmp(const void *a, const void *b)
{
	const struct graph_edge *x = a, *y = b;

	return (x->parent > y->parent) - (x->parent < y->parent);
}

/* A graph that is read in part would lead to deleting nodes in use. */
static int graph_read(struct json_object *ret, struct graph *g, struct err *err)
{
	struct json_object *nodes = json_array(ret, "nodes"), *edges = json_array(ret, "edges");
	size_t n_nodes = nodes ? json_object_array_length(nodes) : 0, n_edges = edges ? json_object_array_length(edges) : 0;
	size_t i;

	if (n_nodes > GUEST_NODES_MAX || n_edges > GUEST_EDGES_MAX)
		return err_set(err, -EMSGSIZE, "the guest has %zu block nodes and %zu edges, more than %u and %u are not looked "
			       "through (delete those that nothing uses: blockdev-del)", n_nodes, n_edges, GUEST_NODES_MAX,
			       GUEST_EDGES_MAX);
	for (i = 0; i < n_nodes; i++) {
		struct json_object *one = json_object_array_get_idx(nodes, i);
		const char *type = json_str(one, "type");
		struct graph_node node = { .driver = type && !strcmp(type, "block-driver"), .place = i };

		if (!json_u64(one, "id", &node.id))
			continue;
		node.name = qmp_ident(one, "name");
		*vec_push(g->nodes, g->n_nodes) = node;
	}
	for (i = 0; i < n_edges; i++) {
		struct json_object *one = json_object_array_get_idx(edges, i);
		struct graph_edge edge;

		if (json_u64(one, "parent", &edge.parent) && json_u64(one, "child", &edge.child))
			*vec_push(g->edges, g->n_edges) = edge;
	}
	if (g->n_nodes)
		qsort(g->nodes, g->n_nodes, sizeof(*g->nodes), node_cmp);
	if (g->n_edges)
		qsort(g->edges, g->n_edges, sizeof(*g->edges), edge_cmp);
	return 0;
}

/* The first one of that id. */
static struct graph_node *node_of(const struct graph *g, uint64_t id)
{
	size_t low = 0, high = g->n_nodes;

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (g->nodes[mid].id < id)
			low = mid + 1;
		else
			high = mid;
	}
	return low < g->n_nodes && g->nodes[low].id == id ? &g->nodes[low] : NULL;
}

static size_t first_edge(const struct graph *g, uint64_t parent)
{
	size_t low = 0, high = g->n_edges;

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (g->edges[mid].parent < parent)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static void take(struct graph *g, struct graph_node *node, char ***names, size_t *n)
{
	node->taken = true;
	*vec_push(g->queue, g->n_queue) = node;
	/* QEMU's own names, which blockdev-del does not take, start with '#' */
	if (node->name && *node->name && *node->name != '#')
		*vec_push(*names, *n) = xstrdup(node->name);
}

/* One node goes: so do those below it that nothing else holds. Each node and each edge is looked at once. */
static void take_below(struct graph *g, const struct graph_node *node, char ***names, size_t *n)
{
	size_t i;

	for (i = first_edge(g, node->id); i < g->n_edges && g->edges[i].parent == node->id; i++) {
		struct graph_node *child = node_of(g, g->edges[i].child);

		if (!child)
			continue;
		child->taken_holders++;
		if (child->driver && !child->taken && child->taken_holders == child->holders)
			take(g, child, names, n);
	}
}

static struct graph_node *top_of(const struct graph *g, const char *name)
{
	struct graph_node *top = NULL;
	size_t i;

	for (i = 0; i < g->n_nodes; i++) {
		struct graph_node *node = &g->nodes[i];

		if (node->driver && node->name && !strcmp(node->name, name) && (!top || node->place < top->place))
			top = node;
	}
	return top;
}

int qmp_query_chain(struct qmp *q, const char *node, char ***names, size_t *n, struct err *err)
{
	auto_json struct json_object *ret = NULL;
	struct graph g = {0};
	struct graph_node *top = NULL, *child;
	char **list = NULL;
	size_t i, found = 0;
	int rc = qmp_ask(q, "x-debug-query-block-graph", NULL, json_type_object, &ret, err);

	if (!rc)
		rc = graph_read(ret, &g, err);
	if (!rc)
		top = top_of(&g, node);
	if (!rc && !top)
		rc = err_set(err, -ENODEV, "there is no block node '%s'", node);
	for (i = 0; i < g.n_edges && !rc; i++)
		if ((child = node_of(&g, g.edges[i].child)))
			child->holders++;
	if (!rc)
		take(&g, top, &list, &found);
	for (i = 0; i < g.n_queue; i++)
		take_below(&g, g.queue[i], &list, &found);
	graph_done(&g);
	if (rc)
		return rc;
	*names = list;
	*n = found;
	return 0;
}
