// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Which way a virtqueue runs, by device type and index (virtio 1.2, section 5): a request ring holds work for the
 * device; a supply ring holds empty buffers for it to fill when something happens.
 */
#include "private.h"

#include <string.h>

enum layout { ALL_REQUEST, NET, SECOND_SUPPLY, EVEN_SUPPLY, BALLOON, FIRST_SUPPLY, VSOCK, SOUND, ALL_SUPPLY };

static const struct {
	const char *prefix;		/* of the QOM type */
	enum layout layout;
} layouts[] = {
	{ "virtio-net", NET }, { "vhost-user-net", NET },
	{ "virtio-scsi", SECOND_SUPPLY }, { "vhost-scsi", SECOND_SUPPLY }, { "vhost-user-scsi", SECOND_SUPPLY },
	{ "virtio-iommu", SECOND_SUPPLY }, { "vhost-user-gpio", SECOND_SUPPLY }, { "vhost-user-scmi", SECOND_SUPPLY },
	{ "virtio-sound", SOUND }, { "vhost-user-snd", SOUND },
	{ "virtio-serial", EVEN_SUPPLY },
	{ "virtio-balloon", BALLOON },
	{ "virtio-rng", ALL_SUPPLY }, { "vhost-user-rng", ALL_SUPPLY },
	{ "virtio-input", FIRST_SUPPLY }, { "virtio-keyboard", FIRST_SUPPLY }, { "virtio-mouse", FIRST_SUPPLY },
	{ "virtio-tablet", FIRST_SUPPLY }, { "virtio-multitouch", FIRST_SUPPLY }, { "vhost-user-input", FIRST_SUPPLY },
	{ "vhost-vsock", VSOCK }, { "vhost-user-vsock", VSOCK },
};

bool queue_is_request(const char *type, unsigned queue, unsigned n_queues)
{
	enum layout layout = ALL_REQUEST;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(layouts); i++)
		if (str_has_prefix(type, layouts[i].prefix))
			layout = layouts[i].layout;
	switch (layout) {
	case ALL_REQUEST: return true;
	case NET: return queue % 2 == 1 || (queue == n_queues - 1 && n_queues % 2 == 1);	/* rx tx rx tx .. ctrl */
	case SECOND_SUPPLY: return queue != 1;		/* control, event, requests */
	case EVEN_SUPPLY: return queue % 2 == 1;	/* receive, transmit of each port */
	case BALLOON: return queue < 2;			/* inflate, deflate; statistics and hints wait with a buffer posted */
	case FIRST_SUPPLY: return queue != 0;		/* events, status */
	case VSOCK: return queue == 1;			/* receive, transmit, event */
	case SOUND: return queue % 2 == 0;		/* control, event, transmit, receive */
	case ALL_SUPPLY: return false;
	}
	return true;
}

bool queue_is_disk(const char *type, unsigned queue)
{
	if (str_has_prefix(type, "virtio-blk") || str_has_prefix(type, "vhost-user-blk"))
		return true;
	return queue >= 2 && strstr(type, "-scsi");
}
