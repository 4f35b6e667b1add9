/* SPDX-License-Identifier: Apache-2.0 */
/* The map, against a plain array that does the same. */
#include "testing.h"

#include "base/map.h"
#include "base/rand.h"

#define KEYS 3000

struct item {
	char key[24];
	bool present;
	bool seen;
};

static struct item items[KEYS];

static struct bytes key_of(size_t i)
{
	return bytes_str(items[i].key);
}

static void make_items(void)
{
	memset(items, 0, sizeof items);
	/* Lengths from 1 to 20, many with long common beginnings. */
	for (unsigned i = 0; i < KEYS; i++)
		(void)snprintf(items[i].key, sizeof items[i].key, "%.*s%u", (int)(i % 17),
			       "req_00000000000000000", i);
}

static void test_random_use(void **state)
{
	SCOPED(map_free_scoped) struct map *m = map_new();
	size_t count = 0, found = 0;
	struct bytes key;
	void *value;

	(void)state;
	make_items();
	for (int step = 0; step < 200000; step++) {
		size_t i = (size_t)rand_below(KEYS);
		/* Mostly filling first, mostly emptying later. */
		bool put = rand_below(100) < (step < 100000 ? 70 : 40);

		if (put) {
			assert_ok(map_put(m, key_of(i), &items[i]));
			count += !items[i].present;
		} else {
			assert_ptr_equal(map_remove(m, key_of(i)),
					 items[i].present ? &items[i] : NULL);
			count -= items[i].present;
		}
		items[i].present = put;
		assert_int_equal(map_count(m), count);
		i = (size_t)rand_below(KEYS);
		assert_ptr_equal(map_get(m, key_of(i)), items[i].present ? &items[i] : NULL);
	}
	for (size_t at = 0; map_next(m, &at, &key, &value); found++) {
		struct item *item = value;

		assert_true(item->present && !item->seen);
		assert_true(bytes_equal_str(key, item->key));
		item->seen = true;
	}
	assert_int_equal(found, count);
	for (size_t i = 0; i < KEYS; i++)
		assert_ptr_equal(map_remove(m, key_of(i)), items[i].present ? &items[i] : NULL);
	assert_int_equal(map_count(m), 0);
	assert_false(map_next(m, &(size_t){ 0 }, NULL, &value));
}

static void test_replace(void **state)
{
	SCOPED(map_free_scoped) struct map *m = map_new();
	char first[] = "same", second[] = "same";
	int a = 1, b = 2;
	struct bytes key;
	void *value;
	size_t at = 0;

	(void)state;
	assert_ok(map_put(m, bytes_str(first), &a));
	assert_ok(map_put(m, bytes_str(second), &b));
	/* The first key's memory is no longer the map's business. */
	memset(first, 'x', sizeof first);
	assert_ptr_equal(map_get(m, bytes_str("same")), &b);
	assert_int_equal(map_count(m), 1);
	assert_true(map_next(m, &at, &key, &value));
	assert_ptr_equal(key.p, second);
}

static void test_odd_keys(void **state)
{
	SCOPED(map_free_scoped) struct map *m = map_new();
	static const uint8_t zeros[40];
	int values[40];

	(void)state;
	for (size_t n = 0; n < 40; n++)
		assert_ok(map_put(m, bytes_of(zeros, n), &values[n]));
	assert_int_equal(map_count(m), 40);
	for (size_t n = 0; n < 40; n++)
		assert_ptr_equal(map_get(m, bytes_of(zeros, n)), &values[n]);
	assert_ptr_equal(map_remove(m, bytes_of(NULL, 0)), &values[0]);
	assert_null(map_get(m, bytes_of(NULL, 0)));
	map_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_use),
		cmocka_unit_test(test_replace),
		cmocka_unit_test(test_odd_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
