// SPDX-License-Identifier: GPL-3.0-or-later
/* The header of a qcow2 image, as QEMU's docs/interop/qcow2.txt has it: big endian, then extensions, then a name. */
#include "qcow2.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/base.h"

#define MAGIC 0x514649fbu
#define HEAD_2 72u			/* bytes of a version 2 header */
#define HEAD_3 104u			/* at least, of a version 3 header */
#define CLUSTER_BITS_MIN 9
#define CLUSTER_BITS_MAX 21
#define NAME_MAX_BYTES 1023		/* of a backing file */
#define FORMAT_MAX_BYTES 15		/* as QEMU has it */
#define INCOMPAT_DATA_FILE (1ull << 2)
#define EXT_END 0
#define EXT_FORMAT 0xe2792acau
#define EXT_DATA_FILE 0x44415441u

static uint32_t u32(const unsigned char *p)
{
	uint32_t n;

	memcpy(&n, p, sizeof(n));
	return be32toh(n);
}

static uint64_t u64(const unsigned char *p)
{
	uint64_t n;

	memcpy(&n, p, sizeof(n));
	return be64toh(n);
}

void qcow2_done(struct qcow2 *q)
{
	free(q->backing);
	free(q->format);
	free(q->data);
	*q = (struct qcow2){0};
}

bool qcow2_is(const void *head, size_t len)
{
	return len >= HEAD_2 && u32(head) == MAGIC;
}

/* Extensions between the header and the name, or the end of what was read. A second one of a kind would win in QEMU. */
static const char *read_extensions(const unsigned char *head, size_t at, size_t end, struct qcow2 *out)
{
	while (at + 8 <= end) {
		uint32_t type = u32(head + at), len = u32(head + at + 4);
		char **text = type == EXT_FORMAT ? &out->format : type == EXT_DATA_FILE ? &out->data : NULL;

		if (type == EXT_END)
			break;
		at += 8;
		if (len > end - at)
			return "an extension of its header does not fit";
		if (text && *text)
			return "its header has an extension twice";
		if (text && (!len || len > (type == EXT_FORMAT ? FORMAT_MAX_BYTES : NAME_MAX_BYTES)))
			return "an extension of its header has no sensible length";
		if (text)
			*text = xstrndup((const char *)head + at, len);
		at += (len + 7ull) & ~7ull;
	}
	return NULL;
}

static const char *read_names(const unsigned char *head, size_t len, struct qcow2 *out)
{
	uint32_t version = u32(head + 4), name_len = u32(head + 16), bits = u32(head + 20);
	uint64_t name_at = u64(head + 8), features = 0, first = HEAD_2, cluster;
	const char *why;

	if (version != 2 && version != 3)
		return "its header is of another version than 2 and 3";
	if (bits < CLUSTER_BITS_MIN || bits > CLUSTER_BITS_MAX)
		return "its header makes no sense";
	cluster = 1ull << bits;
	if (version == 3) {
		if (len < HEAD_3)
			return "its header is cut off";
		features = u64(head + 72);
		first = u32(head + 100);
	}
	if (first < (version == 3 ? HEAD_3 : HEAD_2) || first > cluster || first > len)
		return "its header has no sensible length";
	if (len > cluster)
		len = cluster;
	if (name_at && (!name_len || name_len > NAME_MAX_BYTES || name_at < first || name_at > len || name_len > len - name_at))
		return "its header names a backing file that cannot be read";
	why = read_extensions(head, first, name_at ? name_at : len, out);
	if (why)
		return why;
	if (name_at)
		out->backing = xstrndup((const char *)head + name_at, name_len);
	if (!(features & INCOMPAT_DATA_FILE)) {		/* a name without the feature has no meaning */
		free(out->data);
		out->data = NULL;
	} else if (!out->data) {
		return "its header does not name its data file";
	}
	return NULL;
}

const char *qcow2_parse(const void *head, size_t len, struct qcow2 *out)
{
	const char *why;

	*out = (struct qcow2){0};
	why = qcow2_is(head, len) ? read_names(head, len, out) : "it is not qcow2";
	if (why)
		qcow2_done(out);
	return why;
}
