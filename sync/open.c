/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a resource on the wire to an opened document.  Everything here is hostile input: the
 * shape, the tag, the context and the inner identity are checked before anything of it is believed.
 */
#include "base/hex.h"
#include "sync/sync_private.h"

/* A document's envelope may hold no more than a document and its padding. */
#define TEXT_MAX (DOC_MAX + DOC_MAX / 8 + 4096)

static enum wk_status read_chain(struct arena *arena, const struct wire_resource *w,
				 struct opened *out)
{
	struct arrival_chain *chain;

	if (w->chain_count == 0)
		return WK_OK;
	chain = arena_alloc(arena, w->chain_count * sizeof *chain);
	if (!chain)
		return WK_NOMEM;
	for (size_t i = 0; i < w->chain_count; i++) {
		SCOPED(buf_fini) struct buf ad = BUF_INIT(1024);
		enum wk_status st = hex_decode_append(w->chain[i].ad, &ad);

		if (st == WK_OK)
			st = hex_decode(w->chain[i].inner, chain[i].inner, HASH_SIZE);
		if (st != WK_OK)
			return st;
		chain[i].ad = arena_copy(arena, buf_bytes(&ad));
		if (!chain[i].ad.p)
			return WK_NOMEM;
	}
	out->chain = chain;
	out->chain_count = w->chain_count;
	return WK_OK;
}

static bool names_this_place(const struct context *c, const struct sync_group *g,
			     const struct wire_resource *w)
{
	return strcmp(c->group_id, g->id) == 0 &&
	       bytes_equal_str(w->id, c->resource_id) && bytes_equal_str(w->type, c->type) &&
	       c->removed == w->removed;
}

static enum wk_status parse_text(struct arena *arena, const struct wire_resource *w,
				 const struct buf *text, struct opened *out)
{
	struct doc_head head;
	struct json *json = NULL;
	enum wk_status st;

	out->text = arena_copy(arena, buf_bytes(text));
	if (!out->text.p)
		return WK_NOMEM;
	st = json_parse(arena, out->text, &json, NULL);
	if (st == WK_INVALID)
		return WK_CORRUPT;
	if (st == WK_OK)
		st = doc_read_head(json, &head);
	if (st != WK_OK)
		return st;
	if (!bytes_equal(head.id, w->id) || !bytes_equal(head.type, w->type))
		return WK_TAMPERED;
	out->json = json;
	return WK_OK;
}

static enum wk_status open_one(struct envelopes *envelopes, const struct sync_group *g,
			       struct arena *arena, struct opened *out)
{
	SCOPED(buf_fini) struct buf text = BUF_SECRET_INIT(TEXT_MAX);
	const struct wire_resource *w = out->wire;
	enum wk_status st = envelopes_open(envelopes, w->enc_content, &text, &out->env);

	if (st != WK_OK)
		return st;
	/* An app's write has no context, and only a mixed group takes those. */
	if (out->env.has_context ? !names_this_place(&out->env.context, g, w) : !g->mixed)
		return WK_TAMPERED;
	st = read_chain(arena, w, out);
	if (st != WK_OK)
		return st;
	return parse_text(arena, w, &text, out);
}

enum wk_status opened_make(struct envelopes *envelopes, const struct sync_group *g,
			   struct arena *arena, const struct wire_resource *w, struct opened *out)
{
	*out = (struct opened){ .wire = w };
	out->st = open_one(envelopes, g, arena, out);
	return out->st == WK_NOMEM ? WK_NOMEM : WK_OK;
}
