/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of documents, for people and tools. */
#include "fs/virtual_text.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/json.h"
#include "store/docs.h"

#define LOG_ENTRIES_MAX 200

static enum wk_status put_member(struct buf *out, const char *before, const char *key,
				 struct bytes text)
{
	enum wk_status st = buf_printf(out, "%s\"%s\": ", before, key);

	return st == WK_OK ? json_write_string(text, out) : st;
}

static enum wk_status put_path(struct store *s, const struct doc *doc, const char *before,
			       struct buf *out)
{
	SCOPED(buf_fini) struct buf path = BUF_SECRET_INIT(65536);
	struct node *node = doc->file ? doc->file : doc->node;

	if (node && tree_path(store_tree(s), node, &path) != WK_OK)
		buf_clear(&path);
	return put_member(out, before, "path", buf_bytes(&path));
}

static enum wk_status put_conflict(struct store *s, const struct doc *doc, bool first,
				   struct buf *out)
{
	enum wk_status st = put_path(s, doc, first ? "\n  { " : ",\n  { ", out);

	if (st == WK_OK)
		st = put_member(out, ", ", "id", bytes_str(doc->id));
	if (st == WK_OK)
		st = put_member(out, ", ", "group", bytes_str(doc->group->id));
	return st == WK_OK ? buf_append_str(out, " }") : st;
}

enum wk_status virtual_text_conflicts(struct store *s, struct buf *json_out)
{
	struct docs *docs = store_docs(s);
	enum wk_status st = buf_append_char(json_out, '[');
	const struct group *g;
	const struct doc *doc;
	bool first = true;

	for (size_t i = 0; (g = docs_group_at(docs, i)); i++)
		for (size_t j = 0; (doc = docs_at(docs, g, j)) && st == WK_OK; j++)
			if (doc->conflict && !doc->removed) {
				st = put_conflict(s, doc, first, json_out);
				first = false;
			}
	return st == WK_OK ? buf_append_str(json_out, first ? "]\n" : "\n]\n") : st;
}

static int newest_first(const void *a, const void *b)
{
	const struct doc *left = *(const struct doc *const *)a;
	const struct doc *right = *(const struct doc *const *)b;

	return (left->modified_ms < right->modified_ms) - (left->modified_ms > right->modified_ms);
}

static const char *state_of(const struct doc *doc)
{
	if (doc->removed)
		return "removed";
	if (doc->problem)
		return "invalid";
	if (doc->conflict)
		return "conflict";
	return doc->pending ? "pending" : "clean";
}

static enum wk_status put_entry(struct store *s, const struct doc *doc, bool first, struct buf *out)
{
	char time[25];
	enum wk_status st;

	clock_iso8601(doc->modified_ms, time);
	st = put_member(out, first ? "\n  { " : ",\n  { ", "time", bytes_str(time));
	if (st == WK_OK)
		st = put_path(s, doc, ", ", out);
	if (st == WK_OK)
		st = put_member(out, ", ", "id", bytes_str(doc->id));
	if (st == WK_OK)
		st = put_member(out, ", ", "state", bytes_str(state_of(doc)));
	if (st == WK_OK)
		st = put_member(out, ", ", "author", bytes_str(docs_author(store_docs(s), doc)));
	return st == WK_OK ? buf_append_str(out, " }") : st;
}

/* Every document of the account; NULL when there is none or no memory. */
static const struct doc **all_documents(struct docs *docs, size_t *count_out)
{
	const struct doc **all = NULL;
	const struct group *g;
	const struct doc *doc;
	size_t n = 0, room = 0;

	for (size_t i = 0; (g = docs_group_at(docs, i)); i++)
		for (size_t j = 0; (doc = docs_at(docs, g, j)); j++) {
			if (n == room) {
				const struct doc **more;

				room = room ? 2 * room : 64;
				more = reallocarray(all, room, sizeof(struct doc *));
				if (!more) {
					*count_out = n;
					return all;
				}
				all = more;
			}
			all[n++] = doc;
		}
	*count_out = n;
	return all;
}

enum wk_status virtual_text_log(struct store *s, struct buf *json_out)
{
	size_t n;
	SCOPED(scoped_free) const struct doc **all = all_documents(store_docs(s), &n);
	enum wk_status st = buf_append_char(json_out, '[');

	if (n > 0)
		qsort(all, n, sizeof(struct doc *), newest_first);
	for (size_t i = 0; i < n && i < LOG_ENTRIES_MAX && st == WK_OK; i++)
		st = put_entry(s, all[i], i == 0, json_out);
	return st == WK_OK ? buf_append_str(json_out, n == 0 ? "]\n" : "\n]\n") : st;
}
