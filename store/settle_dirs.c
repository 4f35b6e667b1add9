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

void settle_new_id(struct settle *s, enum kind kind, const char *text_id,
		   char id_out[DOC_ID_MAX + 1])
{
	if (text_id[0] != '\0' && !docs_was_seen(s->docs, bytes_str(text_id)))
		memcpy(id_out, text_id, strlen(text_id) + 1);
	else
		kind_new_id(kind, id_out);
}

/* What a directory's name says; the whole name where it could be no folder's. */
static enum wk_status name_of(struct settle *s, struct node *dir, struct buf *name_out)
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

static struct node *dir_file_of(struct settle *s, struct node *dir, enum kind kind)
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

static void bind(struct settle *s, struct doc *doc, struct node *dir, struct node *file)
{
	/* The file that was its document keeps the bytes it shows. */
	if (doc->file != NULL && doc->file != file && doc->file->doc == doc) {
		if (doc->file->rendered && tree_freeze(s->tree, doc->file) != WK_OK)
			return;
		doc->file->doc = NULL;
	}
	if (dir->doc != NULL && dir->doc != doc && dir->doc->node == dir)
		dir->doc->node = NULL;
	if (doc->node != NULL && doc->node != dir && doc->node->doc == doc)
		doc->node->doc = NULL;
	dir->doc = doc;
	doc->node = dir;
	if (file != NULL && file->doc != NULL && file->doc != doc && file->doc->file == file)
		file->doc->file = NULL;
	if (file != NULL)
		file->doc = doc;
	doc->file = file;
}

enum wk_status settle_make_dir(struct settle *s, struct group *g, struct node *dir, enum kind kind,
			       struct doc *parent, struct doc **doc_out)
{
	SCOPED(buf_fini) struct buf name = BUF_SECRET_INIT(4096);
	SCOPED(arena_free_scoped) struct arena *arena = arena_new(DOCS_ARENA_MAX);
	struct node *file = dir_file_of(s, dir, kind);
	struct json_error error = { 0 };
	struct json *json = NULL;
	char id[DOC_ID_MAX + 1];
	struct doc_place place = { .kind = kind, .created_ms = dir->btime_ns / NS_PER_MS };
	enum wk_status st = name_of(s, dir, &name), text_st;

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
	bind(s, *doc_out, dir, file);
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

/* --- groups --- */

static enum wk_status make_group(struct settle *s, struct node *dir, struct bytes name)
{
	SCOPED(scoped_free) char *shown = bytes_dup(name);
	SCOPED(group_key_free_scoped) struct group_key *key = group_key_new();
	uint8_t random[16];
	char id[3 + 32 + 1] = "rg_";
	struct group *g = NULL;
	struct doc *doc;
	enum wk_status st;

