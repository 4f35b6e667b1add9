/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What values mean: integers behind their spellings, and equality.
 *
 * Equality must not become quadratic on a large object from outside: members
 * are first compared pairwise in their order, which settles nearly every case,
 * and then in the order of their keys.
 */
#include "base/json.h"

#include <stdlib.h>

/* The exponent at the end of a number's text, held within +-10^12. */
static int64_t read_exponent(struct bytes text, size_t at)
{
	const int64_t limit = 1000000000000;
	int64_t exponent = 0;
	bool negative;

	if (at >= text.n)
		return 0;
	at++;
	negative = at < text.n && text.p[at] == '-';
	if (at < text.n && (text.p[at] == '-' || text.p[at] == '+'))
		at++;
	for (; at < text.n; at++)
		if (exponent < limit)
			exponent = exponent * 10 + (text.p[at] - '0');
	return negative ? -exponent : exponent;
}

/*
 * A number as `digits` times ten to `scale`; trailing zeros have gone into the
 * scale.  False: more digits than an int64_t has.
 */
static bool read_decimal(struct bytes text, size_t at, uint64_t *digits_out, int64_t *scale_out)
{
	uint64_t digits = 0;
	int64_t scale = 0, zeros = 0;
	bool fraction = false;

	for (; at < text.n && (text.p[at] | 0x20) != 'e'; at++) {
		if (text.p[at] == '.') {
			fraction = true;
			continue;
		}
		scale -= fraction;
		if (text.p[at] == '0') {
			zeros++;
			continue;
		}
		/* Zeros count only now that another digit follows them. */
		for (; zeros > 0 && digits > 0; zeros--)
			if (__builtin_mul_overflow(digits, 10U, &digits))
				return false;
		zeros = 0;
		if (__builtin_mul_overflow(digits, 10U, &digits) ||
		    __builtin_add_overflow(digits, (uint64_t)(text.p[at] - '0'), &digits))
			return false;
	}
	*digits_out = digits;
	*scale_out = scale + zeros + read_exponent(text, at);
	return true;
}

bool json_as_int64(const struct json *v, int64_t *out)
{
	uint64_t digits, limit;
	int64_t scale;
	bool negative;

	if (!v || v->type != JSON_NUMBER || v->text.n == 0)
		return false;
	negative = v->text.p[0] == '-';
	if (!read_decimal(v->text, negative, &digits, &scale))
		return false;
	if (digits == 0) {
		*out = 0;
		return true;
	}
	if (scale < 0)
		return false;
	for (; scale > 0; scale--)
		if (__builtin_mul_overflow(digits, 10U, &digits))
			return false;
	limit = (uint64_t)INT64_MAX + negative;
	if (digits > limit)
		return false;
	*out = negative ? (int64_t)(0 - digits) : (int64_t)digits;
	return true;
}

static bool is_equal(const struct json *a, const struct json *b, unsigned depth);

static int compare_members(const void *a, const void *b)
{
	const struct json_member *x = *(const struct json_member *const *)a;
	const struct json_member *y = *(const struct json_member *const *)b;
	size_t n = x->key.n < y->key.n ? x->key.n : y->key.n;
	int order = n > 0 ? memcmp(x->key.p, y->key.p, n) : 0;

	if (order == 0)
		order = (x->key.n > y->key.n) - (x->key.n < y->key.n);
	return order != 0 ? order : (x > y) - (x < y);
}

/* The members that count, by key; NULL when out of memory.  The caller frees it. */
static const struct json_member **sorted_members(const struct json *v, size_t *n_out)
{
	const struct json_member **list = calloc(v->count + (size_t)1, sizeof *list);
	size_t n = 0;

	if (!list)
		return NULL;
	for (uint32_t i = 0; i < v->count; i++)
		list[i] = &v->members[i];
	qsort(list, v->count, sizeof(struct json_member *), compare_members);
	for (uint32_t i = 0; i < v->count; i++)
		if (i + 1 == v->count || !bytes_equal(list[i]->key, list[i + 1]->key))
			list[n++] = list[i];
	*n_out = n;
	return list;
}

/* Out of memory counts as unequal: whoever asks then takes the long way, not a wrong one. */
static bool objects_equal_sorted(const struct json *a, const struct json *b, unsigned depth)
{
	size_t na, nb;
	SCOPED(scoped_free) const struct json_member **list_a = sorted_members(a, &na);
	SCOPED(scoped_free) const struct json_member **list_b = sorted_members(b, &nb);

	if (!list_a || !list_b || na != nb)
		return false;
	for (size_t i = 0; i < na; i++)
		if (!bytes_equal(list_a[i]->key, list_b[i]->key) ||
		    !is_equal(&list_a[i]->value, &list_b[i]->value, depth + 1))
			return false;
	return true;
}

static bool has_same_keys(const struct json *a, const struct json *b)
{
	if (a->count != b->count)
		return false;
	for (uint32_t i = 0; i < a->count; i++)
		if (!bytes_equal(a->members[i].key, b->members[i].key))
			return false;
	return true;
}

/*
 * Both have the same keys in the same order; values before `differs` are equal,
 * the one there is not, which is nothing if a later member of that key overrides
 * it.  No value is compared twice: that would double with every level.
 */
static bool rest_equal(const struct json *a, const struct json *b, uint32_t differs, unsigned depth)
{
	size_t n, at;
	SCOPED(scoped_free) const struct json_member **list = sorted_members(a, &n);

	if (!list)
		return false;
	for (size_t i = 0; i < n; i++) {
		at = (size_t)(list[i] - a->members);
		if (at == differs)
			return false;
		if (at > differs &&
		    !is_equal(&a->members[at].value, &b->members[at].value, depth + 1))
			return false;
	}
	return true;
}

static bool objects_equal(const struct json *a, const struct json *b, unsigned depth)
{
	if (!has_same_keys(a, b))
		return objects_equal_sorted(a, b, depth);
	for (uint32_t i = 0; i < a->count; i++)
		if (!is_equal(&a->members[i].value, &b->members[i].value, depth + 1))
			return rest_equal(a, b, i, depth);
	return true;
}

static bool is_equal(const struct json *a, const struct json *b, unsigned depth)
{
	if (a->type != b->type || depth > JSON_DEPTH_MAX)
		return false;
	if (a->type == JSON_NUMBER || a->type == JSON_STRING)
		return bytes_equal(a->text, b->text);
	if (a->type == JSON_OBJECT)
		return objects_equal(a, b, depth);
	if (a->type != JSON_ARRAY)
		return true;
	if (a->count != b->count)
		return false;
	for (uint32_t i = 0; i < a->count; i++)
		if (!is_equal(&a->items[i], &b->items[i], depth + 1))
			return false;
	return true;
}

bool json_equal(const struct json *a, const struct json *b)
{
	return is_equal(a, b, 0);
}
