/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CRYPTO_JWK_H
#define CRYPTO_JWK_H

#include "base/json.h"
#include "crypto/mpi.h"

/* Reads bounded text into an arena of JWK_TREE_MAX (NULL: WK_NOMEM).  WK_CORRUPT: not JSON. */
#define JWK_TREE_MAX 131072
enum wk_status jwk_parse(struct arena *arena, struct bytes text, struct json **out);
bool jwk_has_text(const struct json *jwk, const char *member, const char *text);

/* RSA keys as JWK text (RFC 7517, 7518): the shape only; rsa.c judges the numbers. */
struct jwk_rsa {
	gcry_mpi_t n, e;
	gcry_mpi_t d, p, q, dp, dq, qi;	/* private keys only; in the secure pool */
};
void jwk_rsa_fini(struct jwk_rsa *k);
/* Fills *out, which is all NULL.  WK_CORRUPT: not such a key. */
enum wk_status jwk_rsa_read(struct bytes text, bool is_private, struct jwk_rsa *out);
/* Appends, in Chrome's member order. */
enum wk_status jwk_rsa_write(const struct jwk_rsa *k, bool is_private, struct buf *out);

#endif
