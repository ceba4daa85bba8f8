// SPDX-License-Identifier: GPL-3.0-or-later
/* One guest's rows of a snapshot. */
#include "private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* In D that long, a main thread does not wait for a disk, it hangs. */
#define BLOCKED_NS (2 * NS_PER_SEC)
/*
 * vCPUs that have stood still for so long may have been paused behind our back: QEMU is asked, once in a while, since an idle
 * guest may do the same.
 */
#define STILL_NS NS_PER_SEC
#define STILL_ASK_NS (60 * NS_PER_SEC)
/* A paused one whose vCPUs have used so much since was resumed. */
#define MOVED_NS NS_PER_MS

static unsigned host_needs(const struct sampler *s, unsigned needs)
{
	return (needs & NEED_IO ? HOST_NEED_IO : 0) | (needs & NEED_KVM ? HOST_NEED_KVM : 0) |
	       (needs & NEED_TASKS || (needs & NEED_PLACE && host_topology(s->config.host)->nodes > 1) ? HOST_NEED_CPU : 0);
}

void rows_head(struct snapshot *snap, const struct guest *g, struct row *row)
{
	const char *name = guest_name(g);

	row->vm = name ? snapshot_str(snap, name) : snapshot_printf(snap, "pid:%d", (int)g->pid);
	row->ref = snapshot_str(snap, g->ref);
}

const char *rows_iothread(struct snapshot *snap, const struct guest *g, const char *device, const char *told)
{
	const char *number = told || !g->domain || !g->domain->def ? NULL : virt_def_iothread(g->domain->def, device);

	return number ? snapshot_printf(snap, "iothread%s", number) : snapshot_str(snap, told);
}

/* Where the vCPUs ran last. */
static void place_vcpus(const struct sampler *s, struct guest *g, const struct host_usage *u)
{
	int only = host_topology(s->config.host)->only_node;
	size_t i;

	memset(g->vcpus_on, 0, sizeof(g->vcpus_on));
	for (i = 0; i < u->n_tasks; i++) {
		const struct host_task *t = &u->tasks[i];
		int node = only >= 0 ? only : t->cpu < 0 ? -1 : host_cpu_node(s->config.host, (unsigned)t->cpu);

		if (node >= 0 && node < NODES_SEEN)
			g->vcpus_on[node] += rows_vcpus_of(g, t);
	}
}

/* "0", "0,1" */
static void fill_place(struct sampler *s, struct snapshot *snap, struct guest *g, struct vm_row *row)
{
	auto_buf struct buf list = {0};
	int node = host_topology(s->config.host)->only_node;

	if (node >= 0) {
		row->node = snapshot_printf(snap, "%d", node);
		row->local_pct = 100;
		return;
	}
	for (node = 0; node < NODES_SEEN; node++)
		if (g->vcpus_on[node])
			buf_printf(&list, "%s%d", list.len ? "," : "", node);
	if (list.len)
		row->node = snapshot_str(snap, list.text);
	row->local_pct = look_local_pct(s, g, snapshot_time_ns(snap));
}

static int tid_cmp(const void *tid, const void *task)
{
	pid_t a = *(const pid_t *)tid, b = ((const struct host_task *)task)->tid;

	return (a > b) - (a < b);
}

/* CPU time of the threads that run the vCPUs; of all threads where those are not known. */
static uint64_t vcpu_time(const struct guest *g, const struct host_usage *u)
{
	uint64_t ns = 0;
	size_t n = 0, i;

	for (i = 0; i < g->answers.n_cpus; i++) {
		const struct host_task *t = bsearch(&g->answers.cpus[i].tid, u->tasks, u->n_tasks, sizeof(*u->tasks), tid_cmp);

		ns += t ? t->run_ns : 0;
		n += t != NULL;
	}
	for (i = 0; i < u->n_tasks && !g->answers.n_cpus; i++) {
		ns += rows_vcpus_of(g, &u->tasks[i]) ? u->tasks[i].run_ns : 0;
		n += rows_vcpus_of(g, &u->tasks[i]);
	}
	return n ? ns : u->cpu_ns;
}

