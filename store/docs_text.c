/* SPDX-License-Identifier: Apache-2.0 */
/* The texts of documents, and what their files show of them.  Plaintext stays in wiped memory. */
#include "store/docs_private.h"

/* What a user reads next to nothing else should keep no content in memory. */
void docs_wipe(struct docs *d)
{
	arena_reset(d->arena);
	buf_clear(&d->text);
	buf_clear(&d->rendered);
}

enum wk_status docs_put_text(struct docs *d, const struct doc *doc, enum docs_text which,
			     const struct json *json)
{
	enum wk_status st;

	buf_clear(&d->text);
	st = json_write(json, &d->text);
	if (st == WK_OK && d->text.n > DOC_MAX)
		st = WK_LIMIT;
	if (st == WK_OK)
		st = rows_put(d->rows, ROWS_TEXT, doc->number, which, buf_bytes(&d->text));
	buf_clear(&d->text);
	return st;
}

enum wk_status docs_text(struct docs *d, const struct doc *doc, enum docs_text which,
			 struct buf *out)
{
	if (which == DOCS_LOCAL && doc->removed)
		return WK_NOT_FOUND;
	if (which == DOCS_SEEN && !doc->has_seen)
		return WK_NOT_FOUND;
	if (which == DOCS_AGREED && !doc->has_agreed) {
		if (doc->pending || doc->removed)
			return WK_NOT_FOUND;
		which = DOCS_LOCAL;
	}
	return rows_get(d->rows, ROWS_TEXT, doc->number, which, out);
}

enum wk_status docs_tree(struct docs *d, struct arena *arena, const struct doc *doc,
			 enum docs_text which, struct json **json_out)
{
	SCOPED(buf_fini) struct buf text = BUF_SECRET_INIT(DOC_MAX);
	enum wk_status st = docs_text(d, doc, which, &text);

	if (st != WK_OK)
		return st;
	st = json_parse(arena, buf_bytes(&text), json_out, NULL);
	return st == WK_INVALID || st == WK_LIMIT ? WK_CORRUPT : st;
}

enum wk_status docs_render(struct docs *d, const struct json *json)
{
	enum wk_status st;

	buf_clear(&d->rendered);
	st = doc_render(d->arena, json, &d->rendered);
	arena_reset(d->arena);
	return st;
}

enum wk_status docs_render_hook(void *arg, struct node *node, struct buf *out)
{
	struct docs *d = arg;
	struct json *json = NULL;
	enum wk_status st;

	if (node->doc == NULL)
		return WK_NOT_FOUND;
	st = docs_tree(d, d->arena, node->doc, DOCS_LOCAL, &json);
	if (st == WK_OK)
		st = doc_render(d->arena, json, out);
	arena_reset(d->arena);
	return st;
}

enum wk_status docs_forget_text(struct docs *d, struct doc *doc, enum docs_text which)
{
	bool *has = which == DOCS_AGREED ? &doc->has_agreed : &doc->has_seen;
	enum wk_status st = WK_OK;

	if (*has)
		st = rows_delete(d->rows, ROWS_TEXT, doc->number, which);
	if (st == WK_OK)
		*has = false;
	return st;
}
