/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Single pages of a process: where each is and of what kind. pagemap says which page frame, the kernel's memory blocks
 * of which node, kpageflags of what kind. Needs CAP_SYS_ADMIN, without which the kernel hides frame numbers. Each page
 * costs one or two reads; the process's memory map is held for that moment only.
 */
#ifndef KT_HOST_PAGES_H
#define KT_HOST_PAGES_H

#include "root.h"

struct host_page {
	bool present, swapped;
	bool hugetlb, thp, ksm;		/* thp: part of a large page of any size, of whatever kind */
	int node;			/* -1: not known */
};

struct host_pages;			/* one thread at a time */
/* -EACCES, -EPERM: the right is missing; -ENOENT: the kernel lacks the files. */
int host_pages_open(const struct host *h, struct host_pages **out);
void host_pages_close(struct host_pages *p);		/* NULL is fine */
/*
 * Whether the kernel's KSM bit can be believed: some set it for any anonymous page (6.12). Looked up on a page of our
 * own that was never merged.
 */
bool host_pages_ksm(const struct host_pages *p);
/* -ESRCH: the process has ended; -EPERM: it may not be looked at. */
int host_pages_read(struct host_pages *p, pid_t pid, const uint64_t *addresses, size_t n, struct host_page *out);

#endif
