// SPDX-License-Identifier: GPL-3.0-or-later
/* Which pages are looked at, and what follows from them. No I/O. */
#include "pages.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define Z 1.959964			/* 95 % of a normal distribution lie within */
#define HUGE_PAGE (2ull << 20)
#define FITTING_MAX 1024		/* four times what a guest can have of memory backends: no doubt there is doubt */
#define MEMFD_NAME "/memfd:memory-backend-memfd"

static bool is_file_of(const struct host_map *m, const struct page_part *p)
{
	size_t len;

	if (!m->name)
		return false;
	if (p->kind == QMP_BACKEND_MEMFD)
		return str_has_prefix(m->name, MEMFD_NAME);
	if (p->kind == QMP_BACKEND_RAM)		/* newer ones make a file of it, for CPR */
		return str_has_prefix(m->name, "/dev/zero") || str_has_prefix(m->name, "/dev/shm/") ||
		       (str_has_prefix(m->name, "/memfd:") && !str_has_prefix(m->name, MEMFD_NAME));
	if (!p->path || p->path[0] != '/')
		return false;
	len = strlen(p->path);
	return !strncmp(m->name, p->path, len) && (!m->name[len] || m->name[len] == '/' || m->name[len] == ' ' ||
						   (len && p->path[len - 1] == '/'));
}

static bool may_be(const struct host_map *m, const struct page_part *p)
{
	if (m->end - m->start != p->bytes || !m->writable || m->executable || m->shared != p->shared)
		return false;
	/* QEMU aligns memory of its own so that huge pages fit */
	if (p->kind == QMP_BACKEND_RAM && m->anonymous)
		return p->bytes < HUGE_PAGE || !(m->start % HUGE_PAGE);
	return is_file_of(m, p);
}

static bool is_taken(const struct page_block *list, size_t n, uint64_t start)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (start >= list[i].start && start < list[i].end)
			return true;
	return false;
}

static bool is_alike(const struct page_part *a, const struct page_part *b)
{
	return a->kind == b->kind && a->bytes == b->bytes && a->shared == b->shared &&
	       (a->kind != QMP_BACKEND_FILE || (a->path && b->path && !strcmp(a->path, b->path)));
}

/* Parts that look the same are as good as each other: there must be one mapping for each. */
static int match_unplaced(const struct host_map *maps, size_t n_maps, const struct page_part *parts, size_t n_parts,
			  size_t at, struct page_block **list, size_t *n, char **why)
{
	const struct page_part *p = &parts[at];
	size_t alike = 0, fitting = 0, i;
	const struct host_map *first = NULL;

	for (i = 0; i < n_parts; i++)
		alike += !parts[i].address && is_alike(&parts[i], p) && i >= at;
	for (i = 0; i < n_maps && fitting < FITTING_MAX; i++) {
		if (!may_be(&maps[i], p) || is_taken(*list, *n, maps[i].start))
			continue;
		fitting++;
		if (!first)
			first = &maps[i];
	}
	if (fitting != alike) {
		*why = xasprintf("where its memory '%s' is mapped is not certain: %zu mappings could be it", p->id, fitting);
		return -ENOENT;
	}
	*vec_push(*list, *n) = (struct page_block){ .start = first->start, .end = first->end };
	return 0;
}

/* QEMU's word is checked: all of it must be mapped, in one piece or several. */
static int match_placed(const struct host_map *maps, size_t n_maps, const struct page_part *p,
			struct page_block **list, size_t *n, char **why)
{
	uint64_t at = p->address, end;
	size_t i;

	if (__builtin_add_overflow(p->address, p->bytes, &end))
		end = 0;
	for (i = 0; i < n_maps && at < end; i++)
		if (at >= maps[i].start && at < maps[i].end && maps[i].writable)
			at = maps[i].end;
	if (!end || at < end) {
		*why = xasprintf("its memory '%s' is not where QEMU says", p->id);
		return -ENOENT;
	}
	*vec_push(*list, *n) = (struct page_block){ .start = p->address, .end = end };
	return 0;
}

int pages_match(const struct host_map *maps, size_t n_maps, const struct page_part *parts, size_t n_parts,
		struct page_block **list, size_t *n, char **why)
{
	size_t i;
	int rc = 0;

