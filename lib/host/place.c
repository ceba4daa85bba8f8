// SPDX-License-Identifier: GPL-3.0-or-later
/* Where a thread may run, and what it waits for. */
#include "task.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "private.h"

ssize_t host_task_affinity(const struct host *h, pid_t pid, const struct host_task *task, char *buf, size_t size)
{
	static const char key[] = "\nCpus_allowed_list:\t";
	char text[8192], *list;
	ssize_t len;

	if (task->kthread)
		len = host_read(h, text, sizeof(text), "proc/%d/status", task->tid);
	else
		len = host_read(h, text, sizeof(text), "proc/%d/task/%d/status", pid, task->tid);
	if (len < 0)
		return len;
	list = strstr(text, key);
	if (!list)
		return -EBADMSG;
	list += strlen(key);
	list[strcspn(list, "\n")] = '\0';
	if (strlen(list) >= size)
		return -E2BIG;
	strcpy(buf, list);
	return (ssize_t)strlen(list);
}

int host_wchan_read(const struct host *h, pid_t pid, char *buf, size_t size)
{
	ssize_t len = host_read(h, buf, size, "proc/%d/wchan", pid);

	if (len < 0)
		return (int)len;
	buf[strcspn(buf, "\n")] = '\0';
	/* "0": it waits for nothing, or the one who asks may not know */
	return !*buf || !strcmp(buf, "0") ? -ENOENT : 0;
}

ssize_t host_task_stack(const struct host *h, pid_t tid, char *buf, size_t size)
{
	char text[4096];
	ssize_t len = host_read(h, text, sizeof(text), "proc/%d/stack", tid);
	char *line, *rest = text;
	size_t used = 0;

	if (len < 0)
		return len;
	buf[0] = '\0';
	while ((line = strsep(&rest, "\n"))) {
		char *name = strstr(line, "] ");		/* "[<0>] do_sys_poll+0x3c1/0x590" */
		int n;

		if (!name)
			continue;
		name += 2;
		name[strcspn(name, "+ ")] = '\0';
		n = snprintf(buf + used, size - used, "%s%s", used ? " < " : "", name);
		if (n < 0 || (size_t)n >= size - used)
			break;
		used += (size_t)n;
	}
	return (ssize_t)strlen(buf);
}
