/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A store's key: its slots and the rest of the header.  The passphrase slot is
 * written last of all: a store without it was never finished, and is made anew.
 *
 * Seals are counted over the life of a store: the header promises more than were made, and is
 * raised before they are used up; at 2^31 a new generation (and so a new key) begins.
 */
#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/files.h"
#include "base/log.h"
#include "base/scoped.h"
#include "store/store_private.h"

#define FORMAT "1"
#define SEALS_MAX ((uint64_t)1 << 31)
#define SEALS_PROMISED ((uint64_t)1 << 20)
#define SEALS_CHECK_MS 5000
#define GENERATION_SIZE (4 + 8)

/* --- generations --- */

static enum wk_status note_seals(struct store *s, uint64_t seals)
{
	uint8_t value[GENERATION_SIZE];
	const uint32_t generation = htobe32(s->generation);
	enum wk_status st;

	s->seals_noted = seals;
	seals = htobe64(seals);
	memcpy(value, &generation, sizeof generation);
	memcpy(value + sizeof generation, &seals, sizeof seals);
	st = rows_header_put(s->path, "generation", bytes_of(value, sizeof value));
	if (st != WK_OK)
		s->seals_noted = 0;	/* tried again at the next look */
	return st;
}

static enum wk_status read_generation(struct store *s)
{
	struct buf value = BUF_INIT(64);
	enum wk_status st = rows_header_get(s->path, "generation", &value);
	uint32_t generation;
	uint64_t seals;

	if (st == WK_OK && value.n != GENERATION_SIZE)
		st = WK_CORRUPT;
	if (st == WK_OK) {
		memcpy(&generation, value.p, sizeof generation);
		memcpy(&seals, value.p + sizeof generation, sizeof seals);
		s->generation = be32toh(generation);
		s->seals_before = be64toh(seals);
	}
	buf_fini(&value);
	return st;
}

/* A new key for what is written from now on; older rows still open. */
static enum wk_status next_generation(struct store *s)
{
	SCOPED(row_sealer_free_scoped) struct row_sealer *old = NULL, *sealer = NULL;
	enum wk_status st = s->generation < UINT32_MAX ? WK_OK : WK_LIMIT;

	if (st == WK_OK)
		st = row_sealer_new(s->key, s->id, s->generation + 1, &sealer);
	if (st != WK_OK)
		return st;
	s->generation++;
	s->seals_before = 0;
	st = note_seals(s, SEALS_PROMISED);
	if (st != WK_OK) {
		s->generation--;
		s->seals_before = SEALS_MAX;
		return st;
	}
	old = s->sealer;
	s->sealer = take(&sealer);
	if (s->rows)
		rows_set_sealer(s->rows, s->sealer);
	return WK_OK;
}

static uint64_t seals_made(const struct store *s)
{
	return s->seals_before + row_sealer_count(s->sealer);
}

static void check_seals(void *arg)
{
	struct store *s = arg;
	enum wk_status st = WK_OK;

	if (seals_made(s) >= SEALS_MAX)
		st = next_generation(s);
	else if (seals_made(s) + SEALS_PROMISED / 2 > s->seals_noted)
		st = note_seals(s, seals_made(s) + SEALS_PROMISED);
	if (st != WK_OK)
		log_warn("store: the count of seals could not be written: %s",
			 wk_status_text(st));
	loop_timer_set(s->seals_timer, SEALS_CHECK_MS);
}

enum wk_status store_key_watch(struct store *s)
{
	enum wk_status st = loop_timer_new(s->loop, check_seals, s, &s->seals_timer);

	if (st == WK_OK)
		loop_timer_set(s->seals_timer, SEALS_CHECK_MS);
	return st;
}

void store_key_unwatch(struct store *s)
{
	if (s->seals_timer)
		loop_timer_free(s->seals_timer);
	s->seals_timer = NULL;
	if (note_seals(s, seals_made(s)) != WK_OK)
		log_debug("store: the count of seals stays ahead");
}

/* --- slots --- */

static enum wk_status put_slot(struct store *s, struct bytes passphrase, uint32_t memory_kib)
{
	struct buf slot = BUF_INIT(SLOT_MAX);
	enum wk_status st = slot_seal_passphrase(s->key, passphrase, s->id, memory_kib, &slot);

	if (st == WK_OK)
		st = rows_header_put(s->path, "slot-passphrase", buf_bytes(&slot));
	buf_fini(&slot);
	return st;
}

