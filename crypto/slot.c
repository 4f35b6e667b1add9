/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Key slots.  The head of a slot is under its tag, but Argon2 must run before
 * the tag can be checked: so its parameters are bounded first, or a changed file
 * could ask for any amount of memory and time.
 */
#include "crypto/slot.h"

#include <assert.h>
#include <gcrypt.h>
#include <stdio.h>

#include "base/rand.h"
#include "crypto/gcm.h"
#include "crypto/kdf.h"

#define FORMAT 1
#define SALT 16
#define HEAD (3 + 1 + 3 * 4 + SALT)
#define SLOT_SIZE (HEAD + GCM_IV + KEY_SIZE + GCM_TAG)

#define MEMORY_BEST (256u * 1024)	/* KiB */
#define MEMORY_LEAST (64u * 1024)
#define MEMORY_MAX (1024u * 1024)
#define PASSES 3
#define PASSES_MAX 16

static_assert(SLOT_SIZE <= SLOT_MAX, "a slot fits");

static uint32_t available_kib(void)
{
	FILE *f = fopen("/proc/meminfo", "re");
	unsigned long kib = 0;
	char line[128];

	if (!f)
		return 0;
	while (fgets(line, sizeof line, f))
		if (sscanf(line, "MemAvailable: %lu kB", &kib) == 1)
			break;
	(void)fclose(f);
	return kib > UINT32_MAX ? UINT32_MAX : (uint32_t)kib;
}

/* A quarter of what is free: opening it must also succeed on a busier day. */
static uint32_t calibrated_kib(void)
{
	uint32_t kib = MEMORY_BEST;

	while (kib > MEMORY_LEAST && kib > available_kib() / 4)
		kib /= 2;
	return kib;
}

static void put32(uint8_t *at, uint32_t v)
{
	for (unsigned i = 0; i < 4; i++)
		at[i] = (uint8_t)(v >> (24 - 8 * i));
}

