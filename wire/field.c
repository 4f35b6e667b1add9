/* SPDX-License-Identifier: Apache-2.0 */
/* Tables of members: what every reader checks, in one place. */
#include "wire/field.h"

static bool is_hex(struct bytes text)
{
	for (size_t i = 0; i < text.n; i++) {
		uint8_t c = text.p[i];

		if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F')))
			return false;
	}
	return true;
}

enum wk_status field_read_text(const struct json *v, const char *key, enum field_kind kind,
			       size_t max, struct bytes *out)
{
	const struct json *found = json_get(v, key);
	struct bytes text;

	if (!found || found->type == JSON_NULL) {
		if (kind != FIELD_NULLABLE && kind != FIELD_OPTIONAL)
			return WK_CORRUPT;
		*out = (struct bytes){ NULL, 0 };
		return WK_OK;
	}
	if (found->type != JSON_STRING)
		return WK_CORRUPT;
	text = found->text;
	if (text.n == 0)
		text = bytes_of("", 0);
	if (kind == FIELD_HEX && (text.n != max || !is_hex(text)))
		return WK_CORRUPT;
	if (text.n > max)
		return WK_LIMIT;
	*out = text;
	return WK_OK;
}

enum wk_status field_read(const struct json *v, const struct field *table, size_t count,
			  void *message)
{
	if (!v || v->type != JSON_OBJECT)
		return WK_CORRUPT;
	for (size_t i = 0; i < count; i++) {
		struct bytes text;
		enum wk_status st = field_read_text(v, table[i].key, table[i].kind, table[i].max,
						    &text);

		if (st != WK_OK)
			return st;
		memcpy((uint8_t *)message + table[i].offset, &text, sizeof text);
	}
	return WK_OK;
}

enum wk_status field_read_int(const struct json *v, const char *key, int64_t *out)
{
	return json_get_int64(v, key, out) ? WK_OK : WK_CORRUPT;
}

enum wk_status field_read_uint(const struct json *v, const char *key, uint64_t *out)
{
	int64_t value;

	if (!json_get_int64(v, key, &value) || value < 0)
		return WK_CORRUPT;
	*out = (uint64_t)value;
	return WK_OK;
}

enum wk_status field_read_bool(const struct json *v, const char *key, bool *out)
{
	return json_get_bool(v, key, out) ? WK_OK : WK_CORRUPT;
}

enum wk_status field_read_array(const struct json *v, const char *key, size_t max,
				const struct json **out)
{
	const struct json *found = json_get(v, key);

	if (!found || found->type != JSON_ARRAY)
		return WK_CORRUPT;
	if (found->count > max)
		return WK_LIMIT;
	*out = found;
	return WK_OK;
}

enum wk_status field_alloc(struct arena *arena, size_t n, size_t size, void *pointer_out)
{
	void *p = arena_alloc(arena, (n ? n : 1) * size);

	if (!p)
		return WK_NOMEM;
	memcpy(pointer_out, &p, sizeof p);
	return WK_OK;
}
