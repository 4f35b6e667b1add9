/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CRYPTO_SECRET_H
#define CRYPTO_SECRET_H

#include "base/buf.h"
#include "base/scoped.h"

/*
 * Secrets and the start of libgcrypt.  Keys are distinct types, so that one
 * cannot be passed for another; each lives in libgcrypt's locked memory, never
 * reaches swap or a core, and is wiped when freed.
 */

/*
 * Starts libgcrypt (locked pool, self-tests), turns core dumps and ptrace by
 * others off (sanitizer builds stay traceable).  Before any other call of
 * crypto/; any later call does nothing and answers the same.  WK_UNSUPPORTED:
 * libgcrypt is older than 1.10, or its self-tests failed.
 */
enum wk_status crypto_init(void);

#define KEY_SIZE 32

/* 32 bytes in locked memory under a name of their own. */
#define DEFINE_KEY(name)                                                       \
	struct name {                                                          \
		uint8_t k[KEY_SIZE];                                           \
	};                                                                     \
	static inline struct name *name##_new(void)                            \
	{                                                                      \
		return (struct name *)secret_alloc(sizeof(struct name));       \
	}                                                                      \
	static inline void name##_free(struct name *key)                       \
	{                                                                      \
		secret_free(key);                                              \
	}                                                                      \
	DEFINE_SCOPED_FREE(struct name, name##_free)

/* Zeroed locked memory; NULL when the pool is used up.  secret_free wipes; NULL is allowed. */
void *secret_alloc(size_t n);
void secret_free(void *p);
/* For locals:  SCOPED(secret_free_local) uint8_t *p = secret_alloc(n); */
void secret_free_local(void *pointer_to_pointer);
/* Random bytes of key quality (libgcrypt's strong level). */
void secret_random(uint8_t *out, size_t n);
/* Constant time. */
bool secret_equal(const void *a, const void *b, size_t n);

DEFINE_KEY(auth_key)	/* SEC_PWD_Auth: what the SRP password is */
DEFINE_KEY(enc_key)	/* SEC_PWD_Enc: seals SYM_Account */
DEFINE_KEY(account_key)	/* SYM_Account: seals PRV_Account */
DEFINE_KEY(group_key)	/* SYM_ResourceGroup: seals the documents of one group */
DEFINE_KEY(session_key)	/* SRP's K; its hex is the stock session id */
DEFINE_KEY(local_key)	/* root of one local store */
DEFINE_KEY(row_key)	/* one purpose and generation of a local store */

#define HASH_SIZE 32
/* SHA-256 of the parts (at most 8), one after the other.  Public data or secret; out may be
 * ordinary memory.  None of the hashes can fail, and crypto_init() must have run. */
void hash_sha256(uint8_t out[HASH_SIZE], const struct bytes *parts, size_t count);
/* For the ids of stock formats only, never for security. */
void hash_sha1(uint8_t out[20], struct bytes data);
void hash_md5(uint8_t out[16], struct bytes data);
void hash_hmac_sha256(uint8_t out[HASH_SIZE], struct bytes key, struct bytes message);

#endif
