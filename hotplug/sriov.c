// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Virtual functions of the host's PCI devices: how many, and what a NIC lets each of its own do. Which driver of the host
 * takes a new one is the host's to decide (sriov_drivers_autoprobe), as when an administrator makes them; vfio add takes
 * it away from that driver.
 */
#include "internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define IFACES_MAX 8

struct devices {
	struct host_pci *list;
	size_t n;
	const struct host_pci *pf;	/* in the list */
};

static void devices_done(struct devices *d)
{
	free(d->list);
}

static int no_such(const struct devices *d, const char *word, struct err *err)
{
	auto_buf struct buf all = {0};
	size_t i;

	for (i = 0; i < d->n; i++)
		if (d->list[i].vfs_max)
			buf_printf(&all, "%s%s", all.len ? ", " : "", d->list[i].address);
	return err_set(err, -ENODEV, "no PCI device or network interface '%s' on this host (that can have virtual functions: %s)",
		       word, all.len ? all.text : "none");
}

/* PF of the plan: a PCI address, or a network interface of it. */
static int find_pf(const struct plan *p, const struct host *h, struct devices *d, struct err *err)
{
	const char *word = plan_arg(p, "PF");
	char address[16];
	size_t i;

	if (host_pci_list(h, &d->list, &d->n))
		return err_set(err, -ENODEV, "%s: the host has no PCI", word);
	if (host_pci_address(word, address) && host_iface_pci(h, word, address))
		return no_such(d, word, err);
	for (i = 0; i < d->n && !d->pf; i++)
		if (!strcmp(d->list[i].address, address))
			d->pf = &d->list[i];
	if (!d->pf)
		return no_such(d, word, err);
	if (*d->pf->physfn)
		return err_set(err, -EINVAL, "%s is a virtual function itself: name %s, which it is of", word, d->pf->physfn);
	if (!d->pf->vfs_max)
		return err_set(err, -EOPNOTSUPP, "%s can have no virtual functions (no SR-IOV, or off in the device's or the "
			       "host's firmware)", d->pf->address);
	return 0;
}

/* ---- sriov set */

/* A function that is to go: not out of a guest's hands, and out of the host's only by force. */
static int check_vf(struct plan *p, const struct host *h, const struct host_pci *vf, struct err *err)
{
	auto_free char *holder = NULL, *what = NULL;
	pid_t pid = strcmp(vf->driver, "vfio-pci") ? 0 : host_vfio_holder(h, vf, 0);

	if (pid) {
		holder = holder_words(h, pid, "");
		return err_set(err, -EBUSY, "virtual function %s is in the hands of %s, and all of them go (vfio remove it there first)",
			       vf->address, holder);
	}
	what = xasprintf("virtual function %s", vf->address);
	return check_device_use(p, h, vf->address, what, err);
}

static int check_numbers(const struct plan *p, const struct host_pci *pf, unsigned *vfs, struct err *err)
{
	uint64_t n = 0;

	if (units_uint_parse(plan_arg(p, "vfs"), &n) || n > pf->vfs_max)
		return err_set(err, -EINVAL, "vfs=%s: %s can have %u virtual functions at most", plan_arg(p, "vfs"), pf->address,
			       pf->vfs_max);
	if (!*pf->driver)
		return err_set(err, -EBUSY, "%s is without a driver, which alone makes virtual functions (modprobe it, or: echo %s "
			       ">/sys/bus/pci/drivers_probe)", pf->address, pf->address);
	*vfs = (unsigned)n;
	return 0;
}

