/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What arrived meets what is here.  Runs on the store's thread, one chunk one transaction.
 *
 *	ours   nothing to do, but a push whose answer was lost is known as done
 *	after what we sent  our push has succeeded, and somebody went on from there
 *	next   taken; where a change of ours waits, merged on the last agreed text
 *	stale  never shown: ours is given back, conditional on the server's version
 *	fork   merged as a concurrent edit without a common base
 *	forged or unreadable  ignored; ours is given back if we have it
 */
#include "base/log.h"
#include "model/merge.h"
#include "store/copy.h"
#include "sync/sync_private.h"

#include <stdio.h>

struct applying {
	struct apply_chunk *chunk;
	struct docs *docs;
	struct opened *o;
	struct doc *doc;		/* NULL: never seen */
	struct docs_remote remote;
};

static enum wk_status parse_stored(struct applying *a, enum docs_text which,
				   const struct json **out)
{
	SCOPED(buf_fini) struct buf text = BUF_SECRET_INIT(DOC_MAX + 65536);
	struct json *json = NULL;
	struct bytes copy;
	enum wk_status st = docs_text(a->docs, a->doc, which, &text);

	if (st == WK_NOT_FOUND) {
		*out = NULL;
		return WK_OK;
	}
	if (st != WK_OK)
		return st;
	copy = arena_copy(a->chunk->arena, buf_bytes(&text));
	if (!copy.p)
		return WK_NOMEM;
	st = json_parse(a->chunk->arena, copy, &json, NULL);
	if (st == WK_OK)
		*out = json;
	return st;
}

/* Ours stays and goes up again on top of whatever the server holds. */
static enum wk_status give_back(struct applying *a)
{
	struct docs_version v = a->doc->agreed;
	enum wk_status st;

	if (a->o->env.has_context && a->o->env.context.n > v.n)
		v.n = a->o->env.context.n;
	(void)snprintf(v.version, sizeof v.version, "%s", a->remote.version.version);
	st = docs_set_version(a->docs, a->doc, &v, true);
	if (st == WK_OK)
		a->chunk->given_back++;
	return st;
}

/* Both sides changed it since `base` (NULL: no common state is known). */
static enum wk_status merge(struct applying *a, const struct json *base)
{
	struct merge_side theirs = { .doc = a->o->json, .author = a->remote.author };
	struct merge_side ours = { .author = bytes_str(a->chunk->sync->account_id) };
	struct merge_result m = { 0 };
	const struct json *local = NULL;
	struct doc_head head;
	enum wk_status st = parse_stored(a, DOCS_LOCAL, &local);

	if (st != WK_OK)
		return st;
	if (!local)
		return docs_take(a->docs, a->chunk->group, &a->remote, NULL, false, &a->doc);
	ours.doc = local;
	ours.modified_ms = a->doc->modified_ms;
	st = doc_read_head(a->o->json, &head);
	if (st != WK_OK)
		return st;
	theirs.modified_ms = head.modified_ms;
	st = merge_documents(a->chunk->arena, base, &theirs, &ours, &m);
	if (st == WK_OK && m.loser)
		st = copy_add(a->docs, a->chunk->arena, a->doc, &m,
			      m.loser_is_ours ? ours.author : theirs.author);
	if (st != WK_OK)
		return st;
	return docs_take(a->docs, a->chunk->group, &a->remote, m.equals_theirs ? NULL : m.doc,
			 false, &a->doc);
}

static enum wk_status take_next(struct applying *a)
{
	const struct json *base = NULL, *local = NULL;
	enum wk_status st;

	if (!a->doc || !a->doc->pending)
		return docs_take(a->docs, a->chunk->group, &a->remote, NULL, false, &a->doc);
	if (a->doc->removed)	/* a delete yields to any change; two deletes agree */
		return docs_take(a->docs, a->chunk->group, &a->remote, NULL, false, &a->doc);
	if (a->remote.removed) {	/* and a change outlives a delete */
		st = parse_stored(a, DOCS_LOCAL, &local);
		if (st != WK_OK)
			return st;
		return docs_take(a->docs, a->chunk->group, &a->remote, local, false, &a->doc);
	}
	st = parse_stored(a, DOCS_AGREED, &base);
	return st == WK_OK ? merge(a, base) : st;
}

/* Our push has succeeded, whatever became of its answer: it is no change of ours against this one. */
static enum wk_status take_after_sent(struct applying *a)
{
	struct docs_version sent = { .n = a->doc->agreed.n + 1 };
	enum wk_status st;

	/* What was sent is not kept where we went on ourselves; then the base is what was agreed. */
	if (a->doc->generation != a->doc->sent_generation)
		return take_next(a);
	memcpy(sent.digest, a->doc->sent_digest, DIGEST_SIZE);
	st = docs_set_agreed(a->docs, a->doc, a->doc->sent_generation, a->doc->removed, &sent,
			     bytes_str(""));
	return st == WK_OK ? take_next(a) : st;
}

static enum wk_status take_fork(struct applying *a)
{
	const struct json *local = NULL;
	enum wk_status st;

	log_warn("a revision of %s does not follow the one held here; merging", a->doc->id);
	if (a->remote.removed && !a->doc->removed) {
		st = parse_stored(a, DOCS_LOCAL, &local);
		return st == WK_OK ? docs_take(a->docs, a->chunk->group, &a->remote, local, false,
					       &a->doc)
				   : st;
	}
	if (a->remote.removed || a->doc->removed)
		return docs_take(a->docs, a->chunk->group, &a->remote, NULL, false, &a->doc);
	return merge(a, NULL);
}

