/* SPDX-License-Identifier: Apache-2.0 */
/* From JSON texts to items that the storage takes. */
#include "server/batch.h"

#include <stdlib.h>

#define ARENA_MAX ((size_t)512 * 1024 * 1024)
#define FUTURE_MS ((int64_t)86400 * 1000)

enum wk_status batch_init(struct batch *b)
{
	*b = (struct batch){ .arena = arena_new(ARENA_MAX), .envelope = ENVELOPE_INIT };
	return b->arena ? WK_OK : WK_NOMEM;
}

void batch_fini(struct batch *b)
{
	arena_free(b->arena);
	free(b->items);
	envelope_fini(&b->envelope);
}

void batch_clear(struct batch *b)
{
	arena_reset(b->arena);
	b->count = 0;
	b->bytes = 0;
}

static enum wk_status make_room(struct batch *b)
{
	size_t room = b->room ? 2 * b->room : 64;
	struct batch_item *items;

	if (b->count < b->room)
		return WK_OK;
	items = realloc(b->items, room * sizeof *items);
	if (!items)
		return WK_NOMEM;
	b->items = items;
	b->room = room;
	return WK_OK;
}

static enum wk_status read_app(struct batch *b, const struct json *v, struct batch_item *out)
{
	struct wire_resource m;
	enum wk_status st = wire_resource_read(b->arena, v, &m);

	if (st != WK_OK)
		return st;
	*out = (struct batch_item){ .group_id = m.group_id, .id = m.id, .type = m.type,
				    .name = m.name, .enc_content = m.enc_content,
				    .seen_version = m.version,
				    .last_edited_ms = m.last_edited_ms, .removed = m.removed };
	return m.id.n > 0 && m.group_id.n > 0 ? WK_OK : WK_INVALID;
}

static enum wk_status read_change(const struct json *v, struct batch_item *out)
{
	struct wire_push_item m;
	enum wk_status st = wire_push_item_read(v, &m);

	if (st != WK_OK)
		return st;
	*out = (struct batch_item){ .id = m.id, .type = m.type, .name = m.name,
				    .enc_content = m.enc_content, .seen_version = m.seen_version,
				    .last_edited_ms = m.last_edited_ms, .removed = m.removed };
	return WK_OK;
}

static enum wk_status read_envelope(struct batch *b, struct batch_item *item)
{
	struct envelope *e = &b->envelope;
	enum wk_status st;

	buf_clear(&e->d);
	buf_clear(&e->ad);
	st = envelope_parse(item->enc_content, e);
	if (st != WK_OK)
		return st;
	envelope_inner_hash(e, item->inner);
	envelope_digest(e, item->digest);
	item->ad = arena_copy(b->arena, buf_bytes(&e->ad));
	return item->ad.p ? WK_OK : WK_NOMEM;
}

enum wk_status batch_add(struct batch *b, struct bytes text, bool is_app, int64_t now_ms)
{
	struct batch_item item;
	struct json *v;
	enum wk_status st = make_room(b);

	if (st == WK_OK)
		st = json_parse(b->arena, text, &v, NULL);
	if (st == WK_OK)
		st = is_app ? read_app(b, v, &item) : read_change(v, &item);
	if (st == WK_OK)
		st = read_envelope(b, &item);
	if (st != WK_OK)
		return st;
	if (item.last_edited_ms > now_ms + FUTURE_MS)
		item.last_edited_ms = now_ms + FUTURE_MS;
	if (item.last_edited_ms < 0)
		item.last_edited_ms = 0;
	b->items[b->count++] = item;
	b->bytes += text.n;
	return WK_OK;
}

struct storage_put batch_put(const struct batch_item *item)
{
	return (struct storage_put){ .id = item->id, .type = item->type, .name = item->name,
				     .enc_content = item->enc_content, .ad = item->ad,
				     .inner = item->inner, .digest = item->digest,
				     .seen_version = item->seen_version,
				     .last_edited_ms = item->last_edited_ms,
				     .removed = item->removed };
}
