/* SPDX-License-Identifier: Apache-2.0 */
/* Trees: looking in, building, changing, copying, comparing. */
#include "testing.h"

#include "base/json.h"

static struct arena *arena;

static int setup(void **state)
{
	(void)state;
	arena = arena_new(64U << 20);
	return arena ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

static struct json *parse(const char *text)
{
	struct json *v = NULL;

	assert_ok(json_parse(arena, bytes_str(text), &v, NULL));
	return v;
}

static void check_text(const struct json *v, const char *want)
{
	SCOPED(buf_fini) struct buf out = BUF_INIT(1 << 20);

	assert_ok(json_write(v, &out));
	assert_bytes_str(buf_bytes(&out), want);
}

static void test_get(void **state)
{
	const struct json *v = parse("{\"a\":1,\"b\":\"x\",\"a\":2,\"t\":true,\"f\":false,\"n\":null,"
				     "\"\":3}");
	int64_t number = 0;
	bool flag = false;

	(void)state;
	assert_true(json_get_int64(v, "a", &number));
	assert_int_equal(number, 2);
	assert_true(json_get_int64(v, "", &number));
	assert_int_equal(number, 3);
	assert_bytes_str(json_get_str(v, "b"), "x");
	assert_null(json_get_str(v, "a").p);
	assert_null(json_get_str(v, "missing").p);
	assert_null(json_get(v, "missing"));
	assert_null(json_get(NULL, "a"));
	assert_null(json_get(parse("[1]"), "a"));
	assert_true(json_get_bool(v, "t", &flag) && flag);
	assert_true(json_get_bool(v, "f", &flag) && !flag);
	assert_false(json_get_bool(v, "n", &flag));
	assert_false(json_get_bool(v, "a", &flag));
	assert_false(json_get_int64(v, "b", &number));
	assert_false(json_get_int64(v, "missing", &number));
}

static void test_integers(void **state)
{
	static const struct {
		const char *text;
		int64_t value;
	} good[] = {
		{ "0", 0 }, { "-0", 0 }, { "0.0", 0 }, { "0e99999999999999999999", 0 }, { "1", 1 },
		{ "-2", -2 }, { "3.0", 3 }, { "1e3", 1000 }, { "1E+3", 1000 }, { "1.5e1", 15 },
		{ "1500e-2", 15 }, { "100.000", 100 }, { "1020.00e0", 1020 },
		{ "9223372036854775807", INT64_MAX }, { "-9223372036854775808", INT64_MIN },
		{ "9.223372036854775807e18", INT64_MAX }, { "10000000000000000000000e-20", 100 },
	};
	static const char *const bad[] = {
		"1.5", "-0.1", "1e-1", "9223372036854775808", "-9223372036854775809", "1e19",
		"123456789012345678901234567890", "1e99999999999999999999", "-1e400",
		"1e-99999999999999999999", "1.00000000000000000000000001", "\"1\"", "true", "null",
	};
	int64_t got;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		if (!json_as_int64(parse(good[i].text), &got) || got != good[i].value)
			fail_msg("%s", good[i].text);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		got = 77;
		if (json_as_int64(parse(bad[i]), &got) || got != 77)
			fail_msg("%s", bad[i]);
	}
	assert_false(json_as_int64(NULL, &got));
}

static void test_build(void **state)
{
	struct json *object = json_new(arena, JSON_OBJECT), *array = json_new(arena, JSON_ARRAY);
	char key[] = "first";

	(void)state;
	assert_ok(json_set_int(arena, object, key, INT64_MIN));
	memset(key, 'x', sizeof key - 1);
	assert_ok(json_set_str(arena, object, "s", bytes_str("text")));
	assert_ok(json_set_bool(arena, object, "yes", true));
	assert_ok(json_set_bool(arena, object, "no", false));
	for (int i = 0; i < 9; i++)
		assert_ok(json_append(arena, array, json_new_int(arena, i)));
	assert_ok(json_set(arena, object, "list", array));
	check_text(object, "{\"first\":-9223372036854775808,\"s\":\"text\",\"yes\":true,\"no\":false,"
			   "\"list\":[0,1,2,3,4,5,6,7,8]}");
	assert_ok(json_set_int(arena, object, "s", 5));
	json_remove(object, "list");
	json_remove(object, "first");
	json_remove(object, "nothing");
	check_text(object, "{\"s\":5,\"yes\":true,\"no\":false}");
	assert_ok(json_append_member(arena, object, bytes_str("s"), json_new_str(arena,
									   bytes_str("2"))));
	assert_ok(json_set_int(arena, object, "s", 6));
	check_text(object, "{\"s\":5,\"yes\":true,\"no\":false,\"s\":6}");
	json_remove(object, "s");
	check_text(object, "{\"yes\":true,\"no\":false}");
	json_remove(array, "s");
	json_remove(NULL, "s");
}

