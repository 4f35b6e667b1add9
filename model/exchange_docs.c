/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Resources of an export to documents.  `_type` becomes `type` where it stands; a
 * member that stands there as `type` already (not written by the client, but by people and
 * generators) changes places with it, so that nothing is lost and an export gives the same
 * back.  A resource without a usable type gets the one that its id or its fields tell of.
 */
#include "model/exchange_parts.h"

#define TYPE_UNKNOWN "Unknown"

static const char note_by_id[] = "its type is missing and was told from its id";
static const char note_by_fields[] = "its type is missing and was told from its fields";
static const char note_unknown[] = "its type is missing";
static const char note_no_object[] = "it is no object and was kept as the member value of one";
static const char note_plain_type[] = "its type stands under type, not _type";

static bool has_prefix(struct bytes id, const char *prefix)
{
	size_t n = strlen(prefix);

	return id.n > n && memcmp(id.p, prefix, n) == 0 && id.p[n] == '_';
}

/* Placeholders that converters write: __REQ_1__, __GRP_1__, ... */
static enum kind kind_of_placeholder(struct bytes id)
{
	static const struct {
		const char *prefix;
		enum kind kind;
	} words[] = {
		{ "__REQ", KIND_REQUEST },     { "__GRP", KIND_FOLDER },
		{ "__FLD", KIND_FOLDER },      { "__WRK", KIND_WORKSPACE },
		{ "__WORKSPACE", KIND_WORKSPACE }, { "__ENV", KIND_ENVIRONMENT },
		{ "__BASE_ENVIRONMENT", KIND_ENVIRONMENT }, { "__JAR", KIND_COOKIES },
	};

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (has_prefix(id, words[i].prefix))
			return words[i].kind;
	}
	return KIND_OTHER;
}

static enum kind kind_of_id(const struct json *resource)
{
	struct bytes id = json_get_str(resource, "_id");

	if (has_prefix(id, "crt"))
		return json_get(resource, "path") && !json_get(resource, "host") ?
			KIND_CA : KIND_CERTIFICATE;
	for (int k = 0; k < KIND_OTHER; k++) {
		const char *prefix = kind_info((enum kind)k)->id_prefix;

		if (prefix && has_prefix(id, prefix))
			return (enum kind)k;
	}
	return kind_of_placeholder(id);
}

static enum kind kind_of_fields(const struct json *resource)
{
	static const struct {
		const char *key;
		enum kind kind;
	} fields[] = {		/* the first that is there decides */
		{ "protoMethodName", KIND_GRPC },  { "protoText", KIND_PROTO },
		{ "method", KIND_REQUEST },	   { "cookies", KIND_COOKIES },
		{ "contents", KIND_SPEC },	   { "requestId", KIND_TEST },
		{ "environment", KIND_FOLDER },	   { "scope", KIND_WORKSPACE },
		{ "data", KIND_ENVIRONMENT },	   { "url", KIND_REQUEST },
	};

	for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
		if (json_get(resource, fields[i].key))
			return fields[i].kind;
	}
	return KIND_OTHER;
}

struct decision {
	struct bytes type;
	const char *source;	/* the member that says it; NULL: told from id or fields */
	const char *note;
};

static void decide_from_type(const struct json *resource, struct decision *d)
{
	struct bytes plain = json_get_str(resource, "type");
	enum kind k = KIND_OTHER;

	if (!plain.p)
		return;
	if (kind_of_type(plain) != KIND_OTHER)
		d->type = plain;
	else if (kind_of_export_type(plain, &k) == WK_OK)
		d->type = bytes_str(kind_info(k)->type);
	d->source = "type";
	d->note = note_plain_type;
}

static void decide_from_id_or_fields(const struct json *resource, struct decision *d)
{
	enum kind k = kind_of_id(resource);

	d->source = NULL;
	d->note = note_by_id;
	if (k == KIND_OTHER) {
		k = kind_of_fields(resource);
		d->note = k == KIND_OTHER ? note_unknown : note_by_fields;
	}
	d->type = bytes_str(k == KIND_OTHER ? TYPE_UNKNOWN : kind_info(k)->type);
}

