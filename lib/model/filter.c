// SPDX-License-Identifier: GPL-3.0-or-later
/* Parsing and matching filter expressions. */
#include "model.h"

#define PCRE2_CODE_UNIT_WIDTH 8

#include <ctype.h>
#include <errno.h>
#include <pcre2.h>
#include <stdlib.h>
#include <string.h>

enum op { OP_EQ, OP_NE, OP_LE, OP_GE, OP_LT, OP_GT, OP_RE, OP_NRE };

/* longest first, so that "<=" is not read as "<" */
static const struct {
	const char *text;
	enum op op;
} ops[] = {
	{ "!=", OP_NE }, { "!~", OP_NRE }, { "<=", OP_LE }, { ">=", OP_GE },
	{ "=", OP_EQ }, { "<", OP_LT }, { ">", OP_GT }, { "~", OP_RE },
};

enum node { NODE_OR, NODE_AND, NODE_NOT, NODE_TEST };

struct filter {
	enum node node;
	struct filter *left, *right;		/* NOT has a left only */
	const struct column *column;
	enum op op;
	bool null, quoted;
	char *text;
	double num;
	pcre2_code *regex;
	pcre2_match_context *limits;		/* .. of a match with it */
};

struct parser {
	const struct table *table;
	const char *at;
	unsigned depth;
	struct err *err;
};

void filter_free(struct filter *f)
{
	if (!f)
		return;
	filter_free(f->left);
	filter_free(f->right);
	pcre2_code_free(f->regex);
	pcre2_match_context_free(f->limits);
	free(f->text);
	free(f);
}

static void skip_blanks(struct parser *p)
{
	while (isspace((unsigned char)*p->at))
		p->at++;
}

static bool take(struct parser *p, const char *token)
{
	skip_blanks(p);
	if (!str_has_prefix(p->at, token))
		return false;
	p->at += strlen(token);
	return true;
}

static struct filter *node_new(enum node node, struct filter *left, struct filter *right)
{
	struct filter *f = xcalloc(1, sizeof(*f));

	f->node = node;
	f->left = left;
	f->right = right;
	return f;
}

/* 'literal', "with \" and \\", or a bare word up to a blank, a parenthesis, && or || */
static int take_value(struct parser *p, char **out, bool *quoted)
{
	auto_buf struct buf b = {0};
	char quote = 0;

	skip_blanks(p);
	if (*p->at == '\'' || *p->at == '"')
		quote = *p->at++;
	for (; *p->at; p->at++) {
		if (quote ? *p->at == quote : (isspace((unsigned char)*p->at) || strchr("()", *p->at) ||
					       str_has_prefix(p->at, "&&") || str_has_prefix(p->at, "||")))
			break;
		if (quote == '"' && *p->at == '\\' && (p->at[1] == '"' || p->at[1] == '\\'))
			p->at++;
		buf_add(&b, p->at, 1);
	}
	if (quote && *p->at++ != quote)
		return err_set(p->err, -EINVAL, "filter: a quote (%c) is not closed", quote);
	if (!quote && !b.len)
		return err_set(p->err, -EINVAL, "filter: a value is missing at '%s'", p->at);
	*out = buf_take(&b);
	*quoted = quote != 0;
	return 0;
}

/*
 * The most steps that the match of a text takes, and the most memory in KiB. Nested repetitions would take minutes.
 * With both a match ends in some milliseconds.
 */
#define REGEX_STEPS 20000
#define REGEX_KIB 1024
#define REGEX_MAX 4096		/* bytes of an expression */

static int regex_prepare(struct parser *p, struct filter *f)
{
	pcre2_compile_context *nesting;
	PCRE2_UCHAR why[128];
	PCRE2_SIZE at;
	int code;

	if (strlen(f->text) > REGEX_MAX)
		return err_set(p->err, -EINVAL, "filter: a regular expression is too long (%d bytes at most)", REGEX_MAX);
	nesting = pcre2_compile_context_create(NULL);
	f->limits = pcre2_match_context_create(NULL);
	if (!nesting || !f->limits) {
		pcre2_compile_context_free(nesting);
		return err_set(p->err, -ENOMEM, "filter: no memory for a regular expression");
	}
	pcre2_set_parens_nest_limit(nesting, 50);
	pcre2_set_match_limit(f->limits, REGEX_STEPS);
	pcre2_set_heap_limit(f->limits, REGEX_KIB);
	f->regex = pcre2_compile((PCRE2_SPTR)f->text, PCRE2_ZERO_TERMINATED, PCRE2_UTF | PCRE2_MATCH_INVALID_UTF | PCRE2_NEVER_BACKSLASH_C,
				 &code, &at, nesting);
	pcre2_compile_context_free(nesting);
	if (f->regex)
		return 0;
	pcre2_get_error_message(code, why, sizeof(why));
	return err_set(p->err, -EINVAL, "filter: '%s' is not a regular expression: %s", f->text, (const char *)why);
}

