/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes: the reader and the scanner that explains refusals agree on what is
 * JSON; what was read and is written is read again as the same, in both forms,
 * and is then written the same.
 */
#include <stdlib.h>

#include "base/json.h"
#include "base/json_private.h"
#include "base/utf8.h"

#define ARENA_MAX (64U << 20)
#define OUT_MAX (16U << 20)

static void require(bool condition)
{
	if (!condition)
		abort();
}

static void check_strings(const struct json *v)
{
	if (v->type == JSON_STRING)
		require(utf8_is_valid_wtf8(v->text));
	for (uint32_t i = 0; i < v->count; i++) {
		if (v->type == JSON_OBJECT)
			require(utf8_is_valid_wtf8(v->members[i].key));
		check_strings(v->type == JSON_OBJECT ? &v->members[i].value : &v->items[i]);
	}
}

static void check_form(struct arena *arena, const struct json *v,
		       enum wk_status (*write)(const struct json *v, struct buf *out))
{
	SCOPED(buf_fini) struct buf once = BUF_INIT(OUT_MAX);
	SCOPED(buf_fini) struct buf twice = BUF_INIT(OUT_MAX);
	struct json *again = NULL;

	require(write(v, &once) == WK_OK);
	require(json_parse(arena, buf_bytes(&once), &again, NULL) == WK_OK);
	require(json_equal(v, again) && json_equal(again, v));
	require(write(again, &twice) == WK_OK);
	require(bytes_equal(buf_bytes(&once), buf_bytes(&twice)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	SCOPED(arena_free_scoped) struct arena *arena = arena_new(ARENA_MAX);
	struct json_error error = { .line = 0 };
	struct json *v = NULL, *copy;
	int64_t number;
	enum wk_status explained = json_explain(bytes_of(data, size), &error);
	enum wk_status st = json_parse(arena, bytes_of(data, size), &v, NULL);

	require(st == explained);
	if (st != WK_OK) {
		require(error.line > 0 && error.column > 0 && error.reason[0]);
		return 0;
	}
	check_strings(v);
	check_form(arena, v, json_write);
	check_form(arena, v, json_write_pretty);
	copy = json_copy(arena, v);
	require(copy && json_equal(v, copy));
	(void)json_as_int64(v, &number);
	return 0;
}
