// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * QMP through libvirt's monitor connection: a transport that looks like a socket with a QEMU behind it. libvirt wants
 * commands without an id and adds its own to the answers; greeting and capabilities it has had itself, so here they
 * are made up.
 */
#include "private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <libvirt/libvirt-qemu.h>

#define PASS_MS 30000		/* libvirt waits so long for a job of another client */

struct pass {
	struct virt *v;			/* a reference, through its connection */
	struct conn *conn;
	char uuid[VIRT_UUID_SIZE];
	int ready;			/* an eventfd: something to receive */
	struct json_stream *in;
	struct json_object **queue;	/* commands; the first is under way while there is a call */
	size_t n_queue;
	struct call *call;
	struct buf out;
	size_t out_at;
};

static int monitor(struct call *call, virDomainPtr dom)
{
	return virDomainQemuMonitorCommand(dom, call->text, &call->result, 0);
}

static void monitor_run(struct call *call)
{
	virDomainPtr dom = call->handle ? virDomainLookupByUUIDString(call->handle, call->uuid) : NULL;

	pthread_mutex_lock(&call->conn->v->lock);
	call->conn->v->passed++;
	pthread_mutex_unlock(&call->conn->v->lock);
	if (!dom || monitor(call, dom))
		call->rc = virt_error(&call->err, "libvirt");
	if (dom)
		virDomainFree(dom);
}

static void tainted_run(struct call *call)
{
	virDomainPtr dom = call->handle ? virDomainLookupByUUIDString(call->handle, call->uuid) : NULL;
	char **list = NULL;
	int n = dom ? virDomainGetMessages(dom, &list, VIR_DOMAIN_MESSAGE_TAINTING) : 0;

	for (; n > 0; n--) {
		call->number |= strstr(list[n - 1], "custom monitor") != NULL;
		free(list[n - 1]);
	}
	free(list);
	if (dom)
		virDomainFree(dom);
}

/* Something for the client; it is one line. */
static void deliver(struct pass *p, struct json_object *reply, struct json_object *id)
{
	auto_free char *text = NULL;

	json_object_object_del(reply, "id");
	if (id)
		json_put(reply, "id", json_object_get(id));
	text = json_text(reply);
	buf_puts(&p->out, text);
	buf_puts(&p->out, "\r\n");
	eventfd_write(p->ready, 1);
}

static struct json_object *error_reply(const char *text)
{
	struct json_object *error = json_put_str(json_object_new_object(), "class", "GenericError");

	json_put_str(error, "desc", text);
	return json_put(json_object_new_object(), "error", error);
}

static struct call *start(struct pass *p, void (*run)(struct call *), const char *text, unsigned timeout_ms)
{
	struct call *call;

	pthread_mutex_lock(&p->v->lock);
	call = call_new(p->conn, run, p->uuid);
	call->text = xstrdup(text);
	call->done_fd = fcntl(p->ready, F_DUPFD_CLOEXEC, 0);
	call_start(call, timeout_ms);
	pthread_mutex_unlock(&p->v->lock);
	return call;
}

static void drop_call(struct pass *p)
{
	pthread_mutex_lock(&p->v->lock);
	if (p->call)
		call_unref(p->call);
	p->call = NULL;
	pthread_mutex_unlock(&p->v->lock);
}

static bool is_done(struct pass *p)
{
	bool done;

	pthread_mutex_lock(&p->v->lock);
	done = p->call && p->call->done;
	pthread_mutex_unlock(&p->v->lock);
	return done;
}

/* Begin with the commands that wait, until one has to go to QEMU. */
static void go_on(struct pass *p)
{
	while (p->n_queue && !p->call) {
		struct json_object *command = p->queue[0];
		const char *name = json_str(command, "execute");
		auto_json struct json_object *id = json_object_get(json_member(command, "id"));
		auto_json struct json_object *reply = NULL;

		if (name && strcmp(name, "qmp_capabilities")) {
			auto_free char *text = NULL;

			json_object_object_del(command, "id");
			text = json_text(command);
			p->call = start(p, monitor_run, text, PASS_MS);
			json_object_object_add(command, "id", json_object_get(id));
			return;
		}
		reply = name ? json_put(json_object_new_object(), "return", json_object_new_object()) :
			       error_reply("only QMP commands with 'execute' can be passed through libvirt");
		deliver(p, reply, id);
		json_object_put(command);
		memmove(p->queue, p->queue + 1, --p->n_queue * sizeof(*p->queue));
	}
}

static void take_answer(struct pass *p)
{
	auto_json struct json_object *command = p->queue[0], *reply = NULL;
	struct err err = {0};

	memmove(p->queue, p->queue + 1, --p->n_queue * sizeof(*p->queue));
	if (p->call->rc)
		reply = error_reply(p->call->err.text);
	else if (json_parse(p->call->result, strlen(p->call->result), &reply, &err) ||
		 !json_object_is_type(reply, json_type_object)) {
		json_object_put(reply);
		reply = error_reply("libvirt's answer is not JSON");
	}
	deliver(p, reply, json_member(command, "id"));
	drop_call(p);
}

static ssize_t pass_send(void *ctx, const void *data, size_t len, int pass_fd)
{
	struct pass *p = ctx;
	size_t at = 0;

	if (pass_fd >= 0) {
		errno = EBADF;
		return -1;
	}
	while (at < len) {
		struct json_object *doc = NULL;
		size_t used;

		if (json_stream_feed(p->in, (const char *)data + at, len - at, &used, &doc, NULL)) {
			errno = EINVAL;
			return -1;
		}
		at += used;
		if (doc)
			*vec_push(p->queue, p->n_queue) = doc;
	}
	go_on(p);
	return (ssize_t)len;
}

