/* SPDX-License-Identifier: Apache-2.0 */
/* An account's keys: made, logged in with, recovered; and what a server could swap. */
#include "testing.h"

#include "base/hex.h"
#include "crypto/account.h"
#include "crypto/srp.h"

static struct account_material made;
static struct account_keys keys;
static struct enc_key *enc;

static int setup(void **state)
{
	(void)state;
	if (crypto_init() != WK_OK)
		return -1;
	assert_ok(account_make(bytes_str("ann@example.com"), bytes_str("passphrase"), &made,
			       &keys));
	return kdf_enc_key(bytes_str("passphrase"), bytes_str("ann@example.com"),
			   bytes_str(made.salt_enc), &enc) == WK_OK ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	account_material_fini(&made);
	account_keys_fini(&keys);
	enc_key_free(enc);
	return 0;
}

static enum wk_status open_as(const char *id, struct bytes symmetric, struct bytes private_key,
			      struct bytes public_key)
{
	SCOPED(account_keys_fini) struct account_keys got = { NULL };
	enum wk_status st = account_open(enc, bytes_str(id), symmetric, private_key, public_key,
					 &got);

	if (st == WK_OK)
		assert_memory_equal(got.symmetric->k, keys.symmetric->k, KEY_SIZE);
	else
		assert_null(got.symmetric);
	return st;
}

static void material_has_the_stock_forms(void **state)
{
	(void)state;
	assert_int_equal(strlen(made.id), 68);
	assert_memory_equal(made.id, "act_", 4);
	assert_int_equal(strlen(made.salt_enc), 64);
	assert_int_equal(strlen(made.salt_auth), 64);
	assert_int_equal(strlen(made.salt_key), 64);
	assert_string_not_equal(made.salt_enc, made.salt_key);
	assert_int_equal(strlen(made.verifier), 512);
}

static void keys_are_recovered(void **state)
{
	(void)state;
	assert_ok(open_as(made.id, buf_bytes(&made.enc_symmetric), buf_bytes(&made.enc_private),
			  buf_bytes(&made.public_jwk)));
}

static void the_verifier_logs_in(void **state)
{
	SCOPED(auth_key_free_scoped) struct auth_key *auth = NULL;
	SCOPED(srp_client_free_scoped) struct srp_client *client = NULL;
	SCOPED(session_key_free_scoped) struct session_key *key = NULL;
	struct bytes email = bytes_str("ann@example.com");
	uint8_t salt[32], verifier[SRP_N], a_pub[SRP_N], b_pub[SRP_N], b[32] = { 1 };
	uint8_t m1[HASH_SIZE], m2[HASH_SIZE];

	(void)state;
	assert_ok(hex_decode(bytes_str(made.salt_auth), salt, sizeof salt));
	assert_ok(hex_decode(bytes_str(made.verifier), verifier, sizeof verifier));
	assert_ok(kdf_auth_key(bytes_str("passphrase"), email, bytes_str(made.salt_key), &auth));
	assert_ok(srp_client_new(NULL, &client, a_pub));
	assert_ok(srp_server_b(verifier, b, b_pub));
	assert_ok(srp_client_proof(client, email, auth, bytes_of(salt, 32), b_pub, m1));
	assert_ok(srp_server_finish(verifier, b, a_pub, m1, m2, &key));
}

static void a_wrong_passphrase_is_tampered(void **state)
{
	SCOPED(enc_key_free_scoped) struct enc_key *wrong = NULL;
	SCOPED(account_keys_fini) struct account_keys got = { NULL };

	(void)state;
	assert_ok(kdf_enc_key(bytes_str("Passphrase"), bytes_str("ann@example.com"),
			      bytes_str(made.salt_enc), &wrong));
	assert_status(account_open(wrong, bytes_str(made.id), buf_bytes(&made.enc_symmetric),
				   buf_bytes(&made.enc_private), buf_bytes(&made.public_jwk),
				   &got),
		      WK_TAMPERED);
}

