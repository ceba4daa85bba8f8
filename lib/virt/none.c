// SPDX-License-Identifier: GPL-3.0-or-later
/* lib/virt where there is no libvirt: nobody gets a struct virt, so only its making is ever called. */
#include "virt.h"

#include <errno.h>

#define NONE err_set(err, -EOPNOTSUPP, "this kvmtop was built without libvirt")

int virt_new(const struct virt_config *config, struct virt **out, struct err *err)
{
	(void)config;
	(void)out;
	return NONE;
}

void virt_leave(struct virt *v)
{
	(void)v;
}

void virt_free(struct virt *v)
{
	(void)v;
}

bool virt_is_settled(struct virt *v)
{
	(void)v;
	return true;
}

bool virt_is_awaited(struct virt *v)
{
	(void)v;
	return false;
}

char **virt_problems(struct virt *v, size_t *n)
{
	(void)v;
	*n = 0;
	return NULL;
}

struct virt_list *virt_list(struct virt *v)
{
	(void)v;
	return NULL;
}

void virt_list_unref(struct virt_list *l)
{
	(void)l;
}

size_t virt_list_count(const struct virt_list *l)
{
	(void)l;
	return 0;
}

const struct virt_domain *virt_list_get(const struct virt_list *l, size_t i)
{
	(void)l;
	(void)i;
	return NULL;
}

const struct virt_domain *virt_list_find(const struct virt_list *l, const char *uuid)
{
	(void)l;
	(void)uuid;
	return NULL;
}

const char *virt_list_problem(const struct virt_list *l)
{
	(void)l;
	return NULL;
}

bool virt_list_is_denied(const struct virt_list *l)
{
	(void)l;
	return false;
}

const char *virt_event_name(enum virt_event_kind k)
{
	(void)k;
	return "";
}

size_t virt_events(struct virt *v, const char *uuid, uint64_t *seq, struct virt_event **list)
{
	(void)v;
	(void)uuid;
	(void)seq;
	*list = NULL;
	return 0;
}

void virt_events_free(struct virt_event *list, size_t n)
{
	(void)list;
	(void)n;
}

struct virt_counts virt_counts(struct virt *v)
{
	(void)v;
	return (struct virt_counts){0};
}

#define UNUSED(...) (void)sizeof((const void *[]){ __VA_ARGS__ })

int virt_may_pass(struct virt *v, const char *uuid, struct err *err)
{
	UNUSED(v, uuid);
	return NONE;
}

int virt_qmp_open(struct virt *v, const char *uuid, unsigned timeout_ms, struct qmp **out, bool *taints,
		  struct err *err)
{
	UNUSED(v, uuid, out, taints);
	(void)timeout_ms;
	return NONE;
}

int virt_may_change(struct virt *v, const char *uuid, struct err *err)
{
	UNUSED(v, uuid);
	return NONE;
}

int virt_network_bridge(struct virt *v, const char *uuid, const char *network, unsigned timeout_ms, char **bridge, struct err *err)
{
	UNUSED(v, uuid, network, bridge);
	(void)timeout_ms;
	return NONE;
}

int virt_network_names(struct virt *v, const char *uuid, unsigned timeout_ms, char **lines, struct err *err)
{
	UNUSED(v, uuid, lines, err);
	(void)timeout_ms;
	return NONE;
}

int virt_volume_names(struct virt *v, const char *uuid, const char *pool, unsigned timeout_ms, char **lines, struct err *err)
{
	UNUSED(v, uuid, pool, lines);
	(void)timeout_ms;
	return NONE;
}

char *virt_shut_off(struct virt *v, const char *word, unsigned timeout_ms)
{
	UNUSED(v, word);
	(void)timeout_ms;
	return NULL;
}

int virt_version(struct virt *v, const char *uuid, unsigned timeout_ms, unsigned long *version, struct err *err)
{
	UNUSED(v, uuid, version);
	(void)timeout_ms;
	return NONE;
}

int virt_attach(struct virt *v, const char *uuid, const char *xml, unsigned affect, unsigned timeout_ms,
		struct err *err)
{
	UNUSED(v, uuid, xml);
	(void)affect;
	(void)timeout_ms;
	return NONE;
}

int virt_update(struct virt *v, const char *uuid, const char *xml, unsigned affect, unsigned timeout_ms,
		struct err *err)
{
	return virt_attach(v, uuid, xml, affect, timeout_ms, err);
}

int virt_detach_config(struct virt *v, const char *uuid, const char *xml, unsigned timeout_ms, struct err *err)
{
	return virt_attach(v, uuid, xml, 0, timeout_ms, err);
}

int virt_detach_alias(struct virt *v, const char *uuid, const char *alias, unsigned timeout_ms, int interrupt,
		      struct err *err)
{
	(void)interrupt;
	return virt_attach(v, uuid, alias, 0, timeout_ms, err);
}

int virt_await_gone(struct virt *v, const char *uuid, const char *alias, unsigned timeout_ms, int interrupt, struct err *err)
{
	return virt_detach_alias(v, uuid, alias, timeout_ms, interrupt, err);
}

