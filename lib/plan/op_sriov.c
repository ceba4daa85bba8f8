// SPDX-License-Identifier: GPL-3.0-or-later
/* Operations on virtual functions of the host: how many there are, and what a NIC lets one of its own do. */
#include "private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define VFS_MAX 65535		/* SR-IOV counts them in 16 bits */
#define QOS_MAX 7
/* A driver sets each of them up, and others may be bound to them, one after another. */
#define BASE_MS 10000
#define EACH_MS 1000

/* ---- how many */

static int sriov_run(struct run *r, const struct step *s, unsigned timeout_ms, struct err *err)
{
	return host_sriov_set(r->env->host, s->what, (unsigned)s->number, timeout_ms, err);
}

static char *sriov_text(const struct step *s, unsigned timeout_ms)
{
	(void)timeout_ms;
	if (!s->number)
		return xasprintf("PCI device %s: write 0 to sriov_numvfs, its virtual functions go", s->what);
	return xasprintf("PCI device %s: write %llu to sriov_numvfs, wait until its virtual functions are there", s->what,
			 (unsigned long long)s->number);
}

static bool is_address(const char *word)
{
	char address[16];

	return !host_pci_address(word, address) && !strcmp(address, word);
}

static int sriov_check(const struct step *s, struct err *err)
{
	if (!is_address(s->what) || s->number > VFS_MAX)
		return err_set(err, -EPERM, "%llu virtual functions of %s do not belong in a journal", (unsigned long long)s->number,
			       s->what);
	return 0;
}

const struct op op_sriov = {
	.name = "sriov", .run = sriov_run, .text = sriov_text, .check = sriov_check, .takes_back = takes_back_same, .outlives = true,
};

struct step *plan_sriov(struct plan *p, const char *pf, unsigned vfs, unsigned old)
{
	struct step *s = step_add(&p->steps, &p->n_steps, STEP_SRIOV, pf, NULL), *undo;

	s->number = vfs;
	s->at_least_ms = BASE_MS + EACH_MS * (vfs > old ? vfs : old);
	undo = step_add(&s->undo, &s->n_undo, STEP_SRIOV, pf, NULL);
	undo->number = old;
	undo->at_least_ms = s->at_least_ms;
	if (vfs)
		step_leaves(s, "%u virtual functions of %s", vfs, pf);
	else
		step_leaves(s, "%s without the %u virtual functions it had", pf, old);
	return s;
}

/* ---- what one may do */

static bool read_u32(struct json_object *args, const char *key, uint32_t max, uint32_t *out)
{
	uint64_t n;

	if (!json_u64(args, key, &n) || n > max)
		return false;
	*out = (uint32_t)n;
	return true;
}

static bool read_flag(struct json_object *args, const char *key, bool *out)
{
	*out = json_flag(args, key, false);
	return json_object_is_type(json_member(args, key), json_type_boolean);
}

/* What the step sets; HOST_VF_KEYS: nothing that it could mean. */
static enum host_vf_key setting_of(const struct step *s, struct host_vf *v)
{
	const char *key = json_str(s->args, "set"), *mac = json_str(s->args, "mac");
	bool ok = false;
	int i = 0;

	*v = (struct host_vf){0};
	if (!key || !read_u32(s->args, "vf", VFS_MAX, &v->vf))
		return HOST_VF_KEYS;
	while (i < HOST_VF_KEYS && strcmp(host_vf_key_name((enum host_vf_key)i), key))
		i++;
	switch ((enum host_vf_key)i) {
	case HOST_VF_MAC:
		ok = mac && address_mac_parse(mac, v->mac);
		break;
	case HOST_VF_VLAN:
		ok = read_u32(s->args, key, HOST_VLAN_MAX, &v->vlan) && read_u32(s->args, "qos", QOS_MAX, &v->qos) &&
			read_flag(s->args, "stag", &v->stag);
		break;
	case HOST_VF_RATE:
		ok = read_u32(s->args, key, UINT32_MAX, &v->rate_mbit);
		break;
	case HOST_VF_TRUST:
		ok = read_flag(s->args, key, &v->trust);
		break;
	case HOST_VF_SPOOFCHK:
		ok = read_flag(s->args, key, &v->spoofchk);
		break;
	case HOST_VF_KEYS:
		break;
	}
	return ok ? (enum host_vf_key)i : HOST_VF_KEYS;
}

static int vf_run(struct run *r, const struct step *s, unsigned timeout_ms, struct err *err)
{
	struct host_vf v;
	enum host_vf_key key = setting_of(s, &v);

	return host_vf_set(r->env->host, s->what, &v, key, timeout_ms, err);
}

static char *vf_text(const struct step *s, unsigned timeout_ms)
{
	struct host_vf v;
	enum host_vf_key key = setting_of(s, &v);
	auto_free char *text = host_vf_text(&v, key);

	(void)timeout_ms;
	return xasprintf("interface %s: %s for its virtual function %u", s->what, text, v.vf);
}

static int vf_check(const struct step *s, struct err *err)
{
	struct host_vf v;

	if (!host_iface_name_ok(s->what) || setting_of(s, &v) == HOST_VF_KEYS)
		return err_set(err, -EPERM, "this setting of a virtual function of %s does not belong in a journal", s->what);
	return 0;
}

/* The same setting of the same one. */
static bool vf_takes_back(const struct step *s, const struct step *of)
{
	struct host_vf v, was;

	return takes_back_same(s, of) && setting_of(s, &v) == setting_of(of, &was) && v.vf == was.vf;
}

const struct op op_vf_set = {
	.name = "vf-set", .run = vf_run, .text = vf_text, .check = vf_check, .takes_back = vf_takes_back, .outlives = true,
};

static struct json_object *vf_args(const struct host_vf *v, enum host_vf_key key)
{
	struct json_object *args = json_put(json_object_new_object(), "vf", json_object_new_uint64(v->vf));
	const char *name = host_vf_key_name(key);

	json_put_str(args, "set", name);
	switch (key) {
	case HOST_VF_MAC:
		json_put_str(args, name, v->mac);
		break;
	case HOST_VF_VLAN:
		json_put(args, name, json_object_new_uint64(v->vlan));
		json_put(args, "qos", json_object_new_uint64(v->qos));
		json_put(args, "stag", json_object_new_boolean(v->stag));
		break;
	case HOST_VF_RATE:
		json_put(args, name, json_object_new_uint64(v->rate_mbit));
		break;
	case HOST_VF_TRUST:
		json_put(args, name, json_object_new_boolean(v->trust));
		break;
	case HOST_VF_SPOOFCHK:
		json_put(args, name, json_object_new_boolean(v->spoofchk));
		break;
	case HOST_VF_KEYS:
		break;
	}
	return args;
}

struct step *plan_vf_set(struct plan *p, const char *iface, enum host_vf_key key, const struct host_vf *to,
			 const struct host_vf *old)
{
	struct step *s = step_add(&p->steps, &p->n_steps, STEP_VF_SET, iface, vf_args(to, key));
	auto_free char *text = host_vf_text(to, key);

	step_add(&s->undo, &s->n_undo, STEP_VF_SET, iface, vf_args(old, key));
	step_leaves(s, "%s of virtual function %u of %s", text, to->vf, iface);
	return s;
}
