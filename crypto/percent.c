/* SPDX-License-Identifier: Apache-2.0 */
/* Percent-encoding of the text inside envelopes and links. */
#include "crypto/percent.h"

#include "base/utf8.h"

bool percent_is_text(struct bytes text)
{
	size_t i = 0;
	uint64_t word;

	for (; i + sizeof word <= text.n; i += sizeof word) {
		memcpy(&word, text.p + i, sizeof word);
		if (word & 0x8080808080808080U)
			break;
	}
	return utf8_is_valid(bytes_of(text.p + i, text.n - i));
}

size_t percent_size(struct bytes text)
{
	size_t n = text.n;

	for (size_t i = 0; i < text.n; i++)
		n += text.p[i] == '%' ? 2 : 0;
	return n;
}

void percent_write(struct bytes text, uint8_t *out)
{
	const uint8_t *sign;

	while (text.n > 0 && (sign = memchr(text.p, '%', text.n)) != NULL) {
		size_t n = (size_t)(sign - text.p);

		memcpy(out, text.p, n);
		memcpy(out + n, "%25", 3);
		out += n + 3;
		text = bytes_of(sign + 1, text.n - n - 1);
	}
	if (text.n > 0)
		memcpy(out, text.p, text.n);
}

static bool is_literal(uint8_t c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
	       (c != 0 && strchr("-_.!~*'()", c) != NULL);
}

enum wk_status percent_append_full(struct bytes text, struct buf *out)
{
	static const char digit[] = "0123456789ABCDEF";
	size_t size = 0;
	uint8_t *at;
	enum wk_status st;

	for (size_t i = 0; i < text.n; i++)
		size += is_literal(text.p[i]) ? 1 : 3;
	st = buf_reserve(out, size, &at);
	if (st != WK_OK)
		return st;
	for (size_t i = 0; i < text.n; i++) {
		if (is_literal(text.p[i])) {
			*at++ = text.p[i];
			continue;
		}
		*at++ = '%';
		*at++ = (uint8_t)digit[text.p[i] >> 4];
		*at++ = (uint8_t)digit[text.p[i] & 15];
	}
	out->n += size;
	return WK_OK;
}

static int value(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

/*
 * That the text is UTF-8 both before and after means that no character is made of a raw part
 * and an escaped part.
 */
ssize_t percent_undo(uint8_t *text, size_t n)
{
	uint8_t *sign = n > 0 ? memchr(text, '%', n) : NULL;
	size_t from, to;

	if (!percent_is_text(bytes_of(text, n)))
		return -1;
	if (!sign)
		return (ssize_t)n;
	from = to = (size_t)(sign - text);
	while (from < n) {
		int high, low;

		if (text[from] != '%') {
			text[to++] = text[from++];
			continue;
		}
		high = n - from >= 3 ? value(text[from + 1]) : -1;
		low = n - from >= 3 ? value(text[from + 2]) : -1;
		if (high < 0 || low < 0)
			return -1;
		text[to++] = (uint8_t)(high << 4 | low);
		from += 3;
	}
	return percent_is_text(bytes_of(text, to)) ? (ssize_t)to : -1;
}
