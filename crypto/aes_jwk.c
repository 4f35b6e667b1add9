/* SPDX-License-Identifier: Apache-2.0 */
/* AES keys as JWK text (contract in rsa.h). */
#include "base/hex.h"
#include "crypto/jwk.h"
#include "crypto/rsa.h"

enum wk_status aes_jwk_write(const uint8_t key[KEY_SIZE], struct buf *jwk_out)
{
	SCOPED(buf_fini) struct buf text = BUF_SECRET_INIT(256);
	enum wk_status st = buf_append_str(&text, "{\"alg\":\"A256GCM\",\"ext\":true,\"k\":\"");

	if (st == WK_OK)
		st = base64url_append(&text, key, KEY_SIZE);
	if (st == WK_OK)
		st = buf_append_str(&text, "\",\"key_ops\":[\"encrypt\",\"decrypt\"],"
					   "\"kty\":\"oct\"}");
	return st == WK_OK ? buf_append(jwk_out, text.p, text.n) : st;
}

enum wk_status aes_jwk_parse(struct bytes jwk, uint8_t key_out[KEY_SIZE])
{
	SCOPED(arena_free_scoped) struct arena *arena = arena_new(JWK_TREE_MAX);
	SCOPED(buf_fini) struct buf raw = BUF_SECRET_INIT(KEY_SIZE);
	struct json *root;
	struct bytes text;
	enum wk_status st = jwk_parse(arena, jwk, &root);

	if (st != WK_OK)
		return st;
	text = json_get_str(root, "k");
	if (!text.p || !jwk_has_text(root, "kty", "oct"))
		return WK_CORRUPT;
	st = base64url_decode_append(text, &raw);
	if (st != WK_OK || raw.n != KEY_SIZE)
		return st == WK_NOMEM ? st : WK_CORRUPT;
	memcpy(key_out, raw.p, KEY_SIZE);
	return WK_OK;
}
