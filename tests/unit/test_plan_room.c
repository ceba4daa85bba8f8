// SPDX-License-Identifier: GPL-3.0-or-later
/* The journal's room and ids: a disk that fills up ends no change that has begun, and no entry takes another's place. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host_tree.h"
#include "lib/plan/plan.h"

static char *root;

/* In memory, where there is that: each write waits for the disk three times. */
static int setup(void **state)
{
	char path[] = "/dev/shm/kvmtop-XXXXXX";

	(void)state;
	root = mkdtemp(path) ? xstrdup(path) : realpath(tree_new(), NULL);
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
	struct plan *p = plan_new("disk add", "vm", "pid:1@2");
	struct step *s = plan_qmp(p, "blockdev-add", named("node-name", "n"));

	step_undo_qmp(s, "blockdev-del", named("node-name", "n"));
	step_leaves(s, "block node n");
	s = plan_qmp(p, "device_add", named("id", "d0"));
	step_undo_qmp(s, "device_del", named("id", "d0"));
	step_undo_await_gone(s, "d0");
	step_leaves(s, "device d0");
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
	size_t n;

	assert_int_equal(journal_read(j, &plans, &n, NULL, NULL, NULL), 0);
	assert_int_equal(n, 1);
	p = plans[0];
	free(plans);
	return p;
}

static void note_bad(void *arg, const struct err *err)
{
	*(struct err *)arg = *err;
}

static size_t count_files(void)
{
	auto_free char *path = xasprintf("%s/kvmtop/journal", root);
	DIR *dir = opendir(path);
	const struct dirent *d;
	size_t n = 0;

	while ((d = readdir(dir)))
		n += strcmp(d->d_name, ".") && strcmp(d->d_name, "..");
	closedir(dir);
	return n;
}

/* Its room is there before the plan begins, is enough for all that may come of it, and is given back. */
static void room_is_kept_while_a_plan_runs(void **state)
{
	struct plan *p = sample_plan(), *back;
	auto_free char *path = NULL, *before = NULL, *after = NULL;
	struct stat st, end;
	struct journal *j;
	size_t i;

	(void)state;
	assert_int_equal(journal_open(true, &j, NULL), 0);
	assert_int_equal(journal_reserve(j, p, NULL), 0);
	assert_int_equal(count_files(), 2);
	for (i = 0; i < 3; i++) {
		assert_int_equal(journal_write(j, p, NULL), 0);
		assert_int_equal(count_files(), 2);	/* the entry, and as much room again */
		back = only_entry(j);
		plan_free(back);
	}
	path = xasprintf("%s/kvmtop/journal/%s.json", root, p->id);
	assert_int_equal(stat(path, &st), 0);
	/* everything that can be left is, and the error is as bad as can be */
	for (i = 0; i < p->n_steps; i++) {
		if (p->steps[i].leaves)
			*vec_push(p->left, p->n_left) = xstrdup(p->steps[i].leaves);
		plan_put_off(p, p->steps[i].undo, p->steps[i].n_undo);
		p->steps[i].ns = UINT64_MAX;
	}
	memset(p->err.text, 1, sizeof(p->err.text) - 1);
	assert_int_equal(journal_write(j, p, NULL), 0);
	assert_int_equal(stat(path, &end), 0);
	assert_int_equal(st.st_size, end.st_size);
	before = text_of(p);
	journal_close(j);
	assert_int_equal(count_files(), 1);
	assert_int_equal(stat(path, &end), 0);
	assert_true(end.st_size < st.st_size && (size_t)end.st_size == strlen(before));
	assert_int_equal(journal_open(false, &j, NULL), 0);
	back = only_entry(j);
	after = text_of(back);
	assert_string_equal(before, after);
	plan_free(back);
	plan_free(p);
	journal_close(j);
}

/* Within a second, of 65536 ids: about eight would meet. */
static void no_id_is_given_twice(void **state)
{
	struct plan **plans;
	struct journal *j;
	size_t i, n;

	(void)state;
	assert_int_equal(journal_open(true, &j, NULL), 0);
	for (i = 0; i < 1000; i++) {
		struct plan *p = plan_new("disk add", NULL, NULL);

		assert_int_equal(journal_write(j, p, NULL), 0);
		plan_free(p);
	}
	assert_int_equal(journal_read(j, &plans, &n, NULL, NULL, NULL), 0);
	for (i = 0; i < n; i++)
		plan_free(plans[i]);
	free(plans);
	assert_int_equal(n, 1000);
	journal_close(j);
}

/* As on a full disk. */
static void an_id_without_an_entry_is_not_named(void **state)
{
	struct rlimit none = { .rlim_cur = 0 }, before;
	struct plan *p = sample_plan();
	struct err err = {0};
	struct journal *j;

	(void)state;
	assert_int_equal(journal_open(true, &j, NULL), 0);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	none.rlim_max = before.rlim_max;
	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &none);
	assert_int_equal(journal_reserve(j, p, &err), -EFBIG);
	assert_null(p->id);
	assert_int_equal(journal_write(j, p, &err), -EFBIG);
	assert_null(p->id);
	setrlimit(RLIMIT_FSIZE, &before);
	assert_int_equal(count_files(), 0);
	assert_non_null(strstr(err.text, "XDG_STATE_HOME"));
	plan_free(p);
	journal_close(j);
}

static void many_entries_and_many_bad_ones(void **state)
{
	struct plan **plans;
	struct err bad = {0};
	struct journal *j;
	size_t i, n;

	(void)state;
	assert_int_equal(journal_open(true, &j, NULL), 0);
	for (i = 0; i < 10050; i++)
		tree_puts(root, "{", "kvmtop/journal/20260102-030405-%04zx.json", i);
	assert_int_equal(journal_read(j, &plans, &n, note_bad, &bad, NULL), 0);
	assert_int_equal(n, 0);
	assert_non_null(strstr(bad.text, "50 older ones are not looked at"));
	journal_close(j);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(room_is_kept_while_a_plan_runs),
		TEST(no_id_is_given_twice),
		TEST(an_id_without_an_entry_is_not_named),
		TEST(many_entries_and_many_bad_ones),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
