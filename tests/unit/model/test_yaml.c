/* SPDX-License-Identifier: Apache-2.0 */
/* YAML to JSON trees: the core schema, number texts, anchors, keys, limits, damage. */
#include "testing.h"

#include "model/exchange.h"

#define ARENA_MAX ((size_t)1 << 30)

static enum wk_status parse(struct arena *arena, const char *text, struct json **root,
			    struct json_error *error)
{
	return exchange_yaml_parse(arena, bytes_str(text), root, error);
}

/* The compact JSON of a YAML text must be `want`. */
static void check(const char *yaml, const char *want)
{
	SCOPED(arena_free_scoped) struct arena *arena = arena_new(ARENA_MAX);
	SCOPED(buf_fini) struct buf out = BUF_INIT(1 << 20);
	struct json_error error = { 0 };
	struct json *root = NULL;

	if (parse(arena, yaml, &root, &error) != WK_OK)
		fail_msg("%s: line %u, column %u: %s", yaml, error.line, error.column,
			 error.reason);
	assert_ok(json_write(root, &out));
	if (!bytes_equal_str(buf_bytes(&out), want))
		fail_msg("%s\n gives %.*s\n not   %s", yaml, (int)out.n, (const char *)out.p, want);
}

static void refuse(const char *yaml, enum wk_status want, unsigned line, const char *reason)
{
	SCOPED(arena_free_scoped) struct arena *arena = arena_new(ARENA_MAX);
	struct json_error error = { 0 };
	struct json *root = NULL;

	assert_status(parse(arena, yaml, &root, &error), want);
	assert_null(root);
	assert_true(error.column > 0);
	if (error.line != line || !strstr(error.reason, reason))
		fail_msg("%s: line %u: %s", yaml, error.line, error.reason);
}

static void test_core_schema(void **state)
{
	(void)state;
	check("[null, ~, Null, NULL, '', nULL]", "[null,null,null,null,\"\",\"nULL\"]");
	check("a:\nb: ''", "{\"a\":null,\"b\":\"\"}");
	check("[true, True, TRUE, false, False, FALSE, tRUE]",
	      "[true,true,true,false,false,false,\"tRUE\"]");
	check("[yes, no, on, off, y, n, Yes]",
	      "[\"yes\",\"no\",\"on\",\"off\",\"y\",\"n\",\"Yes\"]");
	check("2022-10-26T13:22:24.234Z", "\"2022-10-26T13:22:24.234Z\"");
	check("[2022-10-26, 190:20:30, 1_000, 0b1]",
	      "[\"2022-10-26\",\"190:20:30\",\"1_000\",\"0b1\"]");
	check("[.inf, -.INF, +.Inf, .nan, .NaN]",
	      "[\".inf\",\"-.INF\",\"+.Inf\",\".nan\",\".NaN\"]");
	check("['1', \"2\", '~', 'true']", "[\"1\",\"2\",\"~\",\"true\"]");
	check("", "null");
	check("# only a comment\n", "null");
}

static void test_numbers_keep_their_text(void **state)
{
	(void)state;
	check("[0, -0, 1.0, 1.50, 1e3, 1E+05, -1.5e-7, 123456789012345678901234567890]",
	      "[0,-0,1.0,1.50,1e3,1E+05,-1.5e-7,123456789012345678901234567890]");
	check("[+1, 007, -007, .5, -.5, +.5e1, 1., 1.e5, 00.10, 000]",
	      "[1,7,-7,0.5,-0.5,0.5e1,1,1e5,0.10,0]");
	check("[0x10, 0xfF, 0o17, 0x0, 0xffffffffffffffffffffffff, 0o777777777777777777777777777]",
	      "[16,255,15,0,79228162514264337593543950335,2417851639229258349412351]");
	check("[0xG, 0o8, 0x, 0o, -0x10, +0x10, 0X10, ., e5, +, -, 1e, 1e+, .e5, 1.2.3, 1-2]",
	      "[\"0xG\",\"0o8\",\"0x\",\"0o\",\"-0x10\",\"+0x10\",\"0X10\",\".\",\"e5\",\"+\","
	      "\"-\",\"1e\",\"1e+\",\".e5\",\"1.2.3\",\"1-2\"]");
}

