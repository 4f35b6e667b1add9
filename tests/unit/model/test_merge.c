/* SPDX-License-Identifier: Apache-2.0 */
/* Three-way merge: the rules, one by one. */
#include "testing.h"

#include "model/merge.h"

#define ARENA_MAX ((size_t)1 << 28)
#define REQUEST "\"_id\":\"req_1\",\"type\":\"Request\""

struct outcome {
	struct arena *arena;
	struct merge_result result;
};

static void outcome_fini(struct outcome *o)
{
	arena_free(o->arena);
}

static struct json *parse(struct arena *arena, const char *text)
{
	struct json *v = NULL;

	if (text)
		assert_ok(json_parse(arena, bytes_str(text), &v, NULL));
	return v;
}

/* Ours is the later side. */
static void merge(struct outcome *o, const char *base, const char *theirs, const char *ours)
{
	struct merge_side t, u;

	o->arena = arena_new(ARENA_MAX);
	assert_non_null(o->arena);
	t = (struct merge_side){ parse(o->arena, theirs), 10, bytes_str("a") };
	u = (struct merge_side){ parse(o->arena, ours), 20, bytes_str("b") };
	assert_ok(merge_documents(o->arena, parse(o->arena, base), &t, &u, &o->result));
}

static void assert_json(const struct json *v, const char *want)
{
	SCOPED(buf_fini) struct buf out = BUF_INIT(1 << 20);

	assert_non_null(v);
	assert_ok(json_write(v, &out));
	assert_bytes_str(buf_bytes(&out), want);
}

/* Ours is later; a lost value fails unless want_lost names it. */
static void check(const char *base, const char *theirs, const char *ours, const char *want,
		  const char *want_lost)
{
	SCOPED(outcome_fini) struct outcome o;
	SCOPED(outcome_fini) struct outcome swapped;
	struct merge_side t, u;

	merge(&o, base, theirs, ours);
	assert_json(o.result.doc, want);
	assert_int_equal(o.result.lost_values != NULL, want_lost != NULL);
	assert_int_equal(o.result.loser != NULL, want_lost != NULL);
	if (want_lost) {
		assert_json(o.result.lost_values, want_lost);
		assert_json(o.result.loser, theirs);
		assert_false(o.result.loser_is_ours);
	}
	swapped.arena = arena_new(ARENA_MAX);
	t = (struct merge_side){ parse(swapped.arena, ours), 20, bytes_str("b") };
	u = (struct merge_side){ parse(swapped.arena, theirs), 10, bytes_str("a") };
	assert_ok(merge_documents(swapped.arena, parse(swapped.arena, base), &t, &u,
				  &swapped.result));
	assert_json(swapped.result.doc, want);
	if (want_lost) {
		assert_json(swapped.result.loser, theirs);
		assert_json(swapped.result.lost_values, want_lost);
		assert_true(swapped.result.loser_is_ours);
	}
}

static void test_one_side_changed(void **state)
{
	(void)state;
	check("{\"a\":1,\"b\":2}", "{\"a\":1,\"b\":2}", "{\"b\":2,\"a\":3}",
	      "{\"b\":2,\"a\":3}", NULL);
	check("{\"a\":1,\"b\":2}", "{\"b\":3}", "{\"a\":1,\"b\":2}", "{\"b\":3}", NULL);
	check("{\"a\":1}", "{\"a\":2}", "{\"a\":2}", "{\"a\":2}", NULL);
}

static void test_both_changed_other_members(void **state)
{
	(void)state;
	check("{\"a\":1,\"b\":2,\"c\":3}", "{\"a\":9,\"b\":2,\"c\":3,\"t\":1}",
	      "{\"a\":1,\"b\":8,\"o\":1}", "{\"a\":9,\"b\":8,\"t\":1,\"o\":1}", NULL);
	check("{\"a\":{\"x\":1,\"y\":{\"z\":1}}}", "{\"a\":{\"x\":2,\"y\":{\"z\":1}}}",
	      "{\"a\":{\"x\":1,\"y\":{\"z\":5,\"w\":[]}}}",
	      "{\"a\":{\"x\":2,\"y\":{\"z\":5,\"w\":[]}}}", NULL);
}

