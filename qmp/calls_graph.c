// SPDX-License-Identifier: GPL-3.0-or-later
/* The graph of block nodes: which of them go with one, and what is below it. */
#include "image.h"

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
	enum { EDGE_OTHER, EDGE_FILE, EDGE_IMAGE, EDGE_BACKING, EDGES } kind;
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

static int edge_kind(const char *name)
{
	static const char *const names[EDGES] = { [EDGE_FILE] = "file", [EDGE_IMAGE] = "image", [EDGE_BACKING] = "backing" };
	int i;

	for (i = EDGE_FILE; name && i < EDGES; i++)
		if (!strcmp(name, names[i]))
			return i;
	return EDGE_OTHER;
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
		struct graph_edge edge = { .kind = edge_kind(json_str(one, "name")) };

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

/* ---- what is below a node */

#define BELOW_MAX 64

/* The node that a node's image is in: of the filters of jobs that is the backing node. */
static const struct graph_node *below(const struct graph *g, const struct graph_node *node, bool filter)
{
	const struct graph_node *best = NULL;
	size_t i;
	int kind = EDGES;

	for (i = first_edge(g, node->id); i < g->n_edges && g->edges[i].parent == node->id; i++) {
		const struct graph_edge *e = &g->edges[i];

		if (e->kind == EDGE_OTHER || (int)e->kind >= kind || (e->kind != EDGE_FILE && !filter))
			continue;
		kind = e->kind;
		best = node_of(g, e->child);
	}
	return best;
}

/* What query-named-block-nodes says of a node, so that its long answer need not be kept. */
struct node_about {
	char *name, *driver, *file, *group;	/* file: what it is called; group: of a throttle filter */
};
struct node_list {
	struct node_about *list;
	size_t n;
	struct names index;
};

static void nodes_done(struct node_list *l)
{
	names_clear(&l->index);
	while (l->n--) {
		free(l->list[l->n].name);
		free(l->list[l->n].driver);
		free(l->list[l->n].file);
		free(l->list[l->n].group);
	}
	free(l->list);
}

static struct node_about about(struct json_object *one)
{
	struct node_about a = { .name = qmp_ident(one, "node-name"), .driver = qmp_ident(one, "drv") };
	const char *file = json_str(one, "file");
	struct qmp_image whole = {0};

	if (!a.driver || !file)
		return a;
	if (!strcmp(a.driver, "throttle") && qmp_image_read(file, &whole) && whole.n_groups)
		a.group = take_ptr(whole.groups[0]);
	else if (qmp_is_protocol(a.driver) || !str_has_prefix(file, "json:"))
		a.file = qmp_text(one, "file", QMP_FILE_MAX);
	qmp_image_done(&whole);
	return a;
}

static int read_nodes(struct qmp *q, struct node_list *l, struct err *err)
{
	struct json_object *args = json_put(json_object_new_object(), "flat", json_object_new_boolean(true));
	auto_json struct json_object *ret = NULL;
	size_t i;
	int rc = qmp_ask(q, "query-named-block-nodes", args, json_type_array, &ret, err);

	for (i = 0; !rc && i < json_object_array_length(ret) && l->n < GUEST_NODES_MAX; i++)
		*vec_push(l->list, l->n) = about(json_object_array_get_idx(ret, i));
	for (i = 0; i < l->n; i++)
		names_add(&l->index, l->list[i].name, NULL, i);
	return rc;
}

static void walk_down(const struct graph *g, const struct node_list *nodes, const char *top, struct qmp_image *out)
{
	const struct graph_node *node = top_of(g, top);
	const struct node_about *leaf = NULL;
	unsigned depth;

	for (depth = 0; node && depth < BELOW_MAX; depth++) {
		size_t at = names_find(&nodes->index, node->name, NULL);
		const struct node_about *a = at == NAMES_NONE ? NULL : &nodes->list[at];

		if (!a || !a->driver)
			break;
		if (!out->format && !qmp_is_filter(a->driver))
			out->format = xstrdup(qmp_is_protocol(a->driver) ? "raw" : a->driver);
		if (a->group && out->n_groups < QMP_GROUPS_MAX)
			out->groups[out->n_groups++] = xstrdup(a->group);
		else
			out->throttled |= !strcmp(a->driver, "throttle");
		leaf = a;
		node = below(g, node, qmp_is_filter(a->driver));
	}
	if (leaf)
		qmp_image_of_node(leaf->file, leaf->driver, out);
}

int qmp_query_images(struct qmp *q, const char *const *tops, size_t n, struct qmp_image *out, struct err *err)
{
	auto_json struct json_object *ret = NULL;
	struct node_list nodes = {0};
	struct graph g = {0};
	size_t i;
	int rc = read_nodes(q, &nodes, err);

	if (!rc)
		rc = qmp_ask(q, "x-debug-query-block-graph", NULL, json_type_object, &ret, err);
	if (!rc)
		rc = graph_read(ret, &g, err);
	for (i = 0; !rc && i < n; i++)
		if (tops[i])
			walk_down(&g, &nodes, tops[i], &out[i]);
	graph_done(&g);
	nodes_done(&nodes);
	return rc;
}
