// SPDX-License-Identifier: GPL-3.0-or-later
/* The text format of Prometheus: names, units, labels, escapes, what is unknown. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cmd/cmd.h"

static char *printed(const struct snapshot *snap, enum table_id t, const char *field)
{
	const struct column *one = field ? table_column(table_get(t), field, NULL) : NULL;
	struct out o = { .format = FORMAT_PROMETHEUS, .headed = TABLE_COUNT };
	const void **rows;
	size_t n = view_build(snap, t, NULL, (struct view_order){0}, &rows), len;
	char *text;

	assert_true(!field || one);
	o.file = open_memstream(&text, &len);
	out_rows(&o, snap, t, field ? &one : NULL, 1, rows, n);
	fclose(o.file);
	free(rows);
	return text;
}

/* Without its comments. */
static void samples_are(const struct snapshot *snap, enum table_id t, const char *field, const char *want)
{
	auto_free char *text = printed(snap, t, field);
	auto_buf struct buf left = {0};
	char *line, *next;

	for (line = text; *line; line = next) {
		next = strchr(line, '\n') + 1;
		if (*line != '#')
			buf_add(&left, line, (size_t)(next - line));
	}
	assert_string_equal(left.text ? left.text : "", want);
}

static struct vm_row *add_vm(struct snapshot *snap, const char *name, const char *ref)
{
	struct vm_row *vm = snapshot_add(snap, TABLE_VMS);

	vm->head.vm = name;
	vm->head.ref = ref;
	return vm;
}

static struct snapshot *empty(void)
{
	return snapshot_new(NS_PER_SEC, (struct timespec){0});
}

static void units_are_base_units(void **state)
{
	struct snapshot *snap = empty();
	struct vm_row *vm = add_vm(snap, "a", "pid:1@1");
	struct disk_row *disk;
	struct slot_row *slot;

	(void)state;
	vm->used_ns = 1234567890123;
	vm->cpu_ns = 5;
	vm->wait_ns = 5;
	vm->wait_pct = 12.5;
	vm->iops = 7;
	vm->rd_total = 18014398509481985;
	vm->mem_bytes = 1024;
	disk = snapshot_add(snap, TABLE_DISKS);
	disk->head.vm = "a";
	disk->head.ref = "pid:1@1";
	disk->id = "d";
	disk->rd_ns = 1500000000;
	disk->rd_ops = 3;
	disk->busy_ns = 2500000000;
	slot = snapshot_add(snap, TABLE_SLOTS);
	slot->kind = "dimm";
	slot->total = 4;
	samples_are(snap, TABLE_VMS, "cpu_pct", "kvmtop_vms_cpu_seconds_total{vm=\"a\"} 1234.567890123\n");
	samples_are(snap, TABLE_VMS, "wait_pct", "kvmtop_vms_wait_ratio{vm=\"a\"} 0.125\n");
	samples_are(snap, TABLE_VMS, "iops", "kvmtop_vms_iops{vm=\"a\"} 7\n");
	samples_are(snap, TABLE_VMS, "rd_bytes_per_s", "kvmtop_vms_rd_bytes_total{vm=\"a\"} 18014398509481985\n");
	samples_are(snap, TABLE_VMS, "mem_bytes", "kvmtop_vms_mem_bytes{vm=\"a\"} 1024\n");
	samples_are(snap, TABLE_DISKS, "rd_iops", "kvmtop_disks_rd_io_total{vm=\"a\",id=\"d\"} 3\n");
	samples_are(snap, TABLE_DISKS, "rd_lat_us", "kvmtop_disks_rd_lat_seconds_sum{vm=\"a\",id=\"d\"} 1.5\n"
		    "kvmtop_disks_rd_lat_seconds_count{vm=\"a\",id=\"d\"} 3\n");
	samples_are(snap, TABLE_DISKS, "inflight_mean", "kvmtop_disks_inflight_seconds_total{vm=\"a\",id=\"d\"} 2.5\n");
	samples_are(snap, TABLE_SLOTS, "total", "kvmtop_slots_all{kind=\"dimm\"} 4\n");
	snapshot_unref(snap);
}

static void unknown_is_left_out(void **state)
{
	struct snapshot *snap = empty();
	auto_free char *text = NULL, *none = NULL;

	(void)state;
	add_vm(snap, "a", "pid:1@1")->rss_bytes = 5;
	add_vm(snap, "b", "pid:2@2");
	samples_are(snap, TABLE_VMS, "rss_bytes", "kvmtop_vms_rss_bytes{vm=\"a\"} 5\n");
	none = printed(snap, TABLE_VMS, "cpu_pct");
	assert_string_equal(none, "");
	text = printed(snap, TABLE_VMS, NULL);
	assert_null(strcasestr(text, "nan"));
	assert_null(strstr(text, "=\"\""));
	snapshot_unref(snap);
}

