/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A table of fixed size with a keyed hash: addresses that fall on one slot share
 * its bucket, which costs a stranger a little patience and nobody any memory.
 * Of IPv6 only the network part (64 bits) counts.
 */
#include "server/limits.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/rand.h"

#define SLOTS 65536
#define BURST_SECONDS 10

struct bucket {
	int64_t milli;		/* thousandths of tokens used and not yet given back */
	int64_t at_ms;
};

struct limits {
	unsigned rate;
	uint64_t seed;
	pthread_mutex_t mutex;
	struct bucket buckets[SLOTS];
};

enum wk_status limits_new(unsigned rate, struct limits **out)
{
	struct limits *l = calloc(1, sizeof *l);

	if (!l)
		return WK_NOMEM;
	l->rate = rate;
	rand_bytes((uint8_t *)&l->seed, sizeof l->seed);
	pthread_mutex_init(&l->mutex, NULL);
	*out = l;
	return WK_OK;
}

void limits_free(struct limits *l)
{
	if (!l)
		return;
	pthread_mutex_destroy(&l->mutex);
	free(l);
}

static size_t slot_of(const struct limits *l, struct bytes address)
{
	size_t n = address.n > 8 ? 8 : address.n;
	uint64_t h = l->seed;

	for (size_t i = 0; i < n; i++) {
		h = (h ^ address.p[i]) * 0x9e3779b97f4a7c15u;
		h ^= h >> 29;
	}
	return h % SLOTS;
}

bool limits_take(struct limits *l, struct bytes address, unsigned cost, int64_t now_ms)
{
	struct bucket *b = &l->buckets[slot_of(l, address)];
	int64_t full = (int64_t)l->rate * BURST_SECONDS * 1000, want = (int64_t)cost * 1000;
	bool is_allowed;

	if (l->rate == 0)
		return true;
	pthread_mutex_lock(&l->mutex);
	if (now_ms > b->at_ms) {
		int64_t back = now_ms - b->at_ms > BURST_SECONDS * 1000
				       ? full
				       : (now_ms - b->at_ms) * (int64_t)l->rate;

		b->milli = b->milli > back ? b->milli - back : 0;
		b->at_ms = now_ms;
	}
	is_allowed = b->milli + want <= full;
	if (is_allowed)
		b->milli += want;
	pthread_mutex_unlock(&l->mutex);
	return is_allowed;
}
