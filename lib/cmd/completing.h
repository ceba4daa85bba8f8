/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Inside lib/cmd: a completion that is being made, and the sources of candidates. */
#ifndef KT_CMD_COMPLETING_H
#define KT_CMD_COMPLETING_H

#include "cmd.h"

struct completing {
	struct session *session;
	const struct call *so_far;	/* what else is given; verb NULL: no verb yet */
	enum table_id table;		/* columns are those of it */
	const char *prefix;		/* stands before each candidate: "file=", "0-3," */
	const char *typed;		/* what there is of it behind the prefix */
	uint64_t deadline_ns;
	struct completion *out;
};

/* One that begins with what was typed; others are not taken. help: yours as before, may be NULL. */
void complete_add(struct completing *c, const char *text, const char *help);
void complete_addf(struct completing *c, const char *text, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* One that is meant by what was typed, though it does not begin so. */
void complete_put(struct completing *c, const char *text, const char *help);
void complete_note(struct completing *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));	/* the first one stays */
unsigned complete_left_ms(const struct completing *c);
/* Behind the last of these signs, which are text of the argument, another candidate begins: c as it is for that one. */
struct completing complete_behind(const struct completing *c, const char *signs, struct buf *prefix);

/* complete.c: by kind; values of an argument of so_far; "a|b" */
void complete_kind(struct completing *c, enum complete_kind kind);
void complete_value(struct completing *c, size_t arg);
void complete_choices(struct completing *c, const char *choices);
enum table_id complete_table(const struct verb *v);	/* whose columns a filter of it is of; of no verb: the guests' */

/* complete_guest.c */
void complete_guests(struct completing *c);
bool complete_guest(struct completing *c, struct sample_guest *guest);	/* the one that was given; else a note says why not */
void complete_part(struct completing *c, enum complete_kind kind);	/* from DISKS to VCPUS */
/* complete_host.c: from BRIDGES to HOST_USB, without PATHS; what libvirt has */
void complete_host(struct completing *c, enum complete_kind kind);
void complete_virt(struct completing *c, enum complete_kind kind);
/* complete_path.c */
void complete_paths(struct completing *c);

#endif
