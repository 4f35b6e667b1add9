/* SPDX-License-Identifier: Apache-2.0 */
/* What a person types, and keys from it and from other keys. */
#include "crypto/kdf.h"

#include <assert.h>
#include <gcrypt.h>

#include "base/utf8.h"
#include "crypto/fold.h"

#define ROUNDS 100000

static enum wk_status replace(struct buf *out, struct buf *by)
{
	size_t max = out->max;

	if (by->n == 0)
		return WK_INVALID;
	if (by->n > max)
		return WK_LIMIT;
	buf_move(out, by);
	out->max = max;
	return WK_OK;
}

static enum wk_status too_long_is_invalid(enum wk_status st)
{
	return st == WK_LIMIT ? WK_INVALID : st;
}

enum wk_status kdf_email(struct bytes typed, struct buf *out)
{
	SCOPED(buf_fini) struct buf lower = BUF_INIT(EMAIL_MAX);
	enum wk_status st;

	lower.secret = out->secret;
	if (!utf8_is_valid_wtf8(typed))
		return WK_INVALID;
	st = fold_lower(fold_trim(typed), &lower);
	return st == WK_OK ? replace(out, &lower) : too_long_is_invalid(st);
}

enum wk_status kdf_passphrase(struct bytes typed, struct buf *out)
{
	SCOPED(buf_fini) struct buf plain = BUF_SECRET_INIT(PASSPHRASE_MAX);
	enum wk_status st;

	typed = utf8_is_valid_wtf8(typed) ? fold_trim(typed) : bytes_of(NULL, 0);
	if (typed.n == 0 || typed.n > PASSPHRASE_MAX)
		return WK_INVALID;
	st = fold_nfkd(typed, &plain);
	return st == WK_OK ? replace(out, &plain) : too_long_is_invalid(st);
}

void kdf_hkdf(struct bytes salt, struct bytes input, struct bytes info, uint8_t out[KEY_SIZE])
{
	uint8_t prk[HASH_SIZE], block[KDF_INFO_MAX + 1];

	assert(info.n <= KDF_INFO_MAX);
	if (info.n > 0)
		memcpy(block, info.p, info.n);
	block[info.n] = 1;
	hash_hmac_sha256(prk, salt, input);
	hash_hmac_sha256(out, bytes_of(prk, sizeof prk), bytes_of(block, info.n + 1));
	explicit_bzero(prk, sizeof prk);
}

static enum wk_status derive(struct bytes passphrase, struct bytes email, struct bytes salt,
			     uint8_t out[KEY_SIZE])
{
	uint8_t second_salt[KEY_SIZE];

	if (passphrase.n == 0)
		return WK_INVALID;
	kdf_hkdf(salt, email, bytes_of(NULL, 0), second_salt);
	if (gcry_kdf_derive(passphrase.p, passphrase.n, GCRY_KDF_PBKDF2, GCRY_MD_SHA256,
			    second_salt, sizeof second_salt, ROUNDS, KEY_SIZE, out))
		return WK_NOMEM;
	return WK_OK;
}

enum wk_status kdf_auth_key(struct bytes passphrase, struct bytes email, struct bytes salt,
			    struct auth_key **key_out)
{
	SCOPED(auth_key_free_scoped) struct auth_key *key = auth_key_new();
	enum wk_status st = key ? derive(passphrase, email, salt, key->k) : WK_NOMEM;

	if (st == WK_OK)
		*key_out = take(&key);
	return st;
}

enum wk_status kdf_enc_key(struct bytes passphrase, struct bytes email, struct bytes salt,
			   struct enc_key **key_out)
{
	SCOPED(enc_key_free_scoped) struct enc_key *key = enc_key_new();
	enum wk_status st = key ? derive(passphrase, email, salt, key->k) : WK_NOMEM;

	if (st == WK_OK)
		*key_out = take(&key);
	return st;
}

enum wk_status kdf_row_key(const struct local_key *key, const char *purpose, uint32_t generation,
			   struct row_key **key_out)
{
	uint8_t info[KDF_INFO_MAX];
	size_t n = strlen(purpose);
	struct row_key *row;

	if (n > sizeof info - 5)
		return WK_LIMIT;
	row = row_key_new();
	if (!row)
		return WK_NOMEM;
	memcpy(info, purpose, n);
	info[n] = 0;
	for (unsigned i = 0; i < 4; i++)
		info[n + 1 + i] = (uint8_t)(generation >> (24 - 8 * i));
	kdf_hkdf(bytes_of(NULL, 0), bytes_of(key->k, KEY_SIZE), bytes_of(info, n + 5), row->k);
	*key_out = row;
	return WK_OK;
}
