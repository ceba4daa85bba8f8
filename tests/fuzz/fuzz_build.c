// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Plans that are built from what a guest's monitor says: the first byte chooses the change, the parts are the monitor's
 * answers. Nothing of the plan is run, and the host is a recorded one.
 */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cmd/cmd.h"

/* Behind each the guest; in this order: seeds count on it. */
static const char *const lines[] = {
	"disk add v file=/proc/77/image format=raw", "disk remove v d0", "disk resize v d0 size=1G", "nic add v type=user",
	"nic remove v nic0", "nic link v nic0 down", "vcpu add v", "vcpu remove v", "vcpu set v count=2", "dimm add v size=64M",
	"dimm remove v dimm0", "vmem set v vm0 size=64M", "usb remove v u0", "vfio remove v h0", "histogram v d0 on",
};

static struct plan *plan_of(const char *line, const struct verb **verb)
{
	struct call call = {0};
	struct err err = {0};
	struct plan *p = NULL;
	char **words = NULL;
	size_t n = 0, i;

	if (words_parse(line, &words, &n, &err))
		abort();
	if (!call_parse(words, n, &call, &err) && call.verb->build) {
		*verb = call.verb;
		p = plan_new(call.verb->name, "v", NULL);
		for (i = 0; i < call.verb->n_args; i++)
			if (call.values[i] && call.verb->args[i].type != ARG_VM)
				json_put_str(p->args, call.verb->args[i].name, call.values[i]);
		call_done(&call);
	}
	if (!p) {
		fprintf(stderr, "%s: %s\n", line, err.text);
		abort();
	}
	words_free(words, n);
	return p;
}

void fuzz_one(const uint8_t *data, size_t size)
{
	static const char *const names[] = { "proc/77/image" };
	struct plan_env env = { .host = fuzz_host(names, ARRAY_SIZE(names)), .timeout_ms = 1000, .interrupt_fd = -1 };
	const struct verb *verb = NULL;
	struct plan *p;
	size_t i;

	if (!size)
		return;
	p = plan_of(lines[(data[0] - '0' + 256) % ARRAY_SIZE(lines)], &verb);
	env.qmp = fuzz_peer(data + 1, size - 1);
	if (!verb->build(p, &env, &p->err))
		for (i = 0; i < p->n_steps; i++)
			free(step_text(&p->steps[i], 1000));
	qmp_close(env.qmp);
	plan_free(p);
}
