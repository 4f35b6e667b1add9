/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CRYPTO_ROW_H
#define CRYPTO_ROW_H

#include "crypto/kdf.h"

/*
 * Sealing of values in the local store.  Sealed form: generation (4 bytes
 * big-endian), iv (12), ciphertext, tag (16): ROW_OVERHEAD more than the value.
 * ad = store id, table name, key (two 8-byte integers), column, generation, each with a
 * length byte.  A value moved to another place fails to open (WK_TAMPERED).
 * Thread-safe: one lock around the cipher inside.
 */
#define ROW_OVERHEAD (4 + 12 + 16)

struct row_sealer;
/* generation: the newest; older ones open as well. */
enum wk_status row_sealer_new(const struct local_key *key, const uint8_t store_id[16],
			      uint32_t generation, struct row_sealer **out);
void row_sealer_free(struct row_sealer *s);
DEFINE_SCOPED_FREE(struct row_sealer, row_sealer_free)

struct row_place {
	const char *table;
	int64_t key1, key2;
	const char *column;
};
enum wk_status row_seal(struct row_sealer *s, const struct row_place *at, struct bytes value,
			struct buf *sealed_out);	/* appends */
/* WK_TAMPERED: not what was sealed at this place.  WK_CORRUPT: shorter than ROW_OVERHEAD. */
enum wk_status row_open(struct row_sealer *s, const struct row_place *at, struct bytes sealed,
			struct buf *value_out);		/* appends */
/* Seals since it was made; at 2^31 the store starts a new generation. */
uint64_t row_sealer_count(const struct row_sealer *s);

#endif