/* A value as the column's unit is written: 1.5GiB, 5ms, 50%. False: it is no number. */
static bool number_prepare(struct filter *f)
{
	uint64_t bytes;
	size_t len = strlen(f->text);

	if (!units_num_parse(f->text, &f->num))
		return true;
	switch (f->column->unit) {
	case UNIT_US:
	case UNIT_SECONDS:
		if (units_seconds_parse(f->text, &f->num))
			return false;
		f->num *= f->column->unit == UNIT_US ? 1e6 : 1;
		return true;
	case UNIT_PCT:
		if (len && f->text[len - 1] == '%') {
			auto_free char *digits = xstrndup(f->text, len - 1);

			return !units_num_parse(digits, &f->num);
		}
		break;
	case UNIT_TEXT:
	case UNIT_COUNT:
	case UNIT_NUMBER:
	case UNIT_BYTES:
	case UNIT_PER_S:
	case UNIT_BYTES_PER_S:
		break;
	}
	if (units_size_parse(f->text, &bytes))
		return false;
	f->num = (double)bytes;
	return true;
}

/* One that stands in the column in one spelling is compared in it: 52-54-00-12-34-56, [2001:DB8::1]. */
static void address_prepare(struct filter *f)
{
	char mac[ADDRESS_MAC_SIZE];
	struct address_ip ip;
	const char *plain = NULL;

	if (!f->column->address)
		return;
	if (address_mac_parse(f->text, mac))
		plain = mac;
	else if (address_ip_parse(f->text, &ip))
		plain = ip.text;
	if (!plain)
		return;
	free(f->text);
	f->text = xstrdup(plain);
}

static int value_prepare(struct parser *p, struct filter *f)
{

	f->null = !f->quoted && !strcmp(f->text, "null") && (f->op == OP_EQ || f->op == OP_NE);
	if (f->null)
		return 0;
	if (f->op == OP_RE || f->op == OP_NRE)
		return regex_prepare(p, f);
	if (f->column->kind == VALUE_TEXT)
		address_prepare(f);
	else if (!number_prepare(f))
		return err_set(p->err, -EINVAL, "filter: %s is a number, '%s' is not", f->column->id, f->text);
	return 0;
}

static int take_test(struct parser *p, struct filter **out)
{
	auto_free char *field = NULL;
	struct str_near near = {0};
	struct filter *f;
	size_t len, i;
	int rc;

	skip_blanks(p);
	for (len = 0; isalnum((unsigned char)p->at[len]) || p->at[len] == '_'; len++)
		;
	if (!len)
		return err_set(p->err, -EINVAL, "filter: a field is missing at '%s'", p->at);
	field = xstrndup(p->at, len);
	p->at += len;
	f = node_new(NODE_TEST, NULL, NULL);
	near.word = field;
	f->column = table_column(p->table, field, &near);
	if (!f->column) {
		filter_free(f);
		return err_set(p->err, -EINVAL, "filter: %s has no field '%s'%s%s%s (see: columns %s)", p->table->name, field,
			       near.best ? ", did you mean '" : "", near.best ? near.best : "", near.best ? "'?" : "",
			       p->table->name);
	}
	for (i = 0; i < ARRAY_SIZE(ops) && !take(p, ops[i].text); i++)
		;
	if (i == ARRAY_SIZE(ops))
		rc = err_set(p->err, -EINVAL, "filter: after '%s' one of = != < <= > >= ~ !~ is expected", field);
	else
		rc = take_value(p, &f->text, &f->quoted);
	if (!rc) {
		f->op = ops[i].op;
		rc = value_prepare(p, f);
	}
	if (rc) {
		filter_free(f);
		return rc;
	}
	*out = f;
	return 0;
}

static int take_or(struct parser *p, struct filter **out);

static int take_not(struct parser *p, struct filter **out)
{
	struct filter *inner = NULL;
	int rc;

	if (++p->depth > 200)
		return err_set(p->err, -EINVAL, "filter: nested too deeply");
	if (take(p, "!")) {
		rc = take_not(p, &inner);
		if (!rc)
			*out = node_new(NODE_NOT, inner, NULL);
	} else if (take(p, "(")) {
		rc = take_or(p, &inner);
		if (!rc && !take(p, ")")) {
			filter_free(inner);
			rc = err_set(p->err, -EINVAL, "filter: ')' is missing at '%s'", p->at);
		} else if (!rc) {
			*out = inner;
		}
	} else {
		rc = take_test(p, out);
	}
	p->depth--;
	return rc;
}

