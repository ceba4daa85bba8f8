// SPDX-License-Identifier: GPL-3.0-or-later
/* Percentiles of a drive's latencies, from QEMU's histograms. */
#include "private.h"

#include <stdlib.h>
#include <string.h>

static bool is_comparable(const struct qmp_histogram *old, const struct qmp_histogram *now)
{
	size_t i;

	if (!old->bounds || !now->bounds || old->n_bounds != now->n_bounds ||
	    memcmp(old->bounds, now->bounds, now->n_bounds * sizeof(*now->bounds)))
		return false;
	/* switched off and on again */
	for (i = 0; i <= now->n_bounds; i++)
		if (now->bins[i] < old->bins[i])
			return false;
	return true;
}

double latency_of(const struct qmp_histogram *old, const struct qmp_histogram *now, double share)
{
	double total = 0, below = 0, target, ns;
	size_t i;

	if (!is_comparable(old, now))
		return UNKNOWN_NUM;
	for (i = 0; i <= now->n_bounds; i++)
		total += (double)(now->bins[i] - old->bins[i]);
	if (total < 1)
		return UNKNOWN_NUM;
	target = share * total;
	for (i = 0; i < now->n_bounds; i++) {
		double n = (double)(now->bins[i] - old->bins[i]), low = i ? (double)now->bounds[i - 1] : 0;

		if (n && below + n >= target) {
			ns = low + ((double)now->bounds[i] - low) * (target - below) / n;
			return ns * 1e-3;
		}
		below += n;
	}
	/* in the last bin, which has no end: that much at least */
	return (double)now->bounds[now->n_bounds - 1] * 1e-3;
}

void latency_fill(const struct block_answers *old, struct block_answers *now)
{
	auto_names struct names by_qdev = {0};
	size_t i, k, at;

	for (i = 0; i < old->n_stats; i++)
		names_add(&by_qdev, old->stats[i].qdev, NULL, i);
	free(now->latencies);
	now->latencies = xcalloc(now->n_stats, sizeof(*now->latencies));
	for (i = 0; i < now->n_stats; i++) {
		const struct qmp_blockstat *before;

		at = names_find(&by_qdev, now->stats[i].qdev, NULL);
		before = at == NAMES_NONE ? NULL : &old->stats[at];
		for (k = 0; k < QMP_IOS; k++) {
			const struct qmp_histogram *h = &now->stats[i].io[k].latency;

			now->latencies[i].p50_us[k] = before ? latency_of(&before->io[k].latency, h, 0.5) : UNKNOWN_NUM;
			now->latencies[i].p99_us[k] = before ? latency_of(&before->io[k].latency, h, 0.99) : UNKNOWN_NUM;
		}
	}
}
