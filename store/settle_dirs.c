/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Directories: a directory's inode carries its folder.  A new one becomes a folder (in the
 * root: a resource group) with its first document, or after the grace time.
 */
#include "store/settle_private.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/hex.h"
#include "base/rand.h"
#include "model/name.h"
#include "store/place.h"

#define NS_PER_MS 1000000

/* The file that holds the directory's document was removed: it comes back in the end. */
static bool dir_file_is_missed(struct settle *s, struct settle_doc *r)
{
	struct doc *doc = r->doc;
	struct node *file = settle_dir_file(s, doc->node, doc->kind);

	if (file != NULL) {
		if (file->doc == NULL || file->doc == doc)
			settle_bind(s, doc, doc->node, file);
		return false;
	}
	if (!s->force && s->now_ms - r->since_ms < SETTLE_GRACE_MS)
		return true;
	doc->file = NULL;
	doc->shown = false;
	(void)view_queue(s->store->view, doc, bytes_of(NULL, 0));
	return false;
}

/* The folder stands where this directory stands now. */
enum wk_status settle_take_place(struct settle *s, struct settle_node *e)
{
	SCOPED(buf_fini) struct buf name = BUF_SECRET_INIT(4096);
	struct settle_doc *r = e->match;
	struct doc *doc = r->doc, *parent = NULL;
	struct doc_place place = { .kind = doc->kind, .type = bytes_str(doc->type),
				   .created_ms = doc->created_ms, .id = bytes_str(doc->id),
				   .modified_ms = clock_wall_ms() };
	bool keep = false;
	struct node *dir;
	struct bytes file_name;
	enum wk_status st;

	e->match = NULL;	/* not again on the way up */
	if (doc->node != e->node)
		settle_bind(s, doc, e->node, settle_dir_file(s, e->node, doc->kind));
	if (!doc->removed && strcmp(r->path, e->path) != 0) {
		st = tree_place(s->tree, e->node, &dir, &file_name);
		if (st == WK_OK)
			st = settle_parent(s, doc->group, dir, &parent, &keep);
		if (st == WK_OK && !kind_may_contain(parent->kind, doc->kind))
			st = WK_NOT_FOUND;
		if (st == WK_OK)
			st = place_doc_name(s->docs, doc, &name);
		if (st == WK_OK && !place_name_fits(doc, buf_bytes(&name), file_name)) {
			buf_clear(&name);
			st = settle_name_of(s, e->node, &name);
		}
		if (st != WK_OK)
			return st;
		place.name = name.n > 0 ? buf_bytes(&name) : bytes_str("");
		if (keep && doc->parent_id != NULL)
			place.parent_id = bytes_str(doc->parent_id);
		else
			place.parent_id = bytes_str(parent->id);
		st = settle_move(s, doc, &place);
		if (st != WK_OK)
			return st;
		r->generation = doc->generation;
	}
	e->settled = true;
	r->settled = !dir_file_is_missed(s, r);
	return r->settled ? docs_row_save(s->docs, doc) : WK_OK;
}

static bool is_folder_entry(struct settle *s, struct group *g, struct settle_node *e)
{
	SCOPED(name_parts_fini) struct name_parts parts = NAME_PARTS_INIT;
	struct node *dir;
	struct bytes name;
	bool children = false;

	if (e->settled || e->group != g || !S_ISDIR(e->node->mode))
		return false;
	if (e->node == g->dir || e->node == g->unplaced ||
	    (e->node->doc != NULL && e->node->doc->children == e->node) ||
	    tree_place(s->tree, e->node, &dir, &name) != WK_OK ||
	    name_decode_dir(name, &parts, &children) != WK_OK || children) {
		e->settled = true;
		return false;
	}
	e->kind = settle_dir_file(s, e->node, KIND_PROTO_DIR) != NULL ? KIND_PROTO_DIR : KIND_FOLDER;
	if (e->node->doc == NULL)
		settle_read_id(s, e, settle_dir_file(s, e->node, e->kind), e->kind);
	return true;
}

static int by_length(const void *a, const void *b)
{
	size_t x = strlen((*(struct settle_node *const *)a)->path);
	size_t y = strlen((*(struct settle_node *const *)b)->path);

	return x < y ? -1 : x > y;
}

