// SPDX-License-Identifier: GPL-3.0-or-later
/* Finding a NIC of a guest, and the interface of the host behind it. */
#include "nic.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void nic_found_done(struct nic_found *f)
{
	free(f->id);
	free(f->type);
	free(f->bus);
	free(f->nic.name);
	free(f->nic.model);
	free(f->nic.mac);
	free(f->nic.netdev);
	free(f->nic.backend);
	free(f->nic.ifname);
	free(f->nic.chardev);
	*f = (struct nic_found){0};
}

/* The device of a NIC: by its id, or, of one without, by what it is connected to. */
static const struct qmp_device *device_of(const struct qmp_device *list, size_t n, const struct qmp_nic *nic)
{
	const struct qmp_device *found = NULL;
	size_t i;

	for (i = 0; i < n; i++) {
		if (!strcmp(list[i].id, nic->name))
			return &list[i];
		if (list[i].link && !strcmp(list[i].link, "netdev") && nic->netdev && !strcmp(list[i].backing,
			nic->netdev))
			found = &list[i];
	}
	return found;
}

static void find_netif(const struct plan *p, const struct host *h, struct nic_found *f)
{
	pid_t pid = plan_guest_pid(p);

	if (f->nic.ifname && strlen(f->nic.ifname) < sizeof(f->netif.name) && (!pid || host_netif_is_open(h, pid, f->nic.ifname)))
		strcpy(f->netif.name, f->nic.ifname);
	else if (f->nic.fd >= 0 && pid && (host_netif_of_fd(h, pid, f->nic.fd, &f->netif) || f->netif.other_ns))
		f->netif = (struct host_netif){0};
}

static int no_such_nic(const struct qmp_nic *nics, size_t n, const struct qmp_device *devices, size_t
	n_devices, const char *id,
		       struct err *err)
{
	auto_buf struct buf all = {0};
	struct str_near near = { .word = id };
	size_t i;

	for (i = 0; i < n; i++) {
		const struct qmp_device *d = device_of(devices, n_devices, &nics[i]);

		str_near_try(&near, d ? d->id : nics[i].name);
		buf_printf(&all, "%s%s", i ? ", " : "", d ? d->id : nics[i].name);
	}
	if (near.best)
		return err_set(err, -ENODEV, "no NIC '%s', did you mean '%s'?", id, near.best);
	return err_set(err, -ENODEV, "no NIC '%s' (there is: %s)", id, all.len ? all.text : "none");
}

int nic_find(const struct plan *p, const struct plan_env *env, const char *id, struct nic_found *out, struct err *err)
{
	struct qmp_device *devices = NULL;
	size_t n = 0, n_devices = 0, i;
	struct qmp_nic *nics = NULL;
	int rc;

	*out = (struct nic_found){0};
	rc = qmp_query_nics(env->qmp, &nics, &n, err);
	if (!rc)
		rc = qmp_query_devices(env->qmp, &devices, &n_devices, err);
	for (i = 0; i < n && !rc && !out->id; i++) {
		const struct qmp_device *d = device_of(devices, n_devices, &nics[i]);

		if (strcmp(d ? d->id : nics[i].name, id))
			continue;
		out->id = xstrdup(id);
		out->type = xstrdup(d ? d->type : nics[i].model);
		out->bus = xstrdup(d ? d->bus : NULL);
		out->nic = nics[i];
		nics[i] = (struct qmp_nic){0};
		find_netif(p, env->host, out);
	}
	if (!rc && !out->id)
		rc = no_such_nic(nics, n, devices, n_devices, id, err);
	qmp_nics_free(nics, n);
	qmp_devices_free(devices, n_devices);
	return rc;
}
