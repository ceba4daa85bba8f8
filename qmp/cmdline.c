// SPDX-License-Identifier: GPL-3.0-or-later
/* Reading a QEMU command line. */
#include "cmdline.h"

#include <ctype.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/base.h"

#define NAME_MAX_BYTES 255
#define WORD_MAX_BYTES 65536	/* longer ones are nothing that we want to know */
#define DEFAULT_MEM (128ull << 20)
#define MAX_BACKENDS 256
#define MAX_VCPUS 65536

/* The words while they are read: -mon may name a -chardev that comes later. */
struct reader {
	struct qmp_cmdline *out;
	const char **chardevs;		/* option strings, borrowed */
	size_t n_chardevs;
	struct mon {
		const char *value;	/* borrowed */
		bool short_form;	/* -qmp, not -mon */
	} *mons;
	size_t n_mons;
	size_t n_json_netdevs;		/* at the head of out's */
	bool accel_said;		/* by -accel, which comes before -machine's */
	bool backend_said;		/* the main memory is made of backends that are named */
	char *mem_path;			/* -mem-path */
};

static void replace(char **slot, char *value)
{
	free(*slot);
	*slot = value;
}

static bool is_on(const char *value, bool otherwise)
{
	if (!value)
		return otherwise;
	return !strcmp(value, "on") || !strcmp(value, "yes") || !strcmp(value, "true") ||
	       !strcmp(value, "y");
}

/* Options that take one value. The order of -name and the like is QEMU's: the last one counts. */
static void take_name(struct reader *r, const char *value)
{
	auto_free char *guest = qmp_opt_get(value, "guest", "guest");

	if (guest)
		replace(&r->out->name, str_utf8(guest, strlen(guest), NAME_MAX_BYTES));
}

static void take_uuid(struct reader *r, const char *value)
{
	static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
	char text[sizeof(form)];
	size_t i;

	replace(&r->out->uuid, NULL);
	if (strlen(value) != strlen(form))
		return;
	for (i = 0; form[i]; i++) {
		unsigned char c = (unsigned char)value[i];

		if (form[i] == '-' ? c != '-' : !isxdigit(c))
			return;
		text[i] = (char)tolower(c);
	}
	text[i] = '\0';
	if (text[strspn(text, "0-")])
		r->out->uuid = xstrdup(text);
}

static void take_machine(struct reader *r, const char *value)
{
	char *type = qmp_opt_get(value, "type", "type");
	char *accel = qmp_opt_get(value, "type", "accel");
	auto_free char *backend = qmp_opt_get(value, "type", "memory-backend");

	r->backend_said |= backend != NULL;
	if (type)
		replace(&r->out->machine, type);
	if (accel && !r->accel_said)
		replace(&r->out->accel, accel);
	else
		free(accel);
}

