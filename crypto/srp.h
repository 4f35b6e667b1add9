/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CRYPTO_SRP_H
#define CRYPTO_SRP_H

#include "crypto/secret.h"

/*
 * SRP-6a with RFC 5054's 2048-bit group, g = 2, SHA-256, and the M1 and M2 of
 * the srp-js library: M1 = H(A | B | PAD(S)), M2 = H(A | M1 | K), K = H(PAD(S)).
 * All numbers are 256 bytes big-endian, all proofs 32.  `email` is sanitized (kdf.h);
 * `salt` is the bytes of saltAuth (hex decoded), unlike the salts of kdf.h.
 * WK_TAMPERED: a peer's number or proof is wrong (0 mod N, u = 0, M differs).
 */
#define SRP_N 256

/* v = g^x, for signup. */
enum wk_status srp_verifier(struct bytes email, const struct auth_key *key, struct bytes salt,
			    uint8_t verifier_out[SRP_N]);

struct srp_client;
/* Draws a; `fixed_a` is NULL but for known answers (32 bytes). */
enum wk_status srp_client_new(const uint8_t *fixed_a, struct srp_client **client_out,
			      uint8_t a_pub_out[SRP_N]);
void srp_client_free(struct srp_client *c);
DEFINE_SCOPED_FREE(struct srp_client, srp_client_free)
enum wk_status srp_client_proof(struct srp_client *c, struct bytes email,
				const struct auth_key *key, struct bytes salt,
				const uint8_t b_pub[SRP_N], uint8_t m1_out[HASH_SIZE]);
/* Checks the server's proof; only then is there a session key. */
enum wk_status srp_client_finish(struct srp_client *c, const uint8_t m2[HASH_SIZE],
				 struct session_key **key_out);

/* Server side, without state between the calls: b (32 bytes) is kept by the caller, sealed. */
enum wk_status srp_server_b(const uint8_t verifier[SRP_N], const uint8_t b[32],
			    uint8_t b_pub_out[SRP_N]);
enum wk_status srp_server_finish(const uint8_t verifier[SRP_N], const uint8_t b[32],
				 const uint8_t a_pub[SRP_N], const uint8_t m1[HASH_SIZE],
				 uint8_t m2_out[HASH_SIZE], struct session_key **key_out);
/* 0 < A mod N: what a server checks before it answers. */
bool srp_is_valid_public(const uint8_t value[SRP_N]);

#endif
