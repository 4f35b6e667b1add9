/* SPDX-License-Identifier: Apache-2.0 */
/* Sealed values of the local store open only where they were sealed. */
#include "testing.h"

#include <pthread.h>

#include "crypto/row.h"

static const uint8_t store[16] = { 1 }, other_store[16] = { 2 };
static const struct row_place place = { "node", 1, 2, "name" };
static struct local_key *key;

static int setup(void **state)
{
	(void)state;
	if (crypto_init() != WK_OK)
		return -1;
	key = local_key_new();
	secret_random(key->k, KEY_SIZE);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	local_key_free(key);
	return 0;
}

static struct row_sealer *sealer_at(const uint8_t id[16], uint32_t generation)
{
	struct row_sealer *s = NULL;

	assert_ok(row_sealer_new(key, id, generation, &s));
	return s;
}

static void assert_open(struct row_sealer *s, const struct row_place *at, struct bytes sealed,
			enum wk_status want)
{
	SCOPED(buf_fini) struct buf value = BUF_SECRET_INIT(256);

	assert_ok(buf_append_str(&value, "<"));
	assert_status(row_open(s, at, sealed, &value), want);
	assert_bytes_str(buf_bytes(&value), want == WK_OK ? "<value" : "<");
}

static void a_value_comes_back_where_it_was(void **state)
{
	SCOPED(row_sealer_free_scoped) struct row_sealer *s = sealer_at(store, 5);
	SCOPED(buf_fini) struct buf sealed = BUF_INIT(256), empty = BUF_INIT(256);
	SCOPED(buf_fini) struct buf value = BUF_SECRET_INIT(256);

	(void)state;
	assert_ok(row_seal(s, &place, bytes_str("value"), &sealed));
	assert_int_equal(sealed.n, 5 + ROW_OVERHEAD);
	assert_memory_equal(sealed.p, "\0\0\0\x05", 4);
	assert_open(s, &place, buf_bytes(&sealed), WK_OK);
	assert_ok(row_seal(s, &place, bytes_of(NULL, 0), &empty));
	assert_ok(row_open(s, &place, buf_bytes(&empty), &value));
	assert_int_equal(value.n, 0);
	assert_int_equal(row_sealer_count(s), 2);
}

static void a_moved_value_does_not_open(void **state)
{
	static const struct row_place moved[] = {
		{ "nodes", 1, 2, "name" }, { "nod", 1, 2, "name" },    { "node", 2, 2, "name" },
		{ "node", 1, 3, "name" },  { "node", 2, 1, "name" },   { "node", 1, 2, "data" },
		{ "node", 1, 2, "" },	   { "node", -1, 2, "name" },  { "noden", 1, 2, "ame" },
	};
	SCOPED(row_sealer_free_scoped) struct row_sealer *s = sealer_at(store, 5);
	SCOPED(row_sealer_free_scoped) struct row_sealer *other = sealer_at(other_store, 5);
	SCOPED(buf_fini) struct buf sealed = BUF_INIT(256);

	(void)state;
	assert_ok(row_seal(s, &place, bytes_str("value"), &sealed));
	for (size_t i = 0; i < ARRAY_LEN(moved); i++)
		assert_open(s, &moved[i], buf_bytes(&sealed), WK_TAMPERED);
	assert_open(other, &place, buf_bytes(&sealed), WK_TAMPERED);
}

static void every_byte_is_authenticated(void **state)
{
	SCOPED(row_sealer_free_scoped) struct row_sealer *s = sealer_at(store, 5);
	SCOPED(buf_fini) struct buf sealed = BUF_INIT(256);

	(void)state;
	assert_ok(row_seal(s, &place, bytes_str("value"), &sealed));
	for (size_t i = 0; i < sealed.n; i++) {
		sealed.p[i] ^= 1;
		assert_open(s, &place, buf_bytes(&sealed), WK_TAMPERED);
		sealed.p[i] ^= 1;
	}
	for (size_t n = 0; n < sealed.n; n++)
		assert_open(s, &place, bytes_of(sealed.p, n),
			    n < ROW_OVERHEAD ? WK_CORRUPT : WK_TAMPERED);
}

