// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * hostile_peer KIND -name NAME -qmp unix:PATH,..: a process that looks like QEMU, if its file is called so, and listens at
 * its monitor as an attacker would:
 *	mute		accepts, and says nothing
 *	full		never accepts, and its queue is full
 *	garbage		answers with bytes that are no JSON
 *	trickle		greets, then sends one byte of an answer a second
 *	slow		answers each question after 0.8 s, and has 60,000 devices to be asked about
 *	lying		the same at once
 *	greedy		has 5,000 devices with long names and 1,024 rings each, and answers at once
 *	flood		sends events without end, and never answers
 *	huge		answers with 15 MiB of empty objects
 *	string		answers with a string of 15 MiB
 *	event		sends events of 15 MiB, then the answer
 *	stopped		stops itself in the middle of an answer
 *	hungry		answers with as much as a reply may hold, and keeps the rest of it back
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/base/base.h"

#define BIG (15u << 20)
#define DEVICES 60000

struct peer {
	const char *kind, *name;
	int listener, fd;
	unsigned delay_ms;
};

static bool is(const struct peer *p, const char *kind)
{
	return !strcmp(p->kind, kind);
}

/* False: the client has left. */
static bool say(const struct peer *p, const char *text, size_t len)
{
	while (len) {
		ssize_t n = send(p->fd, text, len, MSG_NOSIGNAL);

		if (n <= 0)
			return false;
		text += n;
		len -= (size_t)n;
	}
	return true;
}

static bool says(const struct peer *p, const char *text)
{
	return say(p, text, strlen(text));
}

/* True: it has closed its end within that time. */
static bool has_left(const struct peer *p, int ms)
{
	struct pollfd fd = { .fd = p->fd, .events = POLLRDHUP };

	return poll(&fd, 1, ms) != 0;
}

static bool trickle(const struct peer *p, const char *text)
{
	for (; *text; text++)
		if (!say(p, text, 1) || has_left(p, 1000))
			return false;
	return true;
}

static bool repeat(const struct peer *p, const char *head, const char *piece, size_t bytes, const char *tail)
{
	auto_buf struct buf b = {0};
	size_t at = 0;

	while (b.len < 65536)
		buf_puts(&b, piece);
	if (!says(p, head))
		return false;
	for (; at < bytes; at += b.len)
		if (!say(p, b.text, b.len))
			return false;
	return says(p, tail);
}

static char *devices(const struct peer *p)
{
	unsigned n = is(p, "greedy") ? 5000 : DEVICES, i;
	int digits = is(p, "greedy") ? 300 : 1;
	struct buf b = {0};

	for (i = 0; i < n; i++)
		buf_printf(&b, "%s{\"path\":\"/machine/peripheral/d%0*u/virtio-backend\",\"name\":\"virtio-blk\"}",
			   i ? "," : "[", digits, i);
	buf_puts(&b, "]");
	return buf_take(&b);
}

/* What an ordinary guest would say, but for its devices. Yours. */
static char *ordinary(const struct peer *p, const char *command)
{
	static const struct {
		const char *command, *reply;
	} replies[] = {
		{ "query-status", "{\"status\":\"running\",\"running\":true}" },
		{ "query-cpus-fast", "[]" }, { "query-iothreads", "[]" }, { "query-block", "[]" }, { "qom-list", "[]" },
		{ "qom-get", "\"virtio-blk-device\"" },
		{ "x-query-virtio-status", "{\"vhost-started\":false,\"num-vqs\":1024,"
		  "\"status\":{\"statuses\":[\"VIRTIO_CONFIG_S_DRIVER_OK: x\"]}}" },
		{ "x-query-virtio-queue-status", "{\"vring-num\":256,\"vring-avail\":4096,\"vring-used\":8192}" },
		{ "human-monitor-command", "\"Host virtual address for 0x1000 (pc.ram) is 0x7f0000000000\\r\\n\"" },
	};
	size_t i;

	if (!strcmp(command, "x-query-virtio"))
		return devices(p);
	if (!strcmp(command, "query-name"))
		return xasprintf("{\"name\":\"%s\"}", p->name);
	for (i = 0; i < ARRAY_SIZE(replies); i++)
		if (!strcmp(command, replies[i].command))
			return xstrdup(replies[i].reply);
	return xstrdup("{}");
}

static bool flood(const struct peer *p)
{
	while (repeat(p, "", "{\"timestamp\":{\"seconds\":1,\"microseconds\":2},\"event\":\"RESET\",\"data\":{}}\r\n", BIG, ""))
		;
	return false;
}

