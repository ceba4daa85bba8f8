// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Undoing what the journal has: a change that is over, one that is pending, and one whose kvmtop was killed at any of
 * its steps. The peer is a scripted QEMU; what it is asked for is the whole of what an undo does.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "fake_qmp.h"
#include "lib/plan/plan.h"

#define GONE "{\"event\":\"DEVICE_DELETED\",\"data\":{\"device\":\"d0\",\"path\":\"/machine/peripheral/d0\"}}\r\n"
#define NO_DEVICE "DeviceNotFound: Device 'd0' not found"
#define NO_NODE "GenericError: Failed to find node with node-name='d0-node'"
#define NOBODY "[{\"name\":\"type\",\"type\":\"string\"}]"

static struct json_object *named(const char *key, const char *value)
{
	return json_put_str(json_object_new_object(), key, value);
}

/* Killed when done steps were over, and the next perhaps. */
static struct plan *added(unsigned done, enum plan_status status)
{
	struct plan *p = plan_new("disk add", "vm1", NULL);
	struct step *s;
	unsigned i;

	p->id = xstrdup("20260101-000000-0000");
	p->device = xstrdup("d0");
	s = plan_qmp(p, "blockdev-add", named("node-name", "d0-node"));
	step_undo_qmp(s, "blockdev-del", named("node-name", "d0-node"));
	step_leaves(s, "node");
	s = plan_qmp(p, "device_add", named("id", "d0"));
	step_undo_qmp(s, "device_del", named("id", "d0"));
	step_undo_await_gone(s, "d0");
	step_leaves(s, "device");
	plan_await_driver(p, "d0", false);
	for (i = 0; i < done; i++)
		p->steps[i].status = STEP_OK;
	p->status = status;
	return p;
}

static struct plan *removed(unsigned done, enum plan_status status)
{
	struct plan *p = plan_new("disk remove", "vm1", NULL);
	unsigned i;

	p->id = xstrdup("20260101-000000-0001");
	p->device = xstrdup("d0");
	plan_qmp(p, "device_del", named("id", "d0"));
	step_leaves(plan_await_gone(p, "d0"), "device");
	step_leaves(plan_qmp(p, "blockdev-del", named("node-name", "d0-node")), "node");
	for (i = 0; i < done; i++)
		p->steps[i].status = STEP_OK;
	p->status = status;
	return p;
}

static char *joined(const struct plan *p)
{
	struct buf b = {0};
	size_t i;

	buf_puts(&b, "");
	for (i = 0; i < p->n_left; i++)
		buf_printf(&b, "%s%s", i ? "; " : "", p->left[i]);
	return buf_take(&b);
}

static enum plan_status undo(struct plan *entry, const struct fake_item *script)
{
	struct plan *p = plan_new("undo", "vm1", NULL);
	struct fake_qmp *f = fake_qmp_new(script);
	struct qmp *q = fake_qmp_client(f);
	enum plan_status status;

	assert_int_equal(plan_undo(entry, p, NULL), 0);
	if (p->status == PLAN_PLANNED)
		plan_run(p, &(struct plan_env){ .qmp = q, .timeout_ms = 300, .undo_ms = 300, .interrupt_fd = -1 });
	plan_undone(entry, p);
	status = p->status;
	plan_free(p);
	qmp_close(q);
	fake_qmp_end(f);
	return status;
}

static const struct fake_item take_all_back[] = {
	{ .expect = "device_del", .args = "{\"id\":\"d0\"}", .before = GONE },
	{ .expect = "blockdev-del", .args = "{\"node-name\":\"d0-node\"}" }, { 0 }
};

static void a_change_that_is_over_is_taken_back(void **state)
{
	struct plan *p = added(3, PLAN_OK);

	(void)state;
	assert_int_equal(undo(p, take_all_back), PLAN_UNDONE);
	assert_int_equal(p->status, PLAN_UNDONE);
	assert_int_equal(undo(p, &(struct fake_item){0}), PLAN_UNCHANGED);	/* once is enough */
	plan_free(p);
}

static void a_removal_has_no_way_back(void **state)
{
	struct plan *entry = removed(3, PLAN_OK), *p = plan_new("undo", "vm1", NULL);
	struct err err;

	(void)state;
	assert_int_equal(plan_undo(entry, p, &err), -EINVAL);
	assert_non_null(strstr(err.text, "cannot be undone: the guest has released d0"));
	plan_free(entry);
	plan_free(p);
}

