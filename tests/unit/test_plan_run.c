// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The engine against a scripted QEMU: each step of a plan that adds and one that removes, with each thing that can go
 * wrong there. Afterwards the guest is as before (the peer saw the inverse commands, in reverse), or `left` says what
 * is not. The table is printed as it is gone through.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fake_qmp.h"
#include "host_tree.h"
#include "lib/plan/plan.h"

/* Where somebody is to be silent, and else: a busy machine is no fault. */
#define SILENCE_MS 250
#define PATIENCE_MS 20000
#define GONE "{\"event\":\"DEVICE_DELETED\",\"data\":{\"device\":\"d0\",\"path\":\"/machine/peripheral/d0\"}}\r\n"
#define GONE_INNER "{\"event\":\"DEVICE_DELETED\",\"data\":{\"path\":\"/machine/peripheral/d0/virtio-backend\"}}\r\n"
#define GONE_OTHER "{\"event\":\"DEVICE_DELETED\",\"data\":{\"device\":\"d1\",\"path\":\"/machine/peripheral/d1\"}}\r\n"
#define REFUSES "{\"event\":\"DEVICE_UNPLUG_GUEST_ERROR\",\"data\":{\"device\":\"d0\",\"path\":\"/machine/peripheral/d0\"}}\r\n"
#define UP "{\"vhost-started\":false,\"num-vqs\":1,\"status\":{\"statuses\":[\"VIRTIO_CONFIG_S_DRIVER_OK: up\"]}}"
#define NOT_UP "{\"vhost-started\":false,\"num-vqs\":1,\"status\":{\"statuses\":[]}}"

#define NODE "block node d0-node (/img)"
#define DEVICE "device d0"
#define STAYS "device d0, which the guest has not released"
#define NODE_A "block node a"
#define NODE_B "block node b"

static struct json_object *named(const char *key, const char *value)
{
	return json_put_str(json_object_new_object(), key, value);
}

static struct plan *add_plan(bool required)
{
	struct plan *p = plan_new("disk add", "vm1", NULL);
	struct step *s;

	p->device = xstrdup("d0");
	s = plan_qmp(p, "blockdev-add", named("node-name", "d0-node"));
	step_undo_qmp(s, "blockdev-del", named("node-name", "d0-node"));
	step_leaves(s, NODE);
	s = plan_qmp(p, "device_add", named("id", "d0"));
	step_undo_qmp(s, "device_del", named("id", "d0"));
	step_undo_await_gone(s, "d0");
	step_leaves(s, DEVICE);
	plan_await_driver(p, "d0", required);
	return p;
}

static struct plan *remove_plan(void)
{
	struct plan *p = plan_new("disk remove", "vm1", NULL);
	struct step *s;

	p->device = xstrdup("d0");
	plan_qmp(p, "device_del", named("id", "d0"));
	s = plan_await_gone(p, "d0");
	step_leaves(s, STAYS);
	s = plan_qmp(p, "blockdev-del", named("node-name", "a"));
	step_leaves(s, NODE_A);
	s = plan_drop_node(p, "b");
	step_leaves(s, NODE_B);
	return p;
}

/* What the peer is asked for, in order, when all goes well. */
static const struct fake_item add_script[] = {
	{ .expect = "blockdev-add", .args = "{\"node-name\":\"d0-node\"}" },
	{ .expect = "device_add", .args = "{\"id\":\"d0\"}" },
	{ .expect = "x-query-virtio-status", .args = "{\"path\":\"/machine/peripheral/d0/virtio-backend\"}",
	  .reply = UP },
};
static const struct fake_item add_inverse[] = {
	{ .expect = "blockdev-del", .args = "{\"node-name\":\"d0-node\"}" },
	{ .expect = "device_del", .args = "{\"id\":\"d0\"}", .after = GONE_OTHER GONE_INNER GONE },
};
static const struct fake_item remove_script[] = {
	{ .expect = "device_del", .args = "{\"id\":\"d0\"}", .after = GONE_OTHER GONE_INNER GONE },
	{ 0 },		/* waits for the event */
	{ .expect = "blockdev-del", .args = "{\"node-name\":\"a\"}" },
	{ .expect = "blockdev-del", .args = "{\"node-name\":\"b\"}" },
};
/* Asked in between, as often as it pleases. */
static const struct fake_item background[] = {
	{ .expect = "qom-get", .any = true, .reply = "\"virtio-blk-device\"" },
	{ .expect = "query-status", .any = true },
};

