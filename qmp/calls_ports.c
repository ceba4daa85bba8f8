// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * PCI buses that take another device, and whether they have room. From the object tree:
 * query-pci leaves out what is behind a bridge until firmware has numbered the buses.
 */
#include "internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>


static void free_port(struct qmp_port *p)
{
	free(p->bus);
	free(p->kind);
}

static void free_ports(struct qmp_port *ports, size_t n)
{
	while (n)
		free_port(&ports[--n]);
}

void qmp_ports_free(struct qmp_port *list, size_t n)
{
	free_ports(list, n);
	free(list);
}

static bool is_occupant(const struct qmp_prop *p)
{
	return str_has_prefix(p->name, "child[") && str_has_prefix(p->type, "link<");
}

static int read_flag(struct qmp *q, const char *path, const char *property, bool *flag,
		     struct err *err)
{
	auto_json struct json_object *ret = NULL;
	int rc = qmp_qom_get(q, path, property, &ret, err);

	if (rc)
		return rc;
	*flag = json_object_is_type(ret, json_type_boolean) && json_object_get_boolean(ret);
	return 0;
}

/*
 * A bus without a hotplug handler refuses device_add. So does, since QEMU 9, one whose handler is ACPI's where ACPI has no
 * number for the bus; a bridge's own handler wants none. bridge: NULL for the root bus.
 */
int qmp_read_handler(struct qmp *q, const char *bus, const char *bridge, bool *there, struct err *err)
{
	auto_json struct json_object *number = NULL;
	auto_free char *path = NULL;
	int rc = qmp_qom_get_str(q, bus, "hotplug-handler", &path, err);

	if (rc)
		return rc;
	*there = *path;
	if (!*path || (bridge && !strcmp(path, bridge)))
		return 0;
	rc = qmp_qom_get(q, bus, "acpi-pcihp-bsel", &number, err);
	*there = !rc;
	return qmp_is_refusal(rc) ? 0 : rc;
}

/* The first child of that type: a bridge's bus below the bridge itself. */
static int find_bus(struct qmp *q, const char *device, const char *type, char **name,
		    struct err *err)
{
	struct qmp_prop *props;
	size_t i, n;
	int rc = qmp_qom_list(q, device, &props, &n, err);

	if (rc)
		return rc;
	*name = NULL;
	for (i = 0; i < n && !*name; i++)
		if (!strcmp(props[i].type, type))
			*name = xstrdup(props[i].name);
	qmp_props_free(props, n);
	return *name ? 0 : qmp_bad(err, "qom-list", "a bridge without a bus");
}

static int count_occupants(struct qmp *q, const char *bus, unsigned *count, struct err *err)
{
	struct qmp_prop *props;
	size_t i, n;
	int rc = qmp_qom_list(q, bus, &props, &n, err);

	if (rc)
		return rc;
	for (i = 0; i < n; i++)
		*count += is_occupant(&props[i]);
	qmp_props_free(props, n);
	return 0;
}

/* A PCI Express port: one slot, so any device on the bus fills it. */
static int read_express(struct qmp *q, const char *device, struct qmp_port *port, struct err *err)
{
	auto_free char *path = NULL;
	unsigned taken = 0;
	int rc = find_bus(q, device, "child<PCIE>", &port->bus, err);

	if (!rc)
		rc = read_flag(q, device, "hotplug", &port->hotplug, err);
	if (rc)
		return rc;
	path = xasprintf("%s/%s", device, port->bus);
	rc = count_occupants(q, path, &taken, err);
	if (rc)
		return rc;
	port->total = 1;
	port->free = port->hotplug && !taken;
	return 0;
}

/* One bit for each slot of a conventional bus in which a device sits. */
static int read_slots(struct qmp *q, const char *path, uint32_t *taken, struct err *err)
{
	struct qmp_prop *props;
	size_t i, n, asked = 0;
	int rc = qmp_qom_list(q, path, &props, &n, err);

	if (rc)
		return rc;
	for (i = 0; !rc && i < n && asked < PCI_SLOTS * 8; i++) {
		auto_free char *device = xasprintf("%s/%s", path, props[i].name);
		auto_json struct json_object *addr = NULL;
		int64_t devfn;

		if (!is_occupant(&props[i]))
			continue;
		asked++;
		rc = qmp_ask(q, "qom-get", qmp_path_args(device, "addr"), json_type_int, &addr,
			     err);
		if (qmp_is_refusal(rc)) {	/* just unplugged: counts as taken no more */
			rc = 0;
			continue;
		}
		devfn = rc ? 0 : json_object_get_int64(addr);
		if (!rc && (devfn < 0 || devfn >= PCI_SLOTS * 8))
			rc = qmp_bad(err, "qom-get", "a PCI address out of range");
		if (!rc)
			*taken |= 1u << (devfn / 8);
	}
	qmp_props_free(props, n);
	return rc;
}

void qmp_port_count(struct qmp_port *port, uint32_t reserved, uint32_t taken)
{
	port->total = PCI_SLOTS - (unsigned)__builtin_popcount(reserved);
	port->free = port->hotplug ? PCI_SLOTS - (unsigned)__builtin_popcount(taken | reserved) : 0;
}

static int read_conventional(struct qmp *q, const char *path, const char *bridge, uint32_t taken, struct qmp_port *port,
			     struct err *err)
{
	uint32_t reserved = taken;
	int rc = qmp_read_handler(q, path, bridge, &port->hotplug, err);

	if (!rc)
		rc = read_slots(q, path, &taken, err);
	if (rc)
		return rc;
	qmp_port_count(port, reserved, taken);
	return 0;
}

