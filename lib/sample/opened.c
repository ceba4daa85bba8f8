// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Files that QEMU opened before it changed its root or its directory: the names that it tells lead to nothing, or to
 * something else, by now. The kernel's names of its descriptors are those of today.
 */
#include "private.h"

#include <stdlib.h>
#include <string.h>

/* A protocol (nbd://, rbd:, json:) is no file, and a descriptor set has no path. */
bool opened_is_path(const char *file)
{
	return file && *file && strcspn(file, ":") >= strcspn(file, "/") && !str_has_prefix(file, "/dev/fdset/");
}

/* What is left of a relative name below the directory that it leads to. */
static const char *tail_of(const char *file)
{
	for (;;) {
		if (str_has_prefix(file, "./"))
			file += 2;
		else if (str_has_prefix(file, "../"))
			file += 3;
		else
			return file;
		file += strspn(file, "/");
	}
}

/* The one link that the name can be of; NULL: none, or several. */
static const char *link_of(char *const *links, size_t n, const char *file)
{
	auto_free char *tail = *file == '/' ? xstrdup(file) : xasprintf("/%s", tail_of(file));
	const char *found = NULL;
	size_t i;

	for (i = 0; i < n; i++) {
		if (*file == '/' ? strcmp(links[i], file) : !str_has_suffix(links[i], tail))
			continue;
		if (found && strcmp(found, links[i]))
			return NULL;
		found = links[i];
	}
	return found;
}

void opened_find(const struct host *h, pid_t pid, struct qmp_disk *disks, size_t n)
{
	bool moved = host_proc_has_moved(h, pid), ours = host_proc_sees_ours(h, pid), wanted = false;
	char **links = NULL;
	size_t n_links = 0, i;

	for (i = 0; i < n && ours; i++)
		wanted |= opened_is_path(disks[i].file) && (moved || *disks[i].file != '/');
	if (!wanted || host_proc_files(h, pid, &links, &n_links))
		return;
	for (i = 0; i < n; i++) {
		const char *link = opened_is_path(disks[i].file) ? link_of(links, n_links, disks[i].file) : NULL;

		if (link)
			disks[i].where = xstrdup(link);
	}
	qmp_strings_free(links, n_links);
}

char *opened_path(const struct host *h, pid_t pid, const struct qmp_disk *disk)
{
	return disk->where ? xstrdup(disk->where) : host_proc_path(h, pid, disk->file);
}
