/* SPDX-License-Identifier: Apache-2.0 */
/* Files: which are ready, what a matched one means for its document, and which are new documents. */
#include "store/settle_private.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "model/name.h"
#include "store/place.h"

#define NS_PER_MS 1000000
#define PROBLEM_MAX 200

void settle_read_id(struct settle *s, struct settle_node *e, struct node *file, enum kind kind)
{
	SCOPED(buf_fini) struct buf text = BUF_SECRET_INIT(DOC_MAX);
	SCOPED(arena_free_scoped) struct arena *arena = NULL;

	if (e->id_is_read && e->node == file)
		return;
	e->text_id[0] = '\0';
	if (file == NULL || kind_info(kind)->text_key != NULL)
		return;
	e->id_is_read = true;
	if (file->rendered && file->doc != NULL) {
		snprintf(e->text_id, sizeof(e->text_id), "%s", file->doc->id);
		return;
	}
	arena = arena_new(DOCS_ARENA_MAX);
	if (arena == NULL || tree_read_all(s->tree, file, &text) != WK_OK ||
	    doc_text_id(arena, buf_bytes(&text), e->text_id) != WK_OK)
		e->text_id[0] = '\0';
}

/* --- is it time? --- */

static bool parses(struct settle *s, struct node *file)
{
	SCOPED(buf_fini) struct buf text = BUF_SECRET_INIT(DOC_MAX);
	SCOPED(arena_free_scoped) struct arena *arena = arena_new(DOCS_ARENA_MAX);
	struct json *json;

	return arena != NULL && tree_read_all(s->tree, file, &text) == WK_OK &&
	       json_parse(arena, buf_bytes(&text), &json, NULL) == WK_OK;
}

static bool is_dirty(const struct settle_node *e)
{
	const struct node *node = e->node;

	return node->written || node->doc == NULL || node->doc->file != node ||
	       (e->match != NULL && e->match->doc != node->doc);
}

/* What waits only for time; a text that is complete or forced does not. */
static bool is_ready(struct settle *s, struct settle_node *e)
{
	bool is_text = kind_info(e->kind)->text_key != NULL;
	int64_t last = e->written_ms > e->named_ms ? e->written_ms : e->named_ms;
	int64_t quiet_ms = s->now_ms - last;

	if (s->force)
		return true;
	if (e->named_ms != 0 && e->match != NULL && e->node->ino == e->match->ino &&
	    s->now_ms - e->named_ms < SETTLE_MOVE_MS)
		return false;
	if (e->complete || !is_dirty(e))
		return true;
	if (quiet_ms >= SETTLE_QUIET_TEXT_MS) {
		if (!is_text || e->node->size > 0)
			return true;
		/* Nobody says that it is meant to be empty: it waits for its writer's close. */
		e->settled = settle_set_problem(e, "an empty file is not sent") == WK_OK;
		return false;
	}
	return !is_text && quiet_ms >= SETTLE_QUIET_MS && parses(s, e->node);
}

/* --- a document's file --- */

void settle_link(struct settle *s, struct doc *doc, struct node *file)
{
	struct node *old = doc->file;

	/* Bytes made from another document must not change with it. */
	if (file->rendered && file->doc != doc && tree_freeze(s->tree, file) != WK_OK)
		return;
	if (old != NULL && old != file && old->rendered && tree_freeze(s->tree, old) != WK_OK)
		return;
	if (old != NULL && old != file && old->doc == doc)
		old->doc = NULL;
	if (file->doc != NULL && file->doc != doc)
		settle_take_away(s, file->doc, file);
	file->doc = doc;
	doc->file = file;
	if (!kind_is_directory(doc->kind))
		doc->node = file;
}

static void set_invalid(struct doc *doc, bool invalid)
{
	docs_uncount(doc);
	doc->invalid = invalid;
	docs_count(doc);
}

static enum wk_status note_invalid(struct settle *s, struct doc *doc, struct node *file,
				   const struct json_error *error)
{
	char problem[PROBLEM_MAX];
	enum wk_status st;

	if (error->line > 0)
		snprintf(problem, sizeof(problem), "line %u, column %u: %s", error->line,
			 error->column, error->reason);
	else
		snprintf(problem, sizeof(problem), "%s",
			 error->reason[0] != '\0' ? error->reason : "it is no such document");
	set_invalid(doc, true);
	file->written = false;
	st = docs_set_problem(doc, problem);
	return st == WK_OK ? docs_row_save(s->docs, doc) : st;
}

enum wk_status settle_note_valid(struct settle *s, struct doc *doc, struct node *file)
{
	enum wk_status st = WK_OK;

	if (doc->invalid)
		st = docs_set_problem(doc, NULL);
	set_invalid(doc, false);
	if (st == WK_OK)
		st = settle_unify(s, doc, file);
	return st == WK_OK ? docs_row_save(s->docs, doc) : st;
}

