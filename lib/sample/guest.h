/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the sampler keeps of one guest. Private to lib/sample; all of it under the sampler's lock. */
#ifndef KT_SAMPLE_GUEST_H
#define KT_SAMPLE_GUEST_H

#include "pages.h"
#include "rings.h"

#define NODES_SEEN 64			/* a guest's vCPUs are told apart by so many nodes */

/* What can be asked of QEMU; each part replaces the one before as a whole. */
enum want {
	WANT_STATE = 1 << 0,		/* status and detail of answers */
	WANT_BASE = 1 << 1,		/* all of answers */
	WANT_DEVICES = 1 << 2,
	WANT_BLOCK = 1 << 3,
	WANT_JOBS = 1 << 4,
	WANT_RAM = 1 << 9,
	WANT_BALLOON = 1 << 10,
	WANT_NICS = 1 << 5,
	WANT_KVM = 1 << 6,
};

struct answers {
	char *status;			/* query-status; migrating: it runs, and is sent away */
	char *detail;			/* why that is so, NULL: no more to say */
	char *name, *uuid;		/* where the command line has none */
	struct qmp_virtio *virtio;
	size_t n_virtio;
	struct qmp_thread *cpus;
	size_t n_cpus;
	struct qmp_thread *iothreads;
	size_t n_iothreads;
	bool settling;			/* a driver was not up yet: ask again soon */
	bool arriving;			/* a migration is coming in: its memory is not all here */
	uint64_t taken_ns;		/* of all of it, but the run state may be newer */
};

struct device_answers {
	struct qmp_device *devices;
	struct qmp_nic *nics;
	struct qmp_disk *disks;
	struct qmp_port *ports;
	size_t n_devices, n_nics, n_disks, n_ports;
	struct qmp_room room;
	uint64_t taken_ns;
};

/* Latencies of what was done between two answers, by kind; UNKNOWN_NUM without a histogram. */
struct latency {
	double p50_us[QMP_IOS], p99_us[QMP_IOS];
};

struct nic_answers {			/* of "info network" alone: which netdev is whose */
	struct qmp_nic *nics;
	size_t n_nics;
	bool counted;			/* the descriptors below are those of this answer */
	int descriptors;		/* of /dev/vhost-net, or negative: they cannot be seen */
};

struct block_answers {
	struct qmp_blockstat *stats;
	struct latency *latencies;	/* of each of them */
	size_t n_stats;
	uint64_t taken_ns;		/* when QEMU answered */
};

struct job_answers {
	struct qmp_job *jobs;
	size_t n_jobs;
	uint64_t taken_ns;
};

struct ram_answers {
	struct qmp_ram *ram;
	size_t n_ram;
	uint64_t plugged_bytes;		/* UNKNOWN_UINT */
	char *balloon;			/* QOM path, NULL: the guest has none */
	uint64_t taken_ns;
};

struct balloon_answers {
	struct qmp_balloon balloon;
	struct timespec wall;
	uint64_t taken_ns;		/* 0: never */
	bool never;			/* the guest never gave figures of its own */
};

struct kvm_answers {
	struct qmp_kvm_set *sets;
	size_t n;
	uint64_t taken_ns;
};

struct replies {
	unsigned have;			/* WANT_ bits: the parts that were answered */
	struct answers base;
	struct device_answers devices;
	struct block_answers block;
	struct job_answers jobs;
	struct ram_answers ram;
	struct balloon_answers balloon;
	char *balloon_path;		/* as known when it was asked */
	struct nic_answers nics;
	struct kvm_answers kvm;
	bool kvm_named;			/* the sampler has the names below already */
	struct qmp_kvm_name *kvm_names;
	size_t n_kvm_names;
};

enum asking { ASK_NEVER, ASK_UNDER_WAY, ASK_DONE, ASK_FAILED };

struct guest {
	char *ref;
	pid_t pid;
	uint64_t start;
	uid_t uid;
	struct qmp_cmdline cmdline;
	struct host_watch *watch;
	struct host_netif *netifs;
	struct host_limits *limits;	/* NULL: not wanted so far */
	struct shaping *shaping;	/* of its taps */
	size_t n_shaping;
	uint64_t shaped_ns;		/* when they were looked at, 0: never */
	size_t n_netifs;
	uint64_t netifs_ns;		/* when its descriptors were walked, 0: never */
	bool netifs_read;		/* .. and need not be before their time */
	bool other_net;			/* it is in another network namespace */
	bool netifs_changed;		/* they are others than at the last sum of them */
	struct host_net_counters *netifs_seen;	/* of each, at the last sum */
	struct host_net_dev *nets;	/* of that one, as of the snapshot taken at nets_ns */
	size_t n_nets;
	uint64_t nets_ns;
	struct host_address *addresses;	/* as libvirt has them */
	size_t n_addresses;
	bool addresses_asked;		/* a worker is at it */
	uint64_t addresses_asked_ns, addresses_ns;	/* when last; answered, 0: never */
	uint64_t no_agent_ns;		/* when its agent did not answer, 0: it did, or was not asked */
	struct space *spaces;		/* what its images are stored in, as far as was asked */
	size_t n_spaces;

