// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * A command line with the files of options that it names. Those may be on a file system that never answers: they are read in
 * a thread that can be left behind, and then what they say is not known.
 */
#include "private.h"

#include <stdlib.h>
#include <string.h>

#define FILES_MS 1000			/* a local one takes 1 ms */

/* Belongs to the thread while it is under way. */
struct files {
	struct host *host;
	struct host_proc proc;		/* without its words */
	struct qmp_config_files names;	/* with paths of its own */
	char *texts[CONFIGS_MAX], *whys[CONFIGS_MAX];
};

static void files_run(void *arg)
{
	struct files *f = arg;
	const struct host_config_since since = { f->names.left_root, f->names.left_dir };
	size_t i;

	for (i = 0; i < f->names.n; i++) {
		f->texts[i] = host_config_read(f->host, &f->proc, &since, f->names.paths[i], &f->whys[i]);
		/* it was looked for by the pid, with the rights of whatever process has it */
		if (!f->texts[i] || host_proc_is(f->host, f->proc.pid, f->proc.start))
			continue;
		free(take_ptr(f->texts[i]));
		f->whys[i] = xstrdup("the process has ended");
	}
}

static void files_free(void *arg)
{
	struct files *f = arg;
	size_t i;

	for (i = 0; i < f->names.n; i++) {
		free(f->texts[i]);
		free(f->whys[i]);
	}
	while (f->names.n)
		free((char *)(uintptr_t)f->names.paths[--f->names.n]);
	host_free(f->host);
	free(f);
}

/* NULL: it names none. */
static struct files *files_new(const struct host *h, const struct host_proc *p)
{
	struct qmp_config_files names;
	struct files *f;
	size_t i;

	qmp_cmdline_configs(p->argv, p->argc, &names);
	if (!names.n)
		return NULL;
	f = xcalloc(1, sizeof(*f));
	f->host = host_keep(h);
	f->proc = (struct host_proc){ .pid = p->pid, .start = p->start, .uid = p->uid, .real_uid = p->real_uid };
	f->names = names;
	for (i = 0; i < names.n; i++)
		f->names.paths[i] = xstrdup(names.paths[i]);
	return f;
}

static struct files *files_read(const struct host *h, struct lates *lates, const struct host_proc *p)
{
	struct files *f = files_new(h, p);
	struct late *late = f ? late_start(lates, files_run, files_free, f) : NULL;

	if (f && !late)
		files_free(f);
	if (!late)
		return NULL;
	late_wait(late, FILES_MS);
	return late_end(late);
}

void guest_cmdline(const struct host *h, struct lates *lates, const struct host_proc *p, struct qmp_cmdline *out)
{
	struct files *f = files_read(h, lates, p);
	struct qmp_config configs[CONFIGS_MAX];
	size_t n = f ? f->names.n : 0, i;

	for (i = 0; i < n; i++)
		configs[i] = (struct qmp_config){ f->texts[i], f->whys[i] };
	qmp_cmdline_parse(p->argv, p->argc, configs, n, out);
	if (f)
		files_free(f);
	if (!p->truncated)
		return;
	free(out->cut);
	out->cut = xasprintf("more than %u bytes or %u words", CMDLINE_BYTES_MAX, CMDLINE_WORDS_MAX);
}
