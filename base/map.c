/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Open addressing with linear probing, at most three quarters full.  Removal
 * moves later entries of the run back, so there are no tombstones and a run
 * ends at the first empty slot.  A slot's hash is kept: growing needs no key,
 * and most unequal keys are told apart without being read.
 */
#include "base/map.h"

#include <stdlib.h>

#include "base/rand.h"

#define SLOTS_MIN 16

struct slot {
	struct bytes key;
	void *value; /* NULL: empty */
	uint64_t hash;
};

struct map {
	struct slot *slots;
	size_t mask; /* slots - 1; slots is a power of two */
	size_t count;
	uint64_t seed[2];
};

__extension__ typedef unsigned __int128 uint128;

static uint64_t fold(uint64_t a, uint64_t b)
{
	uint128 product = (uint128)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static uint64_t hash_of(const struct map *m, struct bytes key)
{
	uint64_t h = m->seed[0] ^ key.n, word;

	for (; key.n >= sizeof word; key.p += sizeof word, key.n -= sizeof word) {
		memcpy(&word, key.p, sizeof word);
		h = fold(h ^ word, m->seed[1]);
	}
	word = 0;
	if (key.n > 0)
		memcpy(&word, key.p, key.n);
	return fold(fold(h ^ word, m->seed[1]), m->seed[0] | 1);
}

struct map *map_new(void)
{
	struct map *m = calloc(1, sizeof *m);

	if (!m)
		return NULL;
	m->slots = calloc(SLOTS_MIN, sizeof *m->slots);
	if (!m->slots) {
		free(m);
		return NULL;
	}
	m->mask = SLOTS_MIN - 1;
	rand_bytes((uint8_t *)m->seed, sizeof m->seed);
	m->seed[1] |= 1;
	return m;
}

void map_free(struct map *m)
{
	if (!m)
		return;
	free(m->slots);
	free(m);
}

size_t map_count(const struct map *m)
{
	return m->count;
}

/* The slot that holds the key, or the empty one where it would go. */
static struct slot *find(const struct map *m, struct bytes key, uint64_t hash)
{
	for (size_t i = (size_t)hash & m->mask;; i = (i + 1) & m->mask) {
		struct slot *s = &m->slots[i];

		if (!s->value || (s->hash == hash && bytes_equal(s->key, key)))
			return s;
	}
}

void *map_get(const struct map *m, struct bytes key)
{
	return find(m, key, hash_of(m, key))->value;
}

static enum wk_status grow(struct map *m)
{
	size_t old_n = m->mask + 1, mask = old_n * 2 - 1;
	struct slot *slots = calloc(old_n * 2, sizeof *slots);

	if (!slots)
		return WK_NOMEM;
	for (size_t i = 0; i < old_n; i++) {
		size_t to = (size_t)m->slots[i].hash & mask;

		if (!m->slots[i].value)
			continue;
		while (slots[to].value)
			to = (to + 1) & mask;
		slots[to] = m->slots[i];
	}
	free(m->slots);
	m->slots = slots;
	m->mask = mask;
	return WK_OK;
}

enum wk_status map_put(struct map *m, struct bytes key, void *value)
{
	uint64_t hash = hash_of(m, key);
	struct slot *s = find(m, key, hash);

	if (!s->value) {
		if ((m->count + 1) * 4 > (m->mask + 1) * 3) {
			enum wk_status st = grow(m);

			if (st != WK_OK)
				return st;
			s = find(m, key, hash);
		}
		m->count++;
	}
	*s = (struct slot){ .key = key, .value = value, .hash = hash };
	return WK_OK;
}

void *map_remove(struct map *m, struct bytes key)
{
	struct slot *s = find(m, key, hash_of(m, key));
	void *value = s->value;
	size_t hole = (size_t)(s - m->slots);

	if (!value)
		return NULL;
	for (size_t i = (hole + 1) & m->mask; m->slots[i].value; i = (i + 1) & m->mask) {
		size_t home = (size_t)m->slots[i].hash & m->mask;

		/* It may move back to the hole unless its home lies behind the hole. */
		if (((i - home) & m->mask) < ((i - hole) & m->mask))
			continue;
		m->slots[hole] = m->slots[i];
		hole = i;
	}
	m->slots[hole] = (struct slot){ .value = NULL };
	m->count--;
	return value;
}

bool map_next(const struct map *m, size_t *at, struct bytes *key_out, void **value_out)
{
	for (; *at <= m->mask; (*at)++) {
		const struct slot *s = &m->slots[*at];

		if (!s->value)
			continue;
		if (key_out)
			*key_out = s->key;
		*value_out = s->value;
		(*at)++;
		return true;
	}
	return false;
}
