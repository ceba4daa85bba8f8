// SPDX-License-Identifier: GPL-3.0-or-later
/* Disks of libvirt's guests: by libvirt's own calls, so that its view of the guest stays true. */
#include "internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct virt_disk *by_alias(const struct virt_def *def, const char *id)
{
	size_t i;

	for (i = 0; i < def->n_disks; i++)
		if (virt_is_alias(def->disks[i].alias, id))
			return &def->disks[i];
	return NULL;
}

static bool is_at(const struct virt_disk *d, const char *target)
{
	return d && d->target && !strcmp(d->target, target);
}

static bool runs_at(const struct virt_def *def, const char *target)
{
	size_t i;

	for (i = 0; i < def->n_disks; i++)
		if (is_at(&def->disks[i], target))
			return true;
	return false;
}

static bool has_target(const struct virt_def *def, const char *target)
{
	return runs_at(def, target) || (def->stored && runs_at(def->stored, target));
}

static int find(const struct virt_def *def, const char *id, const struct virt_disk **out, struct err *err)
{
	struct virt_named *list = xcalloc(def->n_disks + 1, sizeof(*list));
	size_t i, at = 0;
	int rc;

	for (i = 0; i < def->n_disks; i++)
		list[i] = (struct virt_named){ def->disks[i].alias, { def->disks[i].target } };
	rc = virt_find(list, def->n_disks, "disk", id, &at, err);
	*out = rc ? NULL : &def->disks[at];
	free(list);
	return rc;
}

/* The first of vda, vdb, .. zz that no disk has as its target, with persist=on no stored one either. */
static char *free_target(const struct virt_def *def, bool scsi)
{
	unsigned n;

	for (n = 0; ; n++) {
		auto_free char *target = n < 26 ? xasprintf("%s%c", scsi ? "sd" : "vd", 'a' + (int)n) :
			xasprintf("%s%c%c", scsi ? "sd" : "vd", 'a' + (int)(n / 26 - 1) % 26, 'a' + (int)(n % 26));

		if (!has_target(def, target))
			return take_ptr(target);
	}
}

static int same_or_taken(struct plan *p, const struct virt_disk *d, struct err *err)
{
	const char *file = plan_arg(p, "file"), *volume = plan_arg(p, "volume"), *format = plan_arg(p, "format");
	const char *source = volume ? volume : file;

	if (!d || !d->source || !d->format || strcmp(d->source, source) || !format || strcmp(d->format, format) ||
	    d->read_only != is_on(p, "readonly"))
		return id_taken(p, NULL, err);
	p->status = PLAN_UNCHANGED;
	return 0;
}

/* next: an index that no controller has, of the stored definition neither. */
static bool has_scsi_controller(const struct virt_def *def, unsigned *next)
{
	size_t i;

	*next = 0;
	if (def->stored)
		has_scsi_controller(def->stored, next);
	for (i = 0; i < def->n_controllers; i++) {
		const struct virt_controller *c = &def->controllers[i];

		if (!c->type || strcmp(c->type, "scsi"))
			continue;
		if (c->index >= *next)
			*next = c->index + 1;
		if (c->model && !strcmp(c->model, "virtio-scsi"))
			return true;
	}
	return false;
}

/* The stored one has its controller already, at an index that is free here: the same. */
static bool stored_scsi_controller(const struct virt_def *def, unsigned *index)
{
	size_t i, k;

	for (i = 0; def->stored && i < def->stored->n_controllers; i++) {
		const struct virt_controller *c = &def->stored->controllers[i];
		bool taken = false;

		if (!c->type || strcmp(c->type, "scsi") || !c->model || strcmp(c->model, "virtio-scsi"))
			continue;
		for (k = 0; k < def->n_controllers; k++)
			taken |= def->controllers[k].type && !strcmp(def->controllers[k].type, "scsi") && def->controllers[k].index == c->index;
		if (taken)
			continue;
		*index = c->index;
		return true;
	}
	return false;
}

