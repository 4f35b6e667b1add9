/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVER_BATCH_H
#define SERVER_BATCH_H

#include "server/storage.h"

/* Pushed resources, read and checked, on their way to one transaction. */
struct batch_item {
	struct bytes group_id;		/* apps name one with each; else .p NULL */
	struct bytes id, type, name, enc_content, seen_version;
	struct bytes ad;
	uint8_t inner[HASH_SIZE], digest[DIGEST_SIZE];
	int64_t last_edited_ms;
	bool removed;
};

struct batch {
	struct arena *arena;	/* what the items borrow from */
	struct batch_item *items;
	size_t count, room;
	size_t bytes;		/* of text, about */
	struct envelope envelope;	/* one after the other goes through it */
};

/* WK_NOMEM. */
enum wk_status batch_init(struct batch *b);
void batch_fini(struct batch *b);
/* Forgets the items. */
void batch_clear(struct batch *b);

/*
 * Reads one pushed resource from its JSON text: an app's record, or a change of
 * /v1.  WK_INVALID, WK_CORRUPT: no such thing, or its envelope is not of the wire form.
 * WK_LIMIT.  lastEdited is cut to now_ms and a day.
 */
enum wk_status batch_add(struct batch *b, struct bytes text, bool is_app, int64_t now_ms);

/* What the storage needs of an item; group, account, mark and session are the caller's. */
struct storage_put batch_put(const struct batch_item *item);

#endif
