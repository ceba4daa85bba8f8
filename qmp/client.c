// SPDX-License-Identifier: GPL-3.0-or-later
/* The QMP conversation: greeting, commands and their answers by id, events in between. */
#include "internal.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK 16384
/* A pump takes in this much at most, so that a peer that never stops talking cannot hold it. */
#define PUMP_CHUNKS 16
/* While others have used up the room for what is parsed, it is looked for again so often. */
#define STARVED_MS 5
/* QEMU has an answer whole before it begins to send. */
#define LARGE_NS NS_PER_SEC
#define STOPPED "QEMU stopped in the middle of a long answer"

static const struct json_limits reply_limits = { QMP_REPLY_MAX, QMP_VALUES_MAX, JSON_COST_MAX };
/* A greeting, too; none of them needs any of the room that is shared. */
static const struct json_limits event_limits = { QMP_EVENT_MAX, QMP_VALUES_MAX, JSON_FREE_COST };

enum qmp_state {
	QMP_CONNECTED,		/* the greeting is to come */
	QMP_GREETED,		/* capabilities are to be agreed upon */
	QMP_READY,
	QMP_BROKEN,		/* struct qmp's broken says why */
};

struct qmp {
	enum qmp_state state;
	struct qmp_transport transport;
	void *ctx;
	int interrupt;
	unsigned patience_ms;
	uint64_t deadline_ns;	/* of all that is asked; 0: none */

	struct json_stream *in;
	struct budget *budget;	/* borrowed; NULL: none */
	char chunk[CHUNK + 1];	/* what came and is not taken yet */
	size_t chunk_at, chunk_len;
	bool mid;		/* part of a message is in */
	bool starved;		/* the rest of the chunk has to wait for room */
	uint64_t large_ns;	/* since when a large answer comes in, which others wait for; 0: none does */
	struct buf out;		/* a command under way; what was begun must be finished */
	size_t out_at;

	uint64_t last_id, awaited;
	struct json_object *reply;	/* to the awaited one */
	unsigned late;		/* commands sent whose answer nobody waits for any more */
	bool caps_sent, busy;

	qmp_event_fn *on_event;
	void *event_arg;
	struct err broken;
	char version[48];
	struct json_object *commands;
};

static void set_state(struct qmp *q, enum qmp_state next)
{
	static const unsigned from[] = {
		[QMP_CONNECTED] = 0,
		[QMP_GREETED] = 1u << QMP_CONNECTED,
		[QMP_READY] = 1u << QMP_GREETED,
		[QMP_BROKEN] = 1u << QMP_CONNECTED | 1u << QMP_GREETED | 1u << QMP_READY,
	};

	assert(from[next] & 1u << q->state);
	q->state = next;
}

static int say_broken(const struct qmp *q, struct err *err)
{
	if (err)
		*err = q->broken;
	return q->broken.code;
}

__attribute__((format(printf, 3, 4)))
static int break_off(struct qmp *q, int code, const char *fmt, ...)
{
	va_list ap;

	q->broken.code = code;
	va_start(ap, fmt);
	vsnprintf(q->broken.text, sizeof(q->broken.text), fmt, ap);
	va_end(ap);
	set_state(q, QMP_BROKEN);
	return code;
}

static int take_greeting(struct qmp *q, struct json_object *doc)
{
	struct json_object *greeting = json_member(doc, "QMP");
	struct json_object *qemu = json_member(json_member(greeting, "version"), "qemu");
	uint64_t major = 0, minor = 0, micro = 0;

	/* Until its monitor's thread has taken notice of us, QEMU sends us events as it did to the client before. */
	if (!greeting && json_str(doc, "event") && json_member(doc, "timestamp"))
		return 0;
	if (!json_object_is_type(greeting, json_type_object))
		return break_off(q, -EPROTO,
				 "it does not speak QMP: its first message is no greeting");
	if (json_u64(qemu, "major", &major) && json_u64(qemu, "minor", &minor) &&
	    json_u64(qemu, "micro", &micro) && major < 1000 && minor < 1000 && micro < 1000)
		snprintf(q->version, sizeof(q->version), "%u.%u.%u", (unsigned)major,
			 (unsigned)minor, (unsigned)micro);
	set_state(q, QMP_GREETED);
	return 0;
}

static void take_reply(struct qmp *q, struct json_object *doc)
{
	bool has_id = json_member(doc, "id");
	uint64_t id = 0;

	json_u64(doc, "id", &id);
	if (q->awaited && id == q->awaited && !q->reply) {
		q->reply = json_object_get(doc);
		return;
	}
	/*
	 * QEMU answers what it cannot parse without an id. Answers keep their order, so that is
	 * for the oldest command without one.
	 */
	if (!has_id && q->awaited && !q->late && !q->reply) {
		q->reply = json_object_get(doc);
		return;
	}
	if (q->late)
		q->late--;
}

