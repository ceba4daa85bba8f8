// SPDX-License-Identifier: GPL-3.0-or-later
/* USB devices of the host. */
#include "usb.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "private.h"

#define DEVICES "sys/bus/usb/devices"
#define CLASS_HID 3
#define CLASS_HUB 9
#define HID_KEYBOARD 1			/* bInterfaceProtocol of the boot interface */

void host_usb_free(struct host_usb *list, size_t n)
{
	while (n--) {
		free(list[n].name);
		free(list[n].use);
	}
	free(list);
}

static unsigned number(const struct host *h, const char *device, const char *name, int base)
{
	char buf[32];

	if (host_read(h, buf, sizeof(buf), DEVICES "/%s/%s", device, name) <= 0)
		return 0;
	return (unsigned)strtoul(buf, NULL, base);
}

static void text(const struct host *h, const char *device, const char *name, struct buf *out)
{
	char buf[256];

	if (host_read(h, buf, sizeof(buf), DEVICES "/%s/%s", device, name) <= 0)
		return;
	buf[strcspn(buf, "\n")] = '\0';
	if (*buf)
		buf_printf(out, "%s%s", out->len ? " " : "", buf);
}

/* "1-2:1.0" of "1-2" */
static char *used_interface(const struct host *h, const char *interface)
{
	char target[512];
	const char *driver;

	if (host_readlink(h, target, sizeof(target), DEVICES "/%s/driver", interface) < 0)
		return NULL;
	driver = strrchr(target, '/');
	driver = driver ? driver + 1 : target;
	if (!strcmp(driver, "usbfs"))
		return xstrdup("another program has it, a guest perhaps");
	if (number(h, interface, "bInterfaceClass", 16) == CLASS_HID &&
	    number(h, interface, "bInterfaceProtocol", 16) == HID_KEYBOARD)
		return xstrdup("it is a keyboard of the host");
	return NULL;
}

static char *find_use(const struct host *h, const char *port)
{
	auto_free char *mark = xasprintf("%s:", port);
	DIR *dir = host_dir_open(h, DEVICES);
	const struct dirent *d;
	char *use = NULL;

	while (!use && dir && (d = readdir(dir)))
		if (str_has_prefix(d->d_name, mark))
			use = used_interface(h, d->d_name);
	if (dir)
		closedir(dir);
	return use;
}

static int by_port(const void *a, const void *b)
{
	return strverscmp(((const struct host_usb *)a)->port, ((const struct host_usb *)b)->port);
}

int host_usb_list(const struct host *h, struct host_usb **list, size_t *n)
{
	DIR *dir = host_dir_open(h, DEVICES);
	struct host_usb *found = NULL;
	const struct dirent *d;
	size_t count = 0;

	if (!dir)
		return -ENOENT;
	while ((d = readdir(dir))) {
		auto_buf struct buf name = {0};
		struct host_usb *u;

		/* "1-2"; interfaces have a colon, root hubs begin with "usb" */
		if (strspn(d->d_name, "0123456789-.") != strlen(d->d_name) || !strchr(d->d_name, '-') ||
		    strlen(d->d_name) >= sizeof(u->port))
			continue;
		u = vec_push(found, count);
		strcpy(u->port, d->d_name);
		u->bus = number(h, d->d_name, "busnum", 10);
		u->address = number(h, d->d_name, "devnum", 10);
		u->vendor = number(h, d->d_name, "idVendor", 16) & 0xffff;
		u->product = number(h, d->d_name, "idProduct", 16) & 0xffff;
		u->hub = number(h, d->d_name, "bDeviceClass", 16) == CLASS_HUB;
		text(h, d->d_name, "manufacturer", &name);
		text(h, d->d_name, "product", &name);
		u->name = name.len ? str_utf8(name.text, name.len, 255) : NULL;
		u->use = find_use(h, d->d_name);
	}
	closedir(dir);
	if (count)
		qsort(found, count, sizeof(*found), by_port);
	*list = found;
	*n = count;
	return 0;
}
