/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the fuzz targets share. A target is a fuzz_one(). fuzz.c calls it for each input, and aborts where that costs more
 * than 50 ms of CPU time for each KiB, or 512 bytes of memory for each byte.
 */
#ifndef KT_FUZZ_H
#define KT_FUZZ_H

#include "lib/base/base.h"

void fuzz_one(const uint8_t *data, size_t size);

/* The input as a string of C; it ends at its first NUL. Yours. */
char *fuzz_text(const uint8_t *data, size_t size);

/* What it is told beyond its input counts as input: bytes of it. */
void fuzz_told(size_t bytes);

/* A property of what was parsed: without it the run ends like a crash. */
#define fuzz_must(holds) ((holds) ? (void)0 : fuzz_fail(__FILE__, __LINE__, #holds))
_Noreturn void fuzz_fail(const char *file, int line, const char *what);

/*
 * An input of several parts, each with a name on a line of its own:
 *	> NAME
 *	any bytes
 * The parts end before the next line that begins with "> ". What stands before the first one has the name "".
 */
struct fuzz_part {
	const char *name, *body;	/* not terminated */
	size_t name_len, size;
};
bool fuzz_part_next(const uint8_t **data, size_t *size, struct fuzz_part *out);
bool fuzz_part_is(const struct fuzz_part *p, const char *name);

/*
 * A recorded host with these files below a new directory, and no others; it is gone at the end. fuzz_files fills them with
 * the parts of their names: a file without a part is not there. Set up once, borrowed.
 */
struct host;
struct host *fuzz_host(const char *const *names, size_t n);
void fuzz_files(const uint8_t *data, size_t size);
void fuzz_file(const char *name, const char *text);	/* one besides them, that stays */
const char *fuzz_root(void);

/*
 * A monitor, greeted. A question is answered by the part whose name is the command with its path, property, queue, typename
 * and target ("qom-get /machine type"), else the command alone, else "*", else by CommandNotFound; of several such parts by
 * one after the other, around and around. Of human-monitor-command the name is its command line, and its text is sent as a
 * string. After 4096 answers the connection is closed.
 * Yours: qmp_close, before the input is gone.
 */
struct qmp;
struct qmp *fuzz_peer(const uint8_t *data, size_t size);
/* While they rest nothing comes from any of them; otherwise one that has nothing more to say closes. */
void fuzz_peers_rest(bool rest);

#endif
