/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The splitter against the parser: of an array that json_parse() takes, the
 * splitter hands out the same elements, however the text is cut.
 */
#include <stdlib.h>

#include "wire/split.h"

#define BIG ((size_t)1 << 26)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

struct seen {
	struct arena *arena;
	const struct json *whole;	/* an array, or NULL: then only counting */
	uint32_t count;
};

static enum wk_status compare(void *arg, struct bytes key, bool is_element, struct bytes text)
{
	struct seen *seen = arg;
	struct json *v;

	(void)key;
	(void)is_element;
	if (seen->whole) {
		if (seen->count >= seen->whole->count ||
		    json_parse(seen->arena, text, &v, NULL) != WK_OK ||
		    !json_equal(v, &seen->whole->items[seen->count]))
			abort();
	}
	seen->count++;
	return WK_OK;
}

static enum wk_status run(struct bytes text, size_t step, struct seen *seen)
{
	SCOPED(split_free_scoped) struct split *s = NULL;

	if (split_new(BIG, compare, seen, &s) != WK_OK)
		abort();
	for (size_t at = 0; at < text.n; at += step) {
		size_t left = text.n - at;
		enum wk_status st = split_feed(s, bytes_of(text.p + at, left < step ? left : step));

		if (st != WK_OK)
			return st;
	}
	return split_end(s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	SCOPED(arena_free_scoped) struct arena *arena = arena_new(BIG);
	struct seen whole = { arena, NULL, 0 }, parts = { arena, NULL, 0 };
	struct bytes text;
	struct json *v;
	size_t step;
	bool is_array;
	enum wk_status st;

	if (n == 0)
		return 0;
	step = (size_t)data[0] % 17 + 1;
	text = bytes_of(data + 1, n - 1);
	is_array = json_parse(arena, text, &v, NULL) == WK_OK && v->type == JSON_ARRAY;
	if (is_array)
		whole.whole = parts.whole = v;
	st = run(text, text.n + 1, &whole);
	if (run(text, step, &parts) != st || (st == WK_OK && parts.count != whole.count))
		abort();
	if (is_array && (st != WK_OK || whole.count != v->count))
		abort();
	return 0;
}
