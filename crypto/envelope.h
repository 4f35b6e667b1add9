/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CRYPTO_ENVELOPE_H
#define CRYPTO_ENVELOPE_H

#include "crypto/digest.h"

/*
 * Sealing and opening envelopes of text.  Only clients link this.
 *
 * Plaintext inside: the text with '%' as "%25" and nothing else escaped, then, for
 * documents, spaces up to the size class: 512 bytes, above that Padme's steps
 * (at most 12 % more).  Readers undo full percent-encoding (encodeURIComponent),
 * so what stock apps seal opens too, and theirs open ours.
 */

/* A cipher for one key; one thread at a time. */
struct sealer;
enum wk_status sealer_for_group(const struct group_key *key, struct sealer **out);
enum wk_status sealer_for_account(const struct account_key *key, struct sealer **out);
enum wk_status sealer_for_enc(const struct enc_key *key, struct sealer **out);
void sealer_free(struct sealer *s);
DEFINE_SCOPED_FREE(struct sealer, sealer_free)

size_t envelope_padded_size(size_t n);

/* Replaces *out by a fresh envelope (random iv) with exactly this ad; pad: to the size class. */
enum wk_status envelope_seal_text(struct sealer *s, struct bytes text, struct bytes ad, bool pad,
				  struct envelope *out);
/* Known answers only: the stock form (full percent-encoding, no padding) with a given iv. */
enum wk_status envelope_seal_stock(struct sealer *s, struct bytes text, struct bytes ad,
				   const uint8_t iv[GCM_IV], struct envelope *out);
/*
 * Replaces *text_out (a secret buffer) by the text; trailing spaces of the padding stay
 * (JSON does not mind them).  WK_TAMPERED: the tag is wrong.  WK_CORRUPT: not UTF-8 or a
 * malformed escape inside (the tag was right).
 */
enum wk_status envelope_open_text(struct sealer *s, const struct envelope *e,
				  struct buf *text_out);
/* Raw bytes, no percent-encoding (VCS blobs). */
enum wk_status envelope_open_bytes(struct sealer *s, const struct envelope *e, struct buf *out);
enum wk_status envelope_seal_bytes(struct sealer *s, struct bytes plain, struct bytes ad,
				   const uint8_t iv[GCM_IV], struct envelope *out);

#endif
