// SPDX-License-Identifier: GPL-3.0-or-later
/* The screen. */
#include "tui.h"

const struct key_help *tui_keys(size_t *n)
{
	*n = 0;
	return NULL;
}

int tui_run(struct session *s)
{
	(void)s;
	return EXIT_FAILED;
}

int tui_prompt(struct session *s)
{
	(void)s;
	return EXIT_FAILED;
}
