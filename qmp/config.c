// SPDX-License-Identifier: GPL-3.0-or-later
/* QEMU's configuration files, as its qemu_config_foreach reads them (util/qemu-config.c). */
#include "config.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/base.h"

/* QEMU's own buffers; longer lines are several, longer values are cut */
#define LINE 1024
#define WORD "63"
#define WORD_SIZE 64

struct section {
	char group[WORD_SIZE];
	struct buf value;
	bool open;
};

/* Sections that are called otherwise than their option. */
static const char *option_of(const char *group)
{
	static const struct {
		const char *group, *option;
	} names[] = { { "memory", "m" }, { "smp-opts", "smp" } };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++)
		if (!strcmp(group, names[i].group))
			return names[i].option;
	return group;
}

/* QEMU has no keys with other characters, and does not start with one; in an option's value those would mean something else. */
static bool is_key(const char *key)
{
	for (; *key; key++)
		if (!isalnum((unsigned char)*key) && !strchr("-_.", *key))
			return false;
	return true;
}

static void add(struct section *s, const char *key, const char *value)
{
	const char *at;

	buf_printf(&s->value, "%s%s=", s->value.len ? "," : "", key);
	for (at = value; *at; at++) {
		buf_add(&s->value, at, 1);
		if (*at == ',')
			buf_puts(&s->value, ",");
	}
}

static void begin(struct section *s, const char *group, const char *id)
{
	s->open = true;
	snprintf(s->group, sizeof(s->group), "%s", group);
	if (id)
		add(s, "id", id);
}

static void end(struct section *s, void (*take)(void *arg, const char *option, char *value), void *arg)
{
	if (s->open)
		take(arg, option_of(s->group), buf_take(&s->value));
	s->value = (struct buf){0};
	s->open = false;
}

/* What fgets reads: up to the end of the line, or as much as fits. */
static const char *next_line(const char *text, char line[LINE])
{
	size_t len = strcspn(text, "\n");

	len += text[len] == '\n';
	if (len > LINE - 1)
		len = LINE - 1;
	memcpy(line, text, len);
	line[len] = '\0';
	return text + len;
}

bool qmp_config_read(const char *text, void (*take)(void *arg, const char *option, char *value), void *arg)
{
	char line[LINE], word[WORD_SIZE], value[LINE];
	struct section s = {0};
	unsigned n = 0;
	bool good = true, named;

	while (*text && good) {
		text = next_line(text, line);
		if (line[0] == '\n' || line[0] == '#')
			continue;
		named = line[0] == '[' && sscanf(line, "[%" WORD "s \"%" WORD "[^\"]\"]", word, value) == 2;
		if (named || (line[0] == '[' && sscanf(line, "[%" WORD "[^]]]", word) == 1)) {
			end(&s, take, arg);
			begin(&s, word, named ? value : NULL);
			good = ++n <= CONFIG_SECTIONS_MAX;
			continue;
		}
		value[0] = '\0';
		good = s.open && (sscanf(line, " %" WORD "s = \"%1023[^\"]\"", word, value) == 2 ||
				  sscanf(line, " %" WORD "s = \"\"", word) == 1) && is_key(word);
		if (good)
			add(&s, word, value);
	}
	end(&s, take, arg);
	return good;
}
