// SPDX-License-Identifier: GPL-3.0-or-later
/* Does a command line look like QEMU's? */
#include "cmdline.h"

#include <string.h>

#include "lib/base/base.h"

unsigned qmp_cmdline_form(char *const argv[], size_t argc)
{
	static const char *const options[] = {
		"machine", "M", "accel", "enable-kvm", "cpu", "smp", "m", "qmp", "qmp-pretty", "mon", "monitor", "chardev", "device",
		"drive", "blockdev", "hda", "cdrom", "kernel", "nodefaults", "no-user-config", "readconfig", "display", "nographic",
		"netdev", "nic", "net", "object", "serial", "vnc", "spice", "incoming", "uuid", "name", "boot", "S", "daemonize",
	};
	unsigned n = 0;
	size_t i, k;

	for (i = 1; i < argc && n < 2; i++) {
		const char *name = argv[i] + (str_has_prefix(argv[i], "--") ? 2 : 1);

		for (k = 0; *argv[i] == '-' && k < ARRAY_SIZE(options); k++)
			if (!strcmp(name, options[k])) {
				n++;
				break;
			}
	}
	return n;
}
