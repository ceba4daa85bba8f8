/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Inside lib/sample: what is kept of one guest, and what is done with it. All of it under the sampler's lock. */
#ifndef KT_SAMPLE_GUEST_H
#define KT_SAMPLE_GUEST_H

#include "answers.h"
#include "monitor.h"
#include "pages.h"
#include "rings.h"
#include "vhost.h"

#define NODES_SEEN 64			/* a guest's vCPUs are told apart by so many nodes */

enum asking { ASK_NEVER, ASK_UNDER_WAY, ASK_DONE, ASK_FAILED };

struct guest {
	char *ref;
	pid_t pid;
	uint64_t start;
	uid_t uid, real_uid;
	char *user;			/* name of uid */
	char *name;			/* as it is shown; NULL: it has none */
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
	bool netifs_defined;		/* its descriptors are closed to us: those of libvirt's definition */
	bool fds_cut;			/* there were more than are looked at */
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
	struct names spaces_by_file;

	bool given;			/* by -q: its socket is held */
	bool handed;			/* .. and was passed in to it */
	struct monitor given_at;	/* which may be another than the command line's */
	struct qmp *held;
	bool lent;
	struct monitor held_at;		/* where the held monitor is; without a path: as it was given */

	struct sampler *sampler;
	unsigned known;			/* WANT_ bits: was answered once */
	unsigned under_way;		/* is being asked */
	unsigned wanted;		/* to be asked when that is over */
	unsigned round;			/* of questions that the asking under way is of */
	unsigned due;			/* of the round: is not answered yet */
	unsigned missed;		/* was not answered when it was asked last */
	struct device_answers devices;
	struct disk_answers disks, throttles;
	struct pace *paces;		/* of its rings of disks that have a limit */
	size_t n_paces;
	struct slot_answers slots;
	struct block_answers block;
	struct job_answers jobs;
	struct ram_answers ram;
	struct qmp_memory_size memory;	/* of the newest answer */
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
	uint64_t state_since_ns;	/* when that was seen to begin, 0: it was so from the first look on */

	const struct virt_domain *domain;	/* of the sampler's list; NULL: not libvirt's, or not known yet */
	size_t n_domains;		/* that claim this process; with more than one, none is believed */
	char *claim;			/* what is to be said of one that has a domain's UUID and is not it; NULL */
	bool passed;			/* named by the operator: it may be asked through libvirt */
	char *remark;			/* to be told once */

	enum asking asking;
	bool begun;			/* under way: a worker is at it, it waits for none any more */
	uint64_t ask_again_ns;		/* not before; 0: no need */
	unsigned failures, doubts;
	unsigned failed;		/* askings of late, one after another, that were not answered */
	uint64_t doubted_ns;
	char *note;
	struct answers answers;
	struct ring_set *rings;		/* those of answers.virtio that have addresses, in that order */
	size_t n_rings;
	struct vhost_map *vhost;	/* NULL: nobody has asked whose thread is whose */

	uint64_t vcpu_ns, still_ns;	/* run time of its vCPUs, and since when that has stood still: to notice that the run state has changed */
	uint64_t still_asked_ns;	/* when it was asked for that reason, 0: never */
	uint64_t blocked_ns;		/* since when its main thread is in D, 0: is not */
	bool gone;
};

/* What a disk had done at one moment. */
struct pace_moment {
	uint64_t ns, requests, rd, wr;	/* rd, wr: bytes of the whole process, UNKNOWN_UINT */
};
struct pace {
	struct pace_moment old, young;
};
/*
 * pace.c: adds those virtio disks to out that are at the limit of their throttle. Rings of virtio device i stand in states
 * from first[i] on, NULL where nothing is known.
 */
void pace_look(struct guest *g, const struct ring_state *const *states, const size_t *first, const struct host_usage *u,
	       uint64_t now, struct buf *out);
void pace_done(struct guest *g);

/* A qdisc of a tap, as last seen. */
struct shaping {
	struct host_qdisc q;
	bool hit;
};

/* name.c: what it is called, and by whom. libvirt's word for a domain, else the command line's, else query-name's. */
enum trust {
	TRUST_STRANGER,			/* any other user */
	TRUST_QEMU,			/* the one that libvirt runs QEMU as; libvirt has not said that it is a domain */
	TRUST_KNOWN,			/* root, kvmtop's own user; a domain of a daemon of theirs */
};
enum trust guest_trust(const struct guest *g);
const char *guest_name(const struct guest *g);			/* NAME, of a stranger NAME@USER, or NULL */
bool guest_is_called(const struct guest *g, const char *word);	/* so, or without its user */
const char *guest_uuid(const struct guest *g);
bool name_is_of_session(const struct guest *g);		/* another user's own libvirt has started it, by all that is seen */

/* memory.c; UNKNOWN_UINT where nothing tells */
struct guest_memory {
	uint64_t bytes;			/* all it has, plugged memory included */
	uint64_t plugged_bytes;		/* of that: DIMMs, and of virtio-mem what the guest has taken */
};
struct guest_memory guest_memory(const struct guest *g);
void guest_rename(struct guest *g);	/* something that names it has changed */
struct owner guest_owner(const struct guest *g);		/* of its monitor */

/* space.c: the storage of a guest's images, asked in threads that may be left behind */
void space_mind(struct sampler *s, struct guest *g);	/* take in what has come back, ask what is due */
bool space_is_settled(const struct guest *g);
/* NULL: not known. hung: it was asked and does not answer. The file is as a disk's row has it. */
const struct host_store *space_of(const struct guest *g, const char *file, bool *hung);
void space_done(struct guest *g);

/* netifs.c: its taps */
size_t netifs_defined(const struct sampler *s, const struct guest *g, struct host_netif **list);	/* by libvirt's definition; the list is yours */
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

/* attach.c: ask a guest, in a worker. What it answers, or why it did not, is in the guest when it is over. */
void attach_start(struct sampler *s, struct guest *g, unsigned what);
/* Something seen cannot be true any more: ask again, soon, but not again and again. */
void attach_doubt(struct guest *g, uint64_t now);
bool attach_is_hopeless(struct guest *g);	/* its process is stopped */
void attach_stop(struct sampler *s);		/* waits for the askings under way; not under the lock */
void attach_hold(struct guest *g, struct qmp *q);	/* the sampler keeps q, and follows its events */
void attach_mind(struct sampler *s);		/* held sockets: take in events, leave to who waits; start askings that are due */
/* The monitors of a guest that we could use (a list of yours); attach_none says why the list is empty. */
size_t attach_monitors(const struct host *h, const struct guest *g, struct monitor **list);
char *attach_none(const struct guest *g);
bool attach_is_denied(const struct guest *g);	/* .. that is: this user has no right to */

/* look.c: looking at guests' pages */
void look_begin(struct sampler *s, struct guest *g, unsigned needs);	/* one look, if these columns need it */
void look_mind(struct sampler *s);		/* take what is done, begin what is due */
bool look_is_over(const struct sampler *s);
void look_forget(struct guest *g);
/* Share of its memory on the nodes of its vCPUs, and how it is known; NAN: it is not. For hosts of several nodes. */
double look_local_pct(struct sampler *s, struct guest *g, uint64_t now);

#endif
