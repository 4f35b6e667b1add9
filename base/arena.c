/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Block-wise arenas.  Blocks double from 4 KiB to 256 KiB; a larger request gets
 * a block of its own.  Wiping on free is why content may be parsed here.
 */
#include "base/arena.h"

#include <stdalign.h>
#include <stdlib.h>

#define BLOCK_MIN 4096
#define BLOCK_MAX (256 * 1024)

struct block {
	struct block *next;
	size_t used;
	size_t size;
	alignas(max_align_t) uint8_t data[];
};

struct arena {
	struct block *top;
	size_t next_size;
	size_t total;
	size_t max;
};

struct arena *arena_new(size_t max_bytes)
{
	struct arena *a = calloc(1, sizeof *a);

	if (!a)
		return NULL;
	a->next_size = BLOCK_MIN;
	a->max = max_bytes;
	return a;
}

static void block_free(struct block *b)
{
	explicit_bzero(b->data, b->used);
	free(b);
}

void arena_free(struct arena *a)
{
	if (!a)
		return;
	while (a->top) {
		struct block *b = a->top;

		a->top = b->next;
		block_free(b);
	}
	free(a);
}

void arena_reset(struct arena *a)
{
	struct block *keep = a->top;

	if (!keep)
		return;
	while (keep->next) {
		struct block *b = keep->next;

		keep->next = b->next;
		a->total -= b->size;
		block_free(b);
	}
	explicit_bzero(keep->data, keep->used);
	keep->used = 0;
}

static struct block *push_block(struct arena *a, size_t need)
{
	size_t size = need > a->next_size ? need : a->next_size;
	struct block *b;

	if (size > a->max - a->total)
		size = need;
	if (size > a->max - a->total || size > SIZE_MAX - sizeof *b)
		return NULL;
	b = malloc(sizeof *b + size);
	if (!b)
		return NULL;
	b->used = 0;
	b->size = size;
	b->next = a->top;
	a->top = b;
	a->total += size;
	if (a->next_size < BLOCK_MAX)
		a->next_size *= 2;
	return b;
}

void *arena_alloc(struct arena *a, size_t n)
{
	const size_t mask = alignof(max_align_t) - 1;
	struct block *b = a->top;
	void *p;

	if (n > SIZE_MAX - mask)
		return NULL;
	n = (n + mask) & ~mask;
	if (!b || b->size - b->used < n) {
		b = push_block(a, n);
		if (!b)
			return NULL;
	}
	p = b->data + b->used;
	b->used += n;
	return memset(p, 0, n);
}

size_t arena_left(const struct arena *a)
{
	size_t left = a->max - a->total;

	return a->top ? left + (a->top->size - a->top->used) : left;
}

struct bytes arena_copy(struct arena *a, struct bytes from)
{
	uint8_t *p = from.n < SIZE_MAX ? arena_alloc(a, from.n + 1) : NULL;

	if (!p)
		return (struct bytes){ NULL, 0 };
	if (from.n > 0)
		memcpy(p, from.p, from.n);
	return (struct bytes){ p, from.n };
}
