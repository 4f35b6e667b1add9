/* SPDX-License-Identifier: Apache-2.0 */
/*
 * New ids for documents, and the places where they speak of each other: parentId, requestId,
 * protoFileId, and quoted ids inside template tags anywhere in their texts.
 *
 * All new ids are chosen before anything is changed: a document may speak of one that
 * comes later.
 */
#include "model/exchange_parts.h"

#define MEMBER_ID "_id"

struct id_change {
	struct bytes id;	/* .p NULL: keeps its id */
};

struct id_map {
	struct arena *arena;
	struct exchange_index index;	/* old id: number of the document that owns it */
	struct id_change *changes;	/* by number of the document */
	/* What the placeholders mean in the workspace being mapped; .p NULL: nothing. */
	struct bytes workspace_id;
	struct bytes base_environment_id;
};

static struct bytes doc_id(const struct json *doc)
{
	return json_get_str(doc, MEMBER_ID);
}

static enum wk_status choose_id(struct id_map *map, const struct json *doc, size_t number)
{
	char id[DOC_ID_MAX + 1];

	kind_new_id(kind_of_type(json_get_str(doc, "type")), id);
	map->changes[number].id = arena_copy(map->arena, bytes_str(id));
	return map->changes[number].id.p ? WK_OK : WK_NOMEM;
}

static enum wk_status choose_ids(struct id_map *map, const struct exchange_set *set, bool keep,
				 exchange_is_taken *is_taken, void *arg)
{
	size_t number = 0;

	for (size_t i = 0; i < set->count; i++) {
		for (size_t k = 0; k < set->workspaces[i].count; k++, number++) {
			const struct json *doc = set->workspaces[i].docs[k];
			struct bytes id = doc_id(doc);
			enum wk_status st;

			if (keep && exchange_index_is_id(id) && !exchange_index_is_placeholder(id) &&
			    exchange_index_find(&map->index, id) == number &&
			    !(is_taken && is_taken(arg, id)))
				continue;
			st = choose_id(map, doc, number);
			if (st != WK_OK)
				return st;
		}
	}
	return WK_OK;
}

static enum wk_status index_ids(struct id_map *map, const struct exchange_set *set)
{
	size_t number = 0;
	size_t total = 0;
	enum wk_status st;

	for (size_t i = 0; i < set->count; i++)
		total += set->workspaces[i].count;
	st = exchange_index_init(map->arena, total, &map->index);
	if (st != WK_OK)
		return st;
	map->changes = arena_alloc(map->arena, (total + 1) * sizeof *map->changes);
	if (!map->changes)
		return WK_NOMEM;
	for (size_t i = 0; i < set->count; i++) {
		for (size_t k = 0; k < set->workspaces[i].count; k++, number++) {
			struct bytes id = doc_id(set->workspaces[i].docs[k]);

			if (exchange_index_is_id(id))
				exchange_index_add(&map->index, id, number);
		}
	}
	exchange_index_sort(&map->index);
	return WK_OK;
}

/* The new id of what `id` names; .p NULL: it stays. */
static struct bytes new_id_of(const struct id_map *map, struct bytes id)
{
	size_t number = id.p ? exchange_index_find(&map->index, id) : EXCHANGE_NONE;

	if (number != EXCHANGE_NONE)
		return map->changes[number].id;
	if (bytes_equal_str(id, EXCHANGE_WORKSPACE_ID))
		return map->workspace_id;
	if (bytes_equal_str(id, EXCHANGE_BASE_ENVIRONMENT_ID))
		return map->base_environment_id;
	return (struct bytes){ NULL, 0 };
}

static const uint8_t *find_mark(const uint8_t *from, const uint8_t *end, const char mark[2])
{
	return from < end ? memmem(from, (size_t)(end - from), mark, 2) : NULL;
}

/*
 * The id quoted at `quote`, as far as it is one that changes: *behind_out is where the closing
 * quote stands.  In a text that is JSON itself the quotes are \", so a backslash in front of
 * the closing one is not the id's.
 */
static struct bytes quoted_change(const struct id_map *map, const uint8_t *quote,
				  const uint8_t *end, const uint8_t **behind_out)
{
	size_t left = (size_t)(end - quote) - 1;
	const uint8_t *close = memchr(quote + 1, *quote, left < DOC_ID_MAX + 2 ? left :
				      DOC_ID_MAX + 2);

	if (!close)
		return (struct bytes){ NULL, 0 };
	if (close > quote + 1 && close[-1] == '\\')
		close--;
	*behind_out = close;
	return new_id_of(map, bytes_of(quote + 1, (size_t)(close - quote) - 1));
}

/* Appends the tag's text from..end with its ids changed; *changed_out becomes true if any was. */
static enum wk_status map_tag(const struct id_map *map, const uint8_t *from, const uint8_t *end,
			      struct buf *out, bool *changed_out)
{
	const uint8_t *at = from;
	enum wk_status st;