/* A stored disk without its controller would get one of libvirt's choice at the next start. */
static void plan_stored_controller(struct plan *p, const struct virt_def *def)
{
	struct virt_controller c = { .type = (char *)"scsi", .model = (char *)"virtio-scsi", .alias = (char *)"ua-kt-scsi0" };
	auto_free char *xml = virt_controller_xml(&c);
	struct step *s;
	size_t i;

	for (i = 0; i < def->stored->n_controllers; i++)
		if (def->stored->controllers[i].type && !strcmp(def->stored->controllers[i].type, "scsi"))
			return;
	s = plan_virt(p, STEP_VIRT_ATTACH, c.alias, xml, VIRT_CONFIG);
	step_undo_virt(s, STEP_VIRT_CONFIG, c.alias, xml, 0);
	step_leaves(s, "a SCSI controller in the stored definition");
}

static void plan_add(struct plan *p, const struct virt_def *def, const struct virt_disk *d)
{
	const struct virt_disk *twin = virt_stored_disk(def, d->type, d->source);
	struct virt_controller controller = { .type = xstrdup("scsi"), .model = xstrdup("virtio-scsi") };
	bool scsi = !strcmp(d->bus, "scsi");
	auto_free char *xml = virt_disk_xml(d);

	if (scsi && !has_scsi_controller(def, &controller.index)) {
		auto_free char *controller_xml = NULL;
		bool stored = stored_scsi_controller(def, &controller.index);

		controller.alias = xasprintf("ua-kt-scsi%u", controller.index);
		controller_xml = virt_controller_xml(&controller);
		virt_plan_attach(p, controller.alias, controller_xml, stored);
	} else if (scsi && def->stored && !twin) {
		plan_stored_controller(p, def);
	}
	if (twin)
		virt_warn_stored(p, twin->target ? twin->target : twin->source);
	virt_plan_attach(p, p->device, xml, twin);
	/* whether the guest's driver is up only the monitor could tell, and asking it taints the guest */
	p->guest = "unknown";
	free(controller.type);
	free(controller.model);
	free(controller.alias);
}

/* libvirt 9 gives QEMU no node for a data file, so QEMU would find it by the header after all. */
static int check_chain(const struct plan *p, const struct image_chain *c, struct err *err)
{
	size_t i;

	for (i = 0; i < c->n; i++)
		if (c->images[i].data && !is_on(p, "force"))
			return err_set(err, -EINVAL, "image %s has the data file %s, which libvirt knows nothing of (qemu-img convert -O qcow2 "
				       "makes one file of both, or force=on to leave it to QEMU)", c->images[i].file, c->images[i].data);
	return 0;
}

static int check_volume(struct plan *p, const struct plan_env *env, const char *volume, struct image_chain *out, struct err *err)
{
	const char *slash = strchr(volume, '/');
	auto_free char *pool = NULL, *path = NULL, *format = NULL;
	int rc;

	if (plan_arg(p, "file"))
		return err_set(err, -EINVAL, "file= and volume= exclude each other");
	if (!slash || slash == volume || !slash[1])
		return err_set(err, -EINVAL, "volume=%s: POOL/VOLUME is expected", volume);
	pool = xstrndup(volume, (size_t)(slash - volume));
	rc = virt_vol_path(env->virt, p->domain, pool, slash + 1, VIRT_ASK_MS, &path, &format, err);
	if (rc)
		return rc == -ENOENT ? err_set(err, -EINVAL, "volume %s: no such pool or volume", volume) : rc;
	if (!plan_arg(p, "format"))
		return err_set(err, -EINVAL, "format= is missing%s%s", format ? ": libvirt has the volume as " : "", format ? format : "");
	/* one of a server has no path */
	return path && *path == '/' ? check_image(p, env->host, path, out, err) : 0;
}

static int check_source(struct plan *p, const struct plan_env *env, struct new_image *made, struct image_chain *out, struct err *err)
{
	const char *volume = plan_arg(p, "volume"), *file = plan_arg(p, "file");
	int rc;

	if (plan_arg(p, "create"))
		rc = volume ? err_set(err, -EINVAL, "create= makes a file, not a volume of libvirt (say file=PATH)") :
			      check_new_image(p, env->host, file, made, out, err);
	else if (volume)
		rc = check_volume(p, env, volume, out, err);
	else
		rc = file ? check_image(p, env->host, file, out, err) : err_set(err, -EINVAL, "file= or volume= is missing");
	return rc ? rc : check_chain(p, out, err);
}

