// SPDX-License-Identifier: GPL-3.0-or-later
/* What the arguments of a NIC mean, and whether the host has what they name. */
#include "nic.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define OVS_MS 2000
#define QUEUES_MAX 256		/* the kernel's MAX_TAP_QUEUES */

static const struct {
	const char *name;
	bool needs_source, takes_source;
	bool queues, vhost;
	const char *source;		/* what source= is, for who has forgotten it */
} kinds[] = {
	[NIC_USER] = { "user" },
	[NIC_TAP] = { "tap", .takes_source = true, .queues = true, .vhost = true, .source = "a tap of the host" },
	[NIC_BRIDGE] = { "bridge", true, true, true, true, "a bridge of the host" },
	[NIC_NETWORK] = { "network", true, true, true, true, "a network of libvirt's" },
	[NIC_MACVTAP] = { "macvtap", true, true, true, true, "an interface of the host" },
	[NIC_VHOST_USER] = { "vhost-user", true, true, true, false, "the unix socket its switch listens on" },
	[NIC_VDPA] = { "vdpa", true, true, true, false, "a device node, /dev/vhost-vdpa-N" },
};

/* Names people write, and QEMU's. Any other is taken for QEMU's own. */
static const struct {
	const char *name, *driver;
} models[] = {
	{ "virtio", "virtio-net-pci" }, { "virtio-net", "virtio-net-pci" },
};

static void take_model(const struct plan *p, struct nic *n)
{
	const char *model = plan_arg(p, "model");
	size_t i;

	n->driver = model ? model : models[0].driver;
	for (i = 0; i < ARRAY_SIZE(models); i++)
		if (!strcmp(n->driver, models[i].name))
			n->driver = models[i].driver;
	n->virtio = str_has_prefix(n->driver, "virtio-net-pci");	/* also -transitional, -non-transitional */
}

static int check_queues(const struct plan *p, struct nic *n, struct err *err)
{
	const char *given = plan_arg(p, "queues");
	uint64_t number = 1;

	if (given && (units_uint_parse(given, &number) || !number || number > QUEUES_MAX))
		return err_set(err, -EINVAL, "queues=%s: 1 to %d pairs of queues", given, QUEUES_MAX);
	n->queues = (unsigned)number;
	if (n->queues > 1 && !n->virtio)
		return err_set(err, -EINVAL, "queues=%u: a %s has one pair of queues (model=virtio has more)",
			       n->queues, n->driver);
	if (n->queues > 1 && !kinds[n->kind].queues)
		return err_set(err, -EINVAL, "queues=%u: type=%s has one pair of queues (type=tap, bridge, network or macvtap have more)", n->queues,
			       n->type);
	return 0;
}

static int check_vhost(const struct plan *p, struct nic *n, struct err *err)
{
	n->vhost = is_on(p, "vhost");
	if (n->vhost && !kinds[n->kind].vhost)
		return err_set(err, -EINVAL, "vhost=on: type=%s has no part in the host's kernel to serve it "
			       "(type=tap, bridge, network or macvtap)", n->type);
	if (n->vhost && !n->virtio)
		return err_set(err, -EINVAL, "vhost=on wants model=virtio");
	if (!n->virtio && (n->kind == NIC_VHOST_USER || n->kind == NIC_VDPA))
		return err_set(err, -EINVAL, "type=%s wants model=virtio", n->type);
	return 0;
}

int nic_check_args(const struct plan *p, struct nic *n, struct err *err)
{
	size_t i;
	int rc;

	n->type = plan_arg(p, "type");
	n->source = plan_arg(p, "source");
	for (i = 0; n->type && i < ARRAY_SIZE(kinds) && strcmp(kinds[i].name, n->type); i++)
		;
	if (!n->type || i == ARRAY_SIZE(kinds))
		return err_set(err, -EINVAL, "type= is missing");
	n->kind = (enum nic_kind)i;
	if (kinds[i].needs_source && !n->source)
		return err_set(err, -EINVAL, "type=%s: source= is missing, %s", n->type, kinds[i].source);
	if (n->source && !kinds[i].takes_source)
		return err_set(err, -EINVAL, "source=%s: type=%s has none (leave it out)", n->source, n->type);
	take_model(p, n);
	rc = check_queues(p, n, err);
	if (!rc)
		rc = check_vhost(p, n, err);
	return rc ? rc : nic_check_numbers(p, n, err);
}

