/* SPDX-License-Identifier: Apache-2.0 */
/* What moves resources in /v1: push, changes, listing, fetch. */
#include "wire/head.h"

#include "base/scoped.h"

#define TYPE_MAX 128
#define DIGEST_DIGITS 32

static const struct field item_fields[] = {
	{ "id", offsetof(struct wire_push_item, id), WIRE_ID_MAX, FIELD_TEXT },
	{ "type", offsetof(struct wire_push_item, type), TYPE_MAX, FIELD_TEXT },
	{ "name", offsetof(struct wire_push_item, name), WIRE_NAME_MAX, FIELD_TEXT },
	{ "version", offsetof(struct wire_push_item, seen_version), WIRE_VERSION_MAX,
	  FIELD_TEXT },
	{ "encContent", offsetof(struct wire_push_item, enc_content), WIRE_CONTENT_MAX,
	  FIELD_TEXT },
};

static const struct field pushed_fields[] = {
	{ "id", offsetof(struct wire_pushed, id), WIRE_ID_MAX, FIELD_TEXT },
	{ "version", offsetof(struct wire_pushed, version), WIRE_VERSION_MAX, FIELD_TEXT },
};

static const struct field listed_fields[] = {
	{ "id", offsetof(struct wire_listed, id), WIRE_ID_MAX, FIELD_TEXT },
	{ "version", offsetof(struct wire_listed, version), WIRE_VERSION_MAX, FIELD_TEXT },
	{ "digest", offsetof(struct wire_listed, digest), DIGEST_DIGITS, FIELD_HEX },
};

enum wk_status wire_push_item_read(const struct json *v, struct wire_push_item *out)
{
	struct wire_push_item m = { 0 };
	enum wk_status st = field_read(v, item_fields, ARRAY_LEN(item_fields), &m);

	if (st == WK_OK)
		st = field_read_int(v, "lastEdited", &m.last_edited_ms);
	if (st == WK_OK)
		st = field_read_bool(v, "removed", &m.removed);
	if (st == WK_OK && m.id.n == 0)
		st = WK_CORRUPT;
	if (st == WK_OK)
		*out = m;
	return st;
}

static void write_item(struct writer *w, const struct wire_push_item *m)
{
	writer_open(w, NULL, '{');
	writer_fields(w, item_fields, ARRAY_LEN(item_fields), m);
	writer_bool(w, "removed", m->removed);
	writer_int(w, "lastEdited", m->last_edited_ms);
	writer_close(w, '}');
}

enum wk_status wire_push_item_write(const struct wire_push_item *m, struct buf *out)
{
	struct writer w;

	writer_begin(&w, out);
	write_item(&w, m);
	return writer_end(&w);
}

enum wk_status wire_push_write(const struct wire_push_item *items, size_t count, struct buf *out)
{
	struct writer w;

	writer_begin(&w, out);
	writer_open(&w, NULL, '{');
	writer_open(&w, "changes", '[');
	for (size_t i = 0; i < count; i++)
		write_item(&w, &items[i]);
	writer_close(&w, ']');
	writer_close(&w, '}');
	return writer_end(&w);
}

static enum wk_status read_texts(struct arena *arena, const struct json *v, const char *key,
				 struct bytes **texts_out, size_t *count_out)
{
	const struct json *array;
	struct bytes *texts;
	enum wk_status st = field_read_array(v, key, WIRE_PAGE_ITEMS, &array);

	if (st != WK_OK)
		return st;
	st = field_alloc(arena, array->count, sizeof *texts, &texts);
	if (st != WK_OK)
		return st;
	for (uint32_t i = 0; i < array->count; i++) {
		if (array->items[i].type != JSON_STRING)
			return WK_CORRUPT;
		if (array->items[i].text.n > WIRE_ID_MAX)
			return WK_LIMIT;
		texts[i] = array->items[i].text;
	}
	*texts_out = texts;
	*count_out = array->count;
	return WK_OK;
}

enum wk_status wire_push_answer_read(struct arena *arena, const struct json *v,
				     struct wire_push_answer *out)
{
	struct wire_push_answer m = { 0 };
	const struct json *items;
	enum wk_status st = head_read(json_get(v, "head"), &m.head);

	if (st != WK_OK)
		return st;
	if (json_get(v, "conflicts")) {
		st = read_texts(arena, v, "conflicts", &m.conflicts, &m.conflict_count);
		if (st == WK_OK)
			*out = m;
		return st;
	}
	st = head_read(json_get(v, "before"), &m.before);
	if (st == WK_OK)
		st = field_read_array(v, "items", WIRE_PAGE_ITEMS, &items);
	if (st == WK_OK)
		st = field_alloc(arena, items->count, sizeof *m.items, &m.items);
	if (st != WK_OK)
		return st;
	for (; m.count < items->count; m.count++) {
		st = field_read(&items->items[m.count], pushed_fields, ARRAY_LEN(pushed_fields),
				&m.items[m.count]);
		if (st != WK_OK)
			return st;
	}
	*out = m;
	return WK_OK;
}

