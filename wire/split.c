/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A machine with one state for what may come next, and inside a value a smaller
 * one that only knows strings and brackets.  Texts are appended in runs: the
 * bytes of a value that stand in one part of the body are copied once.
 */
#include "wire/split.h"

#include <stdlib.h>

#define KEY_MAX 256

enum want {
	WANT_TOP,		/* [ or { */
	WANT_FIRST_ELEMENT,	/* an element or ] */
	WANT_ELEMENT,
	AFTER_ELEMENT,		/* , or ] */
	WANT_FIRST_KEY,		/* a key or } */
	WANT_KEY,
	IN_KEY,
	WANT_COLON,
	WANT_MEMBER,
	AFTER_MEMBER,		/* , or } */
	IN_VALUE,
	WANT_NOTHING		/* white space only */
};

struct split {
	split_fn *fn;
	void *arg;
	enum wk_status st;
	enum want want;
	enum want then;		/* IN_VALUE: what comes after the value */
	bool is_object;		/* the top is an object */
	bool is_string;		/* IN_VALUE: inside a string */
	bool is_escape;		/* behind a backslash */
	unsigned depth;		/* open brackets of the value */
	char brackets[JSON_DEPTH_MAX];
	struct buf key;		/* with its quotes while it is read */
	struct buf text;
};

enum wk_status split_new(size_t element_max, split_fn *fn, void *arg, struct split **split_out)
{
	struct split *s = calloc(1, sizeof *s);

	if (!s)
		return WK_NOMEM;
	s->fn = fn;
	s->arg = arg;
	s->key = (struct buf)BUF_INIT(KEY_MAX);
	s->text = (struct buf)BUF_INIT(element_max);
	*split_out = s;
	return WK_OK;
}

void split_free(struct split *s)
{
	if (!s)
		return;
	buf_fini(&s->key);
	buf_fini(&s->text);
	free(s);
}