static int find_link(const struct host *h, const char *name, struct host_iface *link, struct err *err)
{
	int rc = host_iface_read(h, name, link);

	if (rc == -EINVAL)
		return err_set(err, rc, "source=%s: that cannot be an interface's name (ip link)", name);
	return rc ? err_set(err, -EINVAL, "source=%s: no such interface on this host (ip link)", name) : 0;
}

static int check_tap(const struct host *h, struct nic *n, struct err *err)
{
	struct host_iface link;
	int rc;

	if (!n->source) {
		n->make = true;
		rc = host_iface_free_name(h, "kt-tap", n->ifname);
		return rc ? err_sys(err, rc, "a name for a tap") : 0;
	}
	rc = find_link(h, n->source, &link, err);
	if (rc)
		return rc;
	if (!link.tap)
		return err_set(err, -EINVAL, "source=%s is no tap (leave source= out to have one made%s%s)", n->source,
			       link.bridge ? ", or say type=bridge source=" : "", link.bridge ? n->source : "");
	if (link.carrier)
		return err_set(err, -EBUSY, "tap %s is in use by another process (leave source= out to have one made)", n->source);
	if (n->queues > 1 && !link.multi_queue)
		return err_set(err, -EINVAL, "tap %s was made for one queue (ip tuntap add mode tap "
			       "multi_queue, or leave source= out)",
			       n->source);
	strcpy(n->ifname, link.name);
	n->multi_queue = link.multi_queue;
	n->was_up = link.up;
	n->room = link.mtu;
	return 0;
}

static bool read_ovs(const struct host *h, struct host_ovs_port **list, size_t *n)
{
	return host_is_live(h) && !host_ovs_read(HOST_OVS_SOCKET, OVS_MS, list, n, NULL);
}

bool nic_ovs_has(const struct host *h, const char *bridge, const char *port)
{
	struct host_ovs_port *list = NULL;
	bool found = false;
	size_t n = 0, i;

	if (!read_ovs(h, &list, &n))
		return false;
	for (i = 0; i < n; i++)
		found |= (!bridge || !strcmp(list[i].bridge, bridge)) && (!port || !strcmp(list[i].name, port));
	free(list);
	return found;
}

/*
 * The switch gives its internal ports, that of the bridge too, the least MTU of the others, where none is set by hand. One
 * that is neither less than that nor than the bridge's changes nothing.
 */
static unsigned ovs_mtu(const struct host *h, const char *bridge)
{
	struct host_ovs_port *list = NULL;
	struct host_iface port;
	unsigned own = 0, least = 0;
	size_t n = 0, i;

	if (!host_iface_read(h, bridge, &port))
		own = port.mtu;
	if (!read_ovs(h, &list, &n))
		return own;
	for (i = 0; i < n; i++)
		if (!strcmp(list[i].bridge, bridge) && !list[i].internal && !host_iface_read(h, list[i].name, &port) &&
		    (!least || port.mtu < least))
			least = port.mtu;
	free(list);
	return own > least ? own : least;
}

static int check_bridge(const struct host *h, struct nic *n, struct err *err)
{
	struct host_iface link = {0};
	int rc = find_link(h, n->source, &link, err);

	n->ovs = !link.bridge && nic_ovs_has(h, n->source, NULL);
	if (rc && !n->ovs)
		return rc;
	if (!link.bridge && !n->ovs)
		return err_set(err, -EINVAL, "source=%s is no bridge (ip link show type bridge)", n->source);
	n->make = true;
	n->room = n->ovs ? ovs_mtu(h, n->source) : link.mtu;
	n->filters_vlans = n->ovs || link.filters_vlans;
	rc = host_iface_free_name(h, "kt-tap", n->ifname);
	return rc ? err_sys(err, rc, "a name for a tap") : 0;
}

