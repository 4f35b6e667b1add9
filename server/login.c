/* SPDX-License-Identifier: Apache-2.0 */
/* The server's side of a login.  See login.h. */
#include "server/login.h"

#include "base/hex.h"
#include "crypto/gcm.h"
#include "crypto/srp.h"

#define TOKEN_LIFE_MS 60000
#define TOKEN_PLAIN sizeof(struct login_started)

/* HMAC over purpose, a zero byte and the address. */
static void derive(const struct login_secrets *s, const char *purpose, struct bytes email,
		   uint8_t out[HASH_SIZE])
{
	SCOPED(buf_fini) struct buf message = BUF_INIT(1024);

	if (buf_append(&message, purpose, strlen(purpose) + 1) != WK_OK ||
	    buf_append(&message, email.p, email.n) != WK_OK)
		buf_clear(&message);
	hash_hmac_sha256(out, bytes_of(s->unknown, sizeof s->unknown), buf_bytes(&message));
}

void login_fake_salts(const struct login_secrets *s, struct bytes email,
		      char salt_key_out[LOGIN_SALT + 1], char salt_auth_out[LOGIN_SALT + 1])
{
	uint8_t salt[HASH_SIZE];

	derive(s, "salt key", email, salt);
	hex_encode(salt, sizeof salt, salt_key_out);
	derive(s, "salt auth", email, salt);
	hex_encode(salt, sizeof salt, salt_auth_out);
}

/* 256 bytes below N (its first byte is ff) that only depend on the address. */
static void fake_verifier(const struct login_secrets *s, struct bytes email,
			  uint8_t out[SRP_N])
{
	char purpose[] = "verifier 0";

	for (int i = 0; i < SRP_N / HASH_SIZE; i++) {
		purpose[sizeof purpose - 2] = (char)('0' + i);
		derive(s, purpose, email, out + (size_t)i * HASH_SIZE);
	}
	out[0] &= 0x7f;
}

enum wk_status login_begin(const struct login_secrets *s, const struct storage_account *account,
			   struct bytes email, const uint8_t a_pub[256], const uint8_t *fixed_b,
			   int64_t now_ms, uint8_t b_pub_out[256], struct buf *token_out)
{
	SCOPED(gcm_free_scoped) struct gcm *gcm = NULL;
	struct login_started started = { .is_known = account != NULL,
					 .expires_ms = now_ms + TOKEN_LIFE_MS };
	uint8_t verifier[SRP_N], sealed[GCM_IV + TOKEN_PLAIN + GCM_TAG];
	enum wk_status st;

	if (!srp_is_valid_public(a_pub))
		return WK_TAMPERED;
	if (email.n >= sizeof started.email)
		return WK_LIMIT;
	fake_verifier(s, email, verifier);
	if (account)
		memcpy(verifier, account->verifier, sizeof verifier);
	if (fixed_b)
		memcpy(started.b, fixed_b, sizeof started.b);
	else
		secret_random(started.b, sizeof started.b);
	memcpy(started.a_pub, a_pub, sizeof started.a_pub);
	memcpy(started.email, email.p, email.n);
	st = srp_server_b(verifier, started.b, b_pub_out);
	if (st == WK_OK)
		st = gcm_new(s->starter, &gcm);
	if (st != WK_OK)
		return st;
	secret_random(sealed, GCM_IV);
	st = gcm_seal(gcm, sealed, bytes_str("starter"), bytes_of(&started, sizeof started),
		      sealed + GCM_IV, sealed + GCM_IV + TOKEN_PLAIN);
	explicit_bzero(&started, sizeof started);
	return st == WK_OK ? hex_append(token_out, sealed, sizeof sealed) : st;
}

enum wk_status login_open(const struct login_secrets *s, struct bytes token, int64_t now_ms,
			  struct login_started *out)
{
	SCOPED(gcm_free_scoped) struct gcm *gcm = NULL;
	uint8_t sealed[GCM_IV + TOKEN_PLAIN + GCM_TAG];
	struct login_started started;
	enum wk_status st;

	if (hex_decode(token, sealed, sizeof sealed) != WK_OK)
		return WK_TAMPERED;
	st = gcm_new(s->starter, &gcm);
	if (st == WK_OK)
		st = gcm_open(gcm, sealed, bytes_str("starter"),
			      bytes_of(sealed + GCM_IV, TOKEN_PLAIN),
			      sealed + GCM_IV + TOKEN_PLAIN, (uint8_t *)&started);
	if (st != WK_OK)
		return st;
	if (started.expires_ms < now_ms)
		return WK_DENIED;
	*out = started;
	return WK_OK;
}

enum wk_status login_finish(const struct login_secrets *s, const struct login_started *started,
			    const struct storage_account *account, const uint8_t m1[32],
			    uint8_t m2_out[32], uint8_t session_hash_out[HASH_SIZE])
{
	SCOPED(session_key_free_scoped) struct session_key *key = NULL;
	uint8_t verifier[SRP_N], m2[HASH_SIZE];
	char id[2 * KEY_SIZE + 1];
	enum wk_status st;

	fake_verifier(s, bytes_str(started->email), verifier);
	if (account && started->is_known)
		memcpy(verifier, account->verifier, sizeof verifier);
	st = srp_server_finish(verifier, started->b, started->a_pub, m1, m2, &key);
	if (st == WK_TAMPERED || (st == WK_OK && (!account || !started->is_known)))
		return WK_DENIED;
	if (st != WK_OK)
		return st;
	hex_encode(key->k, KEY_SIZE, id);
	st = login_session_hash(bytes_str(id), session_hash_out);
	explicit_bzero(id, sizeof id);
	if (st == WK_OK)
		memcpy(m2_out, m2, sizeof m2);
	return st;
}

enum wk_status login_session_hash(struct bytes id, uint8_t hash_out[HASH_SIZE])
{
	if (id.n == 0 || id.n > 128)
		return WK_INVALID;
	hash_sha256(hash_out, &id, 1);
	return WK_OK;
}
