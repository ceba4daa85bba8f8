// SPDX-License-Identifier: GPL-3.0-or-later
/* The journal: what comes back is what was written, and nothing is believed that somebody else may have written. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host_tree.h"
#include "lib/plan/plan.h"

#define ID "20260102-030405-00ab"
#define ENTRY "kvmtop/journal/" ID ".json"

static char *root;

static int setup(void **state)
{
	(void)state;
	root = tree_new();
	if (*root != '/') {		/* the variable wants an absolute path */
		char *cwd = getcwd(NULL, 0), *absolute = xasprintf("%s/%s", cwd, root);

		free(cwd);
		free(root);
		root = absolute;
	}
	setenv("XDG_STATE_HOME", root, 1);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	unsetenv("XDG_STATE_HOME");
	tree_remove(root);
	return 0;
}

static struct json_object *named(const char *key, const char *value)
{
	return json_put_str(json_object_new_object(), key, value);
}

static struct plan *sample_plan(void)
{
	struct plan *p = plan_new("disk add", "vm \033[1m\xc3\xbc", "pid:1@2");
	struct step *s;

	p->device = xstrdup("d0");
	json_put_str(json_put_str(p->args, "file", "/a b"), "format", "raw");
	s = plan_qmp(p, "blockdev-add", named("node-name", "n"));
	s->status = STEP_OK;
	s->ns = 18446744073709551615ull;
	step_undo_qmp(s, "blockdev-del", named("node-name", "n"));
	step_leaves(s, "block node %s", "n");
	s = plan_qmp(p, "device_add", named("id", "d0"));
	s->status = STEP_TIMEOUT;
	step_undo_qmp(s, "device_del", named("id", "d0"));
	step_undo_await_gone(s, "d0");
	plan_await_driver(p, "d0", true);
	plan_drop_node(p, "m");
	plan_put_off(p, p->steps[1].undo, 2);
	*vec_push(p->left, p->n_left) = xstrdup("device d0");
	p->status = PLAN_TIMEOUT;
	err_set(&p->err, -ETIMEDOUT, "it said nothing");
	return p;
}

static char *text_of(const struct plan *p)
{
	auto_json struct json_object *obj = plan_json(p);

	return json_text(obj);
}

static struct plan *only_entry(struct journal *j)
{
	struct plan **plans, *p;
	struct err err = {0};
	size_t n;

	assert_int_equal(journal_read(j, &plans, &n, NULL, NULL, &err), 0);
	assert_int_equal(n, 1);
	p = plans[0];
	free(plans);
	return p;
}

