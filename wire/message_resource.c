/* SPDX-License-Identifier: Apache-2.0 */
/* Resources as apps know them, with what /v1 adds. */
#include "wire/message.h"
#include "wire/writer.h"

#include "base/scoped.h"

#define TYPE_MAX 128
#define AD_DIGITS 2048
#define HASH_DIGITS 64

static const struct field resource_fields[] = {
	{ "id", offsetof(struct wire_resource, id), WIRE_ID_MAX, FIELD_TEXT },
	{ "name", offsetof(struct wire_resource, name), WIRE_NAME_MAX, FIELD_TEXT },
	{ "resourceGroupId", offsetof(struct wire_resource, group_id), WIRE_ID_MAX, FIELD_TEXT },
	{ "version", offsetof(struct wire_resource, version), WIRE_VERSION_MAX, FIELD_TEXT },
	{ "createdBy", offsetof(struct wire_resource, created_by), WIRE_ID_MAX, FIELD_TEXT },
	{ "lastEditedBy", offsetof(struct wire_resource, last_edited_by), WIRE_ID_MAX,
	  FIELD_TEXT },
	{ "type", offsetof(struct wire_resource, type), TYPE_MAX, FIELD_TEXT },
	{ "encContent", offsetof(struct wire_resource, enc_content), WIRE_CONTENT_MAX,
	  FIELD_TEXT },
};

static const struct field v1_fields[] = {
	{ "lastContext", offsetof(struct wire_resource, last_context), WIRE_CONTENT_MAX,
	  FIELD_OPTIONAL },
	{ "baseVersion", offsetof(struct wire_resource, base_version), WIRE_VERSION_MAX,
	  FIELD_OPTIONAL },
};

static enum wk_status chain_read(struct arena *arena, const struct json *v,
				 struct wire_resource *m)
{
	const struct json *chain;
	struct wire_link_hash *links;
	enum wk_status st;

	if (!json_get(v, "chain"))
		return WK_OK;
	st = field_read_array(v, "chain", WIRE_CHAIN_MAX, &chain);
	if (st != WK_OK)
		return st;
	st = field_alloc(arena, chain->count, sizeof *links, &links);
	if (st != WK_OK)
		return st;
	for (uint32_t i = 0; i < chain->count; i++) {
		const struct json *item = &chain->items[i];

		st = field_read_text(item, "ad", FIELD_TEXT, AD_DIGITS, &links[i].ad);
		if (st == WK_OK)
			st = field_read_text(item, "inner", FIELD_HEX, HASH_DIGITS,
					     &links[i].inner);
		if (st != WK_OK)
			return st;
	}
	m->chain = links;
	m->chain_count = chain->count;
	return WK_OK;
}

enum wk_status wire_resource_read(struct arena *arena, const struct json *v,
				  struct wire_resource *out)
{
	struct wire_resource m = { 0 };
	enum wk_status st = field_read(v, resource_fields, ARRAY_LEN(resource_fields), &m);

	if (st == WK_OK)
		st = field_read(v, v1_fields, ARRAY_LEN(v1_fields), &m);
	if (st == WK_OK)
		st = field_read_int(v, "lastEdited", &m.last_edited_ms);
	if (st == WK_OK)
		st = field_read_bool(v, "removed", &m.removed);
	if (st == WK_OK && json_get(v, "seq"))
		st = field_read_uint(v, "seq", &m.seq);
	if (st == WK_OK && json_get(v, "side"))
		st = field_read_bool(v, "side", &m.side);
	if (st == WK_OK)
		st = chain_read(arena, v, &m);
	if (st == WK_OK)
		*out = m;
	return st;
}

static void write_v1(struct writer *w, const struct wire_resource *m)
{
	writer_int(w, "seq", (int64_t)m->seq);
	if (m->chain_count) {
		writer_open(w, "chain", '[');
		for (size_t i = 0; i < m->chain_count; i++) {
			writer_open(w, NULL, '{');
			writer_text(w, "ad", m->chain[i].ad);
			writer_text(w, "inner", m->chain[i].inner);
			writer_close(w, '}');
		}
		writer_close(w, ']');
	}
	writer_fields(w, v1_fields, ARRAY_LEN(v1_fields), m);
	if (m->side)
		writer_bool(w, "side", true);
}

enum wk_status wire_resource_write(const struct wire_resource *m, bool v1, struct buf *out)
{
	struct writer w;

	writer_begin(&w, out);
	writer_open(&w, NULL, '{');
	writer_fields(&w, resource_fields, ARRAY_LEN(resource_fields), m);
	writer_int(&w, "lastEdited", m->last_edited_ms);
	writer_bool(&w, "removed", m->removed);
	if (v1)
		write_v1(&w, m);
	writer_close(&w, '}');
	return writer_end(&w);
}
