/* SPDX-License-Identifier: Apache-2.0 */
/*
 * same-export [--keep|--new] ORIGINAL EXPORT...
 *
 * Whether exports made by wakefs hold, together, exactly the resources of an original export (JSON or
 * YAML): field for field, in the same order, number for number as written.  Ids may have changed
 * (placeholders, missing and doubled ones, and all of them where copies are made): then resources are
 * paired by what they say and whom they hang below, and every reference must have moved with its target.
 * --keep: an id that could be kept was kept.  --new: no id of the original is left.  The originals are
 * read without model/exchange's own reading of documents, so that it is tested too.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/files.h"
#include "base/map.h"
#include "model/exchange.h"

#define FILE_MAX (256u << 20)
#define WORKSPACE_PLACEHOLDER "__WORKSPACE_ID__"
#define ENVIRONMENT_PLACEHOLDER "__BASE_ENVIRONMENT_ID__"

struct side;

struct item {
	const struct json *v;
	struct bytes id;
	struct item *parent, *pair;
	struct side *side;
	uint64_t self, deep;	/* hashes without ids: of itself, with all that hangs below */
	bool doubled;
};

struct side {
	struct item *items;
	size_t count, room;
	struct map *by_id;
};

static struct arena *arena;
static struct side from, to;

static void die(const char *what, const struct item *about)
{
	struct bytes name = about ? json_get_str(about->v, "name") : bytes_str("");

	(void)fprintf(stderr, "same-export: %s%s%.*s (%.*s)\n", what, about ? ": " : "", (int)name.n,
		      (const char *)name.p, about ? (int)about->id.n : 0,
		      about ? (const char *)about->id.p : "");
	exit(1);
}

static void *need(void *p)
{
	if (!p)
		die("out of memory", NULL);
	return p;
}

static struct json *read_file(const char *path)
{
	SCOPED(buf_fini) struct buf text = BUF_INIT(FILE_MAX);
	struct json *root = NULL;
	struct bytes b;

	if (files_read(path, &text) != WK_OK)
		die("cannot read a file", NULL);
	b = buf_bytes(&text);
	if (json_parse(arena, b, &root, NULL) != WK_OK &&
	    exchange_yaml_parse(arena, b, &root, NULL) != WK_OK)
		die("neither JSON nor YAML", NULL);
	return root;
}

static void take_in(struct side *s, const char *path)
{
	const struct json *list = json_get(read_file(path), "resources");

	if (!list || list->type != JSON_ARRAY)
		die("no resources", NULL);
	if (s->count + list->count > s->room)
		die("too many resources", NULL);
	for (uint32_t i = 0; i < list->count; i++) {
		struct item *it = &s->items[s->count++];

		it->v = &list->items[i];
		it->id = json_get_str(it->v, "_id");
		it->side = s;
		it->doubled = it->id.n && map_get(s->by_id, it->id);
		if (it->id.n && !it->doubled && map_put(s->by_id, it->id, it) != WK_OK)
			die("out of memory", NULL);
	}
}

static void side_init(struct side *s, size_t room)
{
	s->items = need(calloc(room, sizeof *s->items));
	s->room = room;
	s->by_id = need(map_new());
}

static struct item *find(const struct side *s, struct bytes id)
{
	return id.n ? map_get(s->by_id, id) : NULL;
}

static void find_parents(struct side *s)
{
	for (size_t i = 0; i < s->count; i++)
		s->items[i].parent = find(s, json_get_str(s->items[i].v, "parentId"));
}

/* --- what a resource says, without ids --- */

static bool is_reference(struct bytes key)
{
	return bytes_equal_str(key, "_id") || bytes_equal_str(key, "parentId") ||
	       bytes_equal_str(key, "requestId") || bytes_equal_str(key, "protoFileId");
}

static uint64_t mix(uint64_t h, const void *data, size_t n)
{
	const uint8_t *p = data;

	for (size_t i = 0; i < n; i++)
		h = (h ^ p[i]) * 0x100000001b3;
	return h ^ (h >> 29);
}

/* The id between quotes at `at` inside a template tag, if it is one of this side's. */
static struct item *tag_id(const struct side *s, struct bytes text, size_t at)
{
	size_t end = at;

	while (end < text.n && text.p[end] != '"' && text.p[end] != '\'' && text.p[end] != '\\')
		end++;
	return end < text.n ? find(s, bytes_of(text.p + at, end - at)) : NULL;
}

static bool opens_quote(struct bytes text, size_t at)
{
	return at > 0 && (text.p[at - 1] == '"' || text.p[at - 1] == '\'');
}

/* Follows tags: true while `at` lies in one. */
static bool in_tag(struct bytes text, size_t at, bool *tag)
{
	if (at + 1 < text.n && text.p[at] == '{' && text.p[at + 1] == '%')
		*tag = memmem(text.p + at, text.n - at, "%}", 2) != NULL;
	else if (at + 1 < text.n && text.p[at] == '%' && text.p[at + 1] == '}')
		*tag = false;
	return *tag;
}