void settle_refuse(struct settle_node *e, const char *format, const char *what)
{
	char problem[PROBLEM_MAX];

	snprintf(problem, sizeof(problem), format, what);
	e->settled = settle_set_problem(e, problem) == WK_OK;
}

/* Fills in what the path says.  WK_NOT_FOUND: a document of this kind cannot stand there. */
enum wk_status settle_read_place(struct settle *s, struct settle_node *e, const struct doc *doc,
				 struct doc_place *place, struct buf *name)
{
	SCOPED(name_parts_fini) struct name_parts parts = NAME_PARTS_INIT;
	struct doc *parent = NULL;
	struct node *dir;
	struct bytes file_name;
	bool keep = false;
	enum wk_status st = tree_place(s->tree, e->node, &dir, &file_name);

	if (st == WK_OK)
		st = settle_parent(s, e->group, dir, &parent, &keep);
	if (st == WK_OK && !keep && !kind_may_contain(parent->kind, e->kind))
		st = WK_NOT_FOUND;
	if (st == WK_OK)
		st = name_decode_file(file_name, &parts);
	if (st != WK_OK)
		return st;
	place->parent_id = bytes_str(keep && doc != NULL && doc->parent_id != NULL
					     ? doc->parent_id
					     : parent->id);
	/* The text knows the name of a file whose name is cut or marked. */
	if (doc == NULL || doc->removed || place_doc_name(s->docs, doc, name) != WK_OK ||
	    !place_name_fits(doc, buf_bytes(name), file_name)) {
		buf_clear(name);
		st = buf_append(name, parts.name.p, parts.name.n);
	}
	place->name = name->n > 0 ? buf_bytes(name) : bytes_str("");
	return st;
}

static enum wk_status apply(struct settle *s, struct settle_node *e)
{
	SCOPED(buf_fini) struct buf name = BUF_SECRET_INIT(DOC_MAX);
	struct settle_doc *r = e->match;
	struct doc *doc = r->doc;
	struct doc_place place = { .kind = doc->kind, .type = bytes_str(doc->type),
				   .created_ms = doc->created_ms,
				   .modified_ms = e->node->mtime_ns / NS_PER_MS,
				   .id = bytes_str(doc->id) };
	struct json_error error = { 0 };
	bool moved = strcmp(r->path, e->path) != 0 || doc->removed, dirty = is_dirty(e);
	enum wk_status st = moved ? settle_read_place(s, e, doc, &place, &name) : WK_OK;

	if (st == WK_NOT_FOUND) {
		settle_refuse(e, "a document of type %s cannot stand here", doc->type);
		return WK_OK;
	}
	if (st != WK_OK)
		return st;
	settle_link(s, doc, e->node);
	if (dirty || doc->removed) {
		st = settle_save(s, doc, e->node, r, &place, &error);
		if (st == WK_INVALID) {
			place.modified_ms = clock_wall_ms();
			st = moved && !doc->removed ? settle_move(s, doc, &place) : WK_OK;
			if (st != WK_OK)
				return st;
			r->settled = e->settled = true;
			return note_invalid(s, doc, e->node, &error);
		}
	} else if (moved) {
		place.modified_ms = clock_wall_ms();
		st = settle_move(s, doc, &place);
	}
	if (st == WK_OK)
		st = dirty ? settle_note_valid(s, doc, e->node) : docs_row_save(s->docs, doc);
	if (st == WK_OK)
		r->settled = e->settled = true;
	/* Its children's directory follows the new name. */
	if (st == WK_OK && moved && doc->children != NULL)
		st = view_queue(s->store->view, doc, bytes_of(NULL, 0));
	return st;
}

/* --- the file in a directory that holds the directory's document --- */

/* Whether nothing but the file in it was touched. */
static bool stands_still(struct settle *s, const struct settle_doc *r, struct node *dir)
{
	SCOPED(buf_fini) struct buf path = BUF_INIT(1024 * 1024);

	if (r == NULL || r->ino != dir->ino)
		return false;
	if (dir->group != NULL)
		return false;	/* the Workspace's name is looked at on its own */
	return settle_path(s, dir, &path) == WK_OK && bytes_equal_str(buf_bytes(&path), r->path);
}

