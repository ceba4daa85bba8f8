// SPDX-License-Identifier: GPL-3.0-or-later
/* Settings of the kernel that are a file each. */
#include "hostctl.h"

#include <errno.h>
#include <string.h>

/* Whole directories, so that a knob more is a row only; a path of a journal may lead nowhere else. */
static const char *const trees[] = {
	"sys/kernel/mm/ksm/", "sys/kernel/mm/transparent_hugepage/", "sys/kernel/mm/hugepages/", "sys/kernel/mm/lru_gen/",
	"sys/kernel/mm/numa/", "sys/devices/system/node/", "sys/module/kvm/parameters/", "sys/module/kvm_intel/parameters/",
	"sys/module/kvm_amd/parameters/", "proc/sys/kernel/numa_balancing", "proc/sys/vm/",
};

bool hostctl_file_ok(const char *path)
{
	size_t i;

	if (strlen(path) >= 256 || strstr(path, "..") || strstr(path, "//") || !str_is_clean(path))
		return false;
	for (i = 0; i < ARRAY_SIZE(trees); i++)
		if (str_has_prefix(path, trees[i]))
			return !str_has_suffix(path, "/");
	return false;
}

bool hostctl_value_ok(const char *value)
{
	const char *p;

	for (p = value; *p; p++)
		if (*p <= ' ' || *p > '~')
			return false;
	return *value && strlen(value) < HOST_VALUE_MAX;
}

int hostctl_file_set(const struct host *h, const char *path, const char *value, unsigned timeout_ms, char got[HOST_VALUE_MAX],
		     struct err *err)
{
	int rc;

	if (!hostctl_file_ok(path) || !hostctl_value_ok(value))
		return err_set(err, -EPERM, "/%s is not written to", path);
	rc = host_write_late(h, value, timeout_ms, err, "%s", path);
	if (rc == -EACCES)
		rc = -EPERM;
	if (rc == -EROFS)
		rc = err_set(err, -EPERM, "/%s: mounted read-only here (run kvmtop on the host itself, not in a container)", path);
	if (rc == -ENOMEM)
		return err_set(err, rc, "/%s: the kernel ran out of memory over it (free some first)", path);
	if (rc)
		return rc;
	host_value_read(h, path, got);
	return 0;
}
