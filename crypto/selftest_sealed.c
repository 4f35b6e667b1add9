/* SPDX-License-Identifier: Apache-2.0 */
/* Vector files of envelopes, RSA-OAEP and ids. */
#include "base/hex.h"
#include "base/scoped.h"
#include "crypto/envelope.h"
#include "crypto/percent.h"
#include "crypto/rsa.h"
#include "crypto/selftest_private.h"

#define TEXT_MAX (64 * 1024 * 1024)

static bool sealer_of(const struct json *one, struct sealer **out)
{
	SCOPED(group_key_free_scoped) struct group_key *key = group_key_new();

	return key && selftest_hex(one, "key", key->k, KEY_SIZE) &&
	       sealer_for_group(key, out) == WK_OK;
}

static bool opens(struct sealer *s, struct bytes envelope, bool is_text, struct buf *plain)
{
	SCOPED(envelope_fini) struct envelope e = ENVELOPE_INIT;

	if (envelope_parse(envelope, &e) != WK_OK)
		return false;
	return (is_text ? envelope_open_text(s, &e, plain) : envelope_open_bytes(s, &e, plain)) ==
	       WK_OK;
}

/* The member is an envelope, as text or as an object. */
static bool opens_to(struct sealer *s, const struct json *one, const char *member, bool is_text,
		     struct bytes want)
{
	SCOPED(buf_fini) struct buf text = BUF_INIT(TEXT_MAX);
	SCOPED(buf_fini) struct buf plain = BUF_SECRET_INIT(TEXT_MAX);
	struct bytes given = json_get_str(one, member);

	if (!given.p && !selftest_text_of(one, member, &text))
		return false;
	return opens(s, given.p ? given : buf_bytes(&text), is_text, &plain) &&
	       bytes_equal(buf_bytes(&plain), want);
}

/* A sealed envelope is the one of the vector. */
static bool is_envelope(const struct json *one, const struct envelope *e)
{
	const struct json *want = json_get(one, "envelope");

	return selftest_is_hex(want, "iv", bytes_of(e->iv, GCM_IV)) &&
	       selftest_is_hex(want, "t", bytes_of(e->tag, GCM_TAG)) &&
	       selftest_is_hex(want, "d", buf_bytes(&e->d)) &&
	       selftest_is_hex(want, "ad", buf_bytes(&e->ad));
}

static bool has_same_key(const struct json *one)
{
	SCOPED(buf_fini) struct buf jwk = BUF_SECRET_INIT(TEXT_MAX);
	SCOPED(group_key_free_scoped) struct group_key *key = group_key_new();

	if (!json_get(one, "keyJwk"))
		return true;
	return key && selftest_text_of(one, "keyJwk", &jwk) &&
	       aes_jwk_parse(buf_bytes(&jwk), key->k) == WK_OK &&
	       selftest_is_hex(one, "key", bytes_of(key->k, KEY_SIZE));
}

static bool aes_case(const struct json *root, const struct json *one)
{
	SCOPED(sealer_free_scoped) struct sealer *s = NULL;
	SCOPED(envelope_fini) struct envelope stock = ENVELOPE_INIT, ours = ENVELOPE_INIT;
	SCOPED(buf_fini) struct buf ad = BUF_INIT(TEXT_MAX), wire = BUF_INIT(TEXT_MAX);
	SCOPED(buf_fini) struct buf plain = BUF_SECRET_INIT(TEXT_MAX);
	struct bytes text = json_get_str(one, "plaintext");
	uint8_t iv[GCM_IV];

	(void)root;
	return text.p && sealer_of(one, &s) && has_same_key(one) &&
	       selftest_append_hex(one, "ad", &ad) && selftest_hex(one, "iv", iv, sizeof iv) &&
	       envelope_seal_stock(s, text, buf_bytes(&ad), iv, &stock) == WK_OK &&
	       is_envelope(one, &stock) && opens_to(s, one, "envelope", true, text) &&
	       opens_to(s, one, "json", true, text) &&
	       (!json_get(one, "jsonOldOrder") || opens_to(s, one, "jsonOldOrder", true, text)) &&
	       envelope_seal_text(s, text, buf_bytes(&ad), false, &ours) == WK_OK &&
	       envelope_write(&ours, &wire) == WK_OK && opens(s, buf_bytes(&wire), true, &plain) &&
	       bytes_equal(buf_bytes(&plain), text);
}

static bool aes_lenient(const struct json *root, const struct json *one)
{
	SCOPED(sealer_free_scoped) struct sealer *s = NULL;
	struct bytes text = json_get_str(one, "plaintext");

	(void)root;
	return text.p && sealer_of(one, &s) && opens_to(s, one, "envelope", true, text);
}

