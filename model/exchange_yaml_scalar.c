/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Plain scalars in the YAML 1.2 core schema: null, booleans, integers and floats; all else is
 * a string (timestamps and YAML 1.1's yes and no among it).  A number keeps its text where
 * JSON allows it, else it gets an equal one: 0x10 is 16, .5 is 0.5, +1 is 1, 007 is 7.
 * JSON has no infinity and no NaN: those stay strings.
 */
#include "model/exchange_parts.h"

#define RADIX_DIGITS_MAX 256	/* of 0x and 0o; longer ones stay strings */
#define DECIMAL_MAX (RADIX_DIGITS_MAX * 2)

static bool is_one_of(struct bytes text, const char *const *words)
{
	for (; *words; words++) {
		if (bytes_equal_str(text, *words))
			return true;
	}
	return false;
}

static int digit_value(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return 99;
}

static size_t skip_digits(struct bytes text, size_t at)
{
	while (at < text.n && text.p[at] >= '0' && text.p[at] <= '9')
		at++;
	return at;
}

/* *out stays as it is when the text is no 0x or 0o integer. */
static enum wk_status read_radix(struct arena *arena, struct bytes text, struct json *out)
{
	uint8_t digits[DECIMAL_MAX] = { 0 };	/* the value in decimal, lowest first */
	size_t n = 1;
	int radix = 0;
	struct bytes decimal;

	if (text.n > 2 && text.n - 2 <= RADIX_DIGITS_MAX && text.p[0] == '0')
		radix = text.p[1] == 'x' ? 16 : text.p[1] == 'o' ? 8 : 0;
	if (radix == 0)
		return WK_OK;
	for (size_t i = 2; i < text.n; i++) {
		int carry = digit_value(text.p[i]);

		if (carry >= radix)
			return WK_OK;
		for (size_t k = 0; k < n; k++) {
			carry += digits[k] * radix;
			digits[k] = (uint8_t)(carry % 10);
			carry /= 10;
		}
		for (; carry > 0; carry /= 10)
			digits[n++] = (uint8_t)(carry % 10);
	}
	for (size_t k = 0; k < n / 2; k++) {
		uint8_t swap = digits[k];

		digits[k] = digits[n - 1 - k];
		digits[n - 1 - k] = swap;
	}
	for (size_t k = 0; k < n; k++)
		digits[k] = (uint8_t)(digits[k] + '0');
	decimal = arena_copy(arena, bytes_of(digits, n));
	if (!decimal.p)
		return WK_NOMEM;
	*out = (struct json){ .type = JSON_NUMBER, .text = decimal };
	return WK_OK;
}

struct parts {			/* of a decimal number, as offsets */
	size_t whole, whole_end;
	size_t fraction, fraction_end;
	size_t exponent;	/* of the e; the end when there is none */
};

static bool split_decimal(struct bytes text, struct parts *out)
{
	struct parts p = { 0 };
	size_t at = text.n > 0 && (text.p[0] == '-' || text.p[0] == '+');

	p.whole = at;
	p.whole_end = at = skip_digits(text, at);
	p.fraction = p.fraction_end = at;
	if (at < text.n && text.p[at] == '.') {
		p.fraction = at + 1;
		p.fraction_end = at = skip_digits(text, at + 1);
	}
	if (p.whole == p.whole_end && p.fraction == p.fraction_end)
		return false;
	p.exponent = at;
	if (at < text.n && (text.p[at] == 'e' || text.p[at] == 'E')) {
		size_t digits = at + 1;

		digits += digits < text.n && (text.p[digits] == '-' || text.p[digits] == '+');
		at = skip_digits(text, digits);
		if (at == digits)
			return false;
	}
	*out = p;
	return at == text.n;
}

static enum wk_status read_decimal(struct arena *arena, struct bytes text, struct json *out)
{
	SCOPED(buf_fini) struct buf number = BUF_SECRET_INIT(text.n + 8);
	struct parts p;
	enum wk_status st = WK_OK;
	struct bytes copy;

	if (!split_decimal(text, &p))
		return WK_OK;
	while (p.whole_end - p.whole > 1 && text.p[p.whole] == '0')
		p.whole++;
	if (text.p[0] == '-')
		st = buf_append_char(&number, '-');
	if (st == WK_OK && p.whole == p.whole_end)
		st = buf_append_char(&number, '0');
	if (st == WK_OK)
		st = buf_append(&number, text.p + p.whole, p.whole_end - p.whole);
	if (st == WK_OK && p.fraction < p.fraction_end)
		st = buf_append_char(&number, '.');
	if (st == WK_OK)
		st = buf_append(&number, text.p + p.fraction, p.fraction_end - p.fraction);
	if (st == WK_OK)
		st = buf_append(&number, text.p + p.exponent, text.n - p.exponent);
	if (st != WK_OK)
		return st;
	copy = arena_copy(arena, buf_bytes(&number));
	if (!copy.p)
		return WK_NOMEM;
	*out = (struct json){ .type = JSON_NUMBER, .text = copy };
	return WK_OK;
}

enum wk_status exchange_yaml_scalar(struct arena *arena, struct bytes text, struct json *out)
{
	static const char *const nulls[] = { "", "~", "null", "Null", "NULL", NULL };
	static const char *const trues[] = { "true", "True", "TRUE", NULL };
	static const char *const falses[] = { "false", "False", "FALSE", NULL };
	struct json v = { .type = JSON_STRING };
	enum wk_status st = WK_OK;

	if (is_one_of(text, nulls))
		v.type = JSON_NULL;
	else if (is_one_of(text, trues))
		v.type = JSON_TRUE;
	else if (is_one_of(text, falses))
		v.type = JSON_FALSE;
	else
		st = read_radix(arena, text, &v);
	if (st == WK_OK && v.type == JSON_STRING)
		st = read_decimal(arena, text, &v);
	if (st == WK_OK && v.type == JSON_STRING) {
		v.text = arena_copy(arena, text);
		st = v.text.p ? WK_OK : WK_NOMEM;
	}
	if (st == WK_OK)
		*out = v;
	return st;
}
