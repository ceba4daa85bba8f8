// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * kvmtop's own share of a hotplug: bench_plug SOCKET FILE N adds disks on FILE0 .. FILEn, as "disk add" does from the
 * lock to the record, at a QEMU whose monitor is free. Left out is what others take: QEMU, from each command sent to the last
 * byte that comes of it, and steps that wait for the guest. Prints the medians as JSON, in milliseconds.
 */
#include "lib/cmd/cmd.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define WAIT_MS 500		/* nobody is at home in the guest: it waits in vain */
#define MAX 1000

struct meter {
	int fd;
	uint64_t sent_ns, came_ns;	/* of the command under way */
	uint64_t qemu_ns;		/* of those before it */
	uint64_t before_ns, waits_ns;	/* QEMU's share when the step began; all that steps waited */
};

/* What is under way has ended. */
static uint64_t qemus(struct meter *m)
{
	if (m->came_ns > m->sent_ns)
		m->qemu_ns += m->came_ns - m->sent_ns;
	m->sent_ns = m->came_ns = 0;
	return m->qemu_ns;
}

static ssize_t meter_send(void *ctx, const void *data, size_t len, int pass_fd)
{
	struct meter *m = ctx;

	if (pass_fd >= 0) {
		errno = EOPNOTSUPP;
		return -1;
	}
	qemus(m);
	m->sent_ns = clock_now_ns();
	return send(m->fd, data, len, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static ssize_t meter_recv(void *ctx, void *data, size_t len)
{
	struct meter *m = ctx;
	ssize_t n = recv(m->fd, data, len, MSG_DONTWAIT);

	if (n > 0)
		m->came_ns = clock_now_ns();
	return n;
}

static int meter_fd(void *ctx)
{
	const struct meter *m = ctx;

	return m->fd;
}

static void meter_close(void *ctx)
{
	const struct meter *m = ctx;

	close(m->fd);
}

static const struct qmp_transport metered = { meter_send, meter_recv, meter_fd, meter_close };

static struct qmp *connect_to(const char *path, struct meter *m, pid_t *pid, struct err *err)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	struct ucred peer = {0};
	socklen_t len = sizeof(peer);
	struct qmp *q;

	if (strlen(path) >= sizeof(addr.sun_path))
		return NULL;
	strcpy(addr.sun_path, path);
	m->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (m->fd < 0 || connect(m->fd, (struct sockaddr *)&addr, sizeof(addr)) ||
	    getsockopt(m->fd, SOL_SOCKET, SO_PEERCRED, &peer, &len)) {
		err_sys(err, -errno, "%s", path);
		return NULL;
	}
	*pid = peer.pid;
	q = qmp_open(&metered, m);
	if (!qmp_greet(q, 5000, err))
		return q;
	qmp_close(q);
	return NULL;
}

/* Before each step, and after the last. */
static void progress(void *arg, const struct plan *p, size_t step)
{
	struct meter *m = arg;

	qemus(m);
	if (step && step_waits(&p->steps[step - 1]) && p->steps[step - 1].status != STEP_TODO) {
		m->qemu_ns = m->before_ns;
		m->waits_ns += p->steps[step - 1].ns;
	}
	m->before_ns = m->qemu_ns;
}

static int add(struct plan *p, const struct plan_env *env, const char *image, size_t number)
{
	auto_free char *id = xasprintf("bench%zu-%d", number, (int)getpid()), *file = xasprintf("%s%zu", image, number), *text = NULL;
	auto_json struct json_object *record = NULL;
	struct lock *lock = NULL;
	int rc;

	json_put_str(p->args, "file", file);
	json_put_str(p->args, "format", "raw");
	json_put_str(p->args, "id", id);
	rc = lock_take(plan_lock_name(p), p->verb, WAIT_MS, -1, &lock, &p->err);
	if (!rc)
		rc = verb_find(p->verb)->build(p, env, &p->err);
	if (!rc)
		rc = plan_run(p, env);
	record = plan_record(p, WAIT_MS, 0);
	text = json_text(record);
	lock_release(lock);
	return rc;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static double median(double *list, size_t n)
{
	qsort(list, n, sizeof(*list), by_value);
	return list[n / 2];
}

int main(int argc, char **argv)
{
	double own[MAX], qemu[MAX];
	struct meter m = {0};
	struct err err = {0};
	struct host *host = NULL;
	struct host_proc proc = {0};
	struct plan_env env = { .timeout_ms = WAIT_MS, .interrupt_fd = -1, .progress = progress, .arg = &m };
	auto_free char *ref = NULL;
	uint64_t n, i;
	pid_t pid;

	if (argc != 4 || units_uint_parse(argv[3], &n) || !n || n > MAX)
		return 2;
	env.qmp = connect_to(argv[1], &m, &pid, &err);
	if (!env.qmp || host_open("/", &host, &err) || host_proc_read(host, pid, &proc) || journal_open(true, &env.journal, &err)) {
		fprintf(stderr, "%s\n", err.text);
		return 1;
	}
	env.host = host;
	ref = xasprintf("pid:%d@%llu", (int)pid, (unsigned long long)proc.start);
	for (i = 0; i < n; i++) {
		struct plan *p = plan_new("disk add", "bench", ref);
		uint64_t began = clock_now_ns(), all;

		m.qemu_ns = m.waits_ns = 0;
		if (add(p, &env, argv[2], i)) {
			fprintf(stderr, "%s\n", p->err.text);
			return 1;
		}
		all = clock_now_ns() - began;
		qemu[i] = (double)qemus(&m) / NS_PER_MS;
		own[i] = (double)(all - m.waits_ns) / NS_PER_MS - qemu[i];
		plan_free(p);
	}
	printf("{\"own_ms\":%.2f,\"qemu_ms\":%.2f}\n", median(own, n), median(qemu, n));
	journal_close(env.journal);
	qmp_close(env.qmp);
	host_proc_done(&proc);
	host_free(host);
	return 0;
}
