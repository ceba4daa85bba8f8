// SPDX-License-Identifier: GPL-3.0-or-later
/* The rules of trouble. */
#include "model.h"

#include <string.h>

/* A sentence more than that is not read on a screen full of guests. */
#define REASONS_MAX 3
#define STALL_S 2.0
#define WAIT_PCT 10.0
#define WAIT_LONG_PCT 50.0
#define SLOW_US 100e3
#define FAR_PCT 60.0
#define STEAL_PCT 10.0			/* of all CPUs */
#define BUSY_PCT 20.0			/* a guest that uses less does not feel it */
#define STALE_S 5.0
#define DOUBT_S 3.0

static bool is_state(const struct trouble_rule *rule, const struct trouble_view *v, struct buf *why)
{
	char age[16];

	if (!v->vm->state || strcmp(v->vm->state, rule->state))
		return false;
	if (v->vm->state_detail)
		buf_puts(why, v->vm->state_detail);
	if (!isnan(v->vm->state_seconds)) {
		units_age(v->vm->state_seconds, age, sizeof(age));
		buf_printf(why, "%sfor %s", why->len ? ", " : "", age);
	}
	return true;
}

static bool is_stopped(const struct trouble_rule *rule, const struct trouble_view *v, struct buf *why)
{
	if (!is_state(rule, v, why))
		return false;
	if (v->vm->state_detail && strstr(v->vm->state_detail, "SIGSTOP")) {	/* the row has its age */
		buf_reset(why);
		buf_printf(why, "QEMU was sent SIGSTOP; kill -CONT %llu makes it go on", (unsigned long long)v->vm->pid);
	}
	return true;
}

static bool is_stalled(const struct trouble_rule *rule, const struct trouble_view *v, struct buf *why)
{
	(void)rule;
	if (!(v->vm->stalled_seconds >= STALL_S))
		return false;
	buf_printf(why, "%s for %.1f s, %llu requests wait", v->vm->stalled_queue ? v->vm->stalled_queue : "a queue", v->vm->stalled_seconds,
		   v->vm->depth == UNKNOWN_UINT ? 0 : (unsigned long long)v->vm->depth);
	return true;
}

static bool is_held_back(const struct trouble_rule *rule, const struct trouble_view *v, struct buf *why)
{
	(void)rule;
	if (!v->vm->held_back || !*v->vm->held_back)
		return false;
	buf_puts(why, v->vm->held_back);
	return true;
}

static bool waited(const struct trouble_view *v, struct buf *why)
{
	buf_printf(why, "%.0f %% of the time", v->vm->wait_pct);
	return true;
}

static bool waits_long(const struct trouble_rule *rule, const struct trouble_view *v, struct buf *why)
{
	(void)rule;
	return v->vm->wait_pct >= WAIT_LONG_PCT && waited(v, why);
}

static bool waits(const struct trouble_rule *rule, const struct trouble_view *v, struct buf *why)
{
	(void)rule;
	return v->vm->wait_pct >= WAIT_PCT && v->vm->wait_pct < WAIT_LONG_PCT && waited(v, why);
}

static bool tell_latency(struct buf *why, const char *device, const char *what, double us)
{
	auto_buf struct buf text = {0};

	if (!(us >= SLOW_US))
		return false;
	value_format((struct value){ .kind = VALUE_NUM, .num = us }, UNIT_US, &text);
	buf_printf(why, "%s%s %s %s", why->len ? ", " : "", device ? device : "a disk", what, text.text);
	return true;
}

/* Only where a page has the disks or queues sampled: nothing is asked for this. */
static bool is_slow(const struct trouble_rule *rule, const struct trouble_view *v, struct buf *why)
{
	size_t i;

	(void)rule;
	for (i = snapshot_first(v->snap, TABLE_DISKS, v->vm->head.ref); i < snapshot_count(v->snap, TABLE_DISKS); i++) {
		const struct disk_row *d = snapshot_row(v->snap, TABLE_DISKS, i);

		if (!row_is_of(&d->head, v->vm->head.ref) || d->head.stale)
			break;
		if (tell_latency(why, d->id, "reads take", d->rd_lat_us) || tell_latency(why, d->id, "writes take", d->wr_lat_us))
			return true;
	}
	for (i = snapshot_first(v->snap, TABLE_QUEUES, v->vm->head.ref); i < snapshot_count(v->snap, TABLE_QUEUES); i++) {
		const struct queue_row *q = snapshot_row(v->snap, TABLE_QUEUES, i);

		if (!row_is_of(&q->head, v->vm->head.ref) || q->head.stale)
			break;
		if (tell_latency(why, q->device, "requests take", q->lat_us))
			return true;
	}
	return false;
}