int virt_migration_read(struct virt *v, const char *uuid, unsigned timeout_ms, enum virt_migration *out, struct err *err)
{
	UNUSED(out);
	return virt_attach(v, uuid, NULL, 0, timeout_ms, err);
}

int virt_is_idle(struct virt *v, const char *uuid, unsigned timeout_ms, bool *idle, struct err *err)
{
	UNUSED(idle);
	return virt_attach(v, uuid, NULL, 0, timeout_ms, err);
}

int virt_block_resize(struct virt *v, const char *uuid, const char *disk, uint64_t bytes, unsigned timeout_ms,
		      struct err *err)
{
	(void)bytes;
	return virt_attach(v, uuid, disk, 0, timeout_ms, err);
}

int virt_block_size(struct virt *v, const char *uuid, const char *disk, unsigned timeout_ms, uint64_t *bytes, struct err *err)
{
	UNUSED(bytes);
	return virt_attach(v, uuid, disk, 0, timeout_ms, err);
}

int virt_disk_users(struct virt *v, const char *uuid, const char *file, unsigned timeout_ms, char **names, struct err *err)
{
	UNUSED(names);
	return virt_attach(v, uuid, file, 0, timeout_ms, err);
}

int virt_set_vcpus(struct virt *v, const char *uuid, unsigned count, unsigned affect, unsigned timeout_ms, struct err *err)
{
	(void)count;
	return virt_attach(v, uuid, NULL, affect, timeout_ms, err);
}

int virt_set_vcpu(struct virt *v, const char *uuid, const char *vcpus, bool on, unsigned affect, unsigned timeout_ms,
		  struct err *err)
{
	(void)on;
	return virt_attach(v, uuid, vcpus, affect, timeout_ms, err);
}

int virt_vol_path(struct virt *v, const char *uuid, const char *pool, const char *vol, unsigned timeout_ms,
		  char **path, char **format, struct err *err)
{
	UNUSED(vol, path, format);
	return virt_attach(v, uuid, pool, 0, timeout_ms, err);
}

int virt_addresses(struct virt *v, const char *uuid, bool agent, unsigned timeout_ms, char **lines, struct err *err)
{
	UNUSED(lines, lines);
	(void)agent;
	return virt_attach(v, uuid, NULL, 0, timeout_ms, err);
}

int virt_memory_read(struct virt *v, const char *uuid, unsigned timeout_ms, struct virt_memory_stats *out, struct err *err)
{
	UNUSED(out);
	return virt_attach(v, uuid, NULL, 0, timeout_ms, err);
}

int virt_domain_read(struct virt *v, const char *uuid, unsigned affect, unsigned timeout_ms, struct virt_def **out, struct err *err)
{
	UNUSED(out);
	return virt_attach(v, uuid, NULL, affect, timeout_ms, err);
}

int virt_def_parse(const char *xml, size_t len, struct virt_def **out, struct err *err)
{
	UNUSED(xml, out);
	(void)len;
	return NONE;
}

void virt_def_free(struct virt_def *d)
{
	(void)d;
}

const char *virt_def_iothread(const struct virt_def *def, const char *alias)
{
	(void)def;
	(void)alias;
	return NULL;
}

struct virt_ports virt_def_ports(const struct virt_def *d)
{
	(void)d;
	return (struct virt_ports){0};
}

bool virt_def_has_alias(const struct virt_def *d, const char *alias)
{
	UNUSED(d, alias);
	return false;
}

bool virt_def_find(const struct virt_def *d, const char *alias, struct virt_device *out)
{
	UNUSED(d, alias);
	*out = (struct virt_device){0};
	return false;
}

char *virt_device_words(const struct virt_device *d)
{
	(void)d;
	return NULL;
}

char *virt_disk_xml(const struct virt_disk *d)
{
	UNUSED(d);
	return xstrdup("");
}

char *virt_controller_xml(const struct virt_controller *c)
{
	UNUSED(c);
	return xstrdup("");
}

char *virt_nic_xml(const struct virt_nic *n)
{
	UNUSED(n);
	return xstrdup("");
}

void virt_nic_done(struct virt_nic *n)
{
	(void)n;
}

int virt_nic_link(struct virt *v, const char *uuid, const char *alias, bool up, unsigned timeout_ms, struct err *err)
{
	return virt_attach(v, uuid, alias, up, timeout_ms, err);
}

char *virt_memory_xml(const struct virt_memory *m)
{
	UNUSED(m);
	return xstrdup("");
}

char *virt_usb_xml(const struct virt_usb *u)
{
	UNUSED(u);
	return xstrdup("");
}

char *virt_pci_xml(const struct virt_pci *p)
{
	UNUSED(p);
	return xstrdup("");
}

void virt_disk_done(struct virt_disk *d)
{
	(void)d;
}

int virt_power(struct virt *v, const char *uuid, enum virt_power what, unsigned timeout_ms, struct err *err)
{
	(void)v;
	(void)uuid;
	(void)what;
	(void)timeout_ms;
	return NONE;
}

int virt_state_read(struct virt *v, const char *uuid, unsigned timeout_ms, char **state, char **disks, struct err *err)
{
	(void)v;
	(void)uuid;
	(void)timeout_ms;
	(void)state;
	(void)disks;
	return NONE;
}