static void test_both_changed_one_value(void **state)
{
	(void)state;
	check("{\"a\":1,\"b\":1}", "{\"a\":2,\"b\":2}", "{\"a\":3,\"b\":1}", "{\"a\":3,\"b\":2}",
	      "{\"/a\":2}");
	check("{\"a\":1}", "{}", "{\"a\":3}", "{\"a\":3}", "{\"-/a\":null}");
	check("{\"a\":1}", "{\"a\":3}", "{}", "{}", "{\"/a\":3}");
	check("{\"a\":1.0}", "{\"a\":1}", "{\"a\":1.00}", "{\"a\":1.00}", "{\"/a\":1}");
	check("{}", "{\"a\":{\"x\":1}}", "{\"a\":{\"y\":2}}", "{\"a\":{\"x\":1,\"y\":2}}", NULL);
	check("{\"a\":\"s\"}", "{\"a\":[1]}", "{\"a\":{\"y\":2}}", "{\"a\":{\"y\":2}}",
	      "{\"/a\":[1]}");
	check("{\"a/b\":{\"c~\":1}}", "{\"a/b\":{\"c~\":2}}", "{\"a/b\":{\"c~\":3}}",
	      "{\"a/b\":{\"c~\":3}}", "{\"/a~1b/c~0\":2}");
	check("{\"a\":1,\"a\":2}", "{\"a\":1,\"a\":3}", "{\"a\":1,\"a\":4}", "{\"a\":1,\"a\":4}",
	      "{\"/a~n1\":3}");
}

static void test_no_base(void **state)
{
	(void)state;
	check(NULL, "{\"a\":1,\"b\":1,\"created\":5,\"modified\":7}",
	      "{\"a\":1,\"c\":1,\"created\":6,\"modified\":8}",
	      "{\"a\":1,\"b\":1,\"c\":1,\"created\":5,\"modified\":8}", NULL);
	check(NULL, "{\"a\":1}", "{\"a\":2}", "{\"a\":2}", "{\"/a\":1}");
}

static void test_exempt_members(void **state)
{
	(void)state;
	check("{" REQUEST ",\"parentId\":\"p\",\"name\":\"n\",\"metaSortKey\":1,\"modified\":5,"
	      "\"created\":1,\"environmentPropertyOrder\":null}",
	      "{" REQUEST ",\"parentId\":\"t\",\"name\":\"t\",\"metaSortKey\":2,\"modified\":9,"
	      "\"created\":2,\"environmentPropertyOrder\":{\"&\":[\"t\"]}}",
	      "{" REQUEST ",\"parentId\":\"o\",\"name\":\"o\",\"metaSortKey\":3,\"modified\":8,"
	      "\"created\":3,\"environmentPropertyOrder\":{\"&\":[\"o\"]}}",
	      "{" REQUEST ",\"parentId\":\"o\",\"name\":\"o\",\"metaSortKey\":3,\"modified\":9,"
	      "\"created\":1,\"environmentPropertyOrder\":{\"&\":[\"o\"]}}", NULL);
	check("{\"type\":\"ApiSpec\",\"fileName\":\"a\",\"x\":1}",
	      "{\"type\":\"ApiSpec\",\"fileName\":\"b\",\"x\":2}",
	      "{\"type\":\"ApiSpec\",\"fileName\":\"c\",\"x\":1}",
	      "{\"type\":\"ApiSpec\",\"fileName\":\"c\",\"x\":2}", NULL);
	/* Only at the top. */
	check("{\"data\":{\"name\":1}}", "{\"data\":{\"name\":2}}", "{\"data\":{\"name\":3}}",
	      "{\"data\":{\"name\":3}}", "{\"/data/name\":2}");
	/* A name that one side alone changed is that side's. */
	check("{\"name\":\"n\",\"a\":1}", "{\"name\":\"t\",\"a\":1}", "{\"name\":\"n\",\"a\":2}",
	      "{\"name\":\"t\",\"a\":2}", NULL);
}