static void a_guest_that_keeps_it_makes_the_undo_pending(void **state)
{
	static const struct fake_item keeps[] = {
		{ .expect = "device_del" },
		{ .expect = "qom-list", .any = true, .reply = "[{\"name\":\"d0\",\"type\":\"child<virtio-blk-pci>\"}]" }, { 0 }
	};
	static const struct fake_item gone[] = {
		{ .expect = "qom-list", .reply = NOBODY }, { .expect = "blockdev-del" }, { 0 }
	};
	struct plan *p = added(3, PLAN_OK);
	auto_free char *left = NULL;

	(void)state;
	assert_int_equal(undo(p, keeps), PLAN_TIMEOUT);
	left = joined(p);
	assert_string_equal(left, "device; node");
	assert_int_equal(p->status, PLAN_PARTIAL);
	assert_int_equal(p->n_rest, 2);
	assert_int_equal(undo(p, gone), PLAN_UNDONE);
	assert_int_equal(p->n_left + p->n_rest, 0);
	plan_free(p);
}

/* Killed while step i was under way: it may have been done or not. What is left is said; undo cleans both. */
static void killed_at_each_step_of_an_addition(void **state)
{
	static const char *const left[] = { "node", "node; device", "node; device" };
	static const struct fake_item nothing_done[] = { { .expect = "blockdev-del", .error = NO_NODE }, { 0 } };
	static const struct fake_item node_done[] = { { .expect = "blockdev-del" }, { 0 } };
	static const struct fake_item no_device[] = {
		{ .expect = "device_del", .error = NO_DEVICE }, { .expect = "qom-list", .reply = NOBODY },
		{ .expect = "blockdev-del" }, { 0 }
	};
	static const struct fake_item *const scripts[3][2] = {
		{ nothing_done, node_done }, { no_device, take_all_back }, { take_all_back, take_all_back },
	};
	unsigned i, done;

	(void)state;
	for (i = 0; i < 3; i++) {
		for (done = 0; done < 2; done++) {
			struct plan *p = added(i, PLAN_RUNNING);
			auto_free char *text = NULL;

			plan_abandon(p);
			text = joined(p);
			assert_string_equal(text, left[i]);
			assert_int_equal(p->status, PLAN_PARTIAL);
			assert_int_equal(undo(p, scripts[i][done]), PLAN_UNDONE);
			assert_int_equal(p->n_left, 0);
			plan_free(p);
		}
	}
}

/* There is no way back from a removal: it is finished. */
static void killed_at_each_step_of_a_removal(void **state)
{
	static const struct fake_item gone[] = {
		{ .expect = "qom-list", .reply = NOBODY }, { .expect = "blockdev-del" }, { 0 }
	};
	static const struct fake_item node[] = { { .expect = "blockdev-del" }, { 0 } };
	static const struct fake_item node_gone[] = { { .expect = "blockdev-del", .error = NO_NODE }, { 0 } };
	static const struct fake_item *const scripts[] = { gone, gone, node, node_gone };
	unsigned i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(scripts); i++) {
		struct plan *p = removed(i < 3 ? i : 2, PLAN_RUNNING);

		plan_abandon(p);
		assert_int_equal(p->status, PLAN_PARTIAL);
		assert_int_equal(undo(p, scripts[i]), PLAN_OK);
		assert_int_equal(p->status, PLAN_OK);
		assert_int_equal(p->n_left + p->n_rest, 0);
		plan_free(p);
	}
}

/* Killed before or behind the request: who undoes it does not want it, so it is not asked for again. */
static void a_removal_is_not_delivered_by_its_undo(void **state)
{
	static const struct fake_item there[] = {
		{ .expect = "qom-list", .any = true, .reply = "[{\"name\":\"d0\",\"type\":\"child<virtio-blk-pci>\"}]" }, { 0 }
	};
	struct plan *p = removed(0, PLAN_RUNNING);

	(void)state;
	plan_abandon(p);
	assert_int_equal(undo(p, there), PLAN_TIMEOUT);
	assert_int_equal(p->n_rest, 2);
	plan_free(p);
}

/* A later entry made the same thing: what has that name is not ours; a value that was set again is not put back. */
static void what_is_made_by_a_later_change_is_left(void **state)
{
	struct plan *p = added(3, PLAN_OK), *later = added(3, PLAN_OK), *other = added(3, PLAN_OK), *back = plan_new("undo", "vm1", NULL);

	(void)state;
	p->ref = xstrdup("pid:1@2");
	later->ref = xstrdup("pid:1@2");
	other->ref = xstrdup("pid:1@3");	/* another start of the guest */
	plan_mark_replaced(p, other);
	assert_null(p->steps[1].replaced);
	plan_mark_replaced(p, later);
	assert_int_equal(plan_undo(p, back, NULL), 0);
	assert_int_equal(back->status, PLAN_UNCHANGED);
	assert_int_equal(back->n_steps, 0);
	assert_string_equal(back->warnings[0], "device d0 is another one by now, added by 20260101-000000-0000: it is left");
	plan_free(back);
	plan_free(p);
	plan_free(later);
	plan_free(other);
}