static void apply_dir_file(struct settle *s, struct settle_node *e)
{
	struct doc_place place = { .modified_ms = e->node->mtime_ns / NS_PER_MS };
	struct json_error error = { 0 };
	struct node *dir;
	struct bytes name;
	struct doc *doc = NULL, *before;
	bool keep = false;
	enum wk_status st = tree_place(s->tree, e->node, &dir, &name);

	if (st != WK_OK)
		return;
	before = dir->doc;
	st = settle_parent(s, e->group, dir, &doc, &keep);
	if (st == WK_NOT_FOUND || (st == WK_OK && (doc->kind != e->kind || doc->node != dir))) {
		settle_refuse(e, "%s", "it belongs in a directory of its own kind");
		return;
	}
	if (st != WK_OK)
		return;
	place.kind = doc->kind;
	place.type = bytes_str(doc->type);
	place.created_ms = doc->created_ms;
	place.id = bytes_str(doc->id);
	settle_link(s, doc, e->node);
	/* Made of this very file: only whether its text was good is still to be said. */
	st = settle_save(s, doc, e->node, doc == before ? doc->settling : NULL, &place, &error);
	if (st == WK_INVALID)
		st = note_invalid(s, doc, e->node, &error);
	else if (st == WK_OK)
		st = settle_note_valid(s, doc, e->node);
	e->settled = st == WK_OK;
	if (doc->settling != NULL)
		doc->settling->generation = doc->generation;
	if (st == WK_OK && stands_still(s, doc->settling, dir))
		doc->settling->settled = true;
}

/* --- all of a group --- */

static bool is_file_entry(struct settle *s, struct group *g, struct settle_node *e)
{
	SCOPED(name_parts_fini) struct name_parts parts = NAME_PARTS_INIT;
	struct node *dir;
	struct bytes name;

	if (e->settled || e->group != g || !S_ISREG(e->node->mode) || e->path == NULL)
		return false;
	if (tree_place(s->tree, e->node, &dir, &name) != WK_OK ||
	    name_decode_file(name, &parts) != WK_OK) {
		e->settled = true;
		return false;
	}
	e->kind = parts.kind;
	memcpy(e->type, parts.type, sizeof(e->type));
	e->is_dir_file = kind_is_directory(parts.kind);
	if (!e->is_dir_file)
		settle_read_id(s, e, e->node, e->kind);
	return true;
}

static enum wk_status match_type(struct settle *s, struct group *g, const char *type,
				 struct settle_node **nodes, size_t node_count)
{
	SCOPED(scoped_free) struct settle_agreed *a = calloc(s->doc_count + 1, sizeof(*a));
	SCOPED(scoped_free) struct settle_doc **docs = calloc(s->doc_count + 1, sizeof(*docs));
	SCOPED(scoped_free) struct settle_file *f = calloc(node_count + 1, sizeof(*f));
	SCOPED(scoped_free) size_t *at = calloc(node_count + 1, sizeof(*at));
	SCOPED(scoped_free) int64_t *file_of = calloc(s->doc_count + 1, sizeof(*file_of));
	size_t docs_n = 0, files_n = 0;
	enum wk_status st;

	if (!a || !docs || !f || !at || !file_of)
		return WK_NOMEM;
	for (size_t i = 0; i < s->doc_count; i++) {
		struct settle_doc *r = s->list[i];

		if (r->settled || r->doc->group != g || strcmp(r->doc->type, type) != 0)
			continue;
		docs[docs_n] = r;
		a[docs_n++] = (struct settle_agreed){ bytes_str(r->doc->id), bytes_str(r->path),
						      r->ino, r->doc->text_has_id };
	}
	for (size_t i = 0; i < node_count; i++) {
		if (nodes[i]->is_dir_file || strcmp(nodes[i]->type, type) != 0)
			continue;
		at[files_n] = i;
		f[files_n++] = (struct settle_file){ bytes_str(nodes[i]->path), nodes[i]->ino,
						     bytes_str(nodes[i]->text_id) };
	}
	st = settle_match(a, docs_n, f, files_n, file_of);
	for (size_t i = 0; st == WK_OK && i < docs_n; i++)
		if (file_of[i] >= 0)
			nodes[at[file_of[i]]]->match = docs[i];
	return st;
}

static void match_all(struct settle *s, struct group *g, struct settle_node **nodes, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		bool first = !nodes[i]->is_dir_file;

		for (size_t k = 0; first && k < i; k++)
			first = nodes[k]->is_dir_file ||
				strcmp(nodes[k]->type, nodes[i]->type) != 0;
		if (first && match_type(s, g, nodes[i]->type, nodes, count) != WK_OK)
			return;
	}
}

void settle_files(struct settle *s, struct group *g)
{
	SCOPED(scoped_free) struct settle_node **nodes = calloc(s->node_count + 1, sizeof(*nodes));
	size_t count = 0;

	if (nodes == NULL)
		return;
	for (size_t i = 0; i < s->node_count; i++)
		if (is_file_entry(s, g, s->nodes[i]))
			nodes[count++] = s->nodes[i];
	match_all(s, g, nodes, count);
	/* Directories' own files first: what stands below them may come with them. */
	for (int round = 0; round < 2; round++)
		for (size_t i = 0; i < count; i++) {
			if (nodes[i]->is_dir_file != (round == 0) || !is_ready(s, nodes[i]))
				continue;
			if (nodes[i]->is_dir_file)
				apply_dir_file(s, nodes[i]);
			else if (nodes[i]->match == NULL)
				settle_new(s, nodes[i]);
			else if (apply(s, nodes[i]) != WK_OK)
				nodes[i]->settled = false;
		}
}
