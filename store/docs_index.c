/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Groups and documents in memory: their index, interned strings and counts.
 *
 * Ten thousand documents share a few types, authors and parents, so each of these strings
 * is held once: a parent that is here lends its own id, everything else comes from one table.
 */
#include "store/docs_private.h"

#include <stdlib.h>

char *docs_intern(struct docs *d, struct bytes text)
{
	char *s = map_get(d->strings, text);

	if (s != NULL)
		return s;
	s = bytes_dup(text);
	if (s == NULL)
		return NULL;
	if (map_put(d->strings, bytes_of(s, text.n), s) != WK_OK) {
		free(s);
		return NULL;
	}
	return s;
}

static enum wk_status grow(void *array_ptr, size_t *room, size_t count, size_t size)
{
	void **array = array_ptr;
	size_t want = *room == 0 ? 16 : *room * 2;
	void *bigger;

	if (count < *room)
		return WK_OK;
	bigger = reallocarray(*array, want, size);
	if (bigger == NULL)
		return WK_NOMEM;
	*array = bigger;
	*room = want;
	return WK_OK;
}

enum wk_status docs_set_author(struct docs *d, struct doc *doc, struct bytes author)
{
	uintptr_t at = (uintptr_t)map_get(d->authors_by_id, author);
	enum wk_status st;
	char *s;

	if (author.n == 0) {
		doc->author = 0;
		return WK_OK;
	}
	if (at == 0) {
		s = docs_intern(d, author);
		if (s == NULL)
			return WK_NOMEM;
		st = grow(&d->authors, &d->author_room, d->author_count, sizeof(*d->authors));
		if (st == WK_OK)
			st = map_put(d->authors_by_id, bytes_str(s),
				     (void *)(uintptr_t)(d->author_count + 1));
		if (st != WK_OK)
			return st;
		d->authors[d->author_count++] = s;
		at = d->author_count;
	}
	doc->author = (uint32_t)at;
	return WK_OK;
}

const char *docs_author(struct docs *d, const struct doc *doc)
{
	return doc->author == 0 || doc->author > d->author_count ? "" : d->authors[doc->author - 1];
}

static void put_number(uint8_t out[8], int64_t number)
{
	for (int i = 0; i < 8; i++)
		out[i] = (uint8_t)((uint64_t)number >> (56 - 8 * i));
}

static struct bytes key_of(const struct doc *doc)
{
	return bytes_of(doc->id - 8, 8 + strlen(doc->id));
}

enum wk_status docs_new(struct docs *d, struct group *g, struct bytes id, struct bytes type,
			int64_t number, struct doc **doc_out)
{
	enum kind kind = kind_of_type(type);
	struct doc *doc;
	enum wk_status st;
	uint8_t *key;

	if (id.n == 0 || id.n > DOC_ID_MAX || type.n == 0 || type.n > DOC_ID_MAX ||
	    memchr(id.p, '\0', id.n) != NULL || memchr(type.p, '\0', type.n) != NULL)
		return WK_INVALID;
	st = grow(&g->docs, &g->doc_room, g->doc_count, sizeof(struct doc *));
	if (st != WK_OK)
		return st;
	doc = calloc(1, sizeof(*doc) + 8 + id.n + 1);
	if (doc == NULL)
		return WK_NOMEM;
	key = (uint8_t *)(doc + 1);
	put_number(key, g->number);
	memcpy(key + 8, id.p, id.n);
	doc->id = (char *)key + 8;
	doc->group = g;
	doc->kind = kind;
	doc->type = kind == KIND_OTHER ? docs_intern(d, type)
				       : (char *)(uintptr_t)kind_info(kind)->type;
	doc->number = number != 0 ? number : d->last_doc + 1;
	if (doc->type == NULL || map_put(d->docs_by_key, key_of(doc), doc) != WK_OK) {
		free(doc);
		return WK_NOMEM;
	}
	if (doc->number > d->last_doc)
		d->last_doc = doc->number;
	g->docs[g->doc_count++] = doc;
	docs_count(doc);
	*doc_out = doc;
	return WK_OK;
}

void docs_drop(struct docs *d, struct doc *doc)
{
	struct group *g = doc->group;

	for (size_t i = g->doc_count; i-- > 0;) {
		if (g->docs[i] != doc)
			continue;
		g->docs[i] = g->docs[--g->doc_count];
		break;
	}
	docs_uncount(doc);
	if (g->workspace == doc)
		docs_pick_workspace(d, g);
	map_remove(d->docs_by_key, key_of(doc));
	free(doc->problem);
	free(doc);
}

