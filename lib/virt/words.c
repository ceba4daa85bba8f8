// SPDX-License-Identifier: GPL-3.0-or-later
/* libvirt's numbers in words: states in those that QEMU uses, so that a filter fits both. */
#include "private.h"

#include <string.h>

static const struct {
	const char *state, *reason;
} paused[] = {
	[VIR_DOMAIN_PAUSED_UNKNOWN] = { "paused", NULL },
	[VIR_DOMAIN_PAUSED_USER] = { "paused", "by user" },
	[VIR_DOMAIN_PAUSED_MIGRATION] = { "paused", "migration" },
	[VIR_DOMAIN_PAUSED_SAVE] = { "save-vm", "being saved" },
	[VIR_DOMAIN_PAUSED_DUMP] = { "paused", "core dump" },
	[VIR_DOMAIN_PAUSED_IOERROR] = { "io-error", "I/O error" },
	[VIR_DOMAIN_PAUSED_WATCHDOG] = { "watchdog", "watchdog" },
	[VIR_DOMAIN_PAUSED_FROM_SNAPSHOT] = { "paused", "restored from a snapshot" },
	[VIR_DOMAIN_PAUSED_SHUTTING_DOWN] = { "shutdown", "shutting down" },
	[VIR_DOMAIN_PAUSED_SNAPSHOT] = { "paused", "snapshot" },
	[VIR_DOMAIN_PAUSED_CRASHED] = { "guest-panicked", "guest crashed" },
	[VIR_DOMAIN_PAUSED_STARTING_UP] = { "prelaunch", "starting" },
	[VIR_DOMAIN_PAUSED_POSTCOPY] = { "paused", "post-copy migration" },
	[VIR_DOMAIN_PAUSED_POSTCOPY_FAILED] = { "paused", "post-copy migration failed" },
};

const char *words_state(int state, int why)
{
	switch (state) {
	case VIR_DOMAIN_RUNNING:
	case VIR_DOMAIN_BLOCKED:
		return "running";
	case VIR_DOMAIN_PAUSED:
		return why >= 0 && (size_t)why < ARRAY_SIZE(paused) ? paused[why].state : "paused";
	case VIR_DOMAIN_SHUTDOWN:
	case VIR_DOMAIN_SHUTOFF:
		return "shutdown";
	case VIR_DOMAIN_CRASHED:
		return "guest-panicked";
	case VIR_DOMAIN_PMSUSPENDED:
		return "suspended";
	}
	return NULL;
}

const char *words_reason(int state, int why)
{
	if (state == VIR_DOMAIN_PAUSED && why >= 0 && (size_t)why < ARRAY_SIZE(paused))
		return paused[why].reason;
	if (state == VIR_DOMAIN_RUNNING && why == VIR_DOMAIN_RUNNING_POSTCOPY)
		return "post-copy migration";
	if (state == VIR_DOMAIN_RUNNING && why == VIR_DOMAIN_RUNNING_POSTCOPY_FAILED)
		return "post-copy migration failed";
	return NULL;
}

const char *words_migration(enum virt_migration m)
{
	switch (m) {
	case VIRT_STAYS:
		break;
	case VIRT_MIGRATES_AWAY:
		return "migrating";
	case VIRT_ARRIVES:
		return "inmigrate";
	}
	return NULL;
}

const char *words_migration_reason(enum virt_migration m)
{
	return m == VIRT_MIGRATES_AWAY ? "is being sent away" : m == VIRT_ARRIVES ? "a migration is coming in" : NULL;
}

#define DETAILS 9

const char *words_lifecycle(int event, int detail)
{
	static const char *const words[][DETAILS] = {
		[VIR_DOMAIN_EVENT_DEFINED] = { "defined", "definition changed", "renamed", "defined from a snapshot" },
		[VIR_DOMAIN_EVENT_UNDEFINED] = { "undefined", "renamed" },
		[VIR_DOMAIN_EVENT_STARTED] = { "started", "started by migration", "restored", "started from a snapshot",
					       "woken up" },
		[VIR_DOMAIN_EVENT_SUSPENDED] = { "paused by user", "paused for migration", "paused for an I/O error",
						 "paused by the watchdog", "restored, paused", "paused from a snapshot",
						 "paused after an API error", "paused for post-copy",
						 "paused: post-copy failed" },
		[VIR_DOMAIN_EVENT_RESUMED] = { "resumed", "resumed after migration", "resumed from a snapshot",
					       "resumed in post-copy", "resumed: post-copy failed" },
		[VIR_DOMAIN_EVENT_STOPPED] = { "shut down", "destroyed", "crashed", "migrated away", "saved", "failed",
					       "stopped for a snapshot" },
		[VIR_DOMAIN_EVENT_SHUTDOWN] = { "shutting down", "shutting down by the guest", "shutting down by the host" },
		[VIR_DOMAIN_EVENT_PMSUSPENDED] = { "suspended to memory", "suspended to disk" },
		[VIR_DOMAIN_EVENT_CRASHED] = { "guest panicked", "guest crashed, memory dumped" },
	};
	const char *text = NULL;

	if (event >= 0 && (size_t)event < ARRAY_SIZE(words))
		text = detail >= 0 && detail < DETAILS ? words[event][detail] : words[event][0];
	return text ? text : "changed";
}

const char *words_io_error(const char *reason)
{
	return reason && !strcmp(reason, "enospc") ? "no space left for its image (ENOSPC)" : "I/O error (EIO)";
}