static void what_is_written_comes_back(void **state)
{
	auto_free char *before = NULL, *after = NULL, *again = NULL, *dir = xasprintf("%s/kvmtop/journal", root);
	struct plan *p = sample_plan(), *back, *third;
	struct journal *j;
	struct err err = {0};
	struct stat st;

	(void)state;
	assert_int_equal(journal_open(false, &j, &err), -ENOENT);
	assert_int_equal(journal_open(true, &j, &err), 0);
	assert_int_equal(stat(dir, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_int_equal(journal_write(j, p, &err), 0);
	assert_non_null(p->id);
	before = text_of(p);
	back = only_entry(j);
	after = text_of(back);
	assert_string_equal(before, after);
	assert_string_equal(plan_arg(back, "file"), "/a b");
	assert_true(back->steps[2].required);
	/* brought up to date: the same entry, not another one */
	back->status = PLAN_UNDONE;
	plan_forget_left(back);
	assert_int_equal(journal_write(j, back, &err), 0);
	third = only_entry(j);
	assert_int_equal(third->status, PLAN_UNDONE);
	assert_int_equal(third->n_rest + third->n_left, 0);
	again = text_of(third);
	free(after);
	after = text_of(back);
	assert_string_equal(again, after);
	plan_free(p);
	plan_free(back);
	plan_free(third);
	journal_close(j);
	journal_close(NULL);
}

static void entries_are_in_the_order_of_time(void **state)
{
	static const struct {
		const char *id, *begun;
	} rows[] = {
		{ "20260102-030405-0001", "2026-01-02T03:04:05.900+00:00" },
		{ "20260102-030405-fff0", "2026-01-02T03:04:05.100+00:00" },
		{ "20260101-000000-0002", "2026-01-01T00:00:00.000+00:00" },
	};
	static const size_t order[] = { 2, 1, 0 };
	struct journal *j;
	struct plan **plans;
	struct err err = {0};
	size_t i, n;

	(void)state;
	assert_int_equal(journal_open(true, &j, &err), 0);
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct plan *p = plan_new("disk add", NULL, NULL);

		p->id = xstrdup(rows[i].id);
		p->begun = xstrdup(rows[i].begun);
		assert_int_equal(journal_write(j, p, &err), 0);
		plan_free(p);
	}
	assert_int_equal(journal_read(j, &plans, &n, NULL, NULL, &err), 0);
	assert_int_equal(n, ARRAY_SIZE(rows));
	for (i = 0; i < n; i++) {
		assert_string_equal(plans[i]->id, rows[order[i]].id);
		plan_free(plans[i]);
	}
	free(plans);
	journal_close(j);
}

/* What is over goes when it is old, or one of too many; what waits or has left something stays. */
static void what_is_over_is_forgotten(void **state)
{
	static const struct {
		const char *id;
		enum plan_status status;
		const char *left;
		bool old, stays;
	} rows[] = {
		{ "20260101-000000-0001", PLAN_OK, NULL, true, false }, { "20260101-000001-0001", PLAN_RUNNING, NULL, true, true },
		{ "20260101-000002-0001", PLAN_PARTIAL, "node", true, true }, { "20260101-000003-0001", PLAN_UNDONE, NULL, false, false },
		{ "20260101-000004-0001", PLAN_OK, NULL, false, true }, { "20260101-000005-0001", PLAN_FAILED, NULL, true, false },
		{ "20260101-000006-0001", PLAN_OK, NULL, false, true },
	};
	struct timespec long_ago[2] = { { .tv_sec = time(NULL) - 91 * 86400 }, { .tv_sec = time(NULL) - 91 * 86400 } };
	struct plan **plans;
	struct journal *j;
	size_t n, i;

	(void)state;
	assert_int_equal(journal_open(true, &j, NULL), 0);
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct plan *p = plan_new("disk add", NULL, NULL);
		auto_free char *path = xasprintf("%s/kvmtop/journal/%s.json", root, rows[i].id);

		p->id = xstrdup(rows[i].id);
		p->begun = xstrdup(rows[i].id);
		p->status = rows[i].status;
		if (rows[i].left)
			*vec_push(p->left, p->n_left) = xstrdup(rows[i].left);
		assert_int_equal(journal_write(j, p, NULL), 0);
		if (rows[i].old)
			assert_int_equal(utimensat(AT_FDCWD, path, long_ago, 0), 0);
		plan_free(p);
	}
	assert_int_equal(journal_read(j, &plans, &n, NULL, NULL, NULL), 0);
	journal_prune(j, plans, n, 3, 90);
	for (i = 0; i < n; i++)
		plan_free(plans[i]);
	free(plans);
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_free char *path = xasprintf("%s/kvmtop/journal/%s.json", root, rows[i].id);

		if (!access(path, F_OK) != rows[i].stays)
			fail_msg("row %zu", i);
	}
	journal_close(j);
}

static void note_bad(void *arg, const struct err *err)
{
	*(struct err *)arg = *err;
}

/* Nothing of it is believed, and why is told. */
static void check_refused(const char *why)
{
	struct plan **plans;
	struct err bad = {0}, err = {0};
	struct journal *j;
	size_t n;

	assert_int_equal(journal_open(false, &j, &err), 0);
	assert_int_equal(journal_read(j, &plans, &n, note_bad, &bad, &err), 0);
	if (n || !strstr(bad.text, why))
		fail_msg("%zu entries; '%s' is not '%s'", n, bad.text, why);
	journal_close(j);
}

static void put_entry(const char *text, size_t len)
{
	auto_free char *dir = xasprintf("%s/kvmtop", root), *journal = xasprintf("%s/kvmtop/journal", root);
	auto_free char *path = xasprintf("%s/%s", root, ENTRY);
	FILE *f;

	mkdir(dir, 0700);
	mkdir(journal, 0700);
	unlink(path);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, len, f), len);
	fclose(f);
	assert_int_equal(chmod(path, 0600), 0);
}

