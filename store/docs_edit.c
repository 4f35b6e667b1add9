/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Changes of LOCAL, by people here or by others through docs_remote.c.
 *
 * Before LOCAL changes under a file that shows it, the file is shielded: its bytes
 * are made from LOCAL when they are read, and an inode that the kernel knows never changes its
 * bytes.  The text it shows stays as SEEN, the base of a save that is still to come.
 */
#include "store/docs_private.h"

#include "base/clock.h"

#define REVIVE_MAX 128

/* Copies a text as it stands. */
static enum wk_status copy_text(struct docs *d, const struct doc *doc, enum docs_text from,
				enum docs_text to)
{
	SCOPED(buf_fini) struct buf text = BUF_SECRET_INIT(DOC_MAX);
	enum wk_status st = rows_get(d->rows, ROWS_TEXT, doc->number, from, &text);

	if (st != WK_OK)
		return st;
	return rows_put(d->rows, ROWS_TEXT, doc->number, to, buf_bytes(&text));
}

enum wk_status docs_keep_agreed(struct docs *d, struct doc *doc)
{
	enum wk_status st;

	if (doc->pending || doc->has_agreed || doc->removed || doc->generation == 0)
		return WK_OK;
	st = copy_text(d, doc, DOCS_LOCAL, DOCS_AGREED);
	if (st == WK_OK)
		doc->has_agreed = true;
	return st;
}

/* Whether a file's bytes under `json` differ from those under LOCAL as it is. */
static enum wk_status differs(struct docs *d, struct doc *doc, bool *differs_out)
{
	SCOPED(buf_fini) struct buf old = BUF_SECRET_INIT(d->rendered.max);
	struct json *json = NULL;
	enum wk_status st = docs_tree(d, d->arena, doc, DOCS_LOCAL, &json);

	if (st == WK_OK)
		st = doc_render(d->arena, json, &old);
	arena_reset(d->arena);
	if (st == WK_OK)
		*differs_out = !bytes_equal(buf_bytes(&old), buf_bytes(&d->rendered));
	return st;
}

/* Makes the file independent of LOCAL, which is about to change. */
static enum wk_status shield(struct docs *d, struct doc *doc)
{
	struct node *file = doc->file;
	bool freeze = file->rendered && (file->lookups > 0 || doc->settling != NULL);
	enum wk_status st = WK_OK;

	/* A file that already shows an older text has its base.  One that is rendered still shows
	 * LOCAL: nobody knew it when its document changed last, but since then somebody may. */
	if (doc->stale && !file->rendered)
		return WK_OK;
	if (freeze || file->fetched || file->written || doc->settling != NULL) {
		if (!doc->has_seen || file->fetched || file->written)
			st = copy_text(d, doc, DOCS_LOCAL, DOCS_SEEN);
		if (st != WK_OK)
			return st;
		doc->has_seen = true;
	}
	return freeze ? tree_freeze(d->tree, file) : WK_OK;
}

/* Puts d->rendered's document behind the fields; nothing here can fail but memory. */
static enum wk_status take_head(struct docs *d, struct doc *doc, const struct doc_head *head,
				bool show)
{
	enum wk_status st = docs_set_parent(d, doc, head->parent_id);
	bool was_workspace = doc->group->workspace == doc;

	if (st != WK_OK)
		return st;
	doc->created_ms = head->created_ms;
	doc->modified_ms = head->modified_ms;
	doc->size = d->rendered.n;
	doc->removed = false;
	doc->generation++;
	if (show)
		doc->shown = false;
	if (doc->kind == KIND_WORKSPACE && (was_workspace || doc->group->workspace != doc))
		docs_pick_workspace(d, doc->group);
	return WK_OK;
}

/* Its file has gone and that is not settled: another that takes its place may be a copy of it. */
static enum wk_status keep_base(struct docs *d, struct doc *doc)
{
	enum wk_status st = WK_OK;

	if (doc->settling == NULL || doc->has_seen)
		return WK_OK;
	st = copy_text(d, doc, DOCS_LOCAL, DOCS_SEEN);
	doc->has_seen = st == WK_OK;
	return st;
}

