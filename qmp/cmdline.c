// SPDX-License-Identifier: GPL-3.0-or-later
/* Reading a QEMU command line. */
#include "cmdline.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "opts.h"

#define NAME_MAX_BYTES 255
#define DEFAULT_MEM (128ull << 20)
#define MAX_VCPUS 65536

/* The words while they are read: -mon may name a -chardev that comes later. */
struct reader {
	struct qmp_cmdline *out;
	struct chardev {
		const char *value;	/* borrowed */
		char *id;
	} *chardevs;
	size_t n_chardevs;
	struct mon {
		const char *value;	/* borrowed */
		bool short_form;	/* -qmp, not -mon */
		bool human;
	} *mons;
	size_t n_mons;
	size_t n_json_netdevs;		/* at the head of out's */
	size_t json_left;		/* bytes of JSON that are parsed yet */
	bool accel_said;		/* by -accel, which comes before -machine's */
	bool backend_said;		/* the main memory is made of backends that are named */
	char *mem_path;			/* -mem-path */
	char *memory_backend;		/* -machine memory-backend= */
	bool mem_said;			/* by -m */
	char **dimms;			/* their backends' ids */
	size_t n_dimms;
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

/* QEMU's sizes may have a fraction; without a suffix -m means MiB, maxmem= bytes. */
static bool mem_parse(const char *text, char unit, uint64_t *bytes)
{
	static const char suffixes[] = "BKMGTPE";
	size_t len = strspn(text, "0123456789.");
	auto_free char *digits = xstrndup(text, len);
	const char *suffix = strchr(suffixes, text[len] ? toupper((unsigned char)text[len]) : unit);
	double n;

	if (!suffix || (text[len] && text[len + 1]) || units_num_parse(digits, &n))
		return false;
	n *= (double)(1ull << (10 * (suffix - suffixes)));
	if (n < 1 || n >= (double)INT64_MAX)
		return false;
	*bytes = (uint64_t)n;
	return true;
}

static void take_mem(struct reader *r, const struct qmp_opts *o)
{
	auto_free char *size = qmp_opts_get(o, "size");
	auto_free char *slots = qmp_opts_get(o, "slots");
	auto_free char *max = qmp_opts_get(o, "maxmem");

	if (size)
		r->mem_said |= mem_parse(size, 'M', &r->out->mem_bytes);
	if (slots)
		units_uint_parse(slots, &r->out->mem_slots);
	if (max)
		mem_parse(max, 'B', &r->out->mem_max_bytes);
}

static void add_mon(struct reader *r, const struct qmp_opts *o, bool short_form, bool human)
{
	if (has_room(r, r->n_mons, CMDLINE_MONITORS_MAX, "monitors"))
		*vec_push(r->mons, r->n_mons) = (struct mon){ .value = o->text, .short_form = short_form, .human = human };
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
		*vec_push(r->chardevs, r->n_chardevs) = (struct chardev){ o->text, id };
	else
		free(id);
}

static void take_backend(struct reader *r, const struct qmp_opts *o, const char *id)
{
	static const struct {
		const char *type;
		enum qmp_backend_kind kind;
	} kinds[] = {
		{ "memory-backend-ram", QMP_BACKEND_RAM }, { "memory-backend-memfd", QMP_BACKEND_MEMFD },
		{ "memory-backend-file", QMP_BACKEND_FILE },
	};
	auto_free char *type = qmp_opts_get(o, "qom-type");
	auto_free char *size = qmp_opts_get(o, "size");
	auto_free char *share = qmp_opts_get(o, "share");
	uint64_t bytes;
	size_t i;

	for (i = 0; type && i < ARRAY_SIZE(kinds); i++)
		if (!strcmp(type, kinds[i].type) && size && mem_parse(size, 'B', &bytes) &&
		    has_room(r, r->out->n_backends, CMDLINE_BACKENDS_MAX, "memory backends"))
			*vec_push(r->out->backends, r->out->n_backends) = (struct qmp_backend){
				.kind = kinds[i].kind, .bytes = bytes, .id = str_utf8(id, strlen(id), NAME_MAX_BYTES),
				.path = qmp_opts_get(o, "mem-path"),
				.shared = qmp_opt_is_on(share, kinds[i].kind == QMP_BACKEND_MEMFD),
			};
}

static void take_object(struct reader *r, const struct qmp_opts *o)
{
	auto_free char *id = qmp_opts_get(o, "id");

	r->out->libvirt |= is_libvirt_path(o->text) || (id && !strcmp(id, "masterKey0"));
	if (id)
		take_backend(r, o, id);
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

/* "4", "4,sockets=2", "cpus=4"; without a number all that the topology holds */
static void take_smp(struct reader *r, const struct qmp_opts *o)
{
	static const char *const levels[] = { "sockets", "dies", "clusters", "cores", "threads" };
	auto_free char *cpus = qmp_opts_get(o, "cpus");
	uint64_t n, all = 1;
	size_t i;

	if (cpus) {
		if (!units_uint_parse(cpus, &n) && n <= MAX_VCPUS)
			r->out->vcpus = n;
		return;
	}
	for (i = 0; i < ARRAY_SIZE(levels); i++) {
		auto_free char *text = qmp_opts_get(o, levels[i]);

		if (text && !units_uint_parse(text, &n) && n <= MAX_VCPUS && n)
			all *= n;
		if (all > MAX_VCPUS)
			return;
	}
	r->out->vcpus = all;
}

static void take_incoming(struct reader *r, const struct qmp_opts *o)
{
	(void)o;
	r->out->incoming = true;
}

/* Takes all over. */
static void add_drive(struct reader *r, char *node, char *aio, char *below)
{
	struct qmp_cmdline *out = r->out;

	if (node && strlen(node) <= NAME_MAX_BYTES && has_room(r, out->n_drives, CMDLINE_DRIVES_MAX, "drives")) {
		*vec_push(out->drives, out->n_drives) = (struct qmp_cmdline_drive){ node, aio, below };
		return;
	}
	free(node);
	free(aio);
	free(below);
}

/* Of what is drawn only. */
static char *get_short(const struct qmp_opts *o, const char *key)
{
	auto_free char *value = qmp_opts_get(o, key);

	return value ? str_utf8(value, strlen(value), NAME_MAX_BYTES) : NULL;
}

static bool is_stored(const char *driver)
{
	return !strcmp(driver, "file") || !strcmp(driver, "host_device") || !strcmp(driver, "host_cdrom");
}

static char *get_at(const struct qmp_opts *o, const char *prefix, const char *key)
{
	auto_free char *whole = xasprintf("%s%s", prefix, key);

	return get_short(o, whole);
}

/* blkdebug and its like call what is below them image. */
static const char *next_part(const struct qmp_opts *o, const char *prefix)
{
	auto_free char *image = get_at(o, prefix, "image.driver");

	return image ? "image." : "file.";
}

/* Nodes that are written into each other: filters, the format, the file. Each may have a name, and the last may be one. */
#define NESTED_MAX 8
static void take_blockdev(struct reader *r, const struct qmp_opts *o)
{
	char *names[NESTED_MAX] = {0}, *aio = NULL, *below = NULL, prefix[NESTED_MAX * 6 + 1] = "";
	size_t n = 0, i;
	bool stored = false;

	while (n < NESTED_MAX && !stored && !below) {
		auto_free char *driver = get_at(o, prefix, "driver");

		if (!driver)
			break;
		names[n++] = get_at(o, prefix, "node-name");
		stored = is_stored(driver);
		if (stored)
			aio = get_at(o, prefix, "aio");
		else
			below = get_at(o, prefix, "file");
		strcat(prefix, next_part(o, prefix));
	}
	if (stored && !aio)
		aio = xstrdup("threads");
	for (i = 0; i < n; i++)
		if (names[i] && (stored || below))
			add_drive(r, take_ptr(names[i]), xstrdup(aio), xstrdup(below));
	for (i = 0; i < n; i++)
		free(names[i]);
	free(aio);
	free(below);
}

static void take_drive(struct reader *r, const struct qmp_opts *o)
{
	char *aio = get_short(o, "aio");

	add_drive(r, qmp_opts_get(o, "id"), aio ? aio : xstrdup("threads"), NULL);
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

/* How many words the option at argv[i] took, itself included. */
static size_t take_option(struct reader *r, char *const argv[], size_t i, size_t argc)
{
	const char *name = argv[i] + (str_has_prefix(argv[i], "--") ? 2 : 1);
	const char *value = i + 1 < argc ? argv[i + 1] : NULL;
	size_t k;

	if (!strcmp(name, "enable-kvm")) {
		const struct qmp_opts kvm = { .text = "kvm", .implied = "accel" };

		take_accel(r, &kvm);
		return 1;
	}
	for (k = 0; k < ARRAY_SIZE(options); k++) {
		if (strcmp(name, options[k].name))
			continue;
		if (value && options[k].take && (options[k].take != take_device || is_memory_device(value)))
			read_option(r, k, value);
		return 2;	/* also of those that are not read: a value may begin with '-' */
	}
	return value && *value != '-' ? 2 : 1;
}

static void add_chardev_id(struct qmp_cmdline *out, const struct reader *r, const char *id)
{
	size_t i;

	for (i = 0; i < r->n_chardevs; i++) {
		auto_opts struct qmp_opts o = {0};

		if (strcmp(r->chardevs[i].id, id))
			continue;
		qmp_opts_read(&o, r->chardevs[i].value, "backend");
		qmp_monitor_of_chardev(out, &o);
		return;
	}
}

static void add_monitor(struct qmp_cmdline *out, const struct reader *r, const struct mon *m)
{
	auto_free char *id = m->short_form ? NULL : qmp_opt_get(m->value, "chardev", "chardev");
	size_t before = out->n_monitors;

	if (m->short_form && str_has_prefix(m->value, "chardev:"))
		add_chardev_id(out, r, m->value + strlen("chardev:"));
	else if (m->short_form)
		qmp_monitor_of_short(out, m->value);
	else if (id)
		add_chardev_id(out, r, id);
	if (m->human && out->n_monitors > before)
		out->monitors[before].kind = QMP_MONITOR_HUMAN;
}

static int by_id(const void *a, const void *b)
{
	const struct qmp_backend *const *x = a, *const *y = b;

	return strcmp((*x)->id, (*y)->id);
}

/* What a backend's size is; 0: there is none of that name. */
static uint64_t size_of(const struct qmp_backend **sorted, size_t n, const char *id)
{
	const struct qmp_backend key = { .id = (char *)id }, *wanted = &key;
	const struct qmp_backend **found = n ? bsearch(&wanted, sorted, n, sizeof(*sorted), by_id) : NULL;

	return found ? (*found)->bytes : 0;
}

/* The main memory is as large as its backend where -m does not say. */
static void add_backends(struct qmp_cmdline *out, struct reader *r)
{
	auto_free const struct qmp_backend **sorted = NULL;
	uint64_t bytes;
	size_t i, n = 0;

	for (i = 0; i < out->n_backends; i++)
		*vec_push(sorted, n) = &out->backends[i];
	if (n)
		qsort(sorted, n, sizeof(*sorted), by_id);
	for (i = 0; i < r->n_dimms; i++) {
		bytes = size_of(sorted, n, r->dimms[i]);
		out->plugged_bytes += bytes < UINT64_MAX - out->plugged_bytes ? bytes : 0;
	}
	bytes = r->memory_backend && !r->mem_said ? size_of(sorted, n, r->memory_backend) : 0;
	if (bytes)
		out->mem_bytes = bytes;
}

void qmp_cmdline_parse(char *const argv[], size_t argc, struct qmp_cmdline *out)
{
	struct reader r = { .out = out, .json_left = CMDLINE_JSON_MAX };
	size_t i;

	*out = (struct qmp_cmdline){ .mem_bytes = DEFAULT_MEM, .vcpus = 1 };
	for (i = 1; i < argc; )
		i += *argv[i] == '-' ? take_option(&r, argv, i, argc) : 1;
	for (i = 0; i < r.n_mons; i++)
		add_monitor(out, &r, &r.mons[i]);
	add_backends(out, &r);
	if (!r.backend_said)
		*vec_push(out->backends, out->n_backends) = (struct qmp_backend){
			.kind = r.mem_path ? QMP_BACKEND_FILE : QMP_BACKEND_RAM, .id = xstrdup("pc.ram"),
			.bytes = out->mem_bytes, .path = take_ptr(r.mem_path),
		};
	free(r.mem_path);
	free(r.memory_backend);
	while (r.n_dimms)
		free(r.dimms[--r.n_dimms]);
	free(r.dimms);
	while (r.n_chardevs)
		free(r.chardevs[--r.n_chardevs].id);
	free(r.chardevs);
	free(r.mons);
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
	for (i = 0; i < c->n_backends; i++) {
		free(c->backends[i].id);
		free(c->backends[i].path);
	}
	free(c->backends);
	for (i = 0; i < c->n_drives; i++) {
		free(c->drives[i].node);
		free(c->drives[i].aio);
		free(c->drives[i].below);
	}
	free(c->drives);
	free(c->name);
	free(c->uuid);
	free(c->machine);
	free(c->accel);
	free(c->cut);
	*c = (struct qmp_cmdline){0};
}
