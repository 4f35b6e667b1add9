/* SPDX-License-Identifier: Apache-2.0 */
/* The next change that brings the tree nearer to what a document says. */
#include "store/view_private.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "store/place.h"
#include "store/status.h"

static enum view_step work_to(struct view_work *work, struct view_item *item, enum view_op op,
			      const struct node *dir, const char *name)
{
	*work = (struct view_work){ .item = item };
	work->change.op = op;
	work->change.dir_ino = dir->ino;
	snprintf(work->change.name, sizeof(work->change.name), "%s", name);
	if (item != NULL) {
		work->change.doc = item->doc;
		work->change.generation = item->doc->generation;
		work->group = item->doc->group;
	}
	return VIEW_WORK;
}

static void set_from(struct view_work *work, const struct node *dir, struct bytes name)
{
	work->change.from_dir_ino = dir->ino;
	memcpy(work->change.from_name, name.p, name.n);
	work->change.from_name[name.n] = '\0';
}

/* Nothing is left to do for this document. */
static enum view_step finish(struct view *v, struct view_item *item, bool unplaced,
			     const char *problem)
{
	struct doc *doc = item->doc;
	bool had = doc->unplaced;

	docs_uncount(doc);
	doc->shown = true;
	doc->stale = false;
	doc->unplaced = unplaced;
	docs_count(doc);
	if (!doc->invalid && !doc->held &&
	    (docs_set_problem(doc, problem) != WK_OK ||
	     (!(doc->removed && !doc->pending && doc->agreed.version[0] == '\0' &&
		doc->agreed.n == 0) &&
	      docs_row_save(v->docs, doc) != WK_OK)))
		log_warn("a document's place could not be noted: it is looked for at the next start");
	else if (doc->invalid && docs_row_save(v->docs, doc) != WK_OK)
		log_warn("a document's state could not be noted");
	if (had != unplaced)
		status_changed(v->store);
	doc->queued = NULL;
	item->done = true;
	return VIEW_DONE;
}

/* Another document must be in place before. */
static enum view_step step_first(struct view *v, struct doc *doc, struct view_work *work)
{
	enum view_step step;

	if (doc->queued == NULL && view_queue(v, doc, bytes_of(NULL, 0)) != WK_OK)
		return VIEW_BLOCKED;
	if (doc->queued->steps > VIEW_STEPS_MAX)
		return VIEW_BLOCKED;
	step = view_step(v, doc->queued, work);
	return step == VIEW_DONE && doc->node == NULL ? VIEW_BLOCKED : step;
}

static enum view_step make_group_dir(struct view *v, struct group *g, struct view_work *work)
{
	struct node *root = tree_root(v->tree);
	char type[] = "Workspace";
	struct doc stand_in = { .group = g, .kind = KIND_WORKSPACE, .id = g->id, .type = type };
	char name[TREE_NAME_MAX + 1];

	if (g->workspace != NULL && !g->workspace->removed && g->workspace->node == NULL)
		return step_first(v, g->workspace, work);
	if (place_name(v->docs, &stand_in, bytes_str(g->name), root, name) != WK_OK &&
	    place_name(v->docs, &stand_in, bytes_str(g->id), root, name) != WK_OK)
		return VIEW_BLOCKED;
	work_to(work, NULL, VIEW_MKDIR, root, name);
	work->aim = VIEW_AIM_GROUP;
	work->group = g;
	return VIEW_WORK;
}

static enum view_step make_unplaced(struct view *v, struct group *g, struct view_work *work)
{
	char name[32] = "Unplaced";

	for (int i = 2; tree_lookup(v->tree, g->dir, bytes_str(name)) != NULL; i++)
		snprintf(name, sizeof(name), "Unplaced %d", i);
	work_to(work, NULL, VIEW_MKDIR, g->dir, name);
	work->aim = VIEW_AIM_UNPLACED;
	work->group = g;
	return VIEW_WORK;
}

static enum view_step make_children(struct view *v, struct doc *parent, struct view_work *work)
{
	char name[TREE_NAME_MAX + 1];
	struct bytes file_name;
	struct node *dir, *there;

