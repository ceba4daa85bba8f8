/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One cell: typed, possibly unknown, with a unit that says how to draw it. */
#ifndef KT_MODEL_VALUE_H
#define KT_MODEL_VALUE_H

#include <math.h>

#include "lib/base/base.h"

enum unit {
	UNIT_TEXT,
	UNIT_COUNT,		/* a plain number: ids, sizes in entries */
	UNIT_NUMBER,		/* a mean of such; drawn with k M G, 1000 */
	UNIT_PCT,		/* 100 = one CPU, or the whole of something */
	UNIT_BYTES,		/* drawn with K M G, 1024 */
	UNIT_PER_S,		/* drawn with k M G, 1000 */
	UNIT_BYTES_PER_S,	/* drawn with k M G, 1000 */
	UNIT_US,		/* drawn as 116us, 2.3ms, 0.99s */
	UNIT_SECONDS,		/* drawn as 2.1s, 12m, 3d */
};
const char *unit_name(enum unit u);		/* "%", "bytes", .. as `columns` prints it */

enum value_kind { VALUE_NONE, VALUE_TEXT, VALUE_UINT, VALUE_NUM };

struct value {
	enum value_kind kind;
	union {
		const char *text;	/* borrowed from the row */
		uint64_t uint;
		double num;
	};
};

/* Unknown, as rows keep it: NULL for text, these for numbers. Never 0. */
#define UNKNOWN_UINT UINT64_MAX
#define UNKNOWN_NUM ((double)NAN)

/* <0, 0, >0. Unknown sorts behind everything; text by strcmp, numbers by value. */
int value_cmp(struct value a, struct value b);
/* For people: scaled by its unit, "-" for unknown. Text is copied as it is: clean it before drawing. */
void value_format(struct value v, enum unit unit, struct buf *out);
/* For programs: raw number or text, nothing for unknown. */
void value_raw(struct value v, struct buf *out);
struct json_object *value_json(struct value v);		/* yours; NULL is JSON's null */

#endif