static void swapped_parts_are_tampered(void **state)
{
	struct bytes symmetric = buf_bytes(&made.enc_symmetric);
	struct bytes private_key = buf_bytes(&made.enc_private);
	struct bytes public_key = buf_bytes(&made.public_jwk);
	SCOPED(rsa_private_free_scoped) struct rsa_private *other = NULL;
	SCOPED(rsa_public_free_scoped) struct rsa_public *other_public = NULL;
	SCOPED(buf_fini) struct buf jwk = BUF_INIT(16384);

	(void)state;
	assert_status(open_as("act_other", symmetric, private_key, public_key), WK_TAMPERED);
	assert_status(open_as("", symmetric, private_key, public_key), WK_INVALID);
	assert_status(open_as(made.id, private_key, symmetric, public_key), WK_TAMPERED);
	assert_status(open_as(made.id, symmetric, symmetric, public_key), WK_TAMPERED);
	assert_status(open_as(made.id, symmetric, private_key, bytes_str("{}")), WK_CORRUPT);
	assert_status(open_as(made.id, bytes_str("{}"), private_key, public_key), WK_CORRUPT);
	assert_ok(rsa_generate(&other));
	assert_ok(rsa_public_of(other, &other_public));
	assert_ok(rsa_public_write(other_public, &jwk));
	assert_status(open_as(made.id, symmetric, private_key, buf_bytes(&jwk)), WK_TAMPERED);
}

/* What a stock app sealed carries no ad, and opens as well. */
static void stock_envelopes_open(void **state)
{
	static const uint8_t iv[GCM_IV] = { 4 };
	SCOPED(sealer_free_scoped) struct sealer *sealer = NULL;
	SCOPED(envelope_fini) struct envelope e = ENVELOPE_INIT;
	SCOPED(buf_fini) struct buf jwk = BUF_SECRET_INIT(256), text = BUF_INIT(16384);

	(void)state;
	assert_ok(aes_jwk_write(keys.symmetric->k, &jwk));
	assert_ok(sealer_for_enc(enc, &sealer));
	assert_ok(envelope_seal_stock(sealer, buf_bytes(&jwk), bytes_of(NULL, 0), iv, &e));
	assert_ok(envelope_write(&e, &text));
	assert_ok(open_as(made.id, buf_bytes(&text), buf_bytes(&made.enc_private),
			  buf_bytes(&made.public_jwk)));
	buf_clear(&text);
	assert_ok(envelope_seal_stock(sealer, buf_bytes(&jwk), bytes_str("other"), iv, &e));
	assert_ok(envelope_write(&e, &text));
	assert_status(open_as(made.id, buf_bytes(&text), buf_bytes(&made.enc_private),
			      buf_bytes(&made.public_jwk)),
		      WK_TAMPERED);
}

static void ad_has_this_form(void **state)
{
	SCOPED(envelope_fini) struct envelope e = ENVELOPE_INIT;
	SCOPED(buf_fini) struct buf want = BUF_INIT(256);

	(void)state;
	assert_ok(envelope_parse(buf_bytes(&made.enc_private), &e));
	assert_ok(buf_append(&want, "WA\x01\x0bPRV_Account\x44", 16));
	assert_ok(buf_append_str(&want, made.id));
	assert_ok(buf_append(&want, "\0\0\0\x01", 4));
	assert_true(bytes_equal(buf_bytes(&want), buf_bytes(&e.ad)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(material_has_the_stock_forms),
		cmocka_unit_test(keys_are_recovered),
		cmocka_unit_test(the_verifier_logs_in),
		cmocka_unit_test(a_wrong_passphrase_is_tampered),
		cmocka_unit_test(swapped_parts_are_tampered),
		cmocka_unit_test(stock_envelopes_open),
		cmocka_unit_test(ad_has_this_form),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
