/* SPDX-License-Identifier: Apache-2.0 */
/*
 * No transaction is held while a slow client reads: each step reads some
 * revisions in a transaction of its own.  A revision never changes, so what is
 * sent is what was decided; only a group that was lost meanwhile is passed over.
 */
#include "server/stock_answer.h"

#include <stdlib.h>

#include "base/hex.h"

#define TEXT_MAX ((size_t)128 * 1024 * 1024)
#define STEP_BYTES ((size_t)512 * 1024)

struct stock_answer *stock_answer_new(struct storage *storage, const char *const keys[STOCK_PARTS],
				      const enum stock_part_kind kinds[STOCK_PARTS])
{
	struct stock_answer *a = calloc(1, sizeof *a);

	if (!a)
		return NULL;
	a->storage = storage;
	for (size_t i = 0; i < STOCK_PARTS; i++)
		a->parts[i] = (struct stock_part){ .key = keys[i], .kind = kinds[i],
						   .text = BUF_INIT(TEXT_MAX) };
	return a;
}

void stock_answer_free(void *answer)
{
	struct stock_answer *a = answer;

	if (!a)
		return;
	for (size_t i = 0; i < STOCK_PARTS; i++) {
		buf_fini(&a->parts[i].text);
		free(a->parts[i].refs);
	}
	free(a);
}

static enum wk_status add_text(struct buf *text, struct bytes id, const uint8_t *version)
{
	char hex[2 * STORAGE_VERSION + 1];
	enum wk_status st = text->n > 0 ? buf_append_char(text, ',') : WK_OK;

	if (st == WK_OK && version)
		st = buf_append_str(text, "{\"id\":");
	if (st == WK_OK)
		st = json_write_string(id, text);
	if (st == WK_OK && version) {
		hex_encode(version, STORAGE_VERSION, hex);
		st = buf_printf(text, ",\"version\":\"%s\"}", hex);
	}
	return st;
}

enum wk_status stock_answer_id(struct stock_answer *a, size_t part, struct bytes id,
			       const uint8_t *version)
{
	struct buf *text = &a->parts[part].text;
	size_t start = text->n;
	enum wk_status st = add_text(text, id, version);

	if (st != WK_OK)
		text->n = start;
	return st;
}

enum wk_status stock_answer_ref(struct stock_answer *a, size_t part, struct stock_ref ref)
{
	struct stock_part *p = &a->parts[part];

	if (p->count == p->room) {
		size_t room = p->room ? 2 * p->room : 64;
		struct stock_ref *refs = realloc(p->refs, room * sizeof *refs);

		if (!refs)
			return WK_NOMEM;
		p->refs = refs;
		p->room = room;
	}
	p->refs[p->count++] = ref;
	return WK_OK;
}

struct step {
	struct stock_answer *answer;
	struct buf *out;
};

static enum wk_status send_resource(void *arg, const struct wire_resource *row)
{
	struct step *s = arg;
	enum wk_status st = s->answer->is_comma ? buf_append_char(s->out, ',') : WK_OK;

	if (st == WK_OK)
		st = wire_resource_write(row, false, s->out);
	if (st == WK_OK)
		s->answer->is_comma = true;
	return st;
}

static enum wk_status send_refs(struct stock_answer *a, struct stock_part *p, struct buf *out)
{
	const struct storage_ops *ops = a->storage->ops;
	struct step step = { a, out };
	struct storage_tx *tx;
	enum wk_status st = ops->begin(a->storage, false, &tx);

	if (st != WK_OK)
		return st;
	while (st == WK_OK && a->at < p->count && out->n < STEP_BYTES) {
		st = ops->revision(tx, p->refs[a->at].group_n, p->refs[a->at].seq, send_resource,
				   &step);
		if (st == WK_NOT_FOUND)	/* its group was reset meanwhile */
			st = WK_OK;
		a->at++;
	}
	ops->abort(tx);
	return st;
}

static enum wk_status fill(void *ctx, struct buf *out, bool *is_last_out)
{
	struct stock_answer *a = ctx;
	struct stock_part *p = &a->parts[a->part];
	enum wk_status st = WK_OK;

	if (!a->is_open) {
		st = buf_printf(out, "%c\"%s\":[", a->part == 0 ? '{' : ',', p->key);
		a->is_open = true;
		a->is_comma = false;
		a->at = 0;
	}
	if (st == WK_OK && p->kind == STOCK_TEXTS)
		st = buf_append(out, p->text.p, p->text.n);
	else if (st == WK_OK)
		st = send_refs(a, p, out);
	if (st != WK_OK || (p->kind == STOCK_REFS && a->at < p->count))
		return st;
	a->is_open = false;
	*is_last_out = ++a->part == STOCK_PARTS;
	return buf_append_str(out, *is_last_out ? "]}" : "]");
}

void stock_answer_send(struct request *r, struct stock_answer *a)
{
	reply_stream(r, fill, a, stock_answer_free);
}
