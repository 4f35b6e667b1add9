/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One change of the view, made in the tree.  Everything is checked against the tree as it is
 * now: between finding a change and making it a user may have been at the same place.
 */
#include "store/view_private.h"

#include <stdio.h>

#include "base/clock.h"

#include "base/log.h"

static enum wk_status prepare_file(struct view *v, struct view_change *c)
{
	struct doc *doc = c->doc;
	struct tree_new what = { .mode = S_IFREG | 0644, .uid = v->uid, .gid = v->gid,
				 .time_ns = doc->created_ms * 1000000 };
	struct node *node;
	enum wk_status st = tree_make_unnamed(v->tree, &what, &node);

	if (st != WK_OK)
		return st;
	node->doc = doc;
	node->atime_ns = node->ctime_ns = clock_wall_ns();
	st = tree_set_rendered(v->tree, node, doc->size, doc->modified_ms * 1000000);
	if (st != WK_OK) {
		node->doc = NULL;
		tree_release(v->tree, node);
		return st;
	}
	c->generation = doc->generation;
	c->made = node;
	return WK_OK;
}

enum wk_status view_prepare(struct view *v, struct view_change *change, struct node **node_out)
{
	struct tree_new what = { .mode = S_IFDIR | 0755, .uid = v->uid, .gid = v->gid };
	enum wk_status st = WK_OK;

	if (change->made == NULL && change->op == VIEW_PUT)
		st = prepare_file(v, change);
	else if (change->made == NULL && change->op == VIEW_MKDIR)
		st = tree_make_unnamed(v->tree, &what, &change->made);
	else if (change->made == NULL)
		st = WK_INVALID;
	if (st == WK_OK)
		*node_out = change->made;
	return st;
}

static void drop_made(struct view *v, struct view_change *c)
{
	if (c->made == NULL)
		return;
	c->made->doc = NULL;
	tree_release(v->tree, c->made);
	c->made = NULL;
}

static enum wk_status do_put(struct view *v, struct view_work *work)
{
	struct view_change *c = &work->change;
	struct doc *doc = c->doc;
	struct node *dir = tree_node(v->tree, c->dir_ino), *old, *node;
	enum wk_status st;

	if (dir == NULL || doc->removed || doc->settling != NULL)
		return WK_CANCELLED;
	old = tree_lookup(v->tree, dir, bytes_str(c->name));
	if (old != (kind_is_directory(doc->kind) || doc->node != NULL ? doc->file : NULL) &&
	    !(old == NULL && kind_is_directory(doc->kind)))
		return WK_CANCELLED;
	if (old != NULL && old->written)
		return WK_CANCELLED;
	/* The bytes of the new file are those of the document now, not of when it was prepared. */
	if (c->made != NULL && c->generation != doc->generation)
		return WK_CANCELLED;
	st = view_prepare(v, c, &node);
	if (st == WK_OK && old != NULL && old->rendered && old->lookups > 0)
		st = tree_freeze(v->tree, old);
	if (st != WK_OK)
		return st;
	if (old != NULL && old->lookups == 0)
		old->doc = NULL;
	doc->file = node;
	if (!kind_is_directory(doc->kind))
		doc->node = node;
	st = tree_attach(v->tree, node, dir, bytes_str(c->name), old != NULL, TREE_QUIET);
	if (st != WK_OK) {
		doc->file = old;
		if (!kind_is_directory(doc->kind))
			doc->node = old;
		if (old != NULL)
			old->doc = doc;
		return st;
	}
	c->made = NULL;
	doc->stale = false;
	doc->text_has_id = kind_info(doc->kind)->text_key == NULL;
	return docs_row_save(v->docs, doc);
}

static enum wk_status link_dir(struct view *v, struct view_work *work, struct node *node)
{
	struct group *g = work->group;
	struct doc *doc = work->change.doc;

	switch (work->aim) {
	case VIEW_AIM_GROUP:
		g->dir = node;
		node->group = g;
		return docs_row_save_group(v->docs, g);
	case VIEW_AIM_UNPLACED:
		g->unplaced = node;
		return docs_row_save_group(v->docs, g);
	case VIEW_AIM_CHILDREN:
		doc->children = node;
		node->doc = doc;
		return docs_row_save(v->docs, doc);
	case VIEW_AIM_DOC:
		break;
	}
	doc->node = node;
	node->doc = doc;
	if (doc->kind == KIND_WORKSPACE) {
		g->dir = node;
		node->group = g;
		if (docs_row_save_group(v->docs, g) != WK_OK)
			return WK_FULL;
	}
	return docs_row_save(v->docs, doc);
}

static enum wk_status do_mkdir(struct view *v, struct view_work *work)
{
	struct view_change *c = &work->change;
	struct node *dir = tree_node(v->tree, c->dir_ino), *node;
	enum wk_status st;

