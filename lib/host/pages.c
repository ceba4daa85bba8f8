// SPDX-License-Identifier: GPL-3.0-or-later
/* pagemap and kpageflags (Documentation/admin-guide/mm/pagemap.rst). */
#include "pages.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "frames.h"

#define PM_PRESENT (1ull << 63)
#define PM_SWAP (1ull << 62)
#define PM_FRAME ((1ull << 55) - 1)
/* bits of kpageflags */
#define KPF_HUGE (1ull << 17)
#define KPF_KSM (1ull << 21)
#define KPF_THP (1ull << 22)

struct host_pages {
	const struct host *h;
	int flags_fd;
	struct frames frames;
	bool ksm;
};

static int entry_read(int fd, uint64_t index, uint64_t *entry)
{
	ssize_t n = pread(fd, entry, sizeof(*entry), (off_t)(index * sizeof(*entry)));

	if (n < 0)
		return -errno;
	return n == sizeof(*entry) ? 0 : -ENODATA;
}

/*
 * A page of ours: its frame, 0 where frame numbers are hidden, and its flags. A recorded host has one at address 0.
 */
static int own_page(const struct host *h, int flags_fd, uint64_t *frame, uint64_t *flags)
{
	auto_close int fd = host_openat(h, "proc/self/pagemap");
	uint64_t page = host_facts(h)->page_bytes, entry = 0;
	volatile char *own = NULL;
	int rc;

	if (fd < 0)
		return fd;
	if (host_is_live(h)) {
		own = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (own == MAP_FAILED)
			return -ENOMEM;
		*own = 1;
	}
	rc = entry_read(fd, (uintptr_t)own / page, &entry);
	*frame = entry & PM_PRESENT ? entry & PM_FRAME : 0;
	if (!rc && *frame)
		rc = entry_read(flags_fd, *frame, flags);
	if (own)
		munmap((void *)(uintptr_t)own, page);
	return rc;
}

int host_pages_open(const struct host *h, struct host_pages **out)
{
	uint64_t frame = 0, flags = 0;
	struct host_pages *p;
	int fd, rc;

	fd = host_openat(h, "proc/kpageflags");
	if (fd < 0)
		return fd;
	rc = own_page(h, fd, &frame, &flags);
	if (!rc && !frame)
		rc = -EPERM;
	if (rc) {
		close(fd);
		return rc;
	}
	p = xcalloc(1, sizeof(*p));
	p->h = h;
	p->flags_fd = fd;
	frames_read(h, &p->frames);
	p->ksm = !(flags & KPF_KSM);
	*out = p;
	return 0;
}

void host_pages_close(struct host_pages *p)
{
	if (!p)
		return;
	close(p->flags_fd);
	frames_done(&p->frames);
	free(p);
}

bool host_pages_ksm(const struct host_pages *p)
{
	return p->ksm;
}

static void classify(struct host_pages *p, uint64_t entry, struct host_page *out)
{
	uint64_t frame = entry & PM_FRAME, flags;

	*out = (struct host_page){ .node = -1, .swapped = entry & PM_SWAP };
	if (!(entry & PM_PRESENT))
		return;
	out->present = true;
	if (!frame)
		return;
	out->node = frames_node(&p->frames, frame);
	if (entry_read(p->flags_fd, frame, &flags))
		return;
	out->hugetlb = flags & KPF_HUGE;
	out->thp = (flags & KPF_THP) && !out->hugetlb;
	out->ksm = p->ksm && (flags & KPF_KSM);
}

int host_pages_read(struct host_pages *p, pid_t pid, const uint64_t *addresses, size_t n, struct host_page *out)
{
	auto_close int fd = host_openat(p->h, "proc/%d/pagemap", pid);
	uint64_t page = host_facts(p->h)->page_bytes, entry;
	size_t i;
	int rc;

	if (fd < 0)
		return fd == -ENOENT ? -ESRCH : fd;
	for (i = 0; i < n; i++) {
		rc = entry_read(fd, addresses[i] / page, &entry);
		if (rc)		/* nothing to read any more: its memory map is gone, or never reached so far */
			return rc == -ENODATA ? -ESRCH : rc;
		classify(p, entry, &out[i]);
	}
	return 0;
}
