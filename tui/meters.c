// SPDX-License-Identifier: GPL-3.0-or-later
/* Meters that stand still: bars with their share, and slots of one width that are blank where there is nothing to say. */
#include "meters.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BAR_LEAST 10
#define BAR_MOST 60
#define BAR_ROOM 42			/* columns beside a bar, for slots */
#define SLOT 13
#define HIGH 0.75			/* share from which a bar is yellow, and from which it is red and marked */
#define FULL 0.9
#define TEXT_MAX 40
#define WIDE 100			/* columns from which the title says how large the host is: else only the meters do */

unsigned meters_state_severity(const char *state)
{
	size_t n, i;
	const struct trouble_rule *rules = trouble_rules(&n);

	for (i = 0; i < n && state; i++)
		if (rules[i].state && !strcmp(rules[i].state, state))
			return rules[i].severity;
	return 0;
}

int meters_lines(int height)
{
	return height >= 16 ? 4 : height >= 12 ? 3 : height >= 6 ? 2 : height >= 3 ? 1 : 0;
}

/* ---- guests by state */

struct tally {
	const char *state;
	size_t n;
	unsigned severity;
};

/* Those that run, then the worst. */
static int tally_cmp(const void *a, const void *b)
{
	const struct tally *ta = a, *tb = b;
	bool ra = !strcmp(ta->state, "running"), rb = !strcmp(tb->state, "running");

	if (ra != rb)
		return rb - ra;
	if (ta->severity != tb->severity)
		return ta->severity < tb->severity ? 1 : -1;
	return ta->n != tb->n ? (ta->n < tb->n) - (ta->n > tb->n) : strcmp(ta->state, tb->state);
}

static struct tally *tallies(const struct snapshot *snap, size_t *n)
{
	struct tally *list = NULL;
	size_t i, k;

	*n = 0;
	for (i = 0; i < snapshot_count(snap, TABLE_VMS); i++) {
		const struct vm_row *vm = snapshot_row(snap, TABLE_VMS, i);
		const char *state = vm->state ? vm->state : "unknown";

		for (k = 0; k < *n && strcmp(list[k].state, state); k++)
			;
		if (k == *n)
			*vec_push(list, *n) = (struct tally){ .state = state, .severity = meters_state_severity(state) };
		list[k].n++;
	}
	if (*n)
		qsort(list, *n, sizeof(*list), tally_cmp);
	return list;
}

/* "4 guests: 2 running 1 io-error! 1 paused" */
static void draw_guests(const struct app *a, int y, int x, int right)
{
	size_t n = a->snap ? snapshot_count(a->snap, TABLE_VMS) : 0, states = 0, i;
	auto_free struct tally *list = a->snap ? tallies(a->snap, &states) : NULL;
	auto_free char *first = xasprintf("guests %zu%s", n, n ? ":" : "");

	draw_text(&a->draw, y, x, right - x, PAINT_STRONG, first);
	x += (int)strlen(first) + 1;
	for (i = 0; i < states && x < right; i++) {
		bool bad = list[i].severity >= TROUBLE_BAD;
		auto_free char *text = xasprintf("%zu %s%s", list[i].n, list[i].state, bad ? "!" : "");

		draw_text(&a->draw, y, x, right - x, bad ? PAINT_BAD : list[i].severity ? PAINT_WARN : PAINT_STRONG, text);
		x += draw_width(&a->draw, text) + 1;
	}
}

static void draw_title(const struct app *a, int y)
{
	const struct host_topology *host = host_topology(a->session->host);
	auto_free char *cpus = a->draw.width < WIDE ? xstrdup("") : xasprintf("  %u %s %u %s", host->nodes, host->nodes == 1 ? "node" : "nodes",
									      host->cpus, host->cpus == 1 ? "CPU" : "CPUs");
	auto_free char *left = xasprintf("kvmtop  %s%s%s", host_facts(a->session->host)->name, cpus,
					 a->session->opts->read_only ? "  read-only" : "");
	int right = a->draw.width - (a->frozen ? 18 : 9);

	draw_text(&a->draw, y, 0, right, PAINT_STRONG, left);
	draw_guests(a, y, draw_width(&a->draw, left) + 2, right);
	header_clock(a, y);
}