static void test_long_radix_stays_text(void **state)
{
	SCOPED(buf_fini) struct buf yaml = BUF_INIT(1024);
	SCOPED(buf_fini) struct buf want = BUF_INIT(1024);
	const char *text, *expected;

	(void)state;
	assert_ok(buf_append_str(&yaml, "0x"));
	for (int i = 0; i < 257; i++)
		assert_ok(buf_append_char(&yaml, 'f'));
	assert_ok(buf_append_char(&want, '"'));
	assert_ok(buf_append(&want, yaml.p, yaml.n));
	assert_ok(buf_append_char(&want, '"'));
	assert_ok(buf_cstr(&yaml, &text));
	assert_ok(buf_cstr(&want, &expected));
	check(text, expected);
}

static void test_tags(void **state)
{
	(void)state;
	check("[!!str 1, !!int \"7\", !!float '1.0', !!null '', !!bool \"true\", ! 1, !x 2]",
	      "[\"1\",7,1.0,null,true,\"1\",\"2\"]");
	check("!!map {a: !!seq [1]}", "{\"a\":[1]}");
}

static void test_texts(void **state)
{
	(void)state;
	check("a: |\n  one\n    two\n\nb: |-\n  x\nc: |+\n  y\n\n",
	      "{\"a\":\"one\\n  two\\n\",\"b\":\"x\",\"c\":\"y\\n\\n\"}");
	check("a: >\n  one\n  two\n\n  three\n", "{\"a\":\"one two\\nthree\\n\"}");
	check("a: one\n  two", "{\"a\":\"one two\"}");
	check("\"\\u00e9\\x41\\0\\/\\U0001F436\"", "\"\xc3\xa9" "A\\u0000/\xf0\x9f\x90\xb6\"");
	check("'it''s'", "\"it's\"");
	check("a: b # comment", "{\"a\":\"b\"}");
	check("a: b#c", "{\"a\":\"b#c\"}");
	check("\xef\xbb\xbf" "a: 1", "{\"a\":1}");
	check("a: 1\r\nb: x\r\n", "{\"a\":1,\"b\":\"x\"}");
	check("url: https://x/{{ _.base }}?a=b", "{\"url\":\"https://x/{{ _.base }}?a=b\"}");
}

static void test_keys(void **state)
{
	(void)state;
	check("1: a\n1.50: b\n0x10: c\ntrue: d\n~: e\n2022-01-01: f\n'': g",
	      "{\"1\":\"a\",\"1.50\":\"b\",\"16\":\"c\",\"true\":\"d\",\"\":\"e\","
	      "\"2022-01-01\":\"f\",\"\":\"g\"}");
	check("a: 1\na: 2", "{\"a\":1,\"a\":2}");
	check("? [1, b]\n: c\n? {x: y}\n: d",
	      "{\"[1,\\\"b\\\"]\":\"c\",\"{\\\"x\\\":\\\"y\\\"}\":\"d\"}");
	check("<<: {a: 1}\nb: 2", "{\"<<\":{\"a\":1},\"b\":2}");
	check("? a", "{\"a\":null}");
}

static void test_anchors(void **state)
{
	(void)state;
	check("a: &x [1, {b: 2}]\nc: *x\nd: *x",
	      "{\"a\":[1,{\"b\":2}],\"c\":[1,{\"b\":2}],\"d\":[1,{\"b\":2}]}");
	check("- &x 1\n- *x\n- &x 2\n- *x", "[1,1,2,2]");
	check("&k a: 1\nb: *k", "{\"a\":1,\"b\":\"a\"}");
	check("a: &x 3\n? *x\n: b", "{\"a\":3,\"3\":\"b\"}");
	refuse("a: *x", WK_INVALID, 1, "no anchor");
	refuse("b: 1\na: &x [*x]", WK_INVALID, 2, "holds itself");
}

static void test_aliases_are_copies(void **state)
{
	SCOPED(arena_free_scoped) struct arena *arena = arena_new(ARENA_MAX);
	struct json *root;

	(void)state;
	assert_ok(parse(arena, "a: &x {n: 1}\nb: *x", &root, NULL));
	assert_ok(json_set_int(arena, json_get(root, "b"), "n", 2));
	assert_bytes_str(json_get(json_get(root, "a"), "n")->text, "1");
}

