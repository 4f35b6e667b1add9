/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ids of an import: a sorted table to find them, and what an id may look like.
 * Sorted and not hashed: the ids come from outside, and no choice of them makes this slow.
 */
#include "model/exchange_parts.h"

#include <stdlib.h>

#include "base/utf8.h"

enum wk_status exchange_index_init(struct arena *arena, size_t max, struct exchange_index *out)
{
	struct exchange_index_row *rows = NULL;

	if (max > 0) {
		rows = arena_alloc(arena, max * sizeof *rows);
		if (!rows)
			return WK_NOMEM;
	}
	*out = (struct exchange_index){ .rows = rows };
	return WK_OK;
}

void exchange_index_add(struct exchange_index *index, struct bytes id, size_t at)
{
	index->rows[index->count++] = (struct exchange_index_row){ .id = id, .at = at };
}

static int compare_ids(struct bytes a, struct bytes b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int order = n > 0 ? memcmp(a.p, b.p, n) : 0;

	if (order != 0)
		return order;
	return (a.n > b.n) - (a.n < b.n);
}

static int compare_rows(const void *left, const void *right)
{
	const struct exchange_index_row *a = left;
	const struct exchange_index_row *b = right;
	int order = compare_ids(a->id, b->id);

	return order != 0 ? order : (a->at > b->at) - (a->at < b->at);
}

void exchange_index_sort(struct exchange_index *index)
{
	if (index->count > 1)
		qsort(index->rows, index->count, sizeof *index->rows, compare_rows);
}

size_t exchange_index_find(const struct exchange_index *index, struct bytes id)
{
	size_t low = 0;
	size_t high = index->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare_ids(index->rows[middle].id, id) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low < index->count && bytes_equal(index->rows[low].id, id))
		return index->rows[low].at;
	return EXCHANGE_NONE;
}

bool exchange_index_is_id(struct bytes id)
{
	if (!id.p || id.n == 0 || id.n > DOC_ID_MAX || !utf8_is_valid(id))
		return false;
	for (size_t i = 0; i < id.n; i++) {
		if (id.p[i] < 0x20 || id.p[i] == 0x7f)
			return false;
	}
	return true;
}

static bool is_word(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_';
}

/* Whether _<digits>__ stands at `at`. */
static bool ends_placeholder(struct bytes id, size_t at)
{
	size_t i = at + 1;

	if (id.p[at] != '_')
		return false;
	while (i < id.n && id.p[i] >= '0' && id.p[i] <= '9')
		i++;
	return i > at + 1 && i + 2 <= id.n && memcmp(id.p + i, "__", 2) == 0;
}

bool exchange_index_is_placeholder(struct bytes id)
{
	if (id.n > 4 && memcmp(id.p, "__", 2) == 0 && memcmp(id.p + id.n - 2, "__", 2) == 0)
		return true;
	for (size_t i = 0; i + 2 < id.n; i++) {
		if (memcmp(id.p + i, "__", 2) != 0)
			continue;
		for (size_t j = i + 2; j < id.n && is_word(id.p[j]); j++) {
			if (j > i + 2 && ends_placeholder(id, j))
				return true;
		}
	}
	return false;
}