enum wk_status docs_set_local(struct docs *d, struct doc *doc, const struct json *json, bool show)
{
	struct doc_head head;
	bool changes = true;
	enum wk_status st = doc_read_head(json, &head);

	if (st != WK_OK)
		return st;
	if (!bytes_equal_str(head.id, doc->id) || !bytes_equal_str(head.type, doc->type))
		return WK_CORRUPT;
	st = docs_render(d, json);
	if (st == WK_OK && show && !doc->removed && doc->generation > 0) {
		st = differs(d, doc, &changes);
		if (st == WK_OK && changes)
			st = doc->file != NULL ? shield(d, doc) : keep_base(d, doc);
	}
	if (st == WK_OK)
		st = docs_put_text(d, doc, DOCS_LOCAL, json);
	if (st == WK_OK)
		st = take_head(d, doc, &head, show);
	if (st == WK_OK && show && changes) {
		doc->stale = true;
		if (doc->file != NULL && doc->file->rendered) {
			doc->file->fetched = false;	/* what it shows from now on, that is */
			st = tree_set_rendered(d->tree, doc->file, doc->size,
					       doc->modified_ms * 1000000);
		}
	}
	if (st == WK_OK && show)
		st = view_queue(d->store->view, doc, head.name);
	docs_wipe(d);
	return st;
}

enum wk_status docs_unset_local(struct docs *d, struct doc *doc, bool show)
{
	enum wk_status st = WK_OK;

	if (doc->removed)
		return WK_OK;
	if (docs_has_save(doc) && !doc->stale) {
		st = copy_text(d, doc, DOCS_LOCAL, DOCS_SEEN);
		doc->has_seen |= st == WK_OK;
	}
	/* The file keeps what it shows until it goes, and for as long as the kernel knows it. */
	if (st == WK_OK && doc->file != NULL && doc->file->rendered)
		st = tree_freeze(d->tree, doc->file);
	/* A folder's text stays, so that it can come back for what was saved in it. */
	if (st == WK_OK && !kind_is_directory(doc->kind))
		st = rows_delete(d->rows, ROWS_TEXT, doc->number, DOCS_LOCAL);
	if (st != WK_OK)
		return st;
	doc->removed = true;
	doc->invalid = false;
	doc->conflict = false;
	doc->generation++;
	if (doc->group->workspace == doc)
		docs_pick_workspace(d, doc->group);
	if (show) {
		doc->shown = false;
		st = view_queue(d->store->view, doc, bytes_of(NULL, 0));
	}
	return st;
}

static bool was_sent(const struct doc *doc)
{
	static const uint8_t none[DIGEST_SIZE];

	return doc->agreed.n != 0 || doc->agreed.version[0] != '\0' ||
	       memcmp(doc->sent_digest, none, DIGEST_SIZE) != 0;
}

static enum wk_status revive_one(struct docs *d, struct doc *doc)
{
	SCOPED(buf_fini) struct buf text = BUF_SECRET_INIT(DOC_MAX);
	SCOPED(arena_free_scoped) struct arena *arena = arena_new(DOCS_ARENA_MAX);
	struct json *json = NULL;
	enum wk_status st;

	if (arena == NULL)
		return WK_NOMEM;
	st = rows_get(d->rows, ROWS_TEXT, doc->number, DOCS_LOCAL, &text);
	if (st == WK_OK)
		st = json_parse(arena, buf_bytes(&text), &json, NULL);
	if (st != WK_OK)
		return st;
	docs_uncount(doc);
	st = docs_set_local(d, doc, json, true);
	if (st == WK_OK) {
		doc->pending = true;
		doc->stale = true;
	}
	docs_count(doc);
	return st == WK_OK ? docs_row_save(d, doc) : st;
}

enum wk_status docs_revive_parents(struct docs *d, struct doc *doc)
{
	for (int i = 0; i < REVIVE_MAX && doc->parent_id != NULL; i++) {
		struct doc *parent = docs_find(d, doc->group, bytes_str(doc->parent_id));
		enum wk_status st;

		if (parent == NULL || !parent->removed)
			return WK_OK;
		st = revive_one(d, parent);
		/* Its text is gone: the document shows in Unplaced. */
		if (st == WK_NOT_FOUND)
			return WK_OK;
		if (st != WK_OK)
			return st;
		doc = parent;
	}
	return WK_OK;
}