enum wk_status wire_push_answer_write(const struct wire_push_answer *m, struct buf *out)
{
	struct writer w;

	writer_begin(&w, out);
	writer_open(&w, NULL, '{');
	if (m->conflict_count) {
		writer_str(&w, "error", "conflict");
		writer_str(&w, "message", "Other versions were stored meanwhile.");
		writer_open(&w, "conflicts", '[');
		for (size_t i = 0; i < m->conflict_count; i++)
			writer_text(&w, NULL, m->conflicts[i]);
		writer_close(&w, ']');
	} else {
		writer_open(&w, "items", '[');
		for (size_t i = 0; i < m->count; i++) {
			writer_open(&w, NULL, '{');
			writer_fields(&w, pushed_fields, ARRAY_LEN(pushed_fields), &m->items[i]);
			writer_close(&w, '}');
		}
		writer_close(&w, ']');
		head_write(&w, "before", &m->before);
	}
	head_write(&w, "head", &m->head);
	writer_close(&w, '}');
	return writer_end(&w);
}

/* What every page of resources has: the items, and whether more would come. */
static enum wk_status page_read(struct arena *arena, const struct json *v, struct wire_changes *m)
{
	const struct json *items;
	enum wk_status st = field_read_bool(v, "more", &m->more);

	if (st == WK_OK)
		st = field_read_array(v, "items", WIRE_PAGE_ITEMS, &items);
	if (st == WK_OK)
		st = field_alloc(arena, items->count, sizeof *m->items, &m->items);
	for (; st == WK_OK && m->count < items->count; m->count++)
		st = wire_resource_read(arena, &items->items[m->count], &m->items[m->count]);
	return st;
}

enum wk_status wire_changes_read(struct arena *arena, const struct json *v,
				 struct wire_changes *out)
{
	struct wire_changes m = { 0 };
	enum wk_status st = head_read(json_get(v, "next"), &m.next);

	if (st == WK_OK)
		st = field_read_bool(v, "resync", &m.resync);
	if (st == WK_OK)
		st = page_read(arena, v, &m);
	if (st == WK_OK)
		*out = m;
	return st;
}

enum wk_status wire_fetched_read(struct arena *arena, const struct json *v,
				 struct wire_changes *out)
{
	struct wire_changes m = { 0 };
	enum wk_status st = page_read(arena, v, &m);

	if (st == WK_OK)
		*out = m;
	return st;
}

static enum wk_status listed_read(const struct json *v, struct wire_listed *m)
{
	enum wk_status st = field_read(v, listed_fields, ARRAY_LEN(listed_fields), m);

	return st == WK_OK ? field_read_bool(v, "removed", &m->removed) : st;
}

enum wk_status wire_listed_write(const struct wire_listed *m, struct buf *out)
{
	struct writer w;

	writer_begin(&w, out);
	writer_open(&w, NULL, '{');
	writer_fields(&w, listed_fields, ARRAY_LEN(listed_fields), m);
	writer_bool(&w, "removed", m->removed);
	writer_close(&w, '}');
	return writer_end(&w);
}

enum wk_status wire_listing_read(struct arena *arena, const struct json *v,
				 struct wire_listing *out)
{
	struct wire_listing m = { 0 };
	const struct json *items;
	enum wk_status st = head_read(json_get(v, "head"), &m.head);

	if (st == WK_OK)
		st = field_read_text(v, "next", FIELD_NULLABLE, WIRE_ID_MAX, &m.next);
	if (st == WK_OK)
		st = field_read_array(v, "items", WIRE_LISTING_ITEMS, &items);
	if (st == WK_OK)
		st = field_alloc(arena, items->count, sizeof *m.items, &m.items);
	if (st != WK_OK)
		return st;
	for (; m.count < items->count; m.count++) {
		st = listed_read(&items->items[m.count], &m.items[m.count]);
		if (st != WK_OK)
			return st;
	}
	*out = m;
	return WK_OK;
}

enum wk_status wire_ids_read(struct arena *arena, const struct json *v, struct wire_ids *out)
{
	struct wire_ids m = { 0 };
	enum wk_status st = read_texts(arena, v, "ids", &m.ids, &m.count);

	if (st == WK_OK)
		*out = m;
	return st;
}

enum wk_status wire_ids_write(const struct wire_ids *m, struct buf *out)
{
	struct writer w;

	writer_begin(&w, out);
	writer_open(&w, NULL, '{');
	writer_open(&w, "ids", '[');
	for (size_t i = 0; i < m->count; i++)
		writer_text(&w, NULL, m->ids[i]);
	writer_close(&w, ']');
	writer_close(&w, '}');
	return writer_end(&w);
}
