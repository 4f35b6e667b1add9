/* SPDX-License-Identifier: Apache-2.0 */
/* Key slots of the local store. */
#include "testing.h"

#include "crypto/slot.h"

#define SMALL 64	/* KiB: fast */

static const uint8_t store[STORE_ID_SIZE] = { 1, 2, 3 }, other_store[STORE_ID_SIZE] = { 1, 2, 4 };
static struct local_key *key;
static struct account_key *account;

static int setup(void **state)
{
	(void)state;
	if (crypto_init() != WK_OK)
		return -1;
	key = local_key_new();
	account = account_key_new();
	secret_random(key->k, KEY_SIZE);
	secret_random(account->k, KEY_SIZE);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	local_key_free(key);
	account_key_free(account);
	return 0;
}

static enum wk_status open_with(struct bytes slot, const char *passphrase, const uint8_t *id)
{
	SCOPED(local_key_free_scoped) struct local_key *got = NULL;
	enum wk_status st = slot_open_passphrase(slot, bytes_str(passphrase), id, &got);

	if (st == WK_OK)
		assert_memory_equal(got->k, key->k, KEY_SIZE);
	else
		assert_null(got);
	return st;
}

static void passphrase_opens_its_slot(void **state)
{
	SCOPED(buf_fini) struct buf slot = BUF_INIT(SLOT_MAX);

	(void)state;
	assert_ok(slot_seal_passphrase(key, bytes_str("right"), store, SMALL, &slot));
	assert_memory_equal(slot.p, "WS\x01P\0\0\0\x40\0\0\0\x03\0\0\0\x01", 16);
	assert_int_equal(slot.n, 16 + 16 + 12 + 32 + 16);
	assert_ok(open_with(buf_bytes(&slot), "right", store));
	assert_status(open_with(buf_bytes(&slot), "wrong", store), WK_TAMPERED);
	assert_status(open_with(buf_bytes(&slot), "right", other_store), WK_TAMPERED);
}

static void every_byte_is_authenticated(void **state)
{
	SCOPED(buf_fini) struct buf slot = BUF_INIT(SLOT_MAX);

	(void)state;
	assert_ok(slot_seal_passphrase(key, bytes_str("right"), store, SMALL, &slot));
	for (size_t i = 0; i < slot.n; i++) {
		slot.p[i] ^= 1;
		assert_true(open_with(buf_bytes(&slot), "right", store) != WK_OK);
		slot.p[i] ^= 1;
	}
	for (size_t n = 0; n < slot.n; n++)
		assert_status(open_with(bytes_of(slot.p, n), "right", store), WK_CORRUPT);
}

static void greedy_parameters_are_refused_before_they_cost(void **state)
{
	SCOPED(buf_fini) struct buf slot = BUF_INIT(SLOT_MAX);

	(void)state;
	assert_ok(slot_seal_passphrase(key, bytes_str("right"), store, SMALL, &slot));
	slot.p[4] = 0xff;	/* 4 TiB */
	assert_status(open_with(buf_bytes(&slot), "right", store), WK_CORRUPT);
	slot.p[4] = 0;
	slot.p[8] = 0xff;	/* 4 billion passes */
	assert_status(open_with(buf_bytes(&slot), "right", store), WK_CORRUPT);
	slot.p[8] = 0;
	slot.p[11] = 0;
	assert_status(open_with(buf_bytes(&slot), "right", store), WK_CORRUPT);
	slot.p[11] = 3;
	slot.p[15] = 200;	/* lanes */
	assert_status(open_with(buf_bytes(&slot), "right", store), WK_CORRUPT);
	slot.p[15] = 1;
	assert_ok(open_with(buf_bytes(&slot), "right", store));
	assert_status(slot_seal_passphrase(key, bytes_str("right"), store, 7, &slot), WK_INVALID);
}

static void calibrated_memory_is_within_bounds(void **state)
{
	SCOPED(buf_fini) struct buf slot = BUF_INIT(SLOT_MAX);
	unsigned kib;

	(void)state;
	assert_ok(slot_seal_passphrase(key, bytes_str("right"), store, 0, &slot));
	kib = (unsigned)slot.p[4] << 24 | (unsigned)slot.p[5] << 16 | (unsigned)slot.p[6] << 8 |
	      slot.p[7];
	assert_in_range(kib, 64 * 1024, 256 * 1024);
	assert_ok(open_with(buf_bytes(&slot), "right", store));
}

static void account_key_opens_its_slot(void **state)
{
	SCOPED(buf_fini) struct buf slot = BUF_INIT(SLOT_MAX);
	SCOPED(local_key_free_scoped) struct local_key *got = NULL, *none = NULL;
	SCOPED(account_key_free_scoped) struct account_key *wrong = account_key_new();

	(void)state;
	assert_ok(slot_seal_account(key, account, store, &slot));
	assert_ok(slot_open_account(buf_bytes(&slot), account, store, &got));
	assert_memory_equal(got->k, key->k, KEY_SIZE);
	assert_status(slot_open_account(buf_bytes(&slot), wrong, store, &none), WK_TAMPERED);
	assert_status(slot_open_account(buf_bytes(&slot), account, other_store, &none),
		      WK_TAMPERED);
	for (size_t i = 0; i < slot.n; i++) {
		slot.p[i] ^= 1;
		assert_true(slot_open_account(buf_bytes(&slot), account, store, &none) != WK_OK);
		slot.p[i] ^= 1;
	}
	assert_null(none);
}

static void kinds_are_kept_apart(void **state)
{
	SCOPED(buf_fini) struct buf a = BUF_INIT(SLOT_MAX), p = BUF_INIT(SLOT_MAX);
	SCOPED(local_key_free_scoped) struct local_key *none = NULL;

	(void)state;
	assert_ok(slot_seal_account(key, account, store, &a));
	assert_ok(slot_seal_passphrase(key, bytes_str("right"), store, SMALL, &p));
	assert_status(open_with(buf_bytes(&a), "right", store), WK_CORRUPT);
	assert_status(slot_open_account(buf_bytes(&p), account, store, &none), WK_CORRUPT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(passphrase_opens_its_slot),
		cmocka_unit_test(every_byte_is_authenticated),
		cmocka_unit_test(greedy_parameters_are_refused_before_they_cost),
		cmocka_unit_test(calibrated_memory_is_within_bounds),
		cmocka_unit_test(account_key_opens_its_slot),
		cmocka_unit_test(kinds_are_kept_apart),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
