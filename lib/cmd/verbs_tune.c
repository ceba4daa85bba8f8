// SPDX-License-Identifier: GPL-3.0-or-later
/* Verbs that tune. */
#include "verbs.h"
#include "tuning/tuning.h"

static const struct arg histogram_args[] = {
	ARG_OF_GUEST,
	{ "ID", ARG_DEVICE, .positional = true, .required = true, .complete = COMPLETE_DISKS, .help = "The disk's device id, or its QOM path." },
	{ "STATE", ARG_CHOICE, .positional = true, .required = true, .choices = "on|off", .help = "on: latencies are counted from now on." },
	ARG_FORCE_USER,
};
const struct verb histogram_verb = {
	.name = "histogram", CHANGE(tuning_histogram), ARGS(histogram_args), .summary = "Count a disk's latencies.",
	.rights = RIGHT_MONITOR,
	.doc = "Lets QEMU count how long each read, write and flush of a disk takes, in bins from 1 us to 10 s, until it is switched off. "
	       "While it is on, disks shows percentiles. It costs QEMU little: a search among 71 bounds for each request. Bounds that "
	       "somebody else has set are left as they are. Not for guests of libvirt's, which has no call for this.",
};
