/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "base/buf.h"
#include "base/scoped.h"

/*
 * Memory that is freed all at once: what a parse makes, what one request needs.
 * Everything in it is wiped when it is freed or reset (it holds document
 * content).  One thread at a time.
 */
struct arena;

/* NULL when out of memory.  Allocations past max_bytes in all return NULL. */
struct arena *arena_new(size_t max_bytes);
void arena_free(struct arena *a);
DEFINE_SCOPED_FREE(struct arena, arena_free)
/* Empties it, keeping one block for what comes next. */
void arena_reset(struct arena *a);

/* Zeroed, aligned for any type; NULL when out of memory or over the maximum. */
void *arena_alloc(struct arena *a, size_t n);
/* How much arena_alloc() might still give: an upper bound. */
size_t arena_left(const struct arena *a);
/* A copy with a NUL behind it (not counted); .p is NULL when out of memory. */
struct bytes arena_copy(struct arena *a, struct bytes from);

#endif