/* why: NULL, it is believed */
static void check_entry(const char *text, const char *why)
{
	struct journal *j;

	put_entry(text, strlen(text));
	if (why) {
		check_refused(why);
		return;
	}
	assert_int_equal(journal_open(false, &j, NULL), 0);
	plan_free(only_entry(j));
	journal_close(j);
}

#define HEAD "{\"v\":1,\"id\":\"" ID "\",\"begun\":\"2026-01-02T03:04:05.000+00:00\",\"verb\":\"disk add\",\"status\":\"timeout\","
#define STEPS(list) HEAD "\"steps\":[" list "],\"left\":[]}"
#define QMP(command) "{\"op\":\"qmp\",\"what\":\"" command "\",\"args\":{\"node-name\":\"n\"}}"
#define UPDATE(alias, xml) "{\"op\":\"virt-update\",\"what\":\"" alias "\",\"xml\":\"" xml "\",\"number\":1}"
#define VMEM(more) "<memory model=\\\"virtio-mem\\\">" more "<target><size unit=\\\"KiB\\\">524288</size><node>0</node>" \
	"<block unit=\\\"KiB\\\">2048</block><requested unit=\\\"KiB\\\">0</requested></target><alias name=\\\"ua-vm0\\\"/></memory>"
#define WITH_UNDO(command, list) "{\"op\":\"qmp\",\"what\":\"" command "\",\"args\":{},\"undo\":[" list "]}"
#define UNDO(list) WITH_UNDO("device_add", list)