static void labels_are_escaped(void **state)
{
	struct snapshot *snap = empty();

	(void)state;
	add_vm(snap, "q\" b\\ n\n e\033[2J \xc2\x9b x\xff \xe6\x97\xa5", "pid:1@1")->pid = 1;
	samples_are(snap, TABLE_VMS, "pid", "kvmtop_vms_pid{vm=\"q\\\" b\\\\ n? e?[2J ? x? \xe6\x97\xa5\"} 1\n");
	snapshot_unref(snap);
}

static void one_name_is_told_apart(void **state)
{
	struct snapshot *snap = empty();
	struct vm_row *vm;

	(void)state;
	add_vm(snap, "a", "pid:1@1")->pid = 1;
	add_vm(snap, "b", "pid:2@2")->pid = 2;
	add_vm(snap, "a", "pid:3@3")->pid = 3;
	vm = add_vm(snap, "a", "pid:3@3");
	vm->pid = 4;
	samples_are(snap, TABLE_VMS, "pid", "kvmtop_vms_pid{vm=\"a\",ref=\"pid:1@1\"} 1\n"
		    "kvmtop_vms_pid{vm=\"a\",ref=\"pid:3@3\",row=\"0\"} 3\nkvmtop_vms_pid{vm=\"a\",ref=\"pid:3@3\",row=\"1\"} 4\n"
		    "kvmtop_vms_pid{vm=\"b\"} 2\n");
	samples_are(snap, TABLE_VMS, "ref", "kvmtop_vms_info{vm=\"a\",ref=\"pid:1@1\"} 1\n"
		    "kvmtop_vms_info{vm=\"a\",ref=\"pid:3@3\",row=\"0\"} 1\nkvmtop_vms_info{vm=\"a\",ref=\"pid:3@3\",row=\"1\"} 1\n"
		    "kvmtop_vms_info{vm=\"b\",ref=\"pid:2@2\"} 1\n");
	snapshot_unref(snap);
}

static bool ends(const char *text, const char *end)
{
	size_t len = strlen(text), tail = strlen(end);

	return len >= tail && !strcmp(text + len - tail, end);
}

/* Whatever columns there will be: valid names, none twice, _total for counters only, units in full. */
static void names_are_good(void **state)
{
	static const char *const no_ends[] = { "_per_s", "_pct", "_us", "_ns", "_s", "_count", "_sum", "__" };
	char **seen = NULL;
	size_t n = 0, i, k;
	enum table_id t;

	(void)state;
	for (t = 0; t < TABLE_COUNT; t++) {
		const struct table *table = table_get(t);
		size_t labels = 0;

		for (i = 0; i < table->n_columns; i++) {
			const struct column *c = &table->columns[i];
			struct buf name = {0};
			bool counter;

			labels += c->label;
			if (c->kind == VALUE_TEXT || c->label)
				continue;
			prometheus_name(table, c, &name);
			counter = column_is_rate(c) && !prometheus_is_rate(c) && !c->per;
			for (k = 0; k < name.len; k++)
				assert_true(islower((unsigned char)name.text[k]) || isdigit((unsigned char)name.text[k]) ||
					    name.text[k] == '_');
			assert_int_equal(ends(name.text, "_total"), counter);
			for (k = 0; k < ARRAY_SIZE(no_ends); k++)
				if (ends(name.text, no_ends[k]))
					fail_msg("%s.%s is %s", table->name, c->id, name.text);
			for (k = 0; k < n; k++)
				if (!strcmp(seen[k], name.text))
					fail_msg("%s.%s: %s twice", table->name, c->id, name.text);
			*vec_push(seen, n) = buf_take(&name);
		}
		/* rows of many need something that tells them apart; of one there is no guest */
		if (labels == 0 && t != TABLE_COLUMNS && table_column(table, "vm", NULL))
			fail_msg("%s: no column is a label", table->name);
	}
	for (i = 0; i < n; i++)
		free(seen[i]);
	free(seen);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(units_are_base_units),
		cmocka_unit_test(unknown_is_left_out),
		cmocka_unit_test(labels_are_escaped),
		cmocka_unit_test(one_name_is_told_apart),
		cmocka_unit_test(names_are_good),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
