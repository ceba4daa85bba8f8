// SPDX-License-Identifier: GPL-3.0-or-later
/* A QEMU with a ledger. */
#include "fault_model.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define GREETING "{\"QMP\":{\"version\":{\"qemu\":{\"micro\":22,\"minor\":2,\"major\":7},\"package\":\"model\"}," \
	"\"capabilities\":[]}}\r\n"
#define THING_FDS 32

/* Something that is there: "netdev n-net", with the descriptors it holds. */
struct thing {
	char *kind, *name, *value;
	int fds[THING_FDS];
	size_t n_fds;
	bool asked;			/* a device that the guest was asked to release */
};

struct model {
	const struct fault_case *c;
	pthread_t thread;
	int fd;
	bool running;
	pthread_mutex_t lock;		/* for what follows */
	struct thing *things;
	size_t n_things;
	enum fault armed, takes;
	bool questions, hit, wedged, stuck;
	int passed;			/* a descriptor that came along, -1 */
	char *complaint;
};

static const struct fault_effect effects[] = {
	{ "blockdev-add", "node", "node-name" }, { "blockdev-del", "node", "node-name", .removes = true },
	{ "chardev-add", "chardev", "id" }, { "chardev-remove", "chardev", "id", .removes = true },
	{ "device_add", "device", "id" }, { "device_del", "device", "id", .removes = true },
	{ "getfd", "fd", "fdname" }, { "closefd", "fd", "fdname", .removes = true },
	{ "netdev_add", "netdev", "id" }, { "netdev_del", "netdev", "id", .removes = true },
	{ "object-add", "object", "id" }, { "object-del", "object", "id", .removes = true },
	{ "set_link", "link", "name", .value = "up" }, { "block_resize", "size", "node-name", .value = "size" },
	{ 0 }
};

static const struct fake_item common[] = {
	{ .expect = "qmp_capabilities" },
	{ .expect = "query-migrate" },
	{ .expect = "query-status", .reply = "{\"running\":true,\"status\":\"running\"}" },
	{ .expect = "qom-get", .args = "{\"property\":\"type\"}", .reply = "\"virtio-net-device\"" },
	{ .expect = "x-query-virtio-status",
	  .reply = "{\"vhost-started\":false,\"num-vqs\":1,\"status\":{\"statuses\":[\"VIRTIO_CONFIG_S_DRIVER_OK: up\"]}}" },
	{ .expect = "qom-list", .args = "{\"path\":\"/machine/peripheral\"}", .reply = "[]" },
	{ .expect = "query-chardev", .reply = "[]" },
	{ .expect = "query-named-block-nodes", .reply = "[]" },
	{ 0 }
};

#define DRIVER_IS_DOWN "{\"vhost-started\":false,\"num-vqs\":1,\"status\":{\"statuses\":[]}}"

/* ---- things */

static struct thing *find(struct model *m, const char *kind, const char *name)
{
	size_t i;

	for (i = 0; i < m->n_things; i++)
		if (!strcmp(m->things[i].kind, kind) && !strcmp(m->things[i].name, name))
			return &m->things[i];
	return NULL;
}

static struct thing *add(struct model *m, const char *kind, const char *name, const char *value)
{
	struct thing *t = vec_push(m->things, m->n_things);

	t->kind = xstrdup(kind);
	t->name = xstrdup(name);
	t->value = xstrdup(value);
	return t;
}

static void drop(struct model *m, struct thing *t)
{
	while (t->n_fds)
		close(t->fds[--t->n_fds]);
	free(t->kind);
	free(t->name);
	free(t->value);
	*t = m->things[--m->n_things];
	memset(&m->things[m->n_things], 0, sizeof(*t));
}