static void edited_entries_are_refused(void **state)
{
	static const struct {
		const char *text, *why;		/* NULL: it is fine */
	} rows[] = {
		{ STEPS(QMP("blockdev-del")), NULL }, { STEPS(UNDO(QMP("device_del"))), NULL },
		{ STEPS(QMP("human-monitor-command")), "does not belong" },
		{ STEPS(QMP("migrate")), "does not belong" },
		{ STEPS(QMP("quit")), "does not belong" }, { STEPS(QMP("")), "does not belong" },
		{ STEPS(QMP("blockdev-add\\u0000x")), NULL },		/* as C has it, it ends there */
		{ STEPS(UNDO(QMP("chardev-add"))), "does not belong" },
		{ HEAD "\"steps\":[],\"rest\":[" QMP("system_reset") "]}", "does not belong" },
		{ HEAD "\"steps\":[],\"rest\":[" WITH_UNDO("device_del", QMP("device_del")) "]}", "undo of its own" },
		{ STEPS(UNDO(WITH_UNDO("device_del", QMP("device_del")))), "undo of its own" },
		{ STEPS("{\"op\":\"shell\",\"what\":\"rm\"}"), "does not know" },
		{ STEPS("{\"op\":\"qmp\"}"), "does not know" },
		{ STEPS("{\"what\":\"device_add\"}"), "does not know" }, { STEPS("7"), "does not know" },
		{ STEPS("null"), "does not know" },
		{ STEPS("{\"op\":\"qmp\",\"what\":\"device_add\",\"args\":[1]}"), "are none" },
		{ STEPS("{\"op\":\"qmp\",\"what\":\"device_add\",\"args\":\"x\"}"), "are none" },
		{ "{\"v\":1,\"id\":\"20260102-030405-00ac\",\"begun\":\"x\",\"verb\":\"disk add\",\"status\":\"ok\",\"steps\":[]}", "another name" },
		{ "{\"v\":1,\"id\":\"" ID "0\",\"begun\":\"x\",\"verb\":\"disk add\",\"status\":\"ok\",\"steps\":[]}",
		  "another name" },
		{ "{\"id\":\"" ID "\",\"begun\":\"x\",\"verb\":\"disk add\",\"status\":\"splendid\",\"steps\":[]}",
		  "missing" },
		{ "{\"id\":\"" ID "\",\"begun\":\"x\",\"status\":\"ok\",\"steps\":[]}", "missing" },
		{ "{\"id\":\"" ID "\",\"verb\":\"x\",\"status\":\"ok\",\"steps\":[]}", "missing" },
		{ "{\"id\":7,\"begun\":\"x\",\"verb\":\"x\",\"status\":\"ok\",\"steps\":[]}", "missing" },
		{ "", "not JSON" }, { "[]", "missing" }, { "\"x\"", "missing" }, { HEAD, "not JSON" },
		{ STEPS("") "x", "not JSON" },
		{ STEPS(UPDATE("ua-vm0", VMEM(""))), NULL },
		{ STEPS(UPDATE("ua-vm1", VMEM(""))), "no virtio-mem" },
		{ STEPS(UPDATE("ua-vm0", VMEM("<source><path>/etc</path></source>"))), "no virtio-mem" },
		{ STEPS(UPDATE("ua-vm0", VMEM("") VMEM(""))), "no virtio-mem" },
		{ STEPS(UPDATE("ua-vm0", VMEM("") "<disk/>")), "no virtio-mem" },
		{ STEPS(UPDATE("ua-vm0", VMEM("") "</devices><devices>")), "no virtio-mem" },
		{ STEPS(UPDATE("d", "<disk><alias name='d'/></disk>")), "no virtio-mem" },
		{ STEPS(UPDATE("d", "")), "no virtio-mem" }, { STEPS("{\"op\":\"virt-update\",\"what\":\"x\"}"), "no virtio-mem" },
		{ STEPS(UNDO("{\"op\":\"virt-attach\",\"what\":\"x\",\"xml\":\"<disk/>\"}")), "takes something back does virt-attach" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++)
		check_entry(rows[i].text, rows[i].why);
}

#define OP(op, what, args) "{\"op\":\"" op "\",\"what\":\"" what "\",\"args\":" args "}"
#define SET_LINK(name) OP("qmp", "set_link", "{\"name\":\"" name "\",\"up\":true}")
#define SIZE(path) OP("qmp", "qom-set", "{\"path\":\"/machine/peripheral/" path "\",\"property\":\"requested-size\",\"value\":0}")
#define BIND(args) OP("pci-bind", "0000:01:00.0", args)
#define VF(n) OP("vf-set", "eth0", "{\"vf\":" n ",\"set\":\"trust\",\"trust\":true}")
#define VCPUS OP("virt-vcpus", "vcpus", "{\"count\":2}")

/* Each operation: what it may be told to do out of a journal, as what was put off and as the inverse of something. */
#define IMAGE "/x.kt-0123456789abcdef"
#define OWNER "{\"uid\":107,\"gid\":107}"
static void each_operation_only_cleans_up(void **state)
{
	static const char never[] = "takes something back does";
	static const struct {
		const char *op, *step, *of;	/* of: what it may be the inverse of, NULL: nothing */
		bool put_off;			/* it may */
	} rows[] = {
		{ "qmp", OP("qmp", "device_del", "{\"id\":\"x\"}"), QMP("device_add"), true },
		{ "qmp", QMP("blockdev-del"), QMP("blockdev-add"), true },
		{ "qmp", QMP("netdev_del"), QMP("device_add"), true },
		{ "qmp", QMP("object-del"), QMP("device_add"), true },
		{ "qmp", QMP("chardev-remove"), QMP("device_add"), true },
		{ "qmp", QMP("closefd"), QMP("device_add"), true },
		{ "qmp", QMP("device_add"), NULL, false }, { "qmp", QMP("blockdev-add"), NULL, false },
		{ "qmp", OP("qmp", "netdev_add", "{\"type\":\"user\",\"id\":\"x\"}"), NULL, false },
		{ "qmp", OP("qmp", "object-add", "{\"qom-type\":\"memory-backend-ram\"}"), NULL, false },
		{ "qmp", SET_LINK("a"), SET_LINK("a"), false }, { "qmp", SIZE("a"), SIZE("a"), false },
		{ "qmp", QMP("block_resize"), QMP("block_resize"), false },
		{ "qmp", OP("qmp", "block-latency-histogram-set", "{\"id\":\"d\"}"), OP("qmp", "block-latency-histogram-set", "{\"id\":\"d\"}"),
		  false },
		{ "await-gone", OP("await-gone", "x", "{}"), QMP("device_add"), true },
		{ "await-driver", OP("await-driver", "x", "{}"), NULL, false },
		{ "await-taken", OP("await-taken", "x", "{\"devices\":[\"x\"]}"), NULL, false },
		{ "await-size", OP("await-size", "x", "{}"), NULL, false }, { "await-usb", OP("await-usb", "x", "{}"), NULL, false },
		{ "pass-fd", OP("pass-fd", "x", "{\"open\":\"dev\",\"name\":\"vhost-net\"}"), NULL, false },
		{ "link-set", OP("link-set", "kt-tap0", "{\"up\":false,\"master\":\"\"}"), OP("link-set", "kt-tap0", "{\"up\":true}"), true },
		{ "link-set", OP("link-set", "kt-tap0", "{\"up\":true}"), NULL, false },
		{ "link-set", OP("link-set", "kt-tap0", "{\"up\":false,\"mac\":\"52:54:00:00:00:01\"}"), NULL, false },
		{ "link-set", OP("link-set", "kt-tap0", "{\"up\":false,\"mtu\":68}"), NULL, false },
		{ "bridge-keep", OP("bridge-keep", "br0", "{\"mac\":\"52:54:00:00:00:01\"}"), NULL, false },
		{ "port-vlan", OP("port-vlan", "kt-tap0", "{\"vlan\":5}"), NULL, false },
		{ "link-add", OP("link-add", "kt-mvt0", "{\"lower\":\"eth0\",\"mode\":\"bridge\",\"mac\":\"52:54:00:00:00:01\"}"), NULL, false },
		{ "link-del", OP("link-del", "kt-tap0", "{}"), QMP("device_add"), true },
		{ "ovs-add", OP("ovs-add", "kt-tap0", "{\"bridge\":\"br0\"}"), NULL, false },
		{ "ovs-del", OP("ovs-del", "kt-tap0", "{}"), QMP("device_add"), true },
		{ "file", OP("file", "sys/kernel/mm/ksm/run", "{\"value\":\"1\"}"), OP("file", "sys/kernel/mm/ksm/run", "{\"value\":\"2\"}"), false },
		{ "file", OP("file", "sys/kernel/mm/ksm/pages_to_scan", "{\"value\":\"1\"}"),
		  OP("file", "sys/kernel/mm/ksm/advisor_mode", "{\"value\":\"none\"}"), false },
		{ "huge-pool", OP("huge-pool", "sys/kernel/mm/hugepages/hugepages-2048kB", "{}"),
		  OP("huge-pool", "sys/kernel/mm/hugepages/hugepages-2048kB", "{}"), false },
		{ "huge-demote", OP("huge-demote", "sys/kernel/mm/hugepages/hugepages-1048576kB", "{}"), NULL, false },
		{ "power", OP("power", "resume", "{}"), OP("power", "pause", "{}"), false },
		{ "power", OP("power", "pause", "{}"), OP("power", "resume", "{}"), false },
		{ "power", OP("power", "reset", "{}"), NULL, false }, { "await-off", OP("await-off", "guest", "{}"), NULL, false },
		{ "virt-attach", "{\"op\":\"virt-attach\",\"what\":\"x\",\"xml\":\"<disk/>\"}", NULL, false },
		{ "virt-detach", OP("virt-detach", "x", "{}"), QMP("device_add"), true },
		{ "virt-config", "{\"op\":\"virt-config\",\"what\":\"x\",\"xml\":\"<disk/>\"}", QMP("device_add"), true },
		{ "virt-resize", OP("virt-resize", "vda", "{}"), OP("virt-resize", "vda", "{}"), false },
		{ "virt-link", OP("virt-link", "x", "{}"), OP("virt-link", "x", "{}"), false },
		{ "virt-update", UPDATE("ua-vm0", VMEM("")), UPDATE("ua-vm0", VMEM("")), false },
		{ "virt-vcpus", VCPUS, VCPUS, false },
		{ "pci-bind", BIND("{\"driver\":\"e1000e\"}"), BIND("{\"driver\":\"vfio-pci\"}"), true },
		{ "pci-bind", BIND("{\"driver\":\"vfio-pci\"}"), NULL, false },
		{ "memlock", OP("memlock", "memlock", "{}"), OP("memlock", "memlock", "{}"), true },
		{ "sriov", OP("sriov", "0000:01:00.0", "{}"), OP("sriov", "0000:01:00.0", "{}"), false },
		{ "vf-set", VF("1"), VF("1"), false },
		{ "image-make", OP("image-make", IMAGE, OWNER), NULL, false },
		{ "image-name", OP("image-name", "/x", OWNER), NULL, false },
		{ "image-del", OP("image-del", IMAGE, OWNER), OP("image-make", IMAGE, OWNER), false },
	};
	static const char *const others[] = { SET_LINK("b"), SIZE("b"), VF("2"), BIND("{\"driver\":\"x\"}"), QMP("quit") };
	size_t i, k, n_ops = 0;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_free char *put_off = xasprintf(HEAD "\"steps\":[],\"rest\":[%s]}", rows[i].step);
		auto_free char *of = xstrndup(rows[i].of ? rows[i].of : QMP("device_add"), strlen(rows[i].of ? rows[i].of : QMP("device_add")) - 1);
		auto_free char *inverse = xasprintf(HEAD "\"steps\":[%s,\"undo\":[%s]}]}", of, rows[i].step);

		check_entry(put_off, rows[i].put_off ? NULL : never);
		check_entry(inverse, rows[i].of ? NULL : never);
		for (k = 0; k < ARRAY_SIZE(others) && !rows[i].put_off; k++) {
			auto_free char *other = xstrndup(others[k], strlen(others[k]) - 1);
			auto_free char *wrong = xasprintf(HEAD "\"steps\":[%s,\"undo\":[%s]}]}", other, rows[i].step);

			check_entry(wrong, strstr(other, "quit") ? "does not belong" : never);
		}
		for (k = 0; k < i && strcmp(rows[k].op, rows[i].op); k++)
			;
		n_ops += k == i;
	}
	assert_int_equal(n_ops, STEP_OP_COUNT);		/* an operation that is not in the table */
}

