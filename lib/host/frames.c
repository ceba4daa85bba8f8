// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Memory blocks know their node exactly, and a directory lists them: one getdents for each node. Zones, which a kernel
 * without memory hotplug has only, may overlap where nodes are interleaved; what two of them claim is nobody's.
 */
#include "frames.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "nodes.h"

#define RANGES_MAX (1u << 20)
#define ZONEINFO_MAX (1u << 20)

static int range_cmp(const void *a, const void *b)
{
	const struct frame_range *x = a, *y = b;

	return (x->first > y->first) - (x->first < y->first);
}

static void range_add(struct frames *f, uint64_t first, uint64_t count, int node)
{
	uint64_t end;

	if (count && f->n < RANGES_MAX && !__builtin_add_overflow(first, count, &end))
		*vec_push(f->ranges, f->n) = (struct frame_range){ .first = first, .end = end, .node = node };
}

/* Behind the last of out, which begins before r does or where it does: what both claim becomes nobody's. */
static void range_join(struct frames *out, struct frame_range r)
{
	struct frame_range *last = out->n ? &out->ranges[out->n - 1] : NULL, rest;

	if (!last || r.first >= last->end) {
		if (last && r.first == last->end && r.node == last->node)
			last->end = r.end;
		else
			*vec_push(out->ranges, out->n) = r;
		return;
	}
	if (r.first < last->first)	/* it begins within what is nobody's already */
		r.first = last->first;
	if (r.node == last->node || r.first >= r.end) {
		last->end = r.end > last->end ? r.end : last->end;
		return;
	}
	rest = r.end > last->end ? (struct frame_range){ last->end, r.end, r.node } :
				   (struct frame_range){ r.end, last->end, last->node };
	last->end = r.first;
	if (last->first == last->end)
		out->n--;
	*vec_push(out->ranges, out->n) = (struct frame_range){ r.first, rest.first, -1 };
	if (rest.first < rest.end)
		*vec_push(out->ranges, out->n) = rest;
}

static void ranges_tidy(struct frames *f)
{
	struct frames tidy = { .whole = f->whole };
	size_t i;

	if (f->n)
		qsort(f->ranges, f->n, sizeof(*f->ranges), range_cmp);
	for (i = 0; i < f->n; i++)
		range_join(&tidy, f->ranges[i]);
	free(f->ranges);
	*f = tidy;
}

static void blocks_read(const struct host *h, struct frames *f, unsigned node, uint64_t per_block)
{
	static const char prefix[] = "memory";
	int fd = host_openat(h, "sys/devices/system/node/node%u", node);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *d;

	if (!dir) {
		mem_close_ptr(&fd);
		return;
	}
	while ((d = readdir(dir))) {
		const char *p = d->d_name + strlen(prefix);
		uint64_t block, first;

		if (!str_has_prefix(d->d_name, prefix) || !host_u64_next(&p, &block) || *p)
			continue;
		first = host_times(block, per_block);
		if (first != HOST_UNKNOWN)
			range_add(f, first, per_block, (int)node);
	}
	closedir(dir);
}

/* "Node 1, zone   Normal" with "spanned N" and "start_pfn: N" further down */
static void zones_read(const struct host *h, struct frames *f)
{
	auto_free char *text = xmalloc(ZONEINFO_MAX);
	uint64_t node = HOST_UNKNOWN, spanned = 0, first;
	char *line, *next;

	if (host_read(h, text, ZONEINFO_MAX, "proc/zoneinfo") < 0)
		return;
	for (line = text; line; line = next) {
		const char *p;

		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		if (str_has_prefix(line, "Node ")) {
			node = host_key_number(line, "Node ");
			spanned = 0;
		} else if ((p = strstr(line, "spanned "))) {
			p += strlen("spanned ");
			if (!host_u64_next(&p, &spanned))
				spanned = 0;
		} else if ((p = strstr(line, "start_pfn:"))) {
			p += strlen("start_pfn:");
			if (node < HOST_NODES_MAX && host_u64_next(&p, &first))
				range_add(f, first, spanned, (int)node);
		}
	}
}

void frames_read(const struct host *h, struct frames *out)
{
	struct frames f = { .whole = host_topology(h)->only_node };
	char text[4096], *end;
	const char *p = text;
	unsigned first, last;
	uint64_t per_block = 0;

	/* hexadecimal, without a prefix */
	if (f.whole < 0 && host_read(h, text, sizeof(text), "sys/devices/system/memory/block_size_bytes") > 0) {
		per_block = strtoull(text, &end, 16);
		per_block = end > text ? per_block / host_facts(h)->page_bytes : 0;
	}
	if (f.whole < 0 && host_read(h, text, sizeof(text), "sys/devices/system/node/online") > 0)
		while (per_block && host_range_next(&p, &first, &last) > 0 && last < HOST_NODES_MAX)
			for (; first <= last; first++)
				blocks_read(h, &f, first, per_block);
	if (f.whole < 0 && !f.n)
		zones_read(h, &f);
	ranges_tidy(&f);
	*out = f;
}

void frames_done(struct frames *f)
{
	free(f->ranges);
	*f = (struct frames){0};
}

int frames_node(const struct frames *f, uint64_t frame)
{
	size_t low = 0, high = f->n;

	if (f->whole >= 0)
		return f->whole;
	while (low < high) {
		size_t mid = (low + high) / 2;

		if (f->ranges[mid].end <= frame)
			low = mid + 1;
		else
			high = mid;
	}
	return low < f->n && f->ranges[low].first <= frame ? f->ranges[low].node : -1;
}
