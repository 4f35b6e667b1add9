/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file's text back to a document.
 *
 * What the file does not show comes from the document as it was, in its old
 * form and between the same neighbours: a save that changes nothing must make a
 * document in which nothing has changed, down to `1.0` and a missing parentId.
 */
#include "model/doc.h"

#include <stdio.h>

#include "base/utf8.h"
#include "model/doc_private.h"

/* How far a member may have moved down for its old neighbours to find it. */
#define NEAR 64

static enum wk_status fail(struct json_error *error, struct bytes text, size_t at,
			   const char *reason, enum wk_status st)
{
	if (!error)
		return st;
	error->line = error->column = 1;
	for (size_t i = 0; i < at; i++) {
		if (text.p[i] == '\n') {
			error->line++;
			error->column = 1;
		} else if ((text.p[i] & 0xc0) != 0x80) {
			error->column++;
		}
	}
	snprintf(error->reason, sizeof error->reason, "%s", reason);
	return st;
}

/* Whether `old` is the document of this place, not of another kind. */
static bool is_same_kind(const struct json *old, const struct doc_place *place)
{
	struct doc_head head;

	return old && doc_read_head(old, &head) == WK_OK && head.kind == place->kind &&
	       bytes_equal(head.type, doc_place_type(place));
}

/* Where a text stops being UTF-8. */
static size_t first_bad(struct bytes text)
{
	size_t at = 0, next = 0;

	while (next < text.n && utf8_next(text, &next) >= 0 &&
	       utf8_is_valid(bytes_of(text.p + at, next - at)))
		at = next;
	return at;
}

static enum wk_status parse_text(struct arena *arena, struct bytes file,
				 const struct doc_place *place, const struct json *old,
				 struct json **doc_out, struct json_error *error)
{
	const char *key = kind_info(place->kind)->text_key;
	struct json *doc = NULL;
	struct bytes was, copy;
	enum wk_status st;

	if (old) {
		doc = json_copy(arena, old);
		st = doc ? doc_apply(arena, doc, place) : WK_NOMEM;
	} else {
		st = doc_new(arena, place, &doc);
	}
	if (st != WK_OK)
		return st;
	/* What was shown stays as it is: half a surrogate pair, or no text at all. */
	was = json_get_str(doc, key);
	if (!bytes_equal(was, file)) {
		if (!utf8_is_valid(file))
			return fail(error, file, first_bad(file), "the text is not UTF-8",
				    WK_INVALID);
		copy = arena_copy(arena, file);
		st = copy.p ? json_set_str(arena, doc, key, copy) : WK_NOMEM;
		if (st != WK_OK)
			return st;
	}
	*doc_out = doc;
	return WK_OK;
}

/* Reads the file's object and keeps of it what a file may say. */
static enum wk_status read_visible(struct arena *arena, struct bytes file, enum kind k,
				   struct json **out, struct json_error *error)
{
	struct json *root = NULL;
	uint32_t kept = 0;
	enum wk_status st = json_parse(arena, file, &root, error);

	if (st != WK_OK)
		return st;
	if (root->type != JSON_OBJECT) {
		size_t at = 0;

		while (at < file.n && strchr(" \t\r\n", file.p[at]))
			at++;
		return fail(error, file, at, "a document is a JSON object in { }", WK_INVALID);
	}
	for (uint32_t i = 0; i < root->count; i++)
		if (!bytes_equal_str(root->members[i].key, "_id") &&
		    !doc_is_hidden(k, root->members[i].key))
			root->members[kept++] = root->members[i];
	root->count = kept;
	*out = root;
	return WK_OK;
}

static enum wk_status copy_member(struct arena *arena, struct json *doc,
				  const struct json_member *from)
{
	struct bytes key = arena_copy(arena, from->key);
	struct json *value = json_copy(arena, &from->value);

	return key.p && value ? json_append_member(arena, doc, key, value) : WK_NOMEM;
}