static struct plan *resized(uint64_t from, uint64_t to)
{
	struct plan *p = plan_new("disk resize", "vm1", "pid:1@2");
	struct step *s = plan_qmp(p, "block_resize", json_put(named("node-name", "n"), "size", json_object_new_uint64(to)));

	step_undo_qmp(s, "block_resize", json_put(named("node-name", "n"), "size", json_object_new_uint64(from)));
	s->status = STEP_OK;
	p->id = xstrdup("20260101-000000-0002");
	p->status = PLAN_OK;
	return p;
}

static void a_value_that_was_set_again_is_not_put_back(void **state)
{
	struct plan *p = resized(1024, 2048), *later = resized(2048, 4096), *back = plan_new("undo", "vm1", NULL);
	struct err err;

	(void)state;
	later->status = PLAN_UNDONE;		/* then it is as the first one left it */
	plan_mark_replaced(p, later);
	assert_int_equal(plan_undo(p, back, &err), 0);
	assert_int_equal(back->n_steps, 1);
	plan_free(back);
	back = plan_new("undo", "vm1", NULL);
	later->status = PLAN_OK;
	plan_mark_replaced(p, later);
	assert_int_equal(plan_undo(p, back, &err), -EINVAL);
	assert_non_null(strstr(err.text, "the size of block node n was changed again by 20260101-000000-0002"));
	plan_free(back);
	plan_free(p);
	plan_free(later);
}

/* The guest has ended: what it had went with it, what was done to the host for it did not. */
static void what_is_on_the_host_outlives_the_guest(void **state)
{
	struct plan *p = plan_new("nic add", "vm1", "pid:2147483646@1"), *back = plan_new("undo", NULL, NULL);
	struct step *s;
	size_t i;

	(void)state;
	s = plan_net(p, STEP_PASS_FD, "n-t0", json_put_str(json_put_str(named("open", "tap"), "name", "kt-tap0"), "how", "make"));
	step_undo_drop(s, "closefd", named("fdname", "n-t0"));
	plan_net(p, STEP_LINK_SET, "kt-tap0", json_put(json_object_new_object(), "up", json_object_new_boolean(true)));
	assert_false(plan_outlives(p));
	step_undo_net(plan_net(p, STEP_OVS_ADD, "kt-tap0", named("bridge", "br0")), STEP_OVS_DEL, "kt-tap0", NULL);
	assert_true(plan_outlives(p));
	step_undo_net(plan_net(p, STEP_LINK_ADD, "kt-mvt0", named("lower", "eth0")), STEP_LINK_DEL, "kt-mvt0", NULL);
	s = plan_net(p, STEP_LINK_SET, "mine", json_put(json_object_new_object(), "up", json_object_new_boolean(true)));
	step_undo_net(s, STEP_LINK_SET, "mine", json_put(json_object_new_object(), "up", json_object_new_boolean(false)));
	for (i = 0; i < p->n_steps; i++)
		p->steps[i].status = STEP_OK;
	p->status = PLAN_OK;
	assert_int_equal(plan_undo(p, back, NULL), 0);
	plan_keep_outliving(back);
	assert_int_equal(back->n_steps, 3);
	assert_int_equal(back->steps[0].op, STEP_LINK_SET);
	assert_int_equal(back->steps[1].op, STEP_LINK_DEL);
	assert_int_equal(back->steps[2].op, STEP_OVS_DEL);
	plan_free(back);
	plan_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_change_that_is_over_is_taken_back),
		cmocka_unit_test(a_removal_has_no_way_back),
		cmocka_unit_test(a_guest_that_keeps_it_makes_the_undo_pending),
		cmocka_unit_test(killed_at_each_step_of_an_addition),
		cmocka_unit_test(killed_at_each_step_of_a_removal),
		cmocka_unit_test(a_removal_is_not_delivered_by_its_undo),
		cmocka_unit_test(what_is_made_by_a_later_change_is_left),
		cmocka_unit_test(a_value_that_was_set_again_is_not_put_back),
		cmocka_unit_test(what_is_on_the_host_outlives_the_guest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