	if (parent->node == NULL)
		return step_first(v, parent, work);
	if (tree_place(v->tree, parent->node, &dir, &file_name) != WK_OK ||
	    !place_children_name(parent, file_name, name))
		return VIEW_BLOCKED;
	there = tree_lookup(v->tree, dir, bytes_str(name));
	if (there != NULL && S_ISDIR(there->mode) && there->doc == NULL) {
		there->doc = parent;
		parent->children = there;
		return VIEW_DONE;
	}
	if (there != NULL)
		return VIEW_BLOCKED;
	work_to(work, NULL, VIEW_MKDIR, dir, name);
	work->aim = VIEW_AIM_CHILDREN;
	work->group = parent->group;
	work->change.doc = parent;
	work->change.generation = parent->generation;
	return VIEW_WORK;
}

/* The directory a document belongs in; VIEW_DONE when it is there. */
static enum view_step home(struct view *v, struct doc *doc, enum place_where where,
			   struct doc *parent, struct node **dir_out, struct view_work *work)
{
	struct group *g = doc->group;
	enum view_step step = VIEW_DONE;

	*dir_out = tree_root(v->tree);
	if (where == PLACE_ROOT)
		return VIEW_DONE;
	if (g->dir == NULL)
		step = make_group_dir(v, g, work);
	if (step != VIEW_DONE)
		return step;
	*dir_out = g->dir;
	if (where == PLACE_UNPLACED) {
		*dir_out = g->unplaced;
		return g->unplaced != NULL ? VIEW_DONE : make_unplaced(v, g, work);
	}
	if (where != PLACE_BELOW)
		return g->dir != NULL ? VIEW_DONE : VIEW_BLOCKED;
	if (kind_is_directory(parent->kind)) {
		step = parent->node != NULL ? VIEW_DONE : step_first(v, parent, work);
		*dir_out = parent->node;
	} else {
		step = parent->children != NULL ? VIEW_DONE : make_children(v, parent, work);
		*dir_out = parent->children;
	}
	return step == VIEW_DONE && *dir_out == NULL ? VIEW_BLOCKED : step;
}

static enum wk_status need_name(struct view *v, struct view_item *item)
{
	SCOPED(buf_fini) struct buf name = BUF_SECRET_INIT(DOC_MAX);
	enum wk_status st = WK_OK;

	if (item->name == NULL) {
		st = place_doc_name(v->docs, item->doc, &name);
		if (st == WK_OK && (item->name = bytes_dup(buf_bytes(&name))) == NULL)
			st = WK_NOMEM;
		item->name_n = name.n;
	}
	return st;
}

/* Makes it where it is not yet shown, or moves it to its place; VIEW_DONE when it stands there. */
static enum view_step stand(struct view *v, struct view_item *item, struct node *dir,
			    struct view_work *work)
{
	struct doc *doc = item->doc;
	char wanted[TREE_NAME_MAX + 1];
	struct node *cur_dir = NULL;
	struct bytes cur = bytes_of(NULL, 0);
	bool fits;

	/* A Workspace that came after its group's directory moves in. */
	if (doc->node == NULL && doc->kind == KIND_WORKSPACE && doc->group->dir != NULL) {
		doc->node = doc->group->dir;
		doc->node->doc = doc;
	}
	if (doc->node != NULL && tree_place(v->tree, doc->node, &cur_dir, &cur) != WK_OK)
		return VIEW_BLOCKED;
	if (item->reads_name && need_name(v, item) != WK_OK)
		return VIEW_BLOCKED;
	fits = doc->node != NULL &&
	       (item->name == NULL ||
		place_name_fits(doc, bytes_of(item->name, item->name_n), cur));
	if (fits && cur_dir == dir)
		return VIEW_DONE;
	if (fits && tree_lookup(v->tree, dir, cur) == NULL) {
		memcpy(wanted, cur.p, cur.n);
		wanted[cur.n] = '\0';
	} else if (need_name(v, item) != WK_OK ||
		   place_name(v->docs, doc, bytes_of(item->name, item->name_n), dir, wanted) !=
			   WK_OK) {
		return VIEW_LATE;
	}
	if (doc->node == NULL) {
		bool is_dir = kind_is_directory(doc->kind);

		return work_to(work, item, is_dir ? VIEW_MKDIR : VIEW_PUT, dir, wanted);
	}
	work_to(work, item, VIEW_MOVE, dir, wanted);
	set_from(work, cur_dir, cur);
	return VIEW_WORK;
}

