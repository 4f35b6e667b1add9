/* SPDX-License-Identifier: Apache-2.0 */
/* The splitter: every body, cut at every place, gives the same elements. */
#include "testing.h"

#include "wire/split.h"

struct got {
	struct buf text;
	enum wk_status answer;
};

static enum wk_status collect(void *arg, struct bytes key, bool is_element, struct bytes text)
{
	struct got *got = arg;

	if (got->answer != WK_OK)
		return got->answer;
	return buf_printf(&got->text, "%.*s%s<%.*s>", (int)key.n, (const char *)key.p,
			  is_element ? "" : "=", (int)text.n, (const char *)text.p);
}

/* The body in steps of `step` bytes. */
static enum wk_status run(const char *body, size_t step, size_t max, struct got *got)
{
	SCOPED(split_free_scoped) struct split *s = NULL;
	size_t n = strlen(body);

	buf_clear(&got->text);
	assert_ok(split_new(max, collect, got, &s));
	for (size_t at = 0; at < n; at += step) {
		size_t left = n - at;
		enum wk_status st = split_feed(s, bytes_of(body + at, left < step ? left : step));

		if (st != WK_OK) {
			assert_status(split_end(s), st);
			return st;
		}
	}
	return split_end(s);
}

static void check(const char *body, enum wk_status want, const char *elements)
{
	struct got got = { .text = BUF_INIT(65536) };

	for (size_t step = 1; step <= strlen(body) + 1; step++) {
		enum wk_status st = run(body, step, 100, &got);

		if (st != want)
			print_error("body %s, steps of %zu\n", body, step);
		assert_status(st, want);
		if (elements)
			assert_bytes_str(buf_bytes(&got.text), elements);
	}
	buf_fini(&got.text);
}

static void test_arrays(void **state)
{
	(void)state;
	check("[]", WK_OK, "");
	check(" [ ] \n", WK_OK, "");
	check("[1]", WK_OK, "<1>");
	check("[1,2 , 3]", WK_OK, "<1><2><3>");
	check("[{\"a\":[1,{\"b\":\"]}\"}]},null,\"x\\\"]\",-1.5e3,[[]],true]", WK_OK,
	      "<{\"a\":[1,{\"b\":\"]}\"}]}><null><\"x\\\"]\"><-1.5e3><[[]]><true>");
	check("[\"\\\\\",\"\"]", WK_OK, "<\"\\\\\"><\"\">");
}

static void test_objects(void **state)
{
	(void)state;
	check("{}", WK_OK, "");
	check("{\"r\":[],\"b\":[]}", WK_OK, "");
	check("{\"r\":[{\"id\":\"1\"},{\"id\":\"2\"}],\"b\":[\"g\"]}", WK_OK,
	      "r<{\"id\":\"1\"}>r<{\"id\":\"2\"}>b<\"g\">");
	check("{\"x\": {\"y\":[1]} , \"z\" : 12}", WK_OK, "x=<{\"y\":[1]}>z=<12>");
}

static void test_refused(void **state)
{
	static const char *const bodies[] = {
		"", " ", "1", "\"a\"", "[", "]", "[1", "[1,", "[1,]", "[,1]", "[1 2]", "[1}", "{]",
		"{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{\"a\":[1}", "{a:1}", "{\"a\":1]", "[1]x",
		"[]]", "[[}]", "[\"a]", "[x]", "{\"a\":[1],\"b\"", "{,}", "[1],", "{\"a\" 1}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++)
		check(bodies[i], WK_INVALID, NULL);
}

static void test_limits(void **state)
{
	char deep[200];
	struct got got = { .text = BUF_INIT(65536) };

	(void)state;
	assert_ok(run("[\"12345678\"]", 3, 10, &got));
	assert_status(run("[\"123456789\"]", 3, 10, &got), WK_LIMIT);
	memset(deep, '[', sizeof deep);
	deep[sizeof deep - 1] = 0;
	assert_status(run(deep, 7, 1000, &got), WK_LIMIT);
	memset(deep, 'k', sizeof deep);
	deep[0] = '{';
	deep[1] = '"';
	deep[sizeof deep - 1] = 0;
	assert_status(run(deep, 7, 1000, &got), WK_INVALID);
	buf_fini(&got.text);
}

static void test_receiver_stops(void **state)
{
	struct got got = { .text = BUF_INIT(100), .answer = WK_DENIED };

	(void)state;
	assert_status(run("[1,2]", 1, 10, &got), WK_DENIED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_arrays),	       cmocka_unit_test(test_objects),
		cmocka_unit_test(test_refused),	       cmocka_unit_test(test_limits),
		cmocka_unit_test(test_receiver_stops),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