	if (dir == NULL || tree_lookup(v->tree, dir, bytes_str(c->name)) != NULL)
		return WK_CANCELLED;
	st = view_prepare(v, c, &node);
	if (st == WK_OK)
		st = tree_attach(v->tree, node, dir, bytes_str(c->name), false, TREE_QUIET);
	if (st != WK_OK)
		return st;
	c->made = NULL;
	return link_dir(v, work, node);
}

static enum wk_status do_move(struct view *v, struct view_work *work)
{
	const struct view_change *c = &work->change;
	struct node *from = tree_node(v->tree, c->from_dir_ino);
	struct node *dir = tree_node(v->tree, c->dir_ino);
	const struct node *what = work->aim == VIEW_AIM_CHILDREN ? c->doc->children : c->doc->node;
	enum wk_status st;

	if (from == NULL || dir == NULL || what == NULL ||
	    tree_lookup(v->tree, from, bytes_str(c->from_name)) != what)
		return WK_CANCELLED;
	st = tree_rename(v->tree, from, bytes_str(c->from_name), dir, bytes_str(c->name),
			 TREE_QUIET | RENAME_NOREPLACE);
	if (st != WK_OK)
		return st == WK_EXISTS || st == WK_NOT_FOUND || st == WK_INVALID ? WK_CANCELLED
										 : st;
	v->empty_ino = c->from_dir_ino;
	return docs_row_save(v->docs, c->doc);
}

static enum wk_status do_remove(struct view *v, struct view_work *work)
{
	const struct view_change *c = &work->change;
	struct node *dir = tree_node(v->tree, c->dir_ino), *file = c->doc->file;
	struct doc *doc = c->doc;
	enum wk_status st = WK_OK;

	if (dir == NULL || file == NULL || file->written || doc->settling != NULL ||
	    !doc->removed || tree_lookup(v->tree, dir, bytes_str(c->name)) != file)
		return WK_CANCELLED;
	if (file->rendered && file->lookups > 0)
		st = tree_freeze(v->tree, file);
	if (st != WK_OK)
		return st;
	/* Who has it open may save it still. */
	if (file->lookups == 0)
		file->doc = NULL;
	doc->file = NULL;
	if (!kind_is_directory(doc->kind))
		doc->node = NULL;
	v->empty_ino = c->dir_ino;
	st = tree_unlink(v->tree, dir, bytes_str(c->name), TREE_QUIET);
	return st == WK_NOT_FOUND ? WK_CANCELLED : st;
}

/* After a directory is gone, or stays for the scratch in it: nobody's any more. */
static enum wk_status unlink_dir(struct view *v, struct view_work *work, struct node *node,
				 bool gone)
{
	struct group *g = work->group;

	if (work->aim == VIEW_AIM_UNPLACED && gone) {
		g->unplaced = NULL;
		return docs_row_save_group(v->docs, g);
	}
	if (work->aim == VIEW_AIM_GROUP && gone) {
		g->dir = NULL;
		for (size_t i = 0; i < g->doc_count; i++)
			if (g->docs[i]->node == node)
				g->docs[i]->node = NULL;
		return docs_row_save_group(v->docs, g);
	}
	if (node->doc != NULL && (gone || work->aim == VIEW_AIM_DOC)) {
		struct doc *doc = node->doc;

		if (doc->children == node)
			doc->children = NULL;
		if (doc->node == node)
			doc->node = NULL;
		node->doc = NULL;
		if (!doc->removed || doc->agreed.n != 0 || doc->agreed.version[0] != '\0')
			return docs_row_save(v->docs, doc);
	}
	return WK_OK;
}

static enum wk_status do_rmdir(struct view *v, struct view_work *work)
{
	const struct view_change *c = &work->change;
	struct node *dir = tree_node(v->tree, c->dir_ino), *node;
	enum wk_status st;

	node = dir == NULL ? NULL : tree_lookup(v->tree, dir, bytes_str(c->name));
	if (node == NULL || !S_ISDIR(node->mode) ||
	    (c->doc != NULL && (node != c->doc->node || !c->doc->removed)))
		return WK_CANCELLED;
	if (!tree_is_empty(node))
		return unlink_dir(v, work, node, false);
	st = unlink_dir(v, work, node, true);
	v->empty_ino = c->dir_ino;
	return st == WK_OK ? tree_rmdir(v->tree, dir, bytes_str(c->name), TREE_QUIET) : st;
}

enum wk_status view_do(struct view *v, struct view_work *work)
{
	static enum wk_status (*const does[])(struct view *v, struct view_work *work) = {
		[VIEW_PUT] = do_put,	   [VIEW_MKDIR] = do_mkdir, [VIEW_MOVE] = do_move,
		[VIEW_REMOVE] = do_remove, [VIEW_RMDIR] = do_rmdir,
	};
	enum wk_status st = docs_begin(v->docs);

	if (st == WK_OK)
		st = does[work->change.op](v, work);
	rows_end(v->store->rows);
	drop_made(v, &work->change);
	if (st != WK_OK && st != WK_CANCELLED)
		log_warn("a change could not be shown: %s", wk_status_text(st));
	return st;
}
