// SPDX-License-Identifier: GPL-3.0-or-later
/* Reading a QEMU command line. */
#include "cmdline.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "calls.h"
#include "config.h"
#include "looks.h"
#include "opts.h"

#define NAME_MAX_BYTES 255

/* The words while they are read: -mon may name a -chardev that comes later. */
struct reader {
	struct qmp_cmdline *out;
	struct qmp_chardev *chardevs;
	size_t n_chardevs;
	struct qmp_mon *mons;
	size_t n_mons;
	size_t n_json_netdevs;		/* at the head of out's */
	size_t json_left;		/* bytes of JSON that are parsed yet */
	bool accel_said;		/* by -accel, which comes before -machine's */
	bool backend_said;		/* the main memory is made of backends that are named */
	char *mem_path;			/* -mem-path */
	char *memory_backend;		/* -machine memory-backend= */
	uint64_t mem_bytes;		/* -m, 0: not said */
	struct qmp_smp smp;
	char **dimms;			/* their backends' ids */
	size_t n_dimms;
	const struct qmp_config *configs;	/* of the next -readconfig */
	size_t n_configs;
	char **texts;			/* of sections */
	size_t n_texts;
};

static void replace(char **slot, char *value)
{
	free(*slot);
	*slot = value;
}

/* Room for one more? Else it is noted what the command line has too many of. */
static bool has_room(struct reader *r, size_t n, size_t max, const char *what)
{
	if (n < max)
		return true;
	if (!r->out->cut)
		r->out->cut = xasprintf("more than %zu %s", max, what);
	return false;
}

/* Options that take one value. The order of -name and the like is QEMU's: the last one counts. */
static void take_name(struct reader *r, const struct qmp_opts *o)
{
	auto_free char *guest = qmp_opts_get(o, "guest");

	if (guest)
		replace(&r->out->name, str_utf8(guest, strlen(guest), NAME_MAX_BYTES));
}

static void take_uuid(struct reader *r, const struct qmp_opts *o)
{
	static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
	char text[sizeof(form)];
	size_t i;

	replace(&r->out->uuid, NULL);
	if (strlen(o->text) != strlen(form))
		return;
	for (i = 0; form[i]; i++) {
		unsigned char c = (unsigned char)o->text[i];

		if (form[i] == '-' ? c != '-' : !isxdigit(c))
			return;
		text[i] = (char)tolower(c);
	}
	text[i] = '\0';
	if (text[strspn(text, "0-")])
		r->out->uuid = xstrdup(text);
}

static void take_machine(struct reader *r, const struct qmp_opts *o)
{
	char *type = qmp_opts_get(o, "type");
	char *accel = qmp_opts_get(o, "accel");
	char *backend = qmp_opts_get(o, "memory-backend");

	r->backend_said |= backend != NULL;
	if (backend)
		replace(&r->memory_backend, backend);
	if (type)
		replace(&r->out->machine, type);
	if (accel && !r->accel_said)
		replace(&r->out->accel, accel);
	else
		free(accel);
}

/* Several are tried in turn: the first is the one that was meant. */
static void take_accel(struct reader *r, const struct qmp_opts *o)
{
	char *accel = qmp_opts_get(o, "accel");

	if (accel && !r->accel_said) {
		replace(&r->out->accel, accel);
		r->accel_said = true;
	} else {
		free(accel);
	}
}

static void take_mem(struct reader *r, const struct qmp_opts *o)
{
	auto_free char *size = qmp_opts_get(o, "size");
	auto_free char *slots = qmp_opts_get(o, "slots");
	auto_free char *max = qmp_opts_get(o, "maxmem");

	if (size)
		qmp_size_read(size, 'M', &r->mem_bytes);
	if (slots)
		units_uint_parse(slots, &r->out->mem_slots);
	if (max)
		qmp_size_read(max, 'B', &r->out->mem_max_bytes);
}

static void add_mon(struct reader *r, const struct qmp_opts *o, bool short_form, bool human)
{
	if (has_room(r, r->n_mons, CMDLINE_MONITORS_MAX, "monitors"))
		*vec_push(r->mons, r->n_mons) = (struct qmp_mon){ .value = o->text, .short_form = short_form, .human = human };
}

static void take_qmp(struct reader *r, const struct qmp_opts *o)
{
	add_mon(r, o, true, false);
}

