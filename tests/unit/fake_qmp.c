// SPDX-License-Identifier: GPL-3.0-or-later
/* The scripted peer. */
#include "fake_qmp.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <linux/sockios.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define GREETING "{\"QMP\":{\"version\":{\"qemu\":{\"micro\":22,\"minor\":2,\"major\":7}," \
	"\"package\":\"fake\"},\"capabilities\":[\"oob\"]}}\r\n"

struct fake_qmp {
	const struct fake_item *script;
	unsigned flags;
	int listener;
	bool running;
	pthread_t thread;
	size_t at;			/* the thread's: the step to come */
	struct buf late;

	pthread_mutex_t lock;		/* for what follows */
	int fd;				/* the thread's own once it runs */
	pthread_cond_t changed;
	unsigned goes;
	bool stop;
	char **names, **texts;
	size_t n_names, n_texts;
	unsigned fds;
	char *failure;
};

static bool is_last(const struct fake_item *item)
{
	return !item->expect && !item->raw && item->how != FAKE_CLOSE;
}

static bool is_stopped(struct fake_qmp *f)
{
	bool stop;

	pthread_mutex_lock(&f->lock);
	stop = f->stop;
	pthread_mutex_unlock(&f->lock);
	return stop;
}

/* Takes text over; the first failure is the one that explains the others. */
static void fail_with(struct fake_qmp *f, char *text)
{
	pthread_mutex_lock(&f->lock);
	if (f->failure)
		free(text);
	else
		f->failure = text;
	pthread_mutex_unlock(&f->lock);
}

/* Until the client has taken everything, so that each piece arrives by itself. */
static void await_taken(struct fake_qmp *f)
{
	int unread = 0;

	while (!is_stopped(f) && !ioctl(f->fd, SIOCOUTQ, &unread) && unread > 0)
		sched_yield();
}

static void say(struct fake_qmp *f, const char *text, unsigned piece)
{
	size_t left = text ? strlen(text) : 0;

	while (left) {
		size_t want = piece && piece < left ? piece : left;
		ssize_t n = send(f->fd, text, want, MSG_NOSIGNAL);

		if (n <= 0)
			return;
		text += n;
		left -= (size_t)n;
		if (piece)
			await_taken(f);
	}
}

static struct json_object *parse(const char *text)
{
	struct json_object *out = NULL;
	struct err err = {0};

	if (json_parse(text, strlen(text), &out, &err)) {
		fprintf(stderr, "fake_qmp: %s: %s\n", err.text, text);
		abort();
	}
	return out;
}

static struct json_object *parse_file(const char *path)
{
	FILE *file = fopen(path, "re");
	auto_buf struct buf text = {0};
	char piece[4096];
	size_t n;

	if (!file) {
		fprintf(stderr, "fake_qmp: %s: %s\n", path, strerror(errno));
		abort();
	}
	while ((n = fread(piece, 1, sizeof(piece), file)))
		buf_add(&text, piece, n);
	fclose(file);
	return parse(text.text ? text.text : "");
}

static bool has_members(struct json_object *have, struct json_object *want)
{
	if (!json_object_is_type(want, json_type_object))
		return json_object_equal(have, want);
	json_object_object_foreach(want, key, value) {
		struct json_object *mine = json_member(have, key);

		if (!mine || !has_members(mine, value))
			return false;
	}
	return true;
}

static bool matches(const struct fake_item *item, const char *command, struct json_object *args)
{
	auto_json struct json_object *want = NULL;

	if (!item->expect || strcmp(item->expect, command))
		return false;
	if (!item->args)
		return true;
	want = parse(item->args);
	return has_members(args, want);
}

static const struct fake_item *find_item(struct fake_qmp *f, const char *command,
					 struct json_object *args)
{
	const struct fake_item *item = &f->script[f->at];

	if (!is_last(item) && matches(item, command, args)) {
		f->at++;
		return item;
	}
	for (item = f->script; !is_last(item); item++)
		if (item->any && matches(item, command, args))
			return item;
	return NULL;
}

static char *error_text(const char *error, const char *id)
{
	auto_json struct json_object *obj = json_object_new_object();
	size_t len = strcspn(error, ":");
	auto_free char *class = xstrndup(error, len);
	auto_free char *text = NULL;

	json_put_str(json_put_str(obj, "class", class), "desc", error[len] ? error + len + 2 : "");
	text = json_text(obj);
	return xasprintf("{\"id\":%s,\"error\":%s}\r\n", id, text);
}

static char *reply_text(const struct fake_item *item, const char *id)
{
	auto_json struct json_object *ret = NULL;
	auto_free char *text = NULL;

	if (item->error)
		return error_text(item->error, id);
	ret = item->file ? parse_file(item->file) : parse(item->reply ? item->reply : "{}");
	text = json_text(ret);
	return xasprintf("{\"return\":%s,\"id\":%s}\r\n", text, id);
}

