// SPDX-License-Identifier: GPL-3.0-or-later
/* The formats of /proc and /sys that more than one file here reads. */
#include "private.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <string.h>

#define PF_KTHREAD 0x00200000u		/* include/linux/sched.h; the same since 2.6.27 */

char *host_line_next(char **text)
{
	char *line = *text, *end;

	if (!line || !*line)
		return NULL;
	end = strchr(line, '\n');
	if (end)
		*end++ = '\0';
	*text = end ? end : line + strlen(line);
	return line;
}

size_t host_words(char *line, char **word, size_t count)
{
	char *save = NULL;
	size_t n = 0;

	while (n < count && (word[n] = strtok_r(n ? NULL : line, " \t", &save)))
		n++;
	return n;
}

bool host_u64_next(const char **text, uint64_t *out)
{
	const char *p = *text;
	uint64_t n = 0;

	while (*p == ' ' || *p == '\t')
		p++;
	if (*p < '0' || *p > '9')
		return false;
	for (; *p >= '0' && *p <= '9'; p++) {
		if (__builtin_mul_overflow(n, 10u, &n) ||
		    __builtin_add_overflow(n, (uint64_t)(*p - '0'), &n))
			return false;
	}
	*text = p;
	*out = n;
	return true;
}

int host_range_next(const char **text, unsigned *first, unsigned *last)
{
	const char *p = *text;
	uint64_t a, b;

	if (*p == ',')
		p++;
	if (!*p || *p == '\n')
		return 0;
	if (!host_u64_next(&p, &a))
		return -EINVAL;
	b = a;
	if (*p == '-') {
		p++;
		if (!host_u64_next(&p, &b))
			return -EINVAL;
	}
	if ((*p && *p != ',' && *p != '\n') || a > b || b > INT_MAX)
		return -EINVAL;
	*text = p;
	*first = (unsigned)a;
	*last = (unsigned)b;
	return 1;
}

bool host_name_is_plain(const char *name)
{
	return *name && !strchr(name, '/') && strcmp(name, ".") && strcmp(name, "..");
}

bool host_comm_is_vhost(const char *comm, pid_t *owner)
{
	const char *p = comm + strlen("vhost-");
	uint64_t n;

	/* a digit at once: a blank before the number would be taken too */
	if (!str_has_prefix(comm, "vhost-") || !isdigit((unsigned char)*p) ||
	    !host_u64_next(&p, &n))
		return false;
	if (*p || n > INT_MAX)
		return false;
	*owner = (pid_t)n;
	return true;
}

/* Programs that come with QEMU, or are for it, and run no guest. */
static bool is_tool(const char *base)
{
	static const char *const parts[] = {
		"qemu-img", "qemu-io", "qemu-nbd", "qemu-ga", "storage-daemon", "-helper", "qemu-edid", "qemu-keymap",
		"guest-agent", "virtqemud", "kvm-exporter", "kvm_stat", "kvmtop",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(parts); i++)
		if (strstr(base, parts[i]))
			return true;
	return false;
}

/* "qemu-aarch64", "qemu-arm-static": runs a program of another processor, whose words follow. */
static bool is_user_mode(const char *base)
{
	static const char *const processors[] = {
		"aarch64", "alpha", "arm", "cris", "hexagon", "hppa", "i386", "loongarch64", "m68k", "microblaze", "mips", "nios2",
		"or1k", "ppc", "riscv32", "riscv64", "s390x", "sh4", "sparc", "x86_64", "xtensa",
	};
	size_t i;

	for (i = 0; str_has_prefix(base, "qemu-") && i < ARRAY_SIZE(processors); i++)
		if (str_has_prefix(base + strlen("qemu-"), processors[i]))
			return true;
	return false;
}

enum host_name host_exe_name(const char *path)
{
	static const char gone[] = " (deleted)";
	const char *slash = strrchr(path, '/');
	auto_free char *base = xstrdup(slash ? slash + 1 : path);

	if (str_has_suffix(base, gone))
		base[strlen(base) - strlen(gone)] = '\0';
	if ((str_has_prefix(base, "qemu-system-") && base[strlen("qemu-system-")]) || !strcmp(base, "qemu-kvm") || !strcmp(base, "kvm"))
		return HOST_NAME_QEMU;
	if ((strstr(base, "qemu") || strstr(base, "kvm")) && !is_tool(base) && !is_user_mode(base))
		return HOST_NAME_LIKE;
	return HOST_NAME_OTHER;
}

static const char *fields_skip(const char *p, unsigned n)
{
	while (n-- && p) {
		p = strchr(p, ' ');
		if (p)
			p++;
	}
	return p;
}

/*
 * Fields are counted as in proc(5). comm, the second, may hold anything, ')' and blanks included.
 */
int host_stat_parse(const char *line, struct host_stat *out)
{
	const char *open = strchr(line, '('), *close = strrchr(line, ')'), *p;
	uint64_t flags, user, system, threads, start, cpu;
	struct host_stat st = { .cpu = -1, .guest = HOST_UNKNOWN };
	size_t len;

	if (!open || !close || close < open)
		return -EBADMSG;
	if (close[1] != ' ' || !isalpha((unsigned char)close[2]) || close[3] != ' ')
		return -EBADMSG;
	len = (size_t)(close - open) - 1;
	memcpy(st.comm, open + 1, len < sizeof(st.comm) ? len : sizeof(st.comm) - 1);
	st.state = close[2];
	p = fields_skip(close + 2, 6);
	if (!p || !host_u64_next(&p, &flags))
		return -EBADMSG;
	p = fields_skip(p, 5);
	if (!p || !host_u64_next(&p, &user) || !host_u64_next(&p, &system))
		return -EBADMSG;
	p = fields_skip(p, 5);
	if (!p || !host_u64_next(&p, &threads))
		return -EBADMSG;
	p = fields_skip(p, 2);
	if (!p || !host_u64_next(&p, &start))
		return -EBADMSG;
	p = fields_skip(p, 17);
	if (p && host_u64_next(&p, &cpu) && cpu <= INT_MAX)
		st.cpu = (int)cpu;
	p = st.cpu < 0 ? NULL : fields_skip(p, 4);
	if (p && !host_u64_next(&p, &st.guest))
		st.guest = HOST_UNKNOWN;
	st.kthread = flags & PF_KTHREAD;
	st.threads = threads > UINT_MAX ? UINT_MAX : (unsigned)threads;
	st.start = start;
	st.user = user;
	st.system = system;
	*out = st;
	return 0;
}