static void too_many_steps_are_refused(void **state)
{
	auto_buf struct buf text = {0};
	size_t i;

	(void)state;
	buf_puts(&text, HEAD "\"steps\":[");
	for (i = 0; i < 257; i++)
		buf_printf(&text, "%s" QMP("blockdev-del"), i ? "," : "");
	buf_puts(&text, "]}");
	put_entry(text.text, text.len);
	check_refused("too many");
}

static void files_of_others_are_refused(void **state)
{
	static const char good[] = STEPS(QMP("blockdev-del"));
	auto_free char *path = xasprintf("%s/%s", root, ENTRY), *other = xasprintf("%s/other", root);
	auto_free char *big = xcalloc(2 << 20, 1);

	(void)state;
	put_entry(good, strlen(good));
	assert_int_equal(chmod(path, 0644), 0);
	check_refused("mode 0644");
	assert_int_equal(chmod(path, 0620), 0);
	check_refused("mode 0620");
	assert_int_equal(chmod(path, 0600), 0);

	assert_int_equal(link(path, other), 0);
	check_refused("second name");
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink(other, path), 0);
	check_refused(ID);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	check_refused("not a file");
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkdir(path, 0700), 0);
	check_refused("not a file");
	assert_int_equal(rmdir(path), 0);

	memset(big, ' ', 2 << 20);
	put_entry(big, 2 << 20);
	check_refused("too long");
	put_entry(good, strlen(good) / 2);
	check_refused("not JSON");
	if (geteuid() == 0) {
		put_entry(good, strlen(good));
		assert_int_equal(chown(path, 12345, 12345), 0);
		check_refused("uid 12345");
	}
}

