// SPDX-License-Identifier: GPL-3.0-or-later
/* Looking for a file where a look may never end. */
#include "match.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct question {
	char *path;
	struct host_file file;
	int rc;
};

static void question_run(void *arg)
{
	struct question *q = arg;

	q->rc = host_file_of(q->path, &q->file);
}

static void question_free(void *arg)
{
	struct question *q = arg;

	free(q->path);
	free(q);
}

int match_file(struct lates *lates, const char *path, struct host_file *out, struct err *err)
{
	struct question *q = xcalloc(1, sizeof(*q));
	struct late *late;
	int rc;

	q->path = xstrdup(path);
	late = late_start(lates, question_run, question_free, q);
	if (!late) {
		question_free(q);
		return err_set(err, -EAGAIN, "%s: too many file systems do not answer", path);
	}
	late_wait(late, MATCH_MS);
	q = late_end(late);
	if (!q)
		return err_set(err, -ETIMEDOUT, "%s: its file system does not answer", path);
	rc = q->rc ? err_sys(err, q->rc, "%s", path) : 0;
	*out = q->file;
	question_free(q);
	return rc;
}

struct match *match_new(const struct host_file *file, struct host_fds *fds)
{
	struct match *m = xcalloc(1, sizeof(*m));

	m->file = *file;
	m->fds = fds;
	return m;
}

void match_add(struct match *m, char *path, const char *device)
{
	*vec_push(m->paths, m->n_paths) = (struct match_path){ path, xstrdup(device) };
}

void match_free(void *arg)
{
	struct match *m = arg;

	if (!m)
		return;
	host_fds_close(m->fds);
	while (m->n_paths--) {
		free(m->paths[m->n_paths].path);
		free(m->paths[m->n_paths].device);
	}
	free(m->paths);
	free(m->device);
	free(m);
}

static void match_look(void *arg)
{
	struct match *m = arg;
	size_t i;

	m->has = m->fds && host_fds_has(m->fds, &m->file);
	for (i = 0; i < m->n_paths && !m->device; i++) {
		struct host_file file;

		if (host_file_of(m->paths[i].path, &file) || !host_file_is(&file, &m->file))
			continue;
		m->has = true;
		m->device = xstrdup(m->paths[i].device);
	}
}

size_t match_run(struct lates *lates, struct match **list, size_t n)
{
	struct late **under_way = xcalloc(n, sizeof(struct late *));
	uint64_t deadline = clock_now_ns() + MATCH_MS * NS_PER_MS;
	size_t i, lost = 0;

	for (i = 0; i < n; i++) {
		/* all places are taken: until there is one, or the time is over */
		while (!(under_way[i] = late_start(lates, match_look, match_free, list[i])) && clock_now_ns() < deadline)
			clock_sleep_until(clock_now_ns() + NS_PER_MS);
	}
	for (i = 0; i < n; i++) {
		if (!under_way[i]) {
			match_free(list[i]);
			list[i] = NULL;
		} else {
			late_wait(under_way[i], (unsigned)clock_left_ms(deadline));
			list[i] = late_end(under_way[i]);
		}
		lost += !list[i];
	}
	free(under_way);
	return lost;
}
