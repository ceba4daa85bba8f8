/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a QEMU command line says about itself: name, UUID and the monitors it offers. Pure: takes the words, opens
 * nothing. The words come from another process and may hold anything.
 */
#ifndef KT_QMP_CMDLINE_H
#define KT_QMP_CMDLINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/base.h"

enum qmp_monitor_kind {
	QMP_MONITOR_UNIX,		/* path: a unix socket QEMU listens on; may be relative to its directory */
	QMP_MONITOR_ABSTRACT,		/* path: its name, without the NUL that it begins with */
	QMP_MONITOR_FD,			/* number: of a descriptor that was passed to it; path: "fd=N" */
	QMP_MONITOR_OTHER,		/* stdio, TCP, pipe, a socket that connects out: path says which */
	QMP_MONITOR_HUMAN,		/* not QMP but for people; path says where */
};
struct qmp_monitor {
	enum qmp_monitor_kind kind;
	int number;
	char *path;
};

/* -object memory-backend-*, and the main memory where no backend is named for it. */
struct qmp_backend {
	enum qmp_backend_kind {
		QMP_BACKEND_RAM,		/* anonymous memory, private or shared */
		QMP_BACKEND_MEMFD,
		QMP_BACKEND_FILE,
	} kind;
	char *id;
	char *path;			/* of the file, or of the directory it is made in; NULL: none */
	uint64_t bytes;
	bool shared;			/* share=on: other processes can map it */
};

/* What -blockdev and -drive say of a node that is stored in a file or block device, or of what leads to one. */
struct qmp_cmdline_drive {
	char *node;			/* node-name=, or -drive's id= */
	char *aio;			/* "threads", "native", "io_uring"; NULL: it is the next node's to say */
	char *below;			/* name of the node it is on, NULL: in the same option, or none */
};

struct qmp_cmdline {
	char *name;			/* the last -name's guest=, NULL if none; invalid UTF-8 replaced, cut at 255 bytes */
	char *uuid;			/* lower case, NULL if none, malformed or zero */
	char *machine, *accel;		/* "q35", "tcg"; NULL if not said */
	uint64_t mem_bytes;		/* -m size; QMP_UNKNOWN: not said, and each board has a default of its own */
	uint64_t plugged_bytes;		/* -device pc-dimm, nvdimm: memory on top of that when it started .. */
	bool plugged_varies;		/* .. and there is virtio-mem, of which the guest's driver takes what it likes */
	uint64_t vcpus;			/* -smp: at start; QMP_UNKNOWN: not said */
	struct qmp_backend *backends;
	size_t n_backends;
	uint64_t mem_slots, mem_max_bytes;	/* -m slots=, maxmem=; 0: no memory can be plugged */
	bool libvirt;			/* its master key or domain path is there: libvirt started it */
	bool incoming;			/* -incoming */
	struct qmp_monitor *monitors;	/* in the order of the command line */
	size_t n_monitors;
	struct qmp_cmdline_drive *drives;
	size_t n_drives;
	char **netdevs;			/* ids of -netdev, in the order in which QEMU sets them up */
	size_t n_netdevs;
	/*
	 * A file of options that could not be read, and why: what it may have said is not here, and neither memory nor vCPUs are
	 * where it may have said otherwise. NULL: all were read.
	 */
	char *unread;
	char *cut;			/* what there was too much of, so that the rest of it is missing here; NULL: all is here */
};
/* The files of -readconfig, in their order; CONFIGS_MAX of them at most. Borrowed from the words. */
struct qmp_config_files {
	const char *paths[CONFIGS_MAX];
	size_t n;
	bool left_root, left_dir;	/* QEMU has changed its root or its directory since it read them: -chroot, -daemonize */
};
void qmp_cmdline_configs(char *const argv[], size_t argc, struct qmp_config_files *out);
/* What is in one of them, or why it is not known; both borrowed. */
struct qmp_config {
	const char *text, *why;
};
/* configs: of the first -readconfig and so on. In time that grows with the bytes; lib/base/bounds.h says how much of it is taken. */
void qmp_cmdline_parse(char *const argv[], size_t argc, const struct qmp_config *configs, size_t n_configs, struct qmp_cmdline *out);
void qmp_cmdline_done(struct qmp_cmdline *c);
/* How many of the words are options of a QEMU that runs a machine; more than 2 are not counted. */
unsigned qmp_cmdline_form(char *const argv[], size_t argc);

/* The value of KEY in QEMU's "a,k=v,k2=v,,v" or JSON form; the first bare word answers to implied. Yours, or NULL. */
char *qmp_opt_get(const char *opts, const char *implied, const char *key);

#endif