static void take_monitor(struct reader *r, const struct qmp_opts *o)
{
	if (strcmp(o->text, "none") && strcmp(o->text, "null"))
		add_mon(r, o, true, true);
}

static void take_mon(struct reader *r, const struct qmp_opts *o)
{
	auto_free char *mode = qmp_opts_get(o, "mode");

	add_mon(r, o, false, !mode || strcmp(mode, "control"));
}

static bool is_libvirt_path(const char *value)
{
	return strstr(value, "/libvirt/qemu/domain-") || strstr(value, "/libvirt/qemu/lib/domain-");
}

static void take_chardev(struct reader *r, const struct qmp_opts *o)
{
	char *id = qmp_opts_get(o, "id");

	r->out->libvirt |= is_libvirt_path(o->text);
	if (id && has_room(r, r->n_chardevs, CMDLINE_CHARDEVS_MAX, "chardevs"))
		*vec_push(r->chardevs, r->n_chardevs) = (struct qmp_chardev){ o->text, id };
	else
		free(id);
}

static void take_object(struct reader *r, const struct qmp_opts *o)
{
	auto_free char *id = qmp_opts_get(o, "id");
	struct qmp_backend backend;

	r->out->libvirt |= is_libvirt_path(o->text) || (id && !strcmp(id, "masterKey0"));
	if (!id || !qmp_backend_read(o, id, &backend))
		return;
	if (has_room(r, r->out->n_backends, CMDLINE_BACKENDS_MAX, "memory backends"))
		*vec_push(r->out->backends, r->out->n_backends) = backend;
	else
		qmp_backend_done(&backend);
}

/* Of the many devices only these are read. */
static bool is_memory_device(const char *value)
{
	return strstr(value, "dimm") || strstr(value, "virtio-mem");
}

/* A memory device; its backend may stand behind it. */
static void take_device(struct reader *r, const struct qmp_opts *o)
{
	auto_free char *driver = qmp_opts_get(o, "driver");
	char *backend;

	if (!driver)
		return;
	r->out->plugged_varies |= str_has_prefix(driver, "virtio-mem");
	if (strcmp(driver, "pc-dimm") && strcmp(driver, "nvdimm"))
		return;
	backend = qmp_opts_get(o, "memdev");
	if (backend && has_room(r, r->n_dimms, CMDLINE_BACKENDS_MAX, "memory backends"))
		*vec_push(r->dimms, r->n_dimms) = backend;
	else
		free(backend);
}

static void take_numa(struct reader *r, const struct qmp_opts *o)
{
	auto_free char *backend = qmp_opts_get(o, "memdev");

	r->backend_said |= backend != NULL;
}

static void take_mem_path(struct reader *r, const struct qmp_opts *o)
{
	replace(&r->mem_path, xstrdup(o->text));
}

static void take_smp(struct reader *r, const struct qmp_opts *o)
{
	qmp_smp_read(o, &r->smp);
}

static void take_incoming(struct reader *r, const struct qmp_opts *o)
{
	(void)o;
	r->out->incoming = true;
}

static void add_drives(struct reader *r, struct qmp_cmdline_drive *list, size_t n)
{
	struct qmp_cmdline *out = r->out;
	size_t i;

	for (i = 0; i < n; i++)
		if (strlen(list[i].node) <= NAME_MAX_BYTES && has_room(r, out->n_drives, CMDLINE_DRIVES_MAX, "drives"))
			*vec_push(out->drives, out->n_drives) = list[i];
		else
			qmp_drive_done(&list[i]);
}

static void take_blockdev(struct reader *r, const struct qmp_opts *o)
{
	struct qmp_cmdline_drive list[QMP_NESTED_MAX];

	add_drives(r, list, qmp_drives_of_blockdev(o, list));
}

static void take_drive(struct reader *r, const struct qmp_opts *o)
{
	struct qmp_cmdline_drive one;

	add_drives(r, &one, qmp_drive_of_drive(o, &one));
}