/* ---- bars */

/* A bar, what it says at its right end inside, and a mark behind that. */
static void draw_meter(const struct draw *d, int y, int width, const char *name, double share, const char *text)
{
	bool known = !isnan(share), marked = known && share >= FULL;
	enum paint p = marked ? PAINT_BAD : known && share >= HIGH ? PAINT_WARN : PAINT_GOOD;
	int inner = width - 6, len = (int)strlen(text) + 1, i, full;
	auto_buf struct buf bar = {0};

	if (inner < len)
		return;
	full = known ? (int)(share * (inner - len) + 0.5) : 0;
	for (i = 0; i < inner - len && i < full; i++)
		buf_puts(&bar, "|");
	draw_text(d, y, 0, 4, PAINT_STRONG, name);
	draw_text(d, y, 4, 1, PAINT_PLAIN, "[");
	draw_text(d, y, 5, inner - len, p, bar.text ? bar.text : "");
	draw_right(d, y, 5 + inner - len, len - 1, marked ? PAINT_BAD : PAINT_STRONG, text);
	draw_text(d, y, 4 + inner, 1, PAINT_BAD, marked ? "!" : "");
	draw_text(d, y, 5 + inner, 1, PAINT_PLAIN, "]");
}

static int meter_width(const struct draw *d)
{
	int width = d->width - BAR_ROOM;

	if (width < BAR_LEAST + 10)
		width = d->width < BAR_LEAST + 10 ? d->width : BAR_LEAST + 10;
	return width > BAR_MOST ? BAR_MOST : width;
}

/* ---- slots */

struct slots {
	const struct draw *d;
	int y, x, right;
};

/* The next slot; an empty text leaves it blank. */
static void slot(struct slots *s, bool marked, const char *text)
{
	auto_free char *all = xasprintf("%s%s", text, marked ? "!" : "");

	if (s->x + SLOT > s->right + 1)
		return;
	draw_text(s->d, s->y, s->x, SLOT - 1, marked ? PAINT_WARN : PAINT_PLAIN, all);
	s->x += SLOT;
}

/* A figure of the host's row, marked as on its page; blank where it is unknown or nothing. */
static void slot_of(struct slots *s, const struct host_row *host, const char *id, const char *title)
{
	const struct column *c = table_column(table_get(TABLE_HOST), id, NULL);
	struct value v = column_get(c, host);
	auto_buf struct buf text = {0};

	if (v.kind != VALUE_NONE && (v.kind == VALUE_UINT ? v.uint > 0 : v.num >= 0.05)) {
		buf_printf(&text, "%s ", title);
		value_format(v, c->unit, &text);
	}
	slot(s, column_is_marked(c, v), text.text ? text.text : "");
}

/* Of each node a figure, where there are several. */
static void slots_of_nodes(struct slots *s, const struct snapshot *snap, bool memory)
{
	size_t n = snapshot_count(snap, TABLE_NODES), i;

	for (i = 0; i < n && n > 1; i++) {
		const struct node_row *node = snapshot_row(snap, TABLE_NODES, i);
		double share = memory ? (double)node->mem_free_bytes / (double)node->mem_total_bytes :
					node->cpu_pct / 100 / (double)node->n_cpus;
		char text[TEXT_MAX] = "", bytes[16];
		bool known = memory ? node->mem_free_bytes != UNKNOWN_UINT && node->mem_total_bytes != UNKNOWN_UINT : !isnan(share);

		if (known && memory) {
			units_scaled((double)node->mem_free_bytes, 1024, bytes, sizeof(bytes));
			snprintf(text, sizeof(text), "n%llu %s free", (unsigned long long)node->node, bytes);
		} else if (known) {
			snprintf(text, sizeof(text), "n%llu %.0f%%", (unsigned long long)node->node, 100 * share);
		}
		slot(s, known && (memory ? share < 1 - FULL : share >= FULL), text);
	}
}

