/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A netlink message whose lengths lie. */
#ifndef KT_TESTS_NETLINK_LIES_H
#define KT_TESTS_NETLINK_LIES_H

#include <stddef.h>

/*
 * read gets the message cut to each length, with a header that says so, and in each of those every pair of bytes from
 * at on, where an attribute may begin, in turn as a length that is too short, too long or odd. Its memory ends where the
 * message does: the sanitizer watches. nests: so many attributes from at on are each in the one before, and end where the
 * message ends.
 */
void netlink_lies(const void *message, size_t len, size_t at, size_t nests, void (*read)(const void *data, size_t len));

#endif