	if (shown == NULL || key == NULL)
		return WK_NOMEM;
	rand_bytes(random, sizeof(random));
	hex_encode(random, sizeof(random), id + 3);
	secret_random(key->k, KEY_SIZE);
	st = docs_group_add(s->docs, id, shown, key, false, &g);
	if (st != WK_OK)
		return st;
	key = NULL;
	g->dir = dir;
	dir->group = g;
	st = settle_make_dir(s, g, dir, KIND_WORKSPACE, NULL, &doc);
	return st == WK_OK ? docs_row_save_group(s->docs, g) : st;
}

/* The same name made again while its group's directory was missed. */
static bool give_back(struct settle *s, struct node *dir, struct bytes name)
{
	for (size_t i = 0; i < s->docs->group_count; i++) {
		struct group *g = s->docs->groups[i];
		struct doc *doc = g->workspace;

		if (g->dir != NULL || doc == NULL || doc->settling == NULL ||
		    !bytes_equal_str(name, doc->settling->name))
			continue;
		g->dir = dir;
		dir->group = g;
		bind(s, doc, dir, dir_file_of(s, dir, KIND_WORKSPACE));
		return docs_row_save_group(s->docs, g) == WK_OK;
	}
	return false;
}

static bool holds_document(struct settle *s, struct node *dir)
{
	struct tree_entry e = { 0 };

	while (tree_next(s->tree, dir, e.cookie, &e))
		if (S_ISREG(e.node->mode) && e.node->size > 0 &&
		    name_is_document_like(e.name))
			return true;
	return false;
}

static bool has_waited(const struct settle *s, const struct settle_node *e)
{
	return s->force || s->now_ms - e->named_ms >= SETTLE_GRACE_MS;
}

/* A group's directory that left the root, or is gone: its documents are looked for elsewhere. */
static void release_group(struct settle *s, struct group *g)
{
	for (size_t i = 0; i < g->doc_count; i++) {
		struct doc *doc = g->docs[i];
		struct node *dir;
		struct bytes name;

		if (!doc->removed && doc->node != NULL &&
		    tree_place(s->tree, doc->node, &dir, &name) == WK_OK)
			settle_note_doc(s, doc, dir, name);
	}
	g->dir->group = NULL;
	g->dir = NULL;
	g->unplaced = NULL;
}

void settle_new_groups(struct settle *s)
{
	struct node *root = tree_root(s->tree), *dir;
	struct bytes name;

	for (size_t i = 0; i < s->docs->group_count; i++) {
		struct group *g = s->docs->groups[i];

		if (g->dir != NULL && g->dir->parent != root)
			release_group(s, g);
	}
	for (size_t i = 0; i < s->node_count; i++) {
		struct settle_node *e = s->nodes[i];

		if (e->settled || !S_ISDIR(e->node->mode) || e->node->parent != root ||
		    e->node->group != NULL ||
		    tree_place(s->tree, e->node, &dir, &name) != WK_OK)
			continue;
		if (name.p[0] == '.') {
			e->settled = true;
			continue;
		}
		if (give_back(s, e->node, name) ||
		    ((has_waited(s, e) || holds_document(s, e->node)) &&
		     make_group(s, e->node, name) == WK_OK))
			e->settled = true;
	}
}

/* --- what came in with a directory --- */

static void expand(struct settle *s, struct group *g, struct node *dir)
{
	struct tree_entry at = { 0 };

	while (tree_next(s->tree, dir, at.cookie, &at)) {
		struct node *node = at.node;
		struct settle_node *e = NULL;
		bool ours = node->doc != NULL && node->doc->group == g;

		if (S_ISDIR(node->mode)) {
			if (settle_is_scratch_dir(s, node, at.name))
				continue;
			if (!ours && (e = settle_note(s, node)) != NULL) {
				e->named_ms = s->now_ms;
				e->expanded = true;
			}
			expand(s, g, node);
		} else if (S_ISREG(node->mode) && !ours && name_is_document_like(at.name) &&
			   settle_find(s, node) == NULL) {
			e = settle_note(s, node);
			if (e != NULL)
				e->complete = true;
		}
	}
}

/* Documents below a folder that left its group are looked for. */
static void miss(struct settle *s, struct group *g, struct node *dir)
{
	struct tree_entry at = { 0 };

	while (tree_next(s->tree, dir, at.cookie, &at)) {
		struct doc *doc = at.node->doc;

		if (doc != NULL && doc->group == g && doc->node == at.node)
			settle_note_doc(s, doc, dir, at.name);
		if (S_ISDIR(at.node->mode))
			miss(s, g, at.node);
	}
}

void settle_expand(struct settle *s, struct group *g)
{
	for (size_t i = 0; i < s->node_count; i++) {
		struct settle_node *e = s->nodes[i];

		if (S_ISDIR(e->node->mode) && !e->expanded && settle_area(s, e->node) == g) {
			e->expanded = true;
			expand(s, g, e->node);
		}
	}
	for (size_t i = 0; i < s->doc_count; i++) {
		struct doc *doc = s->list[i]->doc;

		if (doc->group != g || doc->node == NULL || !S_ISDIR(doc->node->mode))
			continue;
		if (settle_area(s, doc->node) != g)
			miss(s, g, doc->node);
		else if (settle_find(s, doc->node) == NULL)
			(void)settle_note(s, doc->node);
	}
}

/* --- folders --- */

/* The file that holds the directory's document was removed: it comes back in the end. */
static bool dir_file_is_missed(struct settle *s, struct settle_doc *r)
{
	struct doc *doc = r->doc;
	struct node *file = dir_file_of(s, doc->node, doc->kind);

	if (file != NULL) {
		if (file->doc == NULL || file->doc == doc)
			bind(s, doc, doc->node, file);
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
static enum wk_status take_place(struct settle *s, struct settle_node *e)
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
		bind(s, doc, e->node, dir_file_of(s, e->node, doc->kind));
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
			st = name_of(s, e->node, &name);
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
	e->kind = dir_file_of(s, e->node, KIND_PROTO_DIR) != NULL ? KIND_PROTO_DIR : KIND_FOLDER;
	if (e->node->doc == NULL)
		settle_read_id(s, e, dir_file_of(s, e->node, e->kind), e->kind);
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
	return has_waited(s, e) || dir_file_of(s, e->node, e->kind) != NULL;
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
		if (nodes[i]->match != NULL ? take_place(s, nodes[i]) == WK_OK
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
		if (name_of(s, g->dir, &name) != WK_OK)
			return;
		place.name = buf_bytes(&name);
		if (settle_move(s, doc, &place) != WK_OK)
			return;
	}
	r->settled = !dir_file_is_missed(s, r);
	if (r->settled && docs_row_save(s->docs, doc) != WK_OK)
		r->settled = false;
}

/* --- where a file's document hangs --- */

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
	enum kind kind = dir_file_of(s, dir, KIND_PROTO_DIR) != NULL ? KIND_PROTO_DIR
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
		st = take_place(s, e);
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
