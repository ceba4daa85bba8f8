// SPDX-License-Identifier: GPL-3.0-or-later
/* Whether the host or another guest uses what is to be plugged: one check for disks, PCI and USB devices. */
#include "internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* What is looked for in a thread of its own, and what was found. */
struct use_look {
	struct host *h;
	char *device;			/* of PCI or USB; NULL: files */
	struct subject {
		char *name;
		struct host_file file;
		bool write;
	} *files;
	size_t n;

	struct host_use use;
	size_t which;
	char *holder;			/* in words; NULL: no process */
};

static void look_free(void *arg)
{
	struct use_look *l = arg;

	while (l->n)
		free(l->files[--l->n].name);
	free(l->files);
	free(l->device);
	free(l->use.text);
	free(l->holder);
	host_free(l->h);
	free(l);
}

char *holder_words(const struct host *h, pid_t pid, const char *comm)
{
	struct host_proc proc = {0};
	struct qmp_cmdline line = {0};
	char *text = NULL;

	if (!host_proc_read(h, pid, &proc))
		qmp_cmdline_parse(proc.argv, proc.argc, NULL, 0, &line);
	if (line.name)
		text = xasprintf("guest %s (process %d)", line.name, (int)pid);
	else
		text = *comm ? xasprintf("process %d (%s)", (int)pid, comm) : xasprintf("process %d", (int)pid);
	qmp_cmdline_done(&line);
	host_proc_done(&proc);
	return text;
}

static void look(void *arg)
{
	struct use_look *l = arg;
	bool blind = false;

	if (l->device)
		host_device_use(l->h, l->device, &l->use);
	for (l->which = 0; l->which < l->n; l->which++) {
		const struct subject *s = &l->files[l->which];

		host_file_use(l->h, &s->file, s->write, &l->use);
		blind |= l->use.blind;
		if (l->use.text)
			break;
	}
	l->use.blind |= blind;
	if (l->use.pid)
		l->holder = holder_words(l->h, l->use.pid, l->use.comm);
}

static int unknown(struct plan *p, const char *what, struct err *err)
{
	if (!is_on(p, "force"))
		return err_set(err, -ETIMEDOUT, "%s: whether the host uses it is not known: a device or process does not answer (force=on "
			       "goes on without)", what);
	plan_warn(p, "%s: whether the host uses it is not known: a device or process does not answer", what);
	return 0;
}

/* "image a.raw: disk loop0 is open for writing in guest vm1 (process 12)"; yours */
static char *use_words(const struct plan *p, const struct use_look *l, const char *what)
{
	if (!l->holder)
		return xasprintf("%s: %s", what, l->use.text);
	return xasprintf("%s: %s in %s", what, l->use.text, l->use.pid == plan_guest_pid(p) ? "this guest" : l->holder);
}

/* what: as the operator knows it; loses: as what it is refused. */
static int judge(struct plan *p, const struct use_look *l, const char *what, bool readonly, const char *remedy, struct err *err)
{
	auto_free char *words = l->use.text ? use_words(p, l, what) : NULL;

	if (!words && l->use.blind && host_is_live(l->h))
		plan_warn(p, "%s: which processes have it open could not be seen of all (run kvmtop as root)", what);
	if (!words)
		return 0;
	if (!is_on(p, "force") && (!readonly || l->use.locked))
		return err_set(err, -EBUSY, "%s (%s)", words, remedy);
	plan_warn(p, "%s", words);
	return 0;
}

static void add(struct use_look *l, const char *name, const struct host_file *file, bool write)
{
	*vec_push(l->files, l->n) = (struct subject){ xstrdup(name), *file, write };
}

int check_image_use(struct plan *p, const struct host *h, const struct image_chain *c, struct err *err)
{
	bool readonly = is_on(p, "readonly");
	auto_free char *what = NULL;
	struct use_look *l;
	size_t i;
	int rc;

	if (!c->n)
		return 0;
	l = xcalloc(1, sizeof(*l));
	l->h = host_keep(h);
	for (i = 0; i < c->n; i++) {
		add(l, c->images[i].file, &c->images[i].id, !i && !readonly);
		if (c->images[i].data)
			add(l, c->images[i].data, &c->images[i].data_id, !i && !readonly);
	}
	l = look_late(look, look_free, l, &rc);
	what = xasprintf("image %s", l && l->use.text ? l->files[l->which].name : c->images->file);
	if (!l)
		return unknown(p, what, err);
	readonly = l->use.text && !l->files[l->which].write;
	rc = judge(p, l, what, readonly, l->use.locked || readonly ? "take it away there first, or force=on if that is meant" :
		   "readonly=on, or force=on if that is meant", err);
	look_free(l);
	return rc;
}

int check_device_use(struct plan *p, const struct host *h, const char *device, const char *what, struct err *err)
{
	struct use_look *l = xcalloc(1, sizeof(*l));
	int rc;

	l->h = host_keep(h);
	l->device = xstrdup(device);
	l = look_late(look, look_free, l, &rc);
	if (!l)
		return unknown(p, what, err);
	rc = judge(p, l, what, false, "the host would lose it; force=on if that is meant", err);
	look_free(l);
	return rc;
}
