// SPDX-License-Identifier: GPL-3.0-or-later
/* Names of users. */
#include "users.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "private.h"

#define USER_NAME_MAX 32u		/* as useradd has it */

/* The next line of "NAME:PASSWORD:UID:.."; false at the end. Lines that are none are left out. */
static bool next_user(const char **text, const char **name, size_t *name_len, uid_t *uid)
{
	while (**text) {
		const char *line = *text, *end = line + strcspn(line, "\n"), *at = line + strcspn(line, ":\n");
		uint64_t n;

		*text = *end ? end + 1 : end;
		*name = line;
		*name_len = (size_t)(at - line);
		at += *at == ':';
		at += strcspn(at, ":\n");
		at += *at == ':';
		if (*name_len && at < end && host_u64_next(&at, &n) && *at == ':' && n < UINT32_MAX) {
			*uid = (uid_t)n;
			return true;
		}
	}
	return false;
}

char *host_user_name(const struct host *h, uid_t uid)
{
	auto_buf struct buf passwd = {0};
	const char *text, *name;
	size_t len;
	uid_t one;

	if (!host_read_all(h, "etc/passwd", &passwd) && passwd.text)
		for (text = passwd.text; next_user(&text, &name, &len, &one); )
			if (one == uid && len <= USER_NAME_MAX)
				return xstrndup(name, len);
	return xasprintf("%u", (unsigned)uid);
}

bool host_user_find(const struct host *h, const char *user, uid_t *uid)
{
	auto_buf struct buf passwd = {0};
	const char *text, *name;
	size_t len;
	uid_t one;

	if (host_read_all(h, "etc/passwd", &passwd) || !passwd.text)
		return false;
	for (text = passwd.text; next_user(&text, &name, &len, &one); ) {
		if (strlen(user) != len || memcmp(user, name, len))
			continue;
		*uid = one;
		return true;
	}
	return false;
}
