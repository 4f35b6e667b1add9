/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CRYPTO_KDF_H
#define CRYPTO_KDF_H

#include "crypto/secret.h"

/*
 * From what a person types to keys, as the Insomnia client does it.
 * Sanitizing: ECMAScript trim(); the e-mail address then full Unicode lower case,
 * the passphrase NFKD.  Derivation: PBKDF2-HMAC-SHA256, 100,000 rounds, whose salt
 * is HKDF-SHA256(salt text, e-mail).
 */

#define EMAIL_MAX 254
#define PASSPHRASE_MAX 1024

/* Replaces *out by the sanitized form.  WK_INVALID: empty, not UTF-8, or over the limit. */
enum wk_status kdf_email(struct bytes typed, struct buf *out);
enum wk_status kdf_passphrase(struct bytes typed, struct buf *out);	/* out: a secret buffer */

/* Both inputs sanitized already; salt is the text of the salt (64 hex digits), used as text. */
enum wk_status kdf_auth_key(struct bytes passphrase, struct bytes email, struct bytes salt,
			    struct auth_key **key_out);
enum wk_status kdf_enc_key(struct bytes passphrase, struct bytes email, struct bytes salt,
			   struct enc_key **key_out);

/*
 * HKDF-SHA256 (RFC 5869) for 32 bytes.  info is at most KDF_INFO_MAX bytes (a label in the
 * code, never input); an empty salt is the standard's zeros.
 */
#define KDF_INFO_MAX 64
void kdf_hkdf(struct bytes salt, struct bytes input, struct bytes info, uint8_t out[KEY_SIZE]);

/* HKDF of a store's key for one purpose ("rows", ...) and generation: no salt, info = purpose,
 * a zero byte, generation (4 bytes big-endian).  WK_LIMIT: purpose is over 59 bytes. */
enum wk_status kdf_row_key(const struct local_key *key, const char *purpose, uint32_t generation,
			   struct row_key **key_out);

#endif