static void test_rows(void **state)
{
	(void)state;
	/* by id */
	check("{\"h\":[{\"id\":\"1\",\"v\":1},{\"id\":\"2\",\"v\":1}]}",
	      "{\"h\":[{\"id\":\"1\",\"v\":2},{\"id\":\"2\",\"v\":1},{\"id\":\"3\"}]}",
	      "{\"h\":[{\"id\":\"4\"},{\"id\":\"1\",\"v\":1}]}",
	      "{\"h\":[{\"id\":\"4\"},{\"id\":\"1\",\"v\":2},{\"id\":\"3\"}]}", NULL);
	/* by name; the second of two equal names is its own row */
	check("{\"h\":[{\"name\":\"a\",\"v\":1},{\"name\":\"a\",\"v\":2}]}",
	      "{\"h\":[{\"name\":\"a\",\"v\":1},{\"name\":\"a\",\"v\":3}]}",
	      "{\"h\":[{\"name\":\"a\",\"v\":4},{\"name\":\"a\",\"v\":2}]}",
	      "{\"h\":[{\"name\":\"a\",\"v\":4},{\"name\":\"a\",\"v\":3}]}", NULL);
	/* ids given to rows by the app are no new rows */
	check("{\"h\":[{\"name\":\"a\",\"v\":1}]}",
	      "{\"h\":[{\"id\":\"p1\",\"name\":\"a\",\"v\":1}]}",
	      "{\"h\":[{\"name\":\"a\",\"v\":2},{\"name\":\"b\"}]}",
	      "{\"h\":[{\"id\":\"p1\",\"name\":\"a\",\"v\":2},{\"name\":\"b\"}]}", NULL);
	/* a row written by hand beside rows with ids */
	check("{\"h\":[{\"id\":\"1\",\"name\":\"a\"}]}", "{\"h\":[]}",
	      "{\"h\":[{\"id\":\"1\",\"name\":\"a\"},{\"name\":\"b\"}]}",
	      "{\"h\":[{\"name\":\"b\"}]}", NULL);
	/* equal insertions count once */
	check("{\"h\":[]}", "{\"h\":[{\"name\":\"a\",\"v\":1}],\"x\":1}",
	      "{\"h\":[{\"name\":\"a\",\"v\":1}],\"y\":1}",
	      "{\"h\":[{\"name\":\"a\",\"v\":1}],\"x\":1,\"y\":1}", NULL);
	/* a row deleted here and changed there */
	check("{\"h\":[{\"id\":\"1\",\"v\":1}]}", "{\"h\":[{\"id\":\"1\",\"v\":2}]}", "{\"h\":[]}",
	      "{\"h\":[]}", "{\"/h/i1\":{\"id\":\"1\",\"v\":2}}");
	check("{\"h\":[{\"id\":\"1\",\"v\":1}]}", "{\"h\":[{\"id\":\"1\",\"v\":2}]}",
	      "{\"h\":[{\"id\":\"1\",\"v\":3}]}", "{\"h\":[{\"id\":\"1\",\"v\":3}]}",
	      "{\"/h/i1/v\":2}");
	/* number ids */
	check("{\"h\":[{\"id\":1,\"v\":1}]}", "{\"h\":[{\"id\":1,\"v\":1},{\"id\":\"1\"}]}",
	      "{\"h\":[{\"id\":1,\"v\":2}]}", "{\"h\":[{\"id\":1,\"v\":2},{\"id\":\"1\"}]}", NULL);
}

