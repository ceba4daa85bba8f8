// SPDX-License-Identifier: GPL-3.0-or-later
/* /sys/kernel/mm/ksm, /sys/kernel/mm/transparent_hugepage, and the threads that do the work. */
#include "merge.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "private.h"

#define KSM "sys/kernel/mm/ksm/"
#define THP "sys/kernel/mm/transparent_hugepage/"
/* struct ksm_rmap_item: one for each page that KSM keeps an eye on (Documentation/admin-guide/mm/ksm.rst) */
#define RMAP_ITEM_BYTES 64
#define VMSTAT_MAX (64u << 10)

/*
 * pages_sharing does not count the one copy that stays. general_profit is the kernel's own figure and knows of zero
 * pages; it is negative where the book-keeping costs more than is saved.
 */
uint64_t host_ksm_saved(const struct host *h)
{
	static const char *const counts[] = { "pages_sharing", "pages_shared", "pages_unshared", "pages_volatile" };
	uint64_t n, gain = HOST_UNKNOWN, cost = 0;
	char profit[32];
	const char *p = profit;
	size_t i;

	if (host_read(h, profit, sizeof(profit), KSM "general_profit") > 0) {
		if (*p == '-')
			return 0;
		if (host_u64_next(&p, &n))
			return n;
	}
	for (i = 0; i < ARRAY_SIZE(counts); i++) {
		n = host_number_read(h, KSM "%s", counts[i]);
		if (!i)
			gain = host_times(n, host_facts(h)->page_bytes);
		n = host_times(n, RMAP_ITEM_BYTES);
		if (n == HOST_UNKNOWN || gain == HOST_UNKNOWN || __builtin_add_overflow(cost, n, &cost))
			return HOST_UNKNOWN;
	}
	return gain > cost ? gain - cost : 0;
}

void host_ksm_read(const struct host *h, struct host_ksm *out)
{
	struct host_ksm k = {
		.run = host_number_read(h, KSM "run"),
		.shared = host_number_read(h, KSM "pages_shared"),
		.sharing = host_number_read(h, KSM "pages_sharing"),
		.unshared = host_number_read(h, KSM "pages_unshared"),
		.volatile_ = host_number_read(h, KSM "pages_volatile"),
		.zero = host_number_read(h, KSM "ksm_zero_pages"),
		.full_scans = host_number_read(h, KSM "full_scans"),
		.scanned = host_number_read(h, KSM "pages_scanned"),
		.pages_to_scan = host_number_read(h, KSM "pages_to_scan"),
		.sleep_ms = host_number_read(h, KSM "sleep_millisecs"),
		.across_nodes = host_number_read(h, KSM "merge_across_nodes"),
		.max_sharing = host_number_read(h, KSM "max_page_sharing"),
	};

	host_choice_read(h, k.advisor, sizeof(k.advisor), KSM "advisor_mode");
	k.saved_bytes = host_ksm_saved(h);
	*out = k;
}

/* Directories hugepages-64kB, .. of kernels that know sizes between a page and a huge one. */
static void sizes_read(const struct host *h, struct host_thp *t)
{
	static const char prefix[] = "hugepages-";
	int fd = host_openat(h, THP ".");
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	auto_buf struct buf list = {0};
	const struct dirent *d;

	if (!dir) {
		mem_close_ptr(&fd);
		return;
	}
	while ((d = readdir(dir)) && list.len < sizeof(t->sizes)) {
		const char *p = d->d_name + strlen(prefix);
		char how[HOST_WORD];
		uint64_t kb;

		if (!str_has_prefix(d->d_name, prefix) || !host_u64_next(&p, &kb) || host_times(kb, 1024) == t->page_bytes)
			continue;
		host_choice_read(h, how, sizeof(how), THP "%s/enabled", d->d_name);
		if (how[0] && strcmp(how, "never") && strcmp(how, "inherit"))
			buf_printf(&list, "%s%llu%c %s", list.len ? ", " : "", (unsigned long long)(kb < 1024 ? kb : kb / 1024),
				   kb < 1024 ? 'K' : 'M', how);
	}
	closedir(dir);
	snprintf(t->sizes, sizeof(t->sizes), "%s", list.text ? list.text : "");
}

