/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Document names to file names; name_escape.c has the rules, name_decode.c the way
 * back.
 *
 * The body is written from its end to its start, because whether a '%' must be
 * escaped depends on what the decoder will see behind it.
 */
#include "model/name.h"

#include <stdio.h>

#include "base/utf8.h"
#include "model/name_escape.h"

/* Of a longer name this much is looked at: more than ever stands in a file name. */
#define LOOK_MAX (NAME_FILE_MAX + 1)

struct unit {			/* a character of the name and what it is written as */
	size_t at, n;
	size_t written;
	int32_t cp;
};

struct body {
	struct unit units[LOOK_MAX];
	size_t count;
	uint8_t room[3 * LOOK_MAX];	/* what is written fills it from its end */
	size_t start;
};

static bool is_high(int32_t cp)
{
	return cp >= 0xd800 && cp <= 0xdbff;
}

static bool is_low(int32_t cp)
{
	return cp >= 0xdc00 && cp <= 0xdfff;
}

/* Cuts the name into characters.  WK_INVALID: not WTF-8. */
static enum wk_status split(struct bytes name, struct body *b)
{
	int32_t before = -1;

	for (size_t at = 0; at < name.n;) {
		struct unit u = { .at = at };

		u.cp = utf8_next(name, &at);
		if (u.cp < 0 || (is_high(before) && is_low(u.cp)))
			return WK_INVALID;
		before = u.cp;
		u.n = at - u.at;
		if (at <= LOOK_MAX)
			b->units[b->count++] = u;
	}
	return WK_OK;
}

static void put(struct body *b, const void *data, size_t n)
{
	b->start -= n;
	memcpy(b->room + b->start, data, n);
}

static void put_escaped(struct body *b, struct bytes raw)
{
	static const char digits[] = "0123456789ABCDEF";

	for (size_t i = raw.n; i > 0; i--) {
		char text[3] = { '%', digits[raw.p[i - 1] >> 4], digits[raw.p[i - 1] & 15] };

		put(b, text, sizeof text);
	}
}

static bool must_escape(struct bytes name, const struct unit *u, enum name_place place)
{
	if (u->cp == '.')
		return u->at == 0 || name_is_reserved(name_from(name, u->at + 1), place);
	return u->cp < 0x20 || u->cp == '/' || u->cp == 0x7f || is_high(u->cp) || is_low(u->cp);
}

static void write_unit(struct bytes name, struct body *b, size_t i, enum name_place place)
{
	struct unit *u = &b->units[i];
	struct bytes raw = bytes_of(name.p + u->at, u->n);
	size_t before = b->start;
	struct name_escape seen;

	if (must_escape(name, u, place)) {
		put_escaped(b, raw);
	} else {
		put(b, raw.p, raw.n);
		/* `at` only tells the first character from others, so the part written serves. */
		if (u->cp == '%') {
			bool after_high = i > 0 && is_high(b->units[i - 1].cp);
			uint8_t *p = b->room + b->start - (i > 0);
			struct bytes body = bytes_of(p, sizeof b->room - b->start + (i > 0));

			if (name_escape_at(body, i > 0, after_high, place, &seen)) {
				b->start++;
				put_escaped(b, raw);
			}
		}
	}
	u->written = before - b->start;
}

static enum name_place place_of(enum kind k, bool is_dir)
{
	if (is_dir)
		return NAME_PLACE_DIRECTORY;
	return k == KIND_REQUEST ? NAME_PLACE_REQUEST : NAME_PLACE_FREE;
}

/* What stands behind body and mark in the file's name; WK_UNSUPPORTED: there can be no file. */
static enum wk_status suffix_of(enum kind k, struct bytes type, char out[NAME_TYPE_MAX + 8])
{
	if (k != KIND_OTHER) {
		snprintf(out, NAME_TYPE_MAX + 8, "%s", kind_info(k)->suffix);
		return WK_OK;
	}
	if (!name_is_type(type))
		return WK_UNSUPPORTED;
	snprintf(out, NAME_TYPE_MAX + 8, ".@%.*s.json", (int)type.n, (const char *)type.p);
	return WK_OK;
}

/* How much of the body fits; a name and its children's directory are cut alike. */
static size_t fitting(const struct body *b, size_t room, bool *cut)
{
	size_t n = 0;

	*cut = false;
	for (size_t i = 0; i < b->count; i++) {
		if (n + b->units[i].written > room) {
			*cut = true;
			break;
		}
		n += b->units[i].written;
	}
	return n;
}

static void assemble(char *out, struct bytes body, const char *mark, const char *suffix)
{
	memcpy(out, body.p, body.n);
	out += body.n;
	if (mark) {
		memcpy(out, "%~", 2);
		memcpy(out + 2, mark, strlen(mark));
		out += 2 + strlen(mark);
	}
	memcpy(out, suffix, strlen(suffix) + 1);
}

enum wk_status name_encode(enum kind k, struct bytes type, struct bytes name, const char *mark,
			   bool for_children, char out[NAME_FILE_MAX + 1], bool *cut_out)
{
	const struct kind_info *info = kind_info(k);
	bool is_dir = info->suffix[0] == '\0' || (k == KIND_WORKSPACE && for_children);
	char suffix[NAME_TYPE_MAX + 8];
	struct body b = { .start = sizeof b.room };
	size_t room, n;
	bool cut;
	enum wk_status st;

	if (for_children && !is_dir && !info->children_suffix)
		return WK_UNSUPPORTED;
	if (mark && !name_is_mark(bytes_str(mark)))
		return WK_INVALID;
	st = suffix_of(k, type, suffix);
	if (st != WK_OK)
		return st;
	st = split(name, &b);
	if (st != WK_OK)
		return st;
	for (size_t i = b.count; i > 0; i--)
		write_unit(name, &b, i - 1, place_of(k, is_dir));

	room = NAME_FILE_MAX - strlen(suffix) - (mark ? 2 + strlen(mark) : 0);
	n = fitting(&b, room < NAME_BYTES_MAX ? room : NAME_BYTES_MAX, &cut);
	if (b.count == 0) {
		put(&b, "%", 1);
		n = 1;
	}
	if (is_dir)
		suffix[0] = '\0';
	assemble(out, bytes_of(b.room + b.start, n), mark,
		 for_children && !is_dir ? info->children_suffix : suffix);
	if (cut_out)
		*cut_out = cut;
	return WK_OK;
}

void name_mark(struct bytes id, size_t count, char out[DOC_ID_MAX + 1])
{
	size_t n = count < id.n ? count : id.n;

	if (n > DOC_ID_MAX)
		n = DOC_ID_MAX;
	if (n < NAME_MARK_MIN)
		n = NAME_MARK_MIN;
	for (size_t i = 0; i < n; i++) {
		size_t from_end = n - i;
		uint8_t c = from_end <= id.n ? id.p[id.n - from_end] : '_';

		out[i] = name_is_mark_char(c) ? (char)c : '_';
	}
	out[n] = '\0';
}
