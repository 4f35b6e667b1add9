/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sealing of store values.  The cipher of the newest generation is kept; of the
 * older ones, which only a store in the middle of a change of generation reads,
 * the one used last.
 */
#include "crypto/row.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/rand.h"
#include "crypto/gcm.h"

#define HEAD (4 + GCM_IV)
#define NAME_MAX_BYTES 63

struct row_sealer {
	pthread_mutex_t lock;		/* everything below */
	struct local_key *key;
	uint8_t store_id[16];
	uint32_t newest, older;		/* generations of the two ciphers */
	struct gcm *newest_cipher, *older_cipher;
	_Atomic uint64_t seals;
};

static enum wk_status cipher_new(const struct local_key *key, uint32_t generation,
				 struct gcm **out)
{
	SCOPED(row_key_free_scoped) struct row_key *row = NULL;
	enum wk_status st = kdf_row_key(key, "rows", generation, &row);

	return st == WK_OK ? gcm_new(row->k, out) : st;
}

enum wk_status row_sealer_new(const struct local_key *key, const uint8_t store_id[16],
			      uint32_t generation, struct row_sealer **out)
{
	SCOPED(row_sealer_free_scoped) struct row_sealer *s = calloc(1, sizeof *s);
	enum wk_status st;

	if (!s)
		return WK_NOMEM;
	(void)pthread_mutex_init(&s->lock, NULL);
	s->key = local_key_new();
	if (!s->key)
		return WK_NOMEM;
	*s->key = *key;
	memcpy(s->store_id, store_id, sizeof s->store_id);
	s->newest = generation;
	st = cipher_new(key, generation, &s->newest_cipher);
	if (st == WK_OK)
		*out = take(&s);
	return st;
}

void row_sealer_free(struct row_sealer *s)
{
	if (!s)
		return;
	gcm_free(s->newest_cipher);
	gcm_free(s->older_cipher);
	local_key_free(s->key);
	(void)pthread_mutex_destroy(&s->lock);
	free(s);
}

uint64_t row_sealer_count(const struct row_sealer *s)
{
	return s->seals;
}

static void put_int(uint8_t **at, uint64_t value, unsigned size)
{
	*(*at)++ = (uint8_t)size;
	for (unsigned i = size; i-- > 0;)
		*(*at)++ = (uint8_t)(value >> (8 * i));
}

static void put_bytes(uint8_t **at, const void *p, size_t n)
{
	*(*at)++ = (uint8_t)n;
	memcpy(*at, p, n);
	*at += n;
}

#define AD_MAX (17 + 2 * (1 + NAME_MAX_BYTES) + 2 * 9 + 5)

/* Returns the length of the ad, or 0 when a name is too long for one. */
static size_t write_ad(const struct row_sealer *s, const struct row_place *at,
		       uint32_t generation, uint8_t ad[AD_MAX])
{
	uint8_t *p = ad;
	size_t table = strlen(at->table), column = strlen(at->column);

	if (table > NAME_MAX_BYTES || column > NAME_MAX_BYTES)
		return 0;
	put_bytes(&p, s->store_id, sizeof s->store_id);
	put_bytes(&p, at->table, table);
	put_int(&p, (uint64_t)at->key1, 8);
	put_int(&p, (uint64_t)at->key2, 8);
	put_bytes(&p, at->column, column);
	put_int(&p, generation, 4);
	return (size_t)(p - ad);
}

enum wk_status row_seal(struct row_sealer *s, const struct row_place *at, struct bytes value,
			struct buf *sealed_out)
{
	uint8_t ad[AD_MAX], *room, *body;
	size_t ad_n = write_ad(s, at, s->newest, ad);
	enum wk_status st;

	if (ad_n == 0 || value.n > SIZE_MAX - ROW_OVERHEAD)
		return WK_LIMIT;
	st = buf_reserve(sealed_out, value.n + ROW_OVERHEAD, &room);
	if (st != WK_OK)
		return st;
	for (unsigned i = 0; i < 4; i++)
		room[i] = (uint8_t)(s->newest >> (24 - 8 * i));
	rand_bytes(room + 4, GCM_IV);
	body = room + HEAD;
	(void)pthread_mutex_lock(&s->lock);
	st = gcm_seal(s->newest_cipher, room + 4, bytes_of(ad, ad_n), value, body, body + value.n);
	s->seals++;
	(void)pthread_mutex_unlock(&s->lock);
	if (st == WK_OK)
		sealed_out->n += value.n + ROW_OVERHEAD;
	return st;
}

/* The caller holds the lock. */
static enum wk_status cipher_of(struct row_sealer *s, uint32_t generation, struct gcm **out)
{
	struct gcm *made;
	enum wk_status st;

	if (generation > s->newest)
		return WK_TAMPERED;
	if (generation == s->newest) {
		*out = s->newest_cipher;
		return WK_OK;
	}
	if (!s->older_cipher || s->older != generation) {
		st = cipher_new(s->key, generation, &made);
		if (st != WK_OK)
			return st;
		gcm_free(s->older_cipher);
		s->older_cipher = made;
		s->older = generation;
	}
	*out = s->older_cipher;
	return WK_OK;
}

enum wk_status row_open(struct row_sealer *s, const struct row_place *at, struct bytes sealed,
			struct buf *value_out)
{
	uint8_t ad[AD_MAX], *room;
	uint32_t generation = 0;
	size_t n, ad_n;
	struct gcm *cipher;
	enum wk_status st;

	if (sealed.n < ROW_OVERHEAD)
		return WK_CORRUPT;
	n = sealed.n - ROW_OVERHEAD;
	for (unsigned i = 0; i < 4; i++)
		generation = generation << 8 | sealed.p[i];
	ad_n = write_ad(s, at, generation, ad);
	if (ad_n == 0)
		return WK_LIMIT;
	st = buf_reserve(value_out, n, &room);
	if (st != WK_OK)
		return st;
	(void)pthread_mutex_lock(&s->lock);
	st = cipher_of(s, generation, &cipher);
	if (st == WK_OK)
		st = gcm_open(cipher, sealed.p + 4, bytes_of(ad, ad_n),
			      bytes_of(sealed.p + HEAD, n), sealed.p + HEAD + n, room);
	(void)pthread_mutex_unlock(&s->lock);
	if (st == WK_OK)
		value_out->n += n;
	return st;
}
