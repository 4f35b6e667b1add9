/* SPDX-License-Identifier: Apache-2.0 */
/* Links: a group's key, sealed for one account (contract in rsa.h). */
#include "base/hex.h"
#include "crypto/percent.h"
#include "crypto/rsa.h"

enum wk_status link_seal(const struct rsa_public *k, const struct group_key *key,
			 struct buf *hex_out)
{
	SCOPED(buf_fini) struct buf jwk = BUF_SECRET_INIT(RSA_OAEP_MAX);
	SCOPED(buf_fini) struct buf escaped = BUF_SECRET_INIT(RSA_OAEP_MAX);
	uint8_t cipher[RSA_SIZE];
	enum wk_status st = aes_jwk_write(key->k, &jwk);

	if (st == WK_OK)
		st = percent_append_full(buf_bytes(&jwk), &escaped);
	if (st == WK_OK)
		st = rsa_seal(k, buf_bytes(&escaped), NULL, cipher);
	return st == WK_OK ? hex_append(hex_out, cipher, sizeof cipher) : st;
}

enum wk_status link_open(const struct rsa_private *k, struct bytes hex,
			 struct group_key **key_out)
{
	SCOPED(buf_fini) struct buf plain = BUF_SECRET_INIT(RSA_OAEP_MAX);
	SCOPED(group_key_free_scoped) struct group_key *key = group_key_new();
	uint8_t cipher[RSA_SIZE];
	ssize_t n;
	enum wk_status st = key ? WK_OK : WK_NOMEM;

	if (st == WK_OK && hex.n != 2 * RSA_SIZE)
		st = WK_CORRUPT;
	if (st == WK_OK)
		st = hex_decode(hex, cipher, sizeof cipher);
	if (st == WK_OK)
		st = rsa_open(k, cipher, &plain);
	if (st != WK_OK)
		return st;
	n = percent_undo(plain.p, plain.n);
	if (n < 0)
		return WK_CORRUPT;
	st = aes_jwk_parse(bytes_of(plain.p, (size_t)n), key->k);
	if (st == WK_OK)
		*key_out = take(&key);
	return st;
}