/* Also what the stock client accepts (referenceAccepts) is refused: that is a forgery. */
static bool aes_reject(const struct json *root, const struct json *one)
{
	SCOPED(sealer_free_scoped) struct sealer *s = NULL;
	SCOPED(buf_fini) struct buf text = BUF_INIT(TEXT_MAX);
	SCOPED(buf_fini) struct buf plain = BUF_SECRET_INIT(TEXT_MAX);

	(void)root;
	return sealer_of(one, &s) && selftest_text_of(one, "envelope", &text) &&
	       !opens(s, buf_bytes(&text), true, &plain) && plain.n == 0;
}

static bool aes_bytes(const struct json *root, const struct json *one)
{
	SCOPED(sealer_free_scoped) struct sealer *s = NULL;
	SCOPED(envelope_fini) struct envelope e = ENVELOPE_INIT;
	SCOPED(buf_fini) struct buf content = BUF_INIT(TEXT_MAX);
	struct bytes none = bytes_of(NULL, 0);
	uint8_t iv[GCM_IV];

	(void)root;
	return sealer_of(one, &s) && selftest_append_hex(one, "content", &content) &&
	       selftest_hex(json_get(one, "envelope"), "iv", iv, sizeof iv) &&
	       envelope_seal_bytes(s, buf_bytes(&content), none, iv, &e) == WK_OK &&
	       is_envelope(one, &e) && opens_to(s, one, "envelope", false, buf_bytes(&content)) &&
	       opens_to(s, one, "json", false, buf_bytes(&content));
}

static bool aes_uri(const struct json *root, const struct json *one)
{
	SCOPED(buf_fini) struct buf text = BUF_SECRET_INIT(TEXT_MAX);
	struct bytes plain = json_get_str(one, "text");
	ssize_t n;

	(void)root;
	if (!plain.p || percent_append_full(plain, &text) != WK_OK ||
	    !selftest_is_text(one, "encoded", buf_bytes(&text)))
		return false;
	n = percent_undo(text.p, text.n);
	return n >= 0 && bytes_equal(bytes_of(text.p, (size_t)n), plain);
}

void selftest_aes_gcm(struct selftest *t, const struct json *root)
{
	selftest_each(t, root, json_get(root, "cases"), "cases", aes_case);
	selftest_each(t, root, json_get(root, "lenient"), "lenient", aes_lenient);
	selftest_each(t, root, json_get(root, "reject"), "reject", aes_reject);
	selftest_each(t, root, json_get(root, "bytes"), "bytes", aes_bytes);
	selftest_each(t, root, json_get(root, "uri"), "uri", aes_uri);
}

static bool key_of(const struct json *pair, struct rsa_private **private_key,
		   struct rsa_public **public_key)
{
	SCOPED(buf_fini) struct buf text = BUF_SECRET_INIT(TEXT_MAX);

	if (!selftest_text_of(pair, "private", &text) ||
	    rsa_private_parse(buf_bytes(&text), private_key) != WK_OK)
		return false;
	buf_clear(&text);
	return selftest_text_of(pair, "public", &text) &&
	       rsa_public_parse(buf_bytes(&text), public_key) == WK_OK;
}

static bool named_key(const struct json *root, const struct json *one,
		      struct rsa_private **private_key, struct rsa_public **public_key)
{
	const struct json *keys = json_get(root, "keys");
	struct bytes name = json_get_str(one, "key");

	for (uint32_t i = 0; name.p && keys && i < keys->count; i++)
		if (bytes_equal(keys->members[i].key, name))
			return key_of(&keys->members[i].value, private_key, public_key);
	return false;
}

/* The pair fits, and what is written reads as the same key. */
static bool rsa_pair(const struct json *pair)
{
	SCOPED(rsa_private_free_scoped) struct rsa_private *private_key = NULL, *again = NULL;
	SCOPED(rsa_public_free_scoped) struct rsa_public *public_key = NULL;
	SCOPED(rsa_public_free_scoped) struct rsa_public *own = NULL, *own_again = NULL;
	SCOPED(buf_fini) struct buf text = BUF_SECRET_INIT(TEXT_MAX);

	return key_of(pair, &private_key, &public_key) &&
	       rsa_public_of(private_key, &own) == WK_OK && rsa_public_equal(own, public_key) &&
	       rsa_private_write(private_key, &text) == WK_OK &&
	       rsa_private_parse(buf_bytes(&text), &again) == WK_OK &&
	       rsa_public_of(again, &own_again) == WK_OK && rsa_public_equal(own, own_again);
}