static char *raw_text(const char *raw, const char *id)
{
	const char *mark = strstr(raw, "$ID");

	return mark ? xasprintf("%.*s%s%s", (int)(mark - raw), raw, id, mark + 3) : xstrdup(raw);
}

/* False when the connection is over. */
static bool run_item(struct fake_qmp *f, const struct fake_item *item, const char *id)
{
	auto_free char *reply = NULL, *raw = item->raw ? raw_text(item->raw, id) : NULL;

	switch (item->how) {
	case FAKE_SILENT:
		say(f, item->before, item->piece);
		return true;
	case FAKE_LATE:
		reply = reply_text(item, id);
		buf_puts(&f->late, reply);
		return true;
	case FAKE_RAW:
		say(f, raw, item->piece);
		return true;
	case FAKE_CLOSE:
		say(f, raw, item->piece);
		await_taken(f);
		shutdown(f->fd, SHUT_RDWR);
		return false;
	case FAKE_REPLY:
		break;
	}
	if (!item->expect) {
		say(f, raw, item->piece);
		return true;
	}
	reply = reply_text(item, id);
	say(f, item->before, item->piece);
	say(f, reply, item->piece);
	say(f, item->after, item->piece);
	return true;
}

static bool await_go(struct fake_qmp *f)
{
	bool stop;

	pthread_mutex_lock(&f->lock);
	while (!f->goes && !f->stop)
		pthread_cond_wait(&f->changed, &f->lock);
	if (f->goes)
		f->goes--;
	stop = f->stop;
	pthread_mutex_unlock(&f->lock);
	return !stop;
}

/* Steps that nobody has to ask for. False when the connection is over. */
static bool run_unasked(struct fake_qmp *f)
{
	for (;;) {
		const struct fake_item *item = &f->script[f->at];

		if (is_last(item))
			return true;
		if (item->any) {
			f->at++;
			continue;
		}
		if (item->wait && !await_go(f))
			return false;
		if (item->expect)
			return true;
		f->at++;
		if (!run_item(f, item, "0"))
			return false;
	}
}

static void record(struct fake_qmp *f, const char *command, struct json_object *args)
{
	auto_free char *text = args ? json_text(args) : xstrdup("{}");

	pthread_mutex_lock(&f->lock);
	*vec_push(f->names, f->n_names) = xstrdup(command);
	*vec_push(f->texts, f->n_texts) = xasprintf("%s %s", command, text);
	pthread_mutex_unlock(&f->lock);
}

static bool take_command(struct fake_qmp *f, struct json_object *doc)
{
	const char *command = json_str(doc, "execute");
	struct json_object *args = json_member(doc, "arguments"), *id = json_member(doc, "id");
	auto_free char *id_text = xstrdup(id ? json_object_to_json_string(id) : "null");
	const struct fake_item *item;
	static const struct fake_item refuse = {
		.expect = "", .error = "GenericError: not in the script",
	};
	static const struct fake_item agree = { .expect = "" };

	if (!command) {
		fail_with(f, xasprintf("no command: %s", json_object_to_json_string(doc)));
		return false;
	}
	if (!(f->flags & FAKE_NO_GREETING) && !strcmp(command, "qmp_capabilities"))
		return run_item(f, &agree, id_text) && run_unasked(f);
	record(f, command, args);
	item = find_item(f, command, args);
	if (!item) {
		fail_with(f, xasprintf("not expected: %s %s", command,
				       args ? json_object_to_json_string(args) : "{}"));
		item = &refuse;
	}
	if (f->late.len && item->how != FAKE_LATE) {
		say(f, f->late.text, 0);
		buf_reset(&f->late);
	}
	return run_item(f, item, id_text) && run_unasked(f);
}

static ssize_t take_in(struct fake_qmp *f, char *bytes, size_t size)
{
	char control[CMSG_SPACE(8 * sizeof(int))];
	struct iovec iov = { .iov_base = bytes, .iov_len = size };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control),
	};
	struct cmsghdr *head;
	ssize_t n = recvmsg(f->fd, &msg, MSG_CMSG_CLOEXEC);
	int fd;

	for (head = n > 0 ? CMSG_FIRSTHDR(&msg) : NULL; head; head = CMSG_NXTHDR(&msg, head)) {
		memcpy(&fd, CMSG_DATA(head), sizeof(fd));
		close(fd);
		pthread_mutex_lock(&f->lock);
		f->fds++;
		pthread_mutex_unlock(&f->lock);
	}
	return n;
}

static void converse(struct fake_qmp *f)
{
	struct json_stream *in = json_stream_new(SIZE_MAX);
	char bytes[4096];
	ssize_t n;
	bool open = true;

	if (f->flags & FAKE_NO_GREETING)
		open = run_unasked(f);
	else
		say(f, GREETING, 0);
	while (open && (n = take_in(f, bytes, sizeof(bytes))) > 0) {
		size_t at = 0, used;

		while (open && at < (size_t)n) {
			auto_json struct json_object *doc = NULL;

			if (json_stream_feed(in, bytes + at, (size_t)n - at, &used, &doc, NULL)) {
				fail_with(f, xstrdup("the client does not send JSON"));
				open = false;
			}
			at += used;
			if (doc && open)
				open = take_command(f, doc);
		}
	}
	json_stream_free(in);
}