/* Told before the vCPUs began to stand still, asked since in vain: for how long the state has been as it was told. */
static void tell_doubt(const struct guest *g, uint64_t now, struct vm_row *row)
{
	bool asked = g->still_asked_ns > g->still_ns && g->answers.told_ns < g->still_asked_ns && g->asking != ASK_UNDER_WAY;

	if (asked && g->answers.told_ns < now)
		row->doubt_seconds = (double)(now - g->answers.told_ns) / (double)NS_PER_SEC;
}

/* The run state is asked once; the vCPUs' time tells when the answer may not be true any more. */
static void doubt_state(struct sampler *s, struct guest *g, const struct host_usage *u, uint64_t now, struct vm_row *row)
{
	bool runs = g->answers.status && (!strcmp(g->answers.status, "running") || !strcmp(g->answers.status, "migrating"));
	uint64_t ns = vcpu_time(g, u), moved = ns > g->vcpu_ns ? ns - g->vcpu_ns : 0;
	bool known = g->still_ns;

	if (ns != g->vcpu_ns || !known)
		g->still_ns = now;
	g->vcpu_ns = ns;
	if (!g->answers.status || g->domain || !known)
		return;
	if (!runs && moved > MOVED_NS)
		attach_doubt(g, now);
	if (!runs || now - g->still_ns < STILL_NS)
		return;
	tell_doubt(g, now, row);
	if (g->held || g->asking == ASK_UNDER_WAY || g->ask_again_ns ||
	    (g->still_asked_ns && now - g->still_asked_ns < STILL_ASK_NS))
		return;
	g->still_asked_ns = now;
	attach_start(s, g, WANT_STATE | (strcmp(g->answers.status, "running") ? WANT_MIGRATION : 0));
}

/* What the kernel does not keep, and what there was too much of, behind what there is to say else. */
static void note_gaps(struct snapshot *snap, const struct guest *g, const struct host_usage *u, struct vm_row *row)
{
	auto_buf struct buf text = {0};

	if (u->ticked)
		buf_puts(&text, "; this kernel keeps no scheduler statistics (CONFIG_SCHEDSTATS): waiting for a CPU is not known, CPU time counts in "
			 "clock ticks");
	if (g->cmdline.cut)
		buf_printf(&text, "; its command line was read in part, it has %s", g->cmdline.cut);
	if (row->mem_bytes == UNKNOWN_UINT && g->cmdline.unread)
		buf_printf(&text, "; memory is not known, %s", g->cmdline.unread);
	else if (row->mem_bytes == UNKNOWN_UINT && g->cmdline.mem_bytes == UNKNOWN_UINT && !g->domain)
		buf_puts(&text, "; memory is not known, the command line leaves it to the machine");
	if (u->cut)
		buf_printf(&text, "; more than %u threads, the others are not counted", PROC_THREADS_MAX);
	if (g->fds_cut)
		buf_printf(&text, "; more than %u descriptors, the others are not looked at", PROC_FDS_MAX);
	if (text.len)
		row->note = snapshot_printf(snap, "%s%s", row->note ? row->note : "", text.text + (row->note ? 0 : 2));
}

