// SPDX-License-Identifier: GPL-3.0-or-later
/* Bytes from a terminal: keys, actions, and a line that is edited with them. The first byte says where. */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "tui/input.h"
#include "tui/keys.h"
#include "tui/line.h"

static void press(struct line *l, unsigned where, int key)
{
	bool changed;
	char name[8];

	keys_action(where, key);
	keys_name(key, name);
	fuzz_must(!*name || keys_code(name) != K_NONE);
	line_key(l, key, &changed);
}

void fuzz_one(const uint8_t *data, size_t size)
{
	struct input in = {0};
	struct line line = {0};
	int keys[INPUT_KEYS_MAX];
	size_t i, k, n;

	line_set(&line, "");
	for (i = 1; i < size; i++) {
		/* curses may know a sequence by itself */
		int key = data[i] == 0xff ? (int)(K_UP + data[0] % (K_LAST - K_UP)) : data[i];

		if (i % 1024 == 0)	/* each key may walk the line, which has a bound of its own */
			line_set(&line, "");
		n = input_feed(&in, key, keys);
		fuzz_must(n <= INPUT_KEYS_MAX);
		for (k = 0; k < n; k++)
			press(&line, 1u << (data[0] % 10), keys[k]);
	}
	n = input_flush(&in, keys);
	fuzz_must(n <= INPUT_KEYS_MAX && !input_is_waiting(&in));
	fuzz_must(line.at <= strlen(line.text) && strlen(line.text) <= 4096);
	line_done(&line);
}
