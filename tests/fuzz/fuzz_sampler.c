// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The sampler as a whole: a guest whose command line and monitor are the input, asked all there is to ask, twice, and
 * printed in each form. Jobs run in this thread, between the sampler's calls.
 */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "lib/cmd/cmd.h"
#include "lib/sample/private.h"

#define PID "4199999"			/* above the kernel's largest: its memory is not there to be read */
#define P "proc/" PID "/"
static const char *const names[] = { P "cmdline", P "status", P "statm", P "task/" PID "/comm", P "task/" PID "/schedstat" };
#define START 5
static const char stat_line[] = PID " (qemu) S 1 77 77 0 -1 0 1 0 0 0 1 1 0 0 20 0 3 0 5 1 1 1 1 1 0 0 0 0 0 0 0 0 0 0 17 0 0 0 0 "
	"0 0 0 0 0\n";

/* What others than the guest tell, in threads of their own. */
#define OTHERS (NEED_SPACE | NEED_LINKS | NEED_ADDRESSES | NEED_PAGES)

/* In place of lib/base/pool.c */
struct pool {
	struct job {
		void (*run)(void *), (*drop)(void *);
		void *arg;
	} *jobs;
	size_t n;
};
static struct pool pool;

struct pool *pool_new(unsigned threads, unsigned most)
{
	(void)threads;
	(void)most;
	return &pool;
}

void pool_mind(struct pool *p)
{
	(void)p;
}

void pool_add(struct pool *p, uint64_t rank, void (*run)(void *), void (*drop)(void *), void *arg)
{
	(void)rank;
	*vec_push(p->jobs, p->n) = (struct job){ run, drop, arg };
}

void pool_free(struct pool *p)
{
	while (p->n) {
		struct job *j = &p->jobs[--p->n];

		j->drop(j->arg);
	}
	free(p->jobs);
	*p = (struct pool){0};
}

static void run_jobs(void)
{
	fuzz_peers_rest(false);
	while (pool.n) {
		struct job j = pool.jobs[--pool.n];

		j.run(j.arg);
	}
	fuzz_peers_rest(true);
}

static void check_table(const char *text)
{
	auto_free char *copy = xstrdup(text);
	char *line, *save = NULL;

	for (line = strtok_r(copy, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		fuzz_must(str_is_clean(line));
}

static void check_json(const char *text)
{
	const char *line, *end;

	for (line = text; *line; line = end + 1) {
		auto_json struct json_object *obj = NULL;
		struct err err = {0};

		end = strchr(line, '\n');
		fuzz_must(end && !json_parse(line, (size_t)(end - line), &obj, &err));
	}
}

static void print(const struct snapshot *snap, enum table_id t, enum format format)
{
	struct out o = { .format = format, .headed = TABLE_COUNT };
	auto_free const void **rows = NULL;
	auto_free char *text = NULL;
	size_t size, n = view_build(snap, t, NULL, (struct view_order){0}, &rows);

	o.file = open_memstream(&text, &size);
	out_rows(&o, snap, t, NULL, 0, rows, n);
	fclose(o.file);
	if (format == FORMAT_JSON)
		check_json(text);
	else
		check_table(text);
}

static void print_all(const struct snapshot *snap)
{
	enum table_id t;

	for (t = 0; t < TABLE_COUNT; t++) {
		if (!snapshot_count(snap, t))
			continue;
		print(snap, t, FORMAT_TABLE);
		print(snap, t, FORMAT_JSON);
		print(snap, t, FORMAT_CSV);
		print(snap, t, FORMAT_PROMETHEUS);
	}
}

static void run(struct sampler *s, const struct host_proc *proc, const uint8_t *data, size_t size)
{
	const struct host_found found = { proc->pid, proc->start, proc->uid };
	struct qmp_cmdline cmdline;
	struct snapshot *snap = NULL;
	struct guest *g;
	int i;

	guest_cmdline(s->config.host, s->lates, proc, &cmdline);
	g = guest_add(s, &found, &cmdline);
	fuzz_must(g);
	attach_hold(g, fuzz_peer(data, size));
	g->given = true;
	g->given_at.path = xstrdup("/nowhere");
	fuzz_peers_rest(true);
	for (i = 0; i < 2; i++) {
		snapshot_unref(snap);
		sampler_refresh(s, ~(unsigned)OTHERS, 0);
		run_jobs();
		snap = sampler_take(s, ~(unsigned)OTHERS);
		run_jobs();
	}
	print_all(snap);
	snapshot_unref(snap);
}

void fuzz_one(const uint8_t *data, size_t size)
{
	const struct host *h = fuzz_host(names, ARRAY_SIZE(names));
	struct sample_config config = { .host = h };
	struct host_proc proc = { .pid = atoi(PID), .start = START };
	struct sampler *s;

	fuzz_file(P "stat", stat_line);
	fuzz_files(data, size);
	host_proc_read(h, proc.pid, &proc);	/* without a command line: all else is there */
	s = sampler_new(&config);
	run(s, &proc, data, size);
	sampler_free(s);
	host_proc_done(&proc);
}
