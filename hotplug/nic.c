// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Plugging NICs. What is behind one is opened here and passed to QEMU as a descriptor: its user needs no rights on
 * /dev/net/tun or /dev/vhost-net, and a sandbox that spawns no bridge helper is no obstacle.
 */
#include "nic.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void nic_done(struct nic *n)
{
	free(n->netdev);
	free(n->chardev);
	free(n->bus);
}

char *nic_netdev(const char *id)
{
	return xasprintf("%s-net", id);
}

char *nic_chardev(const char *id)
{
	return xasprintf("%s-chr", id);
}

bool nic_is_ours(const char *ifname)
{
	return str_has_prefix(ifname, "kt-");
}

/* What QEMU calls the backend of each kind. */
static const char *backend_of(enum nic_kind kind)
{
	switch (kind) {
	case NIC_USER: return "user";
	case NIC_VHOST_USER: return "vhost-user";
	case NIC_VDPA: return "vhost-vdpa";
	case NIC_TAP:
	case NIC_BRIDGE:
	case NIC_NETWORK:
	case NIC_MACVTAP:
		break;
	}
	return "tap";
}

static bool has_mtu(struct qmp *q, const char *id, unsigned mtu)
{
	auto_free char *path = xasprintf("/machine/peripheral/%s", id);
	auto_json struct json_object *value = NULL;

	return !qmp_qom_get(q, path, "host_mtu", &value, NULL) && json_object_get_int64(value) == mtu;
}

/* A device of that id is there: the very NIC that is wanted, or something else. Where it cannot be told, it is. */
static int same_or_taken(struct plan *p, const struct plan_env *env, const struct nic *n, const char *type,
	struct err *err)
{
	const char *mac = plan_arg(p, "mac");
	struct nic_found f;
	struct host_iface iface;
	bool same = false;

	if (!nic_find(p, env, p->device, &f, err)) {
		same = !strcmp(f.type, n->driver) && f.nic.backend && !strcmp(f.nic.backend, backend_of(n->kind)) &&
		       f.nic.queues == n->queues && (!mac || address_mac_is(f.nic.mac, mac));
		if (n->kind == NIC_TAP)
			same &= n->source ? !strcmp(f.netif.name, n->source) : nic_is_ours(f.netif.name);
		else if (n->kind == NIC_BRIDGE)
			same &= nic_ovs_has(env->host, n->source, f.netif.name) ||
				(!host_iface_read(env->host, f.netif.name, &iface) && !strcmp(iface.master, n->source));
		else
			same &= n->kind == NIC_USER;
		if (n->mtu_given)
			same &= has_mtu(env->qmp, p->device, n->mtu_given);
		if (n->vlan)
			same &= nic_vlan_of(env->host, f.netif.name) == n->vlan;
	}
	nic_found_done(&f);
	if (!same)
		return id_taken(p, type, err);
	p->status = PLAN_UNCHANGED;
	return 0;
}

static int check_netdev_name(struct qmp *q, const char *netdev, struct err *err)
{
	char **names = NULL;
	size_t n = 0, i;
	int rc = qmp_query_netdevs(q, &names, &n, err);

	for (i = 0; i < n && !rc; i++)
		if (!strcmp(names[i], netdev))
			rc = err_set(err, -EEXIST, "netdev '%s' exists already, left by an earlier attempt? (another "
				     "id=, or remove it: netdev_del)", netdev);
	qmp_strings_free(names, n);
	return rc;
}

/* QEMU knows the model, and it is a NIC on PCI. */
static int check_model(struct qmp *q, struct nic *n, struct err *err)
{
	bool netdev = false, pci = false;
	struct qmp_prop *props = NULL;
	size_t count = 0, i;
	int rc = qmp_query_type(q, n->driver, &props, &count, err);

	if (rc == -ENODEV)
		return err_set(err, -EINVAL, "model=%s: this QEMU has no such device (virtio, e1000e, e1000, "
			       "rtl8139, ..)", n->driver);
	for (i = 0; i < count && !rc; i++) {
		netdev |= !strcmp(props[i].name, "netdev");
		pci |= !strcmp(props[i].name, "romfile");
		n->tells_mtu |= !strcmp(props[i].name, "host_mtu");
	}
	qmp_props_free(props, count);
	if (!rc && (!netdev || !pci))
		return err_set(err, -EINVAL, "model=%s is no NIC for a PCI bus (virtio, e1000e, e1000, rtl8139, "
			       "..)", n->driver);
	return rc;
}

static int check_wait(const struct plan *p, const struct nic *n, struct err *err)
{
	if (plan_arg(p, "wait") && !n->virtio)
		return err_set(err, -EINVAL, "wait=guest: whether the guest's driver is up only model=virtio tells");
	return 0;
}

