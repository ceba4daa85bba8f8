/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Inside lib/sample: what an operator looks for, and the guests that have it. Not under the sampler's lock. */
#ifndef KT_SAMPLE_LOOKUP_H
#define KT_SAMPLE_LOOKUP_H

#include "match.h"

#define LOOKUP_UNDERSTOOD "no MAC, IP or PCI address, no interface of this host, and no file"

enum lookup_kind { LOOKUP_MAC, LOOKUP_IP, LOOKUP_TAP, LOOKUP_IMAGE, LOOKUP_PCI };

struct hit {
	char *ref, *device, *how;
	const char *mac;		/* which of the lookup's it has, borrowed; NULL: not by a MAC */
};

struct lookup {
	struct sampler *s;
	enum lookup_kind kind;
	char *what;			/* as it is told: a MAC of an IP, a whole path */
	char (*macs)[ADDRESS_MAC_SIZE];	/* a MAC, or those that have had an IP address */
	size_t n_macs;
	char pci[16];
	struct host_file file;
	int group;			/* of the PCI device */
	char vfio[32];			/* "devices/vfio0" */
	struct hit *hits;
	size_t n_hits, closed;		/* processes whose descriptors cannot be read */
	size_t lost;			/* whose storage does not answer */
	uint64_t since_ns;		/* what was answered before may not be true any more */
};

/* lookup_word.c: what the word means, into kind, what and the rest. It may wait for neighbour tables and file systems. */
int lookup_parse(struct lookup *l, const char *word, struct err *err);

#endif
