/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Settings of a NIC's virtual functions, which the NIC's own driver keeps: over rtnetlink, by the interface of the physical
 * function (IFLA_VFINFO_LIST).
 */
#ifndef KT_HOST_VF_H
#define KT_HOST_VF_H

#include "root.h"

enum host_vf_key { HOST_VF_MAC, HOST_VF_VLAN, HOST_VF_RATE, HOST_VF_TRUST, HOST_VF_SPOOFCHK, HOST_VF_KEYS };

struct host_vf {
	unsigned vf;			/* number */
	unsigned told;			/* bits 1 << key: the driver tells these */
	char mac[18];			/* lower case; all zeroes: the function's own choice */
	unsigned vlan, qos;		/* 0: none */
	bool stag;			/* the tag is that of 802.1ad */
	uint32_t rate_mbit;		/* it sends so much at most, 0: no limit */
	bool trust, spoofchk;
};

const char *host_vf_key_name(enum host_vf_key key);		/* "mac", .. */
/* Of all functions of an interface; yours. -EOPNOTSUPP on a recorded host; -ENODEV: no such interface. */
int host_vfs_read(const struct host *h, const char *iface, struct host_vf **list, size_t *n);
const struct host_vf *host_vfs_find(const struct host_vf *list, size_t n, unsigned vf);		/* NULL: none */
bool host_vf_same(const struct host_vf *a, const struct host_vf *b, enum host_vf_key key);
/* "mac 52:54:00:12:34:56", "vlan 100, priority 3"; yours */
char *host_vf_text(const struct host_vf *v, enum host_vf_key key);

/*
 * Set what key says of function to->vf, and look whether the driver has done it; if not, it is set back.
 * -ENODEV: no such interface or function; -EOPNOTSUPP, -EINVAL: the driver cannot, or will not; -ETIMEDOUT: perhaps done.
 */
int host_vf_set(const struct host *h, const char *iface, const struct host_vf *to, enum host_vf_key key, unsigned timeout_ms,
		struct err *err);

/* A message that tells of an interface: its functions. True at its end; *rc gets the kernel's error. */
bool host_vfs_take(const void *data, size_t len, struct host_vf **list, size_t *n, int *rc);
/* The request that sets it, of the interface with that index: its length. out has room for 1024 bytes. */
size_t host_vf_request(int index, const struct host_vf *to, enum host_vf_key key, void *out);

#endif