static ssize_t pass_recv(void *ctx, void *data, size_t len)
{
	struct pass *p = ctx;
	eventfd_t n;

	eventfd_read(p->ready, &n);
	if (is_done(p)) {
		take_answer(p);
		go_on(p);
	}
	if (p->out_at == p->out.len) {
		errno = EAGAIN;
		return -1;
	}
	if (len > p->out.len - p->out_at)
		len = p->out.len - p->out_at;
	memcpy(data, p->out.text + p->out_at, len);
	p->out_at += len;
	if (p->out_at == p->out.len) {
		buf_reset(&p->out);
		p->out_at = 0;
	} else {
		eventfd_write(p->ready, 1);
	}
	return (ssize_t)len;
}

static int pass_fd(void *ctx)
{
	const struct pass *p = ctx;

	return p->ready;
}

static void pass_close(void *ctx)
{
	struct pass *p = ctx;

	drop_call(p);
	while (p->n_queue)
		json_object_put(p->queue[--p->n_queue]);
	free(p->queue);
	json_stream_free(p->in);
	buf_done(&p->out);
	close(p->ready);
	virt_release(p->conn);
	free(p);
}

static const struct qmp_transport pass_transport = {
	.send = pass_send, .recv = pass_recv, .fd = pass_fd, .close = pass_close,
};

static int may_pass(const struct virt *v, struct err *err)
{
	if (v->config.no_passthrough)
		return err_set(err, -EPERM, "libvirt holds the monitor, and --no-passthrough forbids to ask through it");
	if (v->config.read_only)
		return err_set(err, -EPERM, "libvirt holds the monitor, and asking through it marks the guest as tainted, "
			       "which --read-only forbids");
	return 0;
}

static int allowed(struct virt *v, const char *uuid, struct conn **out, struct err *err)
{
	int rc = may_pass(v, err);

	if (!rc)
		rc = conn_for(v, uuid, out, err);
	if (!rc && (*out)->read_only)
		return err_set(err, -EPERM, "libvirt holds the monitor, and %s lets this user only read, as -r does (root and the group "
			       "libvirt may more)", (*out)->uri);
	return rc;
}

int virt_may_pass(struct virt *v, const char *uuid, struct err *err)
{
	struct conn *c;
	struct err why = {0};
	int rc;

	pthread_mutex_lock(&v->lock);
	rc = allowed(v, uuid, &c, &why);
	pthread_mutex_unlock(&v->lock);
	if (rc != -EPERM)		/* what else there is comes out when it is asked */
		return 0;
	if (err)
		*err = why;
	return rc;
}

/* Wait for one command, outside of a client: its result, or why there is none. */
static int once(struct pass *p, void (*run)(struct call *), const char *text, unsigned timeout_ms, struct call **out,
		struct err *err)
{
	struct call *call = start(p, run, text, timeout_ms);
	eventfd_t n;
	int rc = call_wait(call, err);

	eventfd_read(p->ready, &n);
	if (!rc && out) {
		*out = call;
		return 0;
	}
	pthread_mutex_lock(&p->v->lock);
	call_unref(call);
	pthread_mutex_unlock(&p->v->lock);
	return rc;
}

/* As QEMU would greet: the version is that of the guest's own process. */
static int greet(struct pass *p, unsigned timeout_ms, struct err *err)
{
	auto_json struct json_object *answer = NULL, *greeting = json_object_new_object();
	struct json_object *qmp = json_object_new_object();
	struct call *call;
	int rc = once(p, monitor_run, "{\"execute\":\"query-version\"}", timeout_ms, &call, err);

	if (!rc) {
		rc = json_parse(call->result, strlen(call->result), &answer, err);
		p->call = call;
		drop_call(p);
	}
	if (!rc && !json_member(answer, "return"))
		rc = err_set(err, -EREMOTEIO, "QEMU does not tell its version through libvirt");
	if (rc) {
		json_object_put(qmp);
		return rc;
	}
	json_put(qmp, "version", json_object_get(json_member(answer, "return")));
	json_put(qmp, "capabilities", json_object_new_array());
	json_put(greeting, "QMP", qmp);
	deliver(p, greeting, NULL);
	return 0;
}

/* Whether it is clean yet, which the first command ends. Not known is taken as yes. */
static bool is_clean(struct pass *p, unsigned timeout_ms)
{
	struct call *call;
	bool clean = true;

	if (!once(p, tainted_run, NULL, timeout_ms, &call, NULL)) {
		clean = !call->number;
		p->call = call;
		drop_call(p);
	}
	return clean;
}

int virt_qmp_open(struct virt *v, const char *uuid, unsigned timeout_ms, struct qmp **out, bool *taints,
		  struct err *err)
{
	struct pass *p;
	struct conn *c = NULL;
	bool clean;
	int rc;

	pthread_mutex_lock(&v->lock);
	rc = allowed(v, uuid, &c, err);
	if (!rc)
		v->refs++;
	pthread_mutex_unlock(&v->lock);
	if (rc)
		return rc;
	p = xcalloc(1, sizeof(*p));
	p->v = v;
	p->conn = c;
	strcpy(p->uuid, uuid);
	p->ready = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	p->in = json_stream_new(1u << 20);
	clean = is_clean(p, timeout_ms);
	rc = greet(p, timeout_ms, err);
	if (rc) {
		pass_close(p);
		return rc;
	}
	*out = qmp_open(&pass_transport, p);
	rc = qmp_greet(*out, timeout_ms, err);	/* ours: it is there already */
	if (rc)
		qmp_close(*out);
	else if (taints)
		*taints = clean;
	return rc;
}