static void fill_vm(struct sampler *s, struct snapshot *snap, struct guest *g, const struct host_usage *u,
		    unsigned needs, struct vm_row *row)
{
	rows_head(snap, g, &row->head);
	row->uuid = snapshot_str(snap, guest_uuid(g));
	row->user = snapshot_str(snap, g->user);
	row->pid = (uint64_t)g->pid;
	row->source = g->given ? "qmp" : "proc";
	row->state = snapshot_str(snap, g->answers.status);
	row->state_detail = snapshot_str(snap, g->answers.detail);
	row->note = snapshot_str(snap, g->note);
	row->mem_bytes = guest_memory(g).bytes;
	row->rss_bytes = u->rss_bytes;
	row->cpu_ns = u->cpu_ns;
	row->used_ns = u->used_ns;
	row->wait_ns = u->wait_ns;
	row->vhost_ns = u->vhost_ns;
	if (u->has_io) {
		row->rd_total = u->read_bytes;
		row->wr_total = u->write_bytes;
	}
	if (u->has_kvm)
		row->exits_total = u->kvm_exits;
	if (needs & NEED_NET)
		netifs_sum(s, g, snapshot_time_ns(snap), row);
	if (needs & (NEED_PLACE | NEED_TASKS))
		place_vcpus(s, g, u);
	if (needs & NEED_PLACE)
		fill_place(s, snap, g, row);
	if (needs & NEED_LIMITS)
		rows_limits(s, snap, g, u, row);
	row->stale_seconds = 0;
	row->unanswered = round_is_for(s, g) && g->due;
	domains_fill(s, snap, g, row);
	note_gaps(snap, g, u, row);
}

/* What is new since the sample before is an event; what is known for the first time is not. */
static void note_change(struct sampler *s, struct guest *g, const struct snapshot *snap, const struct vm_row *row)
{
	auto_free char *text = NULL;

	if (!row->state || (g->last_state && !strcmp(row->state, g->last_state)))
		return;
	text = xasprintf("%s -> %s%s%s", g->last_state ? g->last_state : "", row->state, row->state_detail ? ": " : "",
			 row->state_detail ? row->state_detail : "");
	if (g->last_state)
		events_add(s, g, "state", text);
	g->state_since_ns = g->last_state ? snapshot_time_ns(snap) : 0;
	free(g->last_state);
	g->last_state = xstrdup(row->state);
}

static void note_state(struct sampler *s, struct guest *g, const struct snapshot *snap, struct vm_row *row)
{
	note_change(s, g, snap, row);
	row->state_seconds = g->state_since_ns ? (double)(snapshot_time_ns(snap) - g->state_since_ns) / (double)NS_PER_SEC : UNKNOWN_NUM;
}

static void copy_stale(struct snapshot *snap, const struct snapshot *from, enum table_id t, const char *ref)
{
	size_t i;

	for (i = snapshot_first(from, t, ref); i < snapshot_count(from, t); i++) {
		const struct row *row = snapshot_row(from, t, i);

		if (!row->ref || strcmp(row->ref, ref))
			break;
		((struct row *)snapshot_add_copy(snap, t, row))->stale = true;
	}
}

/* The last values known, once more; false if there are none. */
static bool fill_stale(struct sampler *s, struct snapshot *snap, struct guest *g, const char *state, const char *detail)
{
	static const enum table_id tables[] = { TABLE_VCPUS, TABLE_THREADS, TABLE_QUEUES, TABLE_DISKS, TABLE_NICS, TABLE_SLOTS,
						TABLE_DEVICES, TABLE_JOBS, TABLE_KVM, TABLE_VHOST, TABLE_MEMORY,
						TABLE_NUMA };
	const struct vm_row *old = s->last ? snapshot_find(s->last, TABLE_VMS, g->ref, "") : NULL;
	struct vm_row *row;
	size_t i;

	if (!old)
		return false;
	row = snapshot_add_copy(snap, TABLE_VMS, old);
	row->head.stale = true;
	row->state = state;
	row->state_detail = snapshot_str(snap, detail);
	row->stale_seconds = (double)(snapshot_time_ns(snap) - row->head.taken_ns) / (double)NS_PER_SEC;
	row->doubt_seconds = UNKNOWN_NUM;
	note_state(s, g, snap, row);
	for (i = 0; i < ARRAY_SIZE(tables); i++)
		copy_stale(snap, s->last, tables[i], g->ref);
	return true;
}

