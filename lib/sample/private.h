/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The sampler: the guests, what is known of their host, and what goes on. Inside lib/sample, under its lock. */
#ifndef KT_SAMPLE_PRIVATE_H
#define KT_SAMPLE_PRIVATE_H

#include <pthread.h>

#include "guest.h"
#include "rows.h"
#include "turn.h"

/* Something that happened. */
struct event {
	struct timespec wall;
	uint64_t ns;
	char *vm, *ref, *event, *detail;
};
#define EVENTS_MAX 256
#define EVENTS_NEWS 8			/* the last ones, which a screen has beside anything */
#define EVENT_NAME_MAX 64
#define EVENT_DETAIL_MAX 400

/* What is known of the host's network; taken_ns 0: nothing yet. */
struct links {
	struct host_link *links;
	struct host_ovs_port *ports;
	struct host_address *addresses;
	size_t n_links, n_ports, n_addresses;
	uint64_t taken_ns;
};

struct given {
	const char *path;
	bool probing;			/* a worker finds out who serves it */
	uint64_t again_ns;
	char *problem;			/* why it leads to no guest, NULL: it does, or it is not known yet */
};

struct sampler {
	struct sample_config config;
	pthread_mutex_t lock;
	pthread_mutex_t scan_lock;	/* before lock: for the scan, which may take long where there are many processes */
	struct host_scan *scan;
	struct host_vhost *vhosts;	/* as of the last scan */
	size_t n_vhosts;
	struct newcomer *newcomers;	/* sorted by pid */
	size_t n_newcomers;
	struct lates *readers;		/* of their command lines */
	struct pool *pool;
	struct turns turns;		/* in it */
	struct budget *budget;		/* of what monitors answer, all of them together */
	int quit_fd;			/* readable when askings under way must end */
	bool news;			/* a guest's state is another one than the last sample has */
	bool leaving;			/* and nothing is waited for any more */
	struct ring_reader *rings;	/* started when first needed */
	unsigned ring_needs;		/* of the columns of the last sample */
	struct guest **guests;		/* sorted by pid */
	size_t n_guests, cap_guests;
	struct given *given;		/* one per socket given by hand */
	struct snapshot *last;
	struct snapshot *base;		/* the one that rates are made from */
	uint64_t rate_min_ns;		/* they are of so much time at the least */

	char *focus;			/* ref of the guest that questions are for, NULL: all of them */
	bool hold;			/* that guest's monitor is held, for its events */
	unsigned round, needs;		/* needs: what the columns of the round need */
	uint64_t since_ns;		/* what was answered before is asked again, of all guests that are looked at; 0: as it gets old */
	struct lates *lates;
	struct links links;
	bool links_asked;		/* a worker is at it */
	uint64_t links_asked_ns;
	bool discovered;		/* guests that are found from now on are news */
	struct event events[EVENTS_MAX];	/* the n-th one is at n modulo EVENTS_MAX */
	uint64_t n_events, virt_seq;
	struct host_net_dev *nets;	/* of the sample being taken */
	size_t n_nets;
	struct host_cgroups *cgroups;
	struct host_qdisc *qdiscs;	/* of the whole host */
	size_t n_qdiscs;
	uint64_t qdiscs_ns;		/* when they were read, 0: never */
	struct qmp_kvm_name *kvm_names;	/* of this host's kernel; NULL: nobody was asked yet */
	size_t n_kvm_names;
	struct virt_list *domains;
	struct walker *walker;		/* started when first needed */
	pid_t ksmd, khugepaged;		/* 0: not looked for yet, or not there */
	uint64_t kthreads_ns;		/* when they were looked for */
	uid_t *qemu_uids;		/* users that libvirt runs QEMU as */
	size_t n_qemu_uids;
	struct home *homes;		/* of domains, in their order: which process each is */
	bool homeless;			/* of one that is not known */
	uint64_t homes_ns;		/* when they were looked for */
	uint64_t n_added, joined;	/* guests found so far; of them, so many were looked up in domains */
};

struct guest *guest_by_ref(struct sampler *s, const char *ref);	/* NULL: gone */
/* Takes over what is in cmdline. NULL: it has ended meanwhile. */
struct guest *guest_add(struct sampler *s, const struct host_found *found, struct qmp_cmdline *cmdline);
/* Parsed, with the files of options that it names; takes a thread of lates. May take seconds: not under the lock. */
void guest_cmdline(const struct host *h, struct lates *lates, const struct host_proc *p, struct qmp_cmdline *out);

/* opened.c: disks' files, by what the process has open; opened_find not under the lock */
bool opened_is_path(const char *file);
void opened_find(const struct host *h, pid_t pid, struct qmp_disk *disks, size_t n);
char *opened_path(const struct host *h, pid_t pid, const struct qmp_disk *disk);	/* for us; yours */

/* newcomers.c */
struct newcomer;
void newcomers_scanned(struct sampler *s, const struct host_found *procs, size_t n);
/* Those that were read become guests; true: more are, in a moment. all: also those that another user has started. */
bool newcomers_mind(struct sampler *s, bool all);
bool newcomers_are_stuck(const struct sampler *s);	/* some cannot be read: the system allows no more threads */
bool newcomers_wait(const struct sampler *s);		/* some have not been read so far */
void newcomers_rows(const struct sampler *s, struct snapshot *snap);	/* those that are not known yet */
void newcomers_done(struct sampler *s);

/* name.c: find the users whose guests are no strangers */
void trusted_users(struct sampler *s);

/* round.c: which questions these columns need, and putting them */
bool round_is_for(const struct sampler *s, const struct guest *g);
unsigned round_base(const struct sampler *s, const struct guest *g, unsigned needs);	/* of WANT_BASE: what they are made of */
unsigned round_plugged(const struct guest *g, unsigned needs, uint64_t since_ns);	/* WANT_: what is plugged, and not known since */
uint64_t round_fresh_ns(uint64_t now);		/* since when what is plugged must be known of a guest that is looked at */
void round_begin(struct sampler *s, unsigned needs);	/* questions of each sample, and those never put yet */
bool round_is_over(const struct sampler *s);
void round_mind(struct sampler *s);		/* put those that had to wait */

/* links.c: the host's side of NICs */
void links_mind(struct sampler *s);		/* read anew what has got old, in a worker */
bool links_are_settled(const struct sampler *s);
void links_fill(const struct sampler *s, struct snapshot *snap, const struct host_netif *nif, struct nic_row *row);
const char *links_ip(const struct sampler *s, struct snapshot *snap, const struct guest *g, const char *mac);
void links_done(struct links *l);

/* events.c */
void events_add(struct sampler *s, const struct guest *g, const char *event, const char *detail);
void events_pull(struct sampler *s);		/* what libvirt told meanwhile */
void events_done(struct sampler *s);

/* given.c: find the guests behind sockets given by hand */
void given_mind(struct sampler *s);
bool given_is_busy(const struct sampler *s);

/* domains.c: what libvirt says of guests; cheap while nothing has changed */
void domains_join(struct sampler *s);
bool domains_are_settled(struct sampler *s);
bool domains_has(struct sampler *s, pid_t pid, const struct qmp_cmdline *cmdline);	/* it is a domain's process */
void domains_fill(const struct sampler *s, struct snapshot *snap, const struct guest *g, struct vm_row *row);

#endif