static int plan_number(struct plan *p, const struct host *h, const struct devices *d, struct err *err)
{
	const struct host_pci *pf = d->pf;
	unsigned vfs = 0;
	size_t i;
	int rc = check_numbers(p, pf, &vfs, err);

	if (rc)
		return rc;
	p->device = xstrdup(pf->address);
	if (vfs == pf->vfs) {
		p->status = PLAN_UNCHANGED;
		return 0;
	}
	for (i = 0; i < d->n && !rc; i++)
		if (!strcmp(d->list[i].physfn, pf->address))
			rc = check_vf(p, h, &d->list[i], err);
	if (rc)
		return rc;
	if (vfs && !host_sriov_probes(h, pf->address))
		plan_warn(p, "no driver of the host takes the new functions: sriov_drivers_autoprobe of %s is 0", pf->address);
	/* from one number to another the kernel goes only by none */
	if (vfs && pf->vfs)
		plan_sriov(p, pf->address, 0, pf->vfs);
	plan_sriov(p, pf->address, vfs, vfs && pf->vfs ? 0 : pf->vfs);
	return 0;
}

int hotplug_sriov_set(struct plan *p, const struct plan_env *env, struct err *err)
{
	struct devices d = {0};
	int rc = find_pf(p, env->host, &d, err);

	if (!rc)
		rc = plan_number(p, env->host, &d, err);
	devices_done(&d);
	return rc;
}

/* ---- vf set */

/* The interface that speaks for the device: the one that was named, or its only one. */
static int find_iface(const struct plan *p, const struct host *h, const struct host_pci *pf, char name[16], struct err *err)
{
	const char *word = plan_arg(p, "PF");
	auto_buf struct buf all = {0};
	char names[IFACES_MAX][16], address[16];
	size_t n, i;

	if (host_pci_address(word, address)) {
		strcpy(name, word);
		return 0;
	}
	n = host_pci_ifaces(h, pf->address, names, IFACES_MAX);
	for (i = 0; i < n && i < IFACES_MAX; i++)
		buf_printf(&all, "%s%s", i ? ", " : "", names[i]);
	if (n == 1) {
		strcpy(name, names[0]);
		return 0;
	}
	if (n)
		return err_set(err, -EINVAL, "%s has several network interfaces: name one of %s instead", pf->address, all.text);
	return err_set(err, -EOPNOTSUPP, "%s has no network interface on this host, and only NICs have such settings%s%s%s", pf->address,
		       *pf->driver ? " (its driver is " : " (it has no driver", pf->driver, ")");
}

/* VF of the plan: a number, or a PCI address. */
static int find_vf(struct plan *p, const struct host *h, const struct host_pci *pf, unsigned *number, struct err *err)
{
	const char *word = plan_arg(p, "VF");
	char address[16], vf[16];
	uint64_t n = 0;

	if (!host_pci_address(word, address)) {
		for (n = 0; n < pf->vfs && (host_sriov_vf(h, pf->address, (unsigned)n, vf) || strcmp(vf, address)); n++)
			;
	} else if (units_uint_parse(word, &n)) {
		return err_set(err, -EINVAL, "VF %s: the number of a virtual function, from 0, or its PCI address is expected", word);
	}
	if (n >= pf->vfs)
		return err_set(err, -ENODEV, "%s has no virtual function %s (it has %u%s; more of them: sriov set %s vfs=N)",
			       pf->address, word, pf->vfs, pf->vfs ? ", from 0" : "", pf->address);
	*number = (unsigned)n;
	p->device = host_sriov_vf(h, pf->address, *number, vf) ? xstrdup(word) : xstrdup(vf);
	return 0;
}

static int read_mac(const struct plan *p, struct host_vf *to, struct err *err)
{
	const char *word = plan_arg(p, "mac");

	return word ? check_mac(word, to->mac, err) : 0;
}

static int read_vlan(const struct plan *p, struct host_vf *to, struct err *err)
{
	const char *word = plan_arg(p, "vlan");
	uint64_t n = 0;

	if (!word)
		return 0;
	if (units_uint_parse(word, &n) || n > HOST_VLAN_MAX)
		return err_set(err, -EINVAL, "vlan=%s: 1 to %d, or 0 for none, is expected", word, HOST_VLAN_MAX);
	to->vlan = (unsigned)n;
	if (!n) {		/* a priority is one of the tag */
		to->qos = 0;
		to->stag = false;
	}
	return 0;
}

