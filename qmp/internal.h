/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the typed calls share; for files of qmp/ only. Strings that come back are copies, valid
 * UTF-8 and bounded.
 */
#ifndef KT_QMP_INTERNAL_H
#define KT_QMP_INTERNAL_H

#include "calls.h"
#include "looks.h"

#define QMP_IDENT_MAX 1024	/* ids, QOM paths, types, node names */
#define QMP_FILE_MAX 4096	/* file names */
/* Devices, disks, jobs, ports, IOThreads that are taken from one answer, and asked about: more of them are left out. */
#define QMP_LIST_MAX 1024
#define PCI_SLOTS 32
#define HMP_NETWORK_MAX (1u << 20)	/* "info network" */
#define QMP_CPUS_MAX 8192		/* QEMU 10 has 4096 at most */

/* A slot for query-commands' answer, freed with the client; NULL in it until somebody asked. */
struct json_object **qmp_commands(struct qmp *q);

/* qmp_call with qmp_patience; an answer of another type is -EBADMSG. */
int qmp_ask(struct qmp *q, const char *command, struct json_object *args, enum json_type type,
	    struct json_object **ret, struct err *err);
/* human-monitor-command: its text, at most max bytes. HMP's errors are text too. */
int qmp_ask_hmp(struct qmp *q, const char *line, size_t max, char **text, struct err *err);
/*
 * Host address of a guest-physical one, 0 if there is no RAM. *name (may be NULL) gets what is mapped there, yours;
 * NULL if QEMU did not say.
 */
int qmp_gpa2hva(struct qmp *q, uint64_t gpa, uint64_t *hva, char **name, struct err *err);
/* calls_devices.c: one device of a list, and the order of the list */
void qmp_device_done(struct qmp_device *d);
int qmp_devices_compare(const void *a, const void *b);
/* calls_ports.c: a kind of PCI Express port; whether a bus takes devices (bridge: path of the one it is behind, NULL) */
bool qmp_is_express(const char *type);
int qmp_read_handler(struct qmp *q, const char *bus, const char *bridge, bool *there, struct err *err);
/* Of a bus of 32 slots: those that are reserved by the machine, and those that have a device. */
void qmp_port_count(struct qmp_port *port, uint32_t reserved, uint32_t taken);
/* In the order of their names, without those of which QEMU may mean another; i440fx: all are clear. Takes the list over. */
size_t qmp_ports_clear(struct qmp_port *ports, size_t n, bool i440fx);
/* An answer that makes no sense: -EBADMSG. */
int qmp_bad(struct err *err, const char *command, const char *what);

/* The string member key, or NULL where it is none. ident: NULL too when too long, never cut. */
char *qmp_ident(struct json_object *obj, const char *key);
char *qmp_text(struct json_object *obj, const char *key, size_t max);
/* "/machine/peripheral/d0/virtio-backend" is "d0"; an anonymous device's path; a plain id. */
char *qmp_device_id(const char *path);
/* {"path": path, "property": property}, property may be NULL */
struct json_object *qmp_path_args(const char *path, const char *property);

#endif