static int take_message(struct qmp *q, struct json_object *doc)
{
	const char *event;

	if (q->state == QMP_CONNECTED)
		return take_greeting(q, doc);
	event = json_str(doc, "event");
	if (event && json_stream_last(q->in) > QMP_EVENT_MAX)
		return break_off(q, -EMSGSIZE, "it does not speak QMP: an event of more than %u bytes", QMP_EVENT_MAX);
	if (event) {
		if (q->on_event)
			q->on_event(q->event_arg, event, json_member(doc, "data"));
		return 0;
	}
	if (!json_object_is_type(doc, json_type_object) ||
	    !(json_object_object_get_ex(doc, "return", NULL) || json_member(doc, "error")))
		return break_off(q, -EPROTO,
				 "it does not speak QMP: a message that is no reply and no event");
	take_reply(q, doc);
	return 0;
}

static bool is_overdue(const struct qmp *q)
{
	return q->large_ns && clock_now_ns() > q->large_ns + LARGE_NS;
}

/* 1: all that came is taken, 0: others have all the room for it now, negative: broken. */
static int take_chunk(struct qmp *q)
{
	while (q->chunk_at < q->chunk_len) {
		auto_json struct json_object *doc = NULL;
		bool reply = q->state != QMP_CONNECTED && (q->awaited || q->late);
		const char *bytes = q->chunk + q->chunk_at;
		struct err why = {0};
		size_t used;
		int rc;

		json_stream_bound(q->in, reply ? &reply_limits : &event_limits, q->budget);
		rc = json_stream_feed(q->in, bytes, q->chunk_len - q->chunk_at, &used, &doc, &why);
		q->starved = rc == -EAGAIN;
		q->large_ns = !json_stream_is_large(q->in) ? 0 : q->large_ns ? q->large_ns : clock_now_ns();
		if (rc && !q->starved)
			return break_off(q, rc, "it does not speak QMP: %s", why.text);
		q->mid = !doc && (q->mid || strspn(bytes, " \t\r\n") < used);
		q->chunk_at += used;
		if (q->starved)
			return 0;
		if (!doc)
			continue;
		rc = take_message(q, doc);
		if (rc)
			return rc;
	}
	return 1;
}

/* 1: bytes came, 0: none there, or no room for them; negative: broken. */
static int receive(struct qmp *q)
{
	ssize_t n;
	int rc;

	if (q->chunk_at == q->chunk_len) {
		n = q->transport.recv(q->ctx, q->chunk, CHUNK);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return 0;
		if (n < 0)
			return break_off(q, -ECONNRESET, "the connection to QEMU broke: %s", strerror(errno));
		if (n == 0)
			return break_off(q, -ECONNRESET, "QEMU closed the connection%s",
					 q->mid ? " in the middle of a message" : "");
		q->chunk[n] = '\0';
		q->chunk_at = 0;
		q->chunk_len = (size_t)n;
	}
	q->busy = true;		/* an event function must not call back */
	rc = take_chunk(q);
	q->busy = false;
	return rc;
}

/* What the descriptor is ready for, -ETIMEDOUT (its text is up to the caller), -ECANCELED. */
static int wait_ready(struct qmp *q, short events, uint64_t deadline, struct err *err)
{
	struct pollfd fds[2] = {
		{ .fd = q->transport.fd(q->ctx), .events = events },
		{ .fd = q->interrupt, .events = POLLIN },
	};

	for (;;) {
		bool large = q->large_ns && q->large_ns + LARGE_NS < deadline;
		int left = clock_left_ms(large ? q->large_ns + LARGE_NS : deadline);
		int n = poll(q->starved ? fds + 1 : fds, q->starved ? 1 : 2, q->starved && left > STARVED_MS ? STARVED_MS : left);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return break_off(q, -ECONNRESET, "waiting for QEMU: %s", strerror(errno));
		if (fds[1].revents)
			return err_set(err, -ECANCELED, "interrupted");
		if (q->starved)
			return POLLIN;
		if (!n && large)
			return break_off(q, -EMSGSIZE, STOPPED);
		return n ? fds[0].revents : -ETIMEDOUT;
	}
}

/* Wait once and take in what came: 0, -ETIMEDOUT, -ECANCELED, or broken. */
static int wait_more(struct qmp *q, short events, uint64_t deadline, struct err *err)
{
	int rc = wait_ready(q, events, deadline, err);

	if (rc < 0)
		return rc;
	if (rc & ~POLLOUT) {
		rc = receive(q);
		if (rc < 0)
			return rc;
		/* a peer that talks without end must not outrun the deadline */
		if (!q->reply && !clock_left_ms(deadline))
			return -ETIMEDOUT;
		if (is_overdue(q))
			return break_off(q, -EMSGSIZE, STOPPED);
	}
	return 0;
}

