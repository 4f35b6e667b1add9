/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a file's document hangs: the document of its directory, which is made when there is
 * none yet.
 */
#include "store/settle_private.h"

#include "base/clock.h"
#include "model/name.h"

#define NS_PER_MS 1000000

void settle_new_id(struct settle *s, enum kind kind, const char *text_id,
		   char id_out[DOC_ID_MAX + 1])
{
	if (text_id[0] != '\0' && !docs_was_seen(s->docs, bytes_str(text_id)))
		memcpy(id_out, text_id, strlen(text_id) + 1);
	else
		kind_new_id(kind, id_out);
}

/* What a directory's name says; the whole name where it could be no folder's. */
enum wk_status settle_name_of(struct settle *s, struct node *dir, struct buf *name_out)
{
	SCOPED(name_parts_fini) struct name_parts parts = NAME_PARTS_INIT;
	struct node *above;
	struct bytes name;
	bool children = false;
	enum wk_status st = tree_place(s->tree, dir, &above, &name);

	if (st != WK_OK)
		return st;
	st = name_decode_dir(name, &parts, &children);
	if (st == WK_OK && !children)
		return buf_append(name_out, parts.name.p, parts.name.n);
	return above == tree_root(s->tree) ? buf_append(name_out, name.p, name.n) : WK_NOT_FOUND;
}

struct node *settle_dir_file(struct settle *s, struct node *dir, enum kind kind)
{
	struct node *file = tree_lookup(s->tree, dir, bytes_str(kind_info(kind)->dir_file));

	return file != NULL && S_ISREG(file->mode) ? file : NULL;
}

/* The document that the file in the directory means, or (without one, or a bad one) a new one. */
static enum wk_status read_dir(struct settle *s, struct arena *arena, struct node *file,
			       struct doc_place *place, char id[DOC_ID_MAX + 1],
			       struct json **json_out, struct json_error *error)
{
	SCOPED(buf_fini) struct buf text = BUF_SECRET_INIT(DOC_MAX);
	char text_id[DOC_ID_MAX + 1] = "";
	enum wk_status st = WK_INVALID;

	if (file != NULL && tree_read_all(s->tree, file, &text) == WK_OK) {
		if (doc_text_id(arena, buf_bytes(&text), text_id) != WK_OK)
			text_id[0] = '\0';
		settle_new_id(s, place->kind, text_id, id);
		place->id = bytes_str(id);
		st = doc_parse(arena, buf_bytes(&text), place, NULL, json_out, error);
		if (st != WK_INVALID)
			return st;
	} else {
		settle_new_id(s, place->kind, "", id);
		place->id = bytes_str(id);
	}
	return doc_new(arena, place, json_out) == WK_OK ? st : WK_NOMEM;
}

void settle_bind(struct settle *s, struct doc *doc, struct node *dir, struct node *file)
{
	/* The file that was its document keeps the bytes it shows. */
	if (doc->file != NULL && doc->file != file && doc->file->doc == doc) {
		if (doc->file->rendered && tree_freeze(s->tree, doc->file) != WK_OK)
			return;
		doc->file->doc = NULL;
	}
	if (dir->doc != NULL && dir->doc != doc)
		settle_take_away(s, dir->doc, dir);
	if (doc->node != NULL && doc->node != dir && doc->node->doc == doc)
		doc->node->doc = NULL;
	dir->doc = doc;
	doc->node = dir;
	if (file != NULL && file->doc != NULL && file->doc != doc)
		settle_take_away(s, file->doc, file);
	if (file != NULL)
		file->doc = doc;
	doc->file = file;
}

enum wk_status settle_make_dir(struct settle *s, struct group *g, struct node *dir, enum kind kind,
			       struct doc *parent, struct doc **doc_out)
{
	SCOPED(buf_fini) struct buf name = BUF_SECRET_INIT(4096);
	SCOPED(arena_free_scoped) struct arena *arena = arena_new(DOCS_ARENA_MAX);
	struct node *file = settle_dir_file(s, dir, kind);
	struct json_error error = { 0 };
	struct json *json = NULL;
	char id[DOC_ID_MAX + 1];
	struct doc_place place = { .kind = kind, .created_ms = dir->btime_ns / NS_PER_MS };
	enum wk_status st = settle_name_of(s, dir, &name), text_st;

