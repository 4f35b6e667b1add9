/* SPDX-License-Identifier: Apache-2.0 */
/* Reading and writing JSON: what comes in must go out as JSON.stringify would write it. */
#include "testing.h"

#include "base/json.h"
#include "base/utf8.h"

#define ARENA_MAX (64U << 20)

static struct json *parse_bytes(struct arena *arena, struct bytes text)
{
	struct json *v = NULL;
	struct json_error e = { .line = 0 };
	enum wk_status st = json_parse(arena, text, &v, &e);

	if (st != WK_OK)
		fail_msg("%u:%u %s in %.*s", e.line, e.column, e.reason, (int)text.n,
			 (const char *)text.p);
	return v;
}

static struct json *parse(struct arena *arena, const char *text)
{
	return parse_bytes(arena, bytes_str(text));
}

static void check_compact(const char *text, const char *want)
{
	SCOPED(arena_free_scoped) struct arena *arena = arena_new(ARENA_MAX);
	SCOPED(buf_fini) struct buf out = BUF_INIT(1 << 20);

	assert_ok(json_write(parse(arena, text), &out));
	assert_bytes_str(buf_bytes(&out), want);
}

static void test_round_trips(void **state)
{
	static const char *const same[] = {
		"null", "true", "false", "0", "-0", "1.50", "1E+3", "12345678901234567890123", "\"\"",
		"[]", "{}", "[[],{},[1]]", "{\"b\":1,\"a\":2,\"b\":3}", "\"\\ud800\"", "\"\\udfff\"",
		"\"\\udc00\\ud800\"", "\"\\ud800A\"", "\"\\u0000\"", "[\"\\u0000a\",\"\\u001f\"]",
		"\"\\\\ud800\"", "\"\\\\\\\\ud800\"", "\"\\\"\\\\\\b\\f\\n\\r\\t\"", "\"\x7f\"",
		"\"\xe2\x80\xa8\xed\x9f\xbf\xee\x80\x80\"", "\"\xf0\x9f\x98\x80\"",
		"{\"\\ud83d\":\"\\ude00\"}", "\"\\ud800x\\ud801\\\"\"" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(same); i++)
		check_compact(same[i], same[i]);
	check_compact(" [ 1 ,\t2 ]\r\n", "[1,2]");
	check_compact("\"\\/\\u00e9\\u20AC\"", "\"/\xc3\xa9\xe2\x82\xac\"");
	check_compact("\"\\ud83d\\ude00\"", "\"\xf0\x9f\x98\x80\"");
	check_compact("\"\\uD83D\\uDE00\"", "\"\xf0\x9f\x98\x80\"");
	check_compact("\"\\uD800\\uD83D\\uDE00x\\uDC01\"", "\"\\ud800\xf0\x9f\x98\x80x\\udc01\"");
	check_compact("\"\\ud800\\u0041\"", "\"\\ud800A\"");
	check_compact("\"\\u001F\\u0008\\u000b\"", "\"\\u001f\\b\\u000b\"");
}

static void test_pretty(void **state)
{
	SCOPED(arena_free_scoped) struct arena *arena = arena_new(ARENA_MAX);
	SCOPED(buf_fini) struct buf out = BUF_INIT(1 << 20);

	(void)state;
	assert_ok(json_write_pretty(parse(arena, "{\"a\":[1,{\"b\":null}],\"c\":{},\"d\":[],"
						 "\"e\":\"x\"}"),
				    &out));
	assert_bytes_str(buf_bytes(&out), "{\n  \"a\": [\n    1,\n    {\n      \"b\": null\n    }\n"
					  "  ],\n  \"c\": {},\n  \"d\": [],\n  \"e\": \"x\"\n}\n");
	buf_clear(&out);
	assert_ok(json_write_pretty(parse(arena, "7"), &out));
	assert_bytes_str(buf_bytes(&out), "7\n");
	buf_clear(&out);
	assert_ok(json_write_string(bytes_of("a\0\xed\xa0\x80", 5), &out));
	assert_bytes_str(buf_bytes(&out), "\"a\\u0000\\ud800\"");
}

static void test_strings_keep_their_length(void **state)
{
	SCOPED(arena_free_scoped) struct arena *arena = arena_new(ARENA_MAX);
	struct bytes text;

	(void)state;
	text = parse(arena, "\"a\\u0000b\"")->text;
	assert_int_equal(text.n, 3);
	assert_memory_equal(text.p, "a\0b", 3);
	text = parse(arena, "\"\\ud912\"")->text;
	assert_int_equal(text.n, 3);
	assert_memory_equal(text.p, "\xed\xa4\x92", 3);
	text = json_get_str(parse(arena, "{\"k\":\"\"}"), "k");
	assert_non_null(text.p);
	assert_int_equal(text.n, 0);
}

