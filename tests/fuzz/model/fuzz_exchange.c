/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as an export: what is refused is named, what is taken holds every document in one
 * workspace, and what is written of it is read again as the same.
 */
#include <stdlib.h>

#include "model/exchange.h"

#define ARENA_MAX ((size_t)256 << 20)
#define OUT_MAX ((size_t)512 << 20)

static void require(bool condition)
{
	if (!condition)
		abort();
}

static void check_set(const struct exchange_set *set)
{
	size_t total = 0;

	require(set->count > 0);
	for (size_t i = 0; i < set->count; i++) {
		const struct exchange_workspace *w = &set->workspaces[i];

		require(w->count > 0);
		require(bytes_equal_str(json_get_str(w->docs[0], "type"), "Workspace"));
		for (size_t k = 0; k < w->count; k++)
			require(w->docs[k] && json_get_str(w->docs[k], "type").p);
		for (size_t k = 0; k < w->note_count; k++)
			require(w->notes[k].doc < w->count && w->notes[k].text);
		total += w->count;
	}
	require(total == set->doc_count);
}

static bool write_set(struct arena *arena, struct exchange_set *set, bool keep, struct buf *out)
{
	const struct json **docs = arena_alloc(arena, set->doc_count * sizeof *docs);
	size_t n = 0;
	enum wk_status st = exchange_map_ids(arena, set, keep, NULL, NULL);

	require(st == WK_OK || st == WK_NOMEM);
	if (st != WK_OK || !docs)
		return false;
	check_set(set);
	for (size_t i = 0; i < set->count; i++) {
		for (size_t k = 0; k < set->workspaces[i].count; k++) {
			docs[n++] = set->workspaces[i].docs[k];
			require(json_get_str(docs[n - 1], "_id").n > 0);
		}
	}
	require(exchange_write(arena, docs, n, 0, out) == WK_OK);
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	SCOPED(arena_free_scoped) struct arena *arena = arena_new(ARENA_MAX);
	SCOPED(buf_fini) struct buf once = BUF_INIT(OUT_MAX);
	SCOPED(buf_fini) struct buf twice = BUF_INIT(OUT_MAX);
	struct exchange_set set;
	const char *sentence = NULL;
	enum wk_status st = exchange_parse(arena, bytes_of(data, size), bytes_str("T"), &set,
					   &sentence);

	if (st == WK_NOMEM)
		return 0;
	if (st != WK_OK) {
		require(sentence && sentence[0]);
		return 0;
	}
	check_set(&set);
	if (!write_set(arena, &set, size % 2, &once))
		return 0;
	st = exchange_parse(arena, buf_bytes(&once), bytes_str("T"), &set, &sentence);
	/* What was no object got one level deeper. */
	if (st == WK_NOMEM || st == WK_LIMIT)
		return 0;
	require(st == WK_OK);
	check_set(&set);
	/* With several workspaces, what hangs nowhere gets another one made for it. */
	if (set.count > 1 || !write_set(arena, &set, true, &twice))
		return 0;
	require(bytes_equal(buf_bytes(&once), buf_bytes(&twice)));
	return 0;
}