	while (at < end) {
		const uint8_t *behind = NULL;
		struct bytes id = { NULL, 0 };

		if (*at == '\'' || *at == '"')
			id = quoted_change(map, at, end, &behind);
		at++;
		if (!id.p)
			continue;
		st = buf_append(out, from, (size_t)(at - from));
		if (st == WK_OK)
			st = buf_append(out, id.p, id.n);
		if (st != WK_OK)
			return st;
		from = behind;
		at = behind;
		/* The closing quote must not be taken for an opening one. */
		at += at < end && *at == '\\';
		at += at < end;
		*changed_out = true;
	}
	return buf_append(out, from, (size_t)(end - from));
}

static enum wk_status map_text(const struct id_map *map, struct json *text)
{
	const uint8_t *at = text->text.p;
	const uint8_t *end = at + text->text.n;
	/* A quoted id of one byte grows to at most DOC_ID_MAX. */
	SCOPED(buf_fini) struct buf out = BUF_SECRET_INIT((text->text.n + 1) * DOC_ID_MAX);
	const uint8_t *open, *close;
	bool changed = false;
	struct bytes copy;
	enum wk_status st;

	while ((open = find_mark(at, end, "{%")) != NULL) {
		close = find_mark(open + 2, end, "%}");
		if (!close)
			break;
		st = buf_append(&out, at, (size_t)(open - at));
		if (st == WK_OK)
			st = map_tag(map, open, close, &out, &changed);
		if (st != WK_OK)
			return st;
		at = close;
	}
	if (!changed)
		return WK_OK;
	st = buf_append(&out, at, (size_t)(end - at));
	if (st != WK_OK)
		return st;
	copy = arena_copy(map->arena, buf_bytes(&out));
	if (!copy.p)
		return WK_NOMEM;
	text->text = copy;
	return WK_OK;
}

static enum wk_status map_texts(const struct id_map *map, struct json *v)
{
	enum wk_status st = WK_OK;

	if (v->type == JSON_STRING && v->text.n > 4)
		return map_text(map, v);
	for (uint32_t i = 0; v->type == JSON_ARRAY && st == WK_OK && i < v->count; i++)
		st = map_texts(map, &v->items[i]);
	for (uint32_t i = 0; v->type == JSON_OBJECT && st == WK_OK && i < v->count; i++)
		st = map_texts(map, &v->members[i].value);
	return st;
}

static void map_reference(const struct id_map *map, struct json *doc, const char *key)
{
	struct json *value = json_get(doc, key);
	struct bytes id;

	if (!value || value->type != JSON_STRING)
		return;
	id = new_id_of(map, value->text);
	if (id.p)
		value->text = id;
}

static enum wk_status put_id(struct arena *arena, struct json *doc, struct bytes id)
{
	struct json *copy;
	enum wk_status st;

	if (json_get(doc, MEMBER_ID))
		return json_set_str(arena, doc, MEMBER_ID, id);
	copy = json_new(arena, JSON_OBJECT);
	if (!copy)
		return WK_NOMEM;
	st = json_set_str(arena, copy, MEMBER_ID, id);
	for (uint32_t i = 0; st == WK_OK && i < doc->count; i++)
		st = json_append_member(arena, copy, doc->members[i].key, &doc->members[i].value);
	if (st == WK_OK)
		*doc = *copy;
	return st;
}

static enum wk_status map_doc(const struct id_map *map, struct json *doc, struct bytes id)
{
	enum wk_status st;

	if (!bytes_equal_str(json_get_str(doc, "type"), "Workspace"))
		map_reference(map, doc, "parentId");
	map_reference(map, doc, "requestId");
	map_reference(map, doc, "protoFileId");
	st = map_texts(map, doc);
	return st == WK_OK && id.p ? put_id(map->arena, doc, id) : st;
}

static struct bytes id_after(const struct id_map *map, const struct json *doc, size_t number)
{
	return map->changes[number].id.p ? map->changes[number].id : doc_id(doc);
}

/* What the placeholders mean in this workspace, whose first document is `first`. */
static void set_placeholders(struct id_map *map, const struct exchange_workspace *w, size_t first)
{
	struct bytes own = doc_id(w->docs[0]);

	map->workspace_id = id_after(map, w->docs[0], first);
	map->base_environment_id = (struct bytes){ NULL, 0 };
	for (size_t i = 1; i < w->count; i++) {
		struct bytes parent = json_get_str(w->docs[i], "parentId");

		if (kind_of_type(json_get_str(w->docs[i], "type")) != KIND_ENVIRONMENT || !parent.p)
			continue;
		if (bytes_equal(parent, own) || bytes_equal_str(parent, EXCHANGE_WORKSPACE_ID)) {
			map->base_environment_id = id_after(map, w->docs[i], first + i);
			return;
		}
	}
}

enum wk_status exchange_map_ids(struct arena *arena, struct exchange_set *set, bool keep,
				exchange_is_taken *is_taken, void *arg)
{
	struct id_map map = { .arena = arena };
	size_t first = 0;
	enum wk_status st = index_ids(&map, set);

	if (st == WK_OK)
		st = choose_ids(&map, set, keep, is_taken, arg);
	for (size_t i = 0; st == WK_OK && i < set->count; i++) {
		struct exchange_workspace *w = &set->workspaces[i];

		set_placeholders(&map, w, first);
		for (size_t k = 0; st == WK_OK && k < w->count; k++)
			st = map_doc(&map, w->docs[k], map.changes[first + k].id);
		first += w->count;
	}
	return st;
}