/* "a:b" of fds= and the like: their descriptors are the netdev's now. */
static bool take_fds(struct model *m, const char *netdev, struct json_object *args)
{
	static const char *const keys[] = { "fd", "fds", "vhostfd", "vhostfds" };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(keys); i++) {
		auto_free char *list = xstrdup(json_str(args, keys[i]));
		char *name, *save = NULL;

		for (name = list ? strtok_r(list, ":", &save) : NULL; name; name = strtok_r(NULL, ":", &save)) {
			struct thing *fd = find(m, "fd", name), *to = find(m, "netdev", netdev);

			if (!fd || to->n_fds == THING_FDS)
				return false;
			to->fds[to->n_fds++] = fd->fds[--fd->n_fds];
			drop(m, fd);
		}
	}
	return true;
}

/* ---- talking */

static void say(struct model *m, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void say(struct model *m, const char *fmt, ...)
{
	auto_free char *text = NULL;
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (len > 0 && send(m->fd, text, (size_t)len, MSG_NOSIGNAL) != len)
		return;
}

static void say_gone(struct model *m, const char *id)
{
	say(m, "{\"event\":\"DEVICE_DELETED\",\"data\":{\"path\":\"/machine/peripheral/%s/virtio-backend\"}}\r\n"
	    "{\"event\":\"DEVICE_DELETED\",\"data\":{\"device\":\"%s\",\"path\":\"/machine/peripheral/%s\"}}\r\n", id, id, id);
}

static void refuse(struct model *m, const char *id, const char *class, const char *what)
{
	say(m, "{\"error\":{\"class\":\"%s\",\"desc\":\"%s\"},\"id\":%s}\r\n", class, what, id);
}

static struct json_object *parse(const char *text)
{
	struct json_object *out = NULL;
	struct err err = {0};

	if (json_parse(text, strlen(text), &out, &err)) {
		fprintf(stderr, "fault_model: %s: %s\n", err.text, text);
		abort();
	}
	return out;
}

static bool fits(struct json_object *have, const char *want_text)
{
	auto_json struct json_object *want = want_text ? parse(want_text) : NULL;

	if (!want)
		return true;
	json_object_object_foreach(want, key, value)
		if (!json_object_equal(json_member(have, key), value))
			return false;
	return true;
}

static const struct fake_item *answer_in(const struct fake_item *list, const char *command, struct json_object *args)
{
	for (; list && list->expect; list++)
		if (!strcmp(list->expect, command) && fits(args, list->args))
			return list;
	return NULL;
}

/* What the ledger adds to a list. */
static void add_things(struct model *m, struct json_object *list, const char *kind, const char *key, const char *type)
{
	size_t i;

	for (i = 0; i < m->n_things; i++) {
		struct json_object *obj;

		if (strcmp(m->things[i].kind, kind))
			continue;
		obj = json_put_str(json_object_new_object(), key, m->things[i].name);
		if (type)
			json_put_str(obj, "type", type);
		json_object_array_add(list, obj);
	}
}

static void answer(struct model *m, const struct fake_item *item, const char *command, struct json_object *args,
		   const char *id)
{
	auto_json struct json_object *ret = item->file ? json_object_from_file(item->file) : parse(item->reply
		? item->reply : "{}");
	auto_free char *text = NULL, *class = NULL;

	if (item->error) {
		class = xstrndup(item->error, strcspn(item->error, ":"));
		refuse(m, id, class, item->error);
		return;
	}
	if (!strcmp(command, "qom-list") && !strcmp(json_str(args, "path"), "/machine/peripheral"))
		add_things(m, ret, "device", "name", m->c->type ? m->c->type : "child<virtio-net-pci>");
	else if (!strcmp(command, "query-chardev"))
		add_things(m, ret, "chardev", "label", NULL);
	else if (!strcmp(command, "query-named-block-nodes"))
		add_things(m, ret, "node", "node-name", NULL);
	text = json_text(ret);
	say(m, "{\"return\":%s,\"id\":%s}\r\n", text, id);
}

/* ---- commands */

static const struct fault_effect *effect_of(const struct model *m, const char *command)
{
	const struct fault_effect *e;

	for (e = m->c->effects; e && e->command; e++)
		if (!strcmp(e->command, command))
			return e;
	for (e = effects; e->command; e++)
		if (!strcmp(e->command, command))
			return e;
	return NULL;
}

static char *name_of(const struct fault_effect *e, struct json_object *args)
{
	const char *slash = strchr(e->key, '/');
	auto_free char *outer = slash ? xstrndup(e->key, (size_t)(slash - e->key)) : NULL;
	struct json_object *value = json_member(slash ? json_member(args, outer) : args, slash ? slash + 1 : e->key);

	if (*e->key == '=')
		return xstrdup(e->key + 1);
	return xstrdup(value ? json_object_get_string(value) : "?");
}

/* NULL when it is done, else QEMU's class of error. A device is not removed but asked for. */
static const char *do_it(struct model *m, const struct fault_effect *e, struct json_object *args)
{
	auto_free char *name = name_of(e, args);
	struct thing *t = find(m, e->kind, name);
	bool device = !strcmp(e->command, "device_del");

	if (e->value) {
		struct json_object *value = json_member(args, e->value);

		t = t ? t : add(m, e->kind, name, "?");
		free(t->value);
		t->value = xstrdup(*e->value == '=' ? e->value + 1 : json_object_get_string(value));
		return NULL;
	}
	if (e->removes && !t)
		return strcmp(e->command, "device_del") && strcmp(e->command, "netdev_del") ? "GenericError" :
			"DeviceNotFound";
	if (e->removes && device)
		t->asked = true;
	else if (e->removes)
		drop(m, t);
	if (e->removes)
		return NULL;
	if (t)
		return "GenericError";
	t = add(m, e->kind, name, NULL);
	if (!strcmp(e->kind, "fd")) {
		if (m->passed < 0)
			return "GenericError";
		t->fds[t->n_fds++] = m->passed;
		m->passed = -1;
	}
	return strcmp(e->command, "netdev_add") || take_fds(m, name, args) ? NULL : "GenericError";
}

static void say_acpi(struct model *m, const char *id, unsigned source, unsigned status)
{
	say(m, "{\"event\":\"ACPI_DEVICE_OST\",\"data\":{\"info\":{\"device\":\"%s\",\"source\":%u,\"status\":%u,\"slot\":\"0\","
	    "\"slot-type\":\"DIMM\"}}}\r\n", id, source, status);
}

/* The guest has been asked, and does as the fault has it. */
static void guest_answers(struct model *m, const char *name, enum fault fault)
{
	struct thing *t = find(m, "device", name);

	if (!t || m->stuck || fault == FAULT_GUEST_SILENT)
		return;
	if (fault == FAULT_GUEST_REFUSES) {
		t->asked = false;
		if (m->c->acpi) {
			say_acpi(m, name, 3, 0x84);
			say_acpi(m, name, 3, 0x82);
			return;
		}
		say(m, "{\"event\":\"DEVICE_UNPLUG_GUEST_ERROR\",\"data\":{\"device\":\"%s\",\"path\":\"/machine/peripheral/%s\"}}\r\n",
		    name, name);
		return;
	}
	drop(m, t);
	say_gone(m, name);
}

static bool ends_connection(enum fault f)
{
	return f == FAULT_CLOSED || f == FAULT_GARBAGE || f == FAULT_DIED;
}

static bool end_connection(struct model *m, enum fault f)
{
	if (f == FAULT_GARBAGE)
		say(m, "SSH-2.0-OpenSSH\r\n");
	else
		shutdown(m->fd, SHUT_RDWR);
	return f == FAULT_GARBAGE;	/* it goes on reading, and says nothing more */
}

static bool change(struct model *m, const struct fault_effect *e, struct json_object *args, const char *id,
	enum fault f)
{
	auto_free char *name = name_of(e, args);
	bool asks = !strcmp(e->command, "device_del");
	const char *class;

	if (f == FAULT_ERROR) {
		refuse(m, id, "GenericError", "it does not want to");
		return true;
	}
	if (f == FAULT_LOST || m->wedged)
		return true;
	class = do_it(m, e, args);
	if (f == FAULT_WEDGED)
		m->wedged = true;
	if (f == FAULT_SILENT || f == FAULT_WEDGED || f == FAULT_INTERRUPTED)
		return true;
	if (asks && f == FAULT_EVENT_FIRST)
		guest_answers(m, name, f);
	if (m->c->acpi && !class && !strcmp(e->command, "device_add") && m->takes != FAULT_GUEST_SILENT) {
		m->hit |= m->takes == FAULT_GUEST_REFUSES;
		say_acpi(m, name, 1, m->takes == FAULT_GUEST_REFUSES);	/* before the reply, even */
	}
	if (ends_connection(f) && !asks)
		return end_connection(m, f);
	if (class)
		refuse(m, id, class, e->removes ? "it was not found" : "so it is");
	else
		say(m, "{\"return\":{},\"id\":%s}\r\n", id);
	if (ends_connection(f))
		return end_connection(m, f);
	if (asks && f != FAULT_EVENT_FIRST)
		guest_answers(m, name, f);
	return true;
}

/* False: the connection is over. */
static bool question(struct model *m, const char *command, struct json_object *args, const char *id, enum fault f)
{
	const struct fake_item *item = answer_in(m->c->answers, command, args), down = { .reply = DRIVER_IS_DOWN };

	if (!item)
		item = answer_in(common, command, args);
	if (!item && !m->complaint)
		m->complaint = xasprintf("%s %s", command, json_object_to_json_string(args));
	if (f == FAULT_WEDGED)
		m->wedged = true;
	if (ends_connection(f))
		return end_connection(m, f);
	if (m->wedged || f == FAULT_SILENT || f == FAULT_LOST || f == FAULT_INTERRUPTED)
		return true;
	m->stuck |= f == FAULT_STUCK;
	if (!item || f == FAULT_ERROR || f == FAULT_STUCK)
		refuse(m, id, "GenericError", "it does not want to");
	else
		answer(m, f == FAULT_GUEST_SILENT ? &down : item, command, args, id);
	return true;
}

/* The fault that this command is to have; one of the guest's lasts. */
static enum fault fault_of(struct model *m, bool is_question, const char *command)
{
	enum fault f = m->armed;

	if (f == FAULT_NONE || m->questions != is_question || !strcmp(command, "qmp_capabilities"))
		return FAULT_NONE;
	if (is_question && f == FAULT_GUEST_SILENT && strcmp(command, "x-query-virtio-status"))
		return FAULT_NONE;
	/* what a device is may be asked before the question itself, and a refusal of that is no fault */
	if (is_question && (f == FAULT_ERROR || f == FAULT_STUCK) && !strcmp(command, "qom-get"))
		return FAULT_NONE;
	m->hit = true;
	if (!is_question || f != FAULT_GUEST_SILENT)
		m->armed = FAULT_NONE;
	return f;
}

static bool take(struct model *m, struct json_object *doc)
{
	const char *command = json_str(doc, "execute");
	struct json_object *args = json_member(doc, "arguments"), *id = json_member(doc, "id");
	auto_free char *id_text = xstrdup(id ? json_object_to_json_string(id) : "null");
	const struct fault_effect *e;
	bool go_on;

	pthread_mutex_lock(&m->lock);
	e = effect_of(m, command);
	go_on = e ? change(m, e, args, id_text, fault_of(m, false, command)) :
		question(m, command, args, id_text, fault_of(m, true, command));
	if (m->passed >= 0)		/* nobody took it */
		close(take_fd(&m->passed));
	pthread_mutex_unlock(&m->lock);
	return go_on;
}

static ssize_t take_in(struct model *m, char *bytes, size_t size)
{
	char control[CMSG_SPACE(sizeof(int))];
	struct iovec iov = { .iov_base = bytes, .iov_len = size };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen =
		sizeof(control) };
	ssize_t n = recvmsg(m->fd, &msg, MSG_CMSG_CLOEXEC);
	struct cmsghdr *head = n > 0 ? CMSG_FIRSTHDR(&msg) : NULL;

	if (head) {
		if (m->passed >= 0)
			close(m->passed);
		memcpy(&m->passed, CMSG_DATA(head), sizeof(int));
	}
	return n;
}