static bool is_unanswered(const struct trouble_rule *rule, const struct trouble_view *v, struct buf *why)
{
	char age[16];

	(void)rule;
	if (v->vm->head.stale || !(v->vm->stale_seconds >= STALE_S))
		return false;
	units_age(v->vm->stale_seconds, age, sizeof(age));
	buf_printf(why, "its figures are %s old%s%s", age, v->vm->note ? "; " : "", v->vm->note ? v->vm->note : "");
	return true;
}

static bool is_far(const struct trouble_rule *rule, const struct trouble_view *v, struct buf *why)
{
	(void)rule;
	if (!(v->vm->local_pct <= FAR_PCT))
		return false;
	buf_printf(why, "%.0f %% is on the nodes of its vCPUs", v->vm->local_pct);
	return true;
}

static bool is_doubtful(const struct trouble_rule *rule, const struct trouble_view *v, struct buf *why)
{
	char age[16];

	(void)rule;
	if (!(v->vm->doubt_seconds >= DOUBT_S))
		return false;
	units_age(v->vm->doubt_seconds, age, sizeof(age));
	buf_printf(why, "told %s ago, its vCPUs have stood still since", age);
	return true;
}

static bool is_stolen_from(const struct trouble_rule *rule, const struct trouble_view *v, struct buf *why)
{
	double steal = v->host && v->host->cpus ? v->host->steal_pct / (double)v->host->cpus : UNKNOWN_NUM;

	(void)rule;
	if (!(steal >= STEAL_PCT) || !(v->vm->cpu_pct >= BUSY_PCT))
		return false;
	buf_printf(why, "%.0f %% of its CPU time is kept from it (steal)", steal);
	return true;
}

/* The worst first. */
static const struct trouble_rule rules[] = {
	{ 9, "io-error", is_state, .state = "io-error" },
	{ 9, "the guest panicked", is_state, .state = "guest-panicked" },
	{ 9, "internal error", is_state, .state = "internal-error" },
	{ 8, "stopped", is_stopped, .state = "stopped", .always = true },
	{ 8, "hangs in the kernel", is_state, .state = "blocked", .always = true },
	{ 8, "watchdog", is_state, .state = "watchdog" },
	{ 7, "queue stalled", is_stalled },
	{ 6, "at its limit", is_held_back },
	{ 5, "waits for a CPU", waits_long },
	{ 5, "slow", is_slow },
	{ 4, "no answer", is_unanswered, .always = true },
	{ 3, "paused", is_state, .state = "paused" },
	{ 3, "debugged", is_state, .state = "debug" },
	{ 3, "far memory", is_far },
	{ 2, "waits for a CPU", waits },
	{ 2, "state not sure", is_doubtful },
	{ 2, "powered off", is_state, .state = "shutdown" },
	{ 2, "migrated away", is_state, .state = "postmigrate" },
	{ 1, "the host waits for CPUs itself", is_stolen_from },
};

const struct trouble_rule *trouble_rules(size_t *n)
{
	*n = ARRAY_SIZE(rules);
	return rules;
}

static void fill(struct snapshot *snap, struct vm_row *vm, const struct host_row *host)
{
	const struct trouble_view view = { .snap = snap, .vm = vm, .host = host };
	auto_buf struct buf text = {0};
	unsigned found = 0;
	size_t i;

	vm->trouble = 0;
	vm->trouble_text = NULL;
	for (i = 0; i < ARRAY_SIZE(rules) && found < REASONS_MAX; i++) {
		auto_buf struct buf why = {0};

		if ((vm->head.stale && !rules[i].always) || !rules[i].test(&rules[i], &view, &why))
			continue;
		if (!found++)
			vm->trouble = rules[i].severity;
		buf_printf(&text, "%s%s%s%s", text.len ? "; " : "", rules[i].text, why.len ? ": " : "", why.len ? why.text : "");
	}
	vm->trouble_text = snapshot_str(snap, text.len ? text.text : "");
}

void trouble_fill(struct snapshot *snap)
{
	const struct host_row *host = snapshot_count(snap, TABLE_HOST) ? snapshot_row(snap, TABLE_HOST, 0) : NULL;
	size_t i;

	for (i = 0; i < snapshot_count(snap, TABLE_VMS); i++)
		fill(snap, (struct vm_row *)(uintptr_t)snapshot_row(snap, TABLE_VMS, i), host);
}