void host_thp_read(const struct host *h, struct host_thp *out)
{
	auto_free char *text = xmalloc(VMSTAT_MAX);
	struct host_thp t = {
		.page_bytes = host_number_read(h, THP "hpage_pmd_size"),
		.khugepaged_defrag = host_number_read(h, THP "khugepaged/defrag"),
		.pages_to_scan = host_number_read(h, THP "khugepaged/pages_to_scan"),
		.sleep_ms = host_number_read(h, THP "khugepaged/scan_sleep_millisecs"),
		.max_ptes_none = host_number_read(h, THP "khugepaged/max_ptes_none"),
		.full_scans = host_number_read(h, THP "khugepaged/full_scans"),
	};

	host_choice_read(h, t.enabled, sizeof(t.enabled), THP "enabled");
	host_choice_read(h, t.defrag, sizeof(t.defrag), THP "defrag");
	host_choice_read(h, t.shmem, sizeof(t.shmem), THP "shmem_enabled");
	sizes_read(h, &t);
	if (host_read(h, text, VMSTAT_MAX, "proc/meminfo") < 0)
		text[0] = '\0';
	t.anon_bytes = host_key_kb(text, "AnonHugePages:");
	t.shmem_bytes = host_key_kb(text, "ShmemPmdMapped:");
	t.file_bytes = host_key_kb(text, "FilePmdMapped:");
	if (host_read(h, text, VMSTAT_MAX, "proc/vmstat") < 0)
		text[0] = '\0';
	t.collapses = host_key_number(text, "thp_collapse_alloc ");
	t.collapse_failures = host_key_number(text, "thp_collapse_alloc_failed ");
	t.faults = host_key_number(text, "thp_fault_alloc ");
	t.fallbacks = host_key_number(text, "thp_fault_fallback ");
	t.splits = host_key_number(text, "thp_split_page ");
	*out = t;
}

static bool is_kthread(const struct host *h, pid_t pid, const char *name)
{
	char line[HOST_STAT_SIZE];
	struct host_stat st;

	return host_read(h, line, sizeof(line), "proc/%d/stat", pid) > 0 && !host_stat_parse(line, &st) && st.kthread &&
	       !strcmp(st.comm, name);
}

pid_t host_kthread_find(const struct host *h, const char *name)
{
	auto_close int dir = host_openat(h, "proc");
	auto_ids struct host_ids pids = {0};
	char comm[32];
	size_t i;

	if (dir < 0 || host_ids_read(dir, &pids) < 0)
		return 0;
	for (i = 0; i < pids.n; i++) {
		host_line_read(h, comm, sizeof(comm), "proc/%d/comm", pids.id[i]);
		if (!strcmp(comm, name) && is_kthread(h, pids.id[i], name))
			return pids.id[i];
	}
	return 0;
}

static bool is_roots(int proc, pid_t pid)
{
	char name[16];
	struct stat st;

	snprintf(name, sizeof(name), "%d", pid);
	return !fstatat(proc, name, &st, 0) && st.st_uid == 0;
}

void host_daemons_find(const struct host *h, const char *const *names, size_t n, pid_t *pids)
{
	auto_close int dir = host_openat(h, "proc");
	auto_ids struct host_ids list = {0};
	char comm[32];
	size_t i, k;

	memset(pids, 0, n * sizeof(*pids));
	if (dir < 0 || host_ids_read(dir, &list) < 0)
		return;
	for (i = 0; i < list.n; i++) {
		host_line_read(h, comm, sizeof(comm), "proc/%d/comm", list.id[i]);
		for (k = 0; k < n; k++)
			if (!pids[k] && !strcmp(comm, names[k]) && is_roots(dir, list.id[i]))
				pids[k] = list.id[i];
	}
}

uint64_t host_kthread_run_ns(const struct host *h, pid_t pid, const char *name)
{
	char buf[HOST_STAT_SIZE];
	struct host_stat st;
	uint64_t ns;

	if (!is_kthread(h, pid, name))
		return HOST_UNKNOWN;
	ns = host_number_read(h, "proc/%d/schedstat", pid);
	if ((ns && ns != HOST_UNKNOWN) || host_read(h, buf, sizeof(buf), "proc/%d/stat", pid) < 0 || host_stat_parse(buf, &st) < 0)
		return ns;
	/* no scheduler statistics, or it has not run for a tick */
	return st.user > HOST_UNKNOWN - st.system ? HOST_UNKNOWN :
		host_times(st.user + st.system, NS_PER_SEC / host_facts(h)->ticks_per_s);
}
