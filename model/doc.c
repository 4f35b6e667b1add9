/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a document says of itself, and its file's bytes.
 *
 * Of a member that stands twice the last counts, in every reader of JSON that matters;
 * so the last is the one read and the one changed, and the others stay where they are.
 */
#include "model/doc.h"

#include "model/doc_private.h"

bool doc_is_hidden(enum kind k, struct bytes key)
{
	const char *name_key = kind_info(k)->name_key;

	return bytes_equal_str(key, "parentId") || bytes_equal_str(key, "type") ||
	       bytes_equal_str(key, "created") || bytes_equal_str(key, "modified") ||
	       (name_key && bytes_equal_str(key, name_key));
}

struct bytes doc_place_type(const struct doc_place *place)
{
	return place->kind == KIND_OTHER ? place->type : bytes_str(kind_info(place->kind)->type);
}

/* A string's bytes, with .p even when it is empty; .p NULL when it is no string. */
static struct bytes string_of(const struct json *doc, const char *key)
{
	const struct json *v = json_get(doc, key);

	if (!v || v->type != JSON_STRING)
		return bytes_of(NULL, 0);
	return v->text.n > 0 ? v->text : bytes_str("");
}

static int64_t time_of(const struct json *doc, const char *key)
{
	int64_t ms = 0;

	return json_get_int64(doc, key, &ms) ? ms : 0;
}

static bool is_identifier(struct bytes text)
{
	return text.n > 0 && text.n <= DOC_ID_MAX;
}

enum wk_status doc_read_head(const struct json *doc, struct doc_head *out)
{
	struct doc_head head = { .id = string_of(doc, "_id"), .type = string_of(doc, "type") };
	const char *name_key;

	if (!doc || doc->type != JSON_OBJECT || !is_identifier(head.id) ||
	    !is_identifier(head.type))
		return WK_CORRUPT;
	head.kind = kind_of_type(head.type);
	head.parent_id = string_of(doc, "parentId");
	name_key = kind_info(head.kind)->name_key;
	head.name = name_key ? string_of(doc, name_key) : bytes_str("");
	if (!head.name.p)
		head.name = bytes_str("");
	head.created_ms = time_of(doc, "created");
	head.modified_ms = time_of(doc, "modified");
	*out = head;
	return WK_OK;
}

static enum wk_status render_json(struct arena *arena, const struct json *doc, enum kind k,
				  struct buf *out)
{
	struct json file = { .type = JSON_OBJECT, .room = doc->count };

	file.members = arena_alloc(arena, sizeof *file.members * doc->count);
	if (!file.members)
		return WK_NOMEM;
	for (uint32_t i = 0; i < doc->count; i++)
		if (bytes_equal_str(doc->members[i].key, "_id"))
			file.members[file.count++] = doc->members[i];
	for (uint32_t i = 0; i < doc->count; i++)
		if (!bytes_equal_str(doc->members[i].key, "_id") &&
		    !doc_is_hidden(k, doc->members[i].key))
			file.members[file.count++] = doc->members[i];
	return json_write_pretty(&file, out);
}

enum wk_status doc_render(struct arena *arena, const struct json *doc, struct buf *file_out)
{
	struct doc_head head;
	const char *text_key;
	enum wk_status st = doc_read_head(doc, &head);

	if (st != WK_OK)
		return st;
	text_key = kind_info(head.kind)->text_key;
	if (text_key) {
		struct bytes text = string_of(doc, text_key);

		return buf_append(file_out, text.p, text.n);
	}
	return render_json(arena, doc, head.kind, file_out);
}

bool doc_has_own_field(const struct json *doc, enum kind k)
{
	const struct kind_info *info = kind_info(k);

	/* Old suites and proto directories have nothing but a name. */
	if (info->text_key || k == KIND_SUITE || k == KIND_PROTO_DIR)
		return true;
	if (!doc || doc->type != JSON_OBJECT)
		return false;
	if (k == KIND_OTHER)
		return true;
	for (uint32_t i = 0; i < doc->count; i++) {
		struct bytes key = doc->members[i].key;

		/* ".json" alone says little, and a package.json has a description too. */
		if (k == KIND_REQUEST && bytes_equal_str(key, "description"))
			continue;
		if (kind_has_field(k, key))
			return true;
	}
	return false;
}

static enum wk_status set_string(struct arena *arena, struct json *doc, const char *key,
				 struct bytes text)
{
	struct bytes copy = arena_copy(arena, text);

	return copy.p ? json_set_str(arena, doc, key, copy) : WK_NOMEM;
}

static enum wk_status set_parent(struct arena *arena, struct json *doc, struct bytes parent_id)
{
	const struct json none = { .type = JSON_NULL };

	if (parent_id.n > 0)
		return set_string(arena, doc, "parentId", parent_id);
	return json_set(arena, doc, "parentId", &none);
}

/* An empty parentId (certificates have had one) is none, and so are null and a missing one. */
enum wk_status doc_set_place(struct arena *arena, struct json *doc, const struct doc_place *place)
{
	struct doc_head head;
	const char *name_key;
	enum wk_status st = doc_read_head(doc, &head);

	if (st != WK_OK)
		return st;
	name_key = kind_info(head.kind)->name_key;
	if (place->name.p && name_key && !bytes_equal(place->name, head.name))
		st = set_string(arena, doc, name_key, place->name);
	if (st == WK_OK && !bytes_equal(place->parent_id, head.parent_id))
		st = set_parent(arena, doc, place->parent_id);
	if (st == WK_OK && place->modified_ms != head.modified_ms)
		st = json_set_int(arena, doc, "modified", place->modified_ms);
	return st;
}

enum wk_status doc_apply(struct arena *arena, struct json *doc, const struct doc_place *place)
{
	struct doc_head head;
	enum wk_status st = doc_read_head(doc, &head);

	if (st != WK_OK)
		return st;
	if (!bytes_equal(place->id, head.id))
		st = set_string(arena, doc, "_id", place->id);
	if (st == WK_OK && place->created_ms != head.created_ms)
		st = json_set_int(arena, doc, "created", place->created_ms);
	return st == WK_OK ? doc_set_place(arena, doc, place) : st;
}

enum wk_status doc_start(struct arena *arena, const struct doc_place *place, struct json **doc_out)
{
	struct json *doc = json_new(arena, JSON_OBJECT);
	enum wk_status st;

	if (!doc)
		return WK_NOMEM;
	st = set_string(arena, doc, "_id", place->id);
	if (st == WK_OK)
		st = set_string(arena, doc, "type", doc_place_type(place));
	if (st == WK_OK)
		st = set_parent(arena, doc, place->parent_id);
	if (st == WK_OK)
		st = json_set_int(arena, doc, "modified", place->modified_ms);
	if (st == WK_OK)
		st = json_set_int(arena, doc, "created", place->created_ms);
	if (st == WK_OK)
		*doc_out = doc;
	return st;
}
