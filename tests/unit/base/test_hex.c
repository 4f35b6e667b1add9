/* SPDX-License-Identifier: Apache-2.0 */
/* Hex and base64url, with RFC 4648's own vectors. */
#include "testing.h"

#include "base/hex.h"
#include "base/rand.h"
#include "base/scoped.h"

static void test_hex(void **state)
{
	SCOPED(buf_fini) struct buf b = BUF_INIT(8);
	uint8_t data[4] = { 9, 9, 9, 9 };
	char text[9];

	(void)state;
	hex_encode((const uint8_t *)"\x00\x1f\xab\xff", 4, text);
	assert_string_equal(text, "001fabff");
	hex_encode(NULL, 0, text);
	assert_string_equal(text, "");
	assert_ok(hex_append(&b, (const uint8_t *)"\xde\xad", 2));
	assert_bytes_str(buf_bytes(&b), "dead");
	assert_status(hex_append(&b, (const uint8_t *)"\xde\xad\xbe", 3), WK_LIMIT);
	assert_bytes_str(buf_bytes(&b), "dead");

	assert_status(hex_decode(bytes_str("001fABf"), data, 4), WK_CORRUPT);
	assert_status(hex_decode(bytes_str("001fABfff"), data, 4), WK_CORRUPT);
	assert_status(hex_decode(bytes_str("001fABgf"), data, 4), WK_CORRUPT);
	assert_status(hex_decode(bytes_str("001fAB"), data, 4), WK_CORRUPT);
	assert_memory_equal(data, "\x09\x09\x09\x09", 4);
	assert_ok(hex_decode(bytes_str("001fABfF"), data, 4));
	assert_memory_equal(data, "\x00\x1f\xab\xff", 4);

	buf_clear(&b);
	assert_ok(hex_decode_append(bytes_str(""), &b));
	assert_ok(hex_decode_append(bytes_str("0a0B"), &b));
	assert_int_equal(b.n, 2);
	assert_status(hex_decode_append(bytes_str("0"), &b), WK_CORRUPT);
	assert_status(hex_decode_append(bytes_str("0 "), &b), WK_CORRUPT);
	assert_status(hex_decode_append(bytes_str("00112233445566"), &b), WK_LIMIT);
	assert_int_equal(b.n, 2);
}

static void test_base64url(void **state)
{
	static const char *const pairs[][2] = {
		{ "", "" }, { "f", "Zg" }, { "fo", "Zm8" }, { "foo", "Zm9v" }, { "foob", "Zm9vYg" },
		{ "fooba", "Zm9vYmE" }, { "foobar", "Zm9vYmFy" }, { "\xfb\xff\xbf", "-_-_" },
	};
	/* Padding, the other alphabet, an impossible length, stray bits, white space. */
	static const char *const bad[] = { "Zg==", "+/+/", "Zm9vY", "Zh", "Zm9", "Zm 8", "Zg\n" };
	SCOPED(buf_fini) struct buf b = BUF_INIT(100);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
		buf_clear(&b);
		assert_ok(base64url_append(&b, (const uint8_t *)pairs[i][0], strlen(pairs[i][0])));
		assert_bytes_str(buf_bytes(&b), pairs[i][1]);
		buf_clear(&b);
		assert_ok(base64url_decode_append(bytes_str(pairs[i][1]), &b));
		assert_bytes_str(buf_bytes(&b), pairs[i][0]);
	}
	buf_clear(&b);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_status(base64url_decode_append(bytes_str(bad[i]), &b), WK_CORRUPT);
	assert_int_equal(b.n, 0);
	b.max = 2;
	assert_status(base64url_decode_append(bytes_str("Zm9v"), &b), WK_LIMIT);
	assert_status(base64url_append(&b, (const uint8_t *)"ab", 2), WK_LIMIT);
}

static void test_random_round_trips(void **state)
{
	(void)state;
	for (size_t n = 0; n < 80; n++) {
		SCOPED(buf_fini) struct buf text = BUF_INIT(1000);
		SCOPED(buf_fini) struct buf back = BUF_INIT(1000);
		uint8_t data[80];

		rand_bytes(data, n);
		assert_ok(base64url_append(&text, data, n));
		assert_ok(base64url_decode_append(buf_bytes(&text), &back));
		assert_true(bytes_equal(buf_bytes(&back), bytes_of(data, n)));
		buf_clear(&text);
		buf_clear(&back);
		assert_ok(hex_append(&text, data, n));
		assert_ok(hex_decode_append(buf_bytes(&text), &back));
		assert_true(bytes_equal(buf_bytes(&back), bytes_of(data, n)));
	}
}

static void test_rand_below(void **state)
{
	unsigned seen = 0;

	(void)state;
	for (int i = 0; i < 1000; i++) {
		uint64_t v = rand_below(6);

		assert_true(v < 6);
		seen |= 1U << v;
	}
	assert_int_equal(seen, 0x3f);
	assert_int_equal(rand_below(1), 0);
	assert_true(rand_below(UINT64_MAX) < UINT64_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hex),
		cmocka_unit_test(test_base64url),
		cmocka_unit_test(test_random_round_trips),
		cmocka_unit_test(test_rand_below),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
