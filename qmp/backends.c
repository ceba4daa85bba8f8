// SPDX-License-Identifier: GPL-3.0-or-later
/* What memory a command line makes: sizes and backends. */
#include "cmdline.h"
#include "opts.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define ID_MAX_BYTES 255

bool qmp_size_read(const char *text, char unit, uint64_t *bytes)
{
	size_t len = strlen(text);
	auto_free char *whole = len && isdigit((unsigned char)text[len - 1]) ? xasprintf("%s%c", text, unit) : xstrdup(text);
	uint64_t n;

	if (units_size_parse(whole, &n) || !n || n >= INT64_MAX)
		return false;
	*bytes = n;
	return true;
}

bool qmp_backend_read(const struct qmp_opts *o, const char *id, struct qmp_backend *out)
{
	static const struct {
		const char *type;
		enum qmp_backend_kind kind;
	} kinds[] = {
		{ "memory-backend-ram", QMP_BACKEND_RAM }, { "memory-backend-memfd", QMP_BACKEND_MEMFD },
		{ "memory-backend-file", QMP_BACKEND_FILE },
	};
	auto_free char *type = qmp_opts_get(o, "qom-type");
	auto_free char *size = qmp_opts_get(o, "size");
	auto_free char *share = qmp_opts_get(o, "share");
	uint64_t bytes;
	size_t i;

	for (i = 0; type && i < ARRAY_SIZE(kinds); i++) {
		if (strcmp(type, kinds[i].type) || !size || !qmp_size_read(size, 'B', &bytes))
			continue;
		*out = (struct qmp_backend){
			.kind = kinds[i].kind, .bytes = bytes, .id = str_utf8(id, strlen(id), ID_MAX_BYTES),
			.path = qmp_opts_get(o, "mem-path"), .shared = qmp_opt_is_on(share, kinds[i].kind == QMP_BACKEND_MEMFD),
		};
		return true;
	}
	return false;
}

void qmp_backend_done(struct qmp_backend *b)
{
	free(b->id);
	free(b->path);
}

static int by_id(const void *a, const void *b)
{
	const struct qmp_backend *const *x = a, *const *y = b;

	return strcmp((*x)->id, (*y)->id);
}

/* What a backend's size is; 0: no backend of that name. */
static uint64_t size_of(const struct qmp_backend **sorted, size_t n, const char *id)
{
	const struct qmp_backend key = { .id = (char *)id }, *wanted = &key;
	const struct qmp_backend **found = n ? bsearch(&wanted, sorted, n, sizeof(*sorted), by_id) : NULL;

	return found ? (*found)->bytes : 0;
}

void qmp_backends_count(struct qmp_cmdline *out, char *const *dimms, size_t n_dimms, const char *main)
{
	auto_free const struct qmp_backend **sorted = NULL;
	uint64_t bytes;
	size_t i, n = 0;

	for (i = 0; i < out->n_backends; i++)
		*vec_push(sorted, n) = &out->backends[i];
	if (n)
		qsort(sorted, n, sizeof(*sorted), by_id);
	for (i = 0; i < n_dimms; i++) {
		bytes = size_of(sorted, n, dimms[i]);
		out->plugged_bytes += bytes < UINT64_MAX - out->plugged_bytes ? bytes : 0;
	}
	bytes = main ? size_of(sorted, n, main) : 0;
	if (bytes)
		out->mem_bytes = bytes;
}
