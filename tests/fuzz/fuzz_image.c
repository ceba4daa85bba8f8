// SPDX-License-Identifier: GPL-3.0-or-later
/* The header of an image that is to be a disk, and what it names. */
#include "fuzz.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "hotplug/image.h"
#include "lib/host/host.h"

void fuzz_one(const uint8_t *data, size_t size)
{
	static const char *const names[] = { "image" };
	const struct host *h = fuzz_host(names, 1);
	auto_free char *path = xasprintf("%s/image", fuzz_root());
	auto_close int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	struct image_look *l = xcalloc(1, sizeof(*l));

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	fuzz_must(h);
	l->file = xstrdup(path);
	l->format = xstrdup("qcow2");
	l->root = xstrdup("");
	l->cwd = xstrdup("");
	image_look(l);
	image_look_free(l);
}