/* Appends the file's members from *at up to `end`. */
static enum wk_status append_visible(struct arena *arena, struct json *doc,
				     const struct json *visible, uint32_t *at, uint32_t end)
{
	for (; *at < end; (*at)++) {
		const struct json_member *m = &visible->members[*at];
		enum wk_status st = json_append_member(arena, doc, m->key, &m->value);

		if (st != WK_OK)
			return st;
	}
	return WK_OK;
}

/* Behind the member of this key, if it is near; else where we are. */
static uint32_t behind(const struct json *visible, uint32_t at, struct bytes key)
{
	for (uint32_t i = at; i < visible->count && i - at < NEAR; i++)
		if (bytes_equal(visible->members[i].key, key))
			return i + 1;
	return at;
}

/* The file's members in the file's order, the hidden ones of `old` behind their old neighbours. */
static enum wk_status weave(struct arena *arena, const struct json *old,
			    const struct json *visible, enum kind k, struct json **doc_out)
{
	struct json *doc = json_new(arena, JSON_OBJECT);
	enum wk_status st = doc ? WK_OK : WK_NOMEM;
	uint32_t at = 0;

	for (uint32_t i = 0; st == WK_OK && i < old->count; i++) {
		const struct json_member *m = &old->members[i];

		if (bytes_equal_str(m->key, "_id") || doc_is_hidden(k, m->key))
			st = copy_member(arena, doc, m);
		else
			st = append_visible(arena, doc, visible, &at, behind(visible, at, m->key));
	}
	if (st == WK_OK)
		st = append_visible(arena, doc, visible, &at, visible->count);
	if (st == WK_OK)
		*doc_out = doc;
	return st;
}

static enum wk_status parse_json(struct arena *arena, struct bytes file,
				 const struct doc_place *place, const struct json *old,
				 struct json **doc_out, struct json_error *error)
{
	const char *name_key = kind_info(place->kind)->name_key;
	struct json *visible = NULL, *doc = NULL;
	enum wk_status st = read_visible(arena, file, place->kind, &visible, error);
	uint32_t at = 0;

	if (st != WK_OK)
		return st;
	if (old) {
		st = weave(arena, old, visible, place->kind, &doc);
		if (st == WK_OK)
			st = doc_apply(arena, doc, place);
	} else {
		st = doc_start(arena, place, &doc);
		if (st == WK_OK && name_key && place->name.p) {
			struct bytes name = arena_copy(arena, place->name);

			st = name.p ? json_set_str(arena, doc, name_key, name) : WK_NOMEM;
		}
		if (st == WK_OK)
			st = append_visible(arena, doc, visible, &at, visible->count);
	}
	if (st == WK_OK)
		*doc_out = doc;
	return st;
}

enum wk_status doc_parse(struct arena *arena, struct bytes file, const struct doc_place *place,
			 const struct json *old, struct json **doc_out, struct json_error *error)
{
	struct doc_place at = *place;
	struct doc_head head;

	if (file.n > DOC_MAX)
		return fail(error, file, 0, "a document has at most 16 MiB", WK_LIMIT);
	/* Also where the kind changes, which is all that such a document keeps. */
	if (!at.name.p && old && doc_read_head(old, &head) == WK_OK)
		at.name = head.name;
	if (!is_same_kind(old, place))
		old = NULL;
	if (kind_info(place->kind)->text_key)
		return parse_text(arena, file, &at, old, doc_out, error);
	return parse_json(arena, file, &at, old, doc_out, error);
}

enum wk_status doc_text_id(struct arena *arena, struct bytes file, char id_out[DOC_ID_MAX + 1])
{
	struct json *root = NULL;
	struct bytes id;
	enum wk_status st;

	if (file.n > DOC_MAX)
		return WK_LIMIT;
	st = json_parse(arena, file, &root, NULL);
	if (st != WK_OK)
		return st;
	id = json_get_str(root, "_id");
	if (!id.p || id.n > DOC_ID_MAX || memchr(id.p, '\0', id.n))
		id.n = 0;
	if (id.n > 0)
		memcpy(id_out, id.p, id.n);
	id_out[id.n] = '\0';
	return WK_OK;
}