static void the_directory_must_be_ours(void **state)
{
	auto_free char *dir = xasprintf("%s/kvmtop/journal", root), *moved = xasprintf("%s/moved", root);
	struct journal *j;
	struct err err = {0};

	(void)state;
	assert_int_equal(journal_open(true, &j, &err), 0);
	journal_close(j);
	assert_int_equal(chmod(dir, 0770), 0);
	assert_int_equal(journal_open(false, &j, &err), -EPERM);
	assert_int_equal(journal_open(true, &j, &err), -EPERM);
	assert_non_null(strstr(err.text, "0770"));
	assert_int_equal(chmod(dir, 0700), 0);
	assert_int_equal(rename(dir, moved), 0);
	assert_int_equal(symlink(moved, dir), 0);
	assert_int_equal(journal_open(true, &j, &err), -EPERM);
	assert_int_equal(unlink(dir), 0);
	tree_puts(root, "x", "kvmtop/journal");
	assert_int_equal(journal_open(false, &j, &err), -EPERM);
	if (geteuid() == 0) {
		assert_int_equal(unlink(dir), 0);
		assert_int_equal(rename(moved, dir), 0);
		assert_int_equal(chown(dir, 12345, 12345), 0);
		assert_int_equal(journal_open(false, &j, &err), -EPERM);
		assert_non_null(strstr(err.text, "12345"));
	}
}