static void *run(void *arg)
{
	struct json_stream *in = json_stream_new(1 << 20);
	struct model *m = arg;
	char bytes[4096];
	bool go_on = true;
	ssize_t n;

	say(m, GREETING);
	while (go_on && (n = take_in(m, bytes, sizeof(bytes))) > 0) {
		size_t at = 0, used;

		while (go_on && at < (size_t)n) {
			auto_json struct json_object *doc = NULL;

			if (json_stream_feed(in, bytes + at, (size_t)n - at, &used, &doc, NULL))
				go_on = false;
			at += used;
			if (doc)
				go_on = take(m, doc);
		}
	}
	json_stream_free(in);
	return NULL;
}

/* ---- for fault_table.c */

struct model *model_new(const struct fault_case *c)
{
	struct model *m = xcalloc(1, sizeof(*m));
	size_t i;

	m->c = c;
	m->fd = m->passed = -1;
	pthread_mutex_init(&m->lock, NULL);
	for (i = 0; i < FAULT_LIST && c->there[i]; i++) {
		const char *name = strchr(c->there[i], ' ') + 1, *value = strchr(name, '=');
		auto_free char *kind = xstrndup(c->there[i], (size_t)(name - c->there[i]) - 1);
		auto_free char *bare = xstrndup(name, value ? (size_t)(value - name) : strlen(name));

		add(m, kind, bare, value ? value + 1 : NULL);
	}
	return m;
}