enum fault { NO_FAULT, ERROR, SILENT, WEDGED, CLOSED, GARBAGE, INTERRUPTED, EVENT_FIRST };
static const char *const fault_names[] = {
	"none", "error reply", "silence", "silence for good", "connection closed", "garbage", "interrupt",
	  "event before reply",
};

struct outcome {
	bool removal;
	unsigned step;
	enum fault fault;
	enum plan_status status;
	int exit_code;
	bool pending;
	const char *left;	/* joined by "; " */
};

static const struct outcome outcomes[] = {
	{ false, 0, NO_FAULT, PLAN_OK, 0, false, "" },
	{ false, 0, ERROR, PLAN_FAILED, 1, false, "" },
	{ false, 1, ERROR, PLAN_FAILED, 1, false, "" },
	{ false, 2, ERROR, PLAN_FAILED, 1, false, "" },
	{ false, 0, SILENT, PLAN_FAILED, 1, false, "" },
	{ false, 1, SILENT, PLAN_FAILED, 1, false, "" },
	{ false, 2, SILENT, PLAN_TIMEOUT, 4, false, "" },
	{ false, 0, WEDGED, PLAN_TIMEOUT, 4, true, NODE ", perhaps" },
	{ false, 1, WEDGED, PLAN_TIMEOUT, 4, true, NODE "; " DEVICE ", perhaps" },
	{ false, 0, CLOSED, PLAN_PARTIAL, 6, false, NODE },
	{ false, 1, CLOSED, PLAN_PARTIAL, 6, false, NODE "; " DEVICE },
	{ false, 2, CLOSED, PLAN_PARTIAL, 6, false, NODE "; " DEVICE },
	{ false, 0, GARBAGE, PLAN_PARTIAL, 6, false, NODE },
	{ false, 1, GARBAGE, PLAN_PARTIAL, 6, false, NODE "; " DEVICE },
	{ false, 2, GARBAGE, PLAN_PARTIAL, 6, false, NODE "; " DEVICE },
	{ false, 0, INTERRUPTED, PLAN_FAILED, 1, false, "" },
	{ false, 1, INTERRUPTED, PLAN_FAILED, 1, false, "" },
	{ false, 2, INTERRUPTED, PLAN_FAILED, 1, false, "" },
	{ false, 2, EVENT_FIRST, PLAN_FAILED, 1, false, "" },		/* of the inverse */

	{ true, 0, NO_FAULT, PLAN_OK, 0, false, "" },
	{ true, 0, ERROR, PLAN_FAILED, 1, false, "" },
	{ true, 1, ERROR, PLAN_REFUSED, 4, false, "" },		/* the guest says no */
	{ true, 2, ERROR, PLAN_PARTIAL, 6, true, NODE_A "; " NODE_B },
	{ true, 3, ERROR, PLAN_PARTIAL, 6, true, NODE_B },
	{ true, 0, SILENT, PLAN_TIMEOUT, 4, true, STAYS "; " NODE_A "; " NODE_B },
	{ true, 1, SILENT, PLAN_TIMEOUT, 4, true, STAYS "; " NODE_A "; " NODE_B },
	{ true, 2, SILENT, PLAN_PARTIAL, 6, true, NODE_A "; " NODE_B },
	{ true, 3, SILENT, PLAN_PARTIAL, 6, true, NODE_B },
	{ true, 0, CLOSED, PLAN_PARTIAL, 6, true, STAYS "; " NODE_A "; " NODE_B },
	{ true, 1, CLOSED, PLAN_PARTIAL, 6, true, STAYS "; " NODE_A "; " NODE_B },
	{ true, 2, CLOSED, PLAN_PARTIAL, 6, true, NODE_A "; " NODE_B },
	{ true, 3, CLOSED, PLAN_PARTIAL, 6, true, NODE_B },
	{ true, 0, GARBAGE, PLAN_PARTIAL, 6, true, STAYS "; " NODE_A "; " NODE_B },
	{ true, 1, GARBAGE, PLAN_PARTIAL, 6, true, STAYS "; " NODE_A "; " NODE_B },
	{ true, 2, GARBAGE, PLAN_PARTIAL, 6, true, NODE_A "; " NODE_B },
	{ true, 3, GARBAGE, PLAN_PARTIAL, 6, true, NODE_B },
	{ true, 0, INTERRUPTED, PLAN_TIMEOUT, 4, true, STAYS "; " NODE_A "; " NODE_B },
	{ true, 1, INTERRUPTED, PLAN_TIMEOUT, 4, true, STAYS "; " NODE_A "; " NODE_B },
	{ true, 2, INTERRUPTED, PLAN_PARTIAL, 6, true, NODE_A "; " NODE_B },
	{ true, 3, INTERRUPTED, PLAN_PARTIAL, 6, true, NODE_B },
	{ true, 0, EVENT_FIRST, PLAN_OK, 0, false, "" },
};