	bool given;			/* by -q: its socket is held */
	char *given_path;		/* which may be another than the command line's */
	struct qmp *held;
	bool lent;
	char *held_path;		/* where the held monitor is */

	struct sampler *sampler;
	unsigned known;			/* WANT_ bits: was answered once */
	unsigned under_way;		/* is being asked */
	unsigned wanted;		/* to be asked when that is over */
	unsigned round;			/* of questions that the asking under way is of */
	struct device_answers devices;
	struct block_answers block;
	struct job_answers jobs;
	struct ram_answers ram;
	struct balloon_answers balloon;
	bool balloon_asked;		/* of libvirt, by a worker */
	uint64_t balloon_asked_ns;
	struct guest_pages {
		bool due, under_way;
		unsigned round;		/* of samples that the looking under way is of */
		uint64_t not_before_ns;	/* it hung: not to be tried again too soon */
		char *why;		/* why view is not known, NULL: it is, or was never wanted */
		struct page_view view;	/* taken_ns 0: none */
	} pages;
	unsigned short vcpus_on[NODES_SEEN];	/* where its vCPUs ran last, as of the last sample that wanted to know */
	struct {			/* what its cgroup says */
		uint64_t read_ns, bytes[NODES_SEEN];
		size_t n;		/* 0: nothing */
	} cgroup;
	struct nic_answers nics;
	struct kvm_answers kvm_answers;
	struct host_kvm *kvm;		/* NULL: not looked at */
	uint64_t kvm_asked_ns;
	unsigned kvm_asked;		/* so many times, since it was begun to be looked at */
	char *last_state;		/* as last seen, for the events */

	const struct virt_domain *domain;	/* of the sampler's list; NULL: not libvirt's, or not known yet */
	bool passed;			/* named by the operator: it may be asked through libvirt */
	char *remark;			/* to be told once */

	enum asking asking;
	uint64_t ask_again_ns;		/* not before; 0: no need */
	unsigned failures, doubts;
	uint64_t doubted_ns;
	char *note;
	struct answers answers;
	struct ring_set *rings;		/* those of answers.virtio that have addresses, in that order */
	size_t n_rings;
	struct vhost_map *vhost;	/* NULL: nobody has asked whose thread is whose */

	uint64_t idle_since_ns, cpu_ns;	/* to notice that the run state must have changed */
	bool idle_asked;
	uint64_t blocked_ns;		/* since when its main thread is in D, 0: is not */
	bool gone;
};

/* A qdisc of a tap, as last seen. */
struct shaping {
	struct host_qdisc q;
	bool hit;
};

/* Something that happened. */
struct event {
	struct timespec wall;
	uint64_t ns;
	char *vm, *ref, *event, *detail;
};
#define EVENTS_MAX 256

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
	struct host_scan *scan;
	struct pool *pool;
	int quit_fd;			/* readable when askings under way must end */
	struct ring_reader *rings;	/* started when first needed */
	unsigned ring_needs;		/* of the columns of the last sample */
	struct guest **guests;		/* sorted by pid */
	size_t n_guests, cap_guests;
	struct given *given;		/* one per socket given by hand */
	struct snapshot *last;

	char *focus;			/* ref of the guest that questions are for, NULL: all of them */
	bool hold;			/* that guest's monitor is held, for its events */
	unsigned round, needs;		/* needs: what the columns of the round need */
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
	uint64_t n_added, joined;	/* guests found so far; of them, so many were looked up in domains */
};

const char *guest_name(const struct guest *g);			/* command line, query-name, or NULL */
const char *guest_uuid(const struct guest *g);
struct guest *guest_by_ref(struct sampler *s, const char *ref);	/* NULL: gone */
struct guest *guest_add(struct sampler *s, const struct host_proc *p);	/* NULL: it has ended meanwhile */

/* ask.c: putting questions; the first error ends it, as who does not answer one in time will not answer the next */
int ask_put(struct qmp *q, unsigned what, struct replies *r, struct err *err);
void ask_take(struct guest *g, struct replies *r);	/* what was answered becomes the guest's */
void ask_done(struct guest *g);
void replies_done(struct replies *r);