static void test_arrays_without_identity(void **state)
{
	(void)state;
	check("{\"a\":[1,2]}", "{\"a\":[1,2,3]}", "{\"a\":[0,1,2]}", "{\"a\":[0,1,2]}",
	      "{\"/a\":[1,2,3]}");
	check("{\"a\":[{\"name\":\"x\"},1]}", "{\"a\":[{\"name\":\"x\"},2]}",
	      "{\"a\":[{\"name\":\"y\"},1]}", "{\"a\":[{\"name\":\"y\"},1]}",
	      "{\"/a\":[{\"name\":\"x\"},2]}");
}

static void test_order(void **state)
{
	(void)state;
	/* Theirs alone reordered: their order, with our row behind its neighbour. */
	check("{\"h\":[{\"id\":\"1\"},{\"id\":\"2\"},{\"id\":\"3\"}]}",
	      "{\"h\":[{\"id\":\"3\"},{\"id\":\"2\"},{\"id\":\"1\"}]}",
	      "{\"h\":[{\"id\":\"1\"},{\"id\":\"2\"},{\"id\":\"9\"},{\"id\":\"3\"}]}",
	      "{\"h\":[{\"id\":\"3\"},{\"id\":\"2\"},{\"id\":\"9\"},{\"id\":\"1\"}]}", NULL);
	/* Both inserted at one place: the earlier edit stands first. */
	check("{\"h\":[{\"id\":\"1\"}]}", "{\"h\":[{\"id\":\"1\"},{\"id\":\"t\"}]}",
	      "{\"h\":[{\"id\":\"1\"},{\"id\":\"o\"}]}",
	      "{\"h\":[{\"id\":\"1\"},{\"id\":\"t\"},{\"id\":\"o\"}]}", NULL);
	/* A member's new place is a change even when its value is none. */
	check("{\"a\":{\"x\":1,\"y\":2},\"b\":1}", "{\"a\":{\"y\":2,\"x\":1},\"b\":1}",
	      "{\"a\":{\"x\":1,\"y\":2},\"b\":2}", "{\"a\":{\"y\":2,\"x\":1},\"b\":2}", NULL);
}

static void test_cookies(void **state)
{
#define JAR "\"type\":\"CookieJar\",\"cookies\":"
#define COOKIE(key, value) \
	"{\"key\":\"" key "\",\"domain\":\"d\",\"path\":\"/\",\"value\":\"" value "\"}"
	(void)state;
	check("{" JAR "[" COOKIE("a", "1") "," COOKIE("b", "1") "]}",
	      "{" JAR "[" COOKIE("a", "2") "," COOKIE("b", "2") "," COOKIE("c", "2") "]}",
	      "{" JAR "[" COOKIE("a", "3") "]}",
	      "{" JAR "[" COOKIE("a", "3") "," COOKIE("c", "2") "]}", NULL);
	/* Another document's cookies are rows like any other. */
	check("{\"type\":\"Request\",\"cookies\":[{\"id\":\"1\",\"key\":\"a\",\"v\":1}]}",
	      "{\"type\":\"Request\",\"cookies\":[{\"id\":\"1\",\"key\":\"a\",\"v\":2}]}",
	      "{\"type\":\"Request\",\"cookies\":[{\"id\":\"1\",\"key\":\"a\",\"v\":3}]}",
	      "{\"type\":\"Request\",\"cookies\":[{\"id\":\"1\",\"key\":\"a\",\"v\":3}]}",
	      "{\"/cookies/i1/v\":2}");
}