/* ---- lines */

static void draw_cpu(const struct app *a, const struct host_row *host, struct slots *s)
{
	double share = host->cpus && host->cpus != UNKNOWN_UINT ? host->cpu_pct / 100 / (double)host->cpus : UNKNOWN_NUM;
	char text[TEXT_MAX];

	if (isnan(share))
		snprintf(text, sizeof(text), "- of %llu", (unsigned long long)host->cpus);
	else
		snprintf(text, sizeof(text), "%.0f%% of %llu", 100 * share, (unsigned long long)host->cpus);
	draw_meter(&a->draw, s->y, meter_width(&a->draw), "CPU", share, text);
	slots_of_nodes(s, a->snap, false);
	slot_of(s, host, "iowait_pct", "iowait");
	slot_of(s, host, "steal_pct", "steal");
	slot_of(s, host, "load1", "load");
}

static void draw_memory(const struct app *a, const struct host_row *host, struct slots *s)
{
	uint64_t total = host->mem_total_bytes, free_bytes = host->mem_available_bytes;
	bool known = total != UNKNOWN_UINT && free_bytes != UNKNOWN_UINT && total && free_bytes <= total;
	char used[16] = "-", all[16] = "-", text[TEXT_MAX];

	if (known)
		units_scaled((double)(total - free_bytes), 1024, used, sizeof(used));
	if (known)
		units_scaled((double)total, 1024, all, sizeof(all));
	snprintf(text, sizeof(text), "%s of %s", used, all);
	draw_meter(&a->draw, s->y, meter_width(&a->draw), "MEM", known ? (double)(total - free_bytes) / (double)total : UNKNOWN_NUM, text);
	slots_of_nodes(s, a->snap, true);
	slot_of(s, host, "swap_used_bytes", "swap");
	slot_of(s, host, "ksm_saved_bytes", "ksm");
}

/* Pools of hugepages as a bar where there are any; pressure beside it, or where there are none. */
static void draw_pressure(const struct app *a, const struct host_row *host, struct slots *s)
{
	uint64_t total = host->hugepages_total_bytes, free_bytes = host->hugepages_free_bytes;
	char used[16], all[16], text[TEXT_MAX];

	if (total != UNKNOWN_UINT && total && free_bytes <= total) {
		units_scaled((double)(total - free_bytes), 1024, used, sizeof(used));
		units_scaled((double)total, 1024, all, sizeof(all));
		snprintf(text, sizeof(text), "%s of %s", used, all);
		draw_meter(&a->draw, s->y, meter_width(&a->draw), "HUGE", (double)(total - free_bytes) / (double)total, text);
	} else {
		draw_text(&a->draw, s->y, 0, 4, PAINT_STRONG, "PSI");
		s->x = 5;
	}
	slot_of(s, host, "psi_cpu_pct", "cpu");
	slot_of(s, host, "psi_io_pct", "io");
	slot_of(s, host, "psi_mem_pct", "mem");
}

void meters_draw(const struct app *a, int y, int lines)
{
	static void (*const draw[])(const struct app *a, const struct host_row *host, struct slots *s) = {
		draw_cpu, draw_memory, draw_pressure,
	};
	const struct host_row *host = a->snap && snapshot_count(a->snap, TABLE_HOST) ? snapshot_row(a->snap, TABLE_HOST, 0) : NULL;
	auto_free char *delay = xasprintf("delay %.4g s", (double)a->delay_ns / (double)NS_PER_SEC);
	int width = (int)strlen(delay), i;

	if (lines)
		draw_title(a, y);
	for (i = 1; i < lines && host && i <= (int)ARRAY_SIZE(draw); i++) {
		struct slots s = {
			.d = &a->draw, .y = y + i, .x = meter_width(&a->draw) + 2,
			.right = a->draw.width - (i + 1 == lines ? width + 1 : 0),
		};

		draw[i - 1](a, host, &s);
	}
	if (lines > 1)
		draw_right(&a->draw, y + lines - 1, a->draw.width - width, width, PAINT_PLAIN, delay);
}
