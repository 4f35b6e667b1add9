/* SPDX-License-Identifier: Apache-2.0 */
/* Arenas: alignment, zeroes, the maximum, and use after a reset. */
#include "testing.h"

#include <stdalign.h>

#include "base/arena.h"

static bool is_zero(const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i])
			return false;
	return true;
}

static void test_alloc(void **state)
{
	SCOPED(arena_free_scoped) struct arena *a = arena_new(16U << 20);

	(void)state;
	for (int round = 0; round < 3; round++) {
		uint8_t *pieces[200];

		for (size_t i = 0; i < 200; i++) {
			pieces[i] = arena_alloc(a, i * 37);
			assert_non_null(pieces[i]);
			assert_int_equal((uintptr_t)pieces[i] % alignof(max_align_t), 0);
			assert_true(is_zero(pieces[i], i * 37));
			memset(pieces[i], (int)i, i * 37);
		}
		for (size_t i = 0; i < 200; i++)
			for (size_t j = 0; j < i * 37; j++)
				assert_int_equal(pieces[i][j], i);
		arena_reset(a);
	}
}

static void test_maximum(void **state)
{
	SCOPED(arena_free_scoped) struct arena *a = arena_new(10000);
	SCOPED(arena_free_scoped) struct arena *none = arena_new(0);
	size_t got = 0;

	(void)state;
	assert_null(arena_alloc(a, 10001));
	assert_null(arena_alloc(a, SIZE_MAX));
	assert_null(arena_alloc(a, SIZE_MAX - 20));
	while (arena_alloc(a, 100))
		got += 112;
	assert_in_range(got, 8000, 10000);
	assert_true(arena_left(a) < 300);
	assert_null(arena_alloc(a, 4000));
	arena_reset(a);
	assert_non_null(arena_alloc(a, 4000));
	assert_null(arena_alloc(none, 1));
	assert_null(arena_copy(none, bytes_str("")).p);
	assert_int_equal(arena_left(none), 0);
}

static void test_copy(void **state)
{
	SCOPED(arena_free_scoped) struct arena *a = arena_new(10000);
	struct bytes copy = arena_copy(a, bytes_of("ab\0c", 4));

	(void)state;
	assert_int_equal(copy.n, 4);
	assert_memory_equal(copy.p, "ab\0c\0", 5);
	copy = arena_copy(a, bytes_of(NULL, 0));
	assert_non_null(copy.p);
	assert_int_equal(copy.p[0], 0);
}

/* What a reset gives back has no trace of what was there. */
static void test_reset_wipes(void **state)
{
	SCOPED(arena_free_scoped) struct arena *a = arena_new(10000);
	uint8_t *p = arena_alloc(a, 1000);

	(void)state;
	memset(p, 0xaa, 1000);
	arena_reset(a);
	assert_true(is_zero(p, 1000));
	arena_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_alloc),
		cmocka_unit_test(test_maximum),
		cmocka_unit_test(test_copy),
		cmocka_unit_test(test_reset_wipes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