static enum wk_status take_ours(struct applying *a)
{
	static const uint8_t none[DIGEST_SIZE];

	if (memcmp(a->o->env.digest, a->doc->agreed.digest, DIGEST_SIZE) == 0) {
		if (strcmp(a->doc->agreed.version, a->remote.version.version) == 0)
			return WK_OK;
		return docs_set_version(a->docs, a->doc, &a->remote.version, a->doc->pending);
	}
	if (memcmp(a->doc->sent_digest, none, DIGEST_SIZE) == 0)
		return WK_CORRUPT;
	return docs_set_agreed(a->docs, a->doc, a->doc->sent_generation, a->remote.removed,
			       &a->remote.version, a->o->text);
}

/* An app's write in a mixed group has no context: only what is inside can be asked. */
static enum arrival judge_app(const struct applying *a)
{
	struct doc_head head;

	if (!a->doc)
		return ARRIVAL_NEXT;
	if (memcmp(a->o->env.digest, a->doc->agreed.digest, DIGEST_SIZE) == 0)
		return ARRIVAL_OURS;
	if (docs_was_superseded(a->docs, a->doc, a->o->env.digest))
		return ARRIVAL_STALE;
	if (doc_read_head(a->o->json, &head) == WK_OK && head.modified_ms > a->doc->modified_ms)
		return ARRIVAL_NEXT;
	return ARRIVAL_FORK;
}

static enum arrival judge(struct applying *a)
{
	struct arrival_known known = { .have = a->doc != NULL };

	/* A document keeps its type for life; who says another is not the one who made it. */
	if (a->o->st == WK_OK && a->doc && !bytes_equal_str(a->o->wire->type, a->doc->type))
		a->o->st = WK_TAMPERED;
	if (a->o->st != WK_OK)
		return ARRIVAL_FORGED;
	if (!a->o->env.has_context)
		return judge_app(a);
	if (a->doc) {
		known.n = a->doc->agreed.n;
		memcpy(known.digest, a->doc->agreed.digest, DIGEST_SIZE);
		memcpy(known.sent_digest, a->doc->sent_digest, DIGEST_SIZE);
		known.was_superseded = docs_was_superseded(a->docs, a->doc, a->o->env.digest);
	}
	return arrival_judge(&known, &a->o->env.context, a->o->env.digest, a->o->chain, a->o->chain_count);
}

static enum wk_status refuse(struct applying *a)
{
	log_warn("a resource from the server is refused: %s", wk_status_text(a->o->st));
	if (a->o->st == WK_TAMPERED)
		a->chunk->forged++;
	else
		a->chunk->unreadable++;
	/* What was never agreed is not there to be given back: it is sent as new. */
	if (!a->doc || a->doc->agreed.n == 0)
		return WK_OK;
	return give_back(a);
}

static enum wk_status apply_one(struct applying *a)
{
	const struct wire_resource *w = a->o->wire;

	a->doc = docs_find(a->docs, a->chunk->group, w->id);
	a->remote = (struct docs_remote){
		.id = w->id,
		.type = w->type,
		.author = w->last_edited_by,
		.removed = w->removed,
		.version = { .n = a->o->env.has_context ? a->o->env.context.n
						    : (a->doc ? a->doc->agreed.n : 0) },
		.json = w->removed ? NULL : a->o->json,
	};
	memcpy(a->remote.version.digest, a->o->env.digest, DIGEST_SIZE);
	if (w->version.n > DOCS_VERSION_MAX)
		return WK_CORRUPT;
	memcpy(a->remote.version.version, w->version.p, w->version.n);
	switch (judge(a)) {
	case ARRIVAL_OURS:
		return take_ours(a);
	case ARRIVAL_NEXT:
		a->chunk->taken++;
		return take_next(a);
	case ARRIVAL_AFTER_SENT:
		a->chunk->taken++;
		return take_after_sent(a);
	case ARRIVAL_STALE:
		a->chunk->stale++;
		return give_back(a);
	case ARRIVAL_FORK:
		a->chunk->taken++;
		a->chunk->forked += a->doc->agreed.n > 0;
		return take_fork(a);
	case ARRIVAL_FORGED:
		break;
	}
	return refuse(a);
}

void apply_step(void *arg)
{
	struct apply_chunk *c = arg;
	struct docs *docs = store_docs(c->sync->store);
	struct rows *rows = store_rows(c->sync->store);

	c->st = WK_OK;
	rows_begin(rows);
	for (size_t i = 0; i < c->count && c->st == WK_OK; i++) {
		struct applying a = { .chunk = c, .docs = docs, .o = &c->items[i] };

		c->st = apply_one(&a);
		/* The same id live in another group: shown nowhere, destroys nothing. */
		if (c->st == WK_EXISTS) {
			c->unreadable++;
			c->st = WK_OK;
		}
	}
	if (c->st == WK_OK && c->cursor) {
		c->group->seq = c->cursor->seq;
		(void)snprintf(c->group->mark, sizeof c->group->mark, "%.*s",
			       (int)c->cursor->mark.n, (const char *)c->cursor->mark.p);
		c->st = docs_group_save(docs, c->group);
	}
	rows_end(rows);
	view_run(store_view(c->sync->store));
}
