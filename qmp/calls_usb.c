// SPDX-License-Identifier: GPL-3.0-or-later
/* Typed calls on USB devices of the guest. */
#include "internal.h"
#include "slots.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define HMP_USB_MAX (64u << 10)

/* "  Device 0.2, Port 1, Speed 480 Mb/s, Product QEMU USB HARDDRIVE, ID: u0": 0.0 before the guest has addressed it */
static bool has_address(const char *text, const char *id)
{
	auto_free char *mark = xasprintf(", ID: %s", id);
	const char *line = text;

	while (line && *line) {
		const char *end = strchr(line, '\n'), *dot;
		size_t len = end ? (size_t)(end - line) : strlen(line);

		while (len && (line[len - 1] == '\r' || line[len - 1] == ' '))
			len--;
		/* a product's name may hold anything, but stands before the id */
		if (len > strlen(mark) && !strncmp(line + len - strlen(mark), mark, strlen(mark))) {
			dot = strchr(line, '.');
			return str_has_prefix(line, "  Device ") && dot && strtoul(dot + 1, NULL, 10);
		}
		line = end ? end + 1 : NULL;
	}
	return false;
}

int qmp_query_usb(struct qmp *q, const char *id, enum qmp_usb_state *state, struct err *err)
{
	auto_free char *path = *id == '/' ? xstrdup(id) : xasprintf("/machine/peripheral/%s", id), *text = NULL;
	auto_json struct json_object *attached = NULL;
	int rc = qmp_ask(q, "qom-get", qmp_path_args(path, "attached"), json_type_boolean, &attached, err);

	if (rc)
		return rc;
	*state = QMP_USB_DETACHED;
	if (!json_object_get_boolean(attached))
		return 0;
	*state = QMP_USB_ATTACHED;
	rc = qmp_ask_hmp(q, "info usb", HMP_USB_MAX, &text, err);
	if (!rc && has_address(text, id))
		*state = QMP_USB_ADDRESSED;
	return rc;
}

static bool is_controller(const char *type)
{
	return !strcmp(type, "child<qemu-xhci>") || !strcmp(type, "child<nec-usb-xhci>");
}

static int bus_below(struct qmp *q, const char *device, char **bus, struct err *err)
{
	struct qmp_prop *props = NULL;
	size_t n = 0, i;
	int rc = qmp_qom_list(q, device, &props, &n, err);

	if (rc)
		return qmp_is_refusal(rc) ? 0 : rc;
	for (i = 0; i < n && !*bus; i++)
		if (!strcmp(props[i].type, "child<usb-bus>"))
			*bus = xstrdup(props[i].name);
	qmp_props_free(props, n);
	return 0;
}

int qmp_query_usb_bus(struct qmp *q, char **bus, struct err *err)
{
	static const char *const containers[] = { "/machine/peripheral", "/machine/peripheral-anon" };
	size_t k, i;
	int rc = 0;

	*bus = NULL;
	for (k = 0; !rc && !*bus && k < ARRAY_SIZE(containers); k++) {
		struct qmp_prop *props = NULL;
		size_t n = 0;

		rc = qmp_qom_list(q, containers[k], &props, &n, err);
		for (i = 0; !rc && i < n && !*bus; i++) {
			auto_free char *path = xasprintf("%s/%s", containers[k], props[i].name);

			/* inside of the PCI function there is the controller proper */
			if (is_controller(props[i].type))
				rc = bus_below(q, path, bus, err);
		}
		qmp_props_free(props, n);
	}
	return rc;
}

int qmp_is_usb_device(struct qmp *q, const char *path, bool *is, struct err *err)
{
	auto_json struct json_object *attached = NULL;
	int rc = qmp_qom_get(q, path, "attached", &attached, err);

	if (rc == -ENODEV)
		return rc;
	*is = !rc && json_object_is_type(attached, json_type_boolean);
	return qmp_is_refusal(rc) ? 0 : rc;
}

int qmp_has_device_type(struct qmp *q, const char *type, bool *has, struct err *err)
{
	struct json_object *args = json_put_str(json_object_new_object(), "typename", type);
	int rc = qmp_call(q, "device-list-properties", args, qmp_patience(q), NULL, err);

	*has = !rc;
	return qmp_is_refusal(rc) ? 0 : rc;
}