static int read_rate(const struct plan *p, struct host_vf *to, struct err *err)
{
	const char *word = plan_arg(p, "rate");
	uint64_t bits = 0;

	if (!word)
		return 0;
	if (units_bits_parse(word, &bits) || bits / 1000000 > UINT32_MAX)
		return err_set(err, -EINVAL, "rate=%s: a network's rate with its unit is expected, such as 100Mbit or 1Gbit, or 0 for no "
			       "limit", word);
	if (bits % 1000000)
		return err_set(err, -EINVAL, "rate=%s: NICs count in whole Mbit", word);
	to->rate_mbit = (uint32_t)(bits / 1000000);
	return 0;
}

/* What is wanted: what there is, but for what was given. */
static int read_wanted(const struct plan *p, struct host_vf *to, struct err *err)
{
	int rc = read_mac(p, to, err);

	if (!rc)
		rc = read_vlan(p, to, err);
	if (!rc)
		rc = read_rate(p, to, err);
	if (plan_arg(p, "trust"))
		to->trust = is_on(p, "trust");
	if (plan_arg(p, "spoofchk"))
		to->spoofchk = is_on(p, "spoofchk");
	return rc;
}

static int check_mac_free(const struct plan *p, const struct host_vf *list, size_t n, const struct host_vf *to, struct err *err)
{
	size_t i;

	for (i = 0; plan_arg(p, "mac") && i < n; i++)
		if (list[i].vf != to->vf && !strcmp(list[i].mac, to->mac))
			return err_set(err, -EEXIST, "mac=%s is that of virtual function %u of the same NIC (give that one another first)",
				       to->mac, list[i].vf);
	return 0;
}

static int plan_settings(struct plan *p, const char *iface, const struct host_vf *was, const struct host_vf *to, struct err *err)
{
	int key, given = 0;

	for (key = 0; key < HOST_VF_KEYS; key++) {
		const char *name = host_vf_key_name((enum host_vf_key)key);

		if (!plan_arg(p, name))
			continue;
		given++;
		/* without the old value there would be no way back */
		if (!(was->told & 1u << key))
			return err_set(err, -EOPNOTSUPP, "%s: its driver does not tell %s of virtual functions, so it most likely has none "
				       "to set (ip -d link show %s)", iface, name, iface);
		if (!host_vf_same(was, to, (enum host_vf_key)key))
			plan_vf_set(p, iface, (enum host_vf_key)key, to, was);
	}
	if (!given)
		return err_set(err, -EINVAL, "nothing to set is given: mac=, vlan=, rate=, trust= or spoofchk=");
	if (!p->n_steps)
		p->status = PLAN_UNCHANGED;
	return 0;
}

static int build_vf(struct plan *p, const struct plan_env *env, const struct host_pci *pf, struct err *err)
{
	const struct host_vf *was;
	struct host_vf to = {0}, *list = NULL;
	unsigned number = 0;
	char iface[16];
	size_t n = 0;
	int rc = find_vf(p, env->host, pf, &number, err);

	if (!rc)
		rc = find_iface(p, env->host, pf, iface, err);
	if (!rc)
		rc = read_wanted(p, &to, err);
	if (rc)
		return rc;
	rc = host_vfs_read(env->host, iface, &list, &n);
	if (rc)
		return err_set(err, rc, "the virtual functions of %s cannot be read: %s (ip -d link show %s)", iface, strerror(-rc), iface);
	was = host_vfs_find(list, n, number);
	if (!was) {
		free(list);
		return err_set(err, -EOPNOTSUPP, "%s: its driver tells nothing of virtual function %u (ip -d link show %s)", iface, number,
			       iface);
	}
	to = *was;
	rc = read_wanted(p, &to, err);
	if (!rc)
		rc = check_mac_free(p, list, n, &to, err);
	if (!rc)
		rc = plan_settings(p, iface, was, &to, err);
	free(list);
	return rc;
}

int hotplug_vf_set(struct plan *p, const struct plan_env *env, struct err *err)
{
	struct devices d = {0};
	int rc = find_pf(p, env->host, &d, err);

	if (!rc)
		rc = build_vf(p, env, d.pf, err);
	devices_done(&d);
	return rc;
}
