// SPDX-License-Identifier: GPL-3.0-or-later
/* A monitor whose answers are the parts of an input: no socket, no thread, and it never waits. */
#include "fuzz.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "qmp/qmp.h"

#define ANSWERS_MAX 4096

struct peer {
	const uint8_t *data;
	size_t size;
	struct answer {
		struct fuzz_part part;
		bool used;		/* in this round of those of its name */
	} *answers;
	size_t n;
	struct json_stream *in;
	struct buf out;
	size_t out_at;
	unsigned given;
};

static struct answer *find(struct peer *p, const char *name)
{
	struct answer *first = NULL;
	size_t i;

	for (i = 0; i < p->n; i++) {
		if (!fuzz_part_is(&p->answers[i].part, name))
			continue;
		if (!p->answers[i].used)
			return &p->answers[i];
		first = first ? first : &p->answers[i];
	}
	for (i = 0; first && i < p->n; i++)
		if (fuzz_part_is(&p->answers[i].part, name))
			p->answers[i].used = false;
	return first;
}

static void put_string(struct buf *out, const char *text, size_t len)
{
	static const char hex[] = "0123456789abcdef";
	size_t i;

	buf_puts(out, "\"");
	for (i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];
		const char escape[] = { '\\', 'u', '0', '0', hex[c >> 4], hex[c & 15] };

		if (c < ' ' || c == '"' || c == '\\')
			buf_add(out, escape, sizeof(escape));
		else
			buf_add(out, &text[i], 1);
	}
	buf_puts(out, "\"");
}

/* "qom-get /machine/peripheral/d0 drive": the command with those of its arguments that say what is asked. Yours. */
static char *question(struct json_object *command)
{
	static const char *const keys[] = { "path", "property", "queue", "typename", "target" };
	struct json_object *args = json_member(command, "arguments");
	const char *line = json_str(args, "command-line");
	auto_buf struct buf text = {0};
	size_t i;

	buf_puts(&text, line ? line : json_str(command, "execute"));
	for (i = 0; i < ARRAY_SIZE(keys); i++)
		if (json_member(args, keys[i]))
			buf_printf(&text, " %s", json_object_get_string(json_member(args, keys[i])));
	return buf_take(&text);
}

static void answer(struct peer *p, struct json_object *command)
{
	const char *name = json_str(command, "execute");
	auto_free char *whole = question(command);
	struct answer *a = find(p, whole);

	if (!strcmp(name, "qmp_capabilities")) {
		buf_puts(&p->out, "{\"return\":{}}\n");
		return;
	}
	if (!a)
		a = find(p, name);
	if (!a)
		a = find(p, "*");
	if (!a) {
		buf_puts(&p->out, "{\"error\":{\"class\":\"CommandNotFound\",\"desc\":\"it is not in the input\"}}\n");
		return;
	}
	a->used = true;
	buf_puts(&p->out, "{\"return\":");
	if (!strcmp(name, "human-monitor-command"))
		put_string(&p->out, a->part.body, a->part.size);
	else
		buf_add(&p->out, a->part.body, a->part.size);
	buf_puts(&p->out, "}\n");
}

static ssize_t peer_send(void *ctx, const void *data, size_t len, int pass_fd)
{
	struct peer *p = ctx;
	size_t at = 0, used;

	(void)pass_fd;
	if (p->given >= ANSWERS_MAX) {
		errno = EPIPE;
		return -1;
	}
	while (at < len) {
		auto_json struct json_object *command = NULL;

		if (json_stream_feed(p->in, (const char *)data + at, len - at, &used, &command, NULL))
			abort();	/* the client has sent it */
		at += used;
		if (!command)
			continue;
		p->given++;
		answer(p, command);
	}
	return (ssize_t)len;
}

static ssize_t peer_recv(void *ctx, void *data, size_t len)
{
	struct peer *p = ctx;
	size_t left = p->out.len - p->out_at;

	if (len > left)
		len = left;
	if (len)
		memcpy(data, p->out.text + p->out_at, len);
	p->out_at += len;
	fuzz_told(len);
	if (p->out_at == p->out.len) {
		buf_reset(&p->out);
		p->out_at = 0;
	}
	return (ssize_t)len;
}

/* Readable, so that nothing is waited for: what has nothing more to say closes. */
static int ready = -1;

static int peer_fd(void *ctx)
{
	(void)ctx;
	return ready;
}

void fuzz_peers_rest(bool rest)
{
	eventfd_t n;

	if (ready < 0)
		ready = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	eventfd_read(ready, &n);
	if (!rest && eventfd_write(ready, 1))
		abort();
}

static void peer_close(void *ctx)
{
	struct peer *p = ctx;

	free(p->answers);
	json_stream_free(p->in);
	buf_done(&p->out);
	free(p);
}

struct qmp *fuzz_peer(const uint8_t *data, size_t size)
{
	static const struct qmp_transport transport = {
		.send = peer_send, .recv = peer_recv, .fd = peer_fd, .close = peer_close,
	};
	struct peer *p = xcalloc(1, sizeof(*p));
	struct err err = {0};
	struct fuzz_part part;
	struct qmp *q;

	fuzz_peers_rest(false);
	p->in = json_stream_new(1 << 20);
	while (fuzz_part_next(&data, &size, &part))
		vec_push(p->answers, p->n)->part = part;
	buf_puts(&p->out, "{\"QMP\":{\"version\":{\"qemu\":{\"micro\":22,\"minor\":2,\"major\":7},\"package\":\"\"},"
		 "\"capabilities\":[]}}\n");
	q = qmp_open(&transport, p);
	if (qmp_greet(q, 60000, &err))
		abort();
	return q;
}