	*list = NULL;
	*n = 0;
	*why = NULL;
	for (i = 0; i < n_parts && !rc; i++)
		if (parts[i].address)
			rc = match_placed(maps, n_maps, &parts[i], list, n, why);
	for (i = 0; i < n_parts && !rc; i++)
		if (!parts[i].address)
			rc = match_unplaced(maps, n_maps, parts, n_parts, i, list, n, why);
	if (!rc && !*n) {
		*why = xstrdup("its command line names no memory");
		rc = -ENOENT;
	}
	if (rc) {
		free(take_ptr(*list));
		*n = 0;
	}
	return rc;
}

/* splitmix64 */
static uint64_t next_random(uint64_t *seed)
{
	uint64_t z = *seed += 0x9e3779b97f4a7c15ull;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
	return z ^ (z >> 31);
}

size_t pages_pick(const struct page_block *list, size_t n, uint64_t page, size_t want, uint64_t *seed,
		  uint64_t *addresses)
{
	uint64_t all = 0, before = 0;
	size_t i, at = 0;

	for (i = 0; i < n; i++)
		all += (list[i].end - list[i].start) / page;
	if (want > all)
		want = all;
	for (i = 0; i < want; i++) {
		uint64_t first = (uint64_t)((unsigned __int128)all * i / want);
		uint64_t behind = (uint64_t)((unsigned __int128)all * (i + 1) / want);
		uint64_t k = first + next_random(seed) % (behind - first);

		while (k - before >= (list[at].end - list[at].start) / page)
			before += (list[at].end - list[at].start) / page, at++;
		addresses[i] = list[at].start + (k - before) * page;
	}
	return want;
}

double pages_error_pct(double share, uint64_t samples)
{
	double n = (double)samples, centre, half, up, down;

	if (!samples || isnan(share))
		return UNKNOWN_NUM;
	centre = (share + Z * Z / (2 * n)) / (1 + Z * Z / n);
	half = Z * sqrt(share * (1 - share) / n + Z * Z / (4 * n * n)) / (1 + Z * Z / n);
	up = centre + half - share;
	down = share - (centre - half);
	return 100 * (up > down ? up : down);
}

void page_view_done(struct page_view *v)
{
	free(v->cells);
	*v = (struct page_view){0};
}

uint64_t page_view_node(const struct page_view *v, int node)
{
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i < v->n_cells; i++)
		sum += v->cells[i].node == node ? v->cells[i].bytes : 0;
	return sum;
}

double page_view_error(const struct page_view *v, double share, bool of_all)
{
	return v->exact || v->all ? 0 : pages_error_pct(share, of_all ? v->samples : v->present);
}

static struct page_cell *cell_of(struct page_view *v, int node, uint64_t page_bytes)
{
	struct page_cell *c;
	size_t i;

	for (i = 0; i < v->n_cells; i++)
		if (v->cells[i].node == node && v->cells[i].page_bytes == page_bytes)
			return &v->cells[i];
	c = vec_push(v->cells, v->n_cells);
	c->node = node;
	c->page_bytes = page_bytes;
	return c;
}

static uint64_t scale(uint64_t count, uint64_t samples, uint64_t bytes)
{
	return (uint64_t)((unsigned __int128)count * bytes / samples);
}

void page_view_count(struct page_view *v, const struct host_page *pages, const uint64_t *addresses, size_t n,
		     const struct page_block *blocks, size_t n_blocks, bool ksm)
{
	uint64_t swapped = 0, hugetlb = 0, thp = 0, merged = 0;
	size_t i, at = 0;

	for (i = 0; i < n; i++) {
		const struct host_page *p = &pages[i];

		while (at < n_blocks && (addresses[i] < blocks[at].start || addresses[i] >= blocks[at].end))
			at++;
		swapped += p->swapped;
		if (!p->present)
			continue;
		v->present++;
		hugetlb += p->hugetlb;
		thp += p->thp;
		merged += p->ksm;
		cell_of(v, p->node, p->hugetlb && at < n_blocks ? blocks[at].page_bytes : 0)->bytes++;
	}
	v->samples = n;
	if (!n)
		return;
	v->present_bytes = scale(v->present, n, v->total_bytes);
	v->swapped_bytes = scale(swapped, n, v->total_bytes);
	v->hugetlb_bytes = scale(hugetlb, n, v->total_bytes);
	v->thp_bytes = scale(thp, n, v->total_bytes);
	v->ksm_bytes = ksm ? scale(merged, n, v->total_bytes) : HOST_UNKNOWN;
	for (i = 0; i < v->n_cells; i++)
		v->cells[i].bytes = scale(v->cells[i].bytes, n, v->total_bytes);
}
