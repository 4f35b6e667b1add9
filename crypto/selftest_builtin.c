/* SPDX-License-Identifier: Apache-2.0 */
/* Known answers of the standards, and round trips of what is ours, without any file. */
#include "base/hex.h"
#include "crypto/envelope.h"
#include "crypto/kdf.h"
#include "crypto/row.h"
#include "crypto/rsa.h"
#include "crypto/selftest_private.h"
#include "crypto/slot.h"
#include "crypto/srp.h"

static bool is_hex(const uint8_t *got, size_t n, const char *want)
{
	char text[2 * 64 + 1];

	hex_encode(got, n, text);
	return strcmp(text, want) == 0;
}

/* FIPS 180-4; RFC 4231, case 2; RFC 5869, case 1 (its first 32 bytes). */
static bool hashes(void)
{
	const struct bytes abc = bytes_str("abc");
	uint8_t out[HASH_SIZE], input[22], salt[13], info[10];

	hash_sha256(out, &abc, 1);
	if (!is_hex(out, 32, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"))
		return false;
	hash_hmac_sha256(out, bytes_str("Jefe"), bytes_str("what do ya want for nothing?"));
	if (!is_hex(out, 32, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"))
		return false;
	memset(input, 0x0b, sizeof input);
	for (uint8_t i = 0; i < sizeof salt; i++)
		salt[i] = i;
	for (uint8_t i = 0; i < sizeof info; i++)
		info[i] = (uint8_t)(0xf0 + i);
	kdf_hkdf(bytes_of(salt, sizeof salt), bytes_of(input, sizeof input),
		 bytes_of(info, sizeof info), out);
	return is_hex(out, 32, "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf");
}

/* The known answer in the Insomnia client's own tests. */
static bool derivation(void)
{
	SCOPED(enc_key_free_scoped) struct enc_key *key = NULL;

	return kdf_enc_key(bytes_str("Password"), bytes_str("email"), bytes_str("salt"), &key) ==
		       WK_OK &&
	       is_hex(key->k, KEY_SIZE,
		      "fb058595c02ae9660ed7098273bf50e49407942ecc437bf317638d76c4578eae");
}

/* McGrew and Viega, "The Galois/Counter Mode of Operation", test case 16. */
static bool gcm(void)
{
	static const char key_hex[] = "feffe9928665731c6d6a8f9467308308"
				      "feffe9928665731c6d6a8f9467308308";
	static const char plain_hex[] = "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d"
					"8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657"
					"ba637b39";
	static const char ad_hex[] = "feedfacedeadbeeffeedfacedeadbeefabaddad2";
	static const char cipher_hex[] = "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd"
					 "2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0a"
					 "bcc9f662";
	SCOPED(gcm_free_scoped) struct gcm *g = NULL;
	uint8_t key[KEY_SIZE], iv[GCM_IV], ad[20], text[60], tag[GCM_TAG];

	if (hex_decode(bytes_str(key_hex), key, sizeof key) != WK_OK ||
	    hex_decode(bytes_str("cafebabefacedbaddecaf888"), iv, sizeof iv) != WK_OK ||
	    hex_decode(bytes_str(ad_hex), ad, sizeof ad) != WK_OK ||
	    hex_decode(bytes_str(plain_hex), text, sizeof text) != WK_OK ||
	    gcm_new(key, &g) != WK_OK ||
	    gcm_seal(g, iv, bytes_of(ad, 20), bytes_of(text, 60), text, tag) != WK_OK ||
	    !is_hex(text, 60, cipher_hex) ||
	    !is_hex(tag, GCM_TAG, "76fc6ece0f4e1768cddf8853bb2d551b"))
		return false;
	tag[0] ^= 1;
	return gcm_open(g, iv, bytes_of(ad, 20), bytes_of(text, 60), tag, text) == WK_TAMPERED &&
	       text[0] == 0 && text[59] == 0;
}

static bool envelopes(void)
{
	static const struct context context = { "rg_1", "req_1", "Request", 7, { 1, 2 }, false };
	SCOPED(group_key_free_scoped) struct group_key *key = group_key_new();
	SCOPED(sealer_free_scoped) struct sealer *s = NULL;
	SCOPED(envelope_fini) struct envelope e = ENVELOPE_INIT;
	SCOPED(buf_fini) struct buf ad = BUF_INIT(1024), wire = BUF_INIT(ENVELOPE_TEXT_MAX);
	SCOPED(buf_fini) struct buf text = BUF_SECRET_INIT(ENVELOPE_PLAIN_MAX);
	struct context read;

	if (!key)
		return false;
	secret_random(key->k, KEY_SIZE);
	if (sealer_for_group(key, &s) != WK_OK || context_write(&context, &ad) != WK_OK ||
	    envelope_seal_text(s, bytes_str("{\"a\":\"5 %\"}"), buf_bytes(&ad), true, &e) != WK_OK ||
	    envelope_write(&e, &wire) != WK_OK || envelope_parse(buf_bytes(&wire), &e) != WK_OK ||
	    envelope_open_text(s, &e, &text) != WK_OK ||
	    memcmp(text.p, "{\"a\":\"5 %\"} ", 12) != 0 ||
	    context_parse(buf_bytes(&e.ad), &read) != WK_OK || read.n != 7)
		return false;
	e.ad.p[4] ^= 1;
	return envelope_open_text(s, &e, &text) == WK_TAMPERED;
}

static bool login(void)
{
	SCOPED(auth_key_free_scoped) struct auth_key *auth = auth_key_new();
	SCOPED(srp_client_free_scoped) struct srp_client *client = NULL;
	SCOPED(session_key_free_scoped) struct session_key *here = NULL, *there = NULL;
	const struct bytes email = bytes_str("a@example.com"), salt = bytes_str("salt");
	uint8_t verifier[SRP_N], a_pub[SRP_N], b_pub[SRP_N], b[32], m1[HASH_SIZE], m2[HASH_SIZE];

	if (!auth)
		return false;
	secret_random(auth->k, KEY_SIZE);
	secret_random(b, sizeof b);
	return srp_verifier(email, auth, salt, verifier) == WK_OK &&
	       srp_client_new(NULL, &client, a_pub) == WK_OK &&
	       srp_server_b(verifier, b, b_pub) == WK_OK &&
	       srp_client_proof(client, email, auth, salt, b_pub, m1) == WK_OK &&
	       srp_server_finish(verifier, b, a_pub, m1, m2, &there) == WK_OK &&
	       srp_client_finish(client, m2, &here) == WK_OK &&
	       secret_equal(here->k, there->k, KEY_SIZE);
}

static bool links(void)
{
	SCOPED(rsa_private_free_scoped) struct rsa_private *mine = NULL;
	SCOPED(rsa_public_free_scoped) struct rsa_public *known = NULL;
	SCOPED(group_key_free_scoped) struct group_key *key = group_key_new(), *got = NULL;
	SCOPED(buf_fini) struct buf link = BUF_INIT(2 * RSA_SIZE);

	if (!key)
		return false;
	secret_random(key->k, KEY_SIZE);
	return rsa_generate(&mine) == WK_OK && rsa_public_of(mine, &known) == WK_OK &&
	       link_seal(known, key, &link) == WK_OK &&
	       link_open(mine, buf_bytes(&link), &got) == WK_OK &&
	       secret_equal(key->k, got->k, KEY_SIZE);
}

static bool local(void)
{
	static const uint8_t store_id[STORE_ID_SIZE] = { 1 };
	static const struct row_place here = { "t", 1, 2, "c" }, elsewhere = { "t", 1, 3, "c" };
	SCOPED(local_key_free_scoped) struct local_key *key = local_key_new(), *got = NULL;
	SCOPED(row_sealer_free_scoped) struct row_sealer *rows = NULL;
	SCOPED(buf_fini) struct buf slot = BUF_INIT(SLOT_MAX), sealed = BUF_INIT(256);
	SCOPED(buf_fini) struct buf value = BUF_SECRET_INIT(256);

	if (!key)
		return false;
	secret_random(key->k, KEY_SIZE);
	return slot_seal_passphrase(key, bytes_str("p"), store_id, 64, &slot) == WK_OK &&
	       slot_open_passphrase(buf_bytes(&slot), bytes_str("p"), store_id, &got) == WK_OK &&
	       row_sealer_new(got, store_id, 1, &rows) == WK_OK &&
	       row_seal(rows, &here, bytes_str("v"), &sealed) == WK_OK &&
	       row_open(rows, &elsewhere, buf_bytes(&sealed), &value) == WK_TAMPERED &&
	       row_open(rows, &here, buf_bytes(&sealed), &value) == WK_OK && value.p[0] == 'v';
}

void selftest_builtin(struct selftest *t)
{
	selftest_count(t, bytes_str("hashes"), hashes());
	selftest_count(t, bytes_str("key derivation"), derivation());
	selftest_count(t, bytes_str("AES-GCM"), gcm());
	selftest_count(t, bytes_str("envelopes"), envelopes());
	selftest_count(t, bytes_str("SRP"), login());
	selftest_count(t, bytes_str("RSA-OAEP"), links());
	selftest_count(t, bytes_str("local store"), local());
}