static bool answer(const struct peer *p, const char *command, unsigned long long id)
{
	auto_free char *value = strcmp(command, "qmp_capabilities") ? ordinary(p, command) : xstrdup("{}");
	auto_free char *tail = xasprintf("],\"id\":%llu}\r\n", id), *whole = NULL;

	whole = xasprintf("{\"return\":%s,\"id\":%llu}\r\n", value, id);
	if (!strcmp(command, "qmp_capabilities"))
		return says(p, whole);
	if (is(p, "trickle"))
		return trickle(p, whole);
	if (is(p, "flood"))
		return flood(p);
	if (is(p, "huge"))
		return repeat(p, "{\"return\":[{}", ",{}", BIG, tail);
	if (is(p, "string"))
		return repeat(p, "{\"return\":[\"", "xxxxxxxx", BIG, "\"") && says(p, tail);
	if (is(p, "hungry"))
		return repeat(p, "{\"return\":[0", ",0", 190000, "") && !has_left(p, -1);
	if (is(p, "event"))
		return repeat(p, "{\"timestamp\":{},\"event\":\"RESET\",\"data\":[{}", ",{}", BIG, "]}\r\n") && says(p, whole);
	if (is(p, "stopped")) {
		bool ok = say(p, whole, strlen(whole) / 2);

		raise(SIGSTOP);
		return ok;
	}
	return !has_left(p, (int)p->delay_ms) && says(p, whole);
}

/* One line that kvmtop sent: {"execute":"x",..,"id":1} */
static bool take(const struct peer *p, const char *line)
{
	const char *execute = strstr(line, "\"execute\":\""), *id = strstr(line, "\"id\":");
	auto_free char *command = NULL;

	if (!execute || !id)
		return false;
	execute += strlen("\"execute\":\"");
	command = xstrndup(execute, strcspn(execute, "\""));
	return answer(p, command, strtoull(id + strlen("\"id\":"), NULL, 10));
}

static void serve(const struct peer *p)
{
	char line[65536];
	size_t len = 0;
	ssize_t n;

	if (is(p, "mute")) {
		while (recv(p->fd, line, sizeof(line), 0) > 0)
			;
		return;
	}
	if (is(p, "garbage")) {
		repeat(p, "", "\x01\xff]]]}\"\x80\r\n", 65536, "");
		return;
	}
	if (!says(p, "{\"QMP\":{\"version\":{\"qemu\":{\"micro\":0,\"minor\":0,\"major\":10}},\"capabilities\":[]}}\r\n"))
		return;
	while (len < sizeof(line) - 1 && (n = recv(p->fd, line + len, sizeof(line) - 1 - len, 0)) > 0) {
		char *end;

		len += (size_t)n;
		line[len] = '\0';
		while ((end = strchr(line, '\n'))) {
			*end++ = '\0';
			if (!take(p, line))
				return;
			len -= (size_t)(end - line);
			memmove(line, end, len + 1);
		}
	}
}

/* A client of one's own fills the queue. */
static void fill(const struct sockaddr_un *addr)
{
	int i;

	for (i = 0; i < 4; i++) {
		int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

		connect(fd, (const struct sockaddr *)addr, sizeof(*addr));
	}
}

int main(int argc, char **argv)
{
	struct peer p = { .kind = argc > 1 ? argv[1] : "" };
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	const char *path = NULL;
	int i;

	for (i = 1; i + 1 < argc; i++) {
		if (!strcmp(argv[i], "-name"))
			p.name = argv[i + 1];
		if (!strcmp(argv[i], "-qmp") && str_has_prefix(argv[i + 1], "unix:"))
			path = argv[i + 1] + strlen("unix:");
	}
	if (!path || !p.name || strcspn(path, ",") >= sizeof(addr.sun_path)) {
		fprintf(stderr, "hostile_peer KIND -name NAME -qmp unix:PATH,server=on,wait=off\n");
		return 2;
	}
	memcpy(addr.sun_path, path, strcspn(path, ","));
	p.listener = socket(AF_UNIX, SOCK_STREAM, 0);
	p.delay_ms = is(&p, "slow") ? 800 : 0;
	if (bind(p.listener, (struct sockaddr *)&addr, sizeof(addr)) || listen(p.listener, is(&p, "full") ? 0 : 10)) {
		fprintf(stderr, "%s: %s\n", addr.sun_path, strerror(errno));
		return 1;
	}
	if (is(&p, "full"))
		fill(&addr);
	while (!is(&p, "full") && (p.fd = accept(p.listener, NULL, NULL)) >= 0) {
		serve(&p);
		close(p.fd);
	}
	pause();
	return 0;
}