/* Send what is in q->out; fd goes with its first byte. */
static int flush(struct qmp *q, int fd, uint64_t deadline, struct err *err)
{
	while (q->out_at < q->out.len) {
		ssize_t n = q->transport.send(q->ctx, q->out.text + q->out_at,
					      q->out.len - q->out_at, q->out_at ? -1 : fd);
		int rc;

		if (n > 0) {
			q->out_at += (size_t)n;
			continue;
		}
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && fd >= 0 && !q->out_at && (errno == EBADF || errno == ETOOMANYREFS))
			return err_sys(err, -errno, "passing a descriptor to QEMU");
		if (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK)
			return break_off(q, -ECONNRESET, "QEMU closed the connection: %s",
					 strerror(errno));
		rc = wait_more(q, POLLIN | POLLOUT, deadline, err);
		if (rc)
			return rc;
	}
	buf_reset(&q->out);
	q->out_at = 0;
	return 0;
}

static void put_command(struct qmp *q, const char *command, struct json_object *args)
{
	auto_json struct json_object *doc = json_object_new_object();
	auto_free char *text = NULL;

	json_put_str(doc, "execute", command);
	if (args)
		json_put(doc, "arguments", json_object_get(args));
	json_put(doc, "id", json_object_new_int64((int64_t)q->awaited));
	text = json_text(doc);
	buf_puts(&q->out, text);
	buf_puts(&q->out, "\n");
}

static int error_code(const char *class)
{
	static const struct {
		const char *class;
		int code;
	} codes[] = {
		{ "CommandNotFound", -ENOSYS },
		{ "DeviceNotFound", -ENODEV },
		{ "DeviceNotActive", -ENXIO },
	};
	size_t i;

	for (i = 0; class && i < ARRAY_SIZE(codes); i++)
		if (!strcmp(class, codes[i].class))
			return codes[i].code;
	return -EREMOTEIO;
}

static int take_result(struct json_object *reply, struct json_object **ret, struct err *err)
{
	struct json_object *error = json_member(reply, "error");
	const char *desc;

	if (error) {
		desc = json_str(error, "desc");
		return err_set(err, error_code(json_str(error, "class")), "%s",
			       desc && *desc ? desc : "QEMU reports an error without saying which");
	}
	if (ret)
		*ret = json_take(reply, "return");
	return 0;
}

/* Send one command: 0 when all of it is out. A command of which nothing left is taken back. */
static int send_command(struct qmp *q, const char *command, struct json_object *args, int fd,
			uint64_t deadline, struct err *err)
{
	int rc = flush(q, -1, deadline, err);
	bool begun = false;

	if (!rc) {
		put_command(q, command, args);
		rc = flush(q, fd, deadline, err);
		begun = q->out_at;
		if (rc && begun)
			q->late++;
		else if (rc)
			buf_reset(&q->out);
	}
	if (rc == -ETIMEDOUT)
		err_set(err, rc, "QEMU does not read its monitor: %s was not %s", command,
			begun ? "sent whole" : "sent");
	return rc;
}

/* This question's own deadline, or that of all of them. */
static uint64_t until(const struct qmp *q, unsigned timeout_ms)
{
	uint64_t own = clock_now_ns() + timeout_ms * NS_PER_MS;

	return q->deadline_ns && q->deadline_ns < own ? q->deadline_ns : own;
}

static int say_late(const struct qmp *q, const char *command, unsigned timeout_ms, struct err *err)
{
	if (q->deadline_ns && clock_now_ns() >= q->deadline_ns)
		return err_set(err, -ETIMEDOUT, "QEMU did not answer all questions in time, the last was %s", command);
	return err_set(err, -ETIMEDOUT, "QEMU did not answer %s within %u ms", command, timeout_ms);
}

static int await_reply(struct qmp *q, const char *command, unsigned timeout_ms, uint64_t deadline,
		       struct err *err)
{
	while (!q->reply) {
		int rc = wait_more(q, POLLIN, deadline, err);

		if (rc == -ETIMEDOUT && !q->reply)
			say_late(q, command, timeout_ms, err);
		if (rc && !q->reply) {
			q->late++;
			return rc;
		}
	}
	return 0;
}

static int exchange(struct qmp *q, const char *command, struct json_object *args, int fd,
		    unsigned timeout_ms, struct json_object **ret, struct err *err)
{
	uint64_t deadline = until(q, timeout_ms);
	auto_json struct json_object *reply = NULL;
	int rc;

	assert(!q->busy);
	if (q->deadline_ns && !clock_left_ms(q->deadline_ns))
		return say_late(q, command, timeout_ms, err);
	q->awaited = ++q->last_id;
	rc = send_command(q, command, args, fd, deadline, err);
	if (!rc)
		rc = await_reply(q, command, timeout_ms, deadline, err);
	reply = take_ptr(q->reply);
	q->awaited = 0;
	if (q->state == QMP_BROKEN && !reply)
		return say_broken(q, err);
	return rc ? rc : take_result(reply, ret, err);
}