static uint64_t hash_text(const struct side *s, struct bytes text, uint64_t h)
{
	bool tag = false;

	for (size_t i = 0; i < text.n; i++) {
		const struct item *named = in_tag(text, i, &tag) && opens_quote(text, i) ?
			tag_id(s, text, i) : NULL;

		h = mix(h, named ? (const uint8_t *)"#" : &text.p[i], 1);
		i += named ? named->id.n - 1 : 0;
	}
	return h;
}

static uint64_t hash_value(const struct side *s, const struct json *v, uint64_t h)
{
	h = mix(h, &v->type, sizeof v->type);
	if (v->type == JSON_NUMBER)
		h = mix(h, v->text.p, v->text.n);
	if (v->type == JSON_STRING)
		h = hash_text(s, v->text, h);
	for (uint32_t i = 0; v->type == JSON_ARRAY && i < v->count; i++)
		h = hash_value(s, &v->items[i], h);
	for (uint32_t i = 0; v->type == JSON_OBJECT && i < v->count; i++)
		h = hash_value(s, &v->members[i].value,
			       mix(h, v->members[i].key.p, v->members[i].key.n));
	return h;
}

static bool is_type(struct bytes key)
{
	return bytes_equal_str(key, "_type") || bytes_equal_str(key, "type");
}

static void hash_items(struct side *s)
{
	for (size_t i = 0; i < s->count; i++) {
		struct item *it = &s->items[i];

		it->self = 0xcbf29ce484222325;
		/* What is no object becomes the member "value" of one. */
		if (it->v->type != JSON_OBJECT)
			it->self = hash_value(s, it->v, mix(it->self, "value", 5));
		/* A resource without a type is given one. */
		for (uint32_t k = 0; it->v->type == JSON_OBJECT && k < it->v->count; k++) {
			const struct json_member *m = &it->v->members[k];

			if (!is_reference(m->key) && !is_type(m->key))
				it->self = hash_value(s, &m->value,
						      mix(it->self, m->key.p, m->key.n));
		}
		it->deep = it->self;
	}
	for (int level = 0; level < 8; level++)
		for (size_t i = 0; i < s->count; i++)
			if (s->items[i].parent)
				s->items[i].parent->deep += mix(s->items[i].deep, &level, sizeof level);
}

/* --- pairs --- */

static void join(struct item *a, struct item *b)
{
	a->pair = b;
	b->pair = a;
}

static void pair_ids(void)
{
	for (size_t i = 0; i < from.count; i++) {
		struct item *b = from.items[i].doubled ? NULL : find(&to, from.items[i].id);

		if (b)
			join(&from.items[i], b);
	}
}

/* Strict: the parents are a pair already, and all below says the same. */
static bool pair_one(struct item *a, int strictness)
{
	for (size_t i = 0; i < to.count; i++) {
		struct item *b = &to.items[i];

		if (b->pair || a->self != b->self || (strictness > 0 && a->deep != b->deep))
			continue;
		if (strictness > 1 && a->parent && a->parent->pair != b->parent)
			continue;
		join(a, b);
		return true;
	}
	return false;
}

static void pair_rest(void)
{
	for (int strictness = 2; strictness >= 0; strictness--) {
		bool again = true;

		while (again) {
			again = false;
			for (size_t i = 0; i < from.count; i++) {
				struct item *a = &from.items[i];

				/* Parents first. */
				if (a->pair || (strictness > 1 && a->parent && !a->parent->pair))
					continue;
				again |= pair_one(a, strictness);
			}
		}
	}
	for (size_t i = 0; i < from.count; i++)
		if (!from.items[i].pair)
			die("not in the export", &from.items[i]);
}

/* --- the comparison --- */

static bool same_text(struct bytes a, struct bytes b)
{
	bool tag = false;
	size_t j = 0;

	for (size_t i = 0; i < a.n; i++) {
		const struct item *named = in_tag(a, i, &tag) && opens_quote(a, i) ?
			tag_id(&from, a, i) : NULL;
		struct bytes wanted = named ? named->pair->id : bytes_of(a.p + i, 1);

		if (b.n - j < wanted.n || memcmp(b.p + j, wanted.p, wanted.n) != 0)
			return false;
		j += wanted.n;
		i += named ? named->id.n - 1 : 0;
	}
	return j == b.n;
}

static bool same_value(const struct json *a, const struct json *b)
{
	if (a->type != b->type)
		return false;
	if (a->type == JSON_NUMBER)
		return bytes_equal(a->text, b->text);
	if (a->type == JSON_STRING)
		return same_text(a->text, b->text);
	if (a->type != JSON_ARRAY && a->type != JSON_OBJECT)
		return true;
	if (a->count != b->count)
		return false;
	for (uint32_t i = 0; i < a->count; i++) {
		if (a->type == JSON_ARRAY ? !same_value(&a->items[i], &b->items[i]) :
		    !bytes_equal(a->members[i].key, b->members[i].key) ||
		    !same_value(&a->members[i].value, &b->members[i].value))
			return false;
	}
	return true;
}