int model_offer(struct model *m)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
		abort();
	m->fd = ends[0];
	m->armed = FAULT_NONE;
	m->wedged = m->stuck = false;
	return ends[1];
}

void model_serve(struct model *m)
{
	if (pthread_create(&m->thread, NULL, run, m))
		abort();
	m->running = true;
}

struct qmp *model_connect(struct model *m)
{
	struct qmp *q = qmp_open_fd(model_offer(m));
	struct err err = {0};

	model_serve(m);
	if (qmp_greet(q, 10000, &err)) {
		fprintf(stderr, "fault_model: %s\n", err.text);
		abort();
	}
	return q;
}

void model_disconnect(struct model *m)
{
	if (!m->running)
		return;
	shutdown(m->fd, SHUT_RDWR);
	pthread_join(m->thread, NULL);
	close(m->fd);
	m->running = false;
}

void model_arm(struct model *m, enum fault fault, bool questions)
{
	pthread_mutex_lock(&m->lock);
	m->armed = fault;
	m->questions = questions;
	pthread_mutex_unlock(&m->lock);
}

void model_guest_takes(struct model *m, enum fault how)
{
	m->takes = how;
	m->hit |= how == FAULT_GUEST_SILENT;
}

void model_hang_up(struct model *m)
{
	pthread_mutex_lock(&m->lock);
	shutdown(m->fd, SHUT_RDWR);
	m->hit = true;
	pthread_mutex_unlock(&m->lock);
}