enum wk_status docs_set_parent(struct docs *d, struct doc *doc, struct bytes parent_id)
{
	struct doc *parent;
	char *s;

	if (parent_id.p == NULL || memchr(parent_id.p, '\0', parent_id.n) != NULL ||
	    parent_id.n > DOC_ID_MAX) {
		doc->parent_id = NULL;
		return WK_OK;
	}
	parent = docs_find(d, doc->group, parent_id);
	s = parent != NULL ? parent->id : docs_intern(d, parent_id);
	if (s == NULL)
		return WK_NOMEM;
	doc->parent_id = s;
	return WK_OK;
}

enum wk_status docs_set_problem(struct doc *doc, const char *problem)
{
	char *copy = NULL;

	if (problem != NULL && doc->problem != NULL && strcmp(problem, doc->problem) == 0)
		return WK_OK;
	if (problem != NULL && (copy = strdup(problem)) == NULL)
		return WK_NOMEM;
	free(doc->problem);
	doc->problem = copy;
	return WK_OK;
}

void docs_uncount(struct doc *doc)
{
	struct group *g = doc->group;

	g->live -= !doc->removed;
	g->pending -= doc->pending;
	g->invalid -= doc->invalid && !doc->removed;
	g->unplaced_count -= doc->unplaced && !doc->removed;
}

void docs_count(struct doc *doc)
{
	struct group *g = doc->group;

	g->live += !doc->removed;
	g->pending += doc->pending;
	g->invalid += doc->invalid && !doc->removed;
	g->unplaced_count += doc->unplaced && !doc->removed;
}

static bool comes_before(const struct doc *a, const struct doc *b)
{
	if (a->created_ms != b->created_ms)
		return a->created_ms < b->created_ms;
	return strcmp(a->id, b->id) < 0;
}

void docs_pick_workspace(struct docs *d, struct group *g)
{
	struct doc *best = NULL;

	(void)d;
	for (size_t i = 0; i < g->doc_count; i++) {
		struct doc *doc = g->docs[i];

		if (doc->kind == KIND_WORKSPACE && !doc->removed &&
		    (best == NULL || comes_before(doc, best)))
			best = doc;
	}
	g->workspace = best;
}

enum wk_status docs_add_group(struct docs *d, struct bytes id, struct bytes name,
			      struct group_key *key, int64_t number, struct group **group_out)
{
	struct group *g;
	enum wk_status st;

	if (id.n == 0 || id.n > CONTEXT_ID_MAX || memchr(id.p, '\0', id.n) != NULL)
		return WK_INVALID;
	st = grow(&d->groups, &d->group_room, d->group_count, sizeof(struct group *));
	if (st != WK_OK)
		return st;
	g = calloc(1, sizeof(*g));
	if (g == NULL)
		return WK_NOMEM;
	memcpy(g->id, id.p, id.n);
	g->number = number != 0 ? number : d->last_group + 1;
	g->name = bytes_dup(name);
	if (g->name == NULL || map_put(d->groups_by_id, bytes_str(g->id), g) != WK_OK) {
		free(g->name);
		free(g);
		return WK_NOMEM;
	}
	if (g->number > d->last_group)
		d->last_group = g->number;
	g->key = key;
	d->groups[d->group_count++] = g;
	*group_out = g;
	return WK_OK;
}

struct group *docs_group(struct docs *d, const char *id)
{
	return map_get(d->groups_by_id, bytes_str(id));
}

struct group *docs_group_at(struct docs *d, size_t index)
{
	return index < d->group_count ? d->groups[index] : NULL;
}

struct doc *docs_find(struct docs *d, const struct group *g, struct bytes id)
{
	uint8_t key[8 + DOC_ID_MAX];

	if (id.n == 0 || id.n > DOC_ID_MAX)
		return NULL;
	put_number(key, g->number);
	memcpy(key + 8, id.p, id.n);
	return map_get(d->docs_by_key, bytes_of(key, 8 + id.n));
}

struct doc *docs_at(struct docs *d, const struct group *g, size_t index)
{
	(void)d;
	return index < g->doc_count ? g->docs[index] : NULL;
}

bool docs_is_taken(struct docs *d, struct bytes id)
{
	for (size_t i = 0; i < d->group_count; i++) {
		const struct doc *doc = docs_find(d, d->groups[i], id);

		if (doc != NULL && !doc->removed)
			return true;
	}
	return false;
}

bool docs_was_seen(struct docs *d, struct bytes id)
{
	for (size_t i = 0; i < d->group_count; i++)
		if (docs_find(d, d->groups[i], id) != NULL)
			return true;
	return false;
}
