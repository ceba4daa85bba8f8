// SPDX-License-Identifier: GPL-3.0-or-later
/* A MAC address that nobody else on this host has. */
#include "nic.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TRIES 16

int check_mac(const char *text, char mac[18], struct err *err)
{
	if (!address_mac_parse(text, mac))
		return err_set(err, -EINVAL, "mac=%s: six bytes like 52:54:00:12:34:56 are expected", text);
	if (strtoul(mac, NULL, 16) & 1)
		return err_set(err, -EINVAL, "mac=%s is a group's address: the first byte must be even", text);
	if (!strcmp(mac, "00:00:00:00:00:00"))
		return err_set(err, -EINVAL, "mac=%s is nobody's (leave it out to have one made up)", text);
	return 0;
}

static void make_up(struct plan *p, unsigned n, char mac[18])
{
	unsigned bytes = plan_random(p, n) & 0xffffff;

	snprintf(mac, 18, "52:54:00:%02x:%02x:%02x", bytes >> 16, bytes >> 8 & 0xff, bytes & 0xff);
}

/* On the command line of another QEMU; ours may name a NIC that is gone. */
static int look_at_processes(const struct plan *p, const struct host *h, const char *mac, struct err *err)
{
	struct host_scan *scan = host_scan_new(h);
	const struct host_vhost *vhosts;
	const struct host_found *procs;
	size_t n, n_vhosts, i, k;
	pid_t own = plan_guest_pid(p);
	int rc = 0;

	if (host_scan_run(scan, &procs, &n, &vhosts, &n_vhosts, NULL))
		n = 0;		/* no /proc to look at */
	for (i = 0; i < n && !rc; i++) {
		struct host_proc proc;

		if (procs[i].pid == own || host_proc_read(h, procs[i].pid, &proc))
			continue;
		for (k = 0; k < proc.argc && !rc; k++)
			if (address_mac_is_in(proc.argv[k], mac))
				rc = err_set(err, -EEXIST, "mac=%s is on the command line of QEMU process %d",
					     mac, (int)proc.pid);
		host_proc_done(&proc);
	}
	host_scan_free(scan);
	return rc;
}

static int look_at_guest(struct qmp *q, const char *mac, struct err *err)
{
	struct qmp_nic *list = NULL;
	size_t n = 0, i;
	int rc = qmp_query_nics(q, &list, &n, err);

	for (i = 0; i < n && !rc; i++)
		if (address_mac_is(list[i].mac, mac))
			rc = err_set(err, -EEXIST, "mac=%s is that of %s in this guest", mac, list[i].name);
	qmp_nics_free(list, n);
	return rc;
}

static int look_at_domains(struct virt *v, const char *mac, struct err *err)
{
	struct virt_list *list = virt_list(v);
	size_t i, k;
	int rc = 0;

	for (i = 0; i < virt_list_count(list) && !rc; i++) {
		const struct virt_domain *d = virt_list_get(list, i);

		for (k = 0; d->def && k < d->def->n_nics && !rc; k++)
			if (address_mac_is(d->def->nics[k].mac, mac))
				rc = err_set(err, -EEXIST, "mac=%s is that of a NIC of %s", mac, d->name);
	}
	virt_list_unref(list);
	return rc;
}

static int check_free(const struct plan *p, const struct plan_env *env, const char *mac, struct err *err)
{
	char name[16];
	int rc = 0;

	if (env->qmp)
		rc = look_at_guest(env->qmp, mac, err);
	if (!rc && env->virt)
		rc = look_at_domains(env->virt, mac, err);
	if (!rc && !host_iface_find_mac(env->host, mac, name))
		rc = err_set(err, -EEXIST, "mac=%s is that of interface %s of this host", mac, name);
	return rc ? rc : look_at_processes(p, env->host, mac, err);
}

int nic_choose_mac(struct plan *p, const struct plan_env *env, struct nic *n, struct err *err)
{
	const char *given = plan_arg(p, "mac");
	int rc, i;

	if (given) {
		rc = check_mac(given, n->mac, err);
		if (rc || is_on(p, "force"))
			return rc;
		rc = check_free(p, env, n->mac, err);
		if (rc == -EEXIST) {
			auto_free char *why = xstrdup(err->text);

			return err_set(err, rc, "%s (another mac=, none at all, or force=on)", why);
		}
		return rc;
	}
	for (i = 0; i < TRIES; i++) {
		make_up(p, (unsigned)i, n->mac);
		rc = check_free(p, env, n->mac, err);
		if (rc != -EEXIST)
			return rc;
	}
	return rc;
}
