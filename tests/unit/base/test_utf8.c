/* SPDX-License-Identifier: Apache-2.0 */
/* UTF-8: every code point both ways, and every wrong form refused. */
#include "testing.h"

#include "base/scoped.h"
#include "base/utf8.h"

static void test_every_code_point(void **state)
{
	(void)state;
	for (uint32_t cp = 0; cp <= 0x10ffff; cp++) {
		bool surrogate = cp >= 0xd800 && cp <= 0xdfff;
		uint8_t text[4];
		size_t n = utf8_encode(cp, text), at = 0;

		assert_int_equal(n, cp < 0x80 ? 1 : cp < 0x800 ? 2 : cp < 0x10000 ? 3 : 4);
		assert_int_equal(utf8_next(bytes_of(text, n), &at), cp);
		assert_int_equal(at, n);
		assert_true(utf8_is_valid_wtf8(bytes_of(text, n)));
		assert_int_equal(utf8_is_valid(bytes_of(text, n)), !surrogate);
		at = 0;
		if (n > 1)
			assert_int_equal(utf8_next(bytes_of(text, n - 1), &at), -1);
	}
}

static void test_malformed(void **state)
{
	static const char *const bad[] = {
		"\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xe0\x80\x80", "\xe0\x9f\xbf",
		"\xf0\x80\x80\x80", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80",
		"\xff", "\xfe", "\xc3", "\xc3(", "\xe2\x82", "\xe2(\xa1", "\xf0\x9f\x98",
		"abcdefgh\xc3", "abcdefg\xff" "abcdefgh", "\xe2\x82\xac\x80",
	};
	size_t at;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (utf8_is_valid(bytes_str(bad[i])) || utf8_is_valid_wtf8(bytes_str(bad[i])))
			fail_msg("%zu", i);
	at = 0;
	assert_int_equal(utf8_next(bytes_str("\xe2("), &at), -1);
	assert_int_equal(at, 0);
}

static void test_valid(void **state)
{
	(void)state;
	assert_true(utf8_is_valid(bytes_of(NULL, 0)));
	assert_true(utf8_is_valid(bytes_of("a\0b", 3)));
	assert_true(utf8_is_valid(bytes_str("abcdefghi\xc3\xa9jklmnopqrstuvwxyz\xf0\x9f\x98\x80")));
	assert_false(utf8_is_valid(bytes_str("abcdefghijkl\xed\xa0\x80")));
	assert_true(utf8_is_valid_wtf8(bytes_str("abcdefghijkl\xed\xa0\x80")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_code_point),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_valid),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
