// SPDX-License-Identifier: GPL-3.0-or-later
/* Rows of threads and vCPUs. */
#include "private.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Names QEMU and the kernel give threads: by how they begin. */
static const struct {
	const char *prefix, *role;
} names[] = {
	{ "IO mon_iothread", "monitor" }, { "worker", "worker" }, { "vnc_worker", "vnc" }, { "SPICE Worker", "spice" },
	{ "live_migration", "migration" }, { "mig/", "migration" }, { "multifdsend_", "migration" },
	{ "multifdrecv_", "migration" }, { "return path", "migration" }, { "postcopy/", "migration" },
	{ "bg_snapshot", "migration" }, { "call_rcu", "rcu" }, { "iou-wrk-", "io_uring" }, { "iou-sqp-", "io_uring" },
	{ "kvm-nx-lpage", "kvm" }, { "kvm-pit", "kvm" }, { "touch_pages", "prealloc" },
	{ "signalfd_compat", "signals" }, { "vhost-", "vhost" },
};

static const char *of_list(const struct qmp_thread *list, size_t n, pid_t tid)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (list[i].tid == tid)
			return list[i].name;
	return NULL;
}

/* "CPU 3/KVM": 3, where QEMU was told to name its threads */
static bool vcpu_of_name(const char *comm, unsigned *vcpu)
{
	int end = 0;

	return sscanf(comm, "CPU %u/%n", vcpu, &end) == 1 && end;
}

/*
 * Created before threads get names: the one begun next after the main thread, which has that thread's name.
 */
static pid_t rcu_thread(const struct guest *g, const struct host_usage *u)
{
	const struct host_task *main = NULL, *found = NULL;
	size_t i;

	for (i = 0; i < u->n_tasks; i++)
		if (u->tasks[i].tid == g->pid)
			main = &u->tasks[i];
	for (i = 0; main && i < u->n_tasks; i++) {
		const struct host_task *t = &u->tasks[i];

		if (t == main || t->kthread || !t->start || strcmp(t->comm, main->comm))
			continue;
		if (!found || t->start < found->start || (t->start == found->start && t->tid < found->tid))
			found = t;
	}
	return found ? found->tid : 0;
}

static const char *role_of(struct snapshot *snap, const struct guest *g, const struct host_task *t, pid_t rcu)
{
	const char *name = of_list(g->answers.cpus, g->answers.n_cpus, t->tid);
	unsigned vcpu;
	size_t i;

	if (t->kthread)
		return "vhost";
	if (t->tid == g->pid)
		return "main";
	if (name)
		return snapshot_printf(snap, "vcpu %s", name);
	name = of_list(g->answers.iothreads, g->answers.n_iothreads, t->tid);
	if (name)
		return snapshot_printf(snap, "iothread %s", name);
	if (vcpu_of_name(t->comm, &vcpu))
		return snapshot_printf(snap, "vcpu %u", vcpu);
	for (i = 0; i < ARRAY_SIZE(names); i++)
		if (str_has_prefix(t->comm, names[i].prefix))
			return names[i].role;
	if (str_has_prefix(t->comm, "IO "))
		return snapshot_printf(snap, "iothread %s", t->comm + 3);
	return t->tid == rcu ? "rcu" : "other";
}

/* Where a thread runs, and where it may. */
struct place {
	const char *affinity, *cpuset, *allowed, *state;
	uint64_t cpu, node;
};

/* What is the same for most threads of a guest, read once for all of them. */
struct common {
	char online[4096];
	char dir[512], cpuset[4096];	/* the control group read last, and what it allows; "": not known */
};

/* The CPUs the thread's control group allows, and what is left of its affinity there. */
static void fill_cpuset(const struct sampler *s, struct snapshot *snap, const struct guest *g, const struct host_task *t,
			struct common *c, struct place *p)
{
	struct host_cgroup_paths paths;
	char mine[4096], both[4096];
	const char *dir = paths.dir[HOST_CGROUP_CPUSET];
	int r = host_cgroup_paths_read(s->cgroups, t->kthread ? t->tid : g->pid, t->kthread ? 0 : t->tid, &paths);

	if (r || !*dir)
		return;
	if (strcmp(c->dir, dir)) {
		strcpy(c->dir, dir);
		if (host_cgroup_cpus(s->cgroups, &paths, c->cpuset, sizeof(c->cpuset)) < 0)
			c->cpuset[0] = '\0';
	}
	if (!c->cpuset[0])
		return;
	p->cpuset = snapshot_str(snap, c->cpuset);
	if (!p->affinity || !c->online[0] || !host_cpulist_and(p->affinity, c->online, mine, sizeof(mine)) ||
	    !host_cpulist_and(mine, c->cpuset, both, sizeof(both)))
		return;
	p->allowed = snapshot_printf(snap, "%s%s", both, strcmp(mine, both) ? "!" : "");
}

static struct place place_of(const struct sampler *s, struct snapshot *snap, const struct guest *g,
			     const struct host_task *t, unsigned needs, struct common *c)
{
	struct place p = { .cpu = UNKNOWN_UINT, .node = UNKNOWN_UINT };
	char list[4096];
	int node = t->cpu < 0 ? -1 : host_cpu_node(s->config.host, (unsigned)t->cpu);

	if (t->cpu >= 0)
		p.cpu = (uint64_t)t->cpu;
	if (node >= 0)
		p.node = (uint64_t)node;
	if (t->state != '?')
		p.state = snapshot_printf(snap, "%c", t->state);
	if ((needs & NEED_AFFINITY) && host_task_affinity(s->config.host, g->pid, t, list, sizeof(list)) >= 0)
		p.affinity = snapshot_str(snap, list);
	if (needs & NEED_AFFINITY)
		fill_cpuset(s, snap, g, t, c, &p);
	return p;
}

