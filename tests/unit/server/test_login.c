/* SPDX-License-Identifier: Apache-2.0 */
/* The SRP exchange: known answers, strangers, tokens. */
#include "harness.h"

static struct login_secrets secrets;

static int setup(void **state)
{
	(void)state;
	if (crypto_init() != WK_OK)
		return -1;
	log_setup("test", LOG_ERROR);
	secret_random(secrets.starter, sizeof secrets.starter);
	secret_random(secrets.unknown, sizeof secrets.unknown);
	return 0;
}

static void hex_at(const struct json *v, const char *path, uint8_t *out, size_t n)
{
	assert_ok(hex_decode(at(v, path)->text, out, n));
}

/* With the client's a and the server's b of the vectors every number is the same. */
static void check_exchange(const struct json *acc)
{
	struct storage_account account = { .n = 1 };
	struct login_started started;
	uint8_t a_pub[256], b[32], b_pub[256], want_b[256], m1[32], m2[32], want_m2[32];
	uint8_t hash[HASH_SIZE], want_hash[HASH_SIZE];
	struct buf token = BUF_INIT(4096);
	struct bytes email = at(acc, "derived/email")->text;

	hex_at(acc, "signupRequest/verifier", account.verifier, 256);
	hex_at(acc, "login/secrets/b", b, 32);
	hex_at(acc, "login/loginA/request/srpA", a_pub, 256);
	hex_at(acc, "login/loginA/response/srpB", want_b, 256);
	hex_at(acc, "login/loginM1/request/srpM1", m1, 32);
	hex_at(acc, "login/loginM1/response/srpM2", want_m2, 32);
	assert_ok(login_begin(&secrets, &account, email, a_pub, b, 1000, b_pub, &token));
	assert_memory_equal(b_pub, want_b, 256);
	assert_ok(login_open(&secrets, buf_bytes(&token), 1001, &started));
	assert_bytes_str(email, started.email);
	assert_ok(login_finish(&secrets, &started, &account, m1, m2, hash));
	assert_memory_equal(m2, want_m2, 32);
	assert_ok(login_session_hash(at(acc, "login/sessionId")->text, want_hash));
	assert_memory_equal(hash, want_hash, HASH_SIZE);
	m1[0] ^= 1;
	assert_status(login_finish(&secrets, &started, &account, m1, m2, hash), WK_DENIED);
	buf_fini(&token);
}

static void test_vectors(void **state)
{
	struct harness h = { .arena = arena_new((size_t)64 << 20) };
	struct json *v = read_vectors(&h, "account.json");

	(void)state;
	for (uint32_t i = 0; i < at(v, "accounts")->count; i++)
		check_exchange(&at(v, "accounts")->items[i]);
	arena_free(h.arena);
}

static void test_strangers(void **state)
{
	char key[LOGIN_SALT + 1], auth[LOGIN_SALT + 1], key2[LOGIN_SALT + 1], auth2[LOGIN_SALT + 1];
	uint8_t a_pub[256] = { 0 }, b[32] = { 1 }, b_pub[256], again[256], m1[32] = { 0 }, m2[32];
	uint8_t hash[HASH_SIZE];
	struct login_started started;
	struct buf token = BUF_INIT(4096);

	(void)state;
	login_fake_salts(&secrets, bytes_str("no@example.com"), key, auth);
	login_fake_salts(&secrets, bytes_str("no@example.com"), key2, auth2);
	assert_string_equal(key, key2);
	assert_string_equal(auth, auth2);
	assert_string_not_equal(key, auth);
	login_fake_salts(&secrets, bytes_str("other@example.com"), key2, auth2);
	assert_string_not_equal(key, key2);
	a_pub[255] = 5;
	assert_ok(login_begin(&secrets, NULL, bytes_str("no@example.com"), a_pub, b, 0, b_pub, &token));
	buf_clear(&token);
	assert_ok(login_begin(&secrets, NULL, bytes_str("no@example.com"), a_pub, b, 0, again, &token));
	assert_memory_equal(b_pub, again, 256);
	assert_ok(login_open(&secrets, buf_bytes(&token), 0, &started));
	assert_status(login_finish(&secrets, &started, NULL, m1, m2, hash), WK_DENIED);
	buf_fini(&token);
}

static void test_tokens(void **state)
{
	struct storage_account account = { .n = 1 };
	struct login_secrets other = secrets;
	struct login_started started;
	uint8_t a_pub[256] = { 0 }, b_pub[256];
	struct buf token = BUF_INIT(4096);

	(void)state;
	account.verifier[255] = 9;
	assert_status(login_begin(&secrets, &account, bytes_str("a"), a_pub, NULL, 0, b_pub, &token),
		      WK_TAMPERED);
	a_pub[255] = 5;
	assert_ok(login_begin(&secrets, &account, bytes_str("a"), a_pub, NULL, 0, b_pub, &token));
	assert_ok(login_open(&secrets, buf_bytes(&token), 60000, &started));
	assert_status(login_open(&secrets, buf_bytes(&token), 60001, &started), WK_DENIED);
	token.p[100] = token.p[100] == '0' ? '1' : '0';
	assert_status(login_open(&secrets, buf_bytes(&token), 0, &started), WK_TAMPERED);
	token.p[100] ^= 1;
	other.starter[0] ^= 1;
	assert_status(login_open(&other, buf_bytes(&token), 0, &started), WK_TAMPERED);
	assert_status(login_open(&secrets, bytes_str("ses_1"), 0, &started), WK_TAMPERED);
	assert_status(login_session_hash(bytes_str(""), a_pub), WK_INVALID);
	buf_fini(&token);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_strangers),
		cmocka_unit_test(test_tokens),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