static int read_bridge(struct qmp *q, const char *device, struct qmp_port *port, struct err *err)
{
	auto_free char *path = NULL;
	bool shpc = false;
	int rc = find_bus(q, device, "child<PCI>", &port->bus, err);

	if (rc)
		return rc;
	rc = read_flag(q, device, "shpc", &shpc, err);
	if (rc && !qmp_is_refusal(rc))
		return rc;
	path = xasprintf("%s/%s", device, port->bus);
	/* the standard hotplug controller counts its slots from 1 */
	return read_conventional(q, path, device, shpc ? 1 : 0, port, err);
}

bool qmp_is_express(const char *type)
{
	static const char *const types[] = { "pcie-root-port", "ioh3420", "xio3130-downstream" };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(types); i++)
		if (!strcmp(type, types[i]))
			return true;
	return false;
}

/* "child<TYPE>": TYPE, or NULL. */
static char *child_type(const char *type)
{
	size_t len = strlen(type);

	if (!str_has_prefix(type, "child<") || type[len - 1] != '>')
		return NULL;
	return xstrndup(type + 6, len - 7);
}

struct look {
	qmp_port_enough *enough;
	const void *arg;
	bool i440fx;			/* whose root bus takes devices, and bridges are below it */
	bool over;
	struct qmp_port *list;
	size_t n;
};

static void keep(struct look *l, struct qmp_port port)
{
	*vec_push(l->list, l->n) = port;
	l->over = l->enough && l->enough(l->arg, &port);
}

/* QEMU keeps its objects in a hash table, in no order. */
static int compare_props(const void *a, const void *b)
{
	const struct qmp_prop *x = a, *y = b;

	return strverscmp(x->name, y->name);
}

static int list_below(struct qmp *q, const char *container, struct look *l, struct err *err)
{
	struct qmp_prop *props;
	size_t i, n_props;
	int rc = qmp_qom_list(q, container, &props, &n_props, err);

	if (rc)
		return rc;
	if (n_props)
		qsort(props, n_props, sizeof(*props), compare_props);
	for (i = 0; !rc && !l->over && i < n_props && l->n < QMP_LIST_MAX; i++) {
		auto_free char *path = xasprintf("%s/%s", container, props[i].name);
		struct qmp_port port = { .kind = child_type(props[i].type) };
		bool express = port.kind && qmp_is_express(port.kind);

		if (express || (l->i440fx && port.kind && !strcmp(port.kind, "pci-bridge"))) {
			rc = express ? read_express(q, path, &port, err) :
				       read_bridge(q, path, &port, err);
			if (!rc) {
				keep(l, port);
				continue;
			}
			if (qmp_is_refusal(rc))		/* it went away meanwhile */
				rc = 0;
		}
		free_port(&port);
	}
	qmp_props_free(props, n_props);
	return rc;
}

static int list_root(struct qmp *q, struct look *l, struct err *err)
{
	struct qmp_port port = {0};
	int rc = read_conventional(q, "/machine/i440fx/pci.0", NULL, 0, &port, err);

	l->i440fx = !rc;
	if (rc)
		return qmp_is_refusal(rc) ? 0 : rc;
	port.bus = xstrdup("pci.0");
	port.kind = xstrdup("pci");
	keep(l, port);
	return 0;
}

static int compare_ports(const void *a, const void *b)
{
	const struct qmp_port *x = a, *y = b;

	return strverscmp(x->bus, y->bus);
}

/*
 * device_add finds a bus by name only, and a port without an id has QEMU's own ("pcie.0", as the
 * root bus): what it would mean is not for us to guess.
 */
size_t qmp_ports_clear(struct qmp_port *ports, size_t n, bool i440fx)
{
	size_t i, end, kept = 0;

	if (n)
		qsort(ports, n, sizeof(*ports), compare_ports);
	for (i = 0; i < n; i = end) {
		bool clear = i440fx || strcmp(ports[i].bus, "pcie.0");

		for (end = i + 1; end < n && !strcmp(ports[i].bus, ports[end].bus); end++)
			clear = false;
		if (clear)
			ports[kept++] = ports[i];
		else
			free_ports(&ports[i], end - i);
	}
	return kept;
}

int qmp_query_ports(struct qmp *q, qmp_port_enough *enough, const void *arg, struct qmp_port **list, size_t *n, struct err *err)
{
	struct look l = { .enough = enough, .arg = arg };
	int rc = list_root(q, &l, err);

	if (!rc && !l.over)
		rc = list_below(q, "/machine/peripheral", &l, err);
	if (!rc && !l.over)
		rc = list_below(q, "/machine/peripheral-anon", &l, err);
	if (rc) {
		qmp_ports_free(l.list, l.n);
		return rc;
	}
	*list = l.list;
	*n = qmp_ports_clear(l.list, l.n, l.i440fx);
	return 0;
}

int qmp_query_scsi_devices(struct qmp *q, const char *controller, unsigned *count, struct err *err)
{
	auto_free char *bus = xasprintf("/machine/peripheral/%s/virtio-backend/%s.0", controller, controller);

	*count = 0;
	return count_occupants(q, bus, count, err);
}

int qmp_has_pci(struct qmp *q, bool *has, struct err *err)
{
	auto_json struct json_object *ret = NULL;
	int rc = qmp_ask(q, "query-pci", NULL, json_type_array, &ret, err);
	bool found = false;
	size_t i;

	if (rc && !qmp_is_refusal(rc))
		return rc;
	for (i = 0; !rc && i < json_object_array_length(ret); i++) {
		struct json_object *devices = json_member(json_object_array_get_idx(ret, i), "devices");

		found |= json_object_is_type(devices, json_type_array) && json_object_array_length(devices);
	}
	*has = found;
	return 0;
}
