/* SPDX-License-Identifier: Apache-2.0 */
/* Hex and base64url. */
#include "base/hex.h"

static const char digits[] = "0123456789abcdef";
static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

void hex_encode(const uint8_t *data, size_t n, char *text_out)
{
	for (size_t i = 0; i < n; i++) {
		text_out[2 * i] = digits[data[i] >> 4];
		text_out[2 * i + 1] = digits[data[i] & 15];
	}
	text_out[2 * n] = '\0';
}

enum wk_status hex_append(struct buf *b, const uint8_t *data, size_t n)
{
	uint8_t *room;
	enum wk_status st;

	if (n > (SIZE_MAX - 1) / 2)
		return WK_LIMIT;
	st = buf_reserve(b, 2 * n, &room);
	if (st != WK_OK)
		return st;
	for (size_t i = 0; i < n; i++) {
		*room++ = (uint8_t)digits[data[i] >> 4];
		*room++ = (uint8_t)digits[data[i] & 15];
	}
	b->n += 2 * n;
	return WK_OK;
}

static int hex_value(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

static enum wk_status decode(struct bytes text, uint8_t *out)
{
	for (size_t i = 0; i < text.n; i += 2) {
		int high = hex_value(text.p[i]);
		int low = hex_value(text.p[i + 1]);

		if (high < 0 || low < 0)
			return WK_CORRUPT;
		out[i / 2] = (uint8_t)(high << 4 | low);
	}
	return WK_OK;
}

static bool is_hex(struct bytes text)
{
	for (size_t i = 0; i < text.n; i++)
		if (hex_value(text.p[i]) < 0)
			return false;
	return text.n % 2 == 0;
}

enum wk_status hex_decode(struct bytes text, uint8_t *data_out, size_t n)
{
	if (text.n / 2 != n || !is_hex(text))
		return WK_CORRUPT;
	return decode(text, data_out);
}

enum wk_status hex_decode_append(struct bytes text, struct buf *out)
{
	uint8_t *room;
	enum wk_status st;

	if (!is_hex(text))
		return WK_CORRUPT;
	st = buf_reserve(out, text.n / 2, &room);
	if (st != WK_OK)
		return st;
	st = decode(text, room);
	if (st == WK_OK)
		out->n += text.n / 2;
	return st;
}

enum wk_status base64url_append(struct buf *b, const uint8_t *data, size_t n)
{
	uint8_t *room;
	size_t full = n / 3, rest = n % 3;
	size_t size = full * 4 + (rest ? rest + 1 : 0);
	enum wk_status st = buf_reserve(b, size, &room);

	if (st != WK_OK)
		return st;
	for (; n >= 3; n -= 3, data += 3) {
		*room++ = (uint8_t)alphabet[data[0] >> 2];
		*room++ = (uint8_t)alphabet[(data[0] & 3) << 4 | data[1] >> 4];
		*room++ = (uint8_t)alphabet[(data[1] & 15) << 2 | data[2] >> 6];
		*room++ = (uint8_t)alphabet[data[2] & 63];
	}
	if (rest) {
		uint8_t second = rest == 2 ? data[1] : 0;

		*room++ = (uint8_t)alphabet[data[0] >> 2];
		*room++ = (uint8_t)alphabet[(data[0] & 3) << 4 | second >> 4];
		if (rest == 2)
			*room++ = (uint8_t)alphabet[(second & 15) << 2];
	}
	b->n += size;
	return WK_OK;
}

static int base64url_value(uint8_t c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '-')
		return 62;
	if (c == '_')
		return 63;
	return -1;
}

enum wk_status base64url_decode_append(struct bytes text, struct buf *out)
{
	uint8_t *room;
	size_t size = text.n / 4 * 3 + (text.n % 4 ? text.n % 4 - 1 : 0);
	uint32_t bits = 0;
	unsigned held = 0;
	enum wk_status st;

	if (text.n % 4 == 1)
		return WK_CORRUPT;
	st = buf_reserve(out, size, &room);
	if (st != WK_OK)
		return st;
	for (size_t i = 0; i < text.n; i++) {
		int v = base64url_value(text.p[i]);

		if (v < 0)
			return WK_CORRUPT;
		bits = bits << 6 | (uint32_t)v;
		held += 6;
		if (held >= 8) {
			held -= 8;
			*room++ = (uint8_t)(bits >> held);
			bits &= (1U << held) - 1;
		}
	}
	if (bits != 0)
		return WK_CORRUPT;
	out->n += size;
	return WK_OK;
}
