// SPDX-License-Identifier: GPL-3.0-or-later
/* Where the daemon of a URI keeps the pid files of its domains. */
#include "private.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

char *virt_session_dir(void)
{
	const char *runtime = getenv("XDG_RUNTIME_DIR"), *home = getenv("HOME"), *cache = getenv("XDG_CACHE_HOME");

	if (runtime && *runtime)
		return xasprintf("%s/libvirt", runtime);
	if (cache && *cache)
		return xasprintf("%s/libvirt", cache);
	return xasprintf("%s/.cache/libvirt", home ? home : "");
}

/* The directory of "?socket=/DIR/NAME", which may be percent-encoded; NULL: the URI names no socket. */
static char *socket_dir(const char *query)
{
	const char *at = query ? strstr(query, "socket=") : NULL;
	struct buf b = {0};
	char *slash;

	if (!at || (at[-1] != '?' && at[-1] != '&'))
		return NULL;
	for (at += strlen("socket="); *at && *at != '&'; at++) {
		char hex[3] = { *at };

		if (*at == '%' && isxdigit((unsigned char)at[1]) && isxdigit((unsigned char)at[2])) {
			memcpy(hex, at + 1, 2);
			hex[0] = (char)strtol(hex, NULL, 16);
			at += 2;
		}
		buf_add(&b, hex, 1);
	}
	slash = b.text ? strrchr(b.text, '/') : NULL;
	if (slash)
		*slash = '\0';
	return buf_take(&b);
}

struct virt_home virt_home(const char *uri)
{
	const char *path = strstr(uri, ":///"), *query = strchr(uri, '?');
	size_t len = path ? strcspn(path + 4, "?") : 0;
	bool system = len == 6 && !strncmp(path + 4, "system", len), session = len == 7 && !strncmp(path + 4, "session", len);
	auto_free char *dir = socket_dir(query);
	struct virt_home home = {0};
	struct stat st;

	if (!str_has_prefix(uri, "qemu") || (!system && !session))
		return home;
	home.owner = system ? 0 : geteuid();
	if (session && dir && !stat(dir, &st))		/* of another user */
		home.owner = st.st_uid;
	if (!dir)
		dir = system ? xstrdup("/run/libvirt") : virt_session_dir();
	home.is_system = system;
	home.pid_dir = xasprintf("%s/qemu%s", dir, system ? "" : "/run");
	return home;
}
