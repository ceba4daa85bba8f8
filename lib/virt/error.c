// SPDX-License-Identifier: GPL-3.0-or-later
/* libvirt's errors as ours. */
#include "private.h"

#include <errno.h>
#include <string.h>

static const struct {
	int theirs, ours;
} codes[] = {
	{ VIR_ERR_NO_DOMAIN, -ENOENT },
	{ VIR_ERR_NO_STORAGE_POOL, -ENOENT },
	{ VIR_ERR_NO_STORAGE_VOL, -ENOENT },
	{ VIR_ERR_DEVICE_MISSING, -ENODEV },
	{ VIR_ERR_OPERATION_DENIED, -EPERM },
	{ VIR_ERR_ACCESS_DENIED, -EPERM },
	{ VIR_ERR_AUTH_FAILED, -EPERM },
	{ VIR_ERR_AUTH_UNAVAILABLE, -EPERM },
	{ VIR_ERR_AUTH_CANCELLED, -EPERM },
	{ VIR_ERR_OPERATION_TIMEOUT, -ETIMEDOUT },
	{ VIR_ERR_NO_SUPPORT, -EOPNOTSUPP },
	{ VIR_ERR_OPERATION_UNSUPPORTED, -EOPNOTSUPP },
	{ VIR_ERR_ARGUMENT_UNSUPPORTED, -EOPNOTSUPP },
	{ VIR_ERR_CONFIG_UNSUPPORTED, -EINVAL },
	{ VIR_ERR_OPERATION_INVALID, -EINVAL },
	{ VIR_ERR_INVALID_ARG, -EINVAL },
	{ VIR_ERR_XML_ERROR, -EINVAL },
	{ VIR_ERR_XML_DETAIL, -EINVAL },
};

/* What has no code of its own; the words are those of 9.0. */
static const struct {
	const char *words;
	int ours;
} phrases[] = {
	{ "rejected by the guest", -EBUSY },
	{ "unplug request timed out", -ETIMEDOUT },
	{ "unplug was rejected", -EBUSY },
	{ "cannot acquire state change lock", -EAGAIN },	/* for 30 s; then it was not begun */
	{ "no device found with alias", -ENODEV },
	{ "non unique alias", -EEXIST },
	{ "already exists", -EEXIST },
	{ "No more available PCI slots", -ENOSPC },
};

bool virt_error_is_lost(void)
{
	const virError *e = virGetLastError();

	/* "client socket is closed", "Cannot recv data", "connection closed due to keepalive timeout" */
	return e && (e->domain == VIR_FROM_RPC || e->code == VIR_ERR_INVALID_CONN ||
		     (e->code == VIR_ERR_SYSTEM_ERROR && e->domain == VIR_FROM_REMOTE) ||
		     (e->code == VIR_ERR_INTERNAL_ERROR && e->message && strstr(e->message, "client socket is closed")));
}

/* The daemon's socket: its permissions are the right to connect. Of an error that comes from there int1 is the errno. */
static bool is_closed_to_us(const virError *e)
{
	return e && e->domain == VIR_FROM_RPC && e->code == VIR_ERR_SYSTEM_ERROR && e->int1 == EACCES;
}

int virt_error(struct err *err, const char *what)
{
	const virError *e = virGetLastError();
	const char *text = e && e->message ? e->message : "libvirt does not say why";
	int code = -EREMOTEIO;
	size_t i;

	for (i = 0; e && i < ARRAY_SIZE(codes); i++)
		if (e->code == codes[i].theirs)
			code = codes[i].ours;
	if (virt_error_is_lost())
		code = is_closed_to_us(e) ? -EPERM : -ECONNRESET;
	for (i = 0; i < ARRAY_SIZE(phrases); i++)
		if (strstr(text, phrases[i].words))
			code = phrases[i].ours;
	return err_set(err, code, "%s: %s", what, text);
}