/* Its bytes: the file itself, or the file in the directory that the document is. */
static enum view_step fill(struct view *v, struct view_item *item, struct view_work *work)
{
	struct doc *doc = item->doc;
	struct node *dir = doc->node, *there;
	struct bytes name = bytes_of(NULL, 0);
	char text[TREE_NAME_MAX + 1];

	if (kind_is_directory(doc->kind)) {
		name = bytes_str(kind_info(doc->kind)->dir_file);
		there = tree_lookup(v->tree, dir, name);
		if (there != NULL && there != doc->file)
			return VIEW_BLOCKED;	/* a user's; it is settled first */
		if (there == doc->file && there != NULL && !doc->stale)
			return VIEW_DONE;
	} else if (!doc->stale) {
		return VIEW_DONE;
	} else if (tree_place(v->tree, doc->node, &dir, &name) != WK_OK) {
		return VIEW_BLOCKED;
	}
	if (doc->file != NULL && (doc->file->written || doc->invalid))
		return VIEW_BLOCKED;
	memcpy(text, name.p, name.n);
	text[name.n] = '\0';
	return work_to(work, item, VIEW_PUT, dir, text);
}

/* The directory of nested children follows its document's name. */
static enum view_step follow(struct view *v, struct view_item *item, struct view_work *work)
{
	struct doc *doc = item->doc;
	char wanted[TREE_NAME_MAX + 1];
	struct bytes name, cur;
	struct node *dir, *cur_dir;

	if (doc->children == NULL ||
	    tree_place(v->tree, doc->children, &cur_dir, &cur) != WK_OK ||
	    tree_place(v->tree, doc->node, &dir, &name) != WK_OK ||
	    !place_children_name(doc, name, wanted))
		return VIEW_DONE;
	if (cur_dir == dir && bytes_equal_str(cur, wanted))
		return VIEW_DONE;
	if (tree_lookup(v->tree, dir, bytes_str(wanted)) != NULL)
		return VIEW_DONE;
	work_to(work, item, VIEW_MOVE, dir, wanted);
	set_from(work, cur_dir, cur);
	work->aim = VIEW_AIM_CHILDREN;
	return VIEW_WORK;
}

static enum view_step step_live(struct view *v, struct view_item *item, struct view_work *work)
{
	struct doc *doc = item->doc, *parent = NULL;
	const char *why = NULL;
	struct node *dir = NULL;
	enum place_where where = place_of(v->docs, doc, &parent, &why);
	enum view_step step;

	if (where == PLACE_NOWHERE)
		return finish(v, item, false, why);
	step = home(v, doc, where, parent, &dir, work);
	if (step != VIEW_DONE)
		return step;
	step = stand(v, item, dir, work);
	if (step == VIEW_LATE && doc->node == NULL)
		return finish(v, item, false, "its name or type cannot be a file's name here");
	if (step == VIEW_DONE)
		step = fill(v, item, work);
	if (step == VIEW_DONE)
		step = follow(v, item, work);
	if (step != VIEW_DONE)
		return step == VIEW_LATE ? VIEW_BLOCKED : step;
	return finish(v, item, where == PLACE_UNPLACED, where == PLACE_UNPLACED ? why : NULL);
}

static bool holds_documents(struct view *v, struct node *dir)
{
	struct tree_entry e = { 0 };

	while (tree_next(v->tree, dir, e.cookie, &e))
		if (e.node->doc != NULL)
			return true;
	return false;
}

