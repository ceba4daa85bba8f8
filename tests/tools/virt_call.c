// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * One changing call of lib/virt: virt_call UUID CALL [ARG..]
 *	attach|update XML [config]   detach-config XML   detach ALIAS MS   resize DISK BYTES   volume POOL VOL
 *	aliases   events SECONDS   qmp COMMAND
 * Prints what came of it: "0", or the negative errno's number and the text. XML is a file.
 */
#include "lib/virt/virt.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CALL_MS 20000

static char *slurp(const char *path)
{
	FILE *f = fopen(path, "r");
	struct buf text = {0};
	char part[4096];
	size_t n;

	while (f && (n = fread(part, 1, sizeof(part), f)))
		buf_add(&text, part, n);
	if (f)
		fclose(f);
	return buf_take(&text);
}

static int aliases(struct virt *v, const char *uuid, struct err *err)
{
	struct virt_def *def;
	size_t i;
	int rc = virt_domain_read(v, uuid, VIRT_LIVE, CALL_MS, &def, err);

	if (rc)
		return rc;
	for (i = 0; i < def->n_aliases; i++)
		printf("%s\n", def->aliases[i]);
	virt_def_free(def);
	return 0;
}

static int events(struct virt *v, const char *uuid, double seconds)
{
	uint64_t end = clock_now_ns() + (uint64_t)(seconds * (double)NS_PER_SEC), seq = 0;

	puts("listening");
	while (clock_now_ns() < end) {
		struct virt_event *list;
		size_t n = virt_events(v, uuid, &seq, &list), i;

		for (i = 0; i < n; i++)
			printf("%s %s %s\n", virt_event_name(list[i].kind), list[i].device ? list[i].device : "-", list[i].text);
		fflush(stdout);
		virt_events_free(list, n);
		clock_sleep_until(clock_now_ns() + 20 * NS_PER_MS);
	}
	return 0;
}

static int pass(struct virt *v, const char *uuid, const char *command, struct err *err)
{
	auto_json struct json_object *ret = NULL;
	struct qmp *q;
	int rc = virt_qmp_open(v, uuid, CALL_MS, &q, NULL, err);

	if (rc)
		return rc;
	rc = qmp_call(q, command, NULL, CALL_MS, &ret, err);
	if (!rc)
		printf("%s %s\n", qmp_version(q), json_object_to_json_string_ext(ret, JSON_C_TO_STRING_PLAIN));
	qmp_close(q);
	return rc;
}

static int volume(struct virt *v, const char *uuid, char **arg, struct err *err)
{
	auto_free char *path = NULL, *format = NULL;
	int rc = virt_vol_path(v, uuid, arg[0], arg[1], CALL_MS, &path, &format, err);

	if (!rc)
		printf("%s %s\n", path, format ? format : "-");
	return rc;
}

static int run(struct virt *v, const char *uuid, const char *what, char **arg, struct err *err)
{
	auto_free char *xml = arg[0] ? slurp(arg[0]) : NULL;
	unsigned affect = VIRT_LIVE | (arg[0] && arg[1] ? VIRT_CONFIG : 0);

	if (!strcmp(what, "attach"))
		return virt_attach(v, uuid, xml, affect, CALL_MS, err);
	if (!strcmp(what, "update"))
		return virt_update(v, uuid, xml, affect, CALL_MS, err);
	if (!strcmp(what, "detach-config"))
		return virt_detach_config(v, uuid, xml, CALL_MS, err);
	if (!strcmp(what, "detach"))
		return virt_detach_alias(v, uuid, arg[0], (unsigned)atoi(arg[1]), -1, err);
	if (!strcmp(what, "resize"))
		return virt_block_resize(v, uuid, arg[0], strtoull(arg[1], NULL, 10), CALL_MS, err);
	if (!strcmp(what, "volume"))
		return volume(v, uuid, arg, err);
	if (!strcmp(what, "events"))
		return events(v, uuid, atof(arg[0]));
	if (!strcmp(what, "qmp"))
		return pass(v, uuid, arg[0], err);
	return aliases(v, uuid, err);
}

int main(int argc, char **argv)
{
	static const char *const uri = "qemu:///system";
	struct virt_config config = { .uris = &uri, .n_uris = 1 };
	struct err err = {0};
	struct virt *v;
	int rc;

	if (argc < 3 || virt_new(&config, &v, &err))
		return 2;
	while (!virt_is_settled(v))
		clock_sleep_until(clock_now_ns() + NS_PER_MS);
	rc = run(v, argv[1], argv[2], argv + 3, &err);
	printf("%d%s%s\n", rc, rc ? " " : "", rc ? err.text : "");
	virt_free(v);
	return 0;
}
