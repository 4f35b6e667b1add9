/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as YAML: what is read can be written as JSON and is read again as the same. */
#include <stdlib.h>

#include "model/exchange.h"

#define ARENA_MAX ((size_t)256 << 20)
#define OUT_MAX ((size_t)512 << 20)

static void require(bool condition)
{
	if (!condition)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	SCOPED(arena_free_scoped) struct arena *arena = arena_new(ARENA_MAX);
	SCOPED(buf_fini) struct buf once = BUF_INIT(OUT_MAX);
	SCOPED(buf_fini) struct buf twice = BUF_INIT(OUT_MAX);
	struct json_error error = { .line = 0 };
	struct json *root = NULL, *again = NULL;
	enum wk_status st = exchange_yaml_parse(arena, bytes_of(data, size), &root, &error);

	if (st == WK_NOMEM)
		return 0;
	if (st != WK_OK) {
		require(st == WK_INVALID || st == WK_LIMIT);
		require(error.line > 0 && error.column > 0 && error.reason[0]);
		return 0;
	}
	require(json_write(root, &once) == WK_OK);
	st = json_parse(arena, buf_bytes(&once), &again, NULL);
	if (st == WK_NOMEM)
		return 0;
	require(st == WK_OK && json_write(again, &twice) == WK_OK);
	require(bytes_equal(buf_bytes(&once), buf_bytes(&twice)));
	return 0;
}