enum wk_status store_set_passphrase(struct store *s, struct bytes passphrase,
				    uint32_t slot_memory_kib)
{
	return put_slot(s, passphrase, slot_memory_kib);
}

enum wk_status store_set_account_key(struct store *s, const struct account_key *account)
{
	struct buf slot = BUF_INIT(SLOT_MAX);
	enum wk_status st = slot_seal_account(s->key, account, s->id, &slot);

	if (st == WK_OK)
		st = rows_header_put(s->path, "slot-account", buf_bytes(&slot));
	buf_fini(&slot);
	return st;
}

/* What a creation that was broken off has left. */
static enum wk_status remove_unfinished(const struct store *s)
{
	static const char *const endings[] = { "", "-wal", "-shm", "-journal", "-reserve" };

	for (size_t i = 0; i < ARRAY_LEN(endings); i++) {
		SCOPED(scoped_free) char *path = NULL;

		if (asprintf(&path, "%s%s", s->path, endings[i]) < 0) {
			path = NULL;
			return WK_NOMEM;
		}
		if (unlink(path) != 0 && errno != ENOENT)
			return files_errno_status(errno);
	}
	return WK_OK;
}

enum wk_status store_key_make(struct store *s, struct bytes passphrase, uint32_t memory_kib)
{
	enum wk_status st = remove_unfinished(s);

	s->key = local_key_new();
	if (!s->key)
		return WK_NOMEM;
	secret_random(s->key->k, KEY_SIZE);
	secret_random(s->id, sizeof s->id);
	s->generation = 1;
	if (st == WK_OK)
		st = row_sealer_new(s->key, s->id, s->generation, &s->sealer);
	if (st == WK_OK)
		st = rows_header_put(s->path, "id", bytes_of(s->id, sizeof s->id));
	if (st == WK_OK)
		st = rows_header_put(s->path, "format", bytes_str(FORMAT));
	if (st == WK_OK)
		st = note_seals(s, SEALS_PROMISED);
	if (st == WK_OK)
		st = put_slot(s, passphrase, memory_kib);
	return st;
}

enum wk_status store_key_find(const char *path)
{
	struct buf slot = BUF_INIT(SLOT_MAX);
	enum wk_status st = rows_header_get(path, "slot-passphrase", &slot);

	buf_fini(&slot);
	return st;
}

static enum wk_status read_header(struct store *s, struct buf *slot)
{
	struct buf id = BUF_INIT(64), format = BUF_INIT(64);
	enum wk_status st = rows_header_get(s->path, "slot-passphrase", slot);

	if (st == WK_OK)
		st = rows_header_get(s->path, "format", &format);
	if (st == WK_OK && !bytes_equal_str(buf_bytes(&format), FORMAT))
		st = WK_UNSUPPORTED;
	if (st == WK_OK)
		st = rows_header_get(s->path, "id", &id);
	if (st == WK_OK && id.n != sizeof s->id)
		st = WK_CORRUPT;
	if (st == WK_OK) {
		memcpy(s->id, id.p, sizeof s->id);
		st = read_generation(s);
	}
	buf_fini(&id);
	buf_fini(&format);
	/* The slot is written last: with it, all the rest must be there. */
	return st == WK_NOT_FOUND && slot->n > 0 ? WK_CORRUPT : st;
}

static enum wk_status open_slots(struct store *s, struct bytes slot, struct bytes passphrase,
				 const struct account_key *account)
{
	struct buf other = BUF_INIT(SLOT_MAX);
	enum wk_status st = slot_open_passphrase(slot, passphrase, s->id, &s->key);

	if (st == WK_TAMPERED && account &&
	    rows_header_get(s->path, "slot-account", &other) == WK_OK)
		st = slot_open_account(buf_bytes(&other), account, s->id, &s->key);
	buf_fini(&other);
	return st == WK_TAMPERED ? WK_DENIED : st;
}

enum wk_status store_key_open(struct store *s, struct bytes passphrase,
			      const struct account_key *account)
{
	struct buf slot = BUF_INIT(SLOT_MAX);
	enum wk_status st = read_header(s, &slot);

	if (st == WK_OK)
		st = open_slots(s, buf_bytes(&slot), passphrase, account);
	buf_fini(&slot);
	if (st == WK_OK && s->seals_before + SEALS_PROMISED >= SEALS_MAX)
		return next_generation(s);
	if (st == WK_OK)
		st = row_sealer_new(s->key, s->id, s->generation, &s->sealer);
	return st == WK_OK ? note_seals(s, s->seals_before + SEALS_PROMISED) : st;
}
