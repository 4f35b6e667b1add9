/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_MAP_H
#define BASE_MAP_H

#include "base/buf.h"
#include "base/scoped.h"

/*
 * A hash map from byte strings to pointers.  Keys are borrowed: each must stay
 * unchanged until it is removed, so it normally lies in the value itself.  The
 * map owns no value.  Its hash is seeded at random, so that keys from outside
 * cannot be chosen to collide.  One thread at a time.
 */
struct map;

/* NULL when out of memory. */
struct map *map_new(void);
/* Frees the map alone, not what is in it. */
void map_free(struct map *m);
DEFINE_SCOPED_FREE(struct map, map_free)

size_t map_count(const struct map *m);
/* NULL when there is none. */
void *map_get(const struct map *m, struct bytes key);
/* Adds it, or replaces key and value of an equal key.  value is not NULL.  WK_NOMEM. */
enum wk_status map_put(struct map *m, struct bytes key, void *value);
/* Returns the value that was taken out, NULL when there was none. */
void *map_remove(struct map *m, struct bytes key);

/*
 * Every entry once, in no order:
 *
 *	for (size_t at = 0; map_next(m, &at, &key, &value);)
 *
 * key_out may be NULL.  The map must not change meanwhile.
 */
bool map_next(const struct map *m, size_t *at, struct bytes *key_out, void **value_out);

#endif