static bool is_space(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static enum wk_status hand_out(struct split *s)
{
	struct bytes key = bytes_of("", 0);
	enum wk_status st;

	if (s->is_object)
		key = bytes_of(s->key.p + 1, s->key.n - 2);
	st = s->fn(s->arg, key, s->then == AFTER_ELEMENT, buf_bytes(&s->text));
	buf_clear(&s->text);
	s->want = s->then;
	return st;
}

static enum wk_status open_bracket(struct split *s, char closing)
{
	if (s->depth == JSON_DEPTH_MAX)
		return WK_LIMIT;
	s->brackets[s->depth++] = closing;
	return WK_OK;
}

/* How many bytes of part belong to the string that is open; it may end in them. */
static size_t string_run(struct split *s, struct bytes part)
{
	for (size_t i = 0; i < part.n; i++) {
		if (s->is_escape) {
			s->is_escape = false;
		} else if (part.p[i] == '\\') {
			s->is_escape = true;
		} else if (part.p[i] == '"') {
			s->is_string = false;
			return i + 1;
		}
	}
	return part.n;
}

/* Takes the bytes that belong to the value; *used_out says how many these were. */
static enum wk_status value_run(struct split *s, struct bytes part, size_t *used_out)
{
	enum wk_status st = WK_OK;
	bool is_end = false;
	size_t i = 0;

	while (i < part.n && !is_end && st == WK_OK) {
		uint8_t c = part.p[i];

		if (s->is_string) {
			i += string_run(s, bytes_of(part.p + i, part.n - i));
			is_end = !s->is_string && s->depth == 0;
			continue;
		}
		if (s->depth == 0 && (c == ',' || c == ']' || c == '}' || is_space(c))) {
			is_end = true;	/* behind a number or a word; c is not part of it */
			break;
		}
		i++;
		if (c == '"') {
			s->is_string = true;
		} else if (c == '[' || c == '{') {
			st = open_bracket(s, c == '[' ? ']' : '}');
		} else if (c == ']' || c == '}') {
			if (s->brackets[s->depth - 1] != (char)c)
				st = WK_INVALID;
			is_end = --s->depth == 0;
		}
	}
	if (st == WK_OK)
		st = buf_append(&s->text, part.p, i);
	*used_out = i;
	return st == WK_OK && is_end ? hand_out(s) : st;
}

static enum wk_status key_run(struct split *s, struct bytes part, size_t *used_out)
{
	size_t n = string_run(s, part);
	enum wk_status st = buf_append(&s->key, part.p, n);

	*used_out = n;
	if (st == WK_OK && !s->is_string)
		s->want = WANT_COLON;
	return st;
}

static void begin_value(struct split *s, enum want then)
{
	s->then = then;
	s->want = IN_VALUE;
	s->depth = 0;
}

static enum wk_status begin_key(struct split *s, uint8_t c)
{
	if (c != '"')
		return WK_INVALID;
	buf_clear(&s->key);
	s->is_string = true;
	s->want = IN_KEY;
	return buf_append(&s->key, "\"", 1);
}

static bool is_value_start(uint8_t c)
{
	return c == '"' || c == '[' || c == '{' || c == '-' || (c >= '0' && c <= '9') ||
	       c == 't' || c == 'f' || c == 'n';
}

/* c is no white space and no part of a value or key.  *is_used_out: false hands it to the value. */
static enum wk_status step(struct split *s, uint8_t c, bool *is_used_out)
{
	*is_used_out = true;
	switch (s->want) {
	case WANT_TOP:
		s->is_object = c == '{';
		s->want = s->is_object ? WANT_FIRST_KEY : WANT_FIRST_ELEMENT;
		return c == '{' || c == '[' ? WK_OK : WK_INVALID;
	case WANT_FIRST_ELEMENT:
	case AFTER_ELEMENT:
		if (c == ']') {
			s->want = s->is_object ? AFTER_MEMBER : WANT_NOTHING;
			return WK_OK;
		}
		if (s->want == AFTER_ELEMENT) {
			s->want = WANT_ELEMENT;
			return c == ',' ? WK_OK : WK_INVALID;
		}
		__attribute__((fallthrough));
	case WANT_ELEMENT:
		*is_used_out = false;
		begin_value(s, AFTER_ELEMENT);
		return is_value_start(c) ? WK_OK : WK_INVALID;
	case WANT_FIRST_KEY:
		if (c == '}') {
			s->want = WANT_NOTHING;
			return WK_OK;
		}
		__attribute__((fallthrough));
	case WANT_KEY:
		return begin_key(s, c);
	case WANT_COLON:
		s->want = WANT_MEMBER;
		return c == ':' ? WK_OK : WK_INVALID;
	case WANT_MEMBER:
		if (c == '[') {
			s->want = WANT_FIRST_ELEMENT;
			return WK_OK;
		}
		*is_used_out = false;
		begin_value(s, AFTER_MEMBER);
		return is_value_start(c) ? WK_OK : WK_INVALID;
	case AFTER_MEMBER:
		s->want = c == '}' ? WANT_NOTHING : WANT_KEY;
		return c == '}' || c == ',' ? WK_OK : WK_INVALID;
	case IN_KEY:
	case IN_VALUE:
	case WANT_NOTHING:
		break;
	}
	return WK_INVALID;
}

enum wk_status split_feed(struct split *s, struct bytes part)
{
	size_t at = 0;

	while (s->st == WK_OK && at < part.n) {
		struct bytes rest = bytes_of(part.p + at, part.n - at);
		size_t used = 1;

		if (s->want == IN_VALUE) {
			s->st = value_run(s, rest, &used);
		} else if (s->want == IN_KEY) {
			s->st = key_run(s, rest, &used);
		} else if (is_space(rest.p[0])) {
			while (used < rest.n && is_space(rest.p[used]))
				used++;
		} else {
			bool is_used;

			s->st = step(s, rest.p[0], &is_used);
			used = is_used ? 1 : 0;
		}
		at += used;
	}
	return s->st;
}

enum wk_status split_end(struct split *s)
{
	if (s->st == WK_OK && s->want != WANT_NOTHING)
		s->st = WK_INVALID;
	return s->st;
}
