// SPDX-License-Identifier: GPL-3.0-or-later
/* knobs: what can be tuned. */
#include "tables.h"

static const struct column knob_columns[] = {
	{ "knob", "KNOB", "Its name: the verb that sets it, and the key.", "kvmtop", UNIT_TEXT, TEXT(knob_row, knob), .width = 34, .rank = 1,
	  .label = true },
	{ "value", "VALUE", "What it is set to.", "file", UNIT_TEXT, TEXT(knob_row, value), .width = 10, .rank = 1 },
	{ "effective", "EFFECTIVE", "What is in effect, which is another value where it inherits.", "the file, and the one it follows", UNIT_TEXT,
	  TEXT(knob_row, effective), .width = 10, .rank = 2 },
	{ "range", "RANGE", "What it may be set to: LOW..HIGH, LOW.. without an end that matters, or a choice, as far as this kernel has it.",
	  "file; kvmtop", UNIT_TEXT, TEXT(knob_row, range), .width = 38, .rank = 2 },
	{ "of", "OF", "What the number counts.", "kvmtop", UNIT_TEXT, TEXT(knob_row, unit), .width = 5, .rank = 3 },
	{ "default", "DEFAULT", "The kernel's own choice; unknown where it depends on the machine.", "kernel documentation", UNIT_TEXT,
	  TEXT(knob_row, normal), .width = 8, .rank = 3 },
	{ "other_writer", "WRITER", "Programs that run and set it too.", "/proc/PID/comm of root's processes", UNIT_TEXT,
	  TEXT(knob_row, writer), .width = 24, .rank = 3 },
	{ "journal", "JOURNAL", "The last change by kvmtop that set it and was not undone.", "the journal", UNIT_TEXT, TEXT(knob_row, journal),
	  .width = 20, .rank = 2 },
	{ "file", "FILE", "Where it is.", "kvmtop", UNIT_TEXT, TEXT(knob_row, file), .width = 50, .rank = 8 },
	{ "help", "HELP", "What it does, and why one would.", "kvmtop", UNIT_TEXT, TEXT(knob_row, help), .width = 60, .rank = 9 },
};
const struct table knobs_table = TABLE("knobs", "what can be tuned", knob_row, knob_columns, NULL, 0);
