/* SPDX-License-Identifier: Apache-2.0 */
/* Reading and writing UTF-8, strictly (Unicode 15, table 3-7). */
#include "base/utf8.h"

static int32_t continuation(struct bytes text, size_t at, uint8_t low, uint8_t high)
{
	if (at >= text.n || text.p[at] < low || text.p[at] > high)
		return -1;
	return text.p[at] & 0x3f;
}

/* surrogates: whether ED A0..BF xx is let through */
static int32_t next(struct bytes text, size_t *at, bool surrogates)
{
	uint8_t c = text.p[*at], low = 0x80, high = 0xbf;
	int32_t cp, part;
	size_t more, i = *at + 1;

	if (c < 0x80) {
		*at = i;
		return c;
	}
	if (c >= 0xc2 && c <= 0xdf) {
		more = 1;
		cp = c & 0x1f;
	} else if (c >= 0xe0 && c <= 0xef) {
		more = 2;
		cp = c & 0x0f;
		if (c == 0xe0)
			low = 0xa0;
		else if (c == 0xed && !surrogates)
			high = 0x9f;
	} else if (c >= 0xf0 && c <= 0xf4) {
		more = 3;
		cp = c & 0x07;
		if (c == 0xf0)
			low = 0x90;
		else if (c == 0xf4)
			high = 0x8f;
	} else {
		return -1;
	}
	while (more-- > 0) {
		part = continuation(text, i++, low, high);
		if (part < 0)
			return -1;
		cp = cp << 6 | part;
		low = 0x80;
		high = 0xbf;
	}
	*at = i;
	return cp;
}

int32_t utf8_next(struct bytes text, size_t *at)
{
	return next(text, at, true);
}

/* Most text is ASCII: eight bytes at a time. */
static void skip_ascii(struct bytes text, size_t *at)
{
	uint64_t word;

	for (; text.n - *at >= sizeof word; *at += sizeof word) {
		memcpy(&word, text.p + *at, sizeof word);
		if (word & 0x8080808080808080)
			return;
	}
}

static bool is_valid(struct bytes text, bool surrogates)
{
	for (size_t at = 0; at < text.n;) {
		if (text.p[at] < 0x80)
			skip_ascii(text, &at);
		if (at < text.n && next(text, &at, surrogates) < 0)
			return false;
	}
	return true;
}

bool utf8_is_valid(struct bytes text)
{
	return is_valid(text, false);
}

bool utf8_is_valid_wtf8(struct bytes text)
{
	return is_valid(text, true);
}

size_t utf8_encode(uint32_t cp, uint8_t out[4])
{
	if (cp < 0x80) {
		out[0] = (uint8_t)cp;
		return 1;
	}
	if (cp < 0x800) {
		out[0] = (uint8_t)(0xc0 | cp >> 6);
		out[1] = (uint8_t)(0x80 | (cp & 0x3f));
		return 2;
	}
	if (cp < 0x10000) {
		out[0] = (uint8_t)(0xe0 | cp >> 12);
		out[1] = (uint8_t)(0x80 | (cp >> 6 & 0x3f));
		out[2] = (uint8_t)(0x80 | (cp & 0x3f));
		return 3;
	}
	out[0] = (uint8_t)(0xf0 | cp >> 18);
	out[1] = (uint8_t)(0x80 | (cp >> 12 & 0x3f));
	out[2] = (uint8_t)(0x80 | (cp >> 6 & 0x3f));
	out[3] = (uint8_t)(0x80 | (cp & 0x3f));
	return 4;
}
