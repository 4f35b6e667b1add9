/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One round of settling, group by group: folders before files, because a file's parent is its
 * directory; removals last, because until then any file might have been the document.
 */
#include "store/settle_private.h"

#include <stdlib.h>

#include "base/clock.h"
#include "store/status.h"

/* What is no document is looked at again only when it may stand elsewhere. */
static bool is_at_rest(struct settle *s, struct settle_node *e, bool dirs_moved)
{
	struct node *dir;
	struct bytes name;

	if (!e->settled)
		return false;
	return e->problem == NULL ||
	       (!dirs_moved && tree_place(s->tree, e->node, &dir, &name) == WK_OK);
}

/* What somebody goes on writing in an old version is settled when its writer closes it, and without
 * that in the end: no kernel lets go of what is open while it is unmounted.  False: not yet. */
static bool settle_old_version(struct settle *s, struct settle_node *e)
{
	struct node *node = e->node;

	if (node->names != NULL || !node->written || !S_ISREG(node->mode) || node->doc == NULL ||
	    node->doc->file == node)
		return true;
	if (!s->force && s->now_ms - e->written_ms < SETTLE_QUIET_TEXT_MS)
		return false;
	settle_save_superseded(s, node, false);
	return node->names == NULL;	/* else it stands somewhere again: the next round's */
}

/* Where each touched node stands now. */
static void look(struct settle *s)
{
	bool dirs_moved = false;

	for (size_t i = 0; i < s->node_count && !dirs_moved; i++)
		dirs_moved = S_ISDIR(s->nodes[i]->node->mode) && !s->nodes[i]->settled;
	for (size_t i = 0; i < s->node_count; i++) {
		struct settle_node *e = s->nodes[i];
		SCOPED(buf_fini) struct buf path = BUF_INIT(1024 * 1024);

		if (is_at_rest(s, e, dirs_moved))
			continue;
		e->match = NULL;
		e->group = settle_area(s, e->node);
		free(e->path);
		e->path = NULL;
		if (e->group != NULL && settle_path(s, e->node, &path) == WK_OK)
			e->path = bytes_dup(buf_bytes(&path));
		/* What stands in the root may become a group; what stands nowhere may be an open file. */
		if (e->group == NULL && e->node->parent != tree_root(s->tree) &&
		    settle_old_version(s, e)) {
			free(e->problem);
			e->problem = NULL;
			e->settled = true;
		}
	}
}

static bool git_is_busy(struct settle *s, const struct group *g)
{
	struct node *git = g->dir == NULL ? NULL
					  : tree_lookup(s->tree, g->dir, bytes_str(".git"));

	return git != NULL && S_ISDIR(git->mode) &&
	       tree_lookup(s->tree, git, bytes_str("index.lock")) != NULL;
}

static bool stands(struct settle *s, const struct group *g, struct node *node)
{
	return node != NULL && settle_area(s, node) == g;
}

static int deepest_first(const void *a, const void *b)
{
	size_t x = strlen((*(struct settle_doc *const *)a)->path);
	size_t y = strlen((*(struct settle_doc *const *)b)->path);

	return x > y ? -1 : x < y;
}

static void unlink_doc(struct doc *doc)
{
	struct node *nodes[] = { doc->node, doc->file, doc->children };

	for (size_t i = 0; i < ARRAY_LEN(nodes); i++)
		if (nodes[i] != NULL && nodes[i]->doc == doc)
			nodes[i]->doc = NULL;
	doc->node = doc->file = doc->children = NULL;
}

/* A file that moved to another group shows this document's bytes until it is read. */
static enum wk_status part(struct settle *s, struct doc *doc)
{
	if (doc->file != NULL && doc->file->rendered)
		return tree_freeze(s->tree, doc->file);
	return WK_OK;
}

/* It was removed here and changed elsewhere: the change stays. */
static enum wk_status show_again(struct settle *s, struct doc *doc)
{
	doc->shown = false;
	doc->stale = true;
	return view_queue(s->store->view, doc, bytes_of(NULL, 0));
}

static void remove_missing(struct settle *s, struct group *g)
{
	SCOPED(scoped_free) struct settle_doc **gone = calloc(s->doc_count + 1, sizeof(*gone));
	bool busy = !s->removals && git_is_busy(s, g);
	size_t count = 0;

	if (gone == NULL)
		return;
	for (size_t i = 0; i < s->doc_count; i++) {
		struct settle_doc *r = s->list[i];
		struct doc *doc = r->doc;
		bool waited = s->removals || (!busy && s->now_ms - r->since_ms >= SETTLE_GRACE_MS);

		if (r->settled || doc->group != g)
			continue;
		if (doc->removed && doc->file == NULL)
			r->settled = true;
		/* Its file is there and waits for its own time. */
		else if (waited && !stands(s, g, doc->node))
			gone[count++] = r;
	}
	qsort(gone, count, sizeof(struct settle_doc *), deepest_first);
	for (size_t i = 0; i < count; i++) {
		struct doc *doc = gone[i]->doc;

		if (part(s, doc) != WK_OK)
			continue;
		unlink_doc(doc);
		if (!doc->removed && doc->generation != gone[i]->generation) {
			gone[i]->settled = show_again(s, doc) == WK_OK;
			continue;
		}
		gone[i]->settled = docs_remove(s->docs, doc, false) == WK_OK;
	}
}

/* Documents whose file was claimed by no step, but is there, are as they were. */
static void settle_unmoved(struct settle *s, struct group *g)
{
	for (size_t i = 0; i < s->doc_count; i++) {
		struct settle_doc *r = s->list[i];
		struct doc *doc = r->doc;

		if (r->settled || doc->group != g || kind_is_directory(doc->kind) ||
		    !stands(s, g, doc->node))
			continue;
		if (settle_find(s, doc->node) == NULL)
			(void)settle_note(s, doc->node);
	}
}

static void settle_group(struct settle *s, struct group *g)
{
	rows_begin(s->store->rows);
	settle_workspace(s, g);
	settle_folders(s, g);
	settle_files(s, g);
	remove_missing(s, g);
	settle_unmoved(s, g);
	rows_end(s->store->rows);
}

static bool mark_groups(struct settle *s)
{
	bool any = false;

	for (size_t i = 0; i < s->node_count; i++)
		if (s->nodes[i]->group != NULL && !s->nodes[i]->settled)
			any = s->nodes[i]->group->settling = true;
	for (size_t i = 0; i < s->doc_count; i++)
		any = s->list[i]->doc->group->settling = true;
	return any;
}

void settle_run(struct settle *s, bool force, bool removals)
{
	s->now_ms = clock_mono_ms();
	s->force = force;
	s->removals = removals;
	if (docs_begin(s->docs) != WK_OK) {
		rows_end(s->store->rows);
		return;		/* the disk is full: all of it waits */
	}
	settle_miss(s);
	settle_new_groups(s);
	look(s);
	if (mark_groups(s)) {
		for (size_t i = 0; i < s->docs->group_count; i++)
			if (s->docs->groups[i]->settling)
				settle_expand(s, s->docs->groups[i]);
		look(s);
		mark_groups(s);
	}
	for (size_t i = 0; i < s->docs->group_count; i++) {
		struct group *g = s->docs->groups[i];

		if (g->settling)
			settle_group(s, g);
		g->settling = false;
	}
	rows_end(s->store->rows);
	status_changed(s->store);
}