/* round.c: which questions these columns need, and putting them */
bool round_is_for(const struct sampler *s, const struct guest *g);
void round_begin(struct sampler *s, unsigned needs);	/* questions of each sample, and those never put yet */
bool round_is_over(const struct sampler *s);
void round_mind(struct sampler *s);		/* put those that had to wait */

/* latency.c */
double latency_of(const struct qmp_histogram *old, const struct qmp_histogram *now, double share);	/* us */
void latency_fill(const struct block_answers *old, struct block_answers *now);

/* space.c: the storage of a guest's images, asked in threads that may be left behind */
void space_mind(struct sampler *s, struct guest *g);	/* take in what has come back, ask what is due */
bool space_is_settled(const struct guest *g);
/* NULL: not known. hung: it was asked and does not answer. The file is as a disk's row has it. */
const struct host_store *space_of(const struct guest *g, const char *file, bool *hung);
void space_done(struct guest *g);

/* links.c: the host's side of NICs */
void links_mind(struct sampler *s);		/* read anew what has got old, in a worker */
bool links_are_settled(const struct sampler *s);
void links_fill(const struct sampler *s, struct snapshot *snap, const struct host_netif *nif, struct nic_row *row);
const char *links_ip(const struct sampler *s, struct snapshot *snap, const struct guest *g, const char *mac);
void links_done(struct links *l);

/* netifs.c: its taps */
void netifs_mind(const struct sampler *s, struct guest *g, uint64_t now);	/* walks its descriptors when it is time */
/* Counters of one of them at the snapshot of now, from the guest's side; false: there is no such interface. */
bool netifs_counters(const struct sampler *s, struct guest *g, const struct host_netif *nif, uint64_t now,
		     struct host_net_counters *c);
void netifs_sum(const struct sampler *s, struct guest *g, uint64_t now, struct vm_row *row);	/* into it */

/* balloon.c: libvirt is asked for that of the guest that was named, where its monitor may not be */
void balloon_begin(struct sampler *s, struct guest *g, unsigned needs);
bool balloon_is_settled(const struct guest *g);

/* addresses.c: libvirt is asked for those of the guest that was named */
void addresses_mind(struct sampler *s, struct guest *g);
bool addresses_are_settled(const struct guest *g);

/* events.c */
void events_add(struct sampler *s, const struct guest *g, const char *event, const char *detail);
void events_pull(struct sampler *s);		/* what libvirt told meanwhile */
void events_done(struct sampler *s);

/* given.c: find the guests behind sockets given by hand */
void given_mind(struct sampler *s);
bool given_is_busy(const struct sampler *s);

/* attach.c: ask a guest, in a worker. What it answers, or why it did not, is in the guest when it is over. */
void attach_start(struct sampler *s, struct guest *g, unsigned what);
/* Something seen cannot be true any more: ask again, soon, but not again and again. */
void attach_doubt(struct guest *g, uint64_t now);
bool attach_is_hopeless(struct guest *g);	/* its process is stopped */
void attach_stop(struct sampler *s);		/* waits for the askings under way; not under the lock */
void attach_hold(struct guest *g, struct qmp *q);	/* the sampler keeps q, and follows its events */
void attach_mind(struct sampler *s);		/* held sockets: take in events, leave to who waits; start askings that are due */
/* The monitors of a guest that we could use, as paths for us (a vec of yours); attach_none says why there is none. */
size_t attach_paths(const struct host *h, const struct guest *g, char ***paths);
char *attach_none(const struct guest *g);
/* One of them that nobody uses, waiting a moment for somebody who is just leaving. Not under the lock. -EBUSY. */
int attach_pick(const struct host *h, char *const *paths, size_t n, uint64_t wait_ns, size_t *picked, struct err *err);
/* Who is in at a socket, without connecting: NULL if it is free, else why it is not (yours). */
char *attach_occupied(const struct host *h, const char *path);
#define LEAVING_NS (NS_PER_SEC / 4)
/* The same after waiting for somebody who is just leaving: QEMU may notice a moment after he has. Not under the lock. */
char *attach_await_free(const struct host *h, const char *path, uint64_t wait_ns);
/* Connect and greet, checked against the guest's uid. */
int attach_open(const char *path, uid_t uid, unsigned timeout_ms, int interrupt, struct qmp **out, struct err *err);

/* domains.c: what libvirt says of guests; cheap while nothing has changed */
void domains_join(struct sampler *s);
bool domains_are_settled(struct sampler *s);
bool domains_has(struct sampler *s, const struct host_proc *p);		/* an active domain's process */
void domains_fill(const struct sampler *s, struct snapshot *snap, const struct guest *g, struct vm_row *row);