/* Only of what was looked at: a raw image has nothing below it, whatever is in it. */
static void put_chain(struct virt_disk *d, const struct image_chain *c)
{
	size_t i;

	d->has_chain = c->n && c->images->qcow2 && !c->unchecked;
	for (i = 1; i < c->n; i++)
		*vec_push(d->chain, d->n_chain) = (struct virt_backing){
			xstrdup(c->images[i].file), xstrdup(c->images[i].qcow2 ? "qcow2" : "raw"),
		};
}

static int check_options(const struct plan *p, bool block_device, struct err *err)
{
	int rc = virt_check_wait(p, err);

	if (rc)
		return rc;
	if (is_on(p, "passthrough") && (!block_device || !plan_arg(p, "bus") || strcmp(plan_arg(p, "bus"), "scsi")))
		return err_set(err, -EINVAL, "passthrough=on hands a SCSI LUN through: it wants bus=scsi and a block device");
	return 0;
}

/* libvirt numbers them, and names them to QEMU as iothreadN: that is the name that look-ups show. */
static const char *iothread_number(const char *name)
{
	const char *number = name && str_has_prefix(name, "iothread") ? name + strlen("iothread") : "";

	return *number && !number[strspn(number, "0123456789")] ? number : name;
}

/* target= must be free in the definitions that are written; the bus is what its letters say. */
static int check_target(const struct plan *p, const struct virt_def *def, const struct virt_disk *twin, struct err *err)
{
	const char *target = plan_arg(p, "target"), *bus = plan_arg(p, "bus"), *letters = bus && !strcmp(bus, "scsi") ? "sd" : "vd";
	size_t len = target ? strspn(target, "abcdefghijklmnopqrstuvwxyz") : 0;

	if (!target)
		return 0;
	if (target[len] || len < 3 || len > 5 || !str_has_prefix(target, letters))
		return err_set(err, -EINVAL, "target=%s: a disk with bus=%s has a target like %sa", target, bus ? bus : "virtio", letters);
	if (is_at(twin, target) ? runs_at(def, target) : has_target(def, target))
		return err_set(err, -EEXIST, "target=%s: a disk of this guest has it%s (another one, or none)", target,
			       def->stored ? ", or one of its stored definition" : "");
	return 0;
}

/* A SCSI disk needs none, but its controller does. */
static int check_port(const struct plan *p, const struct virt_def *def, struct err *err)
{
	const char *bus = plan_arg(p, "bus");
	unsigned next;

	return bus && !strcmp(bus, "scsi") && has_scsi_controller(def, &next) ? 0 : virt_check_port(def, err);
}

static const char *type_of(const struct plan *p, bool block_device)
{
	return plan_arg(p, "volume") ? "volume" : block_device ? "block" : "file";
}

static const char *source_of(const struct plan *p)
{
	return plan_arg(p, "volume") ? plan_arg(p, "volume") : plan_arg(p, "file");
}

/* That of the stored one, where it is free, as the guest will have it there after its next start. */
static char *choose_target(const struct plan *p, const struct virt_def *def, const struct virt_disk *twin, const char *bus)
{
	if (plan_arg(p, "target"))
		return xstrdup(plan_arg(p, "target"));
	if (twin && twin->target && twin->bus && !strcmp(twin->bus, bus) && !runs_at(def, twin->target))
		return xstrdup(twin->target);
	return free_target(def, !strcmp(bus, "scsi"));
}

static void fill_disk(const struct plan *p, const struct virt_def *def, const struct virt_disk *twin, bool block_device,
		      struct virt_disk *d)
{
	const char *bus = plan_arg(p, "bus") ? plan_arg(p, "bus") : "virtio";

	d->type = xstrdup(type_of(p, block_device));
	d->device = xstrdup(is_on(p, "passthrough") ? "lun" : "disk");
	d->source = xstrdup(source_of(p));
	d->format = xstrdup(plan_arg(p, "format"));
	d->cache = xstrdup(plan_arg(p, "cache"));
	d->io = xstrdup(plan_arg(p, "aio"));
	d->iothread = xstrdup(iothread_number(plan_arg(p, "iothread")));
	d->serial = xstrdup(plan_arg(p, "serial"));
	d->read_only = is_on(p, "readonly");
	d->bus = xstrdup(bus);
	d->target = choose_target(p, def, twin, bus);
	d->alias = xstrdup(p->device);
}

