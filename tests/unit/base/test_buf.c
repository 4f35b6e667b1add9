/* SPDX-License-Identifier: Apache-2.0 */
/* Buffers: limits hold, failures change nothing, secrets do not stay behind. */
#include "testing.h"

#include "base/scoped.h"

static void test_append(void **state)
{
	SCOPED(buf_fini) struct buf b = BUF_INIT(1000);
	const char *text;

	(void)state;
	assert_ok(buf_append(&b, NULL, 0));
	assert_ok(buf_append(&b, "ab", 2));
	assert_ok(buf_append_str(&b, "cd"));
	assert_ok(buf_append_char(&b, 'e'));
	assert_ok(buf_printf(&b, "%d-%s", 12, "x"));
	assert_bytes_str(buf_bytes(&b), "abcde12-x");
	assert_ok(buf_cstr(&b, &text));
	assert_string_equal(text, "abcde12-x");
	assert_int_equal(b.n, 9);
	buf_clear(&b);
	assert_int_equal(b.n, 0);
	assert_ok(buf_cstr(&b, &text));
	assert_string_equal(text, "");
}

static void test_limit(void **state)
{
	SCOPED(buf_fini) struct buf b = BUF_INIT(10);
	SCOPED(buf_fini) struct buf none = BUF_INIT(0);
	const char *text;
	uint8_t *room;

	(void)state;
	assert_ok(buf_append(&b, "12345678", 8));
	assert_status(buf_append(&b, "abc", 3), WK_LIMIT);
	assert_status(buf_printf(&b, "%s", "abc"), WK_LIMIT);
	assert_status(buf_reserve(&b, 3, &room), WK_LIMIT);
	assert_status(buf_reserve(&b, SIZE_MAX, &room), WK_LIMIT);
	assert_bytes_str(buf_bytes(&b), "12345678");
	/* Filled to the last byte, a NUL still has room. */
	assert_ok(buf_printf(&b, "%s", "90"));
	assert_ok(buf_cstr(&b, &text));
	assert_string_equal(text, "1234567890");
	assert_status(buf_append_char(&b, 'x'), WK_LIMIT);
	assert_ok(buf_cstr(&none, &text));
	assert_string_equal(text, "");
	assert_status(buf_append_char(&none, 'x'), WK_LIMIT);
}

static void test_reserve(void **state)
{
	SCOPED(buf_fini) struct buf b = BUF_INIT(1 << 20);
	uint8_t *room;

	(void)state;
	for (size_t i = 0; i < 1000; i++) {
		assert_ok(buf_reserve(&b, 257, &room));
		memset(room, (int)(i & 0xff), 257);
		b.n += 257;
	}
	for (size_t i = 0; i < b.n; i++)
		assert_int_equal(b.p[i], i / 257 & 0xff);
}

static void test_secret(void **state)
{
	SCOPED(buf_fini) struct buf b = BUF_SECRET_INIT(1 << 20);
	uint8_t chunk[100];

	(void)state;
	for (size_t i = 0; i < 200; i++) {
		memset(chunk, (int)i, sizeof chunk);
		assert_ok(buf_append(&b, chunk, sizeof chunk));
	}
	for (size_t i = 0; i < b.n; i++)
		assert_int_equal(b.p[i], i / 100);
	buf_clear(&b);
	for (size_t i = 0; i < 20000; i++)
		assert_int_equal(b.p[i], 0);
}

static void test_move(void **state)
{
	SCOPED(buf_fini) struct buf a = BUF_INIT(100);
	SCOPED(buf_fini) struct buf b = BUF_SECRET_INIT(50);

	(void)state;
	assert_ok(buf_append_str(&a, "old"));
	assert_ok(buf_append_str(&b, "new"));
	buf_move(&a, &b);
	assert_bytes_str(buf_bytes(&a), "new");
	assert_true(a.secret);
	assert_int_equal(a.max, 50);
	assert_int_equal(b.n, 0);
	assert_null(b.p);
	assert_ok(buf_append_str(&b, "again"));
}

static void test_bytes(void **state)
{
	SCOPED(scoped_free) char *copy = bytes_dup(bytes_of("abc", 2));
	SCOPED(scoped_free) char *empty = bytes_dup(bytes_of(NULL, 0));

	(void)state;
	assert_string_equal(copy, "ab");
	assert_string_equal(empty, "");
	assert_true(bytes_equal(bytes_of(NULL, 0), bytes_str("")));
	assert_true(bytes_equal_str(bytes_of("abc", 2), "ab"));
	assert_false(bytes_equal_str(bytes_of("abc", 3), "ab"));
	assert_false(bytes_equal_str(bytes_of("ac", 2), "ab"));
}

static void test_status_texts(void **state)
{
	(void)state;
	for (int i = 0; i < WK_STATUS_COUNT; i++)
		for (int j = 0; j <= i; j++)
			assert_int_equal(strcmp(wk_status_text((enum wk_status)i),
						wk_status_text((enum wk_status)j)) == 0,
					 i == j);
	assert_string_equal(wk_status_text(WK_STATUS_COUNT), "unknown status");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_append), cmocka_unit_test(test_limit),
		cmocka_unit_test(test_reserve), cmocka_unit_test(test_secret),
		cmocka_unit_test(test_move), cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_status_texts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