static void test_aliases_are_bounded(void **state)
{
	SCOPED(buf_fini) struct buf nodes = BUF_INIT(1 << 20);
	SCOPED(buf_fini) struct buf texts = BUF_INIT(1 << 22);
	const char *text;

	(void)state;
	assert_ok(buf_append_str(&nodes, "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"));
	for (int i = 1; i < 10; i++)
		assert_ok(buf_printf(&nodes, "a%d: &a%d [*a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d,"
				     " *a%d, *a%d, *a%d]\n", i, i, i - 1, i - 1, i - 1, i - 1,
				     i - 1, i - 1, i - 1, i - 1, i - 1, i - 1));
	assert_ok(buf_cstr(&nodes, &text));
	refuse(text, WK_LIMIT, 6, "stand for too much");

	assert_ok(buf_append_str(&texts, "- &a "));
	for (int i = 0; i < 1 << 20; i++)
		assert_ok(buf_append_char(&texts, 'x'));
	for (int i = 0; i < 300; i++)
		assert_ok(buf_append_str(&texts, "\n- *a"));
	assert_ok(buf_cstr(&texts, &text));
	refuse(text, WK_LIMIT, 258, "stand for too much");
}

static void test_depth_is_bounded(void **state)
{
	SCOPED(buf_fini) struct buf ok = BUF_INIT(4096);
	SCOPED(buf_fini) struct buf deep = BUF_INIT(4096);
	SCOPED(buf_fini) struct buf alias = BUF_INIT(4096);
	const char *text;

	(void)state;
	for (int i = 0; i < JSON_DEPTH_MAX; i++)
		assert_ok(buf_append_char(&ok, '['));
	assert_ok(buf_append_char(&ok, '1'));
	for (int i = 0; i < JSON_DEPTH_MAX; i++)
		assert_ok(buf_append_char(&ok, ']'));
	assert_ok(buf_cstr(&ok, &text));
	check(text, text);

	assert_ok(buf_printf(&deep, "[%s]", text));
	assert_ok(buf_cstr(&deep, &text));
	refuse(text, WK_LIMIT, 1, "nested too deeply");

	assert_ok(buf_append_str(&alias, "- &a "));
	assert_ok(buf_append(&alias, ok.p + 1, ok.n - 2));
	assert_ok(buf_append_str(&alias, "\n- [*a]"));
	assert_ok(buf_cstr(&alias, &text));
	refuse(text, WK_LIMIT, 2, "nested too deeply");
}

/* A key of a key of a key: written out, each level would double the one inside. */
static void test_keys_in_keys_are_bounded(void **state)
{
	(void)state;
	check("{{base}: 1}", "{\"{\\\"base\\\":null}\":1}");
	refuse("{{{{{{a}}}}}}", WK_LIMIT, 1, "keys are nested in keys");
	refuse("{{[a]: 1}: 1}", WK_LIMIT, 1, "keys are nested in keys");
}

static void test_damage(void **state)
{
	(void)state;
	refuse("a: [1, 2", WK_INVALID, 2, "expected ',' or ']'");
	refuse("a: 1\n b: 2", WK_INVALID, 2, "");
	refuse("a: 'x", WK_INVALID, 1, "");
	refuse("a: 1\nb: \xff", WK_INVALID, 2, "UTF-8");
	refuse("a: 1\nb: \x01", WK_INVALID, 2, "control");
	refuse("a: 1\n---\nb: 2", WK_INVALID, 2, "second YAML document");
	refuse("a: @x", WK_INVALID, 1, "");
	refuse("a: \"\\ud800\"", WK_INVALID, 1, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_core_schema),
		cmocka_unit_test(test_numbers_keep_their_text),
		cmocka_unit_test(test_long_radix_stays_text),
		cmocka_unit_test(test_tags),
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_anchors),
		cmocka_unit_test(test_aliases_are_copies),
		cmocka_unit_test(test_aliases_are_bounded),
		cmocka_unit_test(test_depth_is_bounded),
		cmocka_unit_test(test_keys_in_keys_are_bounded),
		cmocka_unit_test(test_damage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