static void older_generations_open_newer_ones_do_not(void **state)
{
	SCOPED(row_sealer_free_scoped) struct row_sealer *s1 = sealer_at(store, 1);
	SCOPED(row_sealer_free_scoped) struct row_sealer *s2 = sealer_at(store, 2);
	SCOPED(row_sealer_free_scoped) struct row_sealer *s3 = sealer_at(store, 3);
	SCOPED(buf_fini) struct buf one = BUF_INIT(256), two = BUF_INIT(256);

	(void)state;
	assert_ok(row_seal(s1, &place, bytes_str("value"), &one));
	assert_ok(row_seal(s2, &place, bytes_str("value"), &two));
	for (int i = 0; i < 2; i++) {
		assert_open(s3, &place, buf_bytes(&one), WK_OK);
		assert_open(s3, &place, buf_bytes(&two), WK_OK);
	}
	assert_open(s2, &place, buf_bytes(&one), WK_OK);
	assert_open(s1, &place, buf_bytes(&two), WK_TAMPERED);
	one.p[3] = 2;	/* says it is of another generation */
	assert_open(s3, &place, buf_bytes(&one), WK_TAMPERED);
}

static void another_key_opens_nothing(void **state)
{
	SCOPED(local_key_free_scoped) struct local_key *wrong = local_key_new();
	SCOPED(row_sealer_free_scoped) struct row_sealer *s = sealer_at(store, 1), *w = NULL;
	SCOPED(buf_fini) struct buf sealed = BUF_INIT(256);

	(void)state;
	assert_ok(row_sealer_new(wrong, store, 1, &w));
	assert_ok(row_seal(s, &place, bytes_str("value"), &sealed));
	assert_open(w, &place, buf_bytes(&sealed), WK_TAMPERED);
}

static void limits_hold(void **state)
{
	SCOPED(row_sealer_free_scoped) struct row_sealer *s = sealer_at(store, 1);
	SCOPED(buf_fini) struct buf small = BUF_INIT(ROW_OVERHEAD + 4);
	struct row_place at = place;
	char name[65] = { 0 };

	(void)state;
	assert_status(row_seal(s, &place, bytes_str("value"), &small), WK_LIMIT);
	assert_int_equal(small.n, 0);
	memset(name, 'x', 64);
	at.column = name;
	assert_status(row_seal(s, &at, bytes_str("v"), &small), WK_LIMIT);
}

static void *seal_many(void *sealer)
{
	for (int i = 0; i < 500; i++) {
		SCOPED(buf_fini) struct buf sealed = BUF_INIT(256);
		SCOPED(buf_fini) struct buf value = BUF_SECRET_INIT(256);

		if (row_seal(sealer, &place, bytes_str("value"), &sealed) != WK_OK ||
		    row_open(sealer, &place, buf_bytes(&sealed), &value) != WK_OK)
			return sealer;
	}
	return NULL;
}

static void threads_share_one(void **state)
{
	SCOPED(row_sealer_free_scoped) struct row_sealer *s = sealer_at(store, 1);
	pthread_t threads[4];
	void *failed;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, seal_many, s), 0);
	for (size_t i = 0; i < ARRAY_LEN(threads); i++) {
		assert_int_equal(pthread_join(threads[i], &failed), 0);
		assert_null(failed);
	}
	assert_int_equal(row_sealer_count(s), 2000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_value_comes_back_where_it_was),
		cmocka_unit_test(a_moved_value_does_not_open),
		cmocka_unit_test(every_byte_is_authenticated),
		cmocka_unit_test(older_generations_open_newer_ones_do_not),
		cmocka_unit_test(another_key_opens_nothing),
		cmocka_unit_test(limits_hold),
		cmocka_unit_test(threads_share_one),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