/* Several are tried in turn: the first is the one that was meant. */
static void take_accel(struct reader *r, const char *value)
{
	char *accel = qmp_opt_get(value, "accel", "accel");

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

static void take_mem(struct reader *r, const char *value)
{
	auto_free char *size = qmp_opt_get(value, "size", "size");
	auto_free char *slots = qmp_opt_get(value, "size", "slots");
	auto_free char *max = qmp_opt_get(value, "size", "maxmem");

	if (size)
		mem_parse(size, 'M', &r->out->mem_bytes);
	if (slots)
		units_uint_parse(slots, &r->out->mem_slots);
	if (max)
		mem_parse(max, 'B', &r->out->mem_max_bytes);
}

static void take_qmp(struct reader *r, const char *value)
{
	*vec_push(r->mons, r->n_mons) = (struct mon){ .value = value, .short_form = true };
}

static void take_mon(struct reader *r, const char *value)
{
	auto_free char *mode = qmp_opt_get(value, "chardev", "mode");

	if (mode && !strcmp(mode, "control"))
		*vec_push(r->mons, r->n_mons) = (struct mon){ .value = value };
}

static bool is_libvirt_path(const char *value)
{
	return strstr(value, "/libvirt/qemu/domain-") || strstr(value, "/libvirt/qemu/lib/domain-");
}

static void take_chardev(struct reader *r, const char *value)
{
	*vec_push(r->chardevs, r->n_chardevs) = value;
	r->out->libvirt |= is_libvirt_path(value);
}

static void take_backend(struct reader *r, const char *value, const char *id)
{
	static const struct {
		const char *type;
		enum qmp_backend_kind kind;
	} kinds[] = {
		{ "memory-backend-ram", QMP_BACKEND_RAM }, { "memory-backend-memfd", QMP_BACKEND_MEMFD },
		{ "memory-backend-file", QMP_BACKEND_FILE },
	};
	auto_free char *type = qmp_opt_get(value, "qom-type", "qom-type");
	auto_free char *size = qmp_opt_get(value, "qom-type", "size");
	auto_free char *share = qmp_opt_get(value, "qom-type", "share");
	uint64_t bytes;
	size_t i;

	for (i = 0; type && i < ARRAY_SIZE(kinds); i++)
		if (!strcmp(type, kinds[i].type) && size && mem_parse(size, 'B', &bytes) && r->out->n_backends < MAX_BACKENDS)
			*vec_push(r->out->backends, r->out->n_backends) = (struct qmp_backend){
				.kind = kinds[i].kind, .bytes = bytes, .id = str_utf8(id, strlen(id), NAME_MAX_BYTES),
				.path = qmp_opt_get(value, "qom-type", "mem-path"),
				.shared = is_on(share, kinds[i].kind == QMP_BACKEND_MEMFD),
			};
}

static void take_object(struct reader *r, const char *value)
{
	auto_free char *id = qmp_opt_get(value, "qom-type", "id");

	r->out->libvirt |= is_libvirt_path(value) || (id && !strcmp(id, "masterKey0"));
	if (id)
		take_backend(r, value, id);
}

static void take_numa(struct reader *r, const char *value)
{
	auto_free char *backend = qmp_opt_get(value, "type", "memdev");

	r->backend_said |= backend != NULL;
}

static void take_mem_path(struct reader *r, const char *value)
{
	replace(&r->mem_path, xstrdup(value));
}

/* "4", "4,sockets=2", "cpus=4"; without a number all that the topology holds */
static void take_smp(struct reader *r, const char *value)
{
	static const char *const levels[] = { "sockets", "dies", "clusters", "cores", "threads" };
	auto_free char *cpus = qmp_opt_get(value, "cpus", "cpus");
	uint64_t n, all = 1;
	size_t i;

	if (cpus) {
		if (!units_uint_parse(cpus, &n) && n <= MAX_VCPUS)
			r->out->vcpus = n;
		return;
	}
	for (i = 0; i < ARRAY_SIZE(levels); i++) {
		auto_free char *text = qmp_opt_get(value, "cpus", levels[i]);

		if (text && !units_uint_parse(text, &n) && n <= MAX_VCPUS && n)
			all *= n;
		if (all > MAX_VCPUS)
			return;
	}
	r->out->vcpus = all;
}

static void take_incoming(struct reader *r, const char *value)
{
	(void)value;
	r->out->incoming = true;
}

static void add_drive(struct qmp_cmdline *out, char *node, char *aio)
{
	if (node)
		*vec_push(out->drives, out->n_drives) = (struct qmp_cmdline_drive){ node, aio ? aio : xstrdup("threads") };
	else
		free(aio);
}

/* The file may be a node of its own, or be written into the one of the format. */
static void take_blockdev(struct reader *r, const char *value)
{
	static const char *const stored[] = { "file", "host_device", "host_cdrom" };
	static const char *const at[][2] = { { "driver", "aio" }, { "file.driver", "file.aio" } };
	size_t i, k;

	for (i = 0; i < ARRAY_SIZE(at); i++) {
		auto_free char *driver = qmp_opt_get(value, NULL, at[i][0]);

		for (k = 0; driver && k < ARRAY_SIZE(stored); k++) {
			if (strcmp(driver, stored[k]))
				continue;
			add_drive(r->out, qmp_opt_get(value, NULL, "node-name"), qmp_opt_get(value, NULL, at[i][1]));
			return;
		}
	}
}

static void take_drive(struct reader *r, const char *value)
{
	add_drive(r->out, qmp_opt_get(value, NULL, "id"), qmp_opt_get(value, NULL, "aio"));
}

/* QEMU sets up those in JSON's form first, whatever the order on the command line is. */
static void take_netdev(struct reader *r, const char *value)
{
	char *id = qmp_opt_get(value, "type", "id");
	size_t at, i;

	if (!id)
		return;
	*vec_push(r->out->netdevs, r->out->n_netdevs) = id;
	if (*value != '{')
		return;
	at = r->n_json_netdevs++;
	for (i = r->out->n_netdevs - 1; i > at; i--)
		r->out->netdevs[i] = r->out->netdevs[i - 1];
	r->out->netdevs[at] = id;
}

/* Values that start with '-' are theirs: they must not be read as options. */
static void take_nothing(struct reader *r, const char *value)
{
	(void)r;
	(void)value;
}

static const struct {
	const char *name;
	void (*take)(struct reader *r, const char *value);
} options[] = {
	{ "name", take_name },
	{ "uuid", take_uuid },
	{ "machine", take_machine },
	{ "M", take_machine },
	{ "accel", take_accel },
	{ "m", take_mem },
	{ "qmp", take_qmp },
	{ "qmp-pretty", take_qmp },
	{ "mon", take_mon },
	{ "chardev", take_chardev },
	{ "object", take_object },
	{ "incoming", take_incoming },
	{ "numa", take_numa },
	{ "mem-path", take_mem_path },
	{ "smp", take_smp },
	{ "append", take_nothing },
	{ "fw_cfg", take_nothing },
	{ "smbios", take_nothing },
	{ "drive", take_drive },
	{ "device", take_nothing },
	{ "blockdev", take_blockdev },
	{ "netdev", take_netdev },
	{ "serial", take_nothing },
	{ "monitor", take_nothing },
};

/* How many words the option at argv[i] took, itself included. */
static size_t take_option(struct reader *r, char *const argv[], size_t i, size_t argc)
{
	const char *name = argv[i] + (str_has_prefix(argv[i], "--") ? 2 : 1);
	const char *value = i + 1 < argc ? argv[i + 1] : NULL;
	size_t k;

	if (!strcmp(name, "enable-kvm")) {
		take_accel(r, "kvm");
		return 1;
	}
	for (k = 0; k < ARRAY_SIZE(options); k++) {
		if (strcmp(name, options[k].name))
			continue;
		if (value && strnlen(value, WORD_MAX_BYTES) < WORD_MAX_BYTES)
			options[k].take(r, value);
		return 2;
	}
	return value && *value != '-' ? 2 : 1;
}

/*
 * A chardev's member in each form it is written in: flat (path=), dotted as QAPI nests them
 * (addr.path=, addr.data.path), and as chardev-add's JSON (backend.data.addr.data.path).
 */
static char *chardev_get(const char *opts, const char *key)
{
	static const char *const outer[] = { "", "data.", "backend.", "backend.data." };
	static const char *const inner[] = { "", "addr.", "addr.data." };
	size_t i, k;

	for (i = 0; i < ARRAY_SIZE(outer); i++) {
		for (k = 0; k < ARRAY_SIZE(inner); k++) {
			auto_free char *full = xasprintf("%s%s%s", outer[i], inner[k], key);
			char *value = qmp_opt_get(opts, "backend", full);

			if (value)
				return value;
		}
	}
	return NULL;
}

static void add_monitor(struct qmp_cmdline *out, enum qmp_monitor_kind kind, char *path)
{
	struct qmp_monitor *m = vec_push(out->monitors, out->n_monitors);

	m->kind = kind;
	m->path = path;
}

/* A socket chardev's members, however they were written. Takes path and fd over. */
static void add_socket(struct qmp_cmdline *out, char *path, char *fd, bool server, bool abstract)
{
	if (fd) {
		add_monitor(out, QMP_MONITOR_FD, xasprintf("fd=%s", fd));
	} else if (!path || !*path || strlen(path) >= PATH_MAX) {
		add_monitor(out, QMP_MONITOR_OTHER, xstrdup("a socket that is no unix socket"));
	} else if (abstract) {
		add_monitor(out, QMP_MONITOR_OTHER, xasprintf("abstract socket %s", path));
	} else if (!server) {
		add_monitor(out, QMP_MONITOR_OTHER, xasprintf("connects to %s", path));
	} else {
		add_monitor(out, QMP_MONITOR_UNIX, xstrdup(path));
	}
	free(path);
	free(fd);
}

static void add_chardev(struct qmp_cmdline *out, const char *opts)
{
	auto_free char *server = chardev_get(opts, "server");
	auto_free char *abstract = chardev_get(opts, "abstract");
	auto_free char *dotted = qmp_opt_get(opts, "backend", "addr.type");
	auto_free char *kind = NULL;

	kind = qmp_opt_get(opts, "backend", "backend.type");
	if (!kind)
		kind = qmp_opt_get(opts, "backend", "backend");
	if (!kind)
		kind = qmp_opt_get(opts, "backend", "type");
	if (kind && strcmp(kind, "socket")) {
		add_monitor(out, QMP_MONITOR_OTHER, str_utf8(kind, strlen(kind), NAME_MAX_BYTES));
		return;
	}
	/* in QAPI's forms a socket listens unless told otherwise */
	add_socket(out, chardev_get(opts, "path"), chardev_get(opts, "fd"),
		   is_on(server, *opts == '{' || dotted), is_on(abstract, false));
}

static void add_chardev_id(struct qmp_cmdline *out, const struct reader *r, const char *id)
{
	size_t i;

	for (i = 0; i < r->n_chardevs; i++) {
		auto_free char *own = qmp_opt_get(r->chardevs[i], "backend", "id");

		if (own && !strcmp(own, id)) {
			add_chardev(out, r->chardevs[i]);
			return;
		}
	}
}

/* -qmp: QEMU's short form, "unix:PATH,options" being the one that can be used. */
static void add_short(struct qmp_cmdline *out, const struct reader *r, const char *value)
{
	auto_free char *server = NULL, *abstract = NULL;
	const char *rest;

	if (str_has_prefix(value, "chardev:")) {
		add_chardev_id(out, r, value + strlen("chardev:"));
		return;
	}
	if (!str_has_prefix(value, "unix:")) {
		add_monitor(out, QMP_MONITOR_OTHER, str_utf8(value, strlen(value), NAME_MAX_BYTES));
		return;
	}
	rest = value + strlen("unix:");
	server = qmp_opt_get(rest, "path", "server");
	abstract = qmp_opt_get(rest, "path", "abstract");
	add_socket(out, qmp_opt_get(rest, "path", "path"), NULL, is_on(server, false),
		   is_on(abstract, false));
}

static void add_long(struct qmp_cmdline *out, const struct reader *r, const char *value)
{
	auto_free char *id = qmp_opt_get(value, "chardev", "chardev");

	if (id)
		add_chardev_id(out, r, id);
}

void qmp_cmdline_parse(char *const argv[], size_t argc, struct qmp_cmdline *out)
{
	struct reader r = { .out = out };
	size_t i;

	*out = (struct qmp_cmdline){ .mem_bytes = DEFAULT_MEM, .vcpus = 1 };
	for (i = 1; i < argc; )
		i += *argv[i] == '-' ? take_option(&r, argv, i, argc) : 1;
	for (i = 0; i < r.n_mons; i++)
		(r.mons[i].short_form ? add_short : add_long)(out, &r, r.mons[i].value);
	if (!r.backend_said)
		*vec_push(out->backends, out->n_backends) = (struct qmp_backend){
			.kind = r.mem_path ? QMP_BACKEND_FILE : QMP_BACKEND_RAM, .id = xstrdup("pc.ram"),
			.bytes = out->mem_bytes, .path = take_ptr(r.mem_path),
		};
	free(r.mem_path);
	free(r.chardevs);
	free(r.mons);
}

const char *qmp_cmdline_aio(const struct qmp_cmdline *c, const char *node)
{
	size_t i;

	for (i = 0; i < c->n_drives; i++)
		if (!strcmp(c->drives[i].node, node))
			return c->drives[i].aio;
	return NULL;
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
	}
	free(c->drives);
	free(c->name);
	free(c->uuid);
	free(c->machine);
	free(c->accel);
	*c = (struct qmp_cmdline){0};
}
