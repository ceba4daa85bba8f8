// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * NICs and what they are connected to. "info network" prints for each queue of a NIC
 *	nic0: index=0,type=nic,model=virtio-net-pci,macaddr=52:54:00:12:34:56
 *	 \ net0: index=0,type=tap,ifname=tap0,script=no,downscript=no
 *	 \ net1: index=0,type=vhost-user,vhost-user0 to CHARDEV
 * and for those on a hub, whose other ports it is connected to,
 *	 \ hub0port1: e1000.0: index=0,type=nic,model=e1000,macaddr=52:54:00:12:34:57
 */
#include "internal.h"
#include "tree.h"

#include <stdlib.h>
#include <string.h>

static void free_nic(struct qmp_nic *nic)
{
	free(nic->name);
	free(nic->model);
	free(nic->mac);
	free(nic->netdev);
	free(nic->backend);
	free(nic->ifname);
	free(nic->chardev);
}

void qmp_nics_free(struct qmp_nic *list, size_t n)
{
	while (n)
		free_nic(&list[--n]);
	free(list);
}

/* The value of ",key=" up to the next comma; NULL where there is none. */
static char *field(const char *line, const char *key)
{
	auto_free char *mark = xasprintf(",%s=", key);
	const char *at = strstr(line, mark);
	size_t len;

	if (!at)
		return NULL;
	at += strlen(mark);
	len = strcspn(at, ",\r");
	return len && len <= QMP_IDENT_MAX ? xstrndup(at, len) : NULL;
}

static struct qmp_nic *find(struct qmp_nic *list, size_t n, const char *name)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (!strcmp(list[i].name, name))
			return &list[i];
	return NULL;
}

static char *chardev(const char *line)
{
	const char *at = strstr(line, ",vhost-user");
	size_t len;

	at = at ? strstr(at, " to ") : NULL;
	if (!at)
		return NULL;
	at += strlen(" to ");
	len = strcspn(at, ",\r");
	return len && len <= QMP_IDENT_MAX ? xstrndup(at, len) : NULL;
}

static void take_peer(struct qmp_nic *nic, const char *name, const char *rest, char *type)
{
	auto_free char *fd = field(rest, "fd");
	uint64_t n;

	nic->netdev = xstrdup(name);
	nic->backend = type;
	nic->ifname = field(rest, "ifname");
	nic->chardev = chardev(rest);
	if (fd && !units_uint_parse(fd, &n) && n < INT32_MAX)
		nic->fd = (int)n;
}

/* One client, "NAME: index=N,type=T,..". *nic: the one that a peer's line would belong to. */
static void take_client(const char *line, bool peer, bool hub, struct qmp_nic **list, size_t *n, struct qmp_nic **nic)
{
	const char *rest = strstr(line, ": index=");
	auto_free char *name = rest ? xstrndup(line, (size_t)(rest - line)) : NULL;
	char *type = rest ? field(rest, "type") : NULL;

	if (type && !strcmp(type, "nic") && !peer && *n < GUEST_NICS_MAX) {
		*nic = find(*list, *n, name);
		if (!*nic) {
			*nic = vec_push(*list, *n);
			**nic = (struct qmp_nic){
				.name = xstrdup(name), .model = field(rest, "model"), .mac = field(rest, "macaddr"),
				.backend = hub ? xstrdup("hub") : NULL, .fd = -1,
			};
		}
		(*nic)->queues++;
	} else if (type && peer && *nic && !(*nic)->backend) {
		take_peer(*nic, name, rest, take_ptr(type));
	}
	free(type);
}

/* text is written into. */
static void read_nics(char *text, struct qmp_nic **list, size_t *n)
{
	static const char mark[] = " \\ ";
	struct qmp_nic *nics = NULL, *nic = NULL;
	size_t found = 0;
	char *line, *end;

	for (line = text; line && *line; line = end) {
		bool below = str_has_prefix(line, mark), hub = false;
		const char *colon;

		end = strchr(line, '\n');
		if (end)
			*end++ = '\0';
		if (below)
			line += strlen(mark);
		/* a hub's port comes before its client */
		colon = strstr(line, ": ");
		if (below && colon && !str_has_prefix(colon, ": index=")) {
			hub = true;
			line += colon - line + 2;
		}
		take_client(line, below && !hub, hub, &nics, &found, &nic);
	}
	*list = nics;
	*n = found;
}

int qmp_view_network(struct qmp *q, struct qmp_view *v, struct err *err)
{
	return v->network ? 0 : qmp_ask_hmp(q, "info network", HMP_NETWORK_MAX, &v->network, err);
}

int qmp_view_nics(struct qmp *q, struct qmp_view *v, struct qmp_nic **list, size_t *n, struct err *err)
{
	auto_free char *text = NULL;
	int rc = qmp_view_network(q, v, err);

	if (rc)
		return rc;
	text = xstrdup(v->network);
	read_nics(text, list, n);
	return 0;
}

int qmp_query_nics(struct qmp *q, struct qmp_nic **list, size_t *n, struct err *err)
{
	struct qmp_view v = {0};
	int rc = qmp_view_nics(q, &v, list, n, err);

	qmp_view_done(&v);
	return rc;
}

int qmp_query_netdevs(struct qmp *q, char ***names, size_t *n, struct err *err)
{
	auto_free char *text = NULL;
	char *line, *save = NULL, **found = NULL;
	size_t count = 0;
	int rc = qmp_ask_hmp(q, "info network", HMP_NETWORK_MAX, &text, err);

	if (rc)
		return rc;
	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		const char *rest = strstr(line, ": index=");
		auto_free char *type = rest ? field(rest, "type") : NULL;

		line += str_has_prefix(line, " \\ ") ? 3 : 0;
		if (type && strcmp(type, "nic") && rest > line && count < GUEST_NICS_MAX)
			*vec_push(found, count) = xstrndup(line, (size_t)(rest - line));
	}
	*names = found;
	*n = count;
	return 0;
}