	if (st != WK_OK)
		return st;
	if (arena == NULL)
		return WK_NOMEM;
	/* Another group's file is about to show another document's text. */
	if (file != NULL && file->rendered && file->doc != NULL)
		st = tree_freeze(s->tree, file);
	place.name = buf_bytes(&name);
	if (place.name.p == NULL)
		place.name = bytes_str("");
	place.modified_ms = clock_wall_ms();
	if (parent != NULL)
		place.parent_id = bytes_str(parent->id);
	if (st != WK_OK)
		return st;
	text_st = read_dir(s, arena, file, &place, id, &json, &error);
	if (text_st != WK_OK && text_st != WK_INVALID)
		return text_st;
	st = docs_create(s->docs, g, json, false, doc_out);
	if (st != WK_OK)
		return st;
	settle_bind(s, *doc_out, dir, file);
	if (file == NULL) {
		(*doc_out)->shown = false;
		(*doc_out)->stale = true;
		st = view_queue(s->store->view, *doc_out, bytes_of(NULL, 0));
	} else {
		(*doc_out)->shown = true;
		(*doc_out)->stale = false;
	}
	return st == WK_OK ? docs_row_save(s->docs, *doc_out) : st;
}

static enum wk_status children_owner(struct settle *s, struct group *g, struct node *above,
				     struct bytes dir_name, enum kind kind, struct doc **owner_out)
{
	const struct kind_info *info = kind_info(kind);
	size_t n = dir_name.n - strlen(info->children_suffix);
	char name[TREE_NAME_MAX + 16];
	struct node *file;

	memcpy(name, dir_name.p, n);
	memcpy(name + n, info->suffix, strlen(info->suffix) + 1);
	file = tree_lookup(s->tree, above, bytes_str(name));
	if (file == NULL || file->doc == NULL || file->doc->file != file ||
	    file->doc->group != g || file->doc->kind != kind)
		return WK_NOT_FOUND;
	*owner_out = file->doc;
	return WK_OK;
}

static enum wk_status make_folder(struct settle *s, struct group *g, struct node *dir,
				  struct node *above, struct doc **parent_out)
{
	enum kind kind = settle_dir_file(s, dir, KIND_PROTO_DIR) != NULL ? KIND_PROTO_DIR
								     : KIND_FOLDER;
	struct doc *parent = NULL;
	bool keep = false;
	enum wk_status st = settle_parent(s, g, above, &parent, &keep);

	if (st != WK_OK)
		return st;
	if (parent->kind == KIND_PROTO_DIR)
		kind = KIND_PROTO_DIR;
	if (keep || !kind_may_contain(parent->kind, kind))
		return WK_NOT_FOUND;
	return settle_make_dir(s, g, dir, kind, parent, parent_out);
}

enum wk_status settle_parent(struct settle *s, struct group *g, struct node *dir,
			     struct doc **parent_out, bool *keep_out)
{
	SCOPED(name_parts_fini) struct name_parts parts = NAME_PARTS_INIT;
	struct settle_node *e = settle_find(s, dir);
	struct node *above;
	struct bytes name;
	bool children = false;
	enum wk_status st = WK_OK;

	if (dir == g->dir || dir == g->unplaced) {
		*keep_out = dir == g->unplaced;
		if (g->workspace == NULL)
			return settle_make_dir(s, g, g->dir, KIND_WORKSPACE, NULL, parent_out);
		*parent_out = g->workspace;
		return WK_OK;
	}
	/* A folder that was made again, or moved, is first taken for what it was. */
	if (e != NULL && e->match != NULL)
		st = settle_take_place(s, e);
	if (st != WK_OK)
		return st;
	if (dir->doc != NULL && dir->doc->group == g) {
		*parent_out = dir->doc;
		return WK_OK;
	}
	st = tree_place(s->tree, dir, &above, &name);
	if (st == WK_OK)
		st = name_decode_dir(name, &parts, &children);
	if (st != WK_OK)
		return WK_NOT_FOUND;
	if (!children)
		return make_folder(s, g, dir, above, parent_out);
	st = children_owner(s, g, above, name, parts.kind, parent_out);
	if (st == WK_OK && (*parent_out)->children == NULL) {
		(*parent_out)->children = dir;
		dir->doc = *parent_out;
	}
	return st;
}
