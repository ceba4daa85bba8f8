/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Inside lib/sample: is a file among those that a process has open, or among some paths? Each looking is a thread that
 * is left behind when the file system does not answer. Not under the sampler's lock.
 */
#ifndef KT_SAMPLE_MATCH_H
#define KT_SAMPLE_MATCH_H

#include "private.h"

#define MATCH_MS 2000

/* The file behind a path of ours; -ETIMEDOUT: its file system does not answer. */
int match_file(struct lates *lates, const char *path, struct host_file *out, struct err *err);

struct match {
	struct host_file file;		/* what is looked for */
	struct host_fds *fds;		/* NULL: none are looked through */
	struct match_path {
		char *path, *device;	/* path as we open it; device NULL: it has no name */
	} *paths;
	size_t n_paths;
	bool has;			/* one of the descriptors, or of the paths, is it */
	char *device;			/* of the path that is, NULL: none is */
};
struct match *match_new(const struct host_file *file, struct host_fds *fds);	/* takes fds over */
void match_add(struct match *m, char *path, const char *device);		/* takes path over */
void match_free(void *m);							/* NULL is fine */
/* Look, in as many threads as there may be. Those that did not come back in time are NULL afterwards; how many. */
size_t match_run(struct lates *lates, struct match **list, size_t n);

#endif