static void test_who_is_later(void **state)
{
	static const struct {
		int64_t theirs, ours;
		const char *their_author, *our_author;
		bool ours_wins;
	} cases[] = {
		{ 1, 2, "b", "a", true },  { 2, 1, "a", "b", false }, { 1, 1, "a", "b", true },
		{ 1, 1, "b", "a", false }, { 1, 1, "a", "aa", true }, { 1, 1, "a", "a", true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		SCOPED(arena_free_scoped) struct arena *arena = arena_new(ARENA_MAX);
		struct merge_side t = { parse(arena, "{\"a\":2}"), cases[i].theirs,
					bytes_str(cases[i].their_author) };
		struct merge_side o = { parse(arena, "{\"a\":3}"), cases[i].ours,
					bytes_str(cases[i].our_author) };
		struct merge_result r;

		assert_ok(merge_documents(arena, parse(arena, "{\"a\":1}"), &t, &o, &r));
		assert_int_equal(r.loser_is_ours, !cases[i].ours_wins);
		assert_json(r.doc, cases[i].ours_wins ? "{\"a\":3}" : "{\"a\":2}");
		assert_int_equal(r.equals_theirs, !cases[i].ours_wins);
	}
}

static void test_equals_theirs(void **state)
{
	SCOPED(outcome_fini) struct outcome same;
	SCOPED(outcome_fini) struct outcome ordered;

	(void)state;
	merge(&same, "{\"a\":1}", "{\"a\":2}", "{\"a\":1}");
	assert_true(same.result.equals_theirs);
	merge(&ordered, "{\"a\":1,\"b\":1}", "{\"a\":1,\"b\":1}", "{\"b\":1,\"a\":1}");
	assert_false(ordered.result.equals_theirs);
}

static void test_large_lists_merge_in_time(void **state)
{
	SCOPED(arena_free_scoped) struct arena *arena = arena_new((size_t)1 << 30);
	SCOPED(buf_fini) struct buf text = BUF_INIT(1 << 24);
	struct json *docs[3];
	struct merge_side t, o;
	struct merge_result r;

	(void)state;
	for (int k = 0; k < 3; k++) {
		assert_ok(buf_append_str(&text, "{\"h\":[{\"name\":\"\"}"));
		for (int i = 0; i < 100000; i++)
			assert_ok(buf_printf(&text, ",{\"name\":\"\",\"v\":%d}",
					     i % 7 == k ? i : -1));
		assert_ok(buf_append_str(&text, "]}"));
		assert_ok(json_parse(arena, buf_bytes(&text), &docs[k], NULL));
		buf_clear(&text);
	}
	t = (struct merge_side){ docs[1], 1, bytes_str("a") };
	o = (struct merge_side){ docs[2], 2, bytes_str("b") };
	assert_ok(merge_documents(arena, docs[0], &t, &o, &r));
	assert_int_equal(json_get(r.doc, "h")->count, 100001);
}

static void test_out_of_memory_is_told(void **state)
{
	SCOPED(arena_free_scoped) struct arena *texts = arena_new(1 << 20);
	struct json *base = parse(texts, "{\"a\":[{\"id\":\"1\",\"v\":1}],\"b\":{\"c\":1}}");
	struct merge_side t = { parse(texts, "{\"a\":[{\"id\":\"1\",\"v\":2}],\"b\":{\"c\":2}}"), 1,
				bytes_str("a") };
	struct merge_side o = { parse(texts, "{\"a\":[{\"id\":\"1\",\"v\":3}],\"b\":{\"d\":1}}"), 2,
				bytes_str("b") };
	enum wk_status st = WK_NOMEM;
	bool failed = false;

	(void)state;
	for (size_t max = 64; st != WK_OK; max += 64) {
		SCOPED(arena_free_scoped) struct arena *arena = arena_new(max);
		struct merge_result r;

		st = merge_documents(arena, base, &t, &o, &r);
		assert_true(st == WK_OK || st == WK_NOMEM);
		failed |= st == WK_NOMEM;
	}
	assert_true(failed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_side_changed),
		cmocka_unit_test(test_both_changed_other_members),
		cmocka_unit_test(test_both_changed_one_value),
		cmocka_unit_test(test_no_base),
		cmocka_unit_test(test_exempt_members),
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_arrays_without_identity),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_cookies),
		cmocka_unit_test(test_who_is_later),
		cmocka_unit_test(test_equals_theirs),
		cmocka_unit_test(test_large_lists_merge_in_time),
		cmocka_unit_test(test_out_of_memory_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
