/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Three JSON objects with a zero byte between them: merging never fails, does not mind which
 * side is called ours, and takes a side as it is when the other is the base.
 */
#include <stdlib.h>

#include "model/merge.h"

#define ARENA_MAX ((size_t)256 << 20)
#define OUT_MAX ((size_t)64 << 20)

static void require(bool condition)
{
	if (!condition)
		abort();
}

/* The next text's object; NULL: none. */
static struct json *next_object(struct arena *arena, struct bytes *rest)
{
	const uint8_t *end = rest->n > 0 ? memchr(rest->p, 0, rest->n) : NULL;
	struct bytes text = { rest->p, end ? (size_t)(end - rest->p) : rest->n };
	struct json *v = NULL;

	*rest = end ? bytes_of(end + 1, rest->n - text.n - 1) : bytes_of(NULL, 0);
	if (json_parse(arena, text, &v, NULL) != WK_OK || v->type != JSON_OBJECT)
		return NULL;
	return v;
}

static void require_same(const struct json *a, const struct json *b)
{
	SCOPED(buf_fini) struct buf x = BUF_INIT(OUT_MAX);
	SCOPED(buf_fini) struct buf y = BUF_INIT(OUT_MAX);

	require(!a == !b);
	if (!a)
		return;
	require(json_write(a, &x) == WK_OK && json_write(b, &y) == WK_OK);
	require(bytes_equal(buf_bytes(&x), buf_bytes(&y)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	SCOPED(arena_free_scoped) struct arena *arena = arena_new(ARENA_MAX);
	struct bytes rest = { data, size };
	struct json *base = next_object(arena, &rest);
	struct json *x = next_object(arena, &rest);
	struct json *y = next_object(arena, &rest);
	struct merge_side left = { x, (int64_t)(size % 3), bytes_str("a") };
	struct merge_side right = { y, 1, bytes_str(size % 2 ? "a" : "b") };
	struct merge_side old = { base, 1, bytes_str("c") };
	struct merge_result one, two;

	if (!x || !y)
		return 0;
	require(merge_documents(arena, base, &left, &right, &one) == WK_OK);
	require(merge_documents(arena, base, &right, &left, &two) == WK_OK);
	require_same(one.doc, two.doc);
	require_same(one.loser, two.loser);
	require_same(one.lost_values, two.lost_values);
	require(!one.loser == !one.lost_values);
	if (one.loser)
		require_same(one.loser, one.loser_is_ours ? y : x);
	if (!base)
		return 0;
	require(merge_documents(arena, base, &old, &left, &one) == WK_OK);
	require_same(one.doc, x);
	require(!one.loser);
	return 0;
}
