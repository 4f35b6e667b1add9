/* SPDX-License-Identifier: Apache-2.0 */
/* SRP-6a: both sides agree, and every wrong number or proof is refused. */
#include "testing.h"

#include "base/hex.h"
#include "crypto/srp.h"

static const char group_hex[] =
	"ac6bdb41324a9a9bf166de5e1389582faf72b6651987ee07fc3192943db56050"
	"a37329cbb4a099ed8193e0757767a13dd52312ab4b03310dcd7f48a9da04fd50"
	"e8083969edb767b0cf6095179a163ab3661a05fbd5faaae82918a9962f0b93b8"
	"55f97993ec975eeaa80d740adbf4ff747359d041d5c33ea71d281e446b14773b"
	"ca97b43a23fb801676bd207a436c6481f1d2b9078717461a5b9d32e688f87748"
	"544523b524b0d57d5ea77a2775d2ecfa032cfbdbf52fb3786160279004e57ae6"
	"af874e7303ce53299ccc041c7bc308d82a5698f3a8d0c38271ae35f8e9dbfbb6"
	"94b5c803d89f7ae435de236d525f54759b65e372fcd68ef20fa7111f9e4aff73";

struct fixture {
	struct auth_key *auth;
	struct bytes email, salt;
	uint8_t verifier[SRP_N], b[32], a_pub[SRP_N], b_pub[SRP_N];
	uint8_t m1[HASH_SIZE], m2[HASH_SIZE];
	struct srp_client *client;
};

static void group_plus(uint8_t add, uint8_t out[SRP_N])
{
	assert_ok(hex_decode(bytes_str(group_hex), out, SRP_N));
	out[SRP_N - 1] = (uint8_t)(out[SRP_N - 1] + add);
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);

	*state = f;
	if (crypto_init() != WK_OK)
		return -1;
	f->auth = auth_key_new();
	memset(f->auth->k, 3, KEY_SIZE);
	memset(f->b, 5, sizeof f->b);
	f->email = bytes_str("ann@example.com");
	f->salt = bytes_str("\x01\x02\x03");
	assert_ok(srp_verifier(f->email, f->auth, f->salt, f->verifier));
	assert_ok(srp_client_new(NULL, &f->client, f->a_pub));
	assert_ok(srp_server_b(f->verifier, f->b, f->b_pub));
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	auth_key_free(f->auth);
	srp_client_free(f->client);
	free(f);
	return 0;
}

static enum wk_status prove(struct fixture *f)
{
	return srp_client_proof(f->client, f->email, f->auth, f->salt, f->b_pub, f->m1);
}

static enum wk_status serve(struct fixture *f)
{
	SCOPED(session_key_free_scoped) struct session_key *key = NULL;

	return srp_server_finish(f->verifier, f->b, f->a_pub, f->m1, f->m2, &key);
}

static void both_sides_agree(void **state)
{
	struct fixture *f = *state;
	SCOPED(session_key_free_scoped) struct session_key *here = NULL, *there = NULL;

	assert_true(srp_is_valid_public(f->a_pub));
	assert_ok(prove(f));
	assert_ok(srp_server_finish(f->verifier, f->b, f->a_pub, f->m1, f->m2, &there));
	assert_ok(srp_client_finish(f->client, f->m2, &here));
	assert_memory_equal(here->k, there->k, KEY_SIZE);
}

/* Computed with Python's integers: g^a and g^x for these values. */
static void known_numbers(void **state)
{
	static const uint8_t a[32] = { [31] = 10 };
	struct fixture *f = *state;
	SCOPED(srp_client_free_scoped) struct srp_client *client = NULL;
	uint8_t a_pub[SRP_N], want[SRP_N] = { 0 }, digest[HASH_SIZE];
	struct bytes v = bytes_of(f->verifier, SRP_N);
	char text[65];

	assert_ok(srp_client_new(a, &client, a_pub));
	want[SRP_N - 2] = 4;	/* 2^10 */
	assert_memory_equal(a_pub, want, SRP_N);
	hash_sha256(digest, &v, 1);
	hex_encode(digest, sizeof digest, text);
	assert_string_equal(text, "5e62316c2ab8bc4b7a31c5ecb883ab9c0669f5deb31d9857768a870526fb372e");
	v = bytes_of(f->b_pub, SRP_N);
	hash_sha256(digest, &v, 1);
	hex_encode(digest, sizeof digest, text);
	assert_string_equal(text, "ae34954bda5c6e65ac78b2986f5a4cc92890e3ac7af971aed2dfe446e7f60822");
}

