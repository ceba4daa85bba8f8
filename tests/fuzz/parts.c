// SPDX-License-Identifier: GPL-3.0-or-later
/* An input of several parts, and the files that are made of them. */
#include "fuzz.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/host/host.h"

static const char mark[] = "\n> ";

bool fuzz_part_next(const uint8_t **data, size_t *size, struct fuzz_part *out)
{
	const char *p = (const char *)*data, *end = p + *size, *line, *from, *next;

	if (!*size)
		return false;
	*out = (struct fuzz_part){ .name = "", .body = p };
	if (*size >= 2 && p[0] == '>' && p[1] == ' ') {
		line = memchr(p, '\n', *size);
		out->name = p + 2;
		out->name_len = (size_t)((line ? line : end) - out->name);
		out->body = line ? line + 1 : end;
	}
	/* the end of the name's line may begin the next mark, too */
	from = out->body > p ? out->body - 1 : p;
	next = memmem(from, (size_t)(end - from), mark, strlen(mark));
	out->size = next < out->body ? 0 : (size_t)(next - out->body);
	if (!next)
		out->size = (size_t)(end - out->body);
	*data = (const uint8_t *)(next ? next + 1 : end);
	*size = (size_t)(end - (const char *)*data);
	return true;
}

bool fuzz_part_is(const struct fuzz_part *p, const char *name)
{
	return strlen(name) == p->name_len && !memcmp(p->name, name, p->name_len);
}

static char root[64];
static const char *const *names;
static size_t n_names;
static bool *there;
static struct host *host;

static int entry_remove(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	return remove(path);
}

static void clean(void)
{
	host_free(host);
	free(there);
	nftw(root, entry_remove, 8, FTW_DEPTH | FTW_PHYS);
}

static void make_directories(char *path)
{
	char *p;

	for (p = path + strlen(root) + 1; (p = strchr(p, '/')); p++) {
		*p = '\0';
		mkdir(path, 0700);
		*p = '/';
	}
}

const char *fuzz_root(void)
{
	return root;
}

struct host *fuzz_host(const char *const *list, size_t n)
{
	struct err err = {0};
	size_t i;

	if (host)
		return host;
	/* in memory, where there is room for it */
	snprintf(root, sizeof(root), "%s/kvmtop-fuzz.XXXXXX", access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm");
	if (!mkdtemp(root))
		abort();
	atexit(clean);
	names = list;
	n_names = n;
	there = xcalloc(n, sizeof(*there));
	for (i = 0; i < n; i++) {
		auto_free char *path = xasprintf("%s/%s", root, names[i]);

		make_directories(path);
	}
	if (host_open(root, &host, &err))
		abort();
	return host;
}

static void put(const char *name, const char *data, size_t size)
{
	auto_free char *path = xasprintf("%s/%s", root, name);
	auto_close int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
}

void fuzz_file(const char *name, const char *text)
{
	put(name, text, strlen(text));
}

void fuzz_files(const uint8_t *data, size_t size)
{
	bool *was = there, *now = xcalloc(n_names, sizeof(*now));
	struct fuzz_part part;
	size_t i;

	while (fuzz_part_next(&data, &size, &part)) {
		for (i = 0; i < n_names; i++) {
			if (!fuzz_part_is(&part, names[i]))
				continue;
			put(names[i], part.body, part.size);
			now[i] = true;
		}
	}
	for (i = 0; i < n_names; i++) {
		auto_free char *path = was[i] && !now[i] ? xasprintf("%s/%s", root, names[i]) : NULL;

		if (path)
			unlink(path);
	}
	there = now;
	free(was);
}
