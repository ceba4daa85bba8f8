// SPDX-License-Identifier: GPL-3.0-or-later
/* PCI devices and their drivers. driver_override, not new_id: that one would take all devices of a kind. */
#include "bind.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "private.h"
#include "write.h"

#define DEVICES "sys/bus/pci/devices"
#define SETTLE_MS 5000		/* who probes in a thread of its own, as some drivers ask for, comes later than the write */
#define LOOK_MS 10

bool host_driver_name_ok(const char *name)
{
	return strlen(name) < sizeof(((struct host_binding *)0)->driver) &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") == strlen(name);
}

int host_binding_read(const struct host *h, const char *address, struct host_binding *out)
{
	ssize_t len;
	char text[64];

	*out = (struct host_binding){0};
	len = host_read(h, text, sizeof(text), DEVICES "/%s/driver_override", address);
	if (len < 0)
		return -ENODEV;
	text[strcspn(text, "\n")] = '\0';
	if (strcmp(text, "(null)") && host_driver_name_ok(text))
		strcpy(out->override, text);
	host_link_name(h, out->driver, sizeof(out->driver), DEVICES "/%s/driver", address);
	return 0;
}

/* What is left of the time, and not nothing: the kernel is asked at least. */
static unsigned left(uint64_t deadline)
{
	int ms = clock_left_ms(deadline);

	return ms > 0 ? (unsigned)ms : 1;
}

static bool is_right(const struct host_binding *b, const char *driver)
{
	return driver ? !strcmp(b->driver, driver) : *b->driver && strcmp(b->driver, "vfio-pci");
}

static int read_back(const struct host *h, const char *address, const char *driver, uint64_t deadline, struct err *err)
{
	uint64_t settled = clock_now_ns() + SETTLE_MS * NS_PER_MS;
	struct host_binding now;
	int rc;

	for (;;) {
		rc = host_binding_read(h, address, &now);
		if (rc)
			return err_set(err, rc, "PCI device %s has gone", address);
		/* for some devices the kernel has no driver, and that is how they were */
		if (is_right(&now, driver) || (!driver && clock_now_ns() >= settled && !*now.driver))
			return 0;
		if (clock_now_ns() >= settled || clock_now_ns() >= deadline)
			break;
		clock_sleep_until(clock_now_ns() + LOOK_MS * NS_PER_MS);
	}
	return err_set(err, -EIO, "PCI device %s is with %s%s instead of %s (dmesg may tell why)", address,
		       *now.driver ? "driver " : "no driver", now.driver, driver && *driver ? driver : "none");
}

int host_pci_bind(const struct host *h, const char *address, const char *driver, const char *override,
		  unsigned timeout_ms, struct err *err)
{
	uint64_t deadline = clock_now_ns() + timeout_ms * NS_PER_MS;
	auto_free char *line = xasprintf("%s\n", *override ? override : "");
	struct host_binding now;
	int rc = host_binding_read(h, address, &now);

	if (rc)
		return err_set(err, rc, "the host has no PCI device %s", address);
	if (driver && *driver) {
		auto_close int fd = host_openat(h, "sys/bus/pci/drivers/%s", driver);

		if (fd < 0)
			return err_set(err, -ENOENT, "the host has no PCI driver %s loaded (modprobe %s)", driver, driver);
	}
	if (strcmp(now.override, override))
		rc = host_write_late(h, line, left(deadline), err, DEVICES "/%s/driver_override", address);
	if (rc || is_right(&now, driver))
		return rc;
	if (*now.driver)
		rc = host_write_late(h, address, left(deadline), err, "sys/bus/pci/drivers/%s/unbind", now.driver);
	if (!rc && (!driver || *driver))
		rc = host_write_late(h, address, left(deadline), err, "sys/bus/pci/drivers_probe");
	return rc ? rc : read_back(h, address, driver, deadline, err);
}

int host_vfio_owner(const struct host *h, int group, uid_t *uid)
{
	auto_free char *path = xasprintf("dev/vfio/%d", group);
	struct stat st;

	if (fstatat(host_dir(h), path, &st, AT_SYMLINK_NOFOLLOW))
		return -errno;
	*uid = st.st_uid;
	return 0;
}