bool model_is_hit(struct model *m)
{
	return m->hit;
}

void model_let_go(struct model *m)
{
	size_t i;

	for (i = m->n_things; i-- > 0; )
		if (m->things[i].asked)
			drop(m, &m->things[i]);
}

static int text_cmp(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

char *model_ledger(struct model *m)
{
	char **lines = NULL;
	struct buf all = {0};
	size_t n = 0, i;

	for (i = 0; i < m->n_things; i++)
		*vec_push(lines, n) = xasprintf("%s %s%s%s", m->things[i].kind, m->things[i].name, m->things[i].value ? "=" : "",
						m->things[i].value ? m->things[i].value : "");
	if (n)
		qsort(lines, n, sizeof(*lines), text_cmp);
	for (i = 0; i < n; i++)
		buf_printf(&all, "%s\n", lines[i]);
	qmp_strings_free(lines, n);
	return buf_take(&all);
}

const char *model_complaint(struct model *m)
{
	return m->complaint;
}

void model_die(struct model *m)
{
	while (m->n_things)
		drop(m, &m->things[0]);
}

void model_free(struct model *m)
{
	model_disconnect(m);
	model_die(m);
	free(m->things);
	free(m->complaint);
	pthread_mutex_destroy(&m->lock);
	free(m);
}