static struct fake_item faulty(struct fake_item item, enum fault fault)
{
	switch (fault) {
	case NO_FAULT:
		break;
	case ERROR:
		item.error = "GenericError: it does not want to";
		break;
	case SILENT:
	case WEDGED:
	case INTERRUPTED:
		item.how = FAKE_SILENT;
		break;
	case CLOSED:
		item.how = FAKE_CLOSE;
		break;
	case GARBAGE:
		item.how = FAKE_RAW;
		item.raw = "SSH-2.0-OpenSSH\r\n";
		break;
	case EVENT_FIRST:
		item.before = item.after;
		item.after = NULL;
		break;
	}
	return item;
}

static void script_add(const struct outcome *o, struct fake_item **list, size_t *n)
{
	bool perhaps = o->fault == SILENT || o->fault == WEDGED || o->fault == INTERRUPTED;
	size_t i;

	for (i = 0; i <= o->step || (o->fault == NO_FAULT && i < ARRAY_SIZE(add_script)); i++) {
		if (i == 2 && o->fault == INTERRUPTED)	/* which ends the question before */
			break;
		if (i == o->step && o->fault == EVENT_FIRST)
			*vec_push(*list, *n) = faulty(add_script[i], ERROR);
		else
			*vec_push(*list, *n) = i == o->step ? faulty(add_script[i], o->fault) : add_script[i];
	}
	if (o->fault == NO_FAULT || o->fault == CLOSED || o->fault == GARBAGE)
		return;
	if (o->fault == WEDGED) {	/* nothing is tried */
		*vec_push(*list, *n) = faulty((struct fake_item){ .expect = "query-status" }, WEDGED);
		return;
	}
	for (i = o->step + perhaps; i-- > 0; )
		if (i < ARRAY_SIZE(add_inverse))
			*vec_push(*list, *n) = o->fault == EVENT_FIRST ? faulty(add_inverse[i], o->fault) : add_inverse[i];
}

static void script_remove(const struct outcome *o, struct fake_item **list, size_t *n)
{
	size_t i;

	for (i = 0; i <= o->step || (o->fault == EVENT_FIRST && i < 4) || (o->fault == NO_FAULT && i < 4); i++) {
		struct fake_item item = remove_script[i];

		if (i == 1 && o->step == 1 && (o->fault == CLOSED || o->fault == GARBAGE))
			*vec_push(*list, *n) = faulty((struct fake_item){0}, o->fault);
		if (i == 1)
			continue;
		if (i == 0 && o->step == 1)
			item.after = o->fault == ERROR ? REFUSES : GONE_OTHER GONE_INNER;
		*vec_push(*list, *n) = i == o->step ? faulty(item, o->fault) : item;
	}
}

struct interruption {
	int fd;
	size_t step;
	bool wanted;
};

static void on_progress(void *arg, const struct plan *p, size_t step)
{
	struct interruption *i = arg;

	if (i->wanted && step == i->step && step < p->n_steps)
		eventfd_write(i->fd, 1);
}

static char *joined(char *const *list, size_t n)
{
	struct buf b = {0};
	size_t i;

	for (i = 0; i < n; i++)
		buf_printf(&b, "%s%s", i ? "; " : "", list[i]);
	return buf_take(&b);
}

