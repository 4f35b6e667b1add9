/* SPDX-License-Identifier: Apache-2.0 */
/* Start, key memory and hashes. */
#include "testing.h"

#include <sys/resource.h>

#include "base/hex.h"
#include "crypto/secret.h"

static int setup(void **state)
{
	(void)state;
	return crypto_init() == WK_OK ? 0 : -1;
}

static void assert_hex(const uint8_t *got, size_t n, const char *want)
{
	char text[256];

	hex_encode(got, n, text);
	assert_string_equal(text, want);
}

static void starts_once_without_cores(void **state)
{
	struct rlimit limit;

	(void)state;
	assert_ok(crypto_init());
	assert_int_equal(getrlimit(RLIMIT_CORE, &limit), 0);
	assert_int_equal(limit.rlim_cur, 0);
}

static void keys_are_zeroed_and_wiped(void **state)
{
	struct group_key *key = group_key_new(), *again;
	static const uint8_t zeros[KEY_SIZE];

	(void)state;
	assert_non_null(key);
	assert_memory_equal(key->k, zeros, KEY_SIZE);
	secret_random(key->k, KEY_SIZE);
	assert_memory_not_equal(key->k, zeros, KEY_SIZE);
	group_key_free(key);
	again = group_key_new();
	assert_memory_equal(again->k, zeros, KEY_SIZE);
	group_key_free(again);
	group_key_free(NULL);
}

static void a_used_up_pool_is_null(void **state)
{
	(void)state;
	assert_null(secret_alloc(64 * 1024 * 1024));
}

static void compares_every_byte(void **state)
{
	(void)state;
	assert_true(secret_equal("abc", "abc", 3));
	assert_false(secret_equal("abc", "abd", 3));
	assert_false(secret_equal("bbc", "abc", 3));
	assert_true(secret_equal("abc", "xyz", 0));
}

static void known_hashes(void **state)
{
	const struct bytes parts[] = { bytes_str("a"), bytes_of(NULL, 0), bytes_str("bc") };
	uint8_t out[HASH_SIZE], key[131];

	(void)state;
	hash_sha256(out, parts, 3);
	assert_hex(out, 32, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	hash_sha256(out, NULL, 0);
	assert_hex(out, 32, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	hash_sha1(out, bytes_str("abc"));
	assert_hex(out, 20, "a9993e364706816aba3e25717850c26c9cd0d89d");
	hash_md5(out, bytes_str("abc"));
	assert_hex(out, 16, "900150983cd24fb0d6963f7d28e17f72");
	hash_md5(out, bytes_of(NULL, 0));
	assert_hex(out, 16, "d41d8cd98f00b204e9800998ecf8427e");
	hash_hmac_sha256(out, bytes_str("Jefe"), bytes_str("what do ya want for nothing?"));
	assert_hex(out, 32, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
	memset(key, 0xaa, sizeof key);
	hash_hmac_sha256(out, bytes_of(key, sizeof key),
			 bytes_str("Test Using Larger Than Block-Size Key - Hash Key First"));
	assert_hex(out, 32, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(starts_once_without_cores),
		cmocka_unit_test(keys_are_zeroed_and_wiped),
		cmocka_unit_test(a_used_up_pool_is_null),
		cmocka_unit_test(compares_every_byte),
		cmocka_unit_test(known_hashes),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
