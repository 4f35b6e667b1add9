/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What has been written and is not yet durable.  The newest write of each row
 * stands here once, sealed; a batch is written to the database as: first every
 * family's deleted range, then each entry.  So a range deletes the entries that are in
 * the batch at that time (they turn into "gone"), and what is written later stands.
 */
#include <stdlib.h>

#include "base/clock.h"
#include "store/rows_private.h"

#define BUCKETS_MIN 64
#define MALLOC_OVERHEAD 16

static size_t hash_of(enum rows_table t, int64_t key1, int64_t key2)
{
	uint64_t h = (uint64_t)key1 * 0x9e3779b97f4a7c15u;

	h = (h ^ (h >> 29) ^ (uint64_t)key2 ^ ((uint64_t)t << 56)) * 0xbf58476d1ce4e5b9u;
	return (size_t)(h ^ (h >> 32));
}

void rows_batch_init(struct rows_batch *b, uint64_t number)
{
	*b = (struct rows_batch){ .number = number };
}

void rows_batch_fini(struct rows_batch *b)
{
	struct rows_entry *e = b->first;
	struct rows_family *f = b->first_family;

	while (e) {
		struct rows_entry *next = e->next;

		free(e->sealed);
		free(e);
		e = next;
	}
	while (f) {
		struct rows_family *next = f->next;

		free(f);
		f = next;
	}
	free(b->buckets);
	free(b->family_buckets);
	rows_batch_init(b, b->number);
}

static struct rows_entry *find(const struct rows_batch *b, enum rows_table t, int64_t key1,
			       int64_t key2)
{
	struct rows_entry *e;

	if (!b->buckets)
		return NULL;
	e = b->buckets[hash_of(t, key1, key2) & b->mask];
	while (e && (e->key1 != key1 || e->key2 != key2 || e->table != (uint8_t)t))
		e = e->chain;
	return e;
}

static struct rows_family *find_family(const struct rows_batch *b, enum rows_table t, int64_t key1)
{
	struct rows_family *f;

	if (!b->family_buckets)
		return NULL;
	f = b->family_buckets[hash_of(t, key1, 0) & b->family_mask];
	while (f && (f->key1 != key1 || f->table != (uint8_t)t))
		f = f->chain;
	return f;
}

static enum wk_status grow(struct rows_batch *b)
{
	size_t n = b->buckets ? (b->mask + 1) * 2 : BUCKETS_MIN;
	struct rows_entry **buckets;

	if (b->buckets && b->count <= b->mask)
		return WK_OK;
	buckets = calloc(n, sizeof(struct rows_entry *));
	if (!buckets)
		return WK_NOMEM;
	for (struct rows_entry *e = b->first; e; e = e->next) {
		size_t at = hash_of(e->table, e->key1, e->key2) & (n - 1);

		e->chain = buckets[at];
		buckets[at] = e;
	}
	free(b->buckets);
	b->buckets = buckets;
	b->mask = n - 1;
	return WK_OK;
}

static enum wk_status grow_families(struct rows_batch *b)
{
	size_t n = b->family_buckets ? (b->family_mask + 1) * 2 : BUCKETS_MIN;
	struct rows_family **buckets;

	if (b->family_buckets && b->family_count <= b->family_mask)
		return WK_OK;
	buckets = calloc(n, sizeof(struct rows_family *));
	if (!buckets)
		return WK_NOMEM;
	for (struct rows_family *f = b->first_family; f; f = f->next) {
		size_t at = hash_of(f->table, f->key1, 0) & (n - 1);

		f->chain = buckets[at];
		buckets[at] = f;
	}
	free(b->family_buckets);
	b->family_buckets = buckets;
	b->family_mask = n - 1;
	return WK_OK;
}

static enum wk_status family_of(struct rows_batch *b, enum rows_table t, int64_t key1,
				struct rows_family **out)
{
	struct rows_family *f = find_family(b, t, key1), **bucket;
	enum wk_status st;

