// SPDX-License-Identifier: GPL-3.0-or-later
/* Parameters of the KVM modules; the hypervisor flag of the CPU. */
#include "hyper.h"

#include <stdio.h>
#include <string.h>

#include "private.h"

#define MODULES "sys/module/"
#define CPUINFO_MAX (16u << 10)		/* the first CPU's part */

static const struct {
	const char *module, *name;	/* module NULL: the processor's own */
} parameters[] = {
	{ "kvm", "halt_poll_ns_grow" }, { "kvm", "halt_poll_ns_grow_start" }, { "kvm", "halt_poll_ns_shrink" },
	{ "kvm", "nx_huge_pages" }, { "kvm", "nx_huge_pages_recovery_ratio" }, { "kvm", "tdp_mmu" },
	{ NULL, "ept" }, { NULL, "npt" }, { NULL, "enable_apicv" }, { NULL, "avic" }, { NULL, "sev" }, { NULL, "pml" },
	{ NULL, "ple_window" }, { NULL, "preemption_timer" },
};

static void settings_read(const struct host *h, struct host_hyper *out)
{
	char value[32];
	size_t len = 0, i;

	for (i = 0; i < ARRAY_SIZE(parameters) && len < sizeof(out->settings); i++) {
		const char *module = parameters[i].module ? parameters[i].module : out->module;
		int added;

		host_line_read(h, value, sizeof(value), MODULES "%s/parameters/%s", module, parameters[i].name);
		if (!value[0])
			continue;
		added = snprintf(out->settings + len, sizeof(out->settings) - len, "%s%s=%s", len ? " " : "",
				 parameters[i].name, value);
		if (added < 0 || (size_t)added >= sizeof(out->settings) - len) {
			out->settings[len] = '\0';
			break;
		}
		len += (size_t)added;
	}
}

static bool has_flag(const char *cpuinfo, const char *flag)
{
	const char *line = strstr(cpuinfo, "\nflags"), *end, *at;
	size_t len = strlen(flag);

	if (!line)
		return false;
	line++;
	end = line + strcspn(line, "\n");
	for (at = line; (at = strstr(at, flag)) && at < end; at += len)
		if (at[-1] == ' ' && (at[len] == ' ' || at[len] == '\n' || !at[len]))
			return true;
	return false;
}

static void level_read(const struct host *h, struct host_hyper *out)
{
	auto_free char *text = xmalloc(CPUINFO_MAX);
	char vendor[32], product[48];

	if (host_read(h, text, CPUINFO_MAX, "proc/cpuinfo") < 0 || !strstr(text, "\nflags"))
		return;
	if (!has_flag(text, "hypervisor")) {
		strcpy(out->level, "metal");
		return;
	}
	host_line_read(h, vendor, sizeof(vendor), "sys/class/dmi/id/sys_vendor");
	host_line_read(h, product, sizeof(product), "sys/class/dmi/id/product_name");
	if (vendor[0] || product[0])
		snprintf(out->level, sizeof(out->level), "guest (%s%s%s)", vendor, vendor[0] && product[0] ? ", " : "", product);
	else
		strcpy(out->level, "guest");
}

void host_hyper_read(const struct host *h, struct host_hyper *out)
{
	static const char *const own[] = { "kvm_intel", "kvm_amd" };
	char nested[8];
	size_t i;

	*out = (struct host_hyper){ .halt_poll_ns = host_number_read(h, MODULES "kvm/parameters/halt_poll_ns") };
	for (i = 0; i < ARRAY_SIZE(own); i++) {
		host_line_read(h, nested, sizeof(nested), MODULES "%s/parameters/nested", own[i]);
		if (!nested[0])
			continue;
		strcpy(out->module, own[i]);
		strcpy(out->nested, strchr("Y1y", nested[0]) ? "on" : "off");
	}
	if (out->halt_poll_ns != HOST_UNKNOWN || out->module[0])
		settings_read(h, out);
	level_read(h, out);
}
