/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the server has: revisions taken from it, ours that it confirmed, and the digests of what
 * was superseded.  The digests are packed, 128 a row, and read only when an envelope is
 * neither ours nor next.
 */
#include "store/docs_private.h"

#define PAST_PER_ROW 128

static const uint8_t no_digest[DIGEST_SIZE];

static enum wk_status note_past(struct docs *d, struct doc *doc, const uint8_t next[DIGEST_SIZE])
{
	SCOPED(buf_fini) struct buf row = BUF_INIT(PAST_PER_ROW * DIGEST_SIZE);
	int64_t at = doc->past_count / PAST_PER_ROW;
	enum wk_status st = WK_OK;

	if (memcmp(doc->agreed.digest, no_digest, DIGEST_SIZE) == 0 ||
	    memcmp(doc->agreed.digest, next, DIGEST_SIZE) == 0)
		return WK_OK;
	if (doc->past_count % PAST_PER_ROW != 0)
		st = rows_get(d->rows, ROWS_PAST, doc->number, at, &row);
	if (st == WK_OK)
		st = buf_append(&row, doc->agreed.digest, DIGEST_SIZE);
	if (st == WK_OK)
		st = rows_put(d->rows, ROWS_PAST, doc->number, at, buf_bytes(&row));
	if (st == WK_OK)
		doc->past_count++;
	return st;
}

bool docs_was_superseded(struct docs *d, const struct doc *doc, const uint8_t digest[DIGEST_SIZE])
{
	for (uint32_t at = 0; at * PAST_PER_ROW < doc->past_count; at++) {
		SCOPED(buf_fini) struct buf row = BUF_INIT(PAST_PER_ROW * DIGEST_SIZE);

		if (rows_get(d->rows, ROWS_PAST, doc->number, at, &row) != WK_OK)
			continue;
		for (size_t i = 0; i + DIGEST_SIZE <= row.n; i += DIGEST_SIZE)
			if (memcmp(row.p + i, digest, DIGEST_SIZE) == 0)
				return true;
	}
	return false;
}

static bool version_is_sound(const struct docs_version *v)
{
	return memchr(v->version, '\0', sizeof(v->version)) != NULL;
}

static void set_agreed(struct doc *doc, const struct docs_version *v, bool removed)
{
	doc->agreed = *v;
	doc->agreed_removed = removed;
	memset(doc->sent_digest, 0, DIGEST_SIZE);
}

/* AGREED becomes a text of its own, or none. */
static enum wk_status put_agreed(struct docs *d, struct doc *doc, const struct json *json)
{
	enum wk_status st;

	if (json == NULL)
		return docs_forget_text(d, doc, DOCS_AGREED);
	st = docs_put_text(d, doc, DOCS_AGREED, json);
	if (st == WK_OK)
		doc->has_agreed = true;
	return st;
}

/* Whether LOCAL is this text already. */
static bool is_local(struct docs *d, const struct doc *doc, const struct json *json)
{
	SCOPED(buf_fini) struct buf text = BUF_SECRET_INIT(DOC_MAX);
	SCOPED(buf_fini) struct buf next = BUF_SECRET_INIT(DOC_MAX);

	return doc->generation > 0 && !doc->removed &&
	       docs_text(d, doc, DOCS_LOCAL, &text) == WK_OK &&
	       json_write(json, &next) == WK_OK && bytes_equal(buf_bytes(&text), buf_bytes(&next));
}

static enum wk_status become(struct docs *d, struct doc *doc, const struct json *json)
{
	if (is_local(d, doc, json))
		return WK_OK;
	return docs_set_local(d, doc, json, true);
}

/* What came into a folder that was removed here, and not yet there, keeps the folder. */
static enum wk_status keep_parent(struct docs *d, struct doc *doc)
{
	const struct doc *parent = doc->removed || doc->parent_id == NULL ? NULL
				   : docs_find(d, doc->group, bytes_str(doc->parent_id));

	if (parent == NULL || !parent->removed || !parent->pending)
		return WK_OK;
	return docs_revive_parents(d, doc);
}

static enum wk_status drop_texts(struct docs *d, struct doc *doc)
{
	enum wk_status st = docs_forget_text(d, doc, DOCS_AGREED);

	return st == WK_OK && !docs_has_save(doc) ? docs_forget_text(d, doc, DOCS_SEEN) : st;
}

static enum wk_status apply(struct docs *d, struct doc *doc, const struct docs_remote *r,
			    const struct json *local, bool local_removed)
{
	enum wk_status st = note_past(d, doc, r->version.digest);

	if (st == WK_OK && local == NULL && !local_removed) {
		st = r->removed ? docs_unset_local(d, doc, true) : become(d, doc, r->json);
		if (st == WK_OK)
			st = keep_parent(d, doc);
		if (st == WK_OK)
			st = r->removed && doc->settling == NULL ? drop_texts(d, doc)
								 : put_agreed(d, doc, NULL);
		if (st == WK_OK)
			doc->pending = false;
	} else if (st == WK_OK) {
		st = put_agreed(d, doc, r->removed ? NULL : r->json);
		if (st == WK_OK)
			st = local_removed ? docs_unset_local(d, doc, true) : become(d, doc, local);
		if (st == WK_OK)
			doc->pending = true;
		if (st == WK_OK && !local_removed)
			st = docs_revive_parents(d, doc);
	}
	if (st == WK_OK)
		st = docs_set_author(d, doc, r->author);
	if (st == WK_OK)
		set_agreed(doc, &r->version, r->removed);
	return st == WK_OK ? docs_row_save(d, doc) : st;
}