/* A guest that is shut off has nothing open: its definition is what tells, if it is asked for. */
static int check_use(struct plan *p, const struct plan_env *env, const struct image_chain *c, struct err *err)
{
	auto_free char *names = NULL;
	int rc = check_image_use(p, env->host, c, err);

	if (rc || !c->n || is_on(p, "readonly"))
		return rc;
	if (virt_disk_users(env->virt, p->domain, c->images->file, VIRT_ASK_MS, &names, NULL))
		plan_warn(p, "whether another domain of libvirt's has %s as a disk is not known: it does not say", c->images->file);
	else if (*names)
		plan_warn(p, "libvirt's definition of %s has a disk of %s, too", names, c->images->file);
	return 0;
}

static int build_add(struct plan *p, const struct plan_env *env, const struct virt_def *def, struct err *err)
{
	struct image_chain chain = {0};
	struct new_image made = {0};
	struct virt_disk d = {0};
	const struct virt_disk *twin = NULL;
	bool block_device;
	int rc;

	rc = check_source(p, env, &made, &chain, err);
	block_device = chain.n && chain.images->block_device;
	put_chain(&d, &chain);
	if (!rc)
		rc = virt_choose_alias(p, def, "kt-disk", err);
	if (!rc)
		twin = virt_stored_disk(def, type_of(p, block_device), source_of(p));
	if (!rc && virt_def_has_alias(def, p->device) && (by_alias(def, p->device) || !twin || !virt_is_alias(twin->alias, p->device)))
		rc = same_or_taken(p, by_alias(def, p->device), err);
	else if (!rc)
		rc = check_options(p, block_device, err);
	if (!rc && p->status != PLAN_UNCHANGED)
		rc = check_target(p, def, twin, err);
	if (!rc && p->status != PLAN_UNCHANGED)
		rc = check_port(p, def, err);
	if (!rc && p->status != PLAN_UNCHANGED && !made.path)
		rc = check_use(p, env, &chain, err);
	image_chain_done(&chain);
	if (!rc && p->status != PLAN_UNCHANGED)
		fill_disk(p, def, twin, block_device, &d);
	if (!rc && p->status != PLAN_UNCHANGED) {
		plan_new_image(p, &made);
		plan_add(p, def, &d);
	}
	free(made.path);
	virt_disk_done(&d);
	return rc;
}

static int build_remove(struct plan *p, const struct virt_def *def, struct err *err)
{
	const struct virt_disk *d;
	int rc = find(def, plan_arg(p, "ID"), &d, err);

	if (!rc)
		virt_plan_detach(p, def, d->alias);
	return rc;
}

static int build_resize(struct plan *p, const struct plan_env *env, const struct virt_def *def, struct err *err)
{
	const struct virt_disk *d;
	uint64_t size, now = 0;
	struct step *s;
	int rc = find(def, plan_arg(p, "ID"), &d, err);

	if (!rc && !d->target)
		rc = err_set(err, -ENODEV, "disk '%s' has no target", d->alias);
	if (!rc)
		rc = virt_block_size(env->virt, p->domain, d->target, VIRT_ASK_MS, &now, err);
	if (!rc)
		rc = check_disk_size(p, env->host, &(struct disk_now){ d->target, d->source, d->format, now }, &size, err);
	if (rc)
		return rc;
	p->device = xstrdup(d->alias);
	if (p->status == PLAN_UNCHANGED)
		return 0;
	s = plan_virt(p, STEP_VIRT_RESIZE, d->target, NULL, size);
	if (size > now)
		step_undo_virt(s, STEP_VIRT_RESIZE, d->target, NULL, now);
	step_leaves(s, "disk %s with %llu bytes", d->target, (unsigned long long)size);
	return 0;
}

static int build(struct plan *p, const struct plan_env *env, const struct virt_def *def, const void *arg, struct err *err)
{
	switch (*(const enum disk_verb *)arg) {
	case DISK_ADD: return build_add(p, env, def, err);
	case DISK_REMOVE: return build_remove(p, def, err);
	case DISK_RESIZE: break;
	}
	return build_resize(p, env, def, err);
}

int virt_disk_build(struct plan *p, const struct plan_env *env, enum disk_verb verb, struct err *err)
{
	return virt_build(p, env, build, &verb, err);
}
