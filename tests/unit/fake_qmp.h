/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A QEMU that follows a script: a thread behind a socket pair (or a listening unix socket) that
 * greets, answers the commands it expects, misbehaves where told to, and records all it saw.
 * It never sleeps: what is to happen late waits for a later step, or for fake_qmp_go.
 *
 *	static const struct fake_item script[] = {
 *		{ .expect = "query-status", .any = true, .reply = "{\"running\":true}" },
 *		{ .expect = "device_del", .args = "{\"id\":\"d0\"}",
 *		  .after = "{\"event\":\"DEVICE_DELETED\",\"data\":{\"device\":\"d0\"}}" },
 *		{ .expect = "blockdev-del", .error = "GenericError: Node is in use" },
 *		{ 0 }
 *	};
 *	struct fake_qmp *f = fake_qmp_new(script);
 *	struct qmp *q = fake_qmp_client(f);
 *	..
 *	assert_int_equal(fake_qmp_count(f, "device_add"), 0);
 *	qmp_close(q);
 *	fake_qmp_end(f);
 */
#ifndef KT_FAKE_QMP_H
#define KT_FAKE_QMP_H

#include <stdbool.h>
#include <stddef.h>

#include "qmp/qmp.h"

struct fake_qmp;

/* What happens instead of, or with, a reply. */
enum fake_how {
	FAKE_REPLY,		/* reply, error, or {} */
	FAKE_SILENT,		/* no reply, ever */
	FAKE_LATE,		/* the reply comes just before that to the next command */
	FAKE_RAW,		/* raw instead of a reply; "$ID" in it becomes the command's id */
	FAKE_CLOSE,		/* raw, if any, then the connection is closed */
};

/* One step; .expect and .raw both NULL end the script. */
struct fake_item {
	const char *expect;	/* the command; NULL: send raw without being asked */
	const char *args;	/* JSON: members it must have, with these values */
	const char *reply;	/* JSON of "return" */
	const char *file;	/* the reply is in this file, which holds the JSON of "return" */
	const char *error;	/* "Class: text" */
	const char *before, *after;	/* sent around the reply, events as a rule */
	const char *raw;
	enum fake_how how;
	unsigned piece;		/* send in pieces of that many bytes */
	bool any;		/* answers as often as asked, in any order, never or always */
	bool wait;		/* nothing is read or sent before fake_qmp_go */
};

/* No greeting is sent, qmp_capabilities is a step like others. */
#define FAKE_NO_GREETING 1u

/* The script is borrowed. fake_qmp_new(script) is fake_qmp_new_with(script, 0). */
struct fake_qmp *fake_qmp_new(const struct fake_item *script);
struct fake_qmp *fake_qmp_new_with(const struct fake_item *script, unsigned flags);

/* The client's end, once: greeted, or as it is. Yours to qmp_close before or after fake_qmp_end. */
struct qmp *fake_qmp_client(struct fake_qmp *f);
struct qmp *fake_qmp_raw_client(struct fake_qmp *f);
/* Instead of these: listen on a unix socket; the first client that connects gets the script. */
void fake_qmp_listen(struct fake_qmp *f, const char *path);

/* Let the step that waits go on. May be called early. */
void fake_qmp_go(struct fake_qmp *f);

/* Commands it saw, qmp_capabilities left out where it greeted by itself. Waits for nothing. */
size_t fake_qmp_count(struct fake_qmp *f, const char *command);	/* NULL: all of them */
/* The number-th one as "command {arguments}", NULL when there are fewer. Valid until the end. */
const char *fake_qmp_saw(struct fake_qmp *f, size_t number);
unsigned fake_qmp_fds(struct fake_qmp *f);	/* descriptors that came along */

/*
 * Ends and frees it. The test fails if a command came that was not expected (it was answered with
 * a GenericError) or a step was not reached.
 */
void fake_qmp_end(struct fake_qmp *f);
/* The same as text instead, NULL when all went by the script. Yours. */
char *fake_qmp_verdict(struct fake_qmp *f);

#endif
