// SPDX-License-Identifier: GPL-3.0-or-later
/* The table of knobs, and what they are set to on this host. */
#include "tuning.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

#define KNOB_ROW(id_, key_, kind_, file_, choices_, low_, high_, unit_, normal_, help_, ...) \
	{ .id = (id_), .key = (key_), .kind = KNOB_##kind_, .file = (file_), .choices = (choices_), .low = (low_), .high = (high_), \
	  .unit = (unit_), .normal = (normal_), .help = (help_), __VA_ARGS__ },

static const struct knob ksm_rows[] = { KNOBS_KSM(KNOB_ROW) };
static const struct knob thp_rows[] = { KNOBS_THP(KNOB_ROW) };
static const struct knob thp_size_rows[] = { KNOBS_THP_SIZE(KNOB_ROW) };
static const struct knob halt_poll_rows[] = { KNOBS_HALT_POLL_NS(KNOB_ROW) KNOBS_HALT_POLL(KNOB_ROW) };
static const struct knob numa_rows[] = { KNOBS_NUMA(KNOB_ROW) };
static const struct knob hugepages_rows[] = { KNOBS_HUGEPAGES(KNOB_ROW) };

#define GROUP(verb, rows, by) { verb, rows, ARRAY_SIZE(rows), by }
static const struct knob_group groups[] = {
	GROUP("ksm set", ksm_rows, NULL),
	GROUP("thp set", thp_rows, NULL),
	GROUP("thp set", thp_size_rows, "size"),
	GROUP("halt-poll set", halt_poll_rows, NULL),
	GROUP("numa balancing", numa_rows, NULL),
	GROUP("hugepages set", hugepages_rows, "size"),
};

const struct knob_group *knob_groups(size_t *n)
{
	*n = ARRAY_SIZE(groups);
	return groups;
}

uint64_t knob_high(const struct host *h, const struct knob *k)
{
	uint64_t huge;

	if (k->kind != KNOB_PTES)
		return k->high;
	huge = host_value_number(h, THP_DIR "hpage_pmd_size");
	return huge == HOST_UNKNOWN || huge < 2 * host_facts(h)->page_bytes ? KNOB_UINT_MAX : huge / host_facts(h)->page_bytes - 1;
}

void knob_range(const struct host *h, const struct knob *k, const char *path, char out[HOST_VALUE_MAX])
{
	uint64_t high;

	out[0] = '\0';
	switch (k->kind) {
	case KNOB_UINT:
	case KNOB_PTES:
		high = knob_high(h, k);
		if (high == KNOB_UINT_MAX)
			snprintf(out, HOST_VALUE_MAX, "%llu..", (unsigned long long)k->low);
		else
			snprintf(out, HOST_VALUE_MAX, "%llu..%llu", (unsigned long long)k->low, (unsigned long long)high);
		return;
	case KNOB_CHOICE:
		host_value_choices(h, path, out);
		break;
	case KNOB_SWITCH:
		break;
	}
	if (!out[0])
		snprintf(out, HOST_VALUE_MAX, "%s", k->choices);
}

/* The star of an id becomes the node and the size of the file. */
static char *id_of(const struct knob *k, const struct host_value_file *f)
{
	const char *star = strchr(k->id, '*');
	auto_buf struct buf b = {0};
	char size[16];

	if (!star)
		return xstrdup(k->id);
	buf_printf(&b, "%.*s", (int)(star - k->id), k->id);
	if (f->node >= 0)
		buf_printf(&b, "node%d.", f->node);
	units_scaled((double)f->page_bytes, 1024, size, sizeof(size));
	buf_printf(&b, "%s%s", size, star + 1);
	return buf_take(&b);
}

static void value_of(const struct knob *k, const char *raw, char out[HOST_VALUE_MAX])
{
	if (k->kind == KNOB_SWITCH && raw[0])
		snprintf(out, HOST_VALUE_MAX, "%s", strtoul(raw, NULL, 10) & 1 ? "on" : "off");
	else
		snprintf(out, HOST_VALUE_MAX, "%s", raw);
}

static void read_one(const struct host *h, const struct knob *k, const struct host_value_file *f, struct knob_reading *r)
{
	char raw[HOST_VALUE_MAX];

	*r = (struct knob_reading){ .knob = k, .id = id_of(k, f), .path = xstrdup(f->path), .node = f->node };
	host_value_read(h, f->path, raw);
	value_of(k, raw, r->value);
	strcpy(r->effective, r->value);
	knob_range(h, k, f->path, r->range);
}

/* Where it inherits, what is inherited is in effect. */
static void follow(struct knob_reading *list, size_t n)
{
	size_t i, j;

	for (i = 0; i < n; i++) {
		if (!list[i].knob->follows || strcmp(list[i].value, "inherit"))
			continue;
		list[i].effective[0] = '\0';
		for (j = 0; j < n; j++)
			if (!strcmp(list[j].id, list[i].knob->follows))
				strcpy(list[i].effective, list[j].effective);
	}
}

void knob_readings(const struct host *h, struct knob_reading **list, size_t *n)
{
	size_t g, i, j;

	*list = NULL;
	*n = 0;
	for (g = 0; g < ARRAY_SIZE(groups); g++) {
		for (i = 0; i < groups[g].n; i++) {
			struct host_value_file *files;
			size_t n_files;

			host_values_find(h, groups[g].list[i].file, &files, &n_files);
			for (j = 0; j < n_files; j++)
				read_one(h, &groups[g].list[i], &files[j], vec_push(*list, *n));
			host_values_free(files, n_files);
		}
	}
	follow(*list, *n);
}

void knob_readings_free(struct knob_reading *list, size_t n)
{
	while (n--) {
		free(list[n].id);
		free(list[n].path);
	}
	free(list);
}