static enum wk_status create(struct docs *d, struct group *g, const struct json *json,
			     const struct doc_head *head, bool show, struct doc **doc_out)
{
	struct doc *doc = docs_find(d, g, head->id);
	bool made = doc == NULL;
	enum wk_status st = WK_OK;

	if (made)
		st = docs_new(d, g, head->id, head->type, 0, &doc);
	if (st != WK_OK)
		return st;
	docs_uncount(doc);
	st = docs_set_local(d, doc, json, show);
	if (st == WK_OK)
		doc->pending = true;
	docs_count(doc);
	if (st == WK_OK)
		st = docs_revive_parents(d, doc);
	if (st == WK_OK)
		st = docs_row_save(d, doc);
	if (st != WK_OK && made && doc->queued == NULL)
		docs_drop(d, doc);
	else if (st == WK_OK)
		*doc_out = doc;
	return st;
}

enum wk_status docs_create(struct docs *d, struct group *g, const struct json *json, bool show,
			   struct doc **doc_out)
{
	struct doc_head head;
	const struct doc *old;
	enum wk_status st = doc_read_head(json, &head);

	if (st != WK_OK)
		return st;
	old = docs_find(d, g, head.id);
	if (old != NULL && !old->removed)
		return WK_EXISTS;
	if (g->live >= DOCS_GROUP_MAX)
		return WK_LIMIT;
	st = docs_begin(d);
	if (st == WK_OK)
		st = create(d, g, json, &head, show, doc_out);
	rows_end(d->rows);
	if (st == WK_OK)
		docs_tell_outgoing(d, *doc_out);
	return st;
}

enum wk_status docs_add(struct docs *d, struct group *g, const struct json *json,
			struct doc **doc_out)
{
	return docs_create(d, g, json, true, doc_out);
}

enum wk_status docs_edit(struct docs *d, struct doc *doc, const struct json *json, bool show)
{
	enum wk_status st;

	st = docs_begin(d);
	if (st == WK_OK)
		st = docs_keep_agreed(d, doc);
	docs_uncount(doc);
	if (st == WK_OK)
		st = docs_set_local(d, doc, json, show);
	if (st == WK_OK) {
		doc->pending = true;
		doc->held = false;
	}
	docs_count(doc);
	if (st == WK_OK)
		st = docs_revive_parents(d, doc);
	if (st == WK_OK)
		st = docs_row_save(d, doc);
	rows_end(d->rows);
	if (st == WK_OK)
		docs_tell_outgoing(d, doc);
	return st;
}

static enum wk_status forget(struct docs *d, struct doc *doc)
{
	enum wk_status st = rows_delete_from(d->rows, ROWS_TEXT, doc->number, 0);

	if (st == WK_OK)
		st = rows_delete(d->rows, ROWS_DOC, doc->number, 0);
	if (st == WK_OK) {
		doc->has_agreed = false;
		doc->has_seen = false;
		doc->pending = false;
	}
	return st;
}

enum wk_status docs_remove(struct docs *d, struct doc *doc, bool show)
{
	bool sent = was_sent(doc);
	enum wk_status st;

	if (doc->removed)
		return WK_OK;
	st = docs_begin(d);
	if (st == WK_OK && sent)
		st = docs_keep_agreed(d, doc);
	docs_uncount(doc);
	if (st == WK_OK)
		st = docs_unset_local(d, doc, show);
	if (st == WK_OK) {
		doc->pending = true;
		doc->held = false;
	}
	/* A save that waits in its file brings it back, and needs its base for that. */
	if (st == WK_OK && sent && !docs_has_save(doc))
		st = docs_forget_text(d, doc, DOCS_SEEN);
	else if (st == WK_OK && !sent)
		st = forget(d, doc);
	docs_count(doc);
	if (st == WK_OK && sent)
		st = docs_row_save(d, doc);
	rows_end(d->rows);
	if (st == WK_OK)
		docs_tell_outgoing(d, doc);
	return st;
}
