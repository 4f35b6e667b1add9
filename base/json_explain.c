/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finds where a text stops being JSON, and says it in words a person can act
 * on.  Runs only on texts that were refused.
 *
 * Something missing is reported where it would have to be written: in front of
 * what stands there instead, or, when that comes lines later, right behind what
 * came before.  Something that should not be there is reported where it stands,
 * a string that never ends where it begins.
 */
#include "base/json_private.h"
#include "base/utf8.h"

#include <stdio.h>

enum expect {
	EXPECT_VALUE,
	EXPECT_ITEM_OR_END,	/* behind [ */
	EXPECT_KEY_OR_END,	/* behind { */
	EXPECT_KEY,		/* behind a comma in an object */
	EXPECT_COLON,
	EXPECT_COMMA_OR_END,
	EXPECT_NOTHING
};

struct scan {
	struct bytes text;
	size_t at;
	size_t behind;		/* behind the last token */
	enum expect expect;
	unsigned depth;
	bool in_object[JSON_DEPTH_MAX];
	const char *reason;	/* NULL until something is wrong */
	size_t where;
	enum wk_status st;
};

static void wrong_at(struct scan *s, size_t where, const char *reason)
{
	s->where = where;
	s->reason = reason;
	s->st = WK_INVALID;
}

static void missing(struct scan *s, const char *reason)
{
	bool same_line = !memchr(s->text.p + s->behind, '\n', s->at - s->behind);

	wrong_at(s, same_line ? s->at : s->behind, reason);
}

static bool at_end(const struct scan *s)
{
	return s->at >= s->text.n;
}

static uint8_t peek(const struct scan *s)
{
	return at_end(s) ? 0 : s->text.p[s->at];
}

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(uint8_t c)
{
	return ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '_' || c == '$';
}

static void skip_digits(struct scan *s)
{
	while (is_digit(peek(s)))
		s->at++;
}

static void scan_number(struct scan *s)
{
	const char *unfinished = "a number is not complete: a digit is missing";
	size_t start = s->at;

	if (peek(s) == '-')
		s->at++;
	if (!is_digit(peek(s))) {
		wrong_at(s, start, unfinished);
		return;
	}
	if (peek(s) == '0' && s->at + 1 < s->text.n && is_digit(s->text.p[s->at + 1])) {
		wrong_at(s, start, "a number begins with a needless 0");
		return;
	}
	skip_digits(s);
	if (peek(s) == '.') {
		s->at++;
		if (!is_digit(peek(s))) {
			wrong_at(s, start, unfinished);
			return;
		}
		skip_digits(s);
	}
	if (peek(s) == 'e' || peek(s) == 'E') {
		s->at++;
		if (peek(s) == '+' || peek(s) == '-')
			s->at++;
		if (!is_digit(peek(s)))
			wrong_at(s, start, unfinished);
		skip_digits(s);
	}
}

static bool is_hex_digit(uint8_t c)
{
	return is_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
}

/* Stands at a backslash. */
static void scan_escape(struct scan *s)
{
	size_t start = s->at++;
	uint8_t c = peek(s);

	if (at_end(s))
		return;
	s->at++;
	if (c == 'u') {
		for (int i = 0; i < 4; i++, s->at++) {
			if (is_hex_digit(peek(s)))
				continue;
			wrong_at(s, start, "four hex digits are needed behind \\u");
			return;
		}
		return;
	}
	if (c == 0 || !strchr("\"\\/bfnrt", c))
		wrong_at(s, start, "a \\ with something behind it that JSON does not know");
}

/* Stands at the opening quote. */
static void scan_string(struct scan *s)
{
	size_t start = s->at++;

	while (!s->reason) {
		uint8_t c = peek(s);

		if (at_end(s) || c == '\n' || c == '\r') {
			wrong_at(s, start, "a string is not closed");
		} else if (c == '"') {
			s->at++;
			return;
		} else if (c == '\\') {
			scan_escape(s);
		} else if (c < 0x20) {
			wrong_at(s, s->at, "a control character in a string must be escaped");
		} else {
			size_t next = s->at;

			if (utf8_next(s->text, &next) < 0 ||
			    !utf8_is_valid(bytes_of(s->text.p + s->at, next - s->at))) {
				wrong_at(s, s->at, "not UTF-8");
				return;
			}
			s->at = next;
		}
	}
}

static void scan_word(struct scan *s)
{
	static const char *const words[] = { "true", "false", "null" };
	size_t start = s->at, n;

	while (is_letter(peek(s)) || is_digit(peek(s)))
		s->at++;
	n = s->at - start;
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (n == strlen(words[i]) && memcmp(s->text.p + start, words[i], n) == 0)
			return;
	wrong_at(s, start, "a word that is not true, false or null");
}