/* More than one pair of queues for each vCPU are never used. */
static int warn_queues(struct plan *p, struct qmp *q, const struct nic *n, struct err *err)
{
	struct qmp_thread *list = NULL;
	size_t count = 0;
	int rc = n->queues > 1 ? qmp_query_cpus(q, &list, &count, err) : 0;

	if (!rc && n->queues > 1 && count < n->queues)
		plan_warn(p, "%u pairs of queues, but %zu vCPUs: a guest uses one for each", n->queues, count);
	qmp_threads_free(list, count);
	return rc;
}

/*
 * A switch in user space maps the guest's memory. And hot-adding its NIC kills QEMU 7.2 under TCG, but not 10.0; no
 * feature tells the one from the other, so a command that came between them (9.2) stands in for it.
 */
static int check_vhost_user(struct qmp *q, struct err *err)
{
	bool kvm = false, newer = false, shared = false;
	int rc = qmp_query_memory_shared(q, &shared, err);

	if (!rc && !shared)
		return err_set(err, -EINVAL, "type=vhost-user: the guest's memory is not shared with others (it must "
			       "be started with -object memory-backend-memfd,share=on,.. and -machine "
			       "memory-backend=..)");
	if (!rc)
		rc = qmp_query_kvm(q, &kvm, err);
	if (!rc && !kvm)
		rc = qmp_has_command(q, "device-sync-config", &newer, err);
	if (!rc && !kvm && !newer)
		rc = err_set(err, -EOPNOTSUPP, "type=vhost-user: plugging one kills a QEMU of this age without KVM "
			     "(start the guest with KVM, or a newer QEMU)");
	return rc;
}

static int choose(struct plan *p, const struct plan_env *env, struct nic *n, struct err *err)
{
	auto_free char *type = NULL;
	struct qmp *q = env->qmp;
	int rc;

	rc = choose_id(p, q, "kt-nic", &p->device, err);
	if (!rc)
		rc = device_type(q, p->device, &type, err);
	if (!rc && type)
		return same_or_taken(p, env, n, type, err);
	if (rc)
		return rc;
	n->netdev = nic_netdev(p->device);
	n->chardev = nic_chardev(p->device);
	rc = check_netdev_name(q, n->netdev, err);
	if (!rc)
		rc = nic_check_source(p, env->host, n, err);
	if (!rc)
		rc = check_model(q, n, err);
	if (!rc && n->kind == NIC_VHOST_USER)
		rc = check_vhost_user(q, err);
	if (!rc)
		rc = nic_choose_mac(p, env, n, err);
	if (!rc)
		rc = nic_check_port(p, env, n, err);
	if (!rc)
		rc = warn_queues(p, q, n, err);
	return rc ? rc : choose_port(q, NULL, &n->bus, err);
}

/* One descriptor for each pair of queues, under the names ID-t0, ID-t1, ..; all of them as QEMU wants them listed. */
static char *plan_descriptors(struct plan *p, const struct nic *n, char letter, const char *open, const char *name)
{
	struct buf all = {0};
	unsigned i;

	for (i = 0; i < n->queues; i++) {
		auto_free char *fd = xasprintf("%s-%c%u", p->device, letter, i);
		struct json_object *args = json_put_str(named("open", open), "name", name);
		struct step *s;

		if (!strcmp(open, "tap"))
			json_put_str(args, "how", i ? "next" : n->make ? "make" : "there");
		if (strcmp(open, "dev")) {
			json_put(args, "multi", json_object_new_boolean(n->queues > 1 || n->multi_queue));
		}
		s = plan_net(p, STEP_PASS_FD, fd, args);
		/* before QEMU is asked to forget it: it may say that it does, and keep it */
		if (n->make && !i && !strcmp(open, "tap"))
			step_undo_net(s, STEP_LINK_DEL, name, NULL);
		step_undo_drop(s, "closefd", named("fdname", fd));
		step_leaves(s, "descriptor %s in QEMU (%s)", fd, name);
		buf_printf(&all, "%s%s", i ? ":" : "", fd);
	}
	return buf_take(&all);
}

static void plan_macvtap(struct plan *p, const struct nic *n)
{
	struct json_object *args = json_put_str(named("lower", n->source), "mode", "bridge");
	struct step *s = plan_net(p, STEP_LINK_ADD, n->ifname, json_put_str(args, "mac", n->mac));

	step_undo_net(s, STEP_LINK_DEL, n->ifname, NULL);
	step_leaves(s, "macvtap %s on %s", n->ifname, n->source);
}

/* What is made on the host and opened, for a tap and a macvtap alike. */
static struct json_object *plan_tap(struct plan *p, const struct nic *n)
{
	const char *open = n->kind == NIC_MACVTAP ? "macvtap" : "tap";
	struct json_object *args = json_put_str(named("type", "tap"), "id", n->netdev);
	auto_free char *taps = NULL, *vhosts = NULL;