static void check_steps(const struct outcome *o, const struct plan *p)
{
	size_t i;

	for (i = 0; i < p->n_steps; i++) {
		enum step_status s = p->steps[i].status;

		if (o->status == PLAN_OK)
			assert_int_equal(s, STEP_OK);
		else if (i == o->step)
			assert_int_equal(s, o->fault == WEDGED ? STEP_UNKNOWN : o->fault == SILENT ? STEP_TIMEOUT : STEP_FAILED);
		else if (i > o->step)
			assert_int_equal(s, STEP_TODO);
		else if (!o->removal && !*o->left)
			assert_int_equal(s, STEP_UNDONE);
		else
			assert_int_equal(s, STEP_OK);
	}
}

/* One of them, in a thread of its own. */
struct outcome_run {
	const struct outcome *o;
	struct plan *p;
	struct interruption interrupt;
	struct fake_item *list;
	struct fake_qmp *f;
	struct qmp *q;
	pthread_t thread;
	int rc;
};

static bool is_silent(const struct outcome *o)
{
	return o->fault == SILENT || o->fault == WEDGED;
}

static void *run_to_end(void *arg)
{
	struct outcome_run *r = arg;
	bool silent = is_silent(r->o);

	r->rc = plan_run(r->p, &(struct plan_env){ .qmp = r->q, .timeout_ms = silent ? SILENCE_MS : PATIENCE_MS,
						   .undo_ms = silent ? SILENCE_MS : 0, .interrupt_fd = r->interrupt.fd,
						   .progress = on_progress, .arg = &r->interrupt });
	return NULL;
}

static void outcome_begin(struct outcome_run *r, const struct outcome *o)
{
	size_t n = 0, i;

	*r = (struct outcome_run){
		.o = o, .p = o->removal ? remove_plan() : add_plan(false),
		.interrupt = { .fd = eventfd(0, EFD_CLOEXEC), .step = o->step, .wanted = o->fault == INTERRUPTED },
	};
	if (o->removal)
		script_remove(o, &r->list, &n);
	else
		script_add(o, &r->list, &n);
	for (i = 0; i < ARRAY_SIZE(background) - (o->fault == WEDGED); i++)
		*vec_push(r->list, n) = background[i];
	*vec_push(r->list, n) = (struct fake_item){0};
	r->f = fake_qmp_new(r->list);
	r->q = fake_qmp_client(r->f);
	assert_int_equal(pthread_create(&r->thread, NULL, run_to_end, r), 0);
}

static void outcome_end(struct outcome_run *r)
{
	const struct outcome *o = r->o;
	const struct plan *p = r->p;
	auto_free char *left = NULL, *verdict = NULL;

	pthread_join(r->thread, NULL);
	left = joined(p->left, p->n_left);
	print_message("  %-6s step %u  %-18s  %-8s exit %d%s  left: %s\n", o->removal ? "remove" : "add", o->step,
		      fault_names[o->fault], plan_status_name(p->status), plan_exit_code(p),
		      plan_is_pending(p) ? "  pending" : "", *left ? left : "-");
	qmp_close(r->q);
	verdict = fake_qmp_verdict(r->f);
	if (verdict)
		fail_msg("%s", verdict);
	assert_int_equal(p->status, o->status);
	assert_int_equal(plan_exit_code(p), o->exit_code);
	assert_int_equal(r->rc == 0, o->status == PLAN_OK);
	assert_string_equal(left, o->left);
	assert_int_equal(plan_is_pending(p), o->pending);
	assert_int_equal(p->err.text[0] != 0, o->status != PLAN_OK);
	check_steps(o, p);
	plan_free(r->p);
	close(r->interrupt.fd);
	free(r->list);
}

/* Where a connection ends, it takes two seconds to see that QEMU has not: so all at once, but those with a short time. */
static void each_step_with_each_fault(void **state)
{
	static struct outcome_run runs[ARRAY_SIZE(outcomes)];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(outcomes); i++)
		if (!is_silent(&outcomes[i]))
			outcome_begin(&runs[i], &outcomes[i]);
	for (i = 0; i < ARRAY_SIZE(outcomes); i++) {
		if (is_silent(&outcomes[i]))
			outcome_begin(&runs[i], &outcomes[i]);
		outcome_end(&runs[i]);
	}
}