static void test_tree_borrows_nothing(void **state)
{
	SCOPED(arena_free_scoped) struct arena *arena = arena_new(ARENA_MAX);
	char text[] = "{\"name\":\"value\",\"n\":12}";
	struct json *v = parse(arena, text);

	(void)state;
	memset(text, 'x', sizeof text);
	assert_bytes_str(json_get_str(v, "name"), "value");
	assert_bytes_str(json_get(v, "n")->text, "12");
}

struct refusal {
	const char *text;
	unsigned line, column;
	const char *reason;
};

static const struct refusal refusals[] = {
	{ "", 1, 1, "the text is empty" },
	{ " \n ", 1, 1, "the text is empty" },
	{ "\xef\xbb\xbf{}", 1, 1, "a byte order mark before the text" },
	{ "{\"a\": 1", 1, 8, "the text ends too early" },
	{ "{\n  \"a\": [1, 2\n", 2, 13, "the text ends too early" },
	{ "{\"a\"", 1, 5, "the text ends too early" },
	{ "{\"a\": 1 \"b\": 2}", 1, 9, "a comma or } is missing" },
	{ "{\n  \"a\": 1\n  \"b\": 2\n}", 2, 9, "a comma or } is missing" },
	{ "{\"a\": 1]", 1, 8, "a comma or } is missing" },
	{ "[1 2]", 1, 4, "a comma or ] is missing" },
	{ "[12x]", 1, 4, "a comma or ] is missing" },
	{ "[1}", 1, 3, "a comma or ] is missing" },
	{ "{\"a\": }", 1, 7, "a value is missing" },
	{ "{\"a\":\n}", 1, 6, "a value is missing" },
	{ "[1,,2]", 1, 4, "a value is missing" },
	{ "[,1]", 1, 2, "a value is missing" },
	{ "]", 1, 1, "a value is missing" },
	{ "[1,]", 1, 3, "a comma before } or ]" },
	{ "{\"a\": 1,\n}", 1, 8, "a comma before } or ]" },
	{ "{\"a\" 1}", 1, 6, "a colon is missing" },
	{ "{a: 1}", 1, 2, "a name in double quotes is missing" },
	{ "{1: 1}", 1, 2, "a name in double quotes is missing" },
	{ "{,}", 1, 2, "a name in double quotes is missing" },
	{ "{'a': 1}", 1, 2, "strings need double quotes" },
	{ "[\"abc]", 1, 2, "a string is not closed" },
	{ "[\"abc\n\"]", 1, 2, "a string is not closed" },
	{ "[\"abc\\", 1, 2, "a string is not closed" },
	{ "[\"a\tb\"]", 1, 4, "a control character in a string must be escaped" },
	{ "[\"a\\x\"]", 1, 4, "a \\ with something behind it that JSON does not know" },
	{ "[\"\\u12g4\"]", 1, 3, "four hex digits are needed behind \\u" },
	{ "[\"\\ud80\"]", 1, 3, "four hex digits are needed behind \\u" },
	{ "[tru]", 1, 2, "a word that is not true, false or null" },
	{ "[NaN]", 1, 2, "a word that is not true, false or null" },
	{ "True", 1, 1, "a word that is not true, false or null" },
	{ "[01]", 1, 2, "a number begins with a needless 0" },
	{ "[-]", 1, 2, "a number is not complete: a digit is missing" },
	{ "[1.]", 1, 2, "a number is not complete: a digit is missing" },
	{ "[1e+]", 1, 2, "a number is not complete: a digit is missing" },
	{ "[+1]", 1, 2, "a number begins with a digit or -" },
	{ "[.5]", 1, 2, "a number begins with a digit or -" },
	{ "// x\n1", 1, 1, "a comment: JSON has none" },
	{ "{} /* x */", 1, 4, "a comment: JSON has none" },
	{ "{}\n{}", 2, 1, "more text after the end" },
	{ "1 2", 1, 3, "more text after the end" },
	{ "250\":", 1, 4, "more text after the end" },
	{ "{} \"}", 1, 4, "more text after the end" },
	{ "{}}", 1, 3, "more text after the end" },
	{ "[1\v]", 1, 3, "a comma or ] is missing" },
	{ "\f1", 1, 1, "a value is missing" },
	{ "[\"\xff\"]", 1, 3, "not UTF-8" },
	{ "[\"\xed\xa0\x80\"]", 1, 3, "not UTF-8" },
	{ "[\"\xc3\"]", 1, 3, "not UTF-8" },
	{ "[\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\", x]", 1, 9,
	  "a word that is not true, false or null" },
	{ "\xff\xfe", 1, 1, "not UTF-8" },
};

