// SPDX-License-Identifier: GPL-3.0-or-later
/* The block nodes a command line makes, as far as they tell how an image is read. */
#include "cmdline.h"
#include "opts.h"

#include <stdlib.h>
#include <string.h>

#define TEXT_MAX_BYTES 255

void qmp_drive_done(struct qmp_cmdline_drive *d)
{
	free(d->node);
	free(d->aio);
	free(d->below);
}

/* Of what is drawn only. */
static char *get_short(const struct qmp_opts *o, const char *key)
{
	auto_free char *value = qmp_opts_get(o, key);

	return value ? str_utf8(value, strlen(value), TEXT_MAX_BYTES) : NULL;
}

static bool is_stored(const char *driver)
{
	return !strcmp(driver, "file") || !strcmp(driver, "host_device") || !strcmp(driver, "host_cdrom");
}

static char *get_at(const struct qmp_opts *o, const char *prefix, const char *key)
{
	auto_free char *whole = xasprintf("%s%s", prefix, key);

	return get_short(o, whole);
}

/* blkdebug and its like call what is below them image. */
static const char *next_part(const struct qmp_opts *o, const char *prefix)
{
	auto_free char *image = get_at(o, prefix, "image.driver");

	return image ? "image." : "file.";
}

size_t qmp_drives_of_blockdev(const struct qmp_opts *o, struct qmp_cmdline_drive *list)
{
	char *names[QMP_NESTED_MAX] = {0}, *aio = NULL, *below = NULL, prefix[QMP_NESTED_MAX * 6 + 1] = "";
	size_t n = 0, found = 0, i;
	bool stored = false;

	while (n < QMP_NESTED_MAX && !stored && !below) {
		auto_free char *driver = get_at(o, prefix, "driver");

		if (!driver)
			break;
		names[n++] = get_at(o, prefix, "node-name");
		stored = is_stored(driver);
		if (stored)
			aio = get_at(o, prefix, "aio");
		else
			below = get_at(o, prefix, "file");
		strcat(prefix, next_part(o, prefix));
	}
	if (stored && !aio)
		aio = xstrdup("threads");
	for (i = 0; i < n; i++)
		if (names[i] && (stored || below))
			list[found++] = (struct qmp_cmdline_drive){ take_ptr(names[i]), xstrdup(aio), xstrdup(below) };
	for (i = 0; i < n; i++)
		free(names[i]);
	free(aio);
	free(below);
	return found;
}

size_t qmp_drive_of_drive(const struct qmp_opts *o, struct qmp_cmdline_drive *out)
{
	char *id = qmp_opts_get(o, "id"), *aio = id ? get_short(o, "aio") : NULL;

	*out = (struct qmp_cmdline_drive){ id, aio || !id ? aio : xstrdup("threads"), NULL };
	return id != NULL;
}