/* Run a plan against a script, to its end. */
static int run_script(struct plan *p, const struct fake_item *script, const struct host *h)
{
	struct fake_qmp *f = fake_qmp_new(script);
	struct qmp *q = fake_qmp_client(f);
	int rc = plan_run(p, &(struct plan_env){ .host = h, .qmp = q, .timeout_ms = SILENCE_MS, .undo_ms = SILENCE_MS,
						  .interrupt_fd = -1 });

	qmp_close(q);
	fake_qmp_end(f);
	return rc;
}

static int finish_script(struct plan *p, const struct fake_item *script)
{
	struct fake_qmp *f = fake_qmp_new(script);
	struct qmp *q = fake_qmp_client(f);
	int rc = plan_finish(p, &(struct plan_env){ .qmp = q, .timeout_ms = PATIENCE_MS, .interrupt_fd = -1 });

	qmp_close(q);
	fake_qmp_end(f);
	return rc;
}

static void a_guest_that_does_not_take_the_disk(void **state)
{
	static const struct fake_item unseen[] = {
		{ .expect = "blockdev-add" }, { .expect = "device_add" },
		{ .expect = "x-query-virtio-status", .any = true, .reply = NOT_UP },
		{ .expect = "query-status", .any = true },
		{ .expect = "qom-get", .any = true, .reply = "\"virtio-blk-device\"" },
		{ 0 }
	}, undone[] = {
		{ .expect = "blockdev-add" }, { .expect = "device_add" }, { .expect = "device_del", .after = GONE },
		{ .expect = "blockdev-del" },
		{ .expect = "x-query-virtio-status", .any = true, .reply = NOT_UP },
		{ .expect = "query-status", .any = true },
		{ .expect = "qom-get", .any = true, .reply = "\"virtio-blk-device\"" },
		{ 0 }
	}, kept[] = {
		{ .expect = "blockdev-add" }, { .expect = "device_add" }, { .expect = "device_del", .after = REFUSES },
		{ .expect = "x-query-virtio-status", .any = true, .reply = NOT_UP },
		{ .expect = "query-status", .any = true },
		{ .expect = "qom-get", .any = true, .reply = "\"virtio-blk-device\"" },
		{ 0 }
	}, old[] = {
		{ .expect = "blockdev-add" }, { .expect = "device_add" },
		{ .expect = "x-query-virtio-status", .any = true, .error = "CommandNotFound: no such" },
		{ .expect = "qom-get", .any = true, .reply = "\"virtio-blk-device\"" },
		{ 0 }
	};
	static const struct {
		const struct fake_item *script;
		bool required;
		enum plan_status status;
		const char *guest, *left;
	} rows[] = {
		{ unseen, false, PLAN_OK, "unseen", "" }, { undone, true, PLAN_TIMEOUT, "unseen", "" },
		{ kept, true, PLAN_PARTIAL, "unseen", DEVICE "; " NODE }, { old, true, PLAN_OK, "unknown", "" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct plan *p = add_plan(rows[i].required);
		int rc = run_script(p, rows[i].script, NULL);
		auto_free char *left = joined(p->left, p->n_left);

		assert_int_equal(p->status, rows[i].status);
		assert_int_equal(rc == 0, rows[i].status == PLAN_OK);
		assert_string_equal(p->guest, rows[i].guest);
		assert_string_equal(left, rows[i].left);
		plan_free(p);
	}
}

static void a_guest_that_ends_leaves_nothing(void **state)
{
	static const struct fake_item script[] = {
		{ .expect = "blockdev-add" }, { .expect = "device_add", .how = FAKE_CLOSE }, { 0 }
	};
	struct plan *p = add_plan(false);
	char *root = tree_new();
	struct host *h;
	pid_t pid = fork();

	(void)state;
	tree_puts(root, "", "proc/uptime");
	h = tree_host(root);
	if (!pid)
		_exit(0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	p->ref = xasprintf("pid:%d@77", (int)pid);
	assert_int_equal(run_script(p, script, h), -ECONNRESET);
	assert_int_equal(p->status, PLAN_FAILED);
	assert_int_equal(p->n_left, 0);
	assert_int_equal(p->n_rest, 0);
	assert_non_null(strstr(p->err.text, "has ended"));
	plan_free(p);
	host_free(h);
	tree_remove(root);
}

#define PERIPHERALS(more) "[{\"name\":\"type\",\"type\":\"string\"}" more "]"
#define D0_THERE ",{\"name\":\"d0\",\"type\":\"child<virtio-blk-pci>\"}"

static void a_pending_removal_is_finished(void **state)
{
	static const struct fake_item silent[] = { { .expect = "device_del" }, { 0 } }, there[] = {
		{ .expect = "qom-list", .args = "{\"path\":\"/machine/peripheral\"}",
		  .reply = PERIPHERALS(D0_THERE) }, { 0 }
	}, in_use[] = {
		{ .expect = "qom-list", .reply = PERIPHERALS("") },
		{ .expect = "blockdev-del", .error = "GenericError: in use" }, { 0 }
	}, gone[] = {
		{ .expect = "qom-list", .reply = PERIPHERALS("") },
		{ .expect = "blockdev-del", .error = "GenericError: Block device a is in use" },	/* not for long */
		{ .expect = "blockdev-del", .args = "{\"node-name\":\"a\"}" },
		{ .expect = "blockdev-del", .error = "GenericError: Failed to find node with node-name='b'" }, { 0 }
	};
	struct plan *p = remove_plan();

	(void)state;
	assert_int_equal(run_script(p, silent, NULL), -ETIMEDOUT);
	assert_int_equal(p->n_rest, 3);
	assert_int_equal(finish_script(p, there), -EAGAIN);
	assert_int_equal(finish_script(p, in_use), -EREMOTEIO);
	assert_int_equal(p->n_left, 3);
	assert_int_equal(p->n_rest, 3);
	assert_int_equal(finish_script(p, gone), 0);
	assert_int_equal(p->status, PLAN_OK);
	assert_int_equal(p->n_left + p->n_rest, 0);
	assert_int_equal(finish_script(p, &gone[ARRAY_SIZE(gone) - 1]), -EINVAL);
	plan_free(p);
}

/* The guest neither takes the disk nor lets go of it: what has to wait is put off, and done when it may be. */
static void a_roll_back_that_waits_is_finished(void **state)
{
	static const struct fake_item script[] = {
		{ .expect = "blockdev-add" }, { .expect = "device_add" }, { .expect = "device_del" },
		{ .expect = "x-query-virtio-status", .any = true, .reply = NOT_UP },
		{ .expect = "query-status", .any = true },
		{ .expect = "qom-get", .any = true, .reply = "\"virtio-blk-device\"" },
		{ .expect = "qom-list", .any = true, .reply = PERIPHERALS(D0_THERE) },
		{ 0 }
	}, gone[] = {
		{ .expect = "qom-list", .reply = PERIPHERALS("") },
		{ .expect = "blockdev-del", .args = "{\"node-name\":\"d0-node\"}" }, { 0 }
	};
	struct plan *p = add_plan(true);
	auto_free char *left = NULL;

	(void)state;
	assert_int_equal(run_script(p, script, NULL), -ETIMEDOUT);
	assert_int_equal(p->status, PLAN_TIMEOUT);
	left = joined(p->left, p->n_left);
	assert_string_equal(left, DEVICE "; " NODE);
	assert_int_equal(p->n_rest, 2);
	assert_int_equal(finish_script(p, gone), 0);
	assert_int_equal(p->status, PLAN_UNDONE);
	assert_int_equal(p->n_left + p->n_rest, 0);
	plan_free(p);
}

/* QEMU stood still when it was asked for the device: what came of it is found out later. */
static void what_is_unknown_is_found_out(void **state)
{
	static const struct fake_item wedged[] = {
		{ .expect = "blockdev-add" }, { .expect = "device_add", .how = FAKE_SILENT }, { .expect = "query-status", .how = FAKE_SILENT },
		{ 0 }
	}, still[] = {
		{ .expect = "query-status", .how = FAKE_SILENT }, { 0 }
	}, there[] = {
		{ .expect = "query-status" }, { .expect = "qom-list", .any = true, .reply = PERIPHERALS(D0_THERE) },
		{ .expect = "query-block", .any = true, .reply = "[]" }, { 0 }
	}, absent[] = {
		{ .expect = "query-status" },
		{ .expect = "qom-list", .args = "{\"path\":\"/machine/peripheral\"}", .reply = PERIPHERALS("") },
		{ .expect = "device_del", .error = "DeviceNotFound: Device 'd0' not found" },
		{ .expect = "blockdev-del", .args = "{\"node-name\":\"d0-node\"}" }, { 0 }
	};
	bool came;

	(void)state;
	for (came = false; ; came = true) {
		struct plan *p = add_plan(false);

		assert_int_equal(run_script(p, wedged, NULL), -ETIMEDOUT);
		assert_true(plan_is_unknown(p));
		assert_int_equal(finish_script(p, still), -EAGAIN);
		assert_true(plan_is_unknown(p));
		assert_int_equal(finish_script(p, came ? there : absent), 0);
		assert_int_equal(p->status, came ? PLAN_OK : PLAN_FAILED);
		assert_int_equal(p->n_left, 0);
		assert_false(plan_is_pending(p));
		plan_free(p);
		if (came)
			break;
	}
}

/* A device without an id is known by its path, in events and in QOM. */
static void a_device_without_an_id_is_waited_for(void **state)
{
#define ANON "/machine/peripheral-anon/device[1]"
	static const struct fake_item gone[] = {
		{ .expect = "device_del", .args = "{\"id\":\"" ANON "\"}",
		  .after = "{\"event\":\"DEVICE_DELETED\",\"data\":{\"path\":\"" ANON "/virtio-backend\"}}\r\n"
			   "{\"event\":\"DEVICE_DELETED\",\"data\":{\"path\":\"" ANON "\"}}\r\n" },
		{ 0 }
	}, silent[] = {
		{ .expect = "device_del",
		  .after = "{\"event\":\"DEVICE_DELETED\",\"data\":{\"path\":\"" ANON "/virtio-backend\"}}\r\n" },
		{ 0 }
	}, there[] = {
		{ .expect = "qom-list", .args = "{\"path\":\"/machine/peripheral-anon\"}",
		  .reply = "[{\"name\":\"device[0]\",\"type\":\"child<x>\"},{\"name\":\"device[1]\",\"type\":\"child<y>\"}]" },
		{ 0 }
	}, left[] = {
		{ .expect = "qom-list", .reply = "[{\"name\":\"device[0]\",\"type\":\"child<x>\"}]" }, { 0 }
	};
	const struct fake_item *scripts[] = { gone, silent };
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(scripts); i++) {
		struct plan *p = plan_new("disk remove", "vm1", NULL);

		plan_qmp(p, "device_del", named("id", ANON));
		step_leaves(plan_await_gone(p, ANON), "device");
		assert_int_equal(run_script(p, scripts[i], NULL), i ? -ETIMEDOUT : 0);
		if (i) {
			assert_int_equal(finish_script(p, there), -EAGAIN);
			assert_int_equal(finish_script(p, left), 0);
		}
		plan_free(p);
	}
}

/* A slot that is busy is asked again until the step's time is over; what was asked for already is waited for. */
static void a_busy_slot_is_asked_again(void **state)
{
#define BUSY { .expect = "device_del", .error = "GenericError: Hot-unplug failed: guest is busy (power indicator blinking)" }
	static const struct fake_item later[] = {
		BUSY, BUSY, { .expect = "device_del", .after = GONE }, { .expect = "blockdev-del", .any = true }, { 0 }
	}, meanwhile[] = {
		{ .expect = "device_del", .error = "GenericError: Hot-unplug failed: guest is busy (power indicator blinking)", .after = GONE },
		{ .expect = "device_del", .error = "DeviceNotFound: Device 'd0' not found" }, { .expect = "blockdev-del", .any = true }, { 0 }
	}, before[] = {
		{ .expect = "device_del", .error = "GenericError: Device d0 is already in the process of unplug", .after = GONE },
		{ .expect = "blockdev-del", .any = true }, { 0 }
	}, never[] = {
		{ .expect = "device_del", .any = true, .error = "GenericError: Hot-unplug failed: guest is busy (power indicator blinking)" }, { 0 }
	}, other[] = {
		{ .expect = "device_del", .error = "GenericError: Bus 'pcie.0' does not support hotplugging" }, { 0 }
	};
	static const struct {
		const struct fake_item *script;
		int rc;
		enum plan_status status;
	} rows[] = {
		{ later, 0, PLAN_OK }, { meanwhile, 0, PLAN_OK }, { before, 0, PLAN_OK }, { never, -EACCES, PLAN_REFUSED },
		{ other, -EREMOTEIO, PLAN_FAILED },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct plan *p = remove_plan();

		assert_int_equal(run_script(p, rows[i].script, NULL), rows[i].rc);
		assert_int_equal(p->status, rows[i].status);
		plan_free(p);
	}
#undef BUSY
}

static void statuses_have_their_exit_codes(void **state)
{
	static const struct {
		enum plan_status status;
		int code, exit_code;
		const char *name;
	} rows[] = {
		{ PLAN_PLANNED, 0, 0, "planned" }, { PLAN_OK, 0, 0, "ok" }, { PLAN_UNCHANGED, 0, 0, "unchanged" },
		{ PLAN_UNDONE, 0, 0, "undone" }, { PLAN_INVALID, -EINVAL, 1, "invalid" },
		{ PLAN_FAILED, -EIO, 1, "failed" },
		{ PLAN_INVALID, -ENOENT, 3, "invalid" }, { PLAN_INVALID, -ENODEV, 3, "invalid" },
		{ PLAN_INVALID, -ENOTUNIQ, 3, "invalid" }, { PLAN_FAILED, -ENODEV, 1, "failed" },
		{ PLAN_REFUSED, -EACCES, 4, "refused" }, { PLAN_TIMEOUT, -ETIMEDOUT, 4, "timeout" },
		{ PLAN_DENIED, -EPERM, 5, "denied" }, { PLAN_PARTIAL, -EIO, 6, "partial" },
		{ PLAN_RUNNING, 0, 6, "running" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct plan p = { .status = rows[i].status, .err.code = rows[i].code };

		assert_int_equal(plan_exit_code(&p), rows[i].exit_code);
		assert_string_equal(plan_status_name(p.status), rows[i].name);
	}
}

/* What is shown is what is sent: the peer's record of each command is the step's text. */
static void what_is_shown_is_what_is_sent(void **state)
{
	static const struct fake_item script[] = {
		{ .expect = "blockdev-add" }, { .expect = "device_add" },
		{ .expect = "qom-get", .reply = "\"virtio-blk-device\"" },
		{ .expect = "x-query-virtio-status", .reply = UP }, { 0 }
	};
	struct plan *p = add_plan(false);
	struct fake_qmp *f = fake_qmp_new(script);
	struct qmp *q = fake_qmp_client(f);
	size_t i;

	(void)state;
	json_put_str(p->steps[0].args, "hostile", "\033[2J \"quoted\" \xc2\x9b k\xc3\xbc");
	assert_int_equal(plan_run(p, &(struct plan_env){ .qmp = q, .timeout_ms = 10000, .interrupt_fd = -1 }), 0);
	for (i = 0; i < 2; i++) {
		auto_free char *text = step_text(&p->steps[i], 10000);

		assert_string_equal(text, fake_qmp_saw(f, i));
		assert_true(str_is_clean(text));
	}
	qmp_close(q);
	fake_qmp_end(f);
	plan_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_step_with_each_fault),
		cmocka_unit_test(a_guest_that_does_not_take_the_disk),
		cmocka_unit_test(a_guest_that_ends_leaves_nothing),
		cmocka_unit_test(a_pending_removal_is_finished),
		cmocka_unit_test(a_roll_back_that_waits_is_finished),
		cmocka_unit_test(what_is_unknown_is_found_out),
		cmocka_unit_test(a_device_without_an_id_is_waited_for),
		cmocka_unit_test(a_busy_slot_is_asked_again),
		cmocka_unit_test(statuses_have_their_exit_codes),
		cmocka_unit_test(what_is_shown_is_what_is_sent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