/* look.c: looking at guests' pages */
void look_begin(struct sampler *s, struct guest *g, unsigned needs);	/* one look, if these columns need it */
void look_mind(struct sampler *s);		/* take what is done, begin what is due */
bool look_is_over(const struct sampler *s);
void look_forget(struct guest *g);
/* Share of its memory on the nodes of its vCPUs, and how it is known; NAN: it is not. For hosts of several nodes. */
double look_local_pct(struct sampler *s, struct guest *g, uint64_t now);

/* rows_memory.c, rows_nodes.c */
void rows_memory(struct sampler *s, struct snapshot *snap, struct guest *g, const struct host_usage *u, unsigned needs);
void rows_numa(struct sampler *s, struct snapshot *snap, struct guest *g, const struct host_usage *u);
void rows_nodes(struct sampler *s, struct snapshot *snap);
void rows_hugepages(struct sampler *s, struct snapshot *snap);
void rows_merge(struct sampler *s, struct snapshot *snap);
/*
 * vhost.c: which vhost thread works which queue pair. Told at each sample whose columns want it how many entries each
 * pair's rings have used so far, it compares who ran with what moved.
 */
struct vhost_pair {
	char *device;
	unsigned pair;
	uint64_t used;			/* by both rings, UNKNOWN_UINT where one cannot be read */
};
struct vhost_thread {
	pid_t tid;
	uint64_t start;
	const struct vhost_pair *pair;	/* NULL: not known */
	const char *how;		/* only, rings, order, unsure */
};
/* pairs: in the order in which QEMU set them up; ordered: as far as one can know. The list becomes the map's. */
void vhost_look(struct vhost_map **map, const struct host_usage *u, struct vhost_pair *pairs, size_t n, bool ordered,
		uint64_t now_ns);
const struct vhost_thread *vhost_threads(const struct vhost_map *map, size_t *n);	/* by start; until the next look */
void vhost_free(struct vhost_map *map);

/* rows.c */
void rows_fill(struct sampler *s, struct snapshot *snap, struct guest *g, unsigned needs);
void rows_head(struct snapshot *snap, const struct guest *g, struct row *row);
void rows_threads(const struct sampler *s, struct snapshot *snap, const struct guest *g, const struct host_usage *u,
		  unsigned needs);
/* What these columns want to be gathered of the guest's rings, from now on. */
void rows_ring_detail(struct sampler *s, const struct guest *g, unsigned needs);
/* Queues and vhost threads, and what queues add up to for the guest; states of its rings are taken here. */
void rows_queues(struct sampler *s, struct snapshot *snap, struct guest *g, const struct host_usage *u, unsigned needs,
		 struct vm_row *vm);
void rows_vhost(const struct sampler *s, struct snapshot *snap, const struct guest *g);	/* after rows_threads */
void rows_disks(const struct sampler *s, struct snapshot *snap, struct guest *g);
void rows_nics(const struct sampler *s, struct snapshot *snap, struct guest *g);
const char *rows_nic_id(const struct guest *g, const struct qmp_nic *nic);	/* borrowed: the device's id or QOM path */
void rows_devices(struct snapshot *snap, const struct guest *g);
void rows_slots(struct snapshot *snap, const struct guest *g);
void rows_jobs(struct snapshot *snap, const struct guest *g);
void rows_events(const struct sampler *s, struct snapshot *snap);
void rows_host(const struct sampler *s, struct snapshot *snap, unsigned needs);
void rows_pci(const struct sampler *s, struct snapshot *snap);
void rows_limits(struct sampler *s, struct snapshot *snap, struct guest *g, const struct host_usage *u,
		 struct vm_row *row);
void rows_kvm(const struct sampler *s, struct snapshot *snap, struct guest *g);
/* Halt polling into the rows of vcpus, which are the last ones of their table. */
void rows_kvm_poll(const struct sampler *s, struct snapshot *snap, struct guest *g);
bool rows_kvm_must_ask(const struct sampler *s, struct guest *g);	/* QEMU, now; counts it as done */
void rows_cpus(const struct sampler *s, struct snapshot *snap);
/* Who is there: after the rates of the threads are known. */
void rows_cpus_who(struct snapshot *snap);

/* rows_threads.c: how many vCPUs a thread runs; it is an IOThread of QEMU's, a vhost worker */
unsigned rows_vcpus_of(const struct guest *g, const struct host_task *t);
bool rows_is_iothread(const struct guest *g, const struct host_task *t);
bool rows_is_vhost(const struct host_task *t);

/* queue_kind.c: true for a ring of requests, false for one of supplied buffers; disk: its requests are disk I/O */
bool queue_is_request(const char *type, unsigned queue, unsigned n_queues);
bool queue_is_disk(const char *type, unsigned queue);

#endif
