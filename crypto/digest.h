/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CRYPTO_DIGEST_H
#define CRYPTO_DIGEST_H

#include "crypto/gcm.h"

/*
 * Envelopes from outside, without any key: their shape, the context bound in
 * their `ad`, and their digest.  The server links this and never envelope.c.
 *
 * Wire form (JSON text): {"iv":HEX24,"t":HEX32,"d":HEX,"ad":HEX}, digits of either
 * case, any member order.  Stock readers pass over members of other names, and so
 * does this (no digest or tag covers them); one of the four twice is an error.
 */
#define DIGEST_SIZE 16
#define ENVELOPE_PLAIN_MAX (16u * 1024 * 1024 + 65536)
/* Longest wire form: two digits a byte, and the members around them. */
#define ENVELOPE_TEXT_MAX (2 * (size_t)ENVELOPE_PLAIN_MAX + 4096)
#define CONTEXT_ID_MAX 128

struct envelope {
	uint8_t iv[GCM_IV];
	uint8_t tag[GCM_TAG];
	struct buf d;	/* ciphertext */
	struct buf ad;	/* at most 1024 bytes */
};

#define ENVELOPE_INIT { .d = BUF_INIT(ENVELOPE_PLAIN_MAX), .ad = BUF_INIT(1024) }
void envelope_fini(struct envelope *e);
/* Replaces *out.  WK_CORRUPT: not the wire form (12-byte iv, 16-byte tag).  WK_LIMIT: too large. */
enum wk_status envelope_parse(struct bytes text, struct envelope *out);
/* Appends, in the order iv, t, d, ad and lower case. */
enum wk_status envelope_write(const struct envelope *e, struct buf *text_out);

/* inner = SHA-256(iv | d | t);  digest = first 16 bytes of SHA-256(ad | inner). */
void envelope_inner_hash(const struct envelope *e, uint8_t inner_out[HASH_SIZE]);
void envelope_digest(const struct envelope *e, uint8_t digest_out[DIGEST_SIZE]);
void envelope_digest_of(struct bytes ad, const uint8_t inner[HASH_SIZE],
			uint8_t digest_out[DIGEST_SIZE]);

/*
 * What our documents' `ad` says.  Binary: 'W' 'K' 1 (format version), then group id,
 * resource id, type, each as one length byte and its bytes, then n (8 bytes
 * big-endian), p (16 bytes), removed (1 byte, 0 or 1), and nothing after it.
 */
struct context {
	char group_id[CONTEXT_ID_MAX + 1];
	char resource_id[CONTEXT_ID_MAX + 1];
	char type[CONTEXT_ID_MAX + 1];
	uint64_t n;			/* revision number, from 1 */
	uint8_t p[DIGEST_SIZE];		/* digest of the envelope it replaces; zeros for the first */
	bool removed;
};
/* Appends.  WK_INVALID: an empty id or type, or n = 0. */
enum wk_status context_write(const struct context *c, struct buf *ad_out);
/* WK_NOT_FOUND: ad is empty (an app wrote it).  WK_CORRUPT: anything else that is not the format. */
enum wk_status context_parse(struct bytes ad, struct context *out);

#endif
