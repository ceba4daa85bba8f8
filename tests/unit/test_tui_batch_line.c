// SPDX-License-Identifier: GPL-3.0-or-later
/* The line for batch: pieces that a shell joins to what it was, whom an error is about, the clipboard's base64. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "tui/batch_line.h"
#include "tui/clip.h"

static void add_piece(void *data, const char *piece)
{
	struct buf *all = data;

	buf_puts(all, all->len ? "\n" : "");
	buf_puts(all, piece);
}

/* As a shell has them: '..' is literal, a backslash outside takes the next one, and goes with a line's end. */
static char *shell_words(const char *s)
{
	struct buf out = {0};
	bool quoted = false;

	for (; *s; s++) {
		if (*s == '\'') {
			quoted = !quoted;
		} else if (quoted || *s != '\\') {
			buf_add(&out, *s == ' ' && !quoted ? "\n" : s, 1);
		} else if (*++s != '\n') {
			buf_add(&out, s, 1);
		}
	}
	assert_false(quoted);
	return buf_take(&out);
}

static void pieces_join_to_the_line(void **state)
{
	static const char *const values[] = {
		"/a", "/a b", "it's", "'''", "a  long value  with   many blanks in it, so that it must be cut somewhere", "\\\\'\\",
		"/with/no/blank/at/all/and/so/long/that/it/must/be/cut/in/the/middle/of/the/word", "w\xc3\xa9\xe6\x97\xa5 'x' \xe6\x97\xa5",
		"a' 'b' 'c' 'd' 'e' 'f' 'g' 'h' 'i' 'j' 'k",
	};
	size_t i, width;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(values); i++) {
		for (width = 1; width < 120; width++) {
			const char *args[VERB_ARGS_MAX] = { "vm1", values[i], "raw" };
			size_t n, k;
			char **words = batch_words(verb_find("disk add"), args, &n);
			auto_free char *line = batch_line(words, n), *was = shell_words(line), *is = NULL, *copy = NULL;
			auto_buf struct buf all = {0};
			char *rest, *piece;

			batch_wrap(line, width, add_piece, &all);
			is = shell_words(all.text);
			assert_string_equal(is, was);
			for (k = 0; k < n; k++)
				assert_non_null(strstr(was, words[k]));
			rest = copy = xstrdup(all.text);
			while ((piece = strsep(&rest, "\n")))
				assert_true(str_width(piece) <= (width < 8 ? 8 : width) + 1);
			words_free(words, n);
		}
	}
}

static int blamed(const char *verb, const char *const values[VERB_ARGS_MAX], const char *error)
{
	return batch_blamed(verb_find(verb), values, error);
}

static int arg_of(const char *verb, const char *name)
{
	const struct verb *v = verb_find(verb);
	size_t i;

	for (i = 0; strcmp(v->args[i].name, name); i++)
		assert_true(i < v->n_args);
	return (int)i;
}

static void errors_are_about_an_argument(void **state)
{
	static const struct {
		const char *verb, *error, *arg;		/* arg NULL: none */
	} cases[] = {
		{ "disk add", "disk add: file= is missing: The image (see: kvmtop --batch help disk add)", "file" },
		{ "disk add", "serial=x is longer than 20 characters (a shorter one)", "serial" },
		{ "disk add", "aio=native wants cache=none or cache=directsync", "aio" },
		{ "disk add", "no iothread 'io9' in this guest (there is: io0)", "iothread" },
		{ "disk add", "image /img/a.raw: disk loop0 is open for writing (readonly=on, or force=on if that is meant)", "file" },
		{ "disk add", "format= is missing, and never guessed: image /img/a.raw looks like qcow2, say format=qcow2", "format" },
		{ "disk add", "the guest is migrating (wait until it is over)", NULL },
		{ "disk remove", "no disk 'kt-disk9', did you mean 'kt-disk0'?", "ID" },
		{ "disk remove", "disk remove: ID is missing: The device's id", "ID" },
		{ "disk remove", "no guest 'vm1'", "VM" },
		{ "vcpu remove", "this guest runs without KVM: its QEMU may die (force=on to take the risk)", "force" },
		{ "dimm add", "size=1: a multiple of 128M is expected", "size" },
	};
	static const char *const disk_add[VERB_ARGS_MAX] = { "vm1", "/img/a.raw", "raw" };
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *values[VERB_ARGS_MAX] = { "vm1", "kt-disk9" };

		if (!strcmp(cases[i].verb, "disk add")) {
			memcpy(values, disk_add, sizeof(values));
			values[arg_of("disk add", "iothread")] = "io9";
		}
		assert_int_equal(blamed(cases[i].verb, values, cases[i].error),
				 cases[i].arg ? arg_of(cases[i].verb, cases[i].arg) : -1);
	}
}

static void the_clipboard_gets_base64_only(void **state)
{
	static const char *const cases[][2] = {
		{ "", "\033]52;c;\a" }, { "a", "\033]52;c;YQ==\a" }, { "ab", "\033]52;c;YWI=\a" }, { "abc", "\033]52;c;YWJj\a" },
		{ "\033]0;x\a\n\xff", "\033]52;c;G10wO3gHCv8=\a" },
	};
	auto_free char *longest = xcalloc(CLIP_BYTES_MAX + 2, 1), *string = NULL;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		auto_free char *out = clip_string(cases[i][0]);

		assert_string_equal(out, cases[i][1]);
	}
	memset(longest, 'x', CLIP_BYTES_MAX + 1);
	assert_null(clip_string(longest));
	longest[CLIP_BYTES_MAX] = '\0';
	string = clip_string(longest);
	assert_non_null(string);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pieces_join_to_the_line),
		cmocka_unit_test(errors_are_about_an_argument),
		cmocka_unit_test(the_clipboard_gets_base64_only),
	};

	setlocale(LC_ALL, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
