// SPDX-License-Identifier: GPL-3.0-or-later
/* OSC 52. */
#include "clip.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

char *clip_string(const char *text)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t len = strlen(text), i;
	struct buf out = {0};

	if (len > CLIP_BYTES_MAX)
		return NULL;
	buf_puts(&out, "\033]52;c;");
	for (i = 0; i < len; i += 3) {
		unsigned a = (unsigned char)text[i], b = i + 1 < len ? (unsigned char)text[i + 1] : 0;
		unsigned c = i + 2 < len ? (unsigned char)text[i + 2] : 0;
		char four[4] = { digits[a >> 2], digits[(a & 3) << 4 | b >> 4], digits[(b & 15) << 2 | c >> 6], digits[c & 63] };

		if (i + 1 >= len)
			four[2] = '=';
		if (i + 2 >= len)
			four[3] = '=';
		buf_add(&out, four, sizeof(four));
	}
	buf_puts(&out, "\a");
	return buf_take(&out);
}

/* They show what they do not know, or do something else with it. */
static bool has_clipboard(const char *term)
{
	static const char *const without[] = { "linux", "vt", "ansi", "dumb", "cons", "sun", "wy" };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(without); i++)
		if (!term || str_has_prefix(term, without[i]))
			return false;
	return true;
}

int clip_copy(const char *text, struct err *err)
{
	const char *term = getenv("TERM");
	auto_free char *string = clip_string(text);
	size_t done = 0, len;

	if (!string)
		return err_set(err, -E2BIG, "the line is longer than %d bytes: it is not copied", CLIP_BYTES_MAX);
	if (!has_clipboard(term))
		return err_set(err, -ENOTSUP, "a terminal of TERM=%s has no clipboard: mark the line with the mouse", term ? term : "");
	for (len = strlen(string); done < len; ) {
		ssize_t n = write(STDOUT_FILENO, string + done, len - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return err_sys(err, n ? -errno : -EIO, "the terminal");
		done += (size_t)n;
	}
	return 0;
}