	if (n->kind == NIC_MACVTAP)
		plan_macvtap(p, n);
	taps = plan_descriptors(p, n, 't', open, n->ifname);
	if (n->vhost)
		vhosts = plan_descriptors(p, n, 'v', "dev", "vhost-net");
	json_put_str(args, n->queues > 1 ? "fds" : "fd", taps);
	if (vhosts) {
		json_put(args, "vhost", json_object_new_boolean(true));
		json_put(args, "vhostforce", json_object_new_boolean(true));
		json_put_str(args, n->queues > 1 ? "vhostfds" : "vhostfd", vhosts);
	}
	return args;
}

static void put_queues(const struct nic *n, struct json_object *args)
{
	if (n->queues > 1)
		json_put(args, "queues", json_object_new_int((int)n->queues));
}

static struct json_object *plan_vhost_user(struct plan *p, const struct nic *n)
{
	struct json_object *addr = json_put(named("type", "unix"), "data", named("path", n->source));
	struct json_object *data = json_put(json_object_new_object(), "addr", addr), *args;
	struct step *s;

	json_put(data, "server", json_object_new_boolean(false));
	args = json_put(named("id", n->chardev), "backend", json_put(named("type", "socket"), "data", data));
	s = plan_qmp(p, "chardev-add", args);
	step_undo_drop(s, "chardev-remove", named("id", n->chardev));
	step_leaves(s, "chardev %s (%s)", n->chardev, n->source);
	args = json_put_str(json_put_str(named("type", "vhost-user"), "id", n->netdev), "chardev", n->chardev);
	put_queues(n, args);
	return args;
}

static struct json_object *plan_vdpa(struct plan *p, const struct nic *n)
{
	struct json_object *args = json_put_str(named("type", "vhost-vdpa"), "id", n->netdev);
	struct nic one = *n;
	auto_free char *fd = NULL;

	one.queues = 1;			/* the node is opened once, however many queues it has */
	fd = plan_descriptors(p, &one, 't', "dev", n->source + strlen("/dev/"));
	json_put_str(args, "vhostfd", fd);
	put_queues(n, args);
	return args;
}

static void plan_netdev(struct plan *p, const struct nic *n)
{
	struct json_object *args = NULL;
	struct step *s;

	switch (n->kind) {
	case NIC_USER: args = json_put_str(named("type", "user"), "id", n->netdev); break;
	case NIC_TAP:
	case NIC_BRIDGE:
	case NIC_NETWORK:
	case NIC_MACVTAP: args = plan_tap(p, n); break;
	case NIC_VHOST_USER: args = plan_vhost_user(p, n); break;
	case NIC_VDPA: args = plan_vdpa(p, n); break;
	}
	s = plan_qmp(p, "netdev_add", args);
	step_undo_drop(s, "netdev_del", named("id", n->netdev));
	step_leaves(s, "netdev %s", n->netdev);
}

static struct json_object *device_json(const struct plan *p, const struct nic *n)
{
	struct json_object *args = named("driver", n->driver);

	json_put_str(args, "id", p->device);
	json_put_str(args, "netdev", n->netdev);
	json_put_str(args, "mac", n->mac);
	json_put_str(args, "bus", n->bus);
	/* firmware is past its turn to boot from it, and the file need not be there */
	json_put_str(args, "romfile", "");
	if (nic_told_mtu(n))
		json_put(args, "host_mtu", json_object_new_int((int)nic_told_mtu(n)));
	if (n->queues > 1) {
		json_put(args, "mq", json_object_new_boolean(true));
		/* one for each queue, one for the control queue, one for changes of the configuration */
		json_put(args, "vectors", json_object_new_int((int)(2 * n->queues + 2)));
	}
	return args;
}

static void plan_add(struct plan *p, const struct nic *n)
{
	plan_netdev(p, n);
	plan_device(p, p->device, device_json(p, n));
	nic_plan_up(p, n);
	if (n->virtio)
		plan_await_driver(p, p->device, plan_arg(p, "wait") != NULL);
	else
		p->guest = "unknown";
}

int hotplug_nic_add(struct plan *p, const struct plan_env *env, struct err *err)
{
	struct nic n = {0};
	int rc;

	if (p->domain)
		return virt_nic_build(p, env, NIC_ADD, err);
	rc = nic_check_args(p, &n, err);
	if (!rc)
		rc = check_not_stored(p, err);
	if (!rc)
		rc = check_wait(p, &n, err);
	if (!rc)
		rc = check_guest(p, env->qmp, err);
	if (!rc)
		rc = choose(p, env, &n, err);
	if (!rc && p->status != PLAN_UNCHANGED)
		plan_add(p, &n);
	nic_done(&n);
	return rc;
}
