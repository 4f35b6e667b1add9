/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tree tells.  The hooks are on the path of every write, so they only note, and tell scratch
 * apart by its name alone where that is enough.
 */
#include "store/settle_private.h"

#include "base/clock.h"
#include "model/name.h"

static void touched_dir(struct settle *s, enum tree_touch what, struct node *node,
			struct node *dir, struct bytes name)
{
	struct settle_node *e;

	if (what == TREE_UNNAMED && node->doc != NULL && node->doc->node == node)
		settle_note_doc(s, node->doc, dir, name);
	if (what != TREE_NAMED || name.n == 0 ||
	    (name.p[0] == '.' && node->doc == NULL && node->group == NULL))
		return;
	e = settle_note(s, node);
	if (e != NULL) {
		e->named_ms = clock_mono_ms();
		e->expanded = false;
	}
}

static void touched_file(struct settle *s, enum tree_touch what, struct node *node,
			 struct node *dir, struct bytes name)
{
	struct doc *doc = node->doc;
	struct settle_node *e;

	if (what == TREE_WRITTEN && doc == NULL &&
	    (tree_place(s->tree, node, &dir, &name) != WK_OK || !name_is_document_like(name)))
		return;
	if (what == TREE_NAMED && doc == NULL && !name_is_document_like(name))
		return;
	if (doc != NULL && doc->file == node) {
		/* A directory's document stands where the directory stands. */
		if (what == TREE_UNNAMED && doc->node == node)
			settle_note_doc(s, doc, dir, name);
		else if (what != TREE_NAMED)
			settle_note_place(s, doc);
	}
	if (what == TREE_UNNAMED) {
		if (settle_find(s, node) != NULL)
			settle_later(s);
		return;
	}
	e = settle_note(s, node);
	if (e == NULL)
		return;
	e->complete = false;
	e->id_is_read = false;
	if (what == TREE_WRITTEN)
		e->written_ms = clock_mono_ms();
	else
		e->named_ms = clock_mono_ms();
}

static void touched(void *arg, enum tree_touch what, struct node *node, struct node *dir,
		    struct bytes name)
{
	struct settle *s = arg;

	if (what == TREE_ATTRIBUTES || s->running)
		return;
	if (S_ISDIR(node->mode))
		touched_dir(s, what, node, dir, name);
	else if (S_ISREG(node->mode))
		touched_file(s, what, node, dir, name);
}

static enum wk_status render(void *arg, struct node *node, struct buf *out)
{
	struct settle *s = arg;

	return docs_render_hook(s->docs, node, out);
}

static void forget_links(struct node *node)
{
	struct doc *doc = node->doc;

	if (doc != NULL) {
		if (doc->node == node)
			doc->node = NULL;
		if (doc->file == node)
			doc->file = NULL;
		if (doc->children == node)
			doc->children = NULL;
		node->doc = NULL;
	}
	if (node->group != NULL && node->group->dir == node)
		node->group->dir = NULL;
	node->group = NULL;
}

static void forgotten(void *arg, struct node *node)
{
	struct settle *s = arg;

	if (node->doc != NULL && node->written && S_ISREG(node->mode) && node->doc->file != node)
		settle_save_superseded(s, node, true);
	if (node->names != NULL)
		return;
	settle_drop(s, node);
	for (size_t i = 0; S_ISDIR(node->mode) && i < s->docs->group_count; i++)
		if (s->docs->groups[i]->unplaced == node)
			s->docs->groups[i]->unplaced = NULL;
	forget_links(node);
}

void settle_watch(struct settle *s)
{
	struct tree_hooks hooks = { s, touched, render, forgotten };

	tree_set_hooks(s->tree, &hooks);
}