/* Names that are none of ours are not looked at, half-written ones included. */
static void other_names_are_left_alone(void **state)
{
	static const char *const names[] = {
		"." ID ".123", ID ".json~", "x" ID ".json", ID, "notes.txt", "20260102-030405-00AB.json",
	};
	struct plan **plans;
	struct err bad = {0}, err = {0};
	struct journal *j;
	size_t i, n;

	(void)state;
	assert_int_equal(journal_open(true, &j, &err), 0);
	for (i = 0; i < ARRAY_SIZE(names); i++)
		tree_puts(root, "{", "kvmtop/journal/%s", names[i]);
	assert_int_equal(journal_read(j, &plans, &n, note_bad, &bad, &err), 0);
	assert_int_equal(n, 0);
	assert_string_equal(bad.text, "");
	journal_close(j);
}

/* A full disk, say: nothing is left of it, and the entry before is as it was. */
static void a_failed_write_leaves_the_old_entry(void **state)
{
	struct plan *p = sample_plan(), *back;
	struct journal *j;
	struct err err = {0};
	auto_free char *in_the_way = NULL, *before = NULL, *after = NULL;

	(void)state;
	assert_int_equal(journal_open(true, &j, &err), 0);
	assert_int_equal(journal_write(j, p, &err), 0);
	before = text_of(p);
	/* where the new text is written first; root is not stopped by a directory's mode */
	in_the_way = xasprintf("%s/kvmtop/journal/.%s.a", root, p->id);
	assert_int_equal(mkdir(in_the_way, 0700), 0);
	p->status = PLAN_OK;
	assert_int_equal(journal_write(j, p, &err), -EEXIST);
	assert_non_null(strstr(err.text, "XDG_STATE_HOME"));
	assert_int_equal(rmdir(in_the_way), 0);
	back = only_entry(j);
	after = text_of(back);
	assert_string_equal(before, after);
	plan_free(back);
	plan_free(p);
	journal_close(j);
}

static void the_record_has_the_promised_fields(void **state)
{
	static const char *const fields[] = {
		"v", "verb", "vm", "ref", "id", "args", "line", "status", "guest", "steps", "left", "error", "journal",
	};
	static const char *const step_fields[] = { "text", "status", "ms" };
	struct plan *p = sample_plan();
	auto_json struct json_object *record = NULL, *step = NULL;
	size_t i;

	(void)state;
	plan_warn(p, "a warning");
	record = plan_record(p, 30000, 7);
	for (i = 0; i < ARRAY_SIZE(fields); i++)
		if (!json_object_object_get_ex(record, fields[i], NULL))
			fail_msg("no %s", fields[i]);
	/* warnings and user are those that design.md does not name */
	assert_int_equal(json_object_object_length(record), ARRAY_SIZE(fields) + 2);
	assert_true(json_object_object_get_ex(record, "user", NULL));
	assert_non_null(json_array(record, "warnings"));
	assert_int_equal(json_object_get_int(json_member(record, "v")), 1);
	assert_int_equal(json_object_get_int(json_member(record, "line")), 7);
	assert_string_equal(json_str(record, "status"), "timeout");
	assert_string_equal(json_str(record, "error"), "it said nothing");
	assert_null(json_member(record, "guest"));
	assert_null(json_member(record, "journal"));
	assert_string_equal(json_str(json_member(record, "args"), "file"), "/a b");
	step = json_object_get(json_object_array_get_idx(json_array(record, "steps"), 2));
	for (i = 0; i < ARRAY_SIZE(step_fields); i++)
		assert_true(json_object_object_get_ex(step, step_fields[i], NULL));
	assert_int_equal(json_object_object_length(step), ARRAY_SIZE(step_fields));
	assert_null(json_member(step, "ms"));			/* it was not begun */
	assert_string_equal(json_str(step, "text"), "wait until the guest's driver for d0 is up, at most 30 s");
	plan_free(p);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(what_is_written_comes_back),
		TEST(entries_are_in_the_order_of_time),
		TEST(what_is_over_is_forgotten),
		TEST(edited_entries_are_refused),
		TEST(each_operation_only_cleans_up),
		TEST(too_many_steps_are_refused),
		TEST(files_of_others_are_refused),
		TEST(the_directory_must_be_ours),
		TEST(other_names_are_left_alone),
		TEST(a_failed_write_leaves_the_old_entry),
		TEST(the_record_has_the_promised_fields),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
