/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CRYPTO_GCM_H
#define CRYPTO_GCM_H

#include "crypto/secret.h"

/*
 * AES-256-GCM with 12-byte random ivs and 16-byte tags and nothing else, and a
 * cipher kept open for a key's life (a new one a message costs half the speed).
 * One thread at a time a cipher.  Plaintext is released only after the tag.
 */
#define GCM_IV 12
#define GCM_TAG 16

struct gcm;
enum wk_status gcm_new(const uint8_t key[KEY_SIZE], struct gcm **gcm_out);
void gcm_free(struct gcm *g);
DEFINE_SCOPED_FREE(struct gcm, gcm_free)

/* cipher_out has room for plain.n; it may be plain.p itself. */
enum wk_status gcm_seal(struct gcm *g, const uint8_t iv[GCM_IV], struct bytes ad,
			struct bytes plain, uint8_t *cipher_out, uint8_t tag_out[GCM_TAG]);
/* WK_TAMPERED: plain_out is zeroed.  plain_out has room for cipher.n; it may be cipher.p itself. */
enum wk_status gcm_open(struct gcm *g, const uint8_t iv[GCM_IV], struct bytes ad,
			struct bytes cipher, const uint8_t tag[GCM_TAG], uint8_t *plain_out);

#endif