static int take_list(struct parser *p, const char *token, enum node node,
		     int (*item)(struct parser *, struct filter **), struct filter **out)
{
	struct filter *left = NULL, *right = NULL;
	int rc = item(p, &left);

	while (!rc && take(p, token)) {
		rc = item(p, &right);
		if (!rc)
			left = node_new(node, left, right);
	}
	if (rc) {
		filter_free(left);
		return rc;
	}
	*out = left;
	return 0;
}

static int take_and(struct parser *p, struct filter **out)
{
	return take_list(p, "&&", NODE_AND, take_not, out);
}

static int take_or(struct parser *p, struct filter **out)
{
	return take_list(p, "||", NODE_OR, take_and, out);
}

int filter_parse(const struct table *t, const char *text, struct filter **out, struct err *err)
{
	struct parser p = { .table = t, .at = text, .err = err };
	struct filter *f = NULL;
	int rc = take_or(&p, &f);

	if (rc)
		return rc;
	skip_blanks(&p);
	if (*p.at) {
		filter_free(f);
		return err_set(err, -EINVAL, "filter: '%s' is too much: && or || is expected before it", p.at);
	}
	*out = f;
	return 0;
}

/* One of "192.0.2.7,2001:db8::7" */
static bool is_in_list(const char *list, const char *one)
{
	size_t len = strlen(one);

	for (; list; list = strchr(list, ',')) {
		list += *list == ',';
		if (strcspn(list, ",") == len && !strncmp(list, one, len))
			return true;
	}
	return false;
}

static int compare(const struct filter *f, struct value v)
{
	double num = v.kind == VALUE_UINT ? (double)v.uint : v.num;

	if (f->column->address && v.kind == VALUE_TEXT && is_in_list(v.text, f->text))
		return 0;
	if (v.kind == VALUE_TEXT)
		return strcmp(v.text, f->text);
	return (num > f->num) - (num < f->num);
}

/* What is not known is neither: "not unknown" does not hold either. */
enum truth { NO, UNKNOWN, YES };

static enum truth truth_of(bool holds)
{
	return holds ? YES : NO;
}

/* Whether the expression is found in the text. Unknown where it takes too long to tell. */
static enum truth regex_match(const struct filter *f, const char *text)
{
	pcre2_match_data *found = pcre2_match_data_create(1, NULL);
	int rc = PCRE2_ERROR_NOMEMORY;

	if (found)
		rc = pcre2_match(f->regex, (PCRE2_SPTR)text, PCRE2_ZERO_TERMINATED, 0, 0, found, f->limits);
	pcre2_match_data_free(found);
	if (rc < 0 && rc != PCRE2_ERROR_NOMATCH)
		return UNKNOWN;
	return truth_of((rc >= 0) == (f->op == OP_RE));
}

static enum truth test_match(const struct filter *f, const void *row)
{
	struct value v = column_get(f->column, row);

	if (f->null)
		return truth_of((v.kind == VALUE_NONE) == (f->op == OP_EQ));
	if (v.kind == VALUE_NONE)
		return UNKNOWN;
	switch (f->op) {
	case OP_EQ: return truth_of(compare(f, v) == 0);
	case OP_NE: return truth_of(compare(f, v) != 0);
	case OP_LT: return truth_of(compare(f, v) < 0);
	case OP_LE: return truth_of(compare(f, v) <= 0);
	case OP_GT: return truth_of(compare(f, v) > 0);
	case OP_GE: return truth_of(compare(f, v) >= 0);
	case OP_RE:
	case OP_NRE: {
		auto_buf struct buf raw = {0};

		value_raw(v, &raw);
		return regex_match(f, raw.text ? raw.text : "");
	}
	}
	return UNKNOWN;
}

static enum truth match(const struct filter *f, const void *row)
{
	enum truth left, right;

	if (f->node == NODE_TEST)
		return test_match(f, row);
	left = match(f->left, row);
	if (f->node == NODE_NOT)
		return YES - left;
	if (left == (f->node == NODE_OR ? YES : NO))
		return left;
	right = match(f->right, row);
	if (f->node == NODE_OR)
		return left > right ? left : right;
	return left < right ? left : right;
}

bool filter_match(const struct filter *f, const void *row)
{
	return !f || match(f, row) == YES;
}

unsigned filter_needs(const struct filter *f)
{
	if (!f)
		return 0;
	return f->node == NODE_TEST ? f->column->needs : filter_needs(f->left) | filter_needs(f->right);
}

bool filter_has_rate(const struct filter *f)
{
	if (!f)
		return false;
	return f->node == NODE_TEST ? column_spans(f->column) : filter_has_rate(f->left) || filter_has_rate(f->right);
}