static bool same_reference(const struct json *a, const struct json *b, bool is_workspace)
{
	const struct item *named = a->type == JSON_STRING ? find(&from, a->text) : NULL;
	const struct item *now = b->type == JSON_STRING ? find(&to, b->text) : NULL;
	const bool placeholder = a->type == JSON_STRING && !named &&
		(bytes_equal_str(a->text, WORKSPACE_PLACEHOLDER) ||
		 bytes_equal_str(a->text, ENVIRONMENT_PLACEHOLDER));

	if (named && !is_workspace)
		return now == named->pair;
	if (placeholder && now)
		return bytes_equal_str(json_get_str(now->v, "_type"),
				       bytes_equal_str(a->text, WORKSPACE_PLACEHOLDER) ?
				       "workspace" : "environment");
	return same_value(a, b);
}

/* Members added to what lacked them: _id in front, _type at the end. */
static bool is_added(const struct item *a, struct bytes key)
{
	return (bytes_equal_str(key, "_id") && !json_get(a->v, "_id")) ||
	       (bytes_equal_str(key, "_type") && !json_get_str(a->v, "_type").p);
}

static void compare(const struct item *a)
{
	const struct json *b = a->pair->v;
	const bool is_workspace = bytes_equal_str(json_get_str(a->v, "_type"), "workspace");
	const bool no_type = !json_get_str(a->v, "_type").p;
	uint32_t k = 0;

	if (a->v->type != JSON_OBJECT) {
		if (!json_get(b, "value") || !same_value(a->v, json_get(b, "value")))
			die("differs", a);
		return;
	}
	for (uint32_t i = 0; i < a->v->count; i++, k++) {
		const struct json_member *m = &a->v->members[i];
		bool same;

		/* Some writers call it type, and mean _type. */
		if (no_type && bytes_equal_str(m->key, "type") && k < b->count &&
		    bytes_equal_str(b->members[k].key, "_type"))
			continue;
		/* One that is no text makes place for the real one. */
		if (no_type && bytes_equal_str(m->key, "_type") && k < b->count &&
		    bytes_equal_str(b->members[k].key, "type") &&
		    same_value(&m->value, &b->members[k].value))
			continue;
		while (k < b->count && is_added(a, b->members[k].key) &&
		       !bytes_equal(m->key, b->members[k].key))
			k++;
		if (k >= b->count || !bytes_equal(m->key, b->members[k].key))
			die("has not the same fields", a);
		if (bytes_equal_str(m->key, "_id"))
			continue;
		same = is_reference(m->key) ?
			same_reference(&m->value, &b->members[k].value, is_workspace) :
			same_value(&m->value, &b->members[k].value);
		if (!same) {
			(void)fprintf(stderr, "same-export: field %.*s\n", (int)m->key.n,
				      (const char *)m->key.p);
			die("differs", a);
		}
	}
	for (; k < b->count; k++)
		if (!is_added(a, b->members[k].key))
			die("has a new field", a);
}

static bool could_keep(const struct item *a)
{
	return a->id.n > 0 && a->id.n <= DOC_ID_MAX && !a->doubled && a->id.p[0] != '_';
}

int main(int argc, char **argv)
{
	const bool keep = argc > 1 && strcmp(argv[1], "--keep") == 0;
	const bool fresh = argc > 1 && strcmp(argv[1], "--new") == 0;
	size_t changed = 0, made = 0;

	argv += keep || fresh;
	argc -= keep || fresh;
	if (argc < 3)
		return 2;
	arena = need(arena_new((size_t)4 << 30));
	side_init(&from, EXCHANGE_DOCS_MAX);
	side_init(&to, EXCHANGE_DOCS_MAX);
	take_in(&from, argv[1]);
	for (int i = 2; i < argc; i++)
		take_in(&to, argv[i]);
	find_parents(&from);
	find_parents(&to);
	hash_items(&from);
	hash_items(&to);
	if (!fresh)
		pair_ids();
	pair_rest();
	for (size_t i = 0; i < from.count; i++) {
		const struct item *a = &from.items[i];

		compare(a);
		changed += !bytes_equal(a->id, a->pair->id);
		if (keep && could_keep(a) && !bytes_equal(a->id, a->pair->id))
			die("has lost its id", a);
		if (fresh && a->id.n && find(&to, a->id))
			die("still has its id", a);
	}
	for (size_t i = 0; i < to.count; i++) {
		if (to.items[i].pair)
			continue;
		if (++made > 1 || !bytes_equal_str(json_get_str(to.items[i].v, "_type"), "workspace"))
			die("was not in the original", &to.items[i]);
	}
	(void)printf("%zu resources, %zu ids changed, %zu workspaces made\n", from.count, changed,
		     made);
	return 0;
}