/* Reasons for what stands nowhere in JSON outside a string; false: it is something else. */
static bool scan_foreign(struct scan *s)
{
	uint8_t c = peek(s);
	size_t next = s->at;

	if (c >= 0x80 && (utf8_next(s->text, &next) < 0 ||
			  !utf8_is_valid(bytes_of(s->text.p + s->at, next - s->at))))
		wrong_at(s, s->at, "not UTF-8");
	else if (c == '\'' || c == '`')
		wrong_at(s, s->at, "strings need double quotes");
	else if (c == '/' || c == '#')
		wrong_at(s, s->at, "a comment: JSON has none");
	else
		return false;
	return true;
}

static void value_done(struct scan *s)
{
	s->expect = s->depth > 0 ? EXPECT_COMMA_OR_END : EXPECT_NOTHING;
}

static void open_container(struct scan *s, bool object)
{
	if (s->depth == JSON_DEPTH_MAX) {
		wrong_at(s, s->at, "nested deeper than 64");
		s->st = WK_LIMIT;
		return;
	}
	s->in_object[s->depth++] = object;
	s->expect = object ? EXPECT_KEY_OR_END : EXPECT_ITEM_OR_END;
	s->at++;
}

static void close_container(struct scan *s)
{
	s->depth--;
	s->at++;
	value_done(s);
}

static void take_value(struct scan *s)
{
	uint8_t c = peek(s);

	if (c == '{' || c == '[') {
		open_container(s, c == '{');
		return;
	}
	value_done(s);
	if (c == '"')
		scan_string(s);
	else if (c == '-' || is_digit(c))
		scan_number(s);
	else if (is_letter(c))
		scan_word(s);
	else if ((c == ']' || c == '}') && s->text.p[s->behind - (s->behind > 0)] == ',')
		wrong_at(s, s->behind - 1, "a comma before } or ]");
	else if (c == '+' || c == '.')
		wrong_at(s, s->at, "a number begins with a digit or -");
	else if (!scan_foreign(s))
		missing(s, "a value is missing");
}

static void take_key(struct scan *s)
{
	if (peek(s) == '"') {
		s->expect = EXPECT_COLON;
		scan_string(s);
	} else if (peek(s) == '}' && s->expect == EXPECT_KEY) {
		wrong_at(s, s->behind - 1, "a comma before } or ]");
	} else if (!scan_foreign(s)) {
		missing(s, "a name in double quotes is missing");
	}
}

static void take_comma(struct scan *s)
{
	bool object = s->in_object[s->depth - 1];

	if (peek(s) == ',') {
		s->at++;
		s->expect = object ? EXPECT_KEY : EXPECT_VALUE;
	} else if (peek(s) == (object ? '}' : ']')) {
		close_container(s);
	} else if (!scan_foreign(s)) {
		missing(s, object ? "a comma or } is missing" : "a comma or ] is missing");
	}
}

static void take_token(struct scan *s)
{
	switch (s->expect) {
	case EXPECT_ITEM_OR_END:
		if (peek(s) == ']')
			close_container(s);
		else
			take_value(s);
		break;
	case EXPECT_VALUE:
		take_value(s);
		break;
	case EXPECT_KEY_OR_END:
		if (peek(s) == '}')
			close_container(s);
		else
			take_key(s);
		break;
	case EXPECT_KEY:
		take_key(s);
		break;
	case EXPECT_COLON:
		if (peek(s) == ':') {
			s->at++;
			s->expect = EXPECT_VALUE;
		} else if (!scan_foreign(s)) {
			missing(s, "a colon is missing");
		}
		break;
	case EXPECT_COMMA_OR_END:
		take_comma(s);
		break;
	case EXPECT_NOTHING:
		if (!scan_foreign(s))
			wrong_at(s, s->at, "more text after the end");
		break;
	}
}

static void scan_text(struct scan *s)
{
	if (s->text.n >= 3 && memcmp(s->text.p, "\xef\xbb\xbf", 3) == 0)
		wrong_at(s, 0, "a byte order mark before the text");
	while (!s->reason) {
		while (!at_end(s) && strchr(" \t\r\n", peek(s)) && peek(s) != 0)
			s->at++;
		if (at_end(s))
			break;
		take_token(s);
		s->behind = s->at;
	}
	if (!s->reason && s->expect != EXPECT_NOTHING)
		wrong_at(s, s->behind, s->behind == 0 ? "the text is empty"
						      : "the text ends too early");
}

enum wk_status json_explain(struct bytes text, struct json_error *error)
{
	struct scan s = { .text = text, .expect = EXPECT_VALUE };
	unsigned line = 1, column = 1;

	if (text.n > 0)
		scan_text(&s);
	else
		wrong_at(&s, 0, "the text is empty");
	if (!s.reason)
		return WK_OK;
	for (size_t i = 0; i < s.where; i++) {
		if (text.p[i] == '\n') {
			line++;
			column = 1;
		} else if ((text.p[i] & 0xc0) != 0x80) {
			column++;
		}
	}
	if (error) {
		error->line = line;
		error->column = column;
		(void)snprintf(error->reason, sizeof error->reason, "%s", s.reason);
	}
	return s.st;
}
