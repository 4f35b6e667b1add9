/* SPDX-License-Identifier: Apache-2.0 */
/* Files that are new documents, and why others are none. */
#include "store/settle_private.h"

#include <stdio.h>

#define NS_PER_MS 1000000
#define PROBLEM_MAX 200

/* Many new documents at once from a repository wait for a person. */
static bool is_flood(struct settle *s, struct group *g)
{
	if (s->now_ms - g->burst_ms > 60000) {
		g->burst_ms = s->now_ms;
		g->burst_count = 0;
	}
	return ++g->burst_count > SETTLE_BURST && g->dir != NULL &&
	       tree_lookup(s->tree, g->dir, bytes_str(".git")) != NULL;
}

static enum wk_status hold(struct doc *doc)
{
	doc->held = true;
	return docs_set_problem(doc, "one of many new files of a repository: not sent");
}

/* Whether the text is a document of its kind at all; else why not. */
static bool is_document(struct arena *arena, struct settle_node *e, struct bytes text,
			char text_id[DOC_ID_MAX + 1])
{
	struct json_error error = { 0 };
	struct json *json = NULL;
	enum wk_status st;

	text_id[0] = '\0';
	if (kind_info(e->kind)->text_key != NULL)
		return true;
	st = json_parse(arena, text, &json, &error);
	if (st != WK_OK) {
		char where[PROBLEM_MAX];

		snprintf(where, sizeof(where), "line %u, column %u: %s", error.line, error.column,
			 text.n == 0 ? "the file is empty" : error.reason);
		settle_refuse(e, "%s", where);
		return false;
	}
	if (!doc_has_own_field(json, e->kind)) {
		settle_refuse(e, "not a document: it has no field of a %s", e->type);
		return false;
	}
	if (doc_text_id(arena, text, text_id) != WK_OK)
		text_id[0] = '\0';
	return true;
}

static enum wk_status make(struct settle *s, struct settle_node *e, struct arena *arena,
			   struct bytes text, const char *text_id)
{
	SCOPED(buf_fini) struct buf name = BUF_SECRET_INIT(4096);
	struct doc_place place = { .kind = e->kind, .type = bytes_str(e->type),
				   .created_ms = e->node->btime_ns / NS_PER_MS,
				   .modified_ms = e->node->mtime_ns / NS_PER_MS };
	struct json_error error = { 0 };
	char id[DOC_ID_MAX + 1];
	struct json *json = NULL;
	struct doc *doc = NULL;
	enum wk_status st = settle_read_place(s, e, NULL, &place, &name);

	if (st != WK_OK)
		return st;
	settle_new_id(s, e->kind, text_id, id);
	place.id = bytes_str(id);
	st = doc_parse(arena, text, &place, NULL, &json, &error);
	if (st == WK_INVALID) {
		settle_refuse(e, "%s", error.reason[0] != '\0' ? error.reason : "not a document");
		return WK_OK;
	}
	if (st == WK_OK)
		st = docs_create(s->docs, e->group, json, false, &doc);
	if (st != WK_OK)
		return st;
	settle_link(s, doc, e->node);
	doc->shown = true;
	doc->stale = false;
	doc->text_has_id = text_id[0] != '\0' && strcmp(text_id, doc->id) == 0;
	if (is_flood(s, e->group))
		st = hold(doc);
	e->settled = true;
	return st == WK_OK ? settle_note_valid(s, doc, e->node) : st;
}

void settle_new(struct settle *s, struct settle_node *e)
{
	SCOPED(buf_fini) struct buf text = BUF_SECRET_INIT(DOC_MAX);
	SCOPED(arena_free_scoped) struct arena *arena = arena_new(DOCS_ARENA_MAX);
	char text_id[DOC_ID_MAX + 1];
	enum wk_status st;

	if (arena == NULL)
		return;
	st = tree_read_all(s->tree, e->node, &text);
	if (st == WK_OK && !is_document(arena, e, buf_bytes(&text), text_id))
		return;
	if (st == WK_OK)
		st = make(s, e, arena, buf_bytes(&text), text_id);
	if (st == WK_NOT_FOUND)
		settle_refuse(e, "a document of type %s cannot stand here", e->type);
	else if (st == WK_LIMIT)
		settle_refuse(e, "%s", "it is too large, or there are too many documents");
	else if (st == WK_INVALID || st == WK_CORRUPT || st == WK_EXISTS)
		settle_refuse(e, "%s", "not a document");
}