static enum wk_status decide_type(struct arena *arena, const struct json *resource,
				  struct decision *out)
{
	struct bytes written = json_get_str(resource, "_type");
	struct decision d = { .source = "_type" };
	enum wk_status st = WK_OK;

	if (written.p)
		st = exchange_type_import(arena, written, &d.type);
	if (st != WK_OK)
		return st;
	if (!d.type.p)
		decide_from_type(resource, &d);
	if (!d.type.p)
		decide_from_id_or_fields(resource, &d);
	*out = d;
	return WK_OK;
}

static enum wk_status make_doc(struct arena *arena, const struct json *resource,
			       const struct decision *d, struct json *doc)
{
	const struct json type = { .type = JSON_STRING, .text = d->type };
	bool placed = false;
	enum wk_status st = WK_OK;

	for (uint32_t i = 0; st == WK_OK && i < resource->count; i++) {
		const struct json_member *m = &resource->members[i];

		if (d->source && bytes_equal_str(m->key, d->source)) {
			if (!placed)
				st = json_append_member(arena, doc, bytes_str("type"), &type);
			placed = true;
		} else if (bytes_equal_str(m->key, "type")) {
			st = json_append_member(arena, doc, bytes_str("_type"), &m->value);
		} else {
			st = json_append_member(arena, doc, m->key, &m->value);
		}
	}
	if (st == WK_OK && !placed)
		st = json_append_member(arena, doc, bytes_str("type"), &type);
	return st;
}

static enum wk_status wrap_value(struct arena *arena, const struct json *value, struct json *doc)
{
	struct json null_id = { .type = JSON_NULL };
	enum wk_status st = json_set(arena, doc, "_id", &null_id);

	if (st == WK_OK)
		st = json_set_str(arena, doc, "type", bytes_str(TYPE_UNKNOWN));
	if (st == WK_OK)
		st = json_set(arena, doc, "value", value);
	return st;
}

static enum wk_status read_entry(struct arena *arena, const struct json *resource,
				 struct exchange_entry *out)
{
	struct decision d = { .type = bytes_str(TYPE_UNKNOWN), .note = note_no_object };
	struct json *doc = json_new(arena, JSON_OBJECT);
	struct bytes id;
	enum wk_status st;

	if (!doc)
		return WK_NOMEM;
	if (resource->type == JSON_OBJECT) {
		st = decide_type(arena, resource, &d);
		if (st == WK_OK)
			st = make_doc(arena, resource, &d, doc);
	} else {
		st = wrap_value(arena, resource, doc);
	}
	if (st != WK_OK)
		return st;
	id = json_get_str(doc, "_id");
	*out = (struct exchange_entry){
		.doc = doc,
		.kind = kind_of_type(d.type),
		.id = exchange_index_is_id(id) ? id : (struct bytes){ NULL, 0 },
		.parent = json_get_str(doc, "parentId"),
		.type_note = d.note,
		.parent_at = EXCHANGE_NONE,
		.home = EXCHANGE_NONE,
	};
	return WK_OK;
}

enum wk_status exchange_docs_read(struct arena *arena, const struct json *resources,
				  struct exchange_entry **entries_out, size_t *count_out)
{
	struct exchange_entry *entries;

	if (resources->count > EXCHANGE_DOCS_MAX)
		return WK_LIMIT;
	entries = arena_alloc(arena, (resources->count + (size_t)1) * sizeof *entries);
	if (!entries)
		return WK_NOMEM;
	for (uint32_t i = 0; i < resources->count; i++) {
		enum wk_status st = read_entry(arena, &resources->items[i], &entries[i]);

		if (st != WK_OK)
			return st;
	}
	*entries_out = entries;
	*count_out = resources->count;
	return WK_OK;
}