static void test_full_arena(void **state)
{
	SCOPED(arena_free_scoped) struct arena *small = arena_new(600);
	struct json *object = json_new(small, JSON_OBJECT);
	enum wk_status st = WK_OK;
	uint32_t n = 0;
	char key[8];

	(void)state;
	while (st == WK_OK && n < 100) {
		(void)snprintf(key, sizeof key, "k%u", n);
		st = json_set_int(small, object, key, 1);
		n += st == WK_OK;
	}
	assert_int_equal(st, WK_NOMEM);
	assert_int_equal(object->count, n);
	assert_null(json_copy(small, object));
}

static void test_copy(void **state)
{
	static const char text[] = "{\"a\":[1,\"x\",{},[],null,true],\"a\":{\"b\":-0},\"\":\"\"}";
	SCOPED(arena_free_scoped) struct arena *other = arena_new(1 << 20);
	struct json *v = parse(text), *copy = json_copy(other, v);

	(void)state;
	json_get(v, "a")->members[0].key = bytes_str("changed");
	arena_reset(arena);
	check_text(copy, text);
}

static void check_equal(const char *a, const char *b, bool want)
{
	if (json_equal(parse(a), parse(b)) != want || json_equal(parse(b), parse(a)) != want)
		fail_msg("%s %s", a, b);
}

static void test_equal(void **state)
{
	(void)state;
	check_equal("{\"a\":1,\"b\":2}", "{\"b\":2,\"a\":1}", true);
	check_equal("{\"a\":1,\"b\":2}", "{\"b\":1,\"a\":2}", false);
	check_equal("{\"a\":1,\"a\":2}", "{\"a\":2}", true);
	check_equal("{\"a\":2,\"a\":1}", "{\"a\":2}", false);
	check_equal("{\"a\":1,\"b\":0,\"a\":2}", "{\"a\":3,\"b\":0,\"a\":2}", true);
	check_equal("{\"a\":1,\"b\":0,\"a\":2}", "{\"a\":3,\"b\":1,\"a\":2}", false);
	check_equal("{\"a\":1,\"b\":0,\"a\":2}", "{\"a\":1,\"b\":0,\"a\":3}", false);
	check_equal("{\"a\":1}", "{\"a\":1,\"b\":2}", false);
	check_equal("{\"a\":1}", "{\"b\":1}", false);
	check_equal("{}", "{}", true);
	check_equal("{}", "[]", false);
	check_equal("[1,2]", "[2,1]", false);
	check_equal("[1,2]", "[1]", false);
	check_equal("1", "1.0", false);
	check_equal("\"1\"", "1", false);
	check_equal("true", "false", false);
	check_equal("[null,{\"x\":[\"\"]}]", "[null,{\"x\":[\"\"]}]", true);
}

/* Nothing about equality doubles with depth or squares with size. */
static void test_equal_is_fast(void **state)
{
	static char text[2][1 << 20];

	(void)state;
	for (int side = 0; side < 2; side++) {
		size_t n = 0;

		for (int i = 0; i < JSON_DEPTH_MAX; i++)
			n += (size_t)sprintf(text[side] + n, "{\"a\":0,\"b\":");
		n += (size_t)sprintf(text[side] + n, "%d", side);
		for (int i = 0; i < JSON_DEPTH_MAX; i++)
			n += (size_t)sprintf(text[side] + n, ",\"b\":0}");
	}
	check_equal(text[0], text[1], true);
	for (int side = 0; side < 2; side++) {
		size_t n = 0;

		for (int i = 0; i < 50000; i++)
			n += (size_t)sprintf(text[side] + n, "%c\"%d\":1", i ? ',' : '{',
					     side ? 50000 - i : i + 1);
		(void)sprintf(text[side] + n, "}");
	}
	check_equal(text[0], text[1], true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_get),	   cmocka_unit_test(test_integers),
		cmocka_unit_test(test_build),	   cmocka_unit_test(test_full_arena),
		cmocka_unit_test(test_copy),	   cmocka_unit_test(test_equal),
		cmocka_unit_test(test_equal_is_fast),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
