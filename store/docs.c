/* SPDX-License-Identifier: Apache-2.0 */
/* Groups and documents: opening, closing, and groups' own changes. */
#include "store/docs_private.h"

#include <stdlib.h>

#include "store/status.h"

static enum wk_status load_group(void *arg, int64_t key1, int64_t key2, struct bytes value)
{
	(void)key2;
	return docs_row_load_group(arg, key1, value);
}

static enum wk_status load_doc(void *arg, int64_t key1, int64_t key2, struct bytes value)
{
	(void)key2;
	return docs_row_load(arg, key1, value);
}

/* A node is one document's: a living one's rather than a removed one's. */
static void claim(struct doc *doc, struct node **slot)
{
	struct node *node = *slot;
	struct doc *other = node == NULL ? NULL : node->doc;

	if (other != NULL && other != doc) {
		if (doc->removed) {
			*slot = NULL;
			return;
		}
		other->node = other->node == node ? NULL : other->node;
		other->file = other->file == node ? NULL : other->file;
		other->children = other->children == node ? NULL : other->children;
	}
	if (node != NULL)
		node->doc = doc;
}

/* Parents that were loaded after their children lend their ids only now; nodes learn whose they are. */
static enum wk_status link_doc(struct docs *d, struct doc *doc)
{
	enum wk_status st = WK_OK;

	if (doc->parent_id != NULL)
		st = docs_set_parent(d, doc, bytes_str(doc->parent_id));
	claim(doc, &doc->node);
	claim(doc, &doc->file);
	claim(doc, &doc->children);
	return st;
}

/* A size by an older renderer: made anew before anybody asks for it. */
static enum wk_status render_again(struct docs *d, struct doc *doc)
{
	struct json *json = NULL;
	enum wk_status st;

	doc->size = 0;
	if (doc->removed)
		return WK_OK;
	st = docs_tree(d, d->arena, doc, DOCS_LOCAL, &json);
	if (st == WK_OK)
		st = docs_render(d, json);
	if (st == WK_OK) {
		doc->size = d->rendered.n;
		if (doc->file != NULL && doc->file->rendered)
			st = tree_set_rendered(d->tree, doc->file, doc->size,
					       doc->modified_ms * 1000000);
	}
	if (st == WK_OK)
		st = docs_row_save(d, doc);
	docs_wipe(d);
	return st;
}

static enum wk_status load(struct docs *d)
{
	enum wk_status st = rows_each(d->rows, ROWS_GROUP, load_group, d);

	if (st == WK_OK)
		st = rows_each(d->rows, ROWS_DOC, load_doc, d);
	for (size_t i = 0; st == WK_OK && i < d->group_count; i++) {
		struct group *g = d->groups[i];

		for (size_t k = 0; st == WK_OK && k < g->doc_count; k++) {
			st = link_doc(d, g->docs[k]);
			if (st == WK_OK && g->docs[k]->size == UINT64_MAX)
				st = render_again(d, g->docs[k]);
		}
		if (g->dir != NULL)
			g->dir->group = g;
		docs_pick_workspace(d, g);
	}
	return st;
}

enum wk_status docs_open(struct store *s, struct docs **docs_out)
{
	struct docs *d = calloc(1, sizeof(*d));
	enum wk_status st = WK_NOMEM;

	if (d == NULL)
		return WK_NOMEM;
	d->store = s;
	d->rows = s->rows;
	d->tree = s->tree;
	d->text = (struct buf)BUF_SECRET_INIT(DOC_MAX + 1);
	d->rendered = (struct buf)BUF_SECRET_INIT(4 * (size_t)DOC_MAX);
	d->row = (struct buf)BUF_SECRET_INIT(DOCS_ROW_MAX);
	d->arena = arena_new(DOCS_ARENA_MAX);
	d->groups_by_id = map_new();
	d->docs_by_key = map_new();
	d->strings = map_new();
	d->authors_by_id = map_new();
	if (d->arena && d->groups_by_id && d->docs_by_key && d->strings && d->authors_by_id)
		st = load(d);
	if (st != WK_OK) {
		docs_close(d);
		return st;
	}
	*docs_out = d;
	return WK_OK;
}

static void free_group(struct group *g)
{
	for (size_t i = 0; i < g->doc_count; i++) {
		free(g->docs[i]->problem);
		free(g->docs[i]);
	}
	free(g->docs);
	free(g->name);
	group_key_free(g->key);
	free(g);
}

void docs_close(struct docs *d)
{
	void *value;

	if (d == NULL)
		return;
	for (size_t i = 0; i < d->group_count; i++)
		free_group(d->groups[i]);
	for (size_t at = 0; d->strings && map_next(d->strings, &at, NULL, &value);)
		free(value);
	for (size_t i = 0; i < d->moved_count; i++)
		free(d->moved[i].name);
	free(d->moved);
	free(d->groups);
	free(d->authors);
	map_free(d->groups_by_id);
	map_free(d->docs_by_key);
	map_free(d->strings);
	map_free(d->authors_by_id);
	buf_fini(&d->text);
	buf_fini(&d->rendered);
	buf_fini(&d->row);
	arena_free(d->arena);
	free(d);
}

enum wk_status docs_group_add(struct docs *d, const char *id, const char *name,
			      struct group_key *key, bool on_server, struct group **group_out)
{
	struct group *g;
	enum wk_status st;

	if (docs_group(d, id) != NULL)
		return WK_EXISTS;
	st = docs_add_group(d, bytes_str(id), bytes_str(name), key, 0, &g);
	if (st != WK_OK)
		return st;
	g->on_server = on_server;
	st = docs_row_save_group(d, g);
	if (st != WK_OK) {
		/* The key stays the caller's; the group was the newest. */
		g->key = NULL;
		d->group_count--;
		map_remove(d->groups_by_id, bytes_str(g->id));
		free_group(g);
		return st;
	}
	*group_out = g;
	status_changed(d->store);
	if (!on_server && d->on_outgoing != NULL)
		d->on_outgoing(d->on_outgoing_arg);
	return WK_OK;
}

enum wk_status docs_group_save(struct docs *d, struct group *g)
{
	enum wk_status st = docs_row_save_group(d, g);

	status_changed(d->store);
	return st;
}

void docs_on_outgoing(struct docs *d, void (*fn)(void *arg), void *arg)
{
	d->on_outgoing = fn;
	d->on_outgoing_arg = arg;
}

void docs_tell_outgoing(struct docs *d, const struct doc *doc)
{
	status_changed(d->store);
	if (doc->pending && !doc->held && d->on_outgoing != NULL)
		d->on_outgoing(d->on_outgoing_arg);
}
