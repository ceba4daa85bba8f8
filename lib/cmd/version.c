// SPDX-License-Identifier: GPL-3.0-or-later
/* The one file that a new version compiles again: KT_VERSION comes from the Makefile. */
#include "cmd.h"

const char *version_text(void)
{
	return KT_VERSION;
}