/* Why the process cannot run at all, or NULL. */
static const char *standing_still(struct guest *g, char state, uint64_t now)
{
	if (state == 'T' || state == 't')
		return "stopped";
	if (state != 'D')
		g->blocked_ns = 0;
	else if (!g->blocked_ns)
		g->blocked_ns = now;
	return g->blocked_ns && now - g->blocked_ns > BLOCKED_NS ? "blocked" : NULL;
}

static void still_detail(const struct sampler *s, const struct guest *g, char state, char *buf, size_t size)
{
	char wchan[64];

	*buf = '\0';
	if (state == 't')
		snprintf(buf, size, "a debugger holds the QEMU process");
	else if (state == 'T')
		snprintf(buf, size, "the QEMU process was sent SIGSTOP");
	else if (!host_wchan_read(s->config.host, g->pid, wchan, sizeof(wchan)))
		snprintf(buf, size, "the main thread is in %s", wchan);
}

static void fill_kvm(struct sampler *s, struct snapshot *snap, struct guest *g, const struct host_usage *u, unsigned needs)
{
	bool poll = (needs & NEED_TASKS) && (needs & NEED_KVM);

	if (needs & NEED_KVM_STATS)
		rows_kvm(s, snap, g, u);
	if (poll)
		rows_kvm_poll(s, snap, g, u);
	/* not kept open for nothing: the kernel keeps a VM as long as we do */
	if (!poll && !(needs & NEED_KVM_STATS))
		host_kvm_free(take_ptr(g->kvm));
}

/* What a guest consists of; the disks' rows come after the queues', whose depth they show. */
static void fill_parts(struct sampler *s, struct snapshot *snap, struct guest *g, const struct host_usage *u,
		       unsigned needs)
{
	if (needs & NEED_TASKS)
		rows_threads(s, snap, g, u, needs);
	if ((needs & NEED_TASKS) && (needs & NEED_VHOST))
		rows_vhost(s, snap, g);
	fill_kvm(s, snap, g, u, needs);
	if (needs & NEED_DISKS)
		rows_disks(s, snap, g);
	if (needs & NEED_NICS)
		rows_nics(s, snap, g);
	if (needs & NEED_DEVICES)
		rows_devices(snap, g);
	if (needs & NEED_SLOTS)
		rows_slots(snap, g);
	if (needs & NEED_JOBS)
		rows_jobs(snap, g);
	if (needs & NEED_MEMORY)
		rows_memory(s, snap, g, u, needs);
	if ((needs & NEED_PAGES) && (needs & NEED_TASKS))
		rows_numa(s, snap, g, u);
}

void rows_fill(struct sampler *s, struct snapshot *snap, struct guest *g, unsigned needs)
{
	uint64_t now = snapshot_time_ns(snap);
	char detail[128] = "";
	struct host_usage u;
	struct vm_row *row;
	const char *still;

	if (g->gone)
		return;
	if (host_watch_read(g->watch, host_needs(s, needs), &u)) {
		g->gone = true;
		host_kvm_free(take_ptr(g->kvm));
		events_add(s, g, "ended", NULL);
		return;
	}
	still = standing_still(g, u.state, now);
	if (still)
		still_detail(s, g, u.state, detail, sizeof(detail));
	if (still && fill_stale(s, snap, g, still, detail[0] ? detail : NULL))
		return;
	row = snapshot_add(snap, TABLE_VMS);
	fill_vm(s, snap, g, &u, needs, row);
	if (still) {		/* never seen running: what /proc says is all there is */
		row->head.stale = true;
		row->state = still;
		row->state_detail = detail[0] ? snapshot_str(snap, detail) : NULL;
	} else {
		doubt_state(s, g, &u, now, row);
	}
	note_state(s, g, snap, row);
	if (needs & NEED_RINGS)
		rows_queues(s, snap, g, &u, needs, row);
	fill_parts(s, snap, g, &u, needs);
}
