// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * A "QEMU" that keeps what it is given: hostile_monitor -qmp unix:PATH [OPTION..]. It answers on PATH what a guest with
 * one free port would, keeps every descriptor that comes along open for good, and refuses the commands that the
 * variable REFUSES lists. NETWORK: what it says of "info network", as a JSON string, and then it has such a NIC, which
 * goes as soon as it is asked to. Options it does not know are for who reads its command line.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/base/base.h"

#define GREETING "{\"QMP\":{\"version\":{\"qemu\":{\"micro\":22,\"minor\":2,\"major\":7},\"package\":\"\"},\"capabilities\":[]}}\r\n"
#define NIC_PROPS "[{\"name\":\"netdev\",\"type\":\"str\"},{\"name\":\"mac\",\"type\":\"str\"},{\"name\":\"romfile\",\"type\":\"str\"}]"

static const struct {
	const char *command, *key, *value, *reply;	/* key: an argument that must have that value; NULL: any */
} answers[] = {
	{ "query-name", NULL, NULL, "{\"name\":\"evil\"}" },
	{ "query-status", NULL, NULL, "{\"running\":true,\"singlestep\":false,\"status\":\"running\"}" },
	{ "device-list-properties", NULL, NULL, NIC_PROPS },
	{ "qom-list", "path", "/machine/peripheral", "[{\"name\":\"rp1\",\"type\":\"child<pcie-root-port>\"}]" },
	{ "qom-list", "path", "/machine/peripheral/rp1", "[{\"name\":\"rp1\",\"type\":\"child<PCIE>\"}]" },
	{ "qom-list", NULL, NULL, "[]" },
	{ "qom-get", "property", "hotplug", "true" },
	{ "qom-get", "property", "type", "\"virtio-net-device\"" },
	{ "x-query-virtio-status", NULL, NULL,
	  "{\"vhost-started\":false,\"num-vqs\":1,\"status\":{\"statuses\":[\"VIRTIO_CONFIG_S_DRIVER_OK: up\"]}}" },
	{ "query-cpus-fast", NULL, NULL, "[]" },
	{ "query-commands", NULL, NULL, "[]" },
	{ "query-chardev", NULL, NULL, "[]" },
	{ "query-block", NULL, NULL, "[]" },
};
/* Done with a plain {}: these, and what has to be answered so that a plan goes on. */
static const char *const obeyed[] = {
	"qmp_capabilities", "query-migrate", "getfd", "closefd", "netdev_add", "netdev_del", "device_add", "device_del",
};

static const char *reply_to(const char *command, struct json_object *args)
{
	const char *network = getenv("NETWORK");
	size_t i;

	if (!strcmp(command, "human-monitor-command"))
		return network ? network : "\"\"";
	for (i = 0; i < ARRAY_SIZE(answers); i++) {
		const char *value = answers[i].key ? json_str(args, answers[i].key) : NULL;

		if (!strcmp(answers[i].command, command) && (!answers[i].key || (value && !strcmp(value, answers[i].value))))
			return answers[i].reply;
	}
	for (i = 0; i < ARRAY_SIZE(obeyed); i++)
		if (!strcmp(obeyed[i], command))
			return "{}";
	return NULL;
}

static void say(int fd, const char *text)
{
	if (send(fd, text, strlen(text), MSG_NOSIGNAL) < 0)
		fprintf(stderr, "send: %s\n", strerror(errno));
}

static void answer(int fd, struct json_object *doc)
{
	const char *command = json_str(doc, "execute"), *refuses = getenv("REFUSES"), *reply;
	struct json_object *id = json_member(doc, "id");
	auto_free char *text = NULL;

	if (!command)
		return;
	fprintf(stderr, "%s\n", json_object_to_json_string(doc));
	reply = refuses && strstr(refuses, command) ? NULL : reply_to(command, json_member(doc, "arguments"));
	text = xasprintf("{\"%s\":%s,\"id\":%s}\r\n", reply ? "return" : "error",
			 reply ? reply : "{\"class\":\"GenericError\",\"desc\":\"it does not want to\"}",
			 id ? json_object_to_json_string(id) : "null");
	say(fd, text);
}

/* What came along is never closed. */
static ssize_t take_in(int fd, char *bytes, size_t size)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(8 * sizeof(int))];
	struct iovec iov = { .iov_base = bytes, .iov_len = size };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control) };

	return recvmsg(fd, &msg, 0);
}

static void serve(int fd)
{
	struct json_stream *in = json_stream_new(1 << 20);
	char bytes[4096];
	bool good = true;
	ssize_t n;

	say(fd, GREETING);
	while (good && (n = take_in(fd, bytes, sizeof(bytes))) > 0) {
		size_t at = 0, used;

		while (good && at < (size_t)n) {
			auto_json struct json_object *doc = NULL;

			good = !json_stream_feed(in, bytes + at, (size_t)n - at, &used, &doc, NULL);
			at += used;
			if (doc)
				answer(fd, doc);
		}
	}
	json_stream_free(in);
	close(fd);
}

int main(int argc, char **argv)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), fd, i;

	for (i = 1; i + 1 < argc && strcmp(argv[i], "-qmp"); i++)
		;
	if (i + 1 >= argc || !str_has_prefix(argv[i + 1], "unix:"))
		return 2;
	snprintf(addr.sun_path, sizeof(addr.sun_path), "%.*s", (int)strcspn(argv[i + 1] + 5, ","), argv[i + 1] + 5);
	if (bind(listener, (struct sockaddr *)&addr, sizeof(addr)) || listen(listener, 8)) {
		perror(addr.sun_path);
		return 1;
	}
	while ((fd = accept(listener, NULL, NULL)) >= 0)
		serve(fd);
	return 1;
}