	if (f) {
		*out = f;
		return WK_OK;
	}
	st = grow_families(b);
	if (st != WK_OK)
		return st;
	f = calloc(1, sizeof *f);
	if (!f)
		return WK_NOMEM;
	bucket = &b->family_buckets[hash_of(t, key1, 0) & b->family_mask];
	*f = (struct rows_family){ .chain = *bucket, .next = b->first_family, .key1 = key1,
				   .gone_from = ROWS_NOT_GONE, .table = (uint8_t)t };
	*bucket = f;
	b->first_family = f;
	b->family_count++;
	b->bytes += sizeof *f + MALLOC_OVERHEAD;
	*out = f;
	return WK_OK;
}

static enum wk_status add(struct rows_batch *b, enum rows_table t, int64_t key1, int64_t key2,
			  struct rows_entry **out)
{
	struct rows_family *family = NULL;
	struct rows_entry *e, **bucket;
	enum wk_status st = grow(b);

	if (st == WK_OK && rows_db_has_key2(t))
		st = family_of(b, t, key1, &family);
	if (st != WK_OK)
		return st;
	e = calloc(1, sizeof *e);
	if (!e)
		return WK_NOMEM;
	bucket = &b->buckets[hash_of(t, key1, key2) & b->mask];
	*e = (struct rows_entry){ .chain = *bucket, .key1 = key1, .key2 = key2,
				  .table = (uint8_t)t };
	*bucket = e;
	if (!b->first)
		b->tail = &b->first;
	*b->tail = e;
	b->tail = &e->next;
	if (family) {
		e->sibling = family->entries;
		family->entries = e;
	}
	b->count++;
	b->bytes += sizeof *e + 2 * MALLOC_OVERHEAD;
	*out = e;
	return WK_OK;
}

static void set_value(struct rows_batch *b, struct rows_entry *e, uint8_t *sealed, size_t n)
{
	free(e->sealed);
	b->bytes = b->bytes - e->n + n;
	e->sealed = sealed;
	e->n = (uint32_t)n;
}

enum wk_status rows_batch_put(struct rows_batch *b, enum rows_table t, int64_t key1, int64_t key2,
			      uint8_t *sealed, size_t n)
{
	struct rows_entry *e = find(b, t, key1, key2);
	bool was_empty = rows_batch_is_empty(b);

	if (!e) {
		enum wk_status st = add(b, t, key1, key2, &e);

		if (st != WK_OK)
			return st;
	}
	if (was_empty)
		b->began_us = clock_mono_us();
	set_value(b, e, sealed, sealed ? n : 0);
	return WK_OK;
}

enum wk_status rows_batch_delete_from(struct rows_batch *b, enum rows_table t, int64_t key1,
				      int64_t from)
{
	struct rows_family *f;
	bool was_empty = rows_batch_is_empty(b);
	enum wk_status st = family_of(b, t, key1, &f);

	if (st != WK_OK)
		return st;
	if (was_empty)
		b->began_us = clock_mono_us();
	for (struct rows_entry *e = f->entries; e; e = e->sibling)
		if (e->key2 >= from)
			set_value(b, e, NULL, 0);
	if (from < f->gone_from)
		f->gone_from = from;
	return WK_OK;
}

bool rows_batch_knows(const struct rows_batch *b, enum rows_table t, int64_t key1, int64_t key2,
		      const struct rows_entry **entry_out)
{
	const struct rows_entry *e = find(b, t, key1, key2);
	const struct rows_family *f;

	if (e) {
		*entry_out = e->sealed ? e : NULL;
		return true;
	}
	if (!rows_db_has_key2(t))
		return false;
	f = find_family(b, t, key1);
	*entry_out = NULL;
	return f && key2 >= f->gone_from;
}

const struct rows_family *rows_batch_family(const struct rows_batch *b, enum rows_table t,
					    int64_t key1)
{
	return find_family(b, t, key1);
}