/* Rows of both tables; their fields are named alike. */
#define FILL_PLACE(row, t, p) do { \
	(row)->tid = (uint64_t)(t)->tid; \
	(row)->run_ns = (t)->run_ns; \
	(row)->wait_ns = (t)->wait_ns; \
	(row)->guest_ns = (t)->guest_ns; \
	(row)->sys_ns = (t)->sys_ns; \
	(row)->affinity = (p)->affinity; \
	(row)->cpuset = (p)->cpuset; \
	(row)->allowed = (p)->allowed; \
	(row)->state = (p)->state; \
	(row)->cpu = (p)->cpu; \
	(row)->node = (p)->node; \
} while (0)

static void fill_thread(struct snapshot *snap, const struct guest *g, const struct host_task *t, const struct place *p,
			pid_t rcu)
{
	struct thread_row *row = snapshot_add(snap, TABLE_THREADS);
	auto_free char *name = str_utf8(t->comm, strlen(t->comm), sizeof(t->comm) * 3);

	rows_head(snap, g, &row->head);
	row->head.key = snapshot_printf(snap, "%d@%llu", (int)t->tid, (unsigned long long)t->start);
	row->role = role_of(snap, g, t, rcu);
	row->name = snapshot_str(snap, name);
	FILL_PLACE(row, t, p);
}

static void fill_vcpu(struct snapshot *snap, const struct guest *g, const struct host_task *t, const struct place *p,
		      uint64_t vcpu)
{
	struct vcpu_row *row = snapshot_add(snap, TABLE_VCPUS);

	rows_head(snap, g, &row->head);
	row->head.key = snapshot_printf(snap, "%llu/%d@%llu", (unsigned long long)vcpu, (int)t->tid,
					(unsigned long long)t->start);
	row->vcpu = vcpu;
	FILL_PLACE(row, t, p);
}

/* The vCPUs a thread runs: under TCG with thread=single that is all of them. */
static void fill_vcpus(struct snapshot *snap, const struct guest *g, const struct host_task *t, const struct place *p)
{
	unsigned vcpu;
	size_t i;

	for (i = 0; i < g->answers.n_cpus; i++)
		if (g->answers.cpus[i].tid == t->tid)
			fill_vcpu(snap, g, t, p, strtoul(g->answers.cpus[i].name, NULL, 10));
	if (!g->answers.n_cpus && !t->kthread && vcpu_of_name(t->comm, &vcpu))
		fill_vcpu(snap, g, t, p, vcpu);
}

unsigned rows_vcpus_of(const struct guest *g, const struct host_task *t)
{
	unsigned n = 0, vcpu;
	size_t i;

	for (i = 0; i < g->answers.n_cpus; i++)
		n += g->answers.cpus[i].tid == t->tid;
	return g->answers.n_cpus ? n : !t->kthread && vcpu_of_name(t->comm, &vcpu);
}

static int number_cmp(const void *a, const void *b)
{
	unsigned x = *(const unsigned *)a, y = *(const unsigned *)b;

	return (x > y) - (x < y);
}

size_t rows_vcpu_numbers(const struct guest *g, const struct host_usage *u, unsigned **list)
{
	unsigned vcpu;
	size_t n = 0, i;

	*list = NULL;
	for (i = 0; i < g->answers.n_cpus; i++)
		*vec_push(*list, n) = (unsigned)strtoul(g->answers.cpus[i].name, NULL, 10);
	for (i = 0; !g->answers.n_cpus && i < u->n_tasks; i++)
		if (!u->tasks[i].kthread && vcpu_of_name(u->tasks[i].comm, &vcpu))
			*vec_push(*list, n) = vcpu;
	if (n)
		qsort(*list, n, sizeof(**list), number_cmp);
	return n;
}

bool rows_is_iothread(const struct guest *g, const struct host_task *t)
{
	return of_list(g->answers.iothreads, g->answers.n_iothreads, t->tid) ||
	       (str_has_prefix(t->comm, "IO ") && strcmp(t->comm, "IO mon_iothread"));
}

bool rows_is_vhost(const struct host_task *t)
{
	return t->kthread || str_has_prefix(t->comm, "vhost-");
}

void rows_threads(const struct sampler *s, struct snapshot *snap, const struct guest *g, const struct host_usage *u,
		  unsigned needs)
{
	pid_t rcu = rcu_thread(g, u);
	struct common c = {0};
	size_t i;

	if ((needs & NEED_AFFINITY) && host_cpus_online(s->config.host, c.online, sizeof(c.online)) < 0)
		c.online[0] = '\0';

	for (i = 0; i < u->n_tasks; i++) {
		struct place p;

		if (!u->tasks[i].fresh)		/* it ended in this moment */
			continue;
		p = place_of(s, snap, g, &u->tasks[i], needs, &c);
		fill_thread(snap, g, &u->tasks[i], &p, rcu);
		fill_vcpus(snap, g, &u->tasks[i], &p);
	}
}
