/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CRYPTO_OAEP_H
#define CRYPTO_OAEP_H

#include "crypto/rsa.h"

/* EME-OAEP (RFC 8017, 7.1) for 256 bytes, SHA-256 for label and MGF1, empty label. */

/* plain.n <= RSA_OAEP_MAX. */
void oaep_encode(struct bytes plain, const uint8_t seed[HASH_SIZE], uint8_t em_out[RSA_SIZE]);
/*
 * Decodes in place; on WK_OK *plain_out points into em.  WK_TAMPERED without a
 * trace in time or memory access of which check failed or where the padding ended.
 */
enum wk_status oaep_decode(uint8_t em[RSA_SIZE], struct bytes *plain_out);

#endif
