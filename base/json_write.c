/* SPDX-License-Identifier: Apache-2.0 */
/* From tree to text, byte for byte as JSON.stringify writes it. */
#include "base/json.h"

static const char hex_digits[] = "0123456789abcdef";

struct layout {
	struct buf *out;
	bool pretty;
};

static enum wk_status write_unit(struct buf *out, unsigned unit)
{
	char escape[6] = { '\\', 'u', hex_digits[unit >> 12 & 15], hex_digits[unit >> 8 & 15],
			   hex_digits[unit >> 4 & 15], hex_digits[unit & 15] };

	return buf_append(out, escape, sizeof escape);
}

static enum wk_status write_special(struct buf *out, uint8_t c)
{
	static const char shorts[][2] = { { '"', '"' },	 { '\\', '\\' }, { '\b', 'b' }, { '\f', 'f' },
					  { '\n', 'n' }, { '\r', 'r' },	 { '\t', 't' } };

	for (size_t i = 0; i < ARRAY_LEN(shorts); i++)
		if ((uint8_t)shorts[i][0] == c)
			return buf_append(out, (char[]){ '\\', shorts[i][1] }, 2);
	return write_unit(out, c);
}

static bool is_surrogate(struct bytes text, size_t at)
{
	return text.p[at] == 0xed && text.n - at >= 3 && text.p[at + 1] >= 0xa0;
}

static bool is_plain(uint8_t c)
{
	return c >= 0x20 && c != '"' && c != '\\' && c != 0xed;
}

static enum wk_status write_string(struct buf *out, struct bytes text)
{
	enum wk_status st = buf_append_char(out, '"');
	size_t at = 0;

	while (st == WK_OK && at < text.n) {
		size_t from = at;

		while (at < text.n && (is_plain(text.p[at]) ||
				       (text.p[at] == 0xed && !is_surrogate(text, at))))
			at++;
		st = buf_append(out, text.p + from, at - from);
		if (st != WK_OK || at == text.n)
			continue;
		if (text.p[at] == 0xed) {
			st = write_unit(out, 0xd000U | (text.p[at + 1] & 0x3fU) << 6 |
						     (text.p[at + 2] & 0x3fU));
			at += 3;
		} else {
			st = write_special(out, text.p[at++]);
		}
	}
	return st == WK_OK ? buf_append_char(out, '"') : st;
}

static enum wk_status new_line(const struct layout *l, unsigned depth)
{
	static const char spaces[1 + 2 * JSON_DEPTH_MAX + 1] =
		"\n                                                                "
		"                                                                ";

	return l->pretty ? buf_append(l->out, spaces, 1 + 2 * (size_t)depth) : WK_OK;
}

static enum wk_status write_value(const struct layout *l, const struct json *v, unsigned depth);

static enum wk_status write_child(const struct layout *l, const struct json *v, uint32_t i,
				  unsigned depth)
{
	enum wk_status st = i > 0 ? buf_append_char(l->out, ',') : WK_OK;

	if (st == WK_OK)
		st = new_line(l, depth);
	if (st != WK_OK)
		return st;
	if (v->type == JSON_ARRAY)
		return write_value(l, &v->items[i], depth);
	st = write_string(l->out, v->members[i].key);
	if (st == WK_OK)
		st = buf_append(l->out, ": ", l->pretty ? 2 : 1);
	if (st == WK_OK)
		st = write_value(l, &v->members[i].value, depth);
	return st;
}

static enum wk_status write_container(const struct layout *l, const struct json *v, unsigned depth)
{
	const char *brackets = v->type == JSON_OBJECT ? "{}" : "[]";
	enum wk_status st;

	if (depth == JSON_DEPTH_MAX)
		return WK_LIMIT;
	st = buf_append_char(l->out, brackets[0]);
	for (uint32_t i = 0; st == WK_OK && i < v->count; i++)
		st = write_child(l, v, i, depth + 1);
	if (st == WK_OK && v->count > 0)
		st = new_line(l, depth);
	return st == WK_OK ? buf_append_char(l->out, brackets[1]) : st;
}

static enum wk_status write_value(const struct layout *l, const struct json *v, unsigned depth)
{
	switch (v->type) {
	case JSON_NULL:
		return buf_append(l->out, "null", 4);
	case JSON_FALSE:
		return buf_append(l->out, "false", 5);
	case JSON_TRUE:
		return buf_append(l->out, "true", 4);
	case JSON_NUMBER:
		return buf_append(l->out, v->text.p, v->text.n);
	case JSON_STRING:
		return write_string(l->out, v->text);
	case JSON_ARRAY:
	case JSON_OBJECT:
		return write_container(l, v, depth);
	}
	return WK_INVALID;
}

/* What a failed write left behind is cut off (and wiped with the rest if the buffer is secret). */
static enum wk_status undo_unless_ok(struct buf *out, size_t n_before, enum wk_status st)
{
	if (st != WK_OK)
		out->n = n_before;
	return st;
}

enum wk_status json_write_pretty(const struct json *v, struct buf *out)
{
	struct layout l = { .out = out, .pretty = true };
	size_t before = out->n;
	enum wk_status st = write_value(&l, v, 0);

	if (st == WK_OK)
		st = buf_append_char(out, '\n');
	return undo_unless_ok(out, before, st);
}

enum wk_status json_write(const struct json *v, struct buf *out)
{
	struct layout l = { .out = out, .pretty = false };
	size_t before = out->n;

	return undo_unless_ok(out, before, write_value(&l, v, 0));
}

enum wk_status json_write_string(struct bytes text, struct buf *out)
{
	size_t before = out->n;

	return undo_unless_ok(out, before, write_string(out, text));
}