/* QEMU sets up those in JSON's form first, whatever the order on the command line is. */
static void take_netdev(struct reader *r, const struct qmp_opts *o)
{
	char *id = qmp_opts_get(o, "id");
	size_t at, i;

	if (!id || strlen(id) > NAME_MAX_BYTES || !has_room(r, r->out->n_netdevs, CMDLINE_NETDEVS_MAX, "netdevs")) {
		free(id);
		return;
	}
	*vec_push(r->out->netdevs, r->out->n_netdevs) = id;
	if (!qmp_opts_is_json(o->text))
		return;
	at = r->n_json_netdevs++;
	for (i = r->out->n_netdevs - 1; i > at; i--)
		r->out->netdevs[i] = r->out->netdevs[i - 1];
	r->out->netdevs[at] = id;
}

static const struct {
	const char *name, *implied;	/* implied: the key of its first bare word */
	void (*take)(struct reader *r, const struct qmp_opts *o);
} options[] = {
	{ "name", "guest", take_name },
	{ "uuid", NULL, take_uuid },
	{ "machine", "type", take_machine },
	{ "M", "type", take_machine },
	{ "accel", "accel", take_accel },
	{ "m", "size", take_mem },
	{ "qmp", NULL, take_qmp },
	{ "qmp-pretty", NULL, take_qmp },
	{ "mon", "chardev", take_mon },
	{ "chardev", "backend", take_chardev },
	{ "object", "qom-type", take_object },
	{ "incoming", NULL, take_incoming },
	{ "numa", "type", take_numa },
	{ "mem-path", NULL, take_mem_path },
	{ "smp", "cpus", take_smp },
	{ "append", NULL, NULL },
	{ "fw_cfg", NULL, NULL },
	{ "smbios", NULL, NULL },
	{ "drive", NULL, take_drive },
	{ "device", "driver", take_device },
	{ "blockdev", NULL, take_blockdev },
	{ "netdev", "type", take_netdev },
	{ "serial", NULL, NULL },
	{ "readconfig", NULL, NULL },
	{ "monitor", NULL, take_monitor },
};

/* One that is too long is left out, whatever it says. */
static void read_option(struct reader *r, size_t k, const char *value)
{
	auto_opts struct qmp_opts o = {0};
	size_t len = strnlen(value, CMDLINE_OPTION_MAX);
	bool json = qmp_opts_is_json(value);

	if (len >= CMDLINE_OPTION_MAX || (json && len > r->json_left)) {
		if (!r->out->cut)
			r->out->cut = len >= CMDLINE_OPTION_MAX ? xasprintf("an option of more than %u bytes", CMDLINE_OPTION_MAX) :
				xasprintf("more than %u bytes of JSON", CMDLINE_JSON_MAX);
		return;
	}
	if (json)
		r->json_left -= len;
	qmp_opts_read(&o, value, options[k].implied);
	options[k].take(r, &o);
}

/* Devices are many, and few of them are read. */
static void take_value(struct reader *r, const char *option, const char *value)
{
	size_t k;

	for (k = 0; k < ARRAY_SIZE(options); k++)
		if (!strcmp(option, options[k].name) && options[k].take &&
		    (options[k].take != take_device || is_memory_device(value)))
			read_option(r, k, value);
}

static void take_section(void *arg, const char *option, char *value)
{
	struct reader *r = arg;

	*vec_push(r->texts, r->n_texts) = value;
	take_value(r, option, value);
}

/* What was said before a file that is not known may have been said otherwise in it. */
static void take_config(struct reader *r, const char *path)
{
	const char *why = r->n_configs ? r->configs->why : "it was not read";

	if (r->n_configs && !why && !qmp_config_read(r->configs->text, take_section, r))
		why = "it is not as QEMU takes it";
	if (r->n_configs) {
		r->configs++;
		r->n_configs--;
	}
	if (!why)
		return;
	r->mem_bytes = 0;
	r->smp = (struct qmp_smp){0};
	if (!r->out->unread)
		r->out->unread = xasprintf("-readconfig %.*s: %s", NAME_MAX_BYTES, path, why);
}

/* One option of a command line. */
struct word {
	const char *name, *value;	/* value: NULL, it has none */
	size_t n;			/* words that it takes, itself included */
};

static struct word word_at(char *const argv[], size_t i, size_t argc)
{
	static const char *const flags[] = { "enable-kvm", "daemonize", NULL };
	struct word w = { .name = argv[i] + (str_has_prefix(argv[i], "--") ? 2 : 1), .n = 1 };
	const char *value = i + 1 < argc ? argv[i + 1] : NULL;
	bool known = false;
	size_t k;

