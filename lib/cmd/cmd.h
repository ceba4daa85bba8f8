/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * lib/cmd: what a user can say. One table of options, one of verbs; one parser for argv, scripts, prompt and the
 * screen's forms; the printed forms; and help, man page and completion made from the tables.
 */
#ifndef KT_CMD_H
#define KT_CMD_H

#include "options.h"
#include "verb.h"
#include "out.h"
#include "session.h"
#include "config.h"
#include "docs.h"

#endif