static void *run(void *arg)
{
	struct fake_qmp *f = arg;
	bool go = true;

	if (f->listener >= 0) {
		int fd = accept4(f->listener, NULL, NULL, SOCK_CLOEXEC);

		pthread_mutex_lock(&f->lock);
		f->fd = fd;
		go = fd >= 0 && !f->stop;
		pthread_mutex_unlock(&f->lock);
	}
	if (go)
		converse(f);
	return NULL;
}

static void start(struct fake_qmp *f)
{
	assert_false(f->running);
	assert_int_equal(pthread_create(&f->thread, NULL, run, f), 0);
	f->running = true;
}

struct fake_qmp *fake_qmp_new_with(const struct fake_item *script, unsigned flags)
{
	struct fake_qmp *f = xcalloc(1, sizeof(*f));

	f->script = script;
	f->flags = flags;
	f->fd = f->listener = -1;
	pthread_mutex_init(&f->lock, NULL);
	pthread_cond_init(&f->changed, NULL);
	return f;
}

struct fake_qmp *fake_qmp_new(const struct fake_item *script)
{
	return fake_qmp_new_with(script, 0);
}

struct qmp *fake_qmp_raw_client(struct fake_qmp *f)
{
	int ends[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	f->fd = ends[0];
	start(f);
	return qmp_open_fd(ends[1]);
}

struct qmp *fake_qmp_client(struct fake_qmp *f)
{
	struct qmp *q = fake_qmp_raw_client(f);
	struct err err = {0};

	if (qmp_greet(q, 10000, &err))
		fail_msg("greeting: %s", err.text);
	return q;
}

void fake_qmp_listen(struct fake_qmp *f, const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };

	assert_true(strlen(path) < sizeof(addr.sun_path));
	strcpy(addr.sun_path, path);
	f->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(f->listener >= 0);
	assert_int_equal(bind(f->listener, (struct sockaddr *)&addr, sizeof(addr)), 0);
	assert_int_equal(listen(f->listener, 1), 0);
	start(f);
}

void fake_qmp_go(struct fake_qmp *f)
{
	pthread_mutex_lock(&f->lock);
	f->goes++;
	pthread_cond_broadcast(&f->changed);
	pthread_mutex_unlock(&f->lock);
}

size_t fake_qmp_count(struct fake_qmp *f, const char *command)
{
	size_t i, n = 0;

	pthread_mutex_lock(&f->lock);
	for (i = 0; i < f->n_names; i++)
		n += !command || !strcmp(f->names[i], command);
	pthread_mutex_unlock(&f->lock);
	return n;
}

const char *fake_qmp_saw(struct fake_qmp *f, size_t number)
{
	const char *text;

	pthread_mutex_lock(&f->lock);
	text = number < f->n_texts ? f->texts[number] : NULL;
	pthread_mutex_unlock(&f->lock);
	return text;
}

unsigned fake_qmp_fds(struct fake_qmp *f)
{
	unsigned n;

	pthread_mutex_lock(&f->lock);
	n = f->fds;
	pthread_mutex_unlock(&f->lock);
	return n;
}

static void join(struct fake_qmp *f)
{
	pthread_mutex_lock(&f->lock);
	f->stop = true;
	/* what the client sent is read all the same */
	if (f->listener >= 0)
		shutdown(f->listener, SHUT_RDWR);
	if (f->fd >= 0)
		shutdown(f->fd, SHUT_RDWR);
	pthread_cond_broadcast(&f->changed);
	pthread_mutex_unlock(&f->lock);
	if (f->running)
		pthread_join(f->thread, NULL);
}

char *fake_qmp_verdict(struct fake_qmp *f)
{
	const struct fake_item *item;
	char *text;

	join(f);
	for (item = &f->script[f->at]; item->any; item++)
		;
	if (!is_last(item))
		fail_with(f, xasprintf("not reached: step %zu, %s", (size_t)(item - f->script),
				       item->expect ? item->expect : "something unasked"));
	text = take_ptr(f->failure);
	if (f->fd >= 0)
		close(f->fd);
	if (f->listener >= 0)
		close(f->listener);
	qmp_strings_free(f->names, f->n_names);
	qmp_strings_free(f->texts, f->n_texts);
	buf_done(&f->late);
	pthread_cond_destroy(&f->changed);
	pthread_mutex_destroy(&f->lock);
	free(f);
	return text;
}

void fake_qmp_end(struct fake_qmp *f)
{
	char *text = fake_qmp_verdict(f);
	char copy[600];

	if (!text)
		return;
	snprintf(copy, sizeof(copy), "%s", text);
	free(text);
	fail_msg("fake QEMU: %s", copy);
}