static enum wk_status find_or_make(struct docs *d, struct group *g, const struct docs_remote *r,
				   struct doc **doc_out, bool *made_out)
{
	struct doc *doc = docs_find(d, g, r->id);
	enum wk_status st;

	*made_out = doc == NULL;
	if ((doc == NULL || doc->removed) && !r->removed) {
		if (docs_is_taken(d, r->id))
			return WK_EXISTS;
		if (g->live >= DOCS_GROUP_MAX)
			return WK_LIMIT;
	}
	if (doc == NULL) {
		st = docs_new(d, g, r->id, r->type, 0, &doc);
		if (st != WK_OK)
			return st;
		docs_uncount(doc);
		doc->removed = true;
		doc->shown = true;
		docs_count(doc);
	} else if (r->type.n > 0 && !bytes_equal_str(r->type, doc->type)) {
		return WK_CORRUPT;
	}
	*doc_out = doc;
	return WK_OK;
}

enum wk_status docs_take(struct docs *d, struct group *g, const struct docs_remote *remote,
			 const struct json *local, bool local_removed, struct doc **doc_out)
{
	struct doc *doc = NULL;
	bool made;
	enum wk_status st;

	if (!version_is_sound(&remote->version) || (!remote->removed && remote->json == NULL) ||
	    remote->author.n > CONTEXT_ID_MAX)
		return WK_INVALID;
	st = find_or_make(d, g, remote, &doc, &made);
	if (st != WK_OK)
		return st;
	st = docs_begin(d);
	docs_uncount(doc);
	if (st == WK_OK)
		st = apply(d, doc, remote, local, local_removed);
	docs_count(doc);
	rows_end(d->rows);
	if (st != WK_OK) {
		if (made && doc->queued == NULL)
			docs_drop(d, doc);
		return st;
	}
	*doc_out = doc;
	docs_tell_outgoing(d, doc);
	return WK_OK;
}

enum wk_status docs_set_sent(struct docs *d, struct doc *doc, uint64_t generation,
			     const uint8_t digest[DIGEST_SIZE])
{
	memcpy(doc->sent_digest, digest, DIGEST_SIZE);
	doc->sent_generation = generation;
	return docs_row_save(d, doc);
}

/* The server has what LOCAL is. */
static enum wk_status become_clean(struct docs *d, struct doc *doc)
{
	doc->pending = false;
	if (!doc->removed)
		return docs_forget_text(d, doc, DOCS_AGREED);
	return drop_texts(d, doc);
}

static enum wk_status keep_sent(struct docs *d, struct doc *doc, bool removed, struct bytes text)
{
	enum wk_status st;

	/* Of one that was removed before it was known to be sent, nothing was left to wait. */
	doc->pending = true;
	if (removed)
		return docs_forget_text(d, doc, DOCS_AGREED);
	if (text.n > DOC_MAX)
		return WK_LIMIT;
	st = rows_put(d->rows, ROWS_TEXT, doc->number, DOCS_AGREED, text);
	if (st == WK_OK)
		doc->has_agreed = true;
	return st;
}

enum wk_status docs_set_agreed(struct docs *d, struct doc *doc, uint64_t generation, bool removed,
			       const struct docs_version *version, struct bytes sent_text)
{
	enum wk_status st;

	if (!version_is_sound(version))
		return WK_INVALID;
	st = docs_begin(d);
	docs_uncount(doc);
	if (st == WK_OK)
		st = note_past(d, doc, version->digest);
	if (st == WK_OK)
		st = generation == doc->generation ? become_clean(d, doc)
						   : keep_sent(d, doc, removed, sent_text);
	if (st == WK_OK)
		set_agreed(doc, version, removed);
	docs_count(doc);
	if (st == WK_OK)
		st = docs_row_save(d, doc);
	rows_end(d->rows);
	docs_tell_outgoing(d, doc);
	return st;
}

enum wk_status docs_set_version(struct docs *d, struct doc *doc, const struct docs_version *v,
				bool pending)
{
	enum wk_status st;

	if (!version_is_sound(v))
		return WK_INVALID;
	st = docs_begin(d);
	if (st == WK_OK)
		st = note_past(d, doc, v->digest);
	if (st == WK_OK && pending)
		st = docs_keep_agreed(d, doc);
	if (st == WK_OK) {
		docs_uncount(doc);
		doc->agreed = *v;
		doc->pending = pending;
		docs_count(doc);
		st = docs_row_save(d, doc);
	}
	rows_end(d->rows);
	docs_tell_outgoing(d, doc);
	return st;
}