/* A removed document's directory: gone when empty, left to scratch that is in it. */
static enum view_step step_directory(struct view *v, struct view_item *item,
				     struct view_work *work)
{
	struct doc *doc = item->doc;
	struct node *node = doc->node, *dir = NULL;
	struct bytes name;
	char text[TREE_NAME_MAX + 1];

	if (!tree_is_empty(node) && !item->late && holds_documents(v, node)) {
		item->late = true;
		return VIEW_LATE;
	}
	if (tree_is_empty(node) && doc->group->live == 0 && doc->kind == KIND_WORKSPACE &&
	    view_step_empty(v, node->ino, work))
		return VIEW_WORK;
	if (tree_is_empty(node) && doc->kind != KIND_WORKSPACE &&
	    tree_place(v->tree, node, &dir, &name) == WK_OK) {
		memcpy(text, name.p, name.n);
		text[name.n] = '\0';
		return work_to(work, item, VIEW_RMDIR, dir, text);
	}
	node->doc = NULL;
	doc->node = NULL;
	return finish(v, item, false, NULL);
}

static enum view_step step_removed(struct view *v, struct view_item *item, struct view_work *work)
{
	struct doc *doc = item->doc;
	struct node *dir;
	struct bytes name;
	char text[TREE_NAME_MAX + 1];

	if (doc->file != NULL && tree_place(v->tree, doc->file, &dir, &name) == WK_OK) {
		if (doc->file->written)
			return VIEW_BLOCKED;
		memcpy(text, name.p, name.n);
		text[name.n] = '\0';
		return work_to(work, item, VIEW_REMOVE, dir, text);
	}
	doc->file = NULL;
	if (doc->node != NULL && kind_is_directory(doc->kind) && S_ISDIR(doc->node->mode))
		return step_directory(v, item, work);
	doc->node = NULL;
	return finish(v, item, false, NULL);
}

enum view_step view_step(struct view *v, struct view_item *item, struct view_work *work)
{
	if (item->doc->settling != NULL)
		return VIEW_BLOCKED;
	return item->doc->removed ? step_removed(v, item, work) : step_live(v, item, work);
}

bool view_step_is_placed(struct view *v, struct doc *doc)
{
	struct doc *parent = NULL;
	const char *why;
	struct node *dir = NULL;
	struct bytes name;
	enum place_where where = place_of(v->docs, doc, &parent, &why);

	if (where == PLACE_NOWHERE)
		return doc->node == NULL;
	if (doc->node == NULL || tree_place(v->tree, doc->node, &dir, &name) != WK_OK)
		return false;
	switch (where) {
	case PLACE_ROOT:
		return dir == tree_root(v->tree);
	case PLACE_TOP:
		return dir == doc->group->dir && !doc->unplaced;
	case PLACE_UNPLACED:
		return dir == doc->group->unplaced;
	default:
		return dir == (kind_is_directory(parent->kind) ? parent->node : parent->children);
	}
}

bool view_step_empty(struct view *v, uint64_t ino, struct view_work *work)
{
	struct node *node = tree_node(v->tree, ino), *dir = NULL;
	struct bytes name;
	struct group *g = NULL;
	char text[TREE_NAME_MAX + 1];
	enum view_aim aim = VIEW_AIM_CHILDREN;

	if (node == NULL || !S_ISDIR(node->mode) || !tree_is_empty(node))
		return false;
	if (node->group != NULL && node->group->live == 0) {
		g = node->group;
		aim = VIEW_AIM_GROUP;
	}
	for (size_t i = 0; g == NULL && i < v->docs->group_count; i++)
		if (v->docs->groups[i]->unplaced == node) {
			g = v->docs->groups[i];
			aim = VIEW_AIM_UNPLACED;
		}
	if (g == NULL && node->doc != NULL && node->doc->children == node)
		g = node->doc->group;
	if (g == NULL || tree_place(v->tree, node, &dir, &name) != WK_OK)
		return false;
	memcpy(text, name.p, name.n);
	text[name.n] = '\0';
	work_to(work, NULL, VIEW_RMDIR, dir, text);
	work->aim = aim;
	work->group = g;
	return true;
}