static uint32_t get32(const uint8_t *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static void write_head(uint8_t head[HEAD], uint8_t kind, uint32_t memory_kib, uint32_t passes,
		       uint32_t lanes)
{
	head[0] = 'W';
	head[1] = 'S';
	head[2] = FORMAT;
	head[3] = kind;
	put32(head + 4, memory_kib);
	put32(head + 8, passes);
	put32(head + 12, lanes);
	rand_bytes(head + 16, SALT);
}

/* The key that seals a slot: Argon2id or HKDF, both under the head's salt. */
static enum wk_status argon2id(struct bytes passphrase, const uint8_t head[HEAD],
			       uint8_t out[KEY_SIZE])
{
	const unsigned long parameters[] = { KEY_SIZE, get32(head + 8), get32(head + 4),
					     get32(head + 12) };
	gcry_kdf_hd_t kdf;
	bool ok;

	if (gcry_kdf_open(&kdf, GCRY_KDF_ARGON2, GCRY_KDF_ARGON2ID, parameters,
			  ARRAY_LEN(parameters), passphrase.p, passphrase.n, head + 16, SALT, NULL,
			  0, NULL, 0))
		return WK_NOMEM;
	ok = !gcry_kdf_compute(kdf, NULL) && !gcry_kdf_final(kdf, KEY_SIZE, out);
	gcry_kdf_close(kdf);
	return ok ? WK_OK : WK_NOMEM;
}

static void from_account(const struct account_key *account, const uint8_t head[HEAD],
			 uint8_t out[KEY_SIZE])
{
	kdf_hkdf(bytes_of(head + 16, SALT), bytes_of(account->k, KEY_SIZE),
		 bytes_str("local store"), out);
}

static enum wk_status seal(const uint8_t head[HEAD], const struct row_key *wrapping,
			   const struct local_key *key, const uint8_t store_id[STORE_ID_SIZE],
			   struct buf *slot_out)
{
	SCOPED(gcm_free_scoped) struct gcm *gcm = NULL;
	uint8_t ad[HEAD + STORE_ID_SIZE], slot[SLOT_SIZE];
	uint8_t *iv = slot + HEAD, *body = iv + GCM_IV;
	enum wk_status st = gcm_new(wrapping->k, &gcm);

	if (st != WK_OK)
		return st;
	memcpy(ad, head, HEAD);
	memcpy(ad + HEAD, store_id, STORE_ID_SIZE);
	memcpy(slot, head, HEAD);
	rand_bytes(iv, GCM_IV);
	st = gcm_seal(gcm, iv, bytes_of(ad, sizeof ad), bytes_of(key->k, KEY_SIZE), body,
		      body + KEY_SIZE);
	return st == WK_OK ? buf_append(slot_out, slot, sizeof slot) : st;
}

static enum wk_status unseal(struct bytes slot, const struct row_key *wrapping,
			     const uint8_t store_id[STORE_ID_SIZE], struct local_key **key_out)
{
	SCOPED(local_key_free_scoped) struct local_key *key = local_key_new();
	SCOPED(gcm_free_scoped) struct gcm *gcm = NULL;
	uint8_t ad[HEAD + STORE_ID_SIZE];
	const uint8_t *iv = slot.p + HEAD, *body = iv + GCM_IV;
	enum wk_status st = key ? gcm_new(wrapping->k, &gcm) : WK_NOMEM;

	if (st != WK_OK)
		return st;
	memcpy(ad, slot.p, HEAD);
	memcpy(ad + HEAD, store_id, STORE_ID_SIZE);
	st = gcm_open(gcm, iv, bytes_of(ad, sizeof ad), bytes_of(body, KEY_SIZE), body + KEY_SIZE,
		      key->k);
	if (st == WK_OK)
		*key_out = take(&key);
	return st;
}

static bool is_slot(struct bytes slot, uint8_t kind)
{
	return slot.n == SLOT_SIZE && slot.p[0] == 'W' && slot.p[1] == 'S' &&
	       slot.p[2] == FORMAT && slot.p[3] == kind;
}

static bool is_bearable(const uint8_t head[HEAD])
{
	uint32_t memory = get32(head + 4), passes = get32(head + 8);

	return memory >= 8 && memory <= MEMORY_MAX && passes >= 1 && passes <= PASSES_MAX &&
	       get32(head + 12) == 1;
}

enum wk_status slot_seal_passphrase(const struct local_key *key, struct bytes passphrase,
				    const uint8_t store_id[STORE_ID_SIZE], uint32_t memory_kib,
				    struct buf *slot_out)
{
	SCOPED(row_key_free_scoped) struct row_key *wrapping = row_key_new();
	uint8_t head[HEAD];
	enum wk_status st;

	if (!wrapping)
		return WK_NOMEM;
	write_head(head, 'P', memory_kib ? memory_kib : calibrated_kib(), PASSES, 1);
	if (!is_bearable(head))
		return WK_INVALID;
	st = argon2id(passphrase, head, wrapping->k);
	return st == WK_OK ? seal(head, wrapping, key, store_id, slot_out) : st;
}

enum wk_status slot_open_passphrase(struct bytes slot, struct bytes passphrase,
				    const uint8_t store_id[STORE_ID_SIZE],
				    struct local_key **key_out)
{
	SCOPED(row_key_free_scoped) struct row_key *wrapping = row_key_new();
	enum wk_status st;

	if (!wrapping)
		return WK_NOMEM;
	if (!is_slot(slot, 'P') || !is_bearable(slot.p))
		return WK_CORRUPT;
	st = argon2id(passphrase, slot.p, wrapping->k);
	return st == WK_OK ? unseal(slot, wrapping, store_id, key_out) : st;
}

enum wk_status slot_seal_account(const struct local_key *key, const struct account_key *account,
				 const uint8_t store_id[STORE_ID_SIZE], struct buf *slot_out)
{
	SCOPED(row_key_free_scoped) struct row_key *wrapping = row_key_new();
	uint8_t head[HEAD];

	if (!wrapping)
		return WK_NOMEM;
	write_head(head, 'A', 0, 0, 0);
	from_account(account, head, wrapping->k);
	return seal(head, wrapping, key, store_id, slot_out);
}

enum wk_status slot_open_account(struct bytes slot, const struct account_key *account,
				 const uint8_t store_id[STORE_ID_SIZE],
				 struct local_key **key_out)
{
	SCOPED(row_key_free_scoped) struct row_key *wrapping = row_key_new();

	if (!wrapping)
		return WK_NOMEM;
	if (!is_slot(slot, 'A'))
		return WK_CORRUPT;
	from_account(account, slot.p, wrapping->k);
	return unseal(slot, wrapping, store_id, key_out);
}
