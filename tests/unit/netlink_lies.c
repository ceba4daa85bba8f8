// SPDX-License-Identifier: GPL-3.0-or-later
#include "netlink_lies.h"

#include <linux/netlink.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/base.h"

static void tell(const void *message, size_t len, size_t nest, size_t nests, size_t at, size_t lie,
		 void (*read)(const void *data, size_t len))
{
	uint32_t whole = (uint32_t)len;
	char *copy = xmalloc(len);

	memcpy(copy, message, len);
	memcpy(copy, &whole, sizeof(whole));	/* nlmsg_len */
	for (; nests && nest + sizeof(uint16_t) <= len; nests--, nest += NLA_HDRLEN)
		memcpy(copy + nest, &(uint16_t){ (uint16_t)(len - nest) }, sizeof(uint16_t));
	if (at + sizeof(uint16_t) <= len)
		memcpy(copy + at, &(uint16_t){ (uint16_t)lie }, sizeof(uint16_t));
	read(copy, len);
	free(copy);
}

void netlink_lies(const void *message, size_t len, size_t at, size_t nests, void (*read)(const void *data, size_t len))
{
	static const size_t lies[] = { 0, 1, 3, 4, 5, 6, 7, 8, 9, 12, 0x7fff, 0x8000, 0xfffc, 0xfffd, 0xffff };
	size_t cut, i, k;

	for (cut = sizeof(struct nlmsghdr); cut <= len; cut++) {
		tell(message, cut, at, nests, cut, 0, read);
		for (i = at; i + sizeof(uint16_t) <= cut; i += NLA_ALIGNTO) {
			tell(message, cut, at, nests, i, cut - i, read);
			for (k = 0; k < ARRAY_SIZE(lies); k++)
				tell(message, cut, at, nests, i, lies[k], read);
		}
	}
}