static void wrong_passphrase_email_or_salt_is_refused(void **state)
{
	struct fixture *f = *state;

	f->auth->k[31] ^= 1;
	assert_ok(prove(f));
	assert_status(serve(f), WK_TAMPERED);
	f->auth->k[31] ^= 1;
	f->email = bytes_str("bob@example.com");
	assert_ok(prove(f));
	assert_status(serve(f), WK_TAMPERED);
	f->email = bytes_str("ann@example.com");
	f->salt = bytes_str("\x01\x02\x04");
	assert_ok(prove(f));
	assert_status(serve(f), WK_TAMPERED);
	f->salt = bytes_str("\x01\x02\x03");
	assert_ok(prove(f));
	assert_ok(serve(f));
}

static void multiples_of_n_are_refused(void **state)
{
	struct fixture *f = *state;
	static const uint8_t zero[SRP_N];
	uint8_t m1[HASH_SIZE];

	assert_ok(prove(f));
	memcpy(m1, f->m1, sizeof m1);
	assert_false(srp_is_valid_public(zero));
	memset(f->a_pub, 0, SRP_N);
	assert_status(serve(f), WK_TAMPERED);
	group_plus(0, f->a_pub);
	assert_false(srp_is_valid_public(f->a_pub));
	assert_status(serve(f), WK_TAMPERED);
	group_plus(1, f->a_pub);
	assert_false(srp_is_valid_public(f->a_pub));
	group_plus(0xff, f->a_pub);	/* N - 1: odd, but a number below N */
	assert_true(srp_is_valid_public(f->a_pub));
	memcpy(f->b_pub, zero, SRP_N);
	assert_status(prove(f), WK_TAMPERED);
	group_plus(0, f->b_pub);
	assert_status(prove(f), WK_TAMPERED);
	memset(f->b_pub, 0xff, SRP_N);
	assert_status(prove(f), WK_TAMPERED);
	assert_memory_equal(m1, f->m1, sizeof m1);
}

static void wrong_proofs_are_refused(void **state)
{
	struct fixture *f = *state;
	SCOPED(session_key_free_scoped) struct session_key *key = NULL;

	memset(f->m2, 0, sizeof f->m2);
	assert_status(srp_client_finish(f->client, f->m2, &key), WK_TAMPERED);
	assert_ok(prove(f));
	for (size_t i = 0; i < HASH_SIZE; i++) {
		f->m1[i] ^= 1;
		assert_status(serve(f), WK_TAMPERED);
		f->m1[i] ^= 1;
	}
	assert_ok(serve(f));
	f->m2[31] ^= 1;
	assert_status(srp_client_finish(f->client, f->m2, &key), WK_TAMPERED);
	assert_null(key);
	f->m2[31] ^= 1;
	assert_ok(srp_client_finish(f->client, f->m2, &key));
}

static void a_verifier_that_is_none_is_refused(void **state)
{
	struct fixture *f = *state;

	memset(f->verifier, 0, SRP_N);
	assert_status(srp_server_b(f->verifier, f->b, f->b_pub), WK_TAMPERED);
	assert_status(serve(f), WK_TAMPERED);
	group_plus(0, f->verifier);
	assert_status(srp_server_b(f->verifier, f->b, f->b_pub), WK_TAMPERED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(both_sides_agree, setup, teardown),
		cmocka_unit_test_setup_teardown(known_numbers, setup, teardown),
		cmocka_unit_test_setup_teardown(wrong_passphrase_email_or_salt_is_refused, setup,
						teardown),
		cmocka_unit_test_setup_teardown(multiples_of_n_are_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(wrong_proofs_are_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(a_verifier_that_is_none_is_refused, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