static int check_macvtap(const struct host *h, struct nic *n, struct err *err)
{
	struct host_iface link;
	int rc = find_link(h, n->source, &link, err);

	if (rc)
		return rc;
	if (*link.master)
		return err_set(err, -EBUSY, "interface %s is a port of %s already (type=bridge source=%s?)",
			       n->source, link.master,
			       link.master);
	n->make = true;
	n->room = link.mtu;
	rc = host_iface_free_name(h, "kt-mvt", n->ifname);
	return rc ? err_sys(err, rc, "a name for a macvtap") : 0;
}

/* A switch that does not listen would hold QEMU's main loop until it does: netdev_add waits for it. */
static int check_socket(const struct plan *p, const struct host *h, struct nic *n, struct err *err)
{
	auto_free char *path = NULL;
	struct host_sock sock;
	int rc;

	if (*n->source != '/')
		return err_set(err, -EINVAL, "source=%s: the absolute path of a unix socket is expected", n->source);
	path = guest_path(p, h, n->source);
	rc = host_sock_look(h, path, &sock);
	if (rc == -EOPNOTSUPP)
		return 0;
	if (rc)
		return err_sys(err, -EINVAL, "source=%s: no socket that a switch listens on", n->source);
	if (sock.unseen)
		return err_set(err, -EINVAL, "source=%s: no process listens there in this network namespace, and only root can look at "
			       "others (QEMU would stand still until a switch is there)", n->source);
	return sock.listening ? 0 : err_set(err, -EINVAL, "source=%s: no process listens there (start the switch first: "
					    "QEMU would stand still until it is there)", n->source);
}

static int check_node(const struct host *h, struct nic *n, struct err *err)
{
	auto_close int fd = -1;

	if (!str_has_prefix(n->source, "/dev/vhost-vdpa-") || strchr(n->source + strlen("/dev/"), '/'))
		return err_set(err, -EINVAL, "source=%s: /dev/vhost-vdpa-N is expected", n->source);
	fd = host_dev_open(h, n->source + strlen("/dev/"), NULL);
	if (fd == -EBUSY)
		return err_set(err, fd, "%s is in use by another process (see: kvmtop --batch find %s)", n->source, n->source);
	return fd < 0 ? err_set(err, -EINVAL, "source=%s cannot be opened: %s (vdpa dev show)", n->source, strerror(-fd)) : 0;
}

/*
 * QEMU 7.2 aborts where vhost=true finds no /dev/vhost-net. We open it and pass it, so it is we who must be able to,
 * and we say vhostforce, which makes an error out of what is left.
 */
static int check_vhost_net(const struct host *h, struct err *err)
{
	auto_close int fd = host_dev_open(h, "vhost-net", err);

	if (fd == -ENOENT)
		return err_set(err, -EINVAL, "vhost=on: no /dev/vhost-net on this host (modprobe vhost_net)");
	return fd < 0 ? err_prefix(err, fd, "vhost=on") : 0;
}

int nic_check_source(const struct plan *p, const struct host *h, struct nic *n, struct err *err)
{
	int rc = 0;

	switch (n->kind) {
	case NIC_USER: break;
	case NIC_TAP: rc = check_tap(h, n, err); break;
	case NIC_BRIDGE: rc = check_bridge(h, n, err); break;
	case NIC_NETWORK: rc = err_set(err, -EINVAL, "type=network is libvirt's, and this guest is not "
				       "(type=bridge)"); break;
	case NIC_MACVTAP: rc = check_macvtap(h, n, err); break;
	case NIC_VHOST_USER: rc = check_socket(p, h, n, err); break;
	case NIC_VDPA: rc = check_node(h, n, err); break;
	}
	return rc || !n->vhost ? rc : check_vhost_net(h, err);
}
