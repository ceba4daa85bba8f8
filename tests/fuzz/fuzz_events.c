// SPDX-License-Identifier: GPL-3.0-or-later
/* Events of libvirt's: numbers and texts that its callbacks hand over, three bytes and lines of a domain, a device, a text. */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "lib/virt/private.h"

void fuzz_one(const uint8_t *data, size_t size)
{
	static struct virt v = { .lock = PTHREAD_MUTEX_INITIALIZER };
	auto_free char *text = size > 3 ? fuzz_text(data + 3, size - 3) : xstrdup("");
	enum virt_event_kind kind = size ? data[0] % VIRT_EVENT_KINDS : VIRT_LIFECYCLE;
	int state = size > 1 ? (int8_t)data[1] : 0, why = size > 2 ? (int8_t)data[2] : 0;
	char *save = NULL, *name = strtok_r(text, "\n", &save), *device = strtok_r(NULL, "\n", &save);
	const char *rest = strtok_r(NULL, "\n", &save);
	struct virt_event *list;
	uint64_t seq = 0;
	size_t n, i;

	if (!v.events)
		v.events = xcalloc(EVENTS_KEPT, sizeof(*v.events));
	fuzz_must(words_lifecycle(state, why) && words_io_error(rest) && virt_event_name(kind));
	words_state(state, why);
	words_reason(state, why);
	event_push(&v, kind, "0badf00d-0000-0000-0000-000000000001", name, device, "%s", rest ? rest : "");
	n = virt_events(&v, NULL, &seq, &list);
	for (i = 0; i < n; i++)
		fuzz_must(!list[i].text || strlen(list[i].text) < 2048);
	virt_events_free(list, n);
	event_done(&v.events[v.last_seq % EVENTS_KEPT]);
	v.last_seq--;
}
