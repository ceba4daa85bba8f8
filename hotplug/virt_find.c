// SPDX-License-Identifier: GPL-3.0-or-later
/* A device of a libvirt guest by what a user calls it: its alias, or its place. */
#include "internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool is_called(const struct virt_named *d, const char *id)
{
	char mac[ADDRESS_MAC_SIZE];
	bool is_mac = address_mac_parse(id, mac);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(d->names); i++)
		if (d->names[i] && (!strcasecmp(d->names[i], id) || (is_mac && address_mac_is(d->names[i], mac))))
			return true;
	return virt_is_alias(d->alias, id);
}

static void put_name(struct buf *b, const char *between, const struct virt_named *d)
{
	const char *alias = d->alias ? d->alias : "?", *place = d->names[0] ? d->names[0] : d->names[1];

	buf_printf(b, "%s%s", b->len ? between : "", alias);
	if (place)
		buf_printf(b, " (%s)", place);
}

static int none_of(const struct virt_named *list, size_t n, const char *what, const char *id, struct err *err)
{
	auto_buf struct buf all = {0};
	size_t i;

	for (i = 0; i < n; i++)
		put_name(&all, ", ", &list[i]);
	return err_set(err, -ENODEV, "no %s '%s' (there is: %s)", what, id, all.len ? all.text : "none");
}

int virt_find(const struct virt_named *list, size_t n, const char *what, const char *id, size_t *at, struct err *err)
{
	auto_buf struct buf all = {0};
	size_t i, found = 0;

	for (i = 0; i < n; i++) {
		if (list[i].alias && !strcmp(list[i].alias, id)) {	/* libvirt gives it to one only */
			*at = i;
			return 0;
		}
		if (!is_called(&list[i], id))
			continue;
		put_name(&all, " or ", &list[i]);
		*at = i;
		found++;
	}
	if (found > 1)
		return err_set(err, -ENOTUNIQ, "'%s' could be %s (say which, by the whole alias)", id, all.text);
	return found && list[*at].alias ? 0 : none_of(list, n, what, id, err);
}
