/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVER_LOGIN_H
#define SERVER_LOGIN_H

#include "server/storage.h"

/*
 * The SRP exchange without state between its calls, and without telling who has
 * an account: an unknown address gets salts and a verifier that are an HMAC of
 * the database's secret and the address, stays the same for ever, costs the same
 * work, and fails at the proof as a wrong passphrase does.
 */
struct login_secrets {
	uint8_t starter[STORAGE_SECRET];	/* seals what goes out as sessionStarterId */
	uint8_t unknown[STORAGE_SECRET];	/* what unknown addresses get is made of it */
};

#define LOGIN_SALT 64	/* hex digits */
void login_fake_salts(const struct login_secrets *s, struct bytes email,
		      char salt_key_out[LOGIN_SALT + 1], char salt_auth_out[LOGIN_SALT + 1]);

/*
 * login-a: `account` is NULL for an unknown address.  Appends the sealed token.
 * fixed_b is NULL but for known answers (32 bytes).  WK_TAMPERED: A is no valid number.
 */
enum wk_status login_begin(const struct login_secrets *s, const struct storage_account *account,
			   struct bytes email, const uint8_t a_pub[256], const uint8_t *fixed_b,
			   int64_t now_ms, uint8_t b_pub_out[256], struct buf *token_out);

struct login_started {		/* what a token says */
	uint8_t b[32], a_pub[256];
	bool is_known;
	char email[255];
	int64_t expires_ms;
};
/* WK_TAMPERED: not a token of ours.  WK_DENIED: too old. */
enum wk_status login_open(const struct login_secrets *s, struct bytes token, int64_t now_ms,
			  struct login_started *out);

/*
 * login-m1: checks the proof, gives ours and the hash of the session's id.
 * `account` as in login_begin.  WK_DENIED: wrong proof, or an unknown address.
 */
enum wk_status login_finish(const struct login_secrets *s, const struct login_started *started,
			    const struct storage_account *account, const uint8_t m1[32],
			    uint8_t m2_out[32], uint8_t session_hash_out[HASH_SIZE]);

/* SHA-256 of the id as it stands in the header (lower-case hex). */
enum wk_status login_session_hash(struct bytes id, uint8_t hash_out[HASH_SIZE]);

#endif