int qmp_call_fd(struct qmp *q, const char *command, struct json_object *args, int fd,
		unsigned timeout_ms, struct json_object **ret, struct err *err)
{
	auto_json struct json_object *mine = args;

	if (q->state == QMP_BROKEN)
		return say_broken(q, err);
	assert(q->state == QMP_READY);
	return exchange(q, command, mine, fd, timeout_ms, ret, err);
}

int qmp_call(struct qmp *q, const char *command, struct json_object *args, unsigned timeout_ms,
	     struct json_object **ret, struct err *err)
{
	return qmp_call_fd(q, command, args, -1, timeout_ms, ret, err);
}

static int await_greeting(struct qmp *q, unsigned timeout_ms, struct err *err)
{
	uint64_t deadline = until(q, timeout_ms);

	while (q->state == QMP_CONNECTED) {
		int rc = wait_more(q, POLLIN, deadline, err);

		if (q->state != QMP_CONNECTED && q->state != QMP_BROKEN)
			break;
		if (rc == -ETIMEDOUT)
			return err_set(err, rc, "%s QMP greeting within %u ms%s",
				       q->mid ? "only part of a" : "no", timeout_ms,
				       q->mid ? "" : " (another client may be connected)");
		if (rc == -ECANCELED)
			return rc;
		if (rc)
			return say_broken(q, err);
	}
	return 0;
}

int qmp_greet(struct qmp *q, unsigned timeout_ms, struct err *err)
{
	bool again = q->caps_sent;
	int rc;

	assert(!q->busy);
	if (q->state == QMP_READY)
		return 0;
	if (q->state == QMP_BROKEN)
		return say_broken(q, err);
	rc = await_greeting(q, timeout_ms, err);
	if (rc)
		return rc;
	q->caps_sent = true;
	rc = exchange(q, "qmp_capabilities", NULL, -1, timeout_ms, NULL, err);
	/* asked twice after a timeout: the second time QEMU says that it is done already */
	if (!rc || (again && rc == -ENOSYS)) {
		set_state(q, QMP_READY);
		return 0;
	}
	return rc;
}

int qmp_pump(struct qmp *q, unsigned timeout_ms, struct err *err)
{
	int i, rc;

	assert(!q->busy);
	if (q->state == QMP_BROKEN)
		return say_broken(q, err);
	rc = wait_ready(q, POLLIN, clock_now_ns() + timeout_ms * NS_PER_MS, err);
	for (i = 0; rc > 0 && i < PUMP_CHUNKS; i++)
		rc = receive(q);
	if (q->state == QMP_BROKEN)
		return say_broken(q, err);
	return rc == -ECANCELED ? rc : 0;
}

struct qmp *qmp_open(const struct qmp_transport *transport, void *ctx)
{
	struct qmp *q = xcalloc(1, sizeof(*q));

	q->transport = *transport;
	q->ctx = ctx;
	q->interrupt = -1;
	q->in = json_stream_new(QMP_REPLY_MAX);	/* take_chunk says how much */
	return q;
}

void qmp_close(struct qmp *q)
{
	if (!q)
		return;
	assert(!q->busy);
	q->transport.close(q->ctx);
	json_stream_free(q->in);
	buf_done(&q->out);
	json_object_put(q->commands);
	free(q);
}

const char *qmp_version(const struct qmp *q)
{
	return q->version;
}

void qmp_on_event(struct qmp *q, qmp_event_fn *fn, void *arg)
{
	q->on_event = fn;
	q->event_arg = arg;
}

void qmp_set_interrupt(struct qmp *q, int fd)
{
	q->interrupt = fd;
}

void qmp_set_deadline(struct qmp *q, uint64_t deadline_ns)
{
	q->deadline_ns = deadline_ns;
}

void qmp_set_budget(struct qmp *q, struct budget *budget)
{
	q->budget = budget;
}

void qmp_set_patience(struct qmp *q, unsigned ms)
{
	q->patience_ms = ms;
}

unsigned qmp_patience(const struct qmp *q)
{
	return q->patience_ms ? q->patience_ms : QMP_ASK_MS;
}

int qmp_fd(const struct qmp *q)
{
	return q->transport.fd(q->ctx);
}

bool qmp_is_open(const struct qmp *q)
{
	return q->state != QMP_BROKEN;
}

struct json_object **qmp_commands(struct qmp *q)
{
	return &q->commands;
}
