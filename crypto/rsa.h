/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CRYPTO_RSA_H
#define CRYPTO_RSA_H

#include "crypto/secret.h"

/*
 * An account's RSA key pair (2048 bits, e = 65537), its JWK forms, and
 * RSA-OAEP-256 (SHA-256 for label and MGF1, empty label).  The padding is decoded
 * here and not by libgcrypt, which accepts a non-zero padding string and
 * ciphertexts not below n.
 */
#define RSA_SIZE 256
#define RSA_OAEP_MAX 190

struct rsa_public;
struct rsa_private;
void rsa_public_free(struct rsa_public *k);
void rsa_private_free(struct rsa_private *k);
DEFINE_SCOPED_FREE(struct rsa_public, rsa_public_free)
DEFINE_SCOPED_FREE(struct rsa_private, rsa_private_free)

enum wk_status rsa_generate(struct rsa_private **out);		/* about 120 ms */
/* The public half is computed from the private one, never taken from the server. */
enum wk_status rsa_public_of(const struct rsa_private *k, struct rsa_public **out);

/* JWK text in Chrome's or the fallback member order; written in Chrome's.
 * WK_CORRUPT: a member is missing or wrong (alg, kty, key_ops, sizes, e).  The private half is
 * checked to be consistent (n = p*q, crt values). */
enum wk_status rsa_public_parse(struct bytes jwk, struct rsa_public **out);
enum wk_status rsa_public_write(const struct rsa_public *k, struct buf *jwk_out);
enum wk_status rsa_private_parse(struct bytes jwk, struct rsa_private **out);
enum wk_status rsa_private_write(const struct rsa_private *k, struct buf *jwk_out);	/* secret */
bool rsa_public_equal(const struct rsa_public *a, const struct rsa_public *b);

/* plain.n <= RSA_OAEP_MAX, else WK_LIMIT.  `seed` is NULL but for known answers (32 bytes). */
enum wk_status rsa_seal(const struct rsa_public *k, struct bytes plain, const uint8_t *seed,
			uint8_t cipher_out[RSA_SIZE]);
/* Appends to a secret buffer.  WK_TAMPERED for every way of being wrong, in constant time
 * as to which. */
enum wk_status rsa_open(const struct rsa_private *k, const uint8_t cipher[RSA_SIZE],
			struct buf *plain_out);

/*
 * AES keys as JWK text, as they travel inside envelopes and links:
 * {"alg":"A256GCM","ext":true,"k":"...","key_ops":["encrypt","decrypt"],"kty":"oct"}
 */
enum wk_status aes_jwk_write(const uint8_t key[KEY_SIZE], struct buf *jwk_out);	/* secret */
enum wk_status aes_jwk_parse(struct bytes jwk, uint8_t key_out[KEY_SIZE]);

/* A link: the group key's JWK, percent-encoded (exactly 190 bytes), sealed for one account: 512
 * lower-case hex digits.  Opening wants exactly 512 digits. */
enum wk_status link_seal(const struct rsa_public *k, const struct group_key *key,
			 struct buf *hex_out);
enum wk_status link_open(const struct rsa_private *k, struct bytes hex,
			 struct group_key **key_out);

#endif