/* Where the plaintext is the group key, the ciphertext is a link to it. */
static bool links(const struct json *root, const struct json *one, const struct rsa_private *k)
{
	SCOPED(group_key_free_scoped) struct group_key *key = NULL;
	SCOPED(buf_fini) struct buf k_text = BUF_SECRET_INIT(64);
	struct bytes text = json_get_str(one, "plaintext");
	struct bytes want = json_get_str(json_get(root, "groupKey"), "k");

	if (!want.p || !memmem(text.p, text.n, want.p, want.n))
		return true;
	return link_open(k, json_get_str(one, "ciphertext"), &key) == WK_OK &&
	       base64url_append(&k_text, key->k, KEY_SIZE) == WK_OK &&
	       bytes_equal(buf_bytes(&k_text), want);
}

static bool rsa_case(const struct json *root, const struct json *one)
{
	SCOPED(rsa_private_free_scoped) struct rsa_private *private_key = NULL;
	SCOPED(rsa_public_free_scoped) struct rsa_public *public_key = NULL;
	SCOPED(buf_fini) struct buf escaped = BUF_SECRET_INIT(RSA_OAEP_MAX);
	SCOPED(buf_fini) struct buf plain = BUF_SECRET_INIT(RSA_OAEP_MAX);
	struct bytes text = json_get_str(one, "plaintext");
	uint8_t cipher[RSA_SIZE], again[RSA_SIZE], seed[32];

	if (!text.p || !named_key(root, one, &private_key, &public_key) ||
	    percent_append_full(text, &escaped) != WK_OK ||
	    !selftest_is_text(one, "encoded", buf_bytes(&escaped)) ||
	    !selftest_hex(one, "ciphertext", cipher, sizeof cipher))
		return false;
	if (json_get(one, "seed") &&
	    (!selftest_hex(one, "seed", seed, sizeof seed) ||
	     rsa_seal(public_key, buf_bytes(&escaped), seed, again) != WK_OK ||
	     memcmp(cipher, again, sizeof cipher) != 0))
		return false;
	return rsa_open(private_key, cipher, &plain) == WK_OK &&
	       bytes_equal(buf_bytes(&plain), buf_bytes(&escaped)) && links(root, one, private_key);
}

static bool rsa_reject(const struct json *root, const struct json *one)
{
	SCOPED(rsa_private_free_scoped) struct rsa_private *private_key = NULL;
	SCOPED(rsa_public_free_scoped) struct rsa_public *public_key = NULL;
	SCOPED(buf_fini) struct buf plain = BUF_SECRET_INIT(RSA_OAEP_MAX);
	SCOPED(group_key_free_scoped) struct group_key *key = NULL;
	struct bytes text = json_get_str(one, "ciphertext");
	uint8_t cipher[RSA_SIZE];

	if (!text.p || !named_key(root, one, &private_key, &public_key))
		return false;
	if (link_open(private_key, text, &key) == WK_OK)
		return false;
	return hex_decode(text, cipher, sizeof cipher) != WK_OK ||
	       rsa_open(private_key, cipher, &plain) == WK_TAMPERED;
}

static bool rsa_too_long(const struct json *root)
{
	SCOPED(rsa_private_free_scoped) struct rsa_private *k = NULL;
	SCOPED(rsa_public_free_scoped) struct rsa_public *public_key = NULL;
	SCOPED(buf_fini) struct buf escaped = BUF_SECRET_INIT(TEXT_MAX);
	const struct json *keys = json_get(root, "keys");
	struct bytes text = json_get_str(json_get(root, "tooLong"), "plaintext");
	uint8_t cipher[RSA_SIZE];

	return keys && keys->type == JSON_OBJECT && keys->count > 0 && text.p &&
	       key_of(&keys->members[0].value, &k, &public_key) &&
	       percent_append_full(text, &escaped) == WK_OK &&
	       rsa_seal(public_key, buf_bytes(&escaped), NULL, cipher) == WK_LIMIT;
}

void selftest_rsa_oaep(struct selftest *t, const struct json *root)
{
	const struct json *keys = json_get(root, "keys");

	for (uint32_t i = 0; keys && keys->type == JSON_OBJECT && i < keys->count; i++)
		selftest_count(t, keys->members[i].key, rsa_pair(&keys->members[i].value));
	selftest_each(t, root, json_get(root, "cases"), "cases", rsa_case);
	selftest_each(t, root, json_get(root, "reject"), "reject", rsa_reject);
	selftest_count(t, bytes_str("tooLong"), rsa_too_long(root));
}
