/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is said about options, verbs and columns, made from their tables. */
#ifndef KT_CMD_DOCS_H
#define KT_CMD_DOCS_H

#include "session.h"

const char *version_text(void);

void docs_column_rows(struct snapshot *snap, const char *table);	/* of one table, or of all with NULL */
void docs_usage(FILE *f);						/* --help */
void docs_verbs(FILE *f);						/* help */
void docs_verb(FILE *f, const struct verb *v);				/* help VERB */
/* A template with lines .\" @OPTIONS@ @VERBS@ @COLUMNS@ @PAGES@ @KEYS@ @COOKBOOK DIR@ into a manual page. */
int docs_man(FILE *in, FILE *out, const struct session *s, struct err *err);
/* The tables against each other and themselves: 0, or what is wrong is printed. */
int docs_self_test(FILE *f);

#endif
