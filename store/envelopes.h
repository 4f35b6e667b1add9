/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_ENVELOPES_H
#define STORE_ENVELOPES_H

#include "crypto/digest.h"
#include "store/docs.h"

/*
 * Documents in their envelopes: what sync/ hands to the server and gets from it, without
 * touching a key itself.  Any thread, one thread at a time an object; needs nothing of the store but the
 * group's key, which never changes while the store is open.
 */
struct envelopes;
enum wk_status envelopes_new(const struct group_key *key, struct envelopes **out);
void envelopes_free(struct envelopes *e);
DEFINE_SCOPED_FREE(struct envelopes, envelopes_free)

/* Appends the wire text of a fresh, padded envelope of `text` under this context; its digest beside. */
enum wk_status envelopes_seal(struct envelopes *e, const struct context *context,
			      struct bytes text, struct buf *wire_out,
			      uint8_t digest_out[DIGEST_SIZE]);

struct envelopes_opened {
	uint8_t digest[DIGEST_SIZE];
	bool has_context;		/* false: an app wrote it (empty ad) */
	struct context context;
};
/*
 * Reads the wire text; the document's text is appended to a secret buffer.  *out is filled as far as it
 * was understood, also on failure.  WK_CORRUPT, WK_LIMIT, WK_TAMPERED as in crypto/envelope.h.
 */
enum wk_status envelopes_open(struct envelopes *e, struct bytes wire, struct buf *text_out,
			      struct envelopes_opened *out);

#endif