static void match(struct settle_doc **docs, size_t doc_count, struct settle_node **nodes,
		  size_t node_count)
{
	SCOPED(scoped_free) struct settle_agreed *agreed = calloc(doc_count + 1, sizeof(*agreed));
	SCOPED(scoped_free) struct settle_file *files = calloc(node_count + 1, sizeof(*files));
	SCOPED(scoped_free) int64_t *file_of = calloc(doc_count + 1, sizeof(*file_of));

	if (agreed == NULL || files == NULL || file_of == NULL)
		return;
	for (size_t i = 0; i < doc_count; i++)
		agreed[i] = (struct settle_agreed){ bytes_str(docs[i]->doc->id),
						    bytes_str(docs[i]->path), docs[i]->ino,
						    false };
	for (size_t i = 0; i < node_count; i++)
		files[i] = (struct settle_file){ bytes_str(nodes[i]->path), nodes[i]->ino,
						 bytes_str(nodes[i]->text_id) };
	if (settle_match(agreed, doc_count, files, node_count, file_of) != WK_OK)
		return;
	for (size_t i = 0; i < doc_count; i++)
		if (file_of[i] >= 0)
			nodes[file_of[i]]->match = docs[i];
}

static bool is_ready(struct settle *s, struct settle_node *e)
{
	if (e->match != NULL)
		return s->force || s->now_ms - e->named_ms >= SETTLE_MOVE_MS;
	return settle_has_waited(s, e) || settle_dir_file(s, e->node, e->kind) != NULL;
}

void settle_folders(struct settle *s, struct group *g)
{
	SCOPED(scoped_free) struct settle_node **nodes = calloc(s->node_count + 1, sizeof(*nodes));
	SCOPED(scoped_free) struct settle_doc **docs = calloc(s->doc_count + 1, sizeof(*docs));
	size_t node_count = 0, doc_count = 0;

	if (nodes == NULL || docs == NULL)
		return;
	for (size_t i = 0; i < s->node_count; i++)
		if (is_folder_entry(s, g, s->nodes[i]) && s->nodes[i]->path != NULL)
			nodes[node_count++] = s->nodes[i];
	for (size_t i = 0; i < s->doc_count; i++) {
		const struct doc *doc = s->list[i]->doc;

		if (doc->group == g && kind_is_directory(doc->kind) &&
		    doc->kind != KIND_WORKSPACE)
			docs[doc_count++] = s->list[i];
	}
	qsort(nodes, node_count, sizeof(struct settle_node *), by_length);
	match(docs, doc_count, nodes, node_count);
	for (size_t i = 0; i < node_count; i++) {
		struct doc *made;
		bool keep;

		if (nodes[i]->settled || !is_ready(s, nodes[i]))
			continue;
		if (nodes[i]->match != NULL ? settle_take_place(s, nodes[i]) == WK_OK
					    : settle_parent(s, g, nodes[i]->node, &made, &keep) !=
						      WK_NOMEM)
			nodes[i]->settled = true;
	}
}

void settle_workspace(struct settle *s, struct group *g)
{
	SCOPED(buf_fini) struct buf name = BUF_SECRET_INIT(DOC_MAX);
	struct doc *doc = g->workspace;
	struct settle_doc *r = doc == NULL ? NULL : doc->settling;
	struct node *root;
	struct bytes dir_name;

	if (r == NULL || g->dir == NULL ||
	    tree_place(s->tree, g->dir, &root, &dir_name) != WK_OK)
		return;
	doc->node = g->dir;
	g->dir->doc = doc;
	if (place_doc_name(s->docs, doc, &name) == WK_OK && strcmp(r->path, "") != 0 &&
	    !place_name_fits(doc, buf_bytes(&name), dir_name)) {
		struct doc_place place = { .kind = KIND_WORKSPACE,
					   .type = bytes_str(doc->type),
					   .created_ms = doc->created_ms,
					   .modified_ms = clock_wall_ms(),
					   .id = bytes_str(doc->id) };

		buf_clear(&name);
		if (doc->parent_id != NULL)
			place.parent_id = bytes_str(doc->parent_id);
		if (settle_name_of(s, g->dir, &name) != WK_OK)
			return;
		place.name = buf_bytes(&name);
		if (settle_move(s, doc, &place) != WK_OK)
			return;
		r->generation = doc->generation;
	}
	r->settled = !dir_file_is_missed(s, r);
	if (r->settled && docs_row_save(s->docs, doc) != WK_OK)
		r->settled = false;
}