static void test_refusals(void **state)
{
	SCOPED(arena_free_scoped) struct arena *arena = arena_new(ARENA_MAX);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(refusals); i++) {
		const struct refusal *r = &refusals[i];
		struct json_error e = { .line = 0 };
		struct json *v = NULL;

		if (json_parse(arena, bytes_str(r->text), &v, &e) != WK_INVALID || v ||
		    e.line != r->line || e.column != r->column || strcmp(e.reason, r->reason) != 0)
			fail_msg("%s: %u:%u %s", r->text, e.line, e.column, e.reason);
		assert_status(json_parse(arena, bytes_str(r->text), &v, NULL), WK_INVALID);
		arena_reset(arena);
	}
	assert_status(json_parse(arena, bytes_of("1\0", 2), &(struct json *){ NULL }, NULL),
		      WK_INVALID);
	assert_status(json_parse(arena, bytes_of("\"a\0\"", 4), &(struct json *){ NULL }, NULL),
		      WK_INVALID);
	assert_status(json_parse(arena, bytes_of(NULL, 0), &(struct json *){ NULL }, NULL),
		      WK_INVALID);
}

static void test_depth(void **state)
{
	SCOPED(arena_free_scoped) struct arena *arena = arena_new(ARENA_MAX);
	SCOPED(buf_fini) struct buf out = BUF_INIT(1 << 20);
	struct json_error e = { .line = 0 };
	struct json *v = NULL, *outer = json_new(arena, JSON_ARRAY);
	char text[2 * (JSON_DEPTH_MAX + 1) + 1];

	(void)state;
	memset(text, '[', JSON_DEPTH_MAX);
	memset(text + JSON_DEPTH_MAX, ']', JSON_DEPTH_MAX);
	assert_ok(json_parse(arena, bytes_of(text, (size_t)2 * JSON_DEPTH_MAX), &v, &e));
	assert_ok(json_write_pretty(v, &out));
	assert_non_null(json_copy(arena, v));
	assert_true(json_equal(v, v));
	buf_clear(&out);

	assert_ok(json_append(arena, outer, v));
	assert_status(json_write(outer, &out), WK_LIMIT);
	assert_int_equal(out.n, 0);
	assert_null(json_copy(arena, outer));

	memset(text, '[', JSON_DEPTH_MAX + 1);
	memset(text + JSON_DEPTH_MAX + 1, ']', JSON_DEPTH_MAX + 1);
	assert_status(json_parse(arena, bytes_of(text, sizeof text - 1), &v, &e), WK_LIMIT);
	assert_int_equal(e.column, JSON_DEPTH_MAX + 1);
	assert_string_equal(e.reason, "nested deeper than 64");
}

static void test_limits(void **state)
{
	SCOPED(arena_free_scoped) struct arena *arena = arena_new(2000);
	SCOPED(arena_free_scoped) struct arena *roomy = arena_new(ARENA_MAX);
	struct json *v = NULL;
	char many[4001];

	(void)state;
	for (size_t i = 0; i < 2000; i++)
		memcpy(many + 2 * i, i ? ",1" : "[1", 2);
	many[4000] = ']';
	assert_status(json_parse(arena, bytes_of(many, sizeof many), &v, NULL), WK_NOMEM);
	assert_status(json_parse(arena, bytes_of(many, 999), &v, NULL), WK_NOMEM);
	assert_null(v);
	assert_ok(json_parse(roomy, bytes_of(many, sizeof many), &v, NULL));
	assert_int_equal(v->count, 2000);
	for (size_t max = 0; max < 8000; max += 97) {
		struct buf out = BUF_INIT(max);
		enum wk_status st = json_write_pretty(v, &out);

		assert_true(st == WK_LIMIT || max > 4001);
		assert_true(st == WK_OK || out.n == 0);
		buf_fini(&out);
	}
}

/* yajl's buffers grow in the reserved pool: long escaped strings, and long unfinished ones. */
static void test_long_strings(void **state)
{
	SCOPED(arena_free_scoped) struct arena *arena = arena_new(ARENA_MAX);

	(void)state;
	for (size_t n = 1; n < 3U << 20; n = n * 5 / 2 + 1) {
		SCOPED(scoped_free) uint8_t *text = malloc(n + 9);
		struct json *v = NULL;
		struct json_error e;

		assert_non_null(text);
		memset(text, 'a', n + 9);
		memcpy(text, "[\"\\n", 4);
		memcpy(text + n + 4, "\\t\"]", 4);
		assert_ok(json_parse(arena, bytes_of(text, n + 8), &v, &e));
		assert_int_equal(v->items[0].text.n, n + 2);
		assert_status(json_parse(arena, bytes_of(text, n + 6), &v, &e), WK_INVALID);
		assert_string_equal(e.reason, "a string is not closed");
		memset(text, '7', n + 9);
		assert_ok(json_parse(arena, bytes_of(text, n), &v, &e));
		assert_int_equal(v->text.n, n);
		arena_reset(arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trips),
		cmocka_unit_test(test_pretty),
		cmocka_unit_test(test_strings_keep_their_length),
		cmocka_unit_test(test_tree_borrows_nothing),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_long_strings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
