/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names of types.  The client writes a document's type "FooBar" as "foo_bar" in an export; the
 * kinds' own pairs stand in the kind table (some are not regular: MockServer is "mock").  A
 * `_type` that would not come back from its CamelCase form ("foo__bar", "fooBar", "foo_1",
 * "mock_server") stays as it is, and one that would then be read as CamelCase, or that begins with
 * the mark itself, is marked with a leading '_'.
 */
#include "model/exchange_parts.h"

static bool is_upper(uint8_t c)
{
	return c >= 'A' && c <= 'Z';
}

static bool is_lower(uint8_t c)
{
	return c >= 'a' && c <= 'z';
}

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static bool is_type(struct bytes text)
{
	if (text.n == 0 || text.n > EXCHANGE_TYPE_MAX)
		return false;
	for (size_t i = 0; i < text.n; i++) {
		uint8_t c = text.p[i];

		if (!is_upper(c) && !is_lower(c) && !is_digit(c) && c != '_' && c != '-')
			return false;
	}
	return true;
}

static bool is_camel(struct bytes type)
{
	if (type.n == 0 || !is_upper(type.p[0]))
		return false;
	for (size_t i = 1; i < type.n; i++) {
		if (!is_upper(type.p[i]) && !is_lower(type.p[i]) && !is_digit(type.p[i]))
			return false;
	}
	return true;
}

static enum wk_status append_snake(struct bytes type, struct buf *out)
{
	enum wk_status st;

	for (size_t i = 0; i < type.n; i++) {
		char c = (char)type.p[i];

		if (is_upper(type.p[i])) {
			if (i > 0) {
				st = buf_append_char(out, '_');
				if (st != WK_OK)
					return st;
			}
			c = (char)(c - 'A' + 'a');
		}
		st = buf_append_char(out, c);
		if (st != WK_OK)
			return st;
	}
	return WK_OK;
}

static enum wk_status append_camel(struct bytes export_type, struct buf *out)
{
	bool up = true;

	for (size_t i = 0; i < export_type.n; i++) {
		uint8_t c = export_type.p[i];
		enum wk_status st;

		if (c == '_') {
			up = true;
			continue;
		}
		if (up && is_lower(c))
			c = (uint8_t)(c - 'a' + 'A');
		up = false;
		st = buf_append_char(out, (char)c);
		if (st != WK_OK)
			return st;
	}
	return WK_OK;
}

enum wk_status exchange_type_export(struct bytes type, struct buf *out)
{
	enum kind k = kind_of_type(type);

	if (k != KIND_OTHER && kind_info(k)->export_type)
		return buf_append_str(out, kind_info(k)->export_type);
	if (is_camel(type))
		return append_snake(type, out);
	if (type.n > 1 && type.p[0] == '_')
		return buf_append(out, type.p + 1, type.n - 1);
	return buf_append(out, type.p, type.n);
}

static enum wk_status import_unknown(struct arena *arena, struct bytes export_type,
				     struct bytes *type_out)
{
	SCOPED(buf_fini) struct buf camel = BUF_INIT(2 * EXCHANGE_TYPE_MAX);
	SCOPED(buf_fini) struct buf back = BUF_INIT(4 * EXCHANGE_TYPE_MAX);
	enum wk_status st = append_camel(export_type, &camel);

	if (st == WK_OK)
		st = exchange_type_export(buf_bytes(&camel), &back);
	if (st != WK_OK)
		return st;
	if (camel.n == 0 || !bytes_equal(buf_bytes(&back), export_type)) {
		buf_clear(&camel);
		if (is_camel(export_type) || export_type.p[0] == '_')
			st = buf_append_char(&camel, '_');
		if (st == WK_OK)
			st = buf_append(&camel, export_type.p, export_type.n);
		if (st != WK_OK)
			return st;
	}
	*type_out = arena_copy(arena, buf_bytes(&camel));
	return type_out->p ? WK_OK : WK_NOMEM;
}

enum wk_status exchange_type_import(struct arena *arena, struct bytes export_type,
				    struct bytes *type_out)
{
	enum kind k = KIND_OTHER;

	if (!is_type(export_type)) {
		*type_out = (struct bytes){ NULL, 0 };
		return WK_OK;
	}
	if (kind_of_export_type(export_type, &k) == WK_OK) {
		*type_out = bytes_str(kind_info(k)->type);
		return WK_OK;
	}
	if (kind_of_type(export_type) != KIND_OTHER) {
		*type_out = export_type;
		return WK_OK;
	}
	return import_unknown(arena, export_type, type_out);
}