	if (!value || str_is_listed(w.name, flags))
		return w;
	for (k = 0; k < ARRAY_SIZE(options) && !known; k++)
		known = !strcmp(w.name, options[k].name);
	/* also of those that are not read: a value may begin with '-' */
	if (known || *value != '-') {
		w.value = value;
		w.n = 2;
	}
	return w;
}

static void take_word(struct reader *r, const struct word *w)
{
	const struct qmp_opts kvm = { .text = "kvm", .implied = "accel" };

	if (!strcmp(w->name, "enable-kvm"))
		take_accel(r, &kvm);
	else if (w->value && !strcmp(w->name, "readconfig"))
		take_config(r, w->value);
	else if (w->value)
		take_value(r, w->name, w->value);
}

void qmp_cmdline_configs(char *const argv[], size_t argc, struct qmp_config_files *out)
{
	size_t i;

	*out = (struct qmp_config_files){0};
	for (i = 1; i < argc; ) {
		struct word w = { .n = 1 };

		if (*argv[i] == '-')
			w = word_at(argv, i, argc);
		if (w.value && !strcmp(w.name, "readconfig") && out->n < CONFIGS_MAX)
			out->paths[out->n++] = w.value;
		if (w.value && !strcmp(w.name, "run-with")) {
			auto_free char *root = qmp_opt_get(w.value, NULL, "chroot");

			out->left_root |= root != NULL;
		}
		out->left_root |= w.value && !strcmp(w.name, "chroot");
		out->left_dir |= w.name && !strcmp(w.name, "daemonize");
		i += w.n;
	}
}

/* What was not said is the board's to choose, or in a file that could not be read. */
static void add_sizes(struct qmp_cmdline *out, struct reader *r)
{
	out->mem_bytes = r->mem_bytes;
	qmp_backends_count(out, r->dimms, r->n_dimms, r->mem_bytes ? NULL : r->memory_backend);
	if (!r->backend_said && r->mem_bytes)
		*vec_push(out->backends, out->n_backends) = (struct qmp_backend){
			.kind = r->mem_path ? QMP_BACKEND_FILE : QMP_BACKEND_RAM, .id = xstrdup("pc.ram"),
			.bytes = r->mem_bytes, .path = take_ptr(r->mem_path),
		};
	if (!out->mem_bytes || out->unread)
		out->mem_bytes = QMP_UNKNOWN;
	out->vcpus = qmp_smp_vcpus(&r->smp, !out->unread);
}

static void reader_done(struct reader *r)
{
	free(r->mem_path);
	free(r->memory_backend);
	while (r->n_dimms)
		free(r->dimms[--r->n_dimms]);
	free(r->dimms);
	while (r->n_chardevs)
		free(r->chardevs[--r->n_chardevs].id);
	free(r->chardevs);
	free(r->mons);
	qmp_strings_free(r->texts, r->n_texts);
}

void qmp_cmdline_parse(char *const argv[], size_t argc, const struct qmp_config *configs, size_t n_configs, struct qmp_cmdline *out)
{
	struct reader r = { .out = out, .json_left = CMDLINE_JSON_MAX, .configs = configs, .n_configs = n_configs };
	size_t i;

	*out = (struct qmp_cmdline){0};
	for (i = 1; i < argc; ) {
		struct word w = { .n = 1 };

		if (*argv[i] == '-') {
			w = word_at(argv, i, argc);
			take_word(&r, &w);
		}
		i += w.n;
	}
	for (i = 0; i < r.n_mons; i++)
		qmp_monitor_add(out, &r.mons[i], r.chardevs, r.n_chardevs);
	add_sizes(out, &r);
	reader_done(&r);
}

void qmp_cmdline_done(struct qmp_cmdline *c)
{
	size_t i;

	for (i = 0; i < c->n_monitors; i++)
		free(c->monitors[i].path);
	for (i = 0; i < c->n_netdevs; i++)
		free(c->netdevs[i]);
	free(c->netdevs);
	free(c->monitors);
	for (i = 0; i < c->n_backends; i++)
		qmp_backend_done(&c->backends[i]);
	free(c->backends);
	for (i = 0; i < c->n_drives; i++)
		qmp_drive_done(&c->drives[i]);
	free(c->drives);
	free(c->name);
	free(c->uuid);
	free(c->machine);
	free(c->accel);
	free(c->cut);
	free(c->unread);
	*c = (struct qmp_cmdline){0};
}
